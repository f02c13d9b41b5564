"""Whole stories of *Stitch grid*, as a person lives them: a real viewer, real keys and clicks."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_seamnet import stitching
from napari_seamnet.shifts import Status
from napari_seamnet.widgets import _grid_estimating
from napari_seamnet.widgets._grid_rows import Which

from ._stories import CTRL, SHIFT, Person, moved, texture_grid

pytestmark = pytest.mark.pixels


@pytest.fixture
def sit_down(make_napari_viewer, qtbot, request):
    """Open napari and the dock, as often as a story needs it."""
    people = []

    def sit_down() -> Person:
        name = request.node.name.removeprefix("test_").replace("]", "")
        name = name[:20] + name[name.find("[") :].replace("[", "_") * ("[" in name)
        person = Person(make_napari_viewer(show=True), qtbot, name)
        people.append(person)
        return person

    yield sit_down
    for person in people:
        person.tell_waits()
        person.go_home()


# -- real frames, from folder to file -------------------------------------------------------------


@pytest.mark.frames
def test_real_frames_from_their_folder_to_a_mosaic_whose_pixels_are_theirs(
    sit_down, real_frames, tmp_path, monkeypatch
):
    folder = real_frames / "train" / "lscm_tensile_Ref"
    person = sit_down()
    widget, session = person.widget, person.session
    person.type(widget.lay_out.source, str(folder))
    person.wait(lambda: widget.lay_out.fits.isVisible() or session.project is not None)
    person.shot("opened")
    offers = [one for one in widget.lay_out._fits if one.text() == "4 x 4"]
    person.click(offers[0])
    person.wait(lambda: session.project is not None)
    assert "16 frames laid out" in person.state
    person.click(widget.lay_out.form.estimate)
    person.wait(lambda: not session.project.layout.overlap_assumed)
    person.shot("laid_out")
    person.search(20)
    person.stitch()
    person.shot("stitched")
    assert "no seam is in doubt" in person.state
    assert person.headline.startswith("No seam is in doubt")
    person.choose(widget.review.dock.which, Which.ALL)
    assert len(person.table()) == 24
    walked = [person.next() for _ in range(3)]
    person.press(Qt.Key.Key_P)
    assert session.seam == walked[1]
    person.shot("review")
    out = tmp_path / "mosaic.ome.tif"
    monkeypatch.setattr(
        "napari_seamnet.widgets._grid_ask.QFileDialog.getSaveFileName",
        lambda *asked, **more: (str(out), ""),
    )
    person.choose(widget.finish.format, ".ome.tif")
    person.click(widget.finish.provenance)
    person.click(widget.finish.export)
    person.wait(lambda: "Wrote mosaic.ome.tif" in widget.finish.done.text(), 60_000)
    person.shot("exported")
    placed = {
        site.name: frame.whole
        for site, frame in zip(session.project.layout, session.solution.frames, strict=True)
    }
    check_pixels(out, folder, placed)
    for (first, second), (true, is_trusted) in measured(folder).items():
        if is_trusted:
            off = np.subtract(placed[second], placed[first]) - tuple(true)
            assert np.abs(off).max() <= 1, (first, second)


def measured(folder):
    """Measured offsets (y, x) by the frames' names, and whether loops confirm them."""
    with (folder / "pairs.csv").open(newline="") as file:
        return {
            (row["left_or_top_file"], row["right_or_bottom_file"]): (
                (float(row["dy"]), float(row["dx"])),
                float(row["loop_error"] or 0) <= 1,
            )
            for row in csv.DictReader(file)
        }


