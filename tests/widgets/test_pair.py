"""Align pair in a viewer without a window: choosing, aligning, moving, appending, giving back."""

import threading
import time

import dask.array as da
import numpy as np
import pytest
import tifffile
from napari.layers import Image
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

from napari_seamnet.geometry import Shift, Side
from napari_seamnet.shifts import Alternative, Estimate, ShiftMap, Status
from napari_seamnet.widgets._layers import position
from napari_seamnet.widgets.pair import PairWidget

TRUE_SHIFT = 3, -4
NOMINAL = 0, 150


class Fake:
    """A method that says what it is told to, after reporting as often as it is told to."""

    name = "fake"
    wants_margin = False

    def __init__(self, estimate, steps=0, wait=0.01):
        self.answer, self.steps, self.wait = estimate, steps, wait
        self.reports, self.finished = 0, threading.Event()
        self.max_shift = self.offset = None

    def estimate(self, overlap, *, max_shift=15, progress=None):
        self.max_shift = max_shift
        try:
            for step in range(self.steps):
                progress(step, self.steps, f"step {step}")
                self.reports += 1
                time.sleep(self.wait)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer
        finally:
            self.finished.set()


def answer(dy, dx, status=Status.CERTAIN, others=(), reach=15):
    values = np.zeros((2 * reach + 1, 2 * reach + 1))
    alternatives = tuple(Alternative(Shift(*other), 0.2) for other in others)
    shift_map = ShiftMap(values, "log-probability")
    return Estimate(Shift(dy, dx), status, 0.6, alternatives, shift_map, "fake", "weak evidence")


@pytest.fixture
def use_fake(monkeypatch):
    def use(fake):
        monkeypatch.setattr(
            "napari_seamnet.widgets._aligning.get_method", lambda name, **settings: fake
        )
        return fake

    return use


def run(qtbot, widget, action):
    """Start work and wait until it has ended."""
    with qtbot.waitSignal(widget._aligning.work.ended, timeout=10_000):
        action()
    settle(qtbot)


def settle(qtbot):
    """Let the throttled redraw happen."""
    qtbot.wait(60)


def beats_during(qtbot, signal, action):
    """Times between two beats of the event loop, in s, from an action until a signal."""
    beats = []
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start()
    with qtbot.waitSignal(signal, timeout=60_000):
        action()
    timer.stop()
    return np.diff(beats)


def fringes(viewer):
    """How far red and green differ in the preview, on average, without its outermost pixels."""
    picture = viewer.layers["overlap (SeamNet)"].data.astype(int)[4:-4, 4:-4]
    return np.abs(picture[..., 0] - picture[..., 1]).mean()


# -- choosing ---------------------------------------------------------------------------------


