"""Align pair in a real viewer: keys, mouse, what is to be seen. Needs a screen."""

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_seamnet.shifts import Status
from napari_seamnet.widgets._layers import position
from napari_seamnet.widgets.pair import PairWidget

pytestmark = pytest.mark.pixels
TRUE_SHIFT = 3, -4
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture
def viewer(make_napari_viewer, scene, qtbot):
    """A viewer on the screen, with the pair in it."""
    made = make_napari_viewer(show=True)
    made.window.resize(1280, 800)
    made.add_image(scene.cut(100, 100), name="left")
    made.add_image(scene.cut(103, 246), name="right", translate=(0, 150))
    made.reset_view()
    qtbot.wait(100)
    return made


@pytest.fixture
def widget(viewer, qtbot):
    """The widget in its dock."""
    made = PairWidget(viewer)
    viewer.window.add_dock_widget(made, name="Align pair", area="right")
    choice = made.dock.align.method
    choice.setCurrentIndex(choice.findData("smoothed"))
    qtbot.wait(150)
    viewer.reset_view()  # the dock has taken a third of the canvas
    return made


def canvas(viewer):
    return viewer.window._qt_viewer.canvas.native


def press(viewer, key, modifier=NONE):
    """Press a key where the keyboard's focus is, as a person would."""
    target = QApplication.focusWidget() or viewer.window._qt_window
    QTest.keyClick(target, key, modifier)


def on_canvas(viewer, y, x):
    """Point of the canvas that shows a world position."""
    centre, zoom = viewer.scene.camera.center[-2:], viewer.scene.camera.zoom
    middle = canvas(viewer).width() / 2, canvas(viewer).height() / 2
    return QPoint(
        round(middle[0] + (x - centre[1]) * zoom), round(middle[1] + (y - centre[0]) * zoom)
    )


def drag(qtbot, viewer, start, by):
    """Drag with the left button, `by` in world px, in ten steps."""
    native = canvas(viewer)
    QTest.mouseMove(native, on_canvas(viewer, *start))
    QTest.mousePress(native, Qt.MouseButton.LeftButton, NONE, on_canvas(viewer, *start))
    points = [
        on_canvas(viewer, start[0] + by[0] * part / 10, start[1] + by[1] * part / 10)
        for part in range(1, 11)
    ]
    for point in points:  # QTest's own moves hold no button, and without one nothing pans
        at = QPointF(point)
        moved = QMouseEvent(
            QEvent.Type.MouseMove,
            at,
            QPointF(native.mapToGlobal(point)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            NONE,
        )
        QApplication.sendEvent(native, moved)
        qtbot.wait(10)
    QTest.mouseRelease(native, Qt.MouseButton.LeftButton, NONE, points[-1])
    qtbot.wait(60)


def coloured(viewer):
    """Share of the canvas' pixels where red and green differ much."""
    picture = viewer.screenshot(canvas_only=True, flash=False).astype(int)
    return (np.abs(picture[..., 0] - picture[..., 1]) > 40).mean()


def test_fringes_on_the_screen_vanish_when_the_frames_are_aligned(viewer, widget, qtbot):
    widget.zoom_to_overlap()
    qtbot.wait(100)
    before = coloured(viewer)
    with qtbot.waitSignal(widget._aligning.work.ended, timeout=10_000):
        widget.dock.align.start.click()
    qtbot.wait(100)
    assert before > 0.1
    assert coloured(viewer) < 0.001


def test_keys_move_decide_undo_and_redo(viewer, widget, qtbot):
    session = widget.session
    canvas(viewer).setFocus()
    press(viewer, Qt.Key.Key_Right)
    press(viewer, Qt.Key.Key_Down)
    press(viewer, Qt.Key.Key_Down)
    assert session.state.shift == (2, 1)
    press(viewer, Qt.Key.Key_Left, SHIFT)
    press(viewer, Qt.Key.Key_Up, SHIFT)
    assert session.state.shift == (-8, -9)
    press(viewer, Qt.Key.Key_Z, CTRL)
    assert session.state.shift == (2, -9)
    press(viewer, Qt.Key.Key_Z, CTRL | SHIFT)
    assert session.state.shift == (-8, -9)
    press(viewer, Qt.Key.Key_Return)
    assert session.state.accepted
    press(viewer, Qt.Key.Key_Escape)
    assert session.state.shift == (0, 0)
    assert not session.state.accepted
    press(viewer, Qt.Key.Key_Enter)
    assert session.state.accepted


def test_holding_b_blinks(viewer, widget, qtbot):
    layer = viewer.layers["overlap (SeamNet)"]
    composite = layer.data.copy()
    QTest.keyPress(canvas(viewer), Qt.Key.Key_B)
    qtbot.wait(50)
    first = layer.data.copy()
    assert (first[..., 0] == first[..., 1]).all()
    qtbot.waitUntil(lambda: not np.array_equal(layer.data, first), timeout=2000)
    QTest.keyRelease(canvas(viewer), Qt.Key.Key_B)
    qtbot.wait(50)
    np.testing.assert_array_equal(layer.data, composite)


@pytest.mark.parametrize("what", ["a button", "a box", "a choice"])
def test_arrow_keys_still_move_the_frame_after_using_the_dock(viewer, widget, qtbot, what):
    canvas(viewer).setFocus()
    dock = widget.dock
    if what == "a button":
        QTest.mouseClick(dock.zoom, Qt.MouseButton.LeftButton)
        expected = (0, 1)
    elif what == "a choice":
        QTest.mouseClick(dock.views[1], Qt.MouseButton.LeftButton)
        expected = (0, 1)
    else:
        box = dock.hand.dy
        QTest.mouseDClick(box.lineEdit(), Qt.MouseButton.LeftButton)
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, "5")
        QTest.keyClick(box, Qt.Key.Key_Return)
        expected = (5, 1)
    qtbot.wait(50)
    press(viewer, Qt.Key.Key_Right)
    assert widget.session.state.shift == expected


