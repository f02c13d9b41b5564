"""Watch folder: a grid that grows while it is reviewed, and keeps what was decided."""

from __future__ import annotations

import time

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt, QThreadPool
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_seamnet.as_text import Opened
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects import Project
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.stitching import StitchSettings, Workers
from napari_seamnet.widgets import _grid_ask
from napari_seamnet.widgets._grid_autosave import Autosave
from napari_seamnet.widgets._grid_estimating import Estimating
from napari_seamnet.widgets._grid_frame_edits import leave_out
from napari_seamnet.widgets._grid_kept import kept_grids
from napari_seamnet.widgets._grid_session import GridSession
from napari_seamnet.widgets._grid_solving import Solving
from napari_seamnet.widgets._grid_watch import WatchBox, Watching
from napari_seamnet.widgets._grid_watched import Arrivals

OVERLAP = {"overlap": 40}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "run 7"
    folder.mkdir()
    return folder


@pytest.fixture
def write(folder, scene):
    """Write frames of a grid of 3 x 3, by their numbers; whole, as a rename does it."""

    def write(*numbers, name="tile_r{row}_c{col}.tif", shade=0):
        for k in numbers:
            row, col = divmod(k, 3)
            pixels = scene.cut(90 + 120 * row, 80 + 160 * col) + np.uint8(shade)
            beside = folder.parent / "beside"
            tifffile.imwrite(beside, pixels)
            beside.rename(folder / name.format(row=row, col=col, k=k))

    return write


@pytest.fixture
def session(folder, write):
    """Two rows of the grid, all seams known."""
    write(*range(6))
    session = GridSession()
    layout = open_layout(folder, **OVERLAP)
    session.remember(layout, Opened(str(folder), OVERLAP))
    session.lay_out(layout, StitchSettings(method="smoothed"))
    session.take_estimates(
        {
            k: Estimate(Shift(k / 8, 0), Status.CERTAIN, 1.0)
            for k in range(len(session.project.seams))
        }
    )
    return session


@pytest.fixture
def watch(qtbot):
    """Make what watches for a session, quick, inside a widget that ends it."""
    made = []

    def watch(session, **callables):
        parent = QWidget()
        parent.setLayout(QVBoxLayout())
        watching = Watching(session, parent, **callables)
        watching.poll, watching.settle = 0.02, 0.05
        watching._timer.setInterval(20)
        parent.box = WatchBox(session, watching)
        parent.layout().addWidget(parent.box)
        qtbot.addWidget(parent)
        made.append((parent, watching))
        parent.resize(320, 100)
        parent.show()
        return watching

    yield watch
    for _, watching in made:
        watching.stop()


def box_of(watching):
    return watching.parent().box


def click(qtbot, watching):
    box = box_of(watching).box
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center())


def names(session):
    return [] if session.project is None else [site.name for site in session.project.layout]


def known(session):
    """What is known of the seams, by the names of their frames."""
    project = session.project
    return {
        tuple(project.layout[k].name for k in seam.pair): estimate
        for seam, estimate in zip(project.seams, project.estimates, strict=True)
        if estimate is not None
    }


def decided(session):
    project = session.project
    return {
        tuple(project.layout[k].name for k in one.pair): one.shift for one in project.decisions
    }