def test_the_two_layers_that_are_there_are_prefilled(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    assert widget.dock.choose.first.currentText() == "left"
    assert widget.dock.choose.second.currentText() == "right"
    assert widget.dock.choose.layout_chosen == (Side.RIGHT, 50)
    assert "guessed" in widget.dock.choose.source.text()


def test_two_selected_layers_are_prefilled(make_widget, pair_viewer, scene):
    third = pair_viewer.add_image(scene.cut(250, 100), name="below", translate=(130, 0))
    pair_viewer.layers.selection = {pair_viewer.layers["left"], third}
    widget = make_widget(pair_viewer)
    assert widget.dock.choose.second.currentText() == "below"
    assert widget.dock.choose.layout_chosen == (Side.BELOW, 30)


def test_layers_that_come_into_an_empty_dock_are_prefilled(
    qtbot, make_widget, viewer_model, scene
):
    widget = make_widget(viewer_model)
    viewer_model.add_image(scene.cut(0, 0), name="a")
    viewer_model.add_image(scene.cut(0, 150), name="b", translate=(0, 150))
    qtbot.waitUntil(lambda: widget.session.state.pair is not None, timeout=2000)
    assert widget.dock.choose.first.currentText() == "a"
    assert widget.dock.choose.second.currentText() == "b"
    viewer_model.add_image(scene.cut(150, 0), name="c", translate=(150, 0))
    qtbot.wait(50)
    assert widget.dock.choose.second.currentText() == "b"


def test_layers_that_come_while_the_dock_is_hidden_are_left_alone(
    qtbot, make_widget, viewer_model, scene
):
    widget = make_widget(viewer_model)
    widget.hide()
    viewer_model.add_image(scene.cut(0, 0), name="a")
    viewer_model.add_image(scene.cut(0, 150), name="b", translate=(0, 150))
    qtbot.wait(50)
    assert widget.session.state.pair is None


def test_an_empty_viewer_is_no_trouble_and_takes_layers_later(make_widget, viewer_model, scene):
    widget = make_widget(viewer_model)
    assert not widget.dock.align.start.isEnabled()
    viewer_model.add_image(scene.cut(0, 0), name="a")
    viewer_model.add_image(scene.cut(0, 150), name="b", translate=(0, 150))
    viewer_model.add_labels(np.zeros((5, 5), int), name="no image")
    choose = widget.dock.choose
    assert [choose.first.itemText(i) for i in range(choose.first.count())] == ["a", "b"]
    choose.first.setCurrentIndex(0)
    choose.second.setCurrentIndex(1)
    choose.second.activated.emit(1)
    assert widget.session.state.shift == (0, 0)
    assert widget.dock.align.start.isEnabled()


def test_swapping_moves_the_other_frame(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    widget.dock.choose.swap.click()
    assert widget.dock.choose.layout_chosen == (Side.LEFT, 50)
    widget.session.nudge(0, 5)
    assert position(pair_viewer.layers["left"]) == (0, 5)
    assert position(pair_viewer.layers["right"]) == NOMINAL


def test_choosing_the_other_layer_twice_swaps(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    widget.dock.choose.first.setCurrentIndex(1)
    widget.dock.choose.first.activated.emit(1)
    assert widget.dock.choose.first.currentText() == "right"
    assert widget.dock.choose.second.currentText() == "left"


def test_layers_on_each_other_are_put_side_by_side_and_that_can_be_undone(
    make_widget, viewer_model, scene
):
    viewer_model.add_image(scene.cut(0, 0), name="a")
    viewer_model.add_image(scene.cut(0, 50), name="b")
    widget = make_widget(viewer_model)
    assert position(viewer_model.layers["b"]) == (0, 50)  # 200 px wide, 150 px overlap
    assert "did not lie side by side" in widget.dock.message.text()


def test_a_change_of_overlap_moves_the_second_frame_and_undo_moves_it_back(
    make_widget, pair_viewer
):
    widget = make_widget(pair_viewer)
    widget.dock.choose.overlap.setValue(70)
    assert position(pair_viewer.layers["right"]) == (0, 130)
    widget.session.undo()
    assert position(pair_viewer.layers["right"]) == (0, 150)
    assert widget.dock.choose.overlap.value() == 50


def test_an_impossible_overlap_is_refused_in_one_sentence(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    widget.dock.choose.overlap.setValue(5000)
    assert "5000 px does not fit" in widget.dock.message.text()
    assert widget.dock.choose.overlap.value() == 50
    assert position(pair_viewer.layers["right"]) == NOMINAL


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda layer: setattr(layer, "rotate", 5), "rotated"),
        (lambda layer: setattr(layer, "scale", (2, 2)), "same scale"),
    ],
)
def test_a_layer_that_cannot_be_moved_by_pixels_is_named_until_it_can(
    make_widget, pair_viewer, qtbot, change, words
):
    widget = make_widget(pair_viewer)
    layer = pair_viewer.layers["right"]
    change(layer)
    qtbot.waitUntil(lambda: words in widget.dock.message.text(), timeout=2000)
    assert not widget.dock.align.start.isEnabled()
    layer.rotate, layer.scale = 0, (1, 1)
    qtbot.waitUntil(lambda: widget.dock.align.start.isEnabled(), timeout=2000)
    assert widget.dock.message.text() == ""


def test_a_stack_is_refused_in_one_sentence(make_widget, viewer_model):
    viewer_model.add_image(np.zeros((4, 30, 40)), name="z")
    viewer_model.add_image(np.zeros((4, 30, 40)), name="other")
    widget = make_widget(viewer_model)
    assert "'z' is a stack (4 x 30 x 40)" in widget.dock.message.text()


def test_removing_a_chosen_layer_leaves_no_pair(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    pair_viewer.layers.remove("right")
    settle(qtbot)
    assert widget.session.state.pair is None
    assert "'right' was removed" in widget.dock.message.text()
    assert not widget.dock.align.start.isEnabled()
    assert not pair_viewer.layers["overlap (SeamNet)"].visible


def test_new_pixels_in_a_layer_are_a_new_frame(make_widget, pair_viewer, qtbot, scene):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    old = widget.session.state.pair[1]
    pair_viewer.layers["right"].data = scene.cut(100, 250)
    settle(qtbot)
    new = widget.session.state.pair[1]
    assert new is not old
    assert fringes(pair_viewer) < 1, "cut at the nominal place, so aligned"


def test_files_are_opened_as_lazy_layers_and_become_the_pair(
    make_widget, viewer_model, scene, tmp_path, qtbot
):
    paths = [tmp_path / "one.tif", tmp_path / "two.tif"]
    for path, x in zip(paths, (100, 250), strict=True):
        tifffile.imwrite(path, scene.cut(100, x))
    widget = make_widget(viewer_model)
    widget.dock.choose.overlap.blockSignals(True)
    widget.dock.choose.overlap.setValue(50)
    widget.open_files(paths)
    assert [layer.name for layer in viewer_model.layers] == ["one", "two"]
    assert all(isinstance(layer.data, da.Array) for layer in viewer_model.layers)
    assert position(viewer_model.layers["two"]) == (0, 150)
    settle(qtbot)
    assert fringes(viewer_model) < 6


def test_more_than_two_files_wait_hidden_and_are_shown_when_chosen(
    make_widget, viewer_model, scene, tmp_path
):
    paths = [tmp_path / f"{number}.tif" for number in range(4)]
    for number, path in enumerate(paths):
        tifffile.imwrite(path, scene.cut(100, 100 + 50 * number))
    widget = make_widget(viewer_model)
    widget.open_files(paths)
    layers = list(viewer_model.layers)[:4]
    assert [layer.visible for layer in layers] == [True, True, False, False]
    assert "2 more" in widget.dock.message.text()
    widget.choose_pair(layers[1], layers[2])
    assert layers[2].visible


def test_a_file_that_is_none_is_told_in_one_sentence(make_widget, viewer_model, tmp_path):
    widget = make_widget(viewer_model)
    widget.open_files([tmp_path / "missing.tif"])
    assert "missing.tif" in widget.dock.message.text()
    assert "no such file" in widget.dock.message.text()
    assert len(viewer_model.layers) == 0


# -- preview ----------------------------------------------------------------------------------


@pytest.fixture
def plugin_viewer(pair_viewer):
    """A viewer as napari hands it to a plugin: every layer it names is a new proxy."""
    return PublicOnlyProxy(pair_viewer)


def test_in_the_viewer_that_plugins_get_the_keys_are_those_of_the_active_layer(
    make_widget, plugin_viewer, qtbot
):
    widget = make_widget(plugin_viewer)
    settle(qtbot)
    assert "arrows 1 px" in widget.dock.legend.text()


def test_in_the_viewer_that_plugins_get_a_frame_stays_the_same_frame(
    make_widget, plugin_viewer, scene, tmp_path
):
    for name, x in (("a", 100), ("b", 250)):
        tifffile.imwrite(tmp_path / f"{name}.tif", scene.cut(100, x))
    widget = make_widget(plugin_viewer)
    widget.open_files([tmp_path / "a.tif", tmp_path / "b.tif"])
    frames = widget.session.state.pair
    widget.dock.choose.swap.click()
    widget.choose_pair(plugin_viewer.layers["left"], plugin_viewer.layers["right"])
    choose = widget.dock.choose
    for box, index in ((choose.first, 2), (choose.second, 3)):
        box.setCurrentIndex(index)
        box.activated.emit(index)
    assert widget.session.state.pair == frames


def test_in_the_viewer_that_plugins_get_a_removed_mosaic_is_given_up(make_widget, plugin_viewer):
    widget = make_widget(plugin_viewer)
    widget.dock.mosaic.append.click()
    plugin_viewer.layers.remove("mosaic (SeamNet)")
    assert widget.session.state.mosaic is None


def test_another_side_is_brought_into_view_and_another_overlap_keeps_it(
    make_widget, pair_viewer, qtbot
):
    widget = make_widget(pair_viewer)
    choose, camera = widget.dock.choose, pair_viewer.scene.camera
    camera.center, camera.zoom = (0, 80.0, 200.0), 9.0
    choose.overlap.setValue(60)
    assert camera.zoom == 9.0
    choose.laid_out.emit(Side.LEFT, 60)
    assert camera.center[-1] < 120


def test_contrast_is_read_again_after_a_new_layout_and_not_after_a_nudge(
    make_widget, pair_viewer, qtbot
):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    cut = widget._preview._cut
    widget.session.nudge(1, 1)
    settle(qtbot)
    assert widget._preview._cut is cut
    widget.dock.choose.overlap.setValue(46)
    settle(qtbot)
    assert widget._preview._cut is not cut
    assert widget._preview._cut[2].dx == 154


def test_fringes_vanish_when_the_frames_are_aligned(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    before = fringes(pair_viewer)
    widget.session.move_to(*TRUE_SHIFT)
    settle(qtbot)
    assert before > 20
    assert fringes(pair_viewer) < 6
    layer = pair_viewer.layers["overlap (SeamNet)"]
    assert position(layer) == (3, 146)
    assert layer.data.shape == (157, 54, 3)


@pytest.mark.parametrize(
    ("at", "corner", "shape"),
    [
        ((4, 150), (4, 150), (156, 50)),
        ((-4, -150), (0, 0), (156, 50)),
        ((120, 6), (120, 6), (40, 194)),
        ((-120, -6), (0, 0), (40, 194)),
    ],
)
def test_the_preview_lies_on_the_overlap_whatever_the_side(
    make_widget, viewer_model, scene, qtbot, at, corner, shape
):
    viewer_model.add_image(scene.cut(300, 300), name="a", translate=(10, 20))
    there = 10 + at[0], 20 + at[1]
    viewer_model.add_image(scene.cut(300 + at[0], 300 + at[1]), name="b", translate=there)
    widget = make_widget(viewer_model)
    for nudge in ((0, 0), (5, -3), (-5, 3)):  # there and back, within what was read
        widget.session.nudge(*nudge)
        settle(qtbot)
    layer = viewer_model.layers["overlap (SeamNet)"]
    assert position(layer) == (10 + corner[0], 20 + corner[1])
    assert layer.data.shape == (*shape, 3)
    assert fringes(viewer_model) < 6


@pytest.mark.parametrize("moved", ["left", "right"])
def test_the_preview_follows_either_layer(make_widget, pair_viewer, qtbot, moved):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    sign = 1 if moved == "right" else -1
    layer = pair_viewer.layers[moved]
    layer.translate = layer.translate + sign * np.array(TRUE_SHIFT)
    settle(qtbot)
    assert fringes(pair_viewer) < 6
    assert widget.session.state.shift == TRUE_SHIFT
    assert widget.session.state.status is Status.HAND
    assert widget.dock.hand.dy.value() == 3


def test_difference_is_black_and_checker_runs_on_when_aligned(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    widget.session.move_to(*TRUE_SHIFT)
    layer = None
    for button, is_right in (
        (widget.dock.views[1], lambda picture: picture.max() <= 3),
        (widget.dock.views[2], lambda picture: picture.std() > 20),
    ):
        button.setChecked(True)
        settle(qtbot)
        layer = pair_viewer.layers["overlap (SeamNet)"]
        assert is_right(layer.data)


def test_what_decided_is_shown_over_the_second_frame(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    view = widget.dock.views[3]
    said = []
    widget._preview.said.connect(said.append)
    view.setChecked(True)
    qtbot.waitUntil(lambda: bool(said), timeout=3000)
    assert said[0] == "align the pair first: then something has decided"
    method = widget.dock.align.method
    method.setCurrentIndex(method.findData("seamnet"))
    widget.align()
    qtbot.waitUntil(lambda: widget.session.state.estimate is not None, timeout=60_000)
    layer = pair_viewer.layers["overlap (SeamNet)"]

    def blue():
        picture = layer.data.astype(int)
        return (picture[..., 2] - picture[..., 0] > 60).mean()

    qtbot.waitUntil(lambda: blue() > 0.05, timeout=60_000)
    orange = (layer.data[..., 0].astype(int) - layer.data[..., 2] > 60).mean()
    assert blue() > 3 * orange
    # It lies over the second frame's own pixels.
    at, second = np.array(position(layer)), np.array(position(pair_viewer.layers["right"]))
    assert (at >= second).all()
    widget.dock.views[0].setChecked(True)
    settle(qtbot)
    assert fringes(pair_viewer) < 6


def test_what_decided_a_plain_method_is_not_told(make_widget, pair_viewer, qtbot, use_fake):
    widget = make_widget(pair_viewer)
    use_fake(Fake(answer(*TRUE_SHIFT)))
    widget.align()
    qtbot.waitUntil(lambda: widget.session.state.estimate is not None, timeout=5000)
    said = []
    widget._preview.said.connect(said.append)
    widget.dock.views[3].setChecked(True)
    qtbot.waitUntil(lambda: bool(said), timeout=5000)
    assert "fake" in said[0]


def test_blinking_shows_one_frame_then_the_other_and_stops(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    layer = pair_viewer.layers["overlap (SeamNet)"]
    composite = layer.data.copy()
    widget._preview.blink(True)
    first = layer.data.copy()
    qtbot.waitUntil(lambda: not np.array_equal(layer.data, first), timeout=2000)
    assert (first[..., 0] == first[..., 1]).all(), "one frame alone is grey"
    widget._preview.blink(False)
    np.testing.assert_array_equal(layer.data, composite)


def test_apart_frames_have_no_preview_and_it_is_said(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    widget.session.move_to(0, 100)
    settle(qtbot)
    assert not pair_viewer.layers["overlap (SeamNet)"].visible
    assert "do not overlap" in widget.dock.message.text()
    widget.session.undo()
    settle(qtbot)
    assert pair_viewer.layers["overlap (SeamNet)"].visible
    assert widget.dock.message.text() == ""


def test_zooming_looks_at_the_overlap(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    widget.zoom_to_overlap()
    np.testing.assert_allclose(pair_viewer.scene.camera.center[-2:], (79.5, 174.5), atol=1)


def test_the_second_layer_stays_the_active_one(make_widget, pair_viewer, qtbot):
    make_widget(pair_viewer)
    settle(qtbot)
    assert pair_viewer.layers.selection.active is pair_viewer.layers["right"]


# -- giving back ------------------------------------------------------------------------------


def looks(viewer):
    """Everything that a viewer shows, but for the positions of its layers."""
    return {
        "layers": [layer.name for layer in viewer.layers],
        "selected": {layer.name for layer in viewer.layers.selection},
        "active": viewer.layers.selection.active and viewer.layers.selection.active.name,
        "canvas": viewer.canvas.background_color_override,
        "display": [
            (
                layer.visible,
                layer.opacity,
                str(layer.blending),
                layer.colormap.name,
                tuple(layer.contrast_limits),
                layer.mouse_pan,
                dict(layer.keymap),
                list(layer.mouse_drag_callbacks),
                layer.mode,
            )
            for layer in viewer.layers
            if isinstance(layer, Image)
        ],
    }


def test_hiding_gives_everything_back_and_showing_takes_it_again_twice(
    make_widget, pair_viewer, qtbot
):
    def mine(layer):
        """A key of the user's own."""

    left, right = pair_viewer.layers["left"], pair_viewer.layers["right"]
    right.bind_key("Left", mine)
    right.colormap, right.contrast_limits, right.opacity = "green", (3, 77), 0.5
    pair_viewer.layers.selection = {left}
    before = looks(pair_viewer)
    widget = make_widget(pair_viewer)
    for _ in range(2):
        settle(qtbot)
        assert pair_viewer.canvas.background_color_override is not None
        assert "overlap (SeamNet)" in pair_viewer.layers
        assert pair_viewer.layers.selection.active is right
        assert len(right.keymap) > 20
        assert mine not in right.keymap.values()
        widget.hide()
        settle(qtbot)
        assert looks(pair_viewer) == before
        widget.show()
    widget.session.move_to(*TRUE_SHIFT)
    settle(qtbot)
    assert fringes(pair_viewer) < 6


def test_a_canvas_colour_of_the_users_own_comes_back(make_widget, pair_viewer, qtbot):
    pair_viewer.canvas.background_color_override = "blue"
    before = pair_viewer.canvas.background_color_override.copy()
    widget = make_widget(pair_viewer)
    settle(qtbot)
    np.testing.assert_array_equal(pair_viewer.canvas.background_color_override, (0, 0, 0, 1))
    widget.hide()
    np.testing.assert_array_equal(pair_viewer.canvas.background_color_override, before)


def test_another_pair_frees_the_keys_of_the_one_before(make_widget, pair_viewer, scene):
    third = pair_viewer.add_image(scene.cut(230, 100), name="below", translate=(130, 0))
    pair_viewer.layers.selection = {pair_viewer.layers["left"], pair_viewer.layers["right"]}
    widget = make_widget(pair_viewer)
    widget.choose_pair(pair_viewer.layers["left"], third)
    assert not pair_viewer.layers["right"].keymap
    assert third.keymap


def test_a_destroyed_widget_hears_nothing_more(pair_viewer, qtbot, scene):
    def listeners():
        right, layers = pair_viewer.layers["right"], pair_viewer.layers
        emitters = right.events.translate, right.events.data, right.events.name
        emitters += layers.events.removed, layers.events.inserted, layers.selection.events.active
        return [len(emitter.callbacks) for emitter in emitters]

    before = listeners()
    parent = QWidget()
    widget = PairWidget(pair_viewer)
    widget.setParent(parent)
    parent.show()
    settle(qtbot)
    parent.close()
    assert listeners() != before
    with qtbot.waitSignal(widget.destroyed):
        parent.deleteLater()
    assert listeners() == before
    pair_viewer.add_image(scene.cut(0, 0))
    pair_viewer.layers["right"].translate = (5, 5)
    pair_viewer.layers.remove("left")
    pair_viewer.layers.clear()


# -- aligning ---------------------------------------------------------------------------------


def test_aligning_finds_the_truth_and_moves_the_layer_there(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    run(qtbot, widget, widget.dock.align.start.click)
    estimate = widget.session.state.estimate
    assert estimate.shift.distance(Shift(*TRUE_SHIFT)) < 0.2
    assert position(pair_viewer.layers["right"]) == (3, 146)
    assert fringes(pair_viewer) < 6
    result = widget.dock.result
    assert result.headline.text() == "certain"
    assert "within 1 px" in result.confidence.text()
    before, after = (float(part) for part in result.similarity.text()[2:].split("→"))
    assert after < 0.1 < 100 < before


@pytest.mark.parametrize("kind", ["scaled", "dask", "rgb", "float", "multiscale"])
def test_every_kind_of_layer_aligns_alike(make_widget, viewer_model, scene, qtbot, kind):
    for name, x in (("a", 100), ("b", 246)):
        y = 100 if name == "a" else 103
        pixels, extra, size = scene.cut(y, x), {}, 1.0
        if kind == "scaled":
            size = 0.25
            extra = {"scale": (size, size), "units": ("um", "um")}
        elif kind == "dask":
            pixels = da.from_array(pixels, chunks=64)
        elif kind == "rgb":
            pixels, extra = np.dstack([pixels] * 3), {"rgb": True}
        elif kind == "float":
            pixels = pixels.astype(np.float32) / 255
        elif kind == "multiscale":
            pixels, extra = [pixels, pixels[::2, ::2]], {"multiscale": True}
        at = (0, 0) if name == "a" else (0, 150 * size)
        viewer_model.add_image(pixels, name=name, translate=at, **extra)
    widget = make_widget(viewer_model)
    run(qtbot, widget, widget.align)
    np.testing.assert_allclose(position(viewer_model.layers["b"]), (3, 146), atol=1e-9)
    assert fringes(viewer_model) < 6
    widget._aligning.append()
    mosaic = viewer_model.layers["mosaic (SeamNet)"]
    np.testing.assert_allclose(position(mosaic), (0, 0), atol=1e-9)
    assert mosaic.data[0].shape[:2] == (163, 346)
    np.testing.assert_array_equal(mosaic.scale, viewer_model.layers["a"].scale)
    assert mosaic.units == viewer_model.layers["a"].units
    assert mosaic.axis_labels == viewer_model.layers["a"].axis_labels
    if kind == "scaled":
        assert "µm" in widget.dock.result.physical.text()
        assert "+0.75" in widget.dock.result.physical.text()


def test_the_answer_of_a_doubtful_pair_is_shown_but_not_appended(
    make_widget, pair_viewer, qtbot, use_fake
):
    use_fake(Fake(answer(3, -4, Status.AMBIGUOUS, [(3, 6), (-2, -4)])))
    widget = make_widget(pair_viewer)
    run(qtbot, widget, widget.dock.align.start_and_append.click)
    assert widget.session.state.mosaic is None
    assert "Not appended, since this is ambiguous" in widget.dock.message.text()
    assert widget.dock.result.headline.text() == "ambiguous"
    assert "weak evidence" in widget.dock.result.reason.text()
    assert "(+3,&nbsp;+6)" in widget.dock.result.others.text()
    assert "1-2 take that fit" in widget.dock.legend.text()


def test_a_certain_pair_is_aligned_and_appended_in_one_click(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    run(qtbot, widget, widget.dock.align.start_and_append.click)
    assert len(widget.session.state.mosaic) == 2
    assert "mosaic (SeamNet)" in pair_viewer.layers
    previews = [layer for layer in pair_viewer.layers if layer.name == "overlap (SeamNet)"]
    assert not any(layer.visible for layer in previews), "the mosaic is what there is to see"
    assert widget.dock.mosaic.extent.text() == "2 frames, 346 x 163 px"


def test_another_fit_is_taken_by_a_click_in_the_map_a_digit_or_a_link(
    make_widget, pair_viewer, qtbot, use_fake
):
    use_fake(Fake(answer(3, -4, Status.AMBIGUOUS, [(3, 6), (-2, -4)])))
    widget = make_widget(pair_viewer)
    run(qtbot, widget, widget.align)
    shift_map = widget.dock.result.map
    qtbot.mouseClick(shift_map, Qt.MouseButton.LeftButton, pos=shift_map.where((3, 6)).toPoint())
    assert widget.session.state.shift == (3, 6)
    assert widget.session.state.status is Status.HAND
    qtbot.mouseClick(shift_map, Qt.MouseButton.LeftButton, pos=shift_map.where((3, -4)).toPoint())
    assert widget.session.state.shift == (3, -4)
    assert widget.session.state.status is Status.AMBIGUOUS
    qtbot.mouseClick(shift_map, Qt.MouseButton.LeftButton, pos=shift_map.where((12, 12)).toPoint())
    assert widget.session.state.shift == (3, -4), "nothing is marked there"
    keys = {str(key): action for key, action in pair_viewer.layers["right"].keymap.items()}
    keys["2"](pair_viewer.layers["right"])
    assert widget.session.state.shift == (-2, -4)
    keys["9"](pair_viewer.layers["right"])
    assert widget.session.state.shift == (-2, -4), "there is no ninth"
    widget.dock.result.others.linkActivated.emit("1")
    assert widget.session.state.shift == (3, 6)


def test_a_frame_moved_beyond_the_search_range_is_searched_for_where_it_lies(
    make_widget, pair_viewer, qtbot
):
    widget = make_widget(pair_viewer)
    widget.session.place_nominally("right", 90)  # 40 px wrong
    widget.session.nudge(0, 38)
    run(qtbot, widget, widget.align)
    assert position(pair_viewer.layers["right"]) == (3, 146)
    assert "where you put it" in widget.dock.choose.source.text()


def test_progress_is_shown_where_the_buttons_were_and_cancel_brings_them_back(
    make_widget, pair_viewer, qtbot, use_fake
):
    fake = use_fake(Fake(answer(9, 9), steps=500))
    widget = make_widget(pair_viewer)
    before = widget.session.state
    widget.dock.align.start.click()
    assert widget.dock.align.is_busy
    qtbot.waitUntil(lambda: widget.dock.align.doing.text().startswith("step"), timeout=5000)
    assert widget.dock.align.progress.maximum() == 500
    widget.dock.align.cancel.click()
    assert not widget.dock.align.is_busy
    assert fake.finished.wait(5)
    settle(qtbot)
    assert widget.session.state is before
    assert fake.reports < 400


def test_a_method_that_does_not_report_can_be_cancelled_too(
    make_widget, pair_viewer, qtbot, use_fake
):
    fake = use_fake(Fake(answer(9, 9)))
    release = threading.Event()
    fake.estimate = lambda overlap, **settings: (release.wait(5), answer(9, 9))[1]
    widget = make_widget(pair_viewer)
    widget.align()
    qtbot.wait(50)
    widget.dock.align.cancel.click()
    assert not widget.dock.align.is_busy
    release.set()
    qtbot.wait(150)
    assert widget.session.state.estimate is None


@pytest.mark.parametrize("error", [ValueError("the weights are torn; reinstall"), KeyError("x")])
def test_a_failure_is_one_sentence_and_the_buttons_come_back(
    make_widget, pair_viewer, qtbot, use_fake, error
):
    use_fake(Fake(error))
    widget = make_widget(pair_viewer)
    run(qtbot, widget, widget.align)
    said = widget.dock.message.text()
    assert ("weights are torn" in said) if isinstance(error, ValueError) else ("KeyError" in said)
    assert "\n" not in said
    assert not widget.dock.align.is_busy


def test_an_answer_never_moves_what_was_moved_meanwhile(make_widget, pair_viewer, qtbot, use_fake):
    use_fake(Fake(answer(9, 9), steps=20))
    widget = make_widget(pair_viewer)
    widget.align()
    widget.session.nudge(1, 1)
    with qtbot.waitSignal(widget._aligning.work.ended, timeout=5000):
        pass
    assert widget.session.state.shift == (1, 1)
    assert widget.session.state.status is Status.HAND
    assert "moved the frame meanwhile" in widget.dock.message.text()
    widget.take(0)
    assert widget.session.state.shift == (9, 9)


def test_an_answer_for_another_pair_is_dropped(make_widget, pair_viewer, qtbot, use_fake, scene):
    third = pair_viewer.add_image(scene.cut(230, 100), name="below", translate=(130, 0))
    pair_viewer.layers.selection = {pair_viewer.layers["left"], pair_viewer.layers["right"]}
    use_fake(Fake(answer(9, 9), steps=20))
    widget = make_widget(pair_viewer)
    widget.align()
    widget.choose_pair(pair_viewer.layers["left"], third)
    with qtbot.waitSignal(widget._aligning.work.ended, timeout=5000):
        pass
    assert widget.session.state.estimate is None
    assert "dropped" in widget.dock.message.text()


def test_the_interface_answers_within_100_ms_while_a_method_works(
    make_widget, viewer_model, qtbot, scene
):
    big = np.tile(scene.picture, (2, 3))[:1700, :1500]
    viewer_model.add_image(big[:, :800], name="a")
    viewer_model.add_image(big[3:, 496:], name="b", translate=(0, 500))
    widget = make_widget(viewer_model, method="median")
    settle(qtbot)
    gaps = beats_during(qtbot, widget._aligning.work.ended, widget.align)
    assert len(gaps) > 10, "the method must work long enough to be a test"
    assert max(gaps) < 0.1


@pytest.mark.slow
def test_the_interface_answers_within_100_ms_while_the_network_loads_and_works(
    make_widget, viewer_model, qtbot, scene, tmp_path, use_fake
):
    from napari_seamnet.nets.seamnet import SeamNet
    from napari_seamnet.nets.weights import save_weights
    from napari_seamnet.shifts.seamnet import SeamNetMethod

    # Any weights work as long as the real ones; these need not be trained.
    save_weights(tmp_path / "any.safetensors", SeamNet().state_dict(), {"architecture": {}})
    use_fake(SeamNetMethod(device="cpu", weights=tmp_path / "any.safetensors"))
    big = np.tile(scene.picture, (2, 2))
    viewer_model.add_image(big[:, :1000], name="a")
    viewer_model.add_image(big[3:, 846:], name="b", translate=(0, 850))
    widget = make_widget(viewer_model, method="seamnet")
    settle(qtbot)
    gaps = beats_during(qtbot, widget._aligning.work.ended, widget.align)
    assert max(gaps) < 0.1


# -- by hand ----------------------------------------------------------------------------------


def test_the_boxes_move_the_frame_and_follow_it(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    widget.dock.hand.dy.setValue(7)
    widget.dock.hand.dx.setValue(-2)
    assert position(pair_viewer.layers["right"]) == (7, 148)
    widget.session.nudge(1, 1)
    assert (widget.dock.hand.dy.value(), widget.dock.hand.dx.value()) == (8, -1)


def test_snap_finds_the_best_fit_near_the_hand_position(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    widget.session.move_to(TRUE_SHIFT[0] + 3, TRUE_SHIFT[1] - 2)
    run(qtbot, widget, widget.dock.hand.snap.click)
    assert widget.session.state.shift == TRUE_SHIFT
    assert widget.session.state.status is Status.HAND
    widget.session.undo()
    assert widget.session.state.shift == (6, -6)


def test_snap_says_when_there_is_nothing_to_snap_to(make_widget, viewer_model, qtbot):
    viewer_model.add_image(np.full((50, 60), 7, np.uint8), name="blank")
    viewer_model.add_image(np.full((50, 60), 7, np.uint8), name="too", translate=(0, 40))
    widget = make_widget(viewer_model)
    run(qtbot, widget, widget.snap)
    assert "No best fit within ±4 px" in widget.dock.message.text()
    assert widget.session.state.shift == (0, 0)


def test_the_buttons_accept_reset_undo_and_redo(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    hand = widget.dock.hand
    widget.session.nudge(2, 2)
    hand.accept.click()
    assert widget.session.state.accepted
    assert widget.dock.hand.accept.isEnabled() is False
    hand.reset.click()
    assert widget.session.state.shift == (0, 0)
    hand.undo.click()
    hand.undo.click()
    assert widget.session.state.shift == (2, 2)
    hand.redo.click()
    assert widget.session.state.accepted
    assert "acceptance" in hand.undo.toolTip()


def test_every_control_explains_itself(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox):
        for control in widget.findChildren(kind):
            name = control.objectName()
            assert control.toolTip() or name.startswith("qt_"), control


def test_the_legend_lists_only_what_works(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    legend = widget.dock.legend
    assert "Ctrl+Z" in legend.text(), "choosing can be undone"
    assert "redo" not in legend.text()
    assert "fit" not in legend.text()
    widget.session.undo()
    assert legend.text() == "", "without a pair there is no key"
    widget.session.redo()
    pair_viewer.layers.selection.active = pair_viewer.layers["left"]
    assert "select 'right' in the layer list" in legend.text()


def test_the_coarse_step_is_what_the_keys_do_and_the_legend_says(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    widget.dock.hand.coarse.setValue(25)
    assert "Shift+arrows 25 px" in widget.dock.legend.text()
    keys = {str(key): action for key, action in pair_viewer.layers["right"].keymap.items()}
    keys["Shift+Down"](pair_viewer.layers["right"])
    assert widget.session.state.shift == (25, 0)


def test_undo_to_a_layer_that_is_gone_says_so(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    pair_viewer.layers.remove("right")
    widget.session.undo()
    assert "was removed; undo or redo further" in widget.dock.message.text()
    assert not widget.dock.align.start.isEnabled()
    settle(qtbot)
    widget.session.redo()
    assert "undo or redo further" not in widget.dock.message.text()


def test_what_was_said_about_one_state_is_not_said_about_the_next(make_widget, pair_viewer):
    widget = make_widget(pair_viewer)
    widget.dock.say("no best fit here")
    widget.session.nudge(1, 0)
    assert not widget.dock.message.isVisible()


def test_the_methods_own_answer_taken_again_is_no_decision_by_hand(
    make_widget, pair_viewer, qtbot, use_fake
):
    use_fake(Fake(answer(2, 1)))
    widget = make_widget(pair_viewer)
    run(qtbot, widget, widget.align)
    widget.take(0)
    assert widget.session.state.status is Status.CERTAIN


def test_an_appended_pair_no_longer_moves_and_the_dock_says_why(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    widget.dock.mosaic.append.click()
    keys = {str(key): action for key, action in pair_viewer.layers["right"].keymap.items()}
    keys["Right"](pair_viewer.layers["right"])
    assert widget.session.state.shift == (0, 0)
    dock = widget.dock
    for control in (dock.align.start, dock.hand.dy, dock.hand.snap, dock.choose.overlap):
        assert not control.isEnabled()
    assert "in the mosaic" in dock.legend.text()
    assert "arrows" not in dock.legend.text()
    assert not widget._keys.drags, "dragging pans again"
    widget.session.undo()
    assert "arrows" in dock.legend.text()
    assert widget._keys.drags


# -- mosaic -----------------------------------------------------------------------------------


def test_the_tenth_frame_is_appended_and_the_camera_stays(make_widget, viewer_model, scene, qtbot):
    places = [(100, 300)]
    for number in range(1, 10):  # a snake of two rows, the second above the first
        column = number if number < 5 else 9 - number
        places.append((100 if number < 5 else 10, 300 + 100 * column - 5 * (number % 3)))
    for number, (y, x) in enumerate(places):
        nominal = (y - 100 + number % 2, x - 300 - number % 3)  # the stage is wrong by a little
        viewer_model.add_image(
            scene.cut(y, x, 120, 140), name=f"frame {number}", translate=nominal
        )
    layers = list(viewer_model.layers)
    widget = make_widget(viewer_model)
    camera = None
    for number in range(1, 10):
        widget.choose_pair(layers[number - 1], layers[number])
        run(qtbot, widget, widget.dock.align.start_and_append.click)
        assert len(widget.session.state.mosaic) == number + 1, widget.dock.message.text()
        if camera is None:
            viewer_model.scene.camera.center, viewer_model.scene.camera.zoom = (0, 11.0, 22.0), 3.3
            camera = viewer_model.scene.camera.center, viewer_model.scene.camera.zoom
        assert (viewer_model.scene.camera.center, viewer_model.scene.camera.zoom) == camera
    mosaic = viewer_model.layers["mosaic (SeamNet)"]
    true = [(y - 100, x - 300) for y, x in places]
    assert list(widget.session.state.mosaic.positions()) == true
    top, left = (min(edge) for edge in zip(*true, strict=True))
    assert position(mosaic) == (top, left)
    shown = np.asarray(mosaic.data[0])
    assert isinstance(mosaic.data[0], da.Array)
    whole = scene.picture[100 + top :, 300 + left :][: shown.shape[0], : shown.shape[1]]
    np.testing.assert_array_equal(shown[shown > 0], whole[shown > 0])
    assert (shown > 0).mean() > 0.9
    assert sum("mosaic" in layer.name for layer in viewer_model.layers) == 1
    widget.dock.mosaic.remove.click()
    assert len(widget.session.state.mosaic) == 9
    widget.session.undo()
    assert len(widget.session.state.mosaic) == 10


def test_undoing_the_first_append_takes_the_layer_away(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    widget.dock.mosaic.append.click()
    assert "mosaic (SeamNet)" in pair_viewer.layers
    assert pair_viewer.layers.selection.active is pair_viewer.layers["right"]
    widget.session.undo()
    assert "mosaic (SeamNet)" not in pair_viewer.layers
    widget.session.redo()
    assert "mosaic (SeamNet)" in pair_viewer.layers


def test_a_mosaic_layer_that_is_removed_is_given_up_and_undo_brings_it_back(
    make_widget, pair_viewer
):
    widget = make_widget(pair_viewer)
    widget.dock.mosaic.append.click()
    pair_viewer.layers.remove("mosaic (SeamNet)")
    assert widget.session.state.mosaic is None
    widget.session.undo()
    assert "mosaic (SeamNet)" in pair_viewer.layers


def test_the_mosaic_and_the_preview_are_no_choices(make_widget, pair_viewer, qtbot):
    widget = make_widget(pair_viewer)
    settle(qtbot)
    widget.dock.mosaic.append.click()
    assert {layer.name for layer in widget.dock.choose.choices} == {"left", "right"}


def test_two_frames_of_the_mosaic_are_shown_where_it_has_them(make_widget, viewer_model, scene):
    for number in range(3):
        viewer_model.add_image(
            scene.cut(100, 100 + 150 * number), name=str(number), translate=(0, 150 * number)
        )
    layers = list(viewer_model.layers)
    widget = make_widget(viewer_model)
    for pair in (layers[:2], layers[1:]):
        widget.choose_pair(*pair)
        widget.dock.mosaic.append.click()
    layers[2].translate = (33, 44)
    widget.choose_pair(layers[0], layers[2])
    assert position(layers[2]) == (0, 300)
    assert not widget.dock.message.isVisible()


def test_a_file_opened_after_appending_goes_against_the_frame_placed_last(
    make_widget, pair_viewer, scene, tmp_path
):
    tifffile.imwrite(tmp_path / "third.tif", scene.cut(100, 400))
    widget = make_widget(pair_viewer)
    widget.dock.mosaic.append.click()
    widget.open_files([tmp_path / "third.tif"])
    assert widget.dock.choose.first.currentText() == "right"
    assert widget.dock.choose.second.currentText() == "third"
    assert widget.dock.choose.layout_chosen == (Side.RIGHT, 50), "not where it happened to lie"
    assert position(pair_viewer.layers["third"]) == (0, 300)


def test_frames_of_another_kind_are_refused_in_one_sentence(make_widget, viewer_model, scene):
    viewer_model.add_image(scene.cut(0, 0), name="eight")
    viewer_model.add_image(scene.cut(0, 150).astype(np.uint16), name="sixteen", translate=(0, 150))
    widget = make_widget(viewer_model)
    widget.dock.mosaic.append.click()
    assert "uint16" in widget.dock.message.text()
    assert widget.session.state.mosaic is None


# -- real frames ------------------------------------------------------------------------------


@pytest.mark.frames
@pytest.mark.parametrize(
    ("names", "side", "overlap", "true"),
    [
        (("0 1", "1 1"), "right", 132, (2.84, -0.20)),
        (("0 0", "0 1"), "below", 46, (0.01, -4.86)),
    ],
)
def test_real_frames_are_aligned_from_their_files(
    make_widget, viewer_model, qtbot, real_frames, names, side, overlap, true
):
    folder = real_frames / "test" / "stitch2d"
    widget = make_widget(viewer_model)
    widget.open_files([folder / f"stitch2d_ex[Grid@{name}].jpg" for name in names])
    widget.session.place_nominally(side, overlap)
    run(qtbot, widget, widget.dock.align.start_and_append.click)
    estimate = widget.session.state.estimate
    assert estimate.shift.distance(Shift(*true)) < 0.5
    assert estimate.status is Status.CERTAIN
    assert len(widget.session.state.mosaic) == 2