def check_pixels(out, folder, placed):
    """Every pixel of a mosaic is the one of the frame that the file of owners names there."""
    mosaic = tifffile.imread(out)
    beside = out.with_name(out.name.removesuffix(".ome.tif") + ".provenance.ome.tif")
    owners = tifffile.imread(beside)
    with beside.with_name("mosaic.provenance.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert mosaic.shape == owners.shape
    top, left = np.min(list(placed.values()), axis=0)
    seen = np.zeros(owners.shape, bool)
    for row in rows:
        name = row["frame"]
        pixels = tifffile.imread(folder / name)
        y, x = placed[name][0] - top, placed[name][1] - left
        assert (int(row["y"]), int(row["x"])) == (y, x)
        here = slice(y, y + pixels.shape[0]), slice(x, x + pixels.shape[1])
        own = owners[here] == int(row["label"])
        assert own.any()
        np.testing.assert_array_equal(mosaic[here][own], pixels[own])
        assert (owners == int(row["label"])).sum() == own.sum(), "no pixel outside of its frame"
        seen[here] |= own
    assert (owners[~seen] == 0).all()
    assert (mosaic[owners == 0] == 0).all()


# -- six wrong seams ------------------------------------------------------------------------------

SPREAD = {
    (0, 4, "beside"): (0, 7),
    (2, 7, "below"): (-12, 9),
    (4, 1, "beside"): (5, -6),
    (5, 5, "below"): (28, -21),
    (8, 3, "below"): (-17, 0),
    (7, 8, "beside"): (-25, 30),
}
"""Row and column of the first frame, where the second lies, by how many px the answer is wrong.

The frames are held by others, so they lie right all the same.
"""
CORNERS = {
    (0, 0, "beside"): (0, 7),
    (0, 0, "below"): (-12, 9),
    (0, 8, "beside"): (10, -6),
    (0, 9, "below"): (-8, -11),
    (9, 8, "beside"): (-9, 1),
    (8, 9, "below"): (6, 12),
}
"""The same, where no other seam holds a frame, so that it lies wrong."""
KNOWS_BETTER = {(4, 1, "beside"), (8, 3, "below"), (0, 9, "below")}
"""Those that list the right shift as another fit."""


def seam_at(project, row, col, where):
    """The index of a seam, by the place of its first frame."""
    places = {(site.row, site.col): k for k, site in enumerate(project.layout)}
    other = (row, col + 1) if where == "beside" else (row + 1, col)
    pair = places[row, col], places[other]
    return next(k for k, seam in enumerate(project.seams) if seam.pair == pair)


def decided(session):
    """The seams that a person decided."""
    pairs = {decision.pair for decision in session.project.decisions}
    return {k for k, seam in enumerate(session.project.seams) if seam.pair in pairs}


@pytest.fixture(params=[SPREAD, CORNERS], ids=["spread", "corners"])
def lies(request, monkeypatch):
    """Let the engine say something wrong of six seams, and be sure of it."""
    real = stitching.estimate

    def estimate(layout, seams, settings, *, on_result, **more):
        wrong = {}
        for place, off in request.param.items():
            row, col, where = place
            other = (row, col + 1) if where == "beside" else (row + 1, col)
            wrong[(row, col), other] = off, place in KNOWS_BETTER

        def lie(number, found):
            sites = (layout[frame] for frame in seams[number].pair)
            off, knows_better = wrong.get(tuple((s.row, s.col) for s in sites), (None, False))
            if off is not None:
                found = moved(found, *off, knows_better=knows_better)
            on_result(number, found)

        return real(layout, seams, settings, on_result=lie, **more)

    monkeypatch.setattr(_grid_estimating, "estimate", estimate)
    return request.param


def test_six_wrong_seams_lead_the_queue_and_are_put_right_by_keys(sit_down, tmp_path, lies):
    grid = texture_grid(tmp_path / "run_17", 10, 10)
    person = sit_down()
    person.open(grid.folder)
    person.shot("laid_out")
    assert "100 frames laid out" in person.state
    person.overlap(60)
    person.search(36)
    person.stitch()
    person.shot("stitched")
    session = person.session
    wrong = {seam_at(session.project, *place) for place in lies}
    assert set(session.queue[:6]) == wrong
    seam = person.next()
    for n in range(len(lies)):
        if n % 2:
            person.wait(lambda before=seam: session.seam != before)  # it goes on by itself
            seam = session.seam
        elif n:
            seam = person.next()
        assert seam in wrong - decided(session)
        listed = [fit.shift for fit in session.project.estimates[seam].alternatives]
        right = grid.shift(session.project, seam)
        person.shot(f"seam_{seam}")
        near = [k for k, shift in enumerate(listed, 1) if shift.distance(right) < 1]
        person.decide(right, near[0] if near else None)
    assert grid.misses(session).max() < 1
    assert not wrong & set(session.queue)
    assert "no seam is in doubt" in person.state
    statuses = {session.status(k) for k in wrong}
    assert statuses == {Status.HAND}
    person.shot("done")


# -- frames that are warped -----------------------------------------------------------------------


@pytest.mark.frames
def test_warped_frames_are_stitched_and_what_fits_nowhere_is_shown(sit_down, real_frames):
    folder = real_frames / "test" / "vem_s2"
    person = sit_down()
    widget, session = person.widget, person.session
    person.open(folder)
    person.click(widget.lay_out.form.estimate)
    person.wait(lambda: not session.project.layout.overlap_assumed)
    person.search(20)
    person.stitch()
    person.shot("stitched")
    assert "deserve a look" in person.state
    first = person.next()
    person.shot("first")
    assert first == session.queue[0]
    project, solution = session.project, session.solution
    truth = measured(folder)
    off, trusted = {}, {}
    for k, seam in enumerate(project.seams):
        names = tuple(project.layout[frame].name for frame in seam.pair)
        (dy, dx), trusted[k] = truth[names]
        placed = solution.offset(k)
        off[k] = max(abs(placed.dy - dy), abs(placed.dx - dx))
    words = {row[0]: row[3] for row in person.table()}
    assert len(words) == len(session.queue) > 0
    for k in off:
        assert off[k] < 3
        if off[k] > 1:
            assert k in session.queue, "off by more than a pixel, and nobody is told"
    for k in session.queue:
        assert "no single shift fits all" in solution.verdicts[k].reason
    assert all("no single shift fits all" in why for why in words.values())
    # Where the README's own loops do not close, ours cannot either, and it shows.
    bent = [loop for loop in solution.loops if sum(not trusted[k] for k in loop.seams) >= 2]
    assert len(bent) == 2
    for loop in bent:
        assert {*loop.seams} & {*session.queue}
    worst = max(solution.loops, key=lambda loop: loop.size)
    assert worst.size > 3
    assert worst in bent


# -- gaps and blanks ------------------------------------------------------------------------------


def test_gaps_are_said_and_blank_seams_wait_for_nobody_where_others_hold(sit_down, tmp_path):
    bare = {(1, 1, "beside"), (3, 4, "below")}
    lost = (4, 1)
    grid = texture_grid(
        tmp_path / "run_18",
        6,
        6,
        seed=2,
        missing=((2, 3), (0, 5)),
        blank=((110, 250, 370, 370), (530, 530, 650, 790), (530, 110, 790, 370)),
    )
    person = sit_down()
    session = person.session
    person.open(grid.folder)
    person.overlap(60)
    person.shot("laid_out")
    assert "34 frames laid out" in person.state
    assert "r2 c3" in person.notes
    assert "r0 c5" in person.notes
    person.stitch()
    person.shot("stitched")
    project = session.project
    bare = {seam_at(project, *place) for place in bare}
    index = next(k for k, site in enumerate(project.layout) if (site.row, site.col) == lost)
    around = {k for k, seam in enumerate(project.seams) if index in seam.pair}
    # Nothing but noise: which chance peak stands out is nobody's business, but none is trusted.
    of_bare = [project.estimates[k] for k in bare]
    assert Status.CERTAIN not in {estimate.status for estimate in of_bare}
    assert Status.CERTAIN not in {session.status(k) for k in around}
    assert set(session.queue) == around, "a frame that nothing holds is to be looked at, only that"
    assert "4 seams deserve a look" in person.headline
    misses = grid.misses(session)
    assert max(miss for k, miss in enumerate(misses) if k not in around) < 1
    person.next()
    person.shot("first")


# -- closed in the middle -------------------------------------------------------------------------


def test_a_run_that_napari_was_closed_in_goes_on_and_loses_nothing(sit_down, tmp_path):
    grid = texture_grid(tmp_path / "run_19", 7, 7)
    person = sit_down()
    person.open(grid.folder)
    person.overlap(60)
    person.click(person.widget.run.start)
    person.wait(lambda: known(person.session) >= 20)
    person.shot("running")
    seen = person.session.project.estimates
    assert 20 <= known(person.session) < 84, "closed too late to tell"
    person.close_napari()
    again = sit_down()
    lay_out = again.widget.lay_out
    assert lay_out.again.isVisible()
    again.wait(lambda: "of 84 seams" in lay_out.kept.currentText())
    again.shot("offered")
    again.click(lay_out.go_on)
    again.wait(lambda: again.session.project is not None)
    again.shot("gone_on")
    kept = again.session.project.estimates
    for before, after in zip(seen, kept, strict=True):
        if before is not None:
            assert after is not None
            assert (after.shift, after.status) == (before.shift, before.status)
    assert "go on in step 2" in again.state
    assert again.widget.run.start.text().startswith("Go on: ")
    again.stitch()
    again.shot("stitched")
    for before, after in zip(seen, again.session.project.estimates, strict=True):
        if before is not None:
            assert after.shift == before.shift
    assert grid.misses(again.session).max() < 1
    assert "no seam is in doubt" in again.state


def known(session):
    """How many seams are estimated."""
    return sum(estimate is not None for estimate in session.project.estimates)


# -- back and forth -------------------------------------------------------------------------------


def test_undo_and_redo_lead_through_everything_that_was_done(sit_down, tmp_path):
    grid = texture_grid(tmp_path / "run_20", 4, 4)
    person = sit_down()
    widget, session = person.widget, person.session
    person.open(grid.folder)
    person.overlap(60)
    person.stitch()
    person.click(widget.review.dock.goes_on)
    person.choose(widget.review.dock.which, Which.ALL)
    states = [content(session)]

    def done(what):
        person.settle()
        states.append(content(session))
        assert states[-1] != states[-2], what
        person.shot(what)

    person.next()
    person.press(Qt.Key.Key_Right)
    person.press(Qt.Key.Key_Return)
    done("decision")
    person.next()
    person.press(Qt.Key.Key_X)
    done("exclusion")
    person.next()
    person.press(Qt.Key.Key_R)
    person.wait(lambda: not widget.review.again.work.is_busy)
    done("another_estimate")
    person.type(widget.frames.number, "5")
    pad = widget.frames.move_controls.pad
    person.unfold(pad)
    QTest.mouseClick(pad, Qt.MouseButton.LeftButton)
    person.press(Qt.Key.Key_Down, where=pad)
    person.press(Qt.Key.Key_Right, SHIFT, where=pad)
    person.press(Qt.Key.Key_Return, where=pad)
    done("frame_moved")
    person.click(widget.frames.leave_out)
    done("frame_left_out")
    for wanted in reversed(states[:-1]):
        person.press(Qt.Key.Key_Z, CTRL)
        person.settle()
        assert content(session) == wanted
    for wanted in states[1:]:
        person.press(Qt.Key.Key_Z, CTRL | SHIFT)
        person.settle()
        assert content(session) == wanted
    assert not widget.dock.redo.isEnabled()
    for _ in range(3):
        person.click(widget.dock.undo)
        person.settle()
    assert content(session) == states[-4]


def content(session):
    """Everything that a step may change."""
    project, solution = session.project, session.solution
    return (
        project.layout.frames,
        tuple((decision.pair, decision.shift) for decision in project.decisions),
        project.excluded,
        project.locked,
        tuple((e.shift, e.status, e.map.max_shift) for e in project.estimates),
        tuple(frame.whole for frame in solution.frames),
        session.queue,
    )