def test_frames_that_come_are_taken_in_and_all_that_was_said_stays(qtbot, session, watch, write):
    before = known(session)
    session.decide(2, Shift(3, -1))
    session.exclude(4)
    session.select(4)
    pair = session.project.seams[4].pair
    excluded = tuple(session.project.layout[k].name for k in pair)
    said = decided(session)
    frames = {site.name: site.frame for site in session.project.layout}
    watching = watch(session)
    came = []
    watching.arrived.connect(came.append)
    click(qtbot, watching)
    assert watching.folder.name == "run 7"
    write(7)
    qtbot.waitUntil(lambda: len(names(session)) == 7, timeout=5000)
    write(6, 8)
    qtbot.waitUntil(lambda: len(names(session)) == 9, timeout=5000)
    assert sum(came) == 3
    assert known(session) == before
    assert decided(session) == said
    project = session.project
    assert [tuple(project.layout[k].name for k in pair) for pair in project.excluded] == [excluded]
    assert session.seam == [seam.pair for seam in project.seams].index(*project.excluded)
    assert len(project.unfinished) == 12 - 7
    assert names(session) == [f"tile_r{k // 3}_c{k % 3}.tif" for k in range(9)]
    assert (
        project.layout.positions
        == open_layout(project.layout[0].frame.path.parent, **OVERLAP).positions
    )
    # Headers of frames that are known are not read again.
    assert all(site.frame is frames.get(site.name, site.frame) for site in project.layout)
    assert session.opened.options == OVERLAP
    assert box_of(watching).words.text().startswith("watching run 7: 9 frames so far, the last ")
    assert not box_of(watching).message.text()


def test_what_was_decided_before_frames_came_can_be_undone_after(qtbot, session, watch, write):
    session.decide(0, Shift(3, -1))
    session.decide(1, Shift(1, 1))
    session.undo()
    watching = watch(session)
    click(qtbot, watching)
    write(6, 7, 8)
    qtbot.waitUntil(lambda: len(names(session)) == 9, timeout=5000)
    session.redo()
    assert len(decided(session)) == 2
    session.undo()
    session.undo()
    assert not decided(session)
    assert len(names(session)) == 9
    assert len(known(session)) == 7


def test_a_frame_that_was_left_out_stays_out(qtbot, session, watch, write):
    leave_out(session, 1)
    watching = watch(session)
    click(qtbot, watching)
    write(6)
    qtbot.waitUntil(lambda: "tile_r2_c0.tif" in names(session), timeout=5000)
    assert "tile_r0_c1.tif" not in names(session)
    assert session.opened.left_out == ("tile_r0_c1.tif",)
    session.undo()
    assert len(names(session)) == 7  # it is back, and what came meanwhile is there


def test_frames_wait_while_the_grid_is_busy(qtbot, session, watch, write):
    busy = [True]
    watching = watch(session, waits=lambda: busy[0])
    click(qtbot, watching)
    write(6)
    qtbot.waitUntil(lambda: "7 frames so far" in box_of(watching).words.text(), timeout=5000)
    qtbot.wait(100)
    assert len(names(session)) == 6
    assert box_of(watching).words.text().endswith("the newest wait until the seams are done")
    busy[0] = False
    qtbot.waitUntil(lambda: len(names(session)) == 7, timeout=5000)
    qtbot.waitUntil(lambda: "wait" not in box_of(watching).words.text(), timeout=5000)


def test_a_grid_begins_with_the_first_frames(qtbot, folder, watch, write, monkeypatch):
    session = GridSession()
    settings = StitchSettings(method="smoothed", max_shift=9)
    asked = Opened("", {"cols": 3, "rows": 3, "overlap": 40})
    watching = watch(session, settings=lambda: settings, asked=lambda: asked)
    asked_for = []
    monkeypatch.setattr(_grid_ask, "folder_to_watch", lambda *_: asked_for.append(True) or folder)
    click(qtbot, watching)
    assert asked_for == [True]
    qtbot.waitUntil(lambda: "no frame yet" in box_of(watching).words.text(), timeout=5000)
    for k in range(9):
        write(k, name="img_{k:03d}.tif")
        if k > 0:
            qtbot.waitUntil(lambda k=k: len(names(session)) == k + 1, timeout=5000)
    project = session.project
    assert project.settings == settings
    assert [(site.row, site.col) for site in project.layout][:5] == [
        (0, 0), (0, 1), (0, 2), (1, 2), (1, 1)
    ]  # fmt: skip
    assert len(project.seams) == 12
    assert session.opened == Opened(str(folder), asked.options)
    assert not session.can_undo


