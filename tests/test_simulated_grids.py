"""Grids of the side-by-side benchmark, one seed each; `benchmarks/grids.py` runs ten."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_seamnet.layouts import open_layout
from napari_seamnet.shifts import Status
from napari_seamnet.solve.by_belief import SLACK
from napari_seamnet.stitching import StitchSettings, stitch

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench"


@pytest.fixture(scope="module")
def draw():
    """The function that draws a grid: ``draw(folder, *options)``."""
    if not (BENCH / "scenes.py").is_file():
        pytest.skip("the side-by-side benchmark (../shared/bench) is not here")
    sys.path.insert(0, str(BENCH))
    try:
        spec = importlib.util.spec_from_file_location("bench_scenes", BENCH / "scenes.py")
        scenes = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(scenes)
    finally:
        sys.path.remove(str(BENCH))

    def draw(folder, *options):
        scenes.generate(scenes.parser().parse_args(["--out", str(folder), *options]))
        return folder

    return draw


def solved(folder):
    about = json.loads((folder / "layout.json").read_text())
    settings = StitchSettings(max_shift=2 * about["jitter"] + 5)
    solution = stitch(open_layout(folder / "TileConfiguration.txt"), settings)
    off = np.array([frame.whole for frame in solution.frames]) - np.array(about["truth"])
    return solution, off


def silent_errors(solution, off):
    """Frames and seams of which 95 % or more is claimed, or ``certain``, and that are wrong."""
    error = np.abs(off - np.median(off, axis=0)).max(axis=1)
    frames = [k for k, f in enumerate(solution.frames) if f.probability >= 0.95 and error[k] > 1]
    seams = []
    for seam, verdict in zip(solution.seams, solution.verdicts, strict=True):
        apart = np.abs(off[seam.second] - off[seam.first]).max()
        claimed = verdict.probability >= 0.95 or verdict.status is Status.CERTAIN
        if claimed and apart > 1:
            seams.append(seam.pair)
    return frames, seams


@pytest.mark.parametrize("scene", ["texture", "ic"])
def test_under_heavy_noise_every_frame_is_placed_to_the_pixel_and_nothing_is_to_check(
    draw, tmp_path, scene
):
    solution, off = solved(draw(tmp_path / "g", "--scene", scene, "--noise", "heavy"))
    assert np.ptp(off, axis=0).max() == 0
    assert solution.to_look_at == ()


def test_memory_arrays_are_placed_right_where_single_seams_cannot_tell(draw, tmp_path):
    options = ("--scene", "array", "--noise", "heavy", "--jitter", "20", "--seed", "2")
    solution, off = solved(draw(tmp_path / "g", *options))
    by_itself = [
        estimate.shift.distance(solution.offset(k) - seam.nominal)
        for k, (seam, estimate) in enumerate(zip(solution.seams, solution.estimates, strict=True))
    ]
    assert sum(miss > 5 for miss in by_itself) >= 5, "the seams' own best shifts are not enough"
    assert np.abs(off - np.median(off, axis=0)).max() <= 1
    assert silent_errors(solution, off) == ([], [])
    assert 0 < len(solution.to_look_at) < 10


def test_in_a_blank_grid_nothing_flies_away_and_nothing_is_claimed(draw, tmp_path):
    solution, off = solved(draw(tmp_path / "g", "--scene", "blank", "--noise", "heavy"))
    assert np.abs(off).max() <= 10 + SLACK, "no farther than the stage error, and the slack"
    assert silent_errors(solution, off) == ([], [])
    assert len(solution.to_look_at) > 15
