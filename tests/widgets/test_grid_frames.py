"""The selected frame: facts, its seams, moving, locking, leaving out, replacing, adding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt

from napari_seamnet.as_text import Opened
from napari_seamnet.geometry import Shift, Side
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects.holding import LOCKED
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.widgets import _grid_ask
from napari_seamnet.widgets._grid_frame_words import side_of
from napari_seamnet.widgets._grid_frames import FramesPanel
from napari_seamnet.widgets._grid_session import GridSession

MIDDLE = 4


@pytest.fixture
def folder(tmp_path, scene):
    """A 3 x 3 grid of frames, 160 x 200 px, with an overlap of 40 px."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for k in range(9):
        y, x = 90 + 120 * (k // 3), 80 + 160 * (k % 3)
        tifffile.imwrite(folder / f"tile_r{k // 3}_c{k % 3}.tif", scene.cut(y, x))
    return folder


@pytest.fixture
def session(folder):
    """Solved: certain everywhere, but for one seam of the middle frame."""
    session = GridSession()
    layout = open_layout(folder, overlap=40)
    session.lay_out(layout)
    session.remember(layout, Opened(folder, {"overlap": 40}))
    found = {
        k: Estimate(Shift(0, 0), Status.CERTAIN, 1.0) for k in range(len(session.project.seams))
    }
    session.take_estimates(found)
    solve(session)
    return session


def solve(session):
    session.take_solved(session.project.solve())


@pytest.fixture
def panel(qtbot, session):
    made = FramesPanel(session)
    qtbot.addWidget(made)
    made.resize(360, 500)
    made.show()
    made.show_frame(MIDDLE)
    return made


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def shown(panel):
    return [row.tie for row in panel.facts.rows if not row.isHidden()]


def test_without_a_frame_it_says_how_to_select_one(qtbot):
    panel = FramesPanel(GridSession())
    qtbot.addWidget(panel)
    assert not panel.none.isHidden()
    assert panel.about.isHidden()
    assert not panel.number.isEnabled()


def test_what_is_known_of_a_frame_is_shown(panel, session):
    assert panel.facts.name.text() == "tile_r1_c1.tif   row 1, column 1"
    texts = panel.facts.texts
    assert texts["Expected at"] == "y 120, x 160 px"
    assert texts["Lies at"] == "y 120, x 160 px"
    assert texts["Moved by"] == "nothing"
    assert "within 1 px, ±" in texts["Sure"]
    assert panel.facts.sign.status == session.solution.frames[MIDDLE].status
    assert [(tie.side, tie.neighbour) for tie in shown(panel)] == [
        ("right", "tile_r1_c2.tif"),
        ("below", "tile_r2_c1.tif"),
        ("left", "tile_r1_c0.tif"),
        ("above", "tile_r0_c1.tif"),
    ]
    assert shown(panel)[0].words == "certain, (+0, +0), off by 0.0 px"


def test_micrometres_are_told_where_they_are_known(panel, session):
    project = session.project
    layout = replace(project.layout, pixel_size=(0.5, 0.25))
    session.record(replace(project, layout=layout, solved=None), "pixel size")
    panel.show_frame(MIDDLE)
    assert panel.facts.texts == {"Expected at": "y 120, x 160 px (60, 40 µm)"}
    assert shown(panel)[0].words == "certain"


def test_sides_are_seen_from_the_frame_whichever_is_first(session):
    for k, seam in enumerate(session.project.seams):
        one, two = (side_of(seam, frame) for frame in seam.pair)
        assert {one, two} in ({Side.LEFT, Side.RIGHT}, {Side.ABOVE, Side.BELOW}), k
        site, other = (session.project.layout[frame] for frame in seam.pair)
        assert (one is Side.RIGHT) == (other.col > site.col)
        assert (one is Side.BELOW) == (other.row > site.row)


def test_a_click_on_a_seam_selects_it(qtbot, panel, session):
    looked_at = []
    session.selected.connect(looked_at.append)
    row = panel.facts.rows[1]
    click(qtbot, row.neighbour)
    assert looked_at == [row.tie.seam]
    assert row.neighbour.font().bold()
    assert not panel.facts.rows[0].neighbour.font().bold()


def test_the_number_selects_and_another_layout_selects_none(panel, session, folder):
    framed = []
    panel.framed.connect(framed.append)
    panel.number.setValue(7)
    assert panel.frame == 7
    assert panel.facts.name.text().startswith("tile_r2_c1.tif")
    session.lay_out(open_layout(folder, overlap=50))
    assert panel.frame is None
    assert framed == [7, None]
    assert panel.number.text() == "none"


def test_arrows_move_a_draft_that_enter_decides(qtbot, panel, session):
    drafts = []
    panel.drafted.connect(drafts.append)
    pad = panel.move_controls.pad
    pad.setFocus()
    qtbot.keyClick(pad, Qt.Key.Key_Down)
    qtbot.keyClick(pad, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert drafts == [(MIDDLE, 1, 0), (MIDDLE, 1, -10)]
    assert (panel.move_controls.dy.value(), panel.move_controls.dx.value()) == (1, -10)
    assert not session.project.decisions
    qtbot.keyClick(pad, Qt.Key.Key_Return)
    assert drafts[-1] is None
    assert panel.draft == (0, 0)
    solve(session)
    # The whole may slide: only what lies between the frames was decided.
    (y, x), (y0, x0) = (session.solution.frames[k].whole for k in (MIDDLE, 0))
    assert (y - y0, x - x0) == (121, 150)
    assert panel.facts.texts["Moved by"] != "nothing"
    assert {tie.words.split(",")[0] for tie in shown(panel)} == {"by hand"}
    session.undo()
    assert not session.project.decisions
    session.redo()
    assert len(session.project.decisions) == 4


def test_escape_puts_a_draft_back(qtbot, panel, session):
    panel.move_controls.dy.setValue(6)
    assert panel.draft == (6, 0)
    qtbot.keyClick(panel.move_controls.pad, Qt.Key.Key_Escape)
    assert panel.draft == (0, 0)
    panel.nudge(0, 3)
    panel.show_frame(0)
    assert panel.draft == (0, 0)
    panel.confirm()
    assert not session.can_undo or not session.project.decisions


def test_other_keys_of_the_pad_go_where_they_always_go(qtbot, panel):
    pad = panel.move_controls.pad
    qtbot.keyClick(pad, Qt.Key.Key_N)
    assert panel.draft == (0, 0)


def test_while_positions_are_found_anew_the_pad_keeps_the_focus(panel, session):
    session.decide(0, Shift(0, 0))
    assert not session.is_solved
    assert panel.move_controls.pad.isEnabled()


def test_locking_decides_and_unlocking_takes_back(qtbot, panel, session):
    panel.nudge(4, 4)
    click(qtbot, panel.lock)
    assert panel.draft == (0, 0)
    assert session.project.locked == {MIDDLE}
    assert {decision.note for decision in session.project.decisions} == {LOCKED}
    assert panel.lock.text() == "Unlock"
    assert not panel.move_controls.pad.isEnabled()
    assert panel.facts.status.text().startswith("locked")
    panel.nudge(1, 1)
    assert panel.draft == (0, 0)
    solve(session)
    click(qtbot, panel.lock)
    assert not session.project.locked
    assert not session.project.decisions


def test_a_frame_is_left_out_and_comes_back(qtbot, panel, session):
    session.decide(0, Shift(1, 0))
    click(qtbot, panel.leave_out)
    assert len(session.project.layout) == 8
    assert len(session.project.decisions) == 1
    assert panel.frame is None
    assert session.opened.left_out == ("tile_r1_c1.tif",)
    session.undo()
    assert len(session.project.layout) == 9
    assert session.opened.left_out == ()


def test_a_frame_is_replaced_by_one_taken_again(qtbot, panel, session, tmp_path, monkeypatch):
    again = tmp_path / "again.tif"
    tifffile.imwrite(again, np.arange(160 * 200, dtype=np.uint8).reshape(160, 200))
    monkeypatch.setattr(_grid_ask, "picture_from", lambda *_: again)
    new = []
    panel.unfinished.connect(new.append)
    click(qtbot, panel.replace_by)
    assert session.project.layout[MIDDLE].frame.path == again
    assert panel.frame == MIDDLE
    assert new == [4]
    assert panel.message.text().startswith("4 seams are new")
    assert session.opened.is_edited
    assert {tie.words for tie in shown(panel)} == {"not estimated yet"}


def test_a_frame_of_another_folder_is_added_at_the_border(
    qtbot, panel, session, tmp_path, monkeypatch
):
    new = tmp_path / "new.tif"
    tifffile.imwrite(new, np.arange(160 * 200, dtype=np.uint8).reshape(160, 200))
    monkeypatch.setattr(_grid_ask, "picture_from", lambda *_: new)
    assert not panel.add.isEnabled()  # neighbours on all sides
    panel.show_frame(5)
    assert [panel.side.itemText(k) for k in range(panel.side.count())] == ["right of it"]
    click(qtbot, panel.add)
    site = session.project.layout[9]
    assert (site.position, site.row, site.col) == ((120.0, 480.0), 1, 3)
    assert [s.pair for s in session.project.seams if 9 in s.pair] == [(5, 9)]
    assert len(session.project.unfinished) == 1


def test_two_frames_change_places_and_the_picture_stays_selected(qtbot, panel, session):
    frames = session.project.layout.frames
    assert not panel.swap.swap.isEnabled() or panel.swap.other.value() != MIDDLE
    panel.swap.other.setValue(MIDDLE)
    assert not panel.swap.swap.isEnabled()
    assert panel.swap.name.text() == "this frame"
    panel.swap.other.setValue(0)
    assert panel.swap.name.text() == "tile_r0_c0.tif"
    new = []
    panel.unfinished.connect(new.append)
    click(qtbot, panel.swap.swap)
    layout = session.project.layout
    assert (layout[0].frame, layout[MIDDLE].frame) == (frames[MIDDLE], frames[0])
    assert panel.frame == 0
    assert panel.facts.name.text() == "tile_r1_c1.tif   row 0, column 0"
    assert new == [6]
    assert panel.message.text().startswith("6 seams are new")
    assert session.opened.is_edited
    session.undo()
    assert session.project.layout.frames == frames
    assert session.project.unfinished == ()
    session.redo()
    assert session.project.layout[0].frame is frames[MIDDLE]


def test_a_frame_is_brought_to_the_front_until_another_is_selected(qtbot, panel):
    shown = []
    panel.fronted.connect(shown.append)
    click(qtbot, panel.front)
    assert panel.front.isChecked()
    panel.show_frame(0)
    assert not panel.front.isChecked()
    panel.show_frame(1)
    click(qtbot, panel.front)
    click(qtbot, panel.front)
    panel.bring_to_front(True)
    panel.show_frame(None)
    assert shown == [MIDDLE, None, 1, None, 1, None]
    assert not panel.front.isEnabled()


def test_a_frame_stays_selected_when_the_grid_grows(panel, session, folder, scene):
    panel.bring_to_front(True)
    told = []
    panel.framed.connect(lambda index: told.append(("framed", index)))
    panel.fronted.connect(lambda index: told.append(("fronted", index)))
    tifffile.imwrite(folder / "tile_r0_c3.tif", scene.cut(90, 80 + 160 * 3))
    session.grow(open_layout(folder, overlap=40), session.opened)
    assert panel.frame == 5
    assert panel.number.value() == 5
    assert panel.facts.name.text().startswith("tile_r1_c1.tif")
    assert told == [("framed", 5), ("fronted", 5)]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_fits_a_dock_of_320_px(qtbot, panel, qapp, theme):
    from napari.qt import get_stylesheet

    before = qapp.styleSheet()
    qapp.setStyleSheet(get_stylesheet(theme))
    try:
        panel.show_frame(None)
        assert panel.minimumSizeHint().width() <= 300
        line = panel.number.lineEdit()
        arrows = 2 * 20  # one on each side, which napari draws over the box
        room = panel.number.width() - arrows
        assert line.fontMetrics().horizontalAdvance("none") < room
        panel.show_frame(0)
        assert panel.minimumSizeHint().width() <= 300
    finally:
        qapp.setStyleSheet(before)


def test_what_cannot_be_a_frame_is_said(panel, session, tmp_path):
    bad = tmp_path / "notes.txt"
    bad.write_text("no picture")
    before = session.project
    panel.replace_with(bad)
    assert "notes.txt" in panel.message.text()
    assert session.project is before
    deep = tmp_path / "deep.tif"
    tifffile.imwrite(deep, np.zeros((160, 200), np.uint16))
    panel.replace_with(deep)
    assert "uint16" in panel.message.text()
    panel.show_frame(0)
    assert panel.message.isHidden()


def test_a_seam_that_is_estimated_is_shown_at_once(panel, session):
    k = shown(panel)[0].seam
    session.take_estimates(dict.fromkeys(range(len(session.project.seams))))
    session._solution = None
    session.changed.emit()
    assert shown(panel)[0].words == "not estimated yet"
    session.take_estimate(k, Estimate(Shift(0, 0), Status.DOUBTFUL, 0.5))
    assert shown(panel)[0].words == "doubtful"