def test_what_cannot_be_laid_out_yet_is_said_in_one_sentence(
    qtbot, folder, watch, write, monkeypatch
):
    session = GridSession()
    watching = watch(session)
    monkeypatch.setattr(_grid_ask, "folder_to_watch", lambda *_: folder)
    write(0, 1, 2, name="img_{k:03d}.tif")
    click(qtbot, watching)
    message = box_of(watching).message
    qtbot.waitUntil(lambda: "give rows or columns in step 1" in message.text(), timeout=5000)
    assert session.project is None


def test_a_file_that_cannot_be_read_is_named_until_it_can(qtbot, session, watch, write, folder):
    watching = watch(session)
    (folder / "tile_r2_c0.tif").write_bytes(b"II*\0 half a picture")
    click(qtbot, watching)
    message = box_of(watching).message
    qtbot.waitUntil(lambda: "tile_r2_c0.tif" in message.text(), timeout=5000)
    write(6)
    qtbot.waitUntil(lambda: len(names(session)) == 7, timeout=5000)
    qtbot.waitUntil(lambda: not message.text(), timeout=5000)


def test_a_picture_of_another_kind_is_refused_and_the_others_are_taken(
    qtbot, session, watch, write, folder
):
    watching = watch(session)
    tifffile.imwrite(folder / "tile_r2_c0.tif", np.zeros((160, 200), np.uint16))
    write(7)
    click(qtbot, watching)
    qtbot.waitUntil(lambda: len(names(session)) == 7, timeout=5000)
    qtbot.waitUntil(lambda: "uint16" in box_of(watching).message.text(), timeout=5000)


def test_a_frame_that_is_taken_again_makes_its_seams_unknown(qtbot, session, watch, write):
    session.decide(0, Shift(3, -1))  # of frames 0 and 1
    session.decide(6, Shift(1, 1))  # of frames 4 and 5
    watching = watch(session)
    click(qtbot, watching)
    qtbot.waitUntil(lambda: "6 frames" in box_of(watching).words.text(), timeout=5000)
    was = session.project.layout[0].frame
    write(0, shade=9)
    qtbot.waitUntil(lambda: session.project.layout[0].frame is not was, timeout=5000)
    assert list(decided(session)) == [("tile_r1_c1.tif", "tile_r1_c2.tif")]
    assert len(known(session)) == 5


def test_unticking_stops_and_another_grid_stops_it_too(qtbot, session, watch, write, tmp_path):
    watching = watch(session)
    click(qtbot, watching)
    stop = watching._run.stop
    click(qtbot, watching)
    assert stop.is_set()
    assert not box_of(watching).words.text()
    write(6)
    qtbot.wait(200)
    assert len(names(session)) == 6
    click(qtbot, watching)
    qtbot.waitUntil(lambda: len(names(session)) == 7, timeout=5000)
    other = tmp_path / "other"
    other.mkdir()
    tifffile.imwrite(other / "a_r0_c0.tif", np.zeros((50, 60), np.uint8))
    layout = open_layout(other)
    session.remember(layout, Opened(str(other)))
    session.lay_out(layout)
    qtbot.waitUntil(lambda: not box_of(watching).box.isChecked(), timeout=5000)
    assert "is not that of run 7" in box_of(watching).message.text()
    assert watching.folder is None


def test_a_folder_that_goes_away_is_said(qtbot, session, watch, folder):
    watching = watch(session)
    click(qtbot, watching)
    qtbot.waitUntil(lambda: "6 frames" in box_of(watching).words.text(), timeout=5000)
    folder.rename(folder.with_name("elsewhere"))
    qtbot.waitUntil(lambda: watching.folder is None, timeout=5000)
    assert "cannot be watched" in box_of(watching).message.text()
    assert not box_of(watching).box.isChecked()


