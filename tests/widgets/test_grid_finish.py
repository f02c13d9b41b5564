"""Step 4 of Stitch grid: every button, to the disk and to the clipboard."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_seamnet.as_text import Opened
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.mosaic import mosaic_of
from napari_seamnet.projects import Project
from napari_seamnet.shifts import Cancelled, Estimate, Status
from napari_seamnet.widgets import _grid_ask, _grid_writing
from napari_seamnet.widgets._grid_finish import NO_GRID, NO_POSITIONS, FinishSection
from napari_seamnet.widgets._grid_session import GridSession
from napari_seamnet.widgets._grid_shows import Shows


@pytest.fixture
def folder(tmp_path, scene):
    """A 2 x 2 grid of frames, 160 x 200 px, with an overlap of 40 px."""
    folder = tmp_path / "run 7"
    folder.mkdir()
    for row in range(2):
        for col in range(2):
            tifffile.imwrite(
                folder / f"tile_r{row}_c{col}.tif", scene.cut(90 + 120 * row, 80 + 160 * col)
            )
    return folder


@pytest.fixture
def session(folder):
    """A solved grid, opened as a person would."""
    session = GridSession()
    layout = replace(open_layout(folder, overlap=40), pixel_size=(0.5, 0.25))
    session.lay_out(layout)
    session.remember(layout, Opened(folder, {"overlap": 40}))
    session.take_estimates(
        {k: Estimate(Shift(0, 0), Status.CERTAIN, 1.0, method="seamnet") for k in range(4)}
    )
    session.take_solved(session.project.solve())
    return session


@pytest.fixture
def section(qtbot, session):
    made = FinishSection(session)
    qtbot.addWidget(made)
    made.resize(380, 400)
    made.show()
    return made


@pytest.fixture
def answer(monkeypatch):
    """Answers dialogs: `answer(where_to=path, ...)`; an unexpected one fails the test."""

    def refuse(name):
        def asked(*args):
            pytest.fail(f"{name} was asked: {args[1:]}")

        return asked

    for name in ("where_to", "zarr_to", "positions_to", "project_from", "frames_folder"):
        monkeypatch.setattr(_grid_ask, name, refuse(name))
    monkeypatch.setattr(_grid_ask, "is_wanted", refuse("is_wanted"))
    asked = []

    def answer(**answers):
        for name, what in answers.items():
            monkeypatch.setattr(
                _grid_ask, name, lambda *args, what=what, name=name: asked.append(args[1:]) or what
            )
        return asked

    return answer


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def finish(qtbot, work, act):
    with qtbot.waitSignal(work.ended, timeout=20_000):
        act()


def test_without_a_grid_only_a_project_can_be_opened(qtbot):
    session = GridSession()
    section = FinishSection(session)
    qtbot.addWidget(section)
    assert section.open.isEnabled()
    for button in (section.export, section.save, section.as_python, section.ownership):
        assert not button.isEnabled()
    assert section.why.text() == NO_GRID


def test_before_it_is_solved_the_project_can_be_saved_but_nothing_exported(section, session):
    session.record(session.project.with_decision(0, 1, Shift(1, 1)), "decision")
    assert section.why.text() == NO_POSITIONS
    assert not section.export.isEnabled()
    assert section.save.isEnabled()
    session.take_solved(session.project.solve())
    assert section.export.isEnabled()
    assert section.why.isHidden()


def test_the_mosaic_is_exported_in_the_background(qtbot, section, session, answer, tmp_path):
    out = tmp_path / "chip.ome.zarr"
    asked = answer(zarr_to=out)
    finish(qtbot, section.writing.work, lambda: click(qtbot, section.export))
    assert asked[0][0].name == "run 7.ome.zarr"
    assert (out / "zarr.json").is_file()
    assert section.done.text() == "Wrote chip.ome.zarr: 360 x 280 px (90 x 140 µm)."
    assert not section.drawing.is_busy
    section.format.setCurrentIndex(1)
    section.provenance.setChecked(True)
    answer(where_to=tmp_path / "chip.ome.tif")
    finish(qtbot, section.writing.work, lambda: click(qtbot, section.export))
    picture = tifffile.imread(tmp_path / "chip.ome.tif")
    np.testing.assert_array_equal(picture, mosaic_of(session.solution).array().compute())
    assert (tmp_path / "chip.provenance.csv").is_file()


def test_a_cancelled_export_leaves_nothing(qtbot, section, answer, tmp_path, monkeypatch, session):
    ended = []

    def slow(mosaic, path, progress, **_):
        try:
            for k in range(2000):
                progress(k, 2000, "saving")
                time.sleep(0.005)
        except Cancelled:
            ended.append(True)
            raise

    monkeypatch.setattr(_grid_writing, "export", slow)
    answer(zarr_to=tmp_path / "a.ome.zarr")
    click(qtbot, section.export)
    qtbot.waitUntil(lambda: "/ 2,000" in section.drawing.doing.text(), timeout=5000)
    click(qtbot, section.drawing.cancel)
    assert section.message.text() == "Stopped; nothing was written."
    assert section.writing.written.is_empty
    qtbot.waitUntil(lambda: ended == [True], timeout=5000)


def test_a_place_that_will_not_do_is_said_in_one_sentence(qtbot, section, answer, tmp_path):
    answer(zarr_to=tmp_path / "no" / "a.ome.zarr")
    finish(qtbot, section.writing.work, lambda: click(qtbot, section.export))
    assert section.message.text().startswith("There is no folder")
    assert section.done.isHidden()


def test_frames_are_never_overwritten(qtbot, section, session, answer):
    frame = session.project.layout[0].frame.path
    before = frame.read_bytes()
    answer(positions_to=frame)
    click(qtbot, section.positions)
    assert "is one of the frames" in section.message.text()
    answer(where_to=frame)
    section.format.setCurrentIndex(1)
    finish(qtbot, section.writing.work, lambda: click(qtbot, section.export))
    assert "is one of the frames" in section.message.text()
    finish(qtbot, section.writing.work, lambda: click(qtbot, section.report))
    assert frame.read_bytes() == before


def test_tables_are_written_at_once(qtbot, section, session, answer, tmp_path):
    answer(positions_to=tmp_path / "TileConfiguration.txt")
    click(qtbot, section.positions)
    assert section.done.text() == "Wrote TileConfiguration.txt: 4 positions."
    places = open_layout(tmp_path / "TileConfiguration.txt").positions
    assert places == tuple(frame.whole for frame in session.solution.frames)
    answer(positions_to=tmp_path / "p.csv", where_to=tmp_path / "s.csv")
    click(qtbot, section.positions)
    click(qtbot, section.seams)
    assert section.done.text() == "Wrote s.csv: 4 seams."
    assert (tmp_path / "p.csv").is_file()
    written = section.writing.written
    assert written.tile_configuration == tmp_path / "TileConfiguration.txt"
    assert (written.positions, written.seams) == (tmp_path / "p.csv", tmp_path / "s.csv")


def test_the_report_says_how_it_was_made(qtbot, section, answer, tmp_path):
    answer(where_to=tmp_path / "r.html")
    finish(qtbot, section.writing.work, lambda: click(qtbot, section.report))
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "open_layout" in page
    assert section.done.text() == "Wrote r.html, a page for any browser."


def test_a_project_is_saved_and_opened_again(qtbot, section, session, answer, tmp_path):
    path = tmp_path / "chip.seamnet.json"
    session.decide(0, Shift(2, 1))
    assert section.keeping.would_lose
    asked = answer(where_to=path)
    finish(qtbot, section.keeping.work, lambda: click(qtbot, section.save))
    assert asked[0][1].name == "run 7.seamnet.json"
    assert session.path == section.keeping.saved == path
    assert not section.keeping.would_lose
    was = session.project
    session.decide(1, Shift(0, 0))
    assert section.keeping.saved is None
    finish(qtbot, section.keeping.work, lambda: click(qtbot, section.save))  # no question
    assert len(Project.load(path).decisions) == 2
    session.undo()
    assert section.keeping.saved is None  # the file holds a later state
    answer(project_from=path, is_wanted=True)
    finish(qtbot, section.keeping.work, lambda: click(qtbot, section.open))
    assert len(session.project.decisions) == 2
    assert section.keeping.saved == path
    session.undo()
    session.undo()
    assert session.project.decisions == (), "the history of this sitting is there again"
    session.redo()
    assert session.project == was


def test_a_file_that_somebody_else_changed_begins_with_a_history_of_its_own(
    qtbot, section, session, answer, tmp_path
):
    path = tmp_path / "chip.seamnet.json"
    session.decide(0, Shift(2, 1))
    answer(where_to=path)
    finish(qtbot, section.keeping.work, lambda: click(qtbot, section.save))
    Project.load(path).with_excluded(*session.project.seams[1].pair).save(path)
    answer(project_from=path)
    finish(qtbot, section.keeping.work, lambda: click(qtbot, section.open))
    assert session.project.excluded == {session.project.seams[1].pair}
    assert not session.can_undo


def test_decisions_are_not_thrown_away_without_a_question(qtbot, section, session, answer):
    session.decide(0, Shift(2, 1))
    asked = answer(is_wanted=False, project_from=session.project.layout[0].frame.path)
    click(qtbot, section.open)
    assert "not saved" in asked[-1][0]
    assert not section.keeping.work.is_busy


def test_frames_that_were_moved_are_asked_for(qtbot, section, session, answer, folder, tmp_path):
    path = tmp_path / "chip.seamnet.json"
    answer(where_to=path)
    finish(qtbot, section.keeping.work, lambda: click(qtbot, section.save))
    shutil.move(folder, tmp_path / "elsewhere")
    asked = answer(project_from=path, frames_folder=None)
    finish(qtbot, section.keeping.work, lambda: click(qtbot, section.open))
    assert "4 of 4 files of frames are not in" in section.message.text()
    assert "4 of 4 files" in asked[-1][0]
    answer(frames_folder=tmp_path / "elsewhere")
    section.open_project(path)
    qtbot.waitUntil(lambda: "Opened" in section.done.text(), timeout=10_000)
    assert session.project.layout[0].frame.path.parent == tmp_path / "elsewhere"


def test_what_was_done_is_copied(qtbot, section, session, tmp_path):
    click(qtbot, section.as_python)
    text = QApplication.clipboard().text()
    assert "open_layout(" in text
    assert "overlap=40" in text
    assert section.done.text() == f"Copied {len(text.splitlines())} lines of Python."
    click(qtbot, section.as_command)
    assert QApplication.clipboard().text().startswith("napari-seamnet stitch")
    session.decide(0, Shift(2, 1))
    click(qtbot, section.as_command)
    assert section.message.text().endswith("save it first")
    assert section.done.isHidden()


def test_ownership_is_a_step_that_can_be_undone(section, session):
    section.ownership.setCurrentIndex(2)
    section.ownership.activated.emit(2)
    assert session.project.ownership == "last"
    assert session.is_solved
    session.undo()
    assert session.project.ownership == "nearest centre"
    assert section.ownership.currentText() == "nearest centre"


def test_what_is_shown_is_switched_and_followed(qtbot):
    look = SimpleNamespace(show_seams=True, show_path=False, other=1)
    shows = Shows(look)
    qtbot.addWidget(shows)
    assert set(shows.boxes) == {"show_seams", "show_path"}
    assert shows.boxes["show_seams"].isChecked()
    shows.boxes["show_path"].click()
    assert look.show_path is True
    look.show_seams = False
    shows.show_look()
    assert not shows.boxes["show_seams"].isChecked()
    assert look.show_seams is False
