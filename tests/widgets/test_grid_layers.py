"""What the viewer shows of a grid: one picture, and lines over it, in step with the session."""

import os

import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.utils._test_utils import read_only_mouse_event
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts.layout import Layout, Site
from napari_seamnet.mosaic import Ownership
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.widgets._grid_layers import GridLayers
from napari_seamnet.widgets._grid_marks import Mark, marks_of
from napari_seamnet.widgets._grid_session import GridSession
from napari_seamnet.widgets._layers import OURS
from napari_seamnet.widgets.reader import SESSION

SIZE, OVERLAP = 200, 50


@pytest.fixture(scope="module")
def chip():
    return chip_grid(3, 3, size=SIZE, overlap=OVERLAP, jitter=4)


@pytest.fixture(scope="module")
def project(chip) -> Project:
    """Of which the truth is known to every seam."""
    sites = tuple(
        Site(frame, at, k // 3, k % 3, k)
        for k, (frame, at) in enumerate(zip(chip.frames, chip.nominal, strict=True))
    )
    return Project.of_layout(Layout(sites))


def truth(chip, project):
    found = {}
    for k, seam in enumerate(project.seams):
        (y0, x0), (y1, x1) = (chip.truth[frame] for frame in seam.pair)
        shift = Shift(y1 - y0 - seam.nominal.dy, x1 - x0 - seam.nominal.dx)
        found[k] = Estimate(shift, Status.CERTAIN, 0.999)
    return found


@pytest.fixture
def session():
    return GridSession()


@pytest.fixture
def layers(qtbot, viewer_model, session):
    from qtpy.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    made = GridLayers(viewer_model, session, parent)
    yield made
    made.stop()
    made.picture.remove()


@pytest.fixture
def ready(qtbot, layers, session, project):
    """Laid out, and all thumbnails loaded."""
    with qtbot.waitSignal(layers.picture.loaded, timeout=10_000):
        session.open(project)
    return layers


@pytest.fixture
def solved(ready, session, chip, project):
    session.take_estimates(truth(chip, project))
    session.take_solved(session.project.solve())
    return ready


def named(viewer, name):
    return next((layer for layer in viewer.layers if layer.name.startswith(name)), None)


def press(viewer, at, end=None, modifiers=(), scale=1.0):
    """Click, or drag, at a place in px of the grid."""
    moves = [] if end is None else [end]

    def event(kind, place):
        return read_only_mouse_event(
            type=kind,
            position=tuple(scale * v for v in place),
            pos=tuple(place[::-1]),
            modifiers=list(modifiers),
            button=1,
            is_dragging=kind == "mouse_move",
        )

    mouse_press_callbacks(viewer, event("mouse_press", at))
    for place in moves:
        mouse_move_callbacks(viewer, event("mouse_move", place))
    mouse_release_callbacks(viewer, event("mouse_release", end or at))


# -- the picture ----------------------------------------------------------------------------------


def test_the_grid_is_one_layer_whatever_the_number_of_frames(ready, viewer_model, project):
    images = [layer for layer in viewer_model.layers if isinstance(layer, Image)]
    assert [layer.metadata[OURS] for layer in images] == ["mosaic"]
    picture = np.asarray(images[0].data[0])
    first = project.layout.frames[0].read()
    assert (picture[:100, :100] == first[:100, :100]).all()
    assert viewer_model.layers[0] is images[0]  # under all lines


def test_the_layer_knows_its_grid_so_that_it_can_be_saved(ready, session):
    assert ready.picture.layer.metadata[SESSION] is session


def test_frames_go_where_the_solve_has_them_and_the_camera_stays(solved, viewer_model, chip):
    viewer_model.scene.camera.center = (0, 123, 45)
    viewer_model.scene.camera.zoom = 3
    layer = solved.picture.layer
    origin = np.array(solved.frame_at(0)) - chip.truth[0]
    for frame, at in enumerate(chip.truth):
        assert np.array_equal(np.array(solved.frame_at(frame)) - at, origin)
    solved.look.show_nominal = True
    assert [solved.frame_at(k) for k in range(9)] == [tuple(map(float, at)) for at in chip.nominal]
    assert solved.picture.layer is layer
    assert tuple(viewer_model.scene.camera.center)[-2:] == (123, 45)
    assert viewer_model.scene.camera.zoom == 3


def test_a_pixel_of_the_picture_is_a_frames_pixel_where_the_frame_lies(solved, project):
    layer = solved.picture.layer
    picture, (top, left) = np.asarray(layer.data[0]), layer.translate
    y, x = solved.frame_at(4)
    middle = project.layout.frames[4].read()[80:120, 80:120]
    part = picture[int(y - top) + 80 : int(y - top) + 120, int(x - left) + 80 :][:, :40]
    assert (part == middle).all()


def test_ownership_is_followed(solved, session, project):
    from dataclasses import replace

    before = np.asarray(solved.picture.layer.data[0]).copy()
    session.record(replace(session.project, ownership=Ownership.LAST), "ownership")
    assert (np.asarray(solved.picture.layer.data[0]) != before).any()


def test_owners_are_shown_in_colours_on_demand(solved, viewer_model):
    assert named(viewer_model, "owners") is None
    solved.look.show_provenance = True
    layer = named(viewer_model, "owners")
    assert isinstance(layer, Labels)
    whole = layer.data[0] if layer.multiscale else layer.data
    assert set(np.unique(np.asarray(whole))) >= set(range(1, 10))
    assert viewer_model.layers.index(layer) == 1
    solved.look.show_provenance = False
    assert not layer.visible


def test_levelling_is_for_the_screen_only(qtbot, ready, viewer_model, session, project):
    before = np.asarray(ready.picture.layer.data[0]).copy()
    with qtbot.waitSignal(ready.picture.levelling.ended, timeout=10_000):
        ready.look.show_levelled = True
    qtbot.waitUntil(lambda: (np.asarray(ready.picture.layer.data[0]) != before).any())
    from napari_seamnet.widgets.reader import mosaic_now

    assert (np.asarray(mosaic_now(session).array()) == before).all()
    ready.look.show_levelled = False
    assert (np.asarray(ready.picture.layer.data[0]) == before).all()


def test_contrast_comes_from_the_frames_unless_a_person_has_set_it(qtbot, ready, session):
    layer = ready.picture.layer
    low, high = layer.contrast_limits
    assert 0 <= low < high
    layer.contrast_limits = 10, 20
    with qtbot.waitSignal(ready.picture.loaded, timeout=10_000):
        session.laid_out.emit()
    assert tuple(ready.picture.layer.contrast_limits) == (10, 20) or ready.picture._limits


def test_a_frame_that_cannot_be_read_is_told_and_the_others_are_shown(
    qtbot, layers, session, tmp_path
):
    import tifffile

    from napari_seamnet.frames import open_frame

    paths = [tmp_path / f"{k}.tif" for k in range(2)]
    for k, path in enumerate(paths):
        tifffile.imwrite(path, np.full((64, 64), 50 + k, np.uint8))
    frames = [open_frame(path) for path in paths]
    os.remove(paths[1])
    layout = Layout(tuple(Site(f, (0, 50 * k), 0, k) for k, f in enumerate(frames)))
    with qtbot.waitSignals([layers.picture.said, layers.picture.loaded], timeout=10_000) as got:
        session.open(Project.of_layout(layout))
        said = []
        layers.picture.said.connect(said.append)
    assert got.signal_triggered
    qtbot.waitUntil(lambda: any("1.tif" in text for text in said), timeout=5_000)
    assert layers.picture.thumbnails.n_loaded == 1


# -- lines ----------------------------------------------------------------------------------------


def test_what_is_laid_out_is_seen_at_once(ready, viewer_model):
    shown = {layer.name for layer in viewer_model.layers if layer.visible}
    assert {"frames (SeamNet)", "scan path (SeamNet)", "seams (SeamNet)"} <= shown
    assert len(named(viewer_model, "frames").data) == 4 * 9
    assert len(named(viewer_model, "scan path").data) == 8


def test_path_and_names_make_room_when_stitching_begins_and_come_back_when_asked(
    solved, viewer_model
):
    assert not solved.look.show_path
    assert not solved.look.show_names
    assert not named(viewer_model, "scan path").visible
    solved.look.show_path = True
    assert named(viewer_model, "scan path").visible


def test_a_missing_frame_is_a_hatched_gap(qtbot, layers, session, project, viewer_model):
    with qtbot.waitSignal(layers.picture.loaded, timeout=10_000):
        session.open(Project.of_layout(project.layout.without(4)))
    gap = named(viewer_model, "gaps")
    assert gap.visible
    middle = gap.data[:, 0].mean(0)
    assert np.abs(middle - np.array([250, 250])).max() < 60  # the middle of nine
    layers.look.show_gaps = False
    assert not gap.visible


def test_bars_take_colour_as_seams_finish(qtbot, ready, session, viewer_model):
    bars = named(viewer_model, "seams")
    before = bars.edge_color.copy()
    assert len(np.unique(before, axis=0)) == 1
    session.take_estimate(0, Estimate(Shift(0, 0), Status.CERTAIN, 0.99))
    session.take_estimate(1, Estimate(Shift(0, 0), Status.DOUBTFUL, 0.5))
    qtbot.waitUntil(lambda: len(np.unique(bars.edge_color, axis=0)) == 3)
    assert marks_of(session)[:2] == [Mark.CERTAIN, Mark.DOUBTFUL]
    assert len(bars.data) == 1 + 2 + 10  # a bar, two dashes, and ten short ones


def test_a_decision_shows_at_once(solved, session, viewer_model):
    n = len(named(viewer_model, "seams").data)
    session.decide(0, Shift(3, 3))
    assert marks_of(session)[0] is Mark.HAND
    assert len(named(viewer_model, "seams").data) == n + 1  # a cross has two lines


def test_loop_errors_get_numbers_only_where_they_do_not_fit(
    ready, session, chip, project, viewer_model
):
    found = truth(chip, project)
    found[0] = Estimate(found[0].shift + Shift(5, 0), Status.CERTAIN, 0.999)
    session.take_estimates(found)
    session.take_solved(session.project.solve())
    assert named(viewer_model, "loop errors") is None
    ready.look.show_loops = True
    words = list(named(viewer_model, "loop errors").features["text"])
    assert len(words) == 4
    assert sorted(words) == ["", "", "", "5.0"]


def test_every_switch_hides_what_it_says(solved, viewer_model):
    for switch, name in (("show_seams", "seams"), ("show_outlines", "frames")):
        assert named(viewer_model, name).visible
        setattr(solved.look, switch, False)
        assert not named(viewer_model, name).visible
        setattr(solved.look, switch, True)
        assert named(viewer_model, name).visible


def test_a_layer_that_a_person_threw_away_comes_back_when_it_is_needed(
    solved, session, viewer_model
):
    viewer_model.layers.remove(named(viewer_model, "seams"))
    session.decide(0, Shift(1, 1))
    assert named(viewer_model, "seams") is not None
    viewer_model.layers.remove(solved.picture.layer)
    session.decide(0, Shift(9, 9))
    assert solved.picture.layer is not None


def test_new_layers_leave_the_selection_alone(qtbot, viewer_model, layers, session, project):
    mine = viewer_model.add_image(np.zeros((4, 4)), name="mine")
    viewer_model.layers.selection.active = mine
    session.open(project)
    assert viewer_model.layers.selection.active is mine
    qtbot.waitUntil(lambda: not layers.picture.loading.is_busy)


def test_lines_keep_under_the_seam_that_is_looked_at(solved, viewer_model):
    top = viewer_model.add_image(np.zeros((4, 4)), metadata={OURS: "preview"})
    solved.look.show_loops = True
    assert viewer_model.layers[-1] is top


def test_lines_are_as_wide_on_the_screen_whatever_the_zoom(qtbot, solved, viewer_model):
    bars = named(viewer_model, "seams")
    viewer_model.scene.camera.zoom = 4
    qtbot.waitUntil(lambda: bars.edge_width * 4 < 8)
    assert bars.edge_width * 4 > 3


def test_pixel_sizes_put_everything_in_its_place(qtbot, layers, session, project, viewer_model):
    from dataclasses import replace

    layout = replace(project.layout, pixel_size=(0.5, 0.25))
    with qtbot.waitSignal(layers.picture.loaded, timeout=10_000):
        session.open(Project.of_layout(layout))
    for layer in viewer_model.layers:
        assert tuple(layer.scale) == (0.5, 0.25)
        assert {str(unit) for unit in layer.units} == {"micrometer"}
    assert layers.to_px((50, 25)) == (100, 100)


# -- camera and mouse -----------------------------------------------------------------------------


def test_the_whole_grid_is_in_view_after_lay_out_and_not_moved_again(ready, viewer_model):
    center = tuple(viewer_model.scene.camera.center)[-2:]
    assert np.abs(np.array(center) - 250).max() < 5
    viewer_model.scene.camera.center = (0, 1, 1)
    ready._on_laid_out()
    assert tuple(viewer_model.scene.camera.center)[-2:] == (1, 1)


def test_it_flies_to_a_seam_and_single_pixels_can_be_judged(solved, viewer_model, project):
    solved.fly_to(0)
    y, x = tuple(viewer_model.scene.camera.center)[-2:]
    assert abs(y - SIZE / 2) < 10
    assert abs(x - (SIZE - OVERLAP / 2)) < 10
    assert 2 <= viewer_model.scene.camera.zoom <= 8


def test_a_click_on_a_bar_is_a_seam_and_elsewhere_a_frame(qtbot, solved, viewer_model):
    solved.take_viewer()
    y, x = solved._bars.centres[0]
    with qtbot.waitSignal(solved.seam_clicked) as got:
        press(viewer_model, (y, x))
    assert got.args == [0]
    with qtbot.waitSignal(solved.frame_clicked) as got:
        press(viewer_model, (20, 20))
    assert got.args == [0]
    with qtbot.waitSignal(solved.frame_clicked) as got:
        press(viewer_model, (-500, 20))
    assert got.args == [None]


def test_moving_the_view_is_no_click(qtbot, solved, viewer_model):
    solved.take_viewer()
    heard = []
    solved.frame_clicked.connect(heard.append)
    press(viewer_model, (20, 20), (60, 60))
    assert heard == []


def test_given_back_the_mouse_is_the_viewers(solved, viewer_model):
    callbacks = list(viewer_model.mouse_drag_callbacks)
    solved.take_viewer()
    solved.take_viewer()
    assert len(viewer_model.mouse_drag_callbacks) == len(callbacks) + 1
    solved.give_back()
    assert list(viewer_model.mouse_drag_callbacks) == callbacks


def test_names_are_under_the_mouse(solved, viewer_model, project):
    solved.take_viewer()
    overlay = viewer_model.canvas.overlays.text
    overlay.text, overlay.visible = "mine", True
    event = read_only_mouse_event(type="mouse_move", position=(20, 20), modifiers=[])
    mouse_move_callbacks(viewer_model, event)
    assert project.layout[0].name in overlay.text
    assert "r0 c0" in overlay.text
    solved.give_back()
    assert (overlay.text, overlay.visible) == ("mine", True)


def test_the_selected_frame_is_marked_and_dragged_with_shift(qtbot, solved, viewer_model):
    solved.take_viewer()
    solved.show_frame(4)
    assert named(viewer_model, "selected frame").visible
    heard = []
    solved.dragged.connect(lambda dy, dx: heard.append((dy, dx)))
    y, x = solved.frame_at(4)
    start, end = (y + 100, x + 100), (y + 107, x + 88)
    press(viewer_model, start, end, ["Shift"])
    assert heard == []  # nothing says yet that it may be moved
    solved.movable = lambda: 4
    press(viewer_model, start, end, ["Shift"])
    assert heard == [(7, -12)]
    assert viewer_model.scene.camera.mouse_pan
    solved.show_frame(None)
    assert not named(viewer_model, "selected frame").visible


def test_a_frame_held_elsewhere_shows_all_its_seams(solved, viewer_model):
    solved.show_frame(4)
    solved.hold((4, 6, -3))
    raised = named(viewer_model, "frame (SeamNet)")
    y, x = solved.frame_at(4)
    assert tuple(raised.translate) == (y + 6, x - 3)
    previews = [layer for layer in viewer_model.layers if layer.metadata.get(OURS) == "preview"]
    assert len(previews) == 4
    solved.hold(None)
    assert named(viewer_model, "frame (SeamNet)") is None
    assert not [layer for layer in viewer_model.layers if layer.metadata.get(OURS) == "preview"]


def test_a_frame_is_brought_to_the_front(solved, viewer_model, project):
    solved.front(4)
    raised = named(viewer_model, "frame (SeamNet)")
    assert (raised.data == project.layout.frames[4].read()).all()
    assert tuple(raised.translate) == solved.frame_at(4)
    solved.front(None)
    assert named(viewer_model, "frame (SeamNet)") is None


def test_another_grid_takes_the_place_of_the_one_before(
    qtbot, solved, session, chip, viewer_model
):
    sites = tuple(
        Site(f, at, 0, k) for k, (f, at) in enumerate(zip(chip.frames, chip.nominal, strict=True))
    )
    with qtbot.waitSignal(solved.picture.loaded, timeout=10_000):
        session.lay_out(Layout(sites[:3]))
    assert len(named(viewer_model, "frames").data) == 12
    images = [layer for layer in viewer_model.layers if isinstance(layer, Image)]
    assert len(images) == 1
    assert solved.look.show_names
    with qtbot.waitSignal(solved.picture.loaded, timeout=10_000):
        session.undo()
    assert len(named(viewer_model, "frames").data) == 36


def test_frames_that_come_lie_beside_those_that_are_there(qtbot, ready, session, chip, project):
    from dataclasses import replace

    first = replace(project.layout, sites=project.layout.sites[:6])
    with qtbot.waitSignal(ready.picture.loaded, timeout=10_000):
        session.open(Project.of_layout(first))
    session.take_estimates(truth(chip, session.project))
    session.take_solved(session.project.solve())
    before = [ready.frame_at(k) for k in range(6)]
    growth = session.grow(project.layout)
    assert growth is not None
    assert [ready.frame_at(growth.where[k]) for k in range(6)] == before
    assert len(ready._boxes) == 9
    for k in growth.added:
        assert np.abs(np.subtract(ready.frame_at(k), chip.nominal[k])).max() <= 8


def test_frames_settle_while_seams_are_estimated(qtbot, ready, session, chip, project):
    from napari_seamnet.widgets._grid_preview import RunPreview

    preview = RunPreview(session, lambda: True, ready)
    preview.placed.connect(ready.preview)
    found = truth(chip, project)
    some = {k: found[k] for k in range(4)}
    session.take_estimates(some)
    with qtbot.waitSignal(preview.placed, timeout=5_000):
        preview.look()
    for k in some:
        seam = project.seams[k]
        offset = np.subtract(ready.frame_at(seam.second), ready.frame_at(seam.first))
        assert (offset == np.subtract(chip.truth[seam.second], chip.truth[seam.first])).all()
    assert session.solution is None
    session.take_estimates(found)
    session.take_solved(session.project.solve())
    before = ready.frame_at(8)
    preview.look()
    ready.preview(project.layout, tuple(site.whole for site in project.layout))
    assert ready.frame_at(8) == before  # the solver has had the last word
