"""The steps of docs/grid-tutorial.md, done in the dock itself by keys and clicks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_seamnet.geometry import Shift
from napari_seamnet.projects import Project
from napari_seamnet.shifts import Status
from napari_seamnet.widgets._grid_keys import EVERYWHERE, actions
from napari_seamnet.widgets._grid_marks import MARK_WORDS
from napari_seamnet.widgets._grid_rows import Which

from ._stories import CTRL, SHIFT, Grid, Person

pytestmark = pytest.mark.pixels
PAGE = Path(__file__).resolve().parents[2] / "docs" / "grid-tutorial.md"


@pytest.fixture
def person(make_napari_viewer, qtbot):
    """A person in front of the dock."""
    person = Person(make_napari_viewer(show=True), qtbot, "tutorial")
    yield person
    person.tell_waits()
    person.go_home()


def at_work(person):
    """Whether something is being read or computed."""
    widget = person.widget
    works = widget.opening.work, widget.layers.picture.loading, widget.finish.writing.work
    return any(work.is_busy for work in works) or widget.finish.keeping.work.is_busy


def test_the_tutorial_leads_from_a_folder_to_a_mosaic(person, run_17, tmp_path, monkeypatch):
    widget, session = person.widget, person.session
    review, finish = widget.review, widget.finish
    grid = Grid(run_17.folder, run_17.truth)

    # 1 Lay out
    person.open(run_17.folder)
    person.overlap(60)
    assert "24 frames laid out" in person.state
    assert "r1 c2" in person.notes
    lines = widget.lay_out.lines.text()
    assert "5 rows x 5 columns, 36 seams" in lines
    assert "overlap y 60 px" in lines
    person.wait(lambda: not at_work(person))
    assert {"grid (SeamNet)", "names (SeamNet)", "gaps (SeamNet)"} <= {
        layer.name for layer in person.viewer.layers
    }
    person.shot("laid_out")

    # 2 Watch it stitch
    person.search(15)
    assert "±7 px" in widget.run.form.hint.text()
    person.stitch()
    person.shot("stitched")
    looked = len(session.queue)
    assert f"{looked} seams deserve a look" in person.state
    assert 2 <= looked < 8
    assert len(session.project.seams) == 36

    # 3 Review: a decision by a digit, arrows and Enter, then it goes on by itself
    decided = []
    seam = person.next()
    while True:
        right = grid.shift(session.project, seam)
        listed = [fit.shift for fit in session.project.estimates[seam].alternatives]
        near = [k for k, shift in enumerate(listed, 1) if shift.distance(right) < 1]
        person.shot(f"seam_{len(decided)}")
        person.decide(right, near[0] if near else None)
        decided.append(seam)
        person.settle()
        if not session.queue:
            break
        person.wait(lambda before=seam: session.seam != before)
        seam = session.seam
    assert len(decided) <= looked, "one decision often settles several"
    assert {session.status(k) for k in decided} == {Status.HAND}
    assert grid.misses(session).max() <= 1
    assert "no seam is in doubt" in person.state
    person.wait(lambda: "No seam is in doubt" in review.dock.headline.text())

    # Excluded, used again; undone and done again
    before = session.project
    person.press(Qt.Key.Key_X)
    assert session.project.excluded
    person.press(Qt.Key.Key_Z, CTRL)
    assert not session.project.excluded
    assert session.project.decisions == before.decisions
    person.press(Qt.Key.Key_Z, CTRL | SHIFT)
    assert session.project.excluded
    person.press(Qt.Key.Key_Z, CTRL)
    person.settle()

    # 4 Finish
    names = {
        "run_17.ome.tif": lambda: person.click(finish.export),
        "run_17.report.html": lambda: person.click(finish.report),
        "run_17.positions.csv": lambda: person.click(finish.positions),
        "run_17.seams.csv": lambda: person.click(finish.seams),
        "run_17.seamnet.json": lambda: person.click(finish.save),
    }
    person.choose(finish.format, ".ome.tif")
    person.click(finish.provenance)
    for name, ask_for in names.items():
        monkeypatch.setattr(
            "napari_seamnet.widgets._grid_ask.QFileDialog.getSaveFileName",
            lambda *asked, name=name, **more: (str(tmp_path / name), ""),
        )
        ask_for()
        person.wait(lambda: not at_work(person), 60_000)
        assert (tmp_path / name).is_file(), finish.message.text()
        assert not finish.message.text()
    person.shot("finished")
    owners = tifffile.imread(tmp_path / "run_17.provenance.ome.tif")
    assert tifffile.imread(tmp_path / "run_17.ome.tif").shape == owners.shape
    assert len(np.unique(owners)) == 24 + 1
    kept = Project.load(tmp_path / "run_17.seamnet.json")
    assert kept.decisions == session.project.decisions

    # What was copied does the same once more
    person.click(finish.as_python)
    text = QApplication.clipboard().text()
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    exec(compile(text, "copied", "exec"), namespace)
    again = namespace["solution"]
    for one, other in zip(again.frames, session.solution.frames, strict=True):
        assert one.whole == other.whole
    person.click(finish.as_command)
    assert QApplication.clipboard().text().startswith("napari-seamnet ")
    assert "run_17.seamnet.json" in QApplication.clipboard().text()


def test_napari_offers_the_grid_again_next_time(person, run_17, make_napari_viewer, qtbot):
    person.widget.run.form._choose_method("smoothed")
    person.open(run_17.folder)
    person.overlap(60)
    person.search(15)
    person.stitch()
    person.next()
    person.decide(Shift(2, -3))
    person.settle()
    person.close_napari()
    person.widget.autosave.wait()
    again = Person(make_napari_viewer(show=True), qtbot, "again")
    lay_out = again.widget.lay_out
    assert "run_17: 36 of 36 seams, 1 by hand" in lay_out.kept.currentText()
    again.click(lay_out.go_on)
    again.wait(lambda: again.session.project is not None)
    assert [one.shift for one in again.session.project.decisions] == [Shift(2, -3)]
    again.go_home()


# -- what the page's tables say -------------------------------------------------------------------


def table(first_heading):
    """The rows of the page's table that begins so, cell by cell."""
    lines = PAGE.read_text(encoding="utf-8").split(f"| {first_heading} |")[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_page_explains_each_bar_that_there_is():
    said = [row[2] for row in table("bar")]
    assert said == list(MARK_WORDS.values())


def test_the_page_lists_each_key_that_there_is():
    said = " ".join(row[0] for row in table("key"))

    class Nobody:
        def __getattr__(self, name):
            return lambda *_, **__: None

    names = {"Control-Z": "Ctrl+Z", "Control-Shift-Z": "Ctrl+Shift+Z", "Delete": "Del"}
    names |= {"Escape": "Esc"}
    for key in {*actions(Nobody()), *EVERYWHERE, "B"}:
        if key.isdigit() or any(arrow in key for arrow in ("Up", "Down", "Left", "Right")):
            continue
        assert re.search(rf"(^|[ ,]){re.escape(names.get(key, key))}([ ,]|$)", said), key
    assert "arrows" in said
    assert "1 ... 9" in said


def test_the_page_shows_the_words_of_the_dock(person):
    page = PAGE.read_text(encoding="utf-8")
    widget = person.widget
    finish, lay_out = widget.finish, widget.lay_out
    for control in (
        finish.export, finish.report, finish.positions, finish.seams, finish.save,
        finish.as_python, finish.as_command, finish.watch.box, lay_out.form.estimate,
        lay_out.open, lay_out.go_on,
    ):  # fmt: skip
        assert f"**{control.text()}**" in page.replace("\n  ", " "), control.text()
    for words in ("before", "who owns which pixel", "loop errors", "levelled"):
        assert f"**{words}**" in page
        assert any(box.text() == words for box in finish.shows.boxes.values())
    assert str(Which.LOOK) in page
