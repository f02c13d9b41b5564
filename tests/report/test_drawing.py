import re
from dataclasses import replace

import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout
from napari_seamnet.mosaic import mosaic_of
from napari_seamnet.report import grid_maps, words
from napari_seamnet.report.drawing import LONGEST, Drawing
from napari_seamnet.report.histograms import shift_histogram
from napari_seamnet.report.overview import overview, small_mosaic
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.solve import Loop, Solution, SolvedFrame, SolvedSeam, StageModel


def made(places, shape=(100, 100), **changes):
    """A solution of frames of one size, each where it was placed; seams all certain."""
    frames = [as_frame(np.full(shape, k, np.uint8), f"f{k}") for k in range(len(places))]
    layout = Layout.of_frames(frames, places)
    seams = find_seams(layout)
    found = tuple(Estimate(Shift(0, 0), Status.CERTAIN, 1.0) for _ in seams)
    verdicts = tuple(SolvedSeam(Shift(0, 0), Shift(0, 0), 1.0, Status.CERTAIN) for _ in seams)
    placed = tuple(SolvedFrame(p, (round(p[0]), round(p[1])), 1.0, 0.3) for p in places)
    return replace(Solution(layout, seams, found, placed, verdicts), **changes)


GRID = [(0.0, 0.0), (0.0, 80.0), (80.0, 0.0), (80.0, 80.0)]


def test_a_drawing_is_as_long_as_it_should_be_and_begins_at_the_corner():
    drawing = Drawing(made([(-50.0, 20.0), (-50.0, 100.0)]))
    assert drawing.size == (pytest.approx(LONGEST * 100 / 180), LONGEST)
    assert drawing.rectangle(0)[:2] == (0, 0)
    assert drawing.rectangle(1)[1] == pytest.approx(LONGEST * 80 / 180)


def test_bars_run_along_the_middle_of_what_two_frames_share():
    solution = made(GRID)
    drawing = Drawing(solution)
    unit = LONGEST / 180
    for k, seam in enumerate(solution.seams):
        (y0, x0), (y1, x1) = drawing.bar(k)
        if seam.is_horizontal:
            assert x0 == x1 == pytest.approx(90 * unit)
            assert y1 - y0 == pytest.approx(62 * unit)
        else:
            assert y0 == y1 == pytest.approx(90 * unit)
            assert x1 - x0 == pytest.approx(62 * unit)


def test_frames_placed_apart_still_have_a_bar():
    solution = made(GRID[:2])
    apart = (solution.frames[0], replace(solution.frames[1], whole=(0, 400)))
    (y0, x0), (y1, x1) = Drawing(replace(solution, frames=apart)).bar(0)
    assert x0 == x1
    assert 100 < x0 / (LONGEST / 500) < 400
    assert y1 > y0


def test_residuals_are_drawn_in_steps_with_their_numbers():
    solution = made(GRID)
    sizes = (Shift(0.2, -0.1), Shift(0.1, -0.9), Shift(5, 0), None)
    verdicts = tuple(replace(v, residual=r) for v, r in zip(solution.verdicts, sizes, strict=True))
    html = grid_maps.residual_map(replace(solution, verdicts=verdicts), Drawing(solution))
    for said in ("up to 0.5 px: 1", "0.5 to 1 px: 1", "over 2 px: 1", "not measured: 1"):
        assert said in html
    assert "1 to 2 px" not in html
    assert "largest 5.00 px" in html


def test_loops_are_drawn_where_four_frames_meet():
    solution = made(GRID)
    loops = (Loop((0, 1, 3, 2), (0, 2, 3, 1), Shift(0.75, -1.5)),)
    html = grid_maps.loop_map(replace(solution, loops=loops), Drawing(solution))
    x, y, w = (float(re.search(rf' {n}="([\d.]+)"', html)[1]) for n in ("x", "y", "width"))
    assert (x + w / 2, y + w / 2) == (pytest.approx(500, abs=0.2), pytest.approx(500, abs=0.2))
    assert "1 to 2 px: 1" in html
    unknown = (replace(loops[0], error=None),)
    html = grid_maps.loop_map(replace(solution, loops=unknown), Drawing(solution))
    assert "not measured: 1" in html
    assert "no loops that were measured" in html