def test_a_grid_that_a_file_laid_out_cannot_be_watched(qtbot, session, watch, tmp_path):
    table = tmp_path / "positions.csv"
    path = session.project.layout[0].frame.path
    table.write_text(f"file,y,x\n{path},0,0\n")
    layout = open_layout(table)
    session.remember(layout, Opened(str(table)))
    session.lay_out(layout)
    watching = watch(session)
    click(qtbot, watching)
    assert not box_of(watching).box.isChecked()
    assert "open the folder itself" in box_of(watching).message.text()


def test_a_grid_of_an_earlier_sitting_goes_on_growing(qtbot, session, watch, write, tmp_path):
    session.decide(2, Shift(3, -1))
    path = tmp_path / "chip.seamnet.json"
    session.project.save(path)
    later = GridSession()
    later.open(Project.load(path), path)
    watching = watch(later)
    click(qtbot, watching)
    write(6, 7, 8)
    qtbot.waitUntil(lambda: len(names(later)) == 9, timeout=5000)
    assert decided(later) == decided(session)
    assert len(known(later)) == 7
    assert len(later.project.seams) == 12
    assert later.opened is None


def test_the_end_of_the_widget_is_the_end_of_the_thread(qtbot, session):
    pool = QThreadPool.globalInstance()
    qtbot.waitUntil(lambda: not pool.activeThreadCount(), timeout=5000)
    parent = QWidget()
    watching = Watching(session, parent)
    watching.start(session.project.layout[0].frame.path.parent)
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 1, timeout=5000)
    parent.deleteLater()
    qtbot.waitUntil(lambda: not pool.activeThreadCount(), timeout=5000)


def test_how_long_ago_the_last_came_is_told_in_its_unit(folder, write):
    write(0)
    arrivals = Arrivals(folder)
    assert arrivals.words(waits=False) == "watching run 7: no frame yet"
    arrivals.take((folder / "tile_r0_c0.tif",))
    arrivals._last = time.time() - 300
    assert arrivals.words(waits=False) == "watching run 7: 1 frame so far, the last 5\xa0min ago"


def test_a_running_acquisition_is_stitched_live(
    qtbot, folder, watch, write, monkeypatch, tmp_path
):
    """Watching, estimating, solving and keeping, as the widget wires them."""
    monkeypatch.setenv("NAPARI_SEAMNET_DATA", str(tmp_path / "data"))
    session = GridSession()
    settings = StitchSettings(method="smoothed", max_shift=9)
    asked = Opened("", {"cols": 3, "rows": 3, "overlap": (44, 38)})
    parent = QWidget()
    qtbot.addWidget(parent)
    estimating = Estimating(session, parent)
    solving = Solving(session, lambda: estimating.is_busy, parent)
    autosave = Autosave(session, lambda: estimating.is_busy, parent)
    watching = watch(
        session,
        settings=lambda: settings,
        asked=lambda: asked,
        waits=lambda: estimating.is_busy,
    )
    estimating.ended.connect(solving.look)
    watching.arrived.connect(
        lambda _: estimating.start(session.project.settings, Workers(workers=1))
    )
    watching.start(folder)
    there = 0
    for batch in ((0, 1, 2, 5), (4, 3), (6, 7, 8)):
        there += len(batch)
        for k in batch:
            number = 8 - k if k // 3 == 1 else k  # a snake
            write(k, name=f"img_{number:03d}.tif")
        qtbot.waitUntil(
            lambda there=there: session.is_solved and len(session.project.layout) == there,
            timeout=20_000,
        )
        autosave.flush()
        autosave.wait()
    solution = session.solution
    assert len(solution.frames) == 9
    assert {verdict.status for verdict in solution.verdicts} == {Status.CERTAIN}
    places = np.array([frame.whole for frame in solution.frames])
    truth = [(120 * site.row, 160 * site.col) for site in session.project.layout]
    assert (places - places[0] == np.array(truth)).all()
    kept = kept_grids()
    assert len(kept) == 1, "a grid that grows is kept in one file"
    assert kept[0].frames == 9
