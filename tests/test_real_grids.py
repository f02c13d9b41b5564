"""Whole grids of real frames, against measured truth: what the product claims."""

import csv

import numpy as np
import pytest

from napari_seamnet.frames import as_frame, open_frame
from napari_seamnet.geometry import Offset
from napari_seamnet.grids import estimate_overlap
from napari_seamnet.layouts import Layout, open_layout
from napari_seamnet.shifts import Status
from napari_seamnet.stitching import StitchSettings, stitch

pytestmark = pytest.mark.frames


def measured(folder):
    """Offsets that loops confirm to within 1 px, by the names of the two frames."""
    with (folder / "pairs.csv").open(newline="") as file:
        return {
            (row["left_or_top_file"], row["right_or_bottom_file"]): (
                Offset(float(row["dy"]), float(row["dx"])),
                float(row["loop_error"] or 0) <= 1,
            )
            for row in csv.DictReader(file)
        }


def errors(solution, folder):
    """Of every seam whose truth is known: its error as placed, whether that truth is trusted."""
    truth = measured(folder)
    found = {}
    for k, seam in enumerate(solution.seams):
        names = tuple(solution.layout[frame].name for frame in seam.pair)
        sign = 1 if names in truth else -1
        true, trusted = truth[names[::sign]]
        off = solution.offset(k)
        error = max(abs(off.dy - sign * true.dy), abs(off.dx - sign * true.dx))
        found[k] = error, trusted
    return found


@pytest.mark.parametrize("name", ["lscm_tensile_Ref", "lscm_tensile_State1"])
def test_a_confocal_grid_whose_overlap_nobody_said(real_frames, name):
    folder = real_frames / "train" / name
    layout = estimate_overlap(open_layout(folder, rows=4)).layout
    solution = stitch(layout, StitchSettings(max_shift=20))
    found = errors(solution, folder)
    assert len(found) == 24
    assert max(error for error, _ in found.values()) <= 1
    assert solution.counts() == {Status.CERTAIN: 24}
    assert max(loop.size for loop in solution.loops) <= 2


def test_columns_that_are_not_level_are_found_by_the_coarse_look(real_frames):
    folder = real_frames / "train" / "dendritic_A"
    layout = open_layout(folder, cols=2, first="columns", start="bottom left", overlap=(150, 170))
    solution = stitch(layout, StitchSettings(wide=520))
    found = errors(solution, folder)
    assert len(found) == 16
    assert max(error for error, _ in found.values()) <= 1
    assert not solution.to_look_at
    assert "coarse look" in solution.layout.notes[-1]


def test_a_layout_that_is_wrong_is_never_called_certain(real_frames):
    """Read from the top, frames that go up from the bottom share nothing where they should."""
    folder = real_frames / "train" / "dendritic_A"
    frames = sorted(folder.glob("*.jpg"))
    layout = open_layout(frames[:2] + frames[-2:], cols=2, first="columns", overlap=(150, 170))
    solution = stitch(layout)
    assert Status.CERTAIN not in solution.counts()
    assert len(solution.to_look_at) == 4
    nominal = np.array(layout.positions)
    placed = np.array([frame.position for frame in solution.frames])
    assert np.abs(placed - nominal).max() <= 15


def test_frames_that_are_warped_are_flagged_and_none_is_silently_wrong(real_frames):
    folder = real_frames / "test" / "vem_s2"
    layout = estimate_overlap(open_layout(folder)).layout
    solution = stitch(layout, StitchSettings(max_shift=20))
    found = errors(solution, folder)
    assert len(found) == 12
    assert max(error for error, _ in found.values()) < 3
    for k, (error, _) in found.items():
        if error > 1:
            assert k in solution.to_look_at
            assert "no single shift" in solution.verdicts[k].reason


def test_a_tiny_grid_of_photographs(real_frames):
    folder = real_frames / "test" / "stitch2d"
    layout = estimate_overlap(open_layout(folder)).layout
    solution = stitch(layout)
    found = errors(solution, folder)
    assert len(found) == 7
    assert max(error for error, _ in found.values()) <= 0.5
    assert not solution.to_look_at


def test_a_strip_without_any_loop(real_frames):
    folder = real_frames / "test" / "zirconCL"
    layout = open_layout(folder, rows=1, start="top right", overlap=100)
    solution = stitch(layout, StitchSettings(wide=80))
    found = errors(solution, folder)
    assert len(found) == 23
    wrong = {k for k, (error, trusted) in found.items() if trusted and error > 1}
    assert wrong <= set(solution.to_look_at)
    assert len(wrong) <= 2
    assert solution.loops == ()


def test_a_wrong_overlap_on_a_regular_chip_makes_nothing_certain(real_frames):
    """Told 60 px, really 100, searched within 15: only a cell of the memory can fit."""
    picture = open_frame(real_frames / "test" / "ic_optical" / "dmg_imgstore_soc_oam.jpg").grey()
    rng = np.random.default_rng(2)
    side, step = 420, 320
    places = [(row, col) for row in range(4) for col in range(4)]
    frames = []
    for y, x in np.array(places) * step + rng.integers(0, 13, (16, 2)):
        seen = picture[y : y + side, x : x + side] + rng.normal(0, 8, (side, side))
        frames.append(as_frame(np.clip(seen, 0, 255).astype(np.uint8)))
    counts = {}
    for told in (100, 60):
        at = [(row * (side - told), col * (side - told)) for row, col in places]
        solution = stitch(Layout.of_frames(frames, at))
        sure = sum(frame.status is Status.CERTAIN for frame in solution.frames)
        counts[told] = solution.counts().get(Status.CERTAIN, 0), sure
    assert counts == {100: (24, 16), 60: (0, 0)}


def test_a_strip_whose_stage_wanders_follows_its_seams(real_frames):
    """No loop could contradict them: 24 frames, of which the last lies 300 px off in the end."""
    folder = real_frames / "test" / "zirconCL"
    layout = open_layout(folder, rows=1, start="top right", overlap=105)
    solution = stitch(layout, StitchSettings(max_shift=80))
    found = errors(solution, folder)
    assert len(found) == 23
    assert max(error for error, trusted in found.values() if trusted) <= 1.3
    assert not solution.to_look_at
    assert solution.n_parts == 1
