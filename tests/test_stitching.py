from itertools import pairwise

import numpy as np
import pytest

import napari_seamnet
from napari_seamnet.geometry import Shift
from napari_seamnet.grids import Journal
from napari_seamnet.layouts import Layout
from napari_seamnet.mosaic import mosaic_of
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Cancelled, Status
from napari_seamnet.stitching import StitchSettings, Workers, decide, estimate, resolve, stitch

QUICK = StitchSettings(method="smoothed", max_shift=12)


@pytest.fixture(scope="module")
def chip():
    return chip_grid(3, 3, size=300, overlap=80, jitter=4)


@pytest.fixture
def layout(chip):
    return Layout.of_frames(chip.frames, chip.nominal)


def offsets(positions):
    return np.array([np.subtract(b, a) for a, b in pairwise(positions)])


def worst(solution, chip):
    """How far two frames in a row are from where they should lie to each other, in px."""
    found = offsets([frame.whole for frame in solution.frames])
    return np.abs(found - offsets(chip.truth)).max()


def test_three_lines_of_python_place_every_frame(chip, layout):
    solution = napari_seamnet.stitch(layout, QUICK)
    assert worst(solution, chip) <= 1
    mosaic = mosaic_of(solution)
    assert [p.position for p in mosaic.placements] == [frame.whole for frame in solution.frames]


def test_seamnet_is_what_stitches_by_default(chip, layout):
    solution = stitch(layout, StitchSettings(max_shift=12))
    assert {e.method for e in solution.estimates} == {"seamnet"}
    assert worst(solution, chip) == 0


def test_a_folder_is_laid_out_on_the_way(chip, tmp_path):
    import tifffile

    for k, frame in enumerate(chip.frames):
        tifffile.imwrite(tmp_path / f"tile_r{k // 3}_c{k % 3}.tif", frame.read())
    solution = stitch(tmp_path, QUICK, pattern="tile_r{row}_c{col}.tif", overlap=80)
    assert worst(solution, chip) <= 1


def test_seams_in_a_journal_are_not_estimated_again(layout, tmp_path):
    told = []
    with Journal(tmp_path / "seams.sqlite") as journal:
        first = stitch(layout, QUICK, journal=journal)
        n = len(journal)
        again = stitch(layout, QUICK, journal=journal, on_result=lambda *what: told.append(what))
        assert len(journal) == n == len(first.seams)
    assert [frame.whole for frame in again.frames] == [frame.whole for frame in first.frames]


def test_the_number_of_workers_changes_nothing(layout):
    one = stitch(layout, QUICK, workers=Workers(workers=1))
    three = stitch(layout, QUICK, workers=Workers(workers=3))
    assert [f.position for f in one.frames] == [f.position for f in three.frames]


def test_a_decision_replaces_the_estimate_and_keeps_its_map(layout):
    seams = find_seams(layout)
    estimates = estimate(layout, seams, QUICK)
    chosen = Shift(7, -5)
    decided = decide(seams, estimates, {seams[0].pair: chosen})
    assert decided[0].status is Status.HAND
    assert decided[0].shift == chosen
    assert decided[0].map is estimates[0].map
    assert decided[1:] == estimates[1:]
    turned = decide(seams, estimates, {seams[0].pair[::-1]: -chosen})
    assert turned[0].shift == chosen
    solution = resolve(layout, seams, estimates, QUICK, decisions={seams[0].pair: chosen})
    placed = np.subtract(*[solution.frames[k].whole for k in seams[0].pair[::-1]])
    assert tuple(placed) == (seams[0].nominal + chosen).whole()


def test_a_decision_on_frames_that_share_no_seam_is_refused(layout):
    seams = find_seams(layout)
    with pytest.raises(ValueError, match="frames 0 and 8 share no seam"):
        decide(seams, estimate(layout, seams, QUICK), {(0, 8): Shift(0, 0)})


def test_it_can_be_stopped(layout):
    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        stitch(layout, QUICK, progress=stop)


def test_a_solver_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="springs"):
        StitchSettings(solver="springs")