def test_arrows_point_from_the_expected_to_the_found_place():
    solution = made(GRID)
    moved = (*solution.frames[:3], replace(solution.frames[3], position=(90.0, 76.0)))
    html = grid_maps.move_map(replace(solution, frames=moved), Drawing(solution))
    assert "longest arrow is 10.77 px" in html
    lines = re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", html)
    x0, y0, x1, y1 = map(float, lines[3])
    assert (y1 - y0) / (x1 - x0) == pytest.approx(10 / -4, rel=0.02)


def test_a_small_mosaic_shows_source_pixels_in_place():
    frames = [as_frame(np.full((400, 900), v, np.uint8), str(v)) for v in (10, 200)]
    layout = Layout.of_frames(frames, [(0, 0), (0, 2100)])
    placed = tuple(SolvedFrame(site.position, site.whole, 1.0, 0.3) for site in layout)
    solution = Solution(layout, (), (), placed, ())
    told = []
    picture, covered = small_mosaic(mosaic_of(solution), lambda *what: told.append(what))
    assert picture.shape == (200, 1500)
    assert covered == (400, 3000)
    assert (picture[:, :450] == 0).all()
    assert (picture[:, -450:] == 255).all()
    assert told[0] == (0, 200, "drawing the overview")


def test_every_status_has_its_own_line_and_a_word_in_the_legend():
    solution = made(GRID)
    verdicts = tuple(
        replace(v, status=status)
        for v, status in zip(
            solution.verdicts,
            (Status.DOUBTFUL, Status.AMBIGUOUS, Status.UNDETERMINED, Status.HAND),
            strict=True,
        )
    )
    html = overview(replace(solution, verdicts=verdicts), Drawing(solution), {0: 1}, None)
    for word in ("doubtful", "ambiguous", "undetermined", "by hand"):
        assert f"{word}</span>" in html
    assert ">certain</span>" not in html
    assert html.count("stroke-dasharray") == 4  # two kinds of dashes, drawn and in the legend
    assert 'href="#seam-1"' in html


def test_shifts_are_told_in_words_with_their_signs():
    assert words.pair(Shift(1.25, -0.5)) == "(+1.25, -0.50)"
    assert words.pair(Shift(-0.001, 0.0)) == "(0.00, 0.00)"
    assert words.pair(None) == "–"
    assert words.counted(1, "seam") == "1 seam"
    assert words.counted(1234, "seam") == "1,234 seams"


def test_the_stage_is_told_in_words():
    still = made(GRID)
    assert "layout stands as it is" in " ".join(words.stage_in_words(still))
    stage = StageModel(
        Shift(0, 1.5), by_row=((2, Shift(0.5, 0)),), n_seams=20, scatter=(0.5, 0.25)
    )
    said = " ".join(words.stage_in_words(replace(still, stage=stage)))
    assert "beside each other, it is off by (0.00, +1.50) px" in said
    assert "1 row has a step of its own" in said
    assert "0.50 px in y and 0.25 px in x" in said


def test_parts_are_told_with_their_sizes():
    solution = made(GRID)
    frames = (*solution.frames[:3], replace(solution.frames[3], part=1))
    said = " ".join(words.how_it_hangs_together(replace(solution, frames=frames)))
    assert "2 parts, of 3, 1 frames" in said


def test_a_histogram_has_a_row_for_each_direction_there_is():
    solution = made(GRID)
    both = shift_histogram(solution, 12)
    assert "frames beside each other" in both
    assert "frames below each other" in both
    row = shift_histogram(made(GRID[:2]))
    assert "frames below each other" not in row
    nothing = tuple(replace(v, shift=None) for v in solution.verdicts)
    assert shift_histogram(replace(solution, verdicts=nothing)) == ""