@pytest.mark.parametrize(
    ("key", "shift"), [(Qt.Key.Key_Return, 7), (Qt.Key.Key_Enter, 7), (Qt.Key.Key_Escape, 0)]
)
def test_the_key_that_ends_the_typing_of_a_number_decides_nothing(
    viewer, widget, qtbot, key, shift
):
    widget.session.nudge(0, 3)
    box = widget.dock.hand.dy
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "7")
    QTest.keyClick(box, key)
    qtbot.wait(30)
    assert widget.session.state.shift == (shift, 3)
    assert not widget.session.state.accepted
    assert box.value() == shift
    assert box.text() == str(shift)
    assert not box.hasFocus()


def test_dragging_the_second_frame_moves_it_by_whole_pixels_as_one_step(viewer, widget, qtbot):
    centre = viewer.scene.camera.center
    drag(qtbot, viewer, (80, 250), (7, -5))
    assert widget.session.state.shift == (7, -5)
    assert position(viewer.layers["right"]) == (7, 145)
    assert widget.session.state.status is Status.HAND
    assert viewer.scene.camera.center == centre, "the view stays"
    assert viewer.layers["right"].mouse_pan
    widget.session.undo()
    assert widget.session.state.shift == (0, 0)


def test_dragging_elsewhere_or_when_told_so_pans(viewer, widget, qtbot):
    for start, allowed in (((80, 40), True), ((80, 250), False)):
        widget.dock.hand.drag.setChecked(allowed)
        centre = viewer.scene.camera.center
        drag(qtbot, viewer, start, (7, -5))
        assert widget.session.state.shift == (0, 0)
        assert viewer.scene.camera.center != centre


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_canvas_is_black_while_the_composite_is_shown_and_then_the_themes(
    viewer, widget, qtbot, theme
):
    def corner():
        qtbot.wait(80)
        return viewer.screenshot(canvas_only=True, flash=False)[2, 2, :3].tolist()

    dock = widget.parent()
    dock.hide()
    viewer.theme = theme
    before = corner()
    assert (before == [0, 0, 0]) == (theme == "dark")
    for _ in range(2):
        dock.show()
        assert corner() == [0, 0, 0]
        dock.hide()
        assert corner() == before
        assert "overlap (SeamNet)" not in viewer.layers


def test_closing_the_dock_gives_the_keys_back(viewer, widget, qtbot):
    viewer.window.remove_dock_widget(widget)
    qtbot.wait(50)
    assert not viewer.layers["right"].keymap
    assert viewer.layers["right"].mouse_drag_callbacks == []
    assert viewer.canvas.background_color_override is None


def test_the_dock_is_narrow_and_scrolls_when_it_is_short(viewer, widget, qtbot):
    assert 320 <= widget.width() <= 420
    inside = widget.dock.widget().minimumSizeHint().width()
    assert inside + widget.dock.verticalScrollBar().sizeHint().width() <= 320, "nothing is cut off"
    viewer.window.resize(1000, 450)
    qtbot.wait(100)
    assert widget.dock.verticalScrollBar().maximum() > 0
    assert widget.dock.widget().width() <= widget.dock.viewport().width()


def test_appending_keeps_the_camera_and_shows_untouched_pixels(viewer, widget, qtbot, scene):
    widget.session.move_to(*TRUE_SHIFT)
    viewer.scene.camera.zoom, viewer.scene.camera.center = 2.0, (0, 81.5, 173)
    widget.dock.mosaic.append.click()
    qtbot.wait(200)
    assert (viewer.scene.camera.zoom, viewer.scene.camera.center[-2:]) == (2.0, (81.5, 173))
    assert coloured(viewer) == 0
    shown = np.asarray(viewer.layers["mosaic (SeamNet)"].data[0])
    np.testing.assert_array_equal(shown[3:160], scene.picture[103:260, 100:446])


def test_napari_opens_it_from_the_plugins_menu(viewer, qtbot):
    dock, widget = viewer.window.add_plugin_dock_widget("napari-seamnet", "Align pair")
    assert isinstance(widget, PairWidget)
    assert widget.session.state.pair is not None
    qtbot.wait(150)
    assert "arrows 1 px" in widget.dock.legend.text()
    canvas(viewer).setFocus()
    press(viewer, Qt.Key.Key_Right)
    assert widget.session.state.shift == (0, 1)
    dock.close()
