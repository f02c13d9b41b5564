"""Step 2 of Stitch grid: estimating, pausing, going on, positions, and what is kept of it all."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_seamnet.geometry import Shift
from napari_seamnet.grids import SeamError
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.stitching import StitchSettings, Workers
from napari_seamnet.widgets import _grid_estimating, _grid_kept
from napari_seamnet.widgets._grid_autosave import Autosave
from napari_seamnet.widgets._grid_estimating import Estimating
from napari_seamnet.widgets._grid_progress import GO_ON, PAUSE
from napari_seamnet.widgets._grid_run import RunSection
from napari_seamnet.widgets._grid_session import GridSession
from napari_seamnet.widgets._grid_settings import GridRemembered
from napari_seamnet.widgets._grid_solving import Solving
from napari_seamnet.widgets._grid_words import (
    EMPTY,
    range_in_words,
    state_in_words,
    status_counts,
)

QUICK = StitchSettings(method="smoothed", max_shift=12)


@pytest.fixture(scope="module")
def chip():
    return chip_grid(3, 3, size=260, overlap=80, jitter=4)


@pytest.fixture
def folder(tmp_path, chip):
    """3 x 3 frames."""
    folder = tmp_path / "run 17"
    folder.mkdir()
    for k, frame in enumerate(chip.frames):
        tifffile.imwrite(folder / f"tile_r{k // 3}_c{k % 3}.tif", frame.read())
    return folder


@pytest.fixture
def session(folder):
    """A grid that is laid out, of 12 seams, and nothing more."""
    session = GridSession()
    session.lay_out(open_layout(folder, overlap=80), QUICK)
    return session


class Desk:
    """Section, work and session, as the widget wires them."""

    def __init__(self, session, qtbot):
        self.session, self.qtbot = session, qtbot
        self.section = section = RunSection(session, GridRemembered(method="smoothed"))
        qtbot.addWidget(section)
        section.show()
        self.estimating = Estimating(session, section)
        self.solving = Solving(session, lambda: self.estimating.is_busy, section)
        section.wanted.connect(self.stitch)
        section.placed.connect(self.solving.solve_incomplete)
        section.settled.connect(session.set_settings)
        section.progress.paused.connect(self.estimating.pause)
        section.progress.resumed.connect(self.estimating.resume)
        section.progress.cancelled.connect(self.estimating.cancel)
        self.estimating.progressed.connect(section.progress.show_progress)
        self.estimating.turned.connect(self.show)
        self.estimating.ended.connect(self.solving.look)
        self.estimating.said.connect(section.say)
        self.solving.said.connect(section.say)

    def stitch(self):
        self.solving.wait_for_all()
        self.estimating.start(self.section.settings, self.section.workers)

    def show(self):
        self.section.show_run(is_busy=self.estimating.is_busy, is_paused=self.estimating.is_paused)

    def wait(self, what):
        self.qtbot.waitUntil(what, timeout=20_000)

    def finish(self):
        self.wait(lambda: not self.estimating.is_busy and not self.solving.is_busy)


@pytest.fixture
def desk(session, qtbot):
    desk = Desk(session, qtbot)
    yield desk
    desk.estimating.cancel()
    desk.solving.work.cancel()


class Engine:
    """Stands in for the engine: hands out estimates one by one, when it is told to."""

    def __init__(self):
        self.may = threading.Semaphore(0)
        self.asked = []
        self.fails = None

    def estimate(self, layout, seams, settings, *, workers, journal, progress, on_result):
        self.asked.append((len(seams), settings, workers, journal))
        for k in range(len(seams)):
            while not self.may.acquire(timeout=0.02):
                progress(k, len(seams), "waiting")
            on_result(k, Estimate(Shift(k / 8, -1), Status.CERTAIN, 1.0, method=settings.method))
            progress(k + 1, len(seams), f"seam {k}")
        if self.fails is not None:
            raise self.fails
        return ()

    def give(self, n):
        for _ in range(n):
            self.may.release()


@pytest.fixture
def engine(monkeypatch):
    engine = Engine()
    monkeypatch.setattr(_grid_estimating, "estimate", engine.estimate)
    return engine


def n_estimated(session):
    return sum(estimate is not None for estimate in session.project.estimates)


def worst_error(session, chip):
    """px, of a frame relative to the first, on the worse axis."""
    placed = np.array([frame.whole for frame in session.solution.frames])
    return np.abs(placed - placed[0] - np.subtract(chip.truth, chip.truth[0])).max()


# -- a run --------------------------------------------------------------------------------------


def test_stitch_estimates_every_seam_and_places_every_frame(desk, session, chip):
    assert desk.section.start.text() == "Stitch 12 seams"
    assert desk.section.counts.isHidden()
    desk.section.start.click()
    assert desk.section.progress.is_busy
    assert not desk.section.form.method.isEnabled()
    desk.finish()
    assert session.is_solved
    assert not desk.section.progress.is_busy
    assert worst_error(session, chip) <= 2
    assert desk.section.start.text() == "All seams are estimated"
    assert not desk.section.start.isEnabled()
    shown = [said.text() for said in desk.section.counts._labels.values()]
    assert sum(int(text.split()[0]) for text in shown) == 12
    assert not session.can_undo  # what nobody did, nobody undoes


def test_seams_come_in_while_others_are_estimated_and_are_counted(desk, session, engine):
    told = []
    session.estimated.connect(told.append)
    desk.section.start.click()
    engine.give(3)
    desk.wait(lambda: n_estimated(session) == 3)
    assert told == [0, 1, 2]
    assert not session.is_solved
    assert status_counts(session) == {Status.CERTAIN: 3, None: 9}
    desk.wait(lambda: desk.section.counts.to_do.text() == "9 to do")
    engine.give(9)
    desk.finish()
    assert session.is_solved
    ((n, settings, workers, journal),) = engine.asked
    assert (n, settings, workers.workers) == (12, QUICK, None)
    assert journal == _grid_kept.journal_of(session.project)


def test_a_paused_run_begins_nothing_until_it_goes_on(desk, session, engine):
    desk.section.start.click()
    engine.give(2)
    desk.wait(lambda: n_estimated(session) == 2)
    desk.section.progress.pause.click()
    assert desk.estimating.is_paused
    assert desk.section.progress.pause.text() == GO_ON
    desk.wait(lambda: "paused" in desk.section.progress.doing.text())
    engine.give(10)
    desk.qtbot.wait(300)
    assert n_estimated(session) <= 3  # the one that was in work
    desk.section.progress.pause.click()
    assert desk.section.progress.pause.text() == PAUSE
    desk.finish()
    assert session.is_solved


def test_a_cancelled_run_keeps_what_is_finished_and_goes_on_with_the_rest(desk, session, engine):
    desk.section.start.click()
    engine.give(5)
    desk.wait(lambda: n_estimated(session) == 5)
    desk.section.progress.cancel.click()
    assert not desk.estimating.is_busy
    assert desk.section.start.text() == "Go on: 7 seams left"
    assert desk.section.form.method.isEnabled()
    assert not session.is_solved
    engine.give(20)
    desk.section.start.click()
    desk.finish()
    assert session.is_solved
    assert [asked[0] for asked in engine.asked] == [12, 7]


def test_a_paused_run_can_be_cancelled(desk, session, engine):
    desk.section.start.click()
    desk.section.progress.pause.click()
    desk.section.progress.cancel.click()
    assert not desk.estimating.is_busy
    assert not desk.estimating.is_paused


def test_the_frames_can_be_placed_by_the_seams_that_there_are(desk, session, engine):
    desk.section.start.click()
    engine.give(8)
    desk.wait(lambda: n_estimated(session) == 8)
    desk.section.progress.cancel.click()
    desk.section.place.click()
    desk.wait(lambda: session.is_solved)
    assert session.status(11) is Status.UNDETERMINED
    assert status_counts(session)[None] == 4
    session.decide(0, Shift(2, 2))  # and again after a decision
    desk.wait(lambda: session.is_solved)
    desk.section.start.click()
    assert session.solution is None  # each seam shows its own state while it runs
    engine.give(4)
    desk.finish()
    assert session.is_solved
    assert status_counts(session)[Status.HAND] == 1


def test_a_file_that_cannot_be_read_is_said_and_all_other_seams_are_kept(desk, session, engine):
    engine.fails = SeamError("seam a - b: a.tif is damaged")
    desk.section.start.click()
    engine.give(12)
    desk.finish()
    assert desk.section.message.text() == "Seam a - b: a.tif is damaged"
    assert n_estimated(session) == 12


def test_an_undo_in_a_run_loses_no_estimate(desk, session, engine):
    desk.section.start.click()
    engine.give(2)
    desk.wait(lambda: n_estimated(session) == 2)
    session.decide(11, Shift(3, 3))
    engine.give(4)
    desk.wait(lambda: n_estimated(session) == 6)
    session.undo()
    assert session.project.decisions == ()
    assert n_estimated(session) == 6
    engine.give(6)
    desk.finish()
    assert n_estimated(session) == 12
    session.redo()
    assert len(session.project.decisions) == 1
    assert n_estimated(session) == 12


def test_a_run_stops_when_the_layout_is_another_one(desk, session, engine, folder):
    desk.section.start.click()
    engine.give(2)
    desk.wait(lambda: n_estimated(session) == 2)
    session.lay_out(open_layout(folder, overlap=70), QUICK)
    assert not desk.estimating.is_busy
    assert "the run was stopped" in desk.section.message.text()
    assert n_estimated(session) == 0
    session.undo()
    assert n_estimated(session) == 2


def test_another_method_estimates_anew_when_it_is_asked_for_and_not_before(desk, session, engine):
    engine.give(12)
    desk.section.start.click()
    desk.finish()
    choice = desk.section.form.method
    choice.setCurrentIndex(choice.findData("search"))
    choice.activated.emit(choice.currentIndex())
    assert desk.section.start.text() == "Stitch 12 seams again"
    assert session.is_solved
    engine.give(12)
    desk.section.start.click()
    desk.finish()
    assert session.project.settings.method == "search"
    assert {estimate.method for estimate in session.project.estimates} == {"search"}
    session.undo()
    assert session.project.settings.method == "smoothed"
    assert desk.section.form.method.currentData() == "smoothed"
    assert {estimate.method for estimate in session.project.estimates} == {"smoothed"}


def test_what_only_the_solver_asks_for_is_solved_anew_at_once(desk, session, engine):
    engine.give(12)
    desk.section.start.click()
    desk.finish()
    desk.section.form.feature_size.setValue(30)
    desk.wait(lambda: session.is_solved)
    assert session.project.settings.feature_size == 30
    assert session.solution.feature_size == 30
    assert len(engine.asked) == 1
    session.undo()
    assert desk.section.form.feature_size.value() == 0


def test_a_coarse_look_first_moves_the_frames_as_a_step_of_its_own(desk, session, chip):
    desk.section.form.wide.setValue(40)
    desk.section.start.click()
    desk.finish()
    assert session.is_solved
    assert "coarse look" in session.project.layout.notes[-1]
    assert session.project.settings.wide == 40
    assert worst_error(session, chip) <= 2


def test_the_workers_are_those_that_were_chosen(desk):
    desk.section.form.n_workers.setValue(3)
    desk.section.form.scheduler.setText(" tcp://host:8786 ")
    desk.section.form.scheduler.editingFinished.emit()
    assert desk.section.workers.workers == 3
    assert desk.section.workers.scheduler == "tcp://host:8786"
    assert desk.section.form._remembered.scheduler == "tcp://host:8786"
    assert Workers().scheduler is None


# -- positions ----------------------------------------------------------------------------------


def test_of_two_changes_only_the_last_one_is_solved_for(desk, session, engine, monkeypatch):
    engine.give(12)
    desk.section.start.click()
    desk.finish()
    held = threading.Event()
    solve = Project.solve
    asked = []

    def slow(project, progress=None):
        asked.append(len(project.decisions))
        while not held.wait(0.01):
            progress(0, 1, "solving")
        return solve(project, progress)

    monkeypatch.setattr(Project, "solve", slow)
    for seam in (0, 1, 2):
        session.decide(seam, Shift(seam, 1))
    desk.wait(lambda: asked[-1:] == [3])
    held.set()
    desk.wait(lambda: session.is_solved)
    assert len(session.project.decisions) == 3
    assert session.status(2) is Status.HAND


def test_a_grid_that_cannot_be_solved_says_why_and_is_not_tried_again(desk, session, engine):
    engine.give(12)
    desk.section.settled.emit(replace(QUICK, stage_error=-5.0))
    desk.section.start.click()
    session.record(session.project.with_settings(replace(QUICK, stage_error=-5.0)), "settings")
    desk.finish()
    assert desk.section.message.text().startswith("No positions were found")
    assert not session.is_solved


# -- words --------------------------------------------------------------------------------------


def test_the_line_of_state_says_what_is_next(session):
    def words(**busy):
        return state_in_words(session, **({"is_estimating": False, "is_solving": False} | busy))

    assert state_in_words(GridSession(), is_estimating=False, is_solving=False) == EMPTY
    assert words() == "9 frames laid out; next, stitch them in step 2."
    session.take_estimate(0, Estimate(Shift(0, 0), Status.CERTAIN, 1.0))
    assert words(is_estimating=True) == "Estimating seams: 1 of 12."
    assert words() == "1 of 12 seams estimated; go on in step 2."
    session.take_estimates({k: Estimate(Shift(0, 0), Status.CERTAIN, 1.0) for k in range(1, 12)})
    assert words(is_solving=True) == "Finding positions..."
    session.take_solved(session.project.solve())
    assert "no seam is in doubt" in words()
    session.take_estimates({5: Estimate(Shift(9, 9), Status.DOUBTFUL, 0.2)})
    session.take_solved(session.project.solve())
    assert "deserve" in words()


def test_the_hint_says_what_a_range_is_good_for_and_when_it_is_too_far(session):
    layout = session.project.layout
    assert "within ±7 px of its place" in range_in_words(15, None)
    assert "overlap" not in range_in_words(15, layout)
    assert "little of the overlap of 80 px" in range_in_words(50, layout)
    assert "search less" in range_in_words(90, layout)
    assert "(±0.35 µm)" in range_in_words(14, replace(layout, pixel_size=(0.05, 0.05)))


# -- kept ---------------------------------------------------------------------------------------


@pytest.fixture
def autosave(session, qtbot):
    from qtpy.QtCore import QObject

    parent = QObject()
    made = Autosave(session, lambda: False, parent)
    yield made
    made.wait()
    parent.deleteLater()


def test_a_grid_is_kept_by_itself_and_opened_again_as_it_was(autosave, session, qtbot, folder):
    autosave.flush()
    autosave.wait()
    assert _grid_kept.kept_grids() == ()  # a layout alone is no loss
    session.take_estimates({k: Estimate(Shift(k, 1), Status.CERTAIN, 1.0) for k in range(12)})
    session.take_solved(session.project.solve())
    session.decide(3, Shift(4, -4), note="by eye")
    qtbot.waitUntil(lambda: len(_grid_kept.kept_grids()) == 1, timeout=10_000)
    autosave.wait()
    (kept,) = _grid_kept.kept_grids()
    assert (kept.frames, kept.seams, kept.estimated, kept.decided) == (9, 12, 12, 1)
    assert kept.words().startswith("run 17: 12 of 12 seams, 1 by hand, ")
    assert kept.folder == str(folder)

    other = GridSession()
    again = Autosave(other, lambda: False, autosave)
    again.go_on(kept)
    qtbot.waitUntil(lambda: other.project is not None, timeout=10_000)
    assert other.project == session.project
    assert other.path is None
    other.exclude(5)
    again.flush()
    again.wait()
    (kept,) = _grid_kept.kept_grids()  # in the same file
    assert kept.decided == 2


def test_a_grid_whose_frames_were_moved_asks_where_they_are(
    autosave, session, qtbot, folder, tmp_path
):
    session.decide(3, Shift(4, -4))
    autosave.flush()
    autosave.wait()
    (kept,) = _grid_kept.kept_grids()
    folder.rename(tmp_path / "elsewhere")
    lost = []
    autosave.lost.connect(lambda kept, why: lost.append((kept, why)))
    autosave.go_on(kept)
    qtbot.waitUntil(lambda: len(lost) == 1, timeout=10_000)
    assert lost[0][0] == kept
    assert "9 of 9 files" in lost[0][1]
    before = session.project
    autosave.go_on(kept, tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: session.project is not before, timeout=10_000)
    assert session.project.decisions == before.decisions


def test_a_grid_of_no_files_is_not_kept_and_nothing_is_said(qtbot, autosave):
    session = autosave._session
    frames = [np.full((40, 50), k, np.uint8) for k in range(4)]
    session.lay_out(open_layout(frames, rows=2, overlap=10), QUICK)
    session.decide(0, Shift(0, 0))
    autosave.flush()
    autosave.wait()
    assert _grid_kept.kept_grids() == ()
    assert _grid_kept.journal_of(session.project) is None


def test_a_folder_that_cannot_be_written_to_is_said_once(autosave, session, monkeypatch, tmp_path):
    said = []
    autosave.said.connect(said.append)
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("NAPARI_SEAMNET_DATA", str(tmp_path / "a file"))
    for shift in (0, 1, 2):
        session.decide(0, Shift(shift, 0))
        autosave.flush()
        autosave.wait()
    assert len(said) == 1
    assert "cannot be kept" in said[0]


def test_only_the_latest_grids_are_kept(session, monkeypatch):
    monkeypatch.setattr(_grid_kept, "MOST", 2)
    session.decide(0, Shift(0, 0))
    for k in range(4):
        _grid_kept.keep(session.project, f"{k}.seamnet.json", None)
        about = _grid_kept.kept_folder() / f"{k}.about.json"
        text = about.read_text().replace('"when": "', f'"when": "{2000 + k}-01-01T00:00:00+00:00')
        about.write_text(text[: text.index("+00:00") + 6] + '"}')
        _grid_kept.forget_oldest()
    assert [kept.file for kept in _grid_kept.kept_grids()] == [
        "3.seamnet.json",
        "2.seamnet.json",
    ]
    assert len(list(_grid_kept.kept_folder().glob("*.json"))) == 4


def test_grids_that_cannot_be_read_are_passed_over(session):
    folder = _grid_kept.kept_folder()
    folder.mkdir(parents=True)
    (folder / "a.about.json").write_text("{")
    (folder / "b.about.json").write_text('{"file": "b"}')
    assert _grid_kept.kept_grids() == ()


def test_two_grids_of_one_moment_have_two_names(session):
    one = _grid_kept.new_name(session.project)
    _grid_kept.keep(session.project, one, None)
    assert "run_17" in one
    second = re.compile(r"\d{8}-\d{6}")
    assert second.sub("", _grid_kept.new_name(session.project)) in (
        second.sub("", one).replace(".seamnet", "-2.seamnet"),
        second.sub("", one),  # the clock went on
    )
    assert _grid_kept.new_name(session.project) != one


def test_a_project_that_has_a_journal_keeps_it(session, tmp_path):
    own = tmp_path / "own.seams.sqlite"
    assert _grid_kept.journal_of(replace(session.project, journal=own)) == own
    gone = tmp_path / "gone" / "own.seams.sqlite"
    ours = _grid_kept.journal_of(replace(session.project, journal=gone))
    assert ours == _grid_kept.journal_of(session.project)
    assert ours.parent == _grid_kept.kept_folder()
