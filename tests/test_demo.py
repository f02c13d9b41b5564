import csv
from dataclasses import replace

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_seamnet.demo import (
    JOURNAL,
    MAX_SHIFT,
    Check,
    DemoError,
    describe_check,
    lay_out,
    save_demo,
)
from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.grids import Journal
from napari_seamnet.layouts import open_layout
from napari_seamnet.mosaic import mosaic_of
from napari_seamnet.pair_report import save_composite
from napari_seamnet.sample_data import ChipGrid, chip_grid
from napari_seamnet.shifts import Status
from napari_seamnet.stitching import StitchSettings, stitch

SIZE, OVERLAP = 120, 40
MOVED = [(0, 0), (3, -2), (-4, 1), (1, 5), (0, -3), (2, 2)]
"""How far the frames of `grid` are from their nominal positions, row by row."""
SETTINGS = StitchSettings(method="smoothed", max_shift=12)
FILES = {
    *("frames", "layout.png", "mosaic.ome.tif", "before.png", "after.png"),
    *("positions.csv", "seams.csv", "TileConfiguration.registered.txt", JOURNAL),
}


@pytest.fixture(scope="module")
def scene():
    return np.random.default_rng(5).integers(1, 256, (220, 310), np.uint8)


@pytest.fixture(scope="module")
def grid(scene):
    """2 x 3 frames cut from one scene without noise, so that every true position is known."""
    step = SIZE - OVERLAP
    places = [(row, col) for row in range(2) for col in range(3)]
    nominal = [(row * step, col * step) for row, col in places]
    truth = [(y + dy, x + dx) for (y, x), (dy, dx) in zip(nominal, MOVED, strict=True)]
    frames = [
        as_frame(scene[10 + y :, 10 + x :][:SIZE, :SIZE], name=f"chip_r{row}_c{col}")
        for (y, x), (row, col) in zip(truth, places, strict=True)
    ]
    return ChipGrid(tuple(frames), tuple(nominal), tuple(truth), 2, 3, OVERLAP)


@pytest.fixture(scope="module")
def folder(grid, tmp_path_factory):
    """Where the demo has written everything; `solution` is what it found."""
    return tmp_path_factory.mktemp("here") / "demo"


@pytest.fixture(scope="module")
def layout(grid, folder):
    return lay_out(folder, grid)


@pytest.fixture(scope="module")
def solution(layout, folder):
    found = stitch(layout, SETTINGS, journal=folder / JOURNAL)
    save_demo(folder, found)
    return found


def test_the_frames_are_written_unaltered_and_laid_out_as_a_folder(grid, layout):
    assert [site.name for site in layout] == [f"{frame.name}.tif" for frame in grid.frames]
    assert [site.whole for site in layout] == list(grid.nominal)
    assert (layout.rows, layout.cols) == (2, 3)
    for site, frame in zip(layout, grid.frames, strict=True):
        np.testing.assert_array_equal(tifffile.imread(site.frame.path), frame.read())


def test_the_layout_is_drawn(layout, folder):
    assert iio.imread(folder / "layout.png").shape[2] in (3, 4)
    assert len(layout) == 6


def test_frames_of_another_demo_in_the_folder_are_refused(grid, tmp_path):
    (tmp_path / "frames").mkdir()
    tifffile.imwrite(tmp_path / "frames" / "chip_r5_c0.tif", np.zeros((120, 120), np.uint8))
    with pytest.raises(DemoError, match=r"chip_r5_c0\.tif is no frame of this demo.*--out"):
        lay_out(tmp_path, grid)


def test_the_frames_are_placed_where_they_truly_lie(grid, solution, scene):
    check = Check.of(grid, solution)
    assert check.frame_errors == (0,) * 6
    assert [frame.whole for frame in solution.frames] == list(check.truth)
    mosaic = mosaic_of(solution)
    picture = mosaic.array().compute()
    y, x = np.subtract(grid.truth[0], check.truth[0]) + mosaic.origin
    height, width = picture.shape
    shown = picture > 0
    assert shown.mean() > 0.9
    np.testing.assert_array_equal(
        picture[shown], scene[10 + y : 10 + y + height, 10 + x : 10 + x + width][shown]
    )


def test_found_and_true_shifts_are_those_of_the_scene(grid, solution):
    check = Check.of(grid, solution)
    assert {seam.pair for seam in solution.seams} == {
        *((0, 1), (1, 2), (3, 4), (4, 5)),
        *((0, 3), (1, 4), (2, 5)),
    }
    for k, seam in enumerate(solution.seams):
        dy, dx = np.subtract(MOVED[seam.second], MOVED[seam.first])
        assert check.true(k) == Shift(dy, dx)
        assert check.found(k).whole() == (dy, dx)
        assert check.seam_errors[k] == pytest.approx(check.found(k).distance(check.true(k)))
        assert check.seam_errors[k] < 0.5


def moved(solution, index, by, **how):
    """The solution with one frame put elsewhere."""
    frames = list(solution.frames)
    frame = frames[index]
    frames[index] = replace(
        frame,
        position=tuple(np.add(frame.position, by)),
        whole=tuple(int(value) for value in np.add(frame.whole, by)),
        **how,
    )
    return replace(solution, frames=tuple(frames))


def test_where_the_whole_grid_lies_is_no_error(grid, solution):
    everywhere = solution
    for index in range(6):
        everywhere = moved(everywhere, index, (-30, 17))
    assert Check.of(grid, everywhere).frame_errors == (0,) * 6


def test_a_frame_put_wrongly_is_told_and_the_others_are_not_blamed(grid, solution):
    check = Check.of(grid, moved(solution, 1, (0, 4), status=Status.DOUBTFUL, probability=0.25))
    assert check.frame_errors == (0, 4, 0, 0, 0, 0)
    wrong = {solution.seams[k].pair for k, error in enumerate(check.seam_errors) if error > 1}
    assert wrong == {(0, 1), (1, 2), (1, 4)}
    text = describe_check(check)
    assert "4 of 7 seams are within 1 px of the truth; each by itself, 7 would be" in text
    assert "5 of 6 frames are within 1 px of the truth" in text
    (line,) = [line for line in text.splitlines() if line.startswith("chip_r0_c1  ")]
    assert line.split()[-3:] == ["4", "25.0%", "doubtful"]


def test_what_a_seam_says_by_itself_is_counted_apart(grid, solution):
    estimates = (replace(solution.estimates[0], shift=Shift(9, 9)), *solution.estimates[1:])
    text = describe_check(Check.of(grid, replace(solution, estimates=estimates)))
    assert "7 of 7 seams are within 1 px of the truth; each by itself, 6 would be" in text


def test_a_frame_that_the_grid_has_not_is_refused(grid, solution):
    fewer = replace(grid, frames=grid.frames[:5], truth=grid.truth[:5])
    with pytest.raises(DemoError, match=r"chip_r1_c2\.tif is no frame of this demo"):
        Check.of(fewer, solution)


def test_the_tables_show_found_beside_true_and_their_columns_line_up(grid, solution):
    seams, frames = describe_check(Check.of(grid, solution)).split("\n\n")
    seams, frames = seams.splitlines(), frames.splitlines()
    assert len(seams) == 1 + 7 + 1
    assert len(frames) == 1 + 6 + 1
    first = seams[1].split()
    assert first[:3] == ["chip_r0_c0", "-", "chip_r0_c1"]
    assert [round(float(word)) for word in first[3:7]] == [3, -2, 3, -2]
    assert first[5:7] == ["3", "-2"]
    assert first[-1] == str(solution.verdicts[0].status)
    (y, x), (true_y, true_x) = solution.frames[3].whole, Check.of(grid, solution).truth[3]
    assert frames[4].split()[:5] == ["chip_r1_c0", *map(str, (y, x, true_y, true_x))]
    for lines in (seams, frames):
        for line in lines[1:-1]:
            assert line[lines[0].index("status") - 1] == " "
            assert line[lines[0].index("status")] != " "


def test_everything_is_saved_under_its_name(solution, folder):
    assert {path.name for path in folder.iterdir()} == FILES
    with Journal(folder / JOURNAL, read_only=True) as journal:
        assert len(journal) == 7
    assert solution.seams


def test_what_was_written_is_told(solution, tmp_path):
    written = save_demo(tmp_path, solution)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}
    assert {path.name for path in written} == FILES - {"frames", "layout.png", JOURNAL}


def test_the_mosaic_and_the_tables_say_the_same_positions(solution, folder):
    wholes = [frame.whole for frame in solution.frames]
    np.testing.assert_array_equal(
        tifffile.imread(folder / "mosaic.ome.tif"), mosaic_of(solution).array()
    )
    for name in ("positions.csv", "TileConfiguration.registered.txt"):
        # Read back from there, the frames are found again, too.
        again = open_layout(folder / name)
        assert [site.whole for site in again] == wholes
        np.testing.assert_array_equal(again[2].frame.read(), solution.layout[2].frame.read())


def test_the_table_of_seams_holds_the_offsets_found(grid, solution, folder):
    with (folder / "seams.csv").open() as file:
        rows = [*csv.DictReader(file)]
    check = Check.of(grid, solution)
    assert len(rows) == 7
    for k, row in enumerate(rows):
        true = solution.seams[k].nominal + check.true(k)
        assert (folder / row["first"]).is_file()
        assert float(row["dy"]) == pytest.approx(true.dy, abs=0.5)
        assert float(row["dx"]) == pytest.approx(true.dx, abs=0.5)


def test_before_and_after_show_the_seam_that_was_moved_most(solution, folder, grid):
    before, after = (iio.imread(folder / f"{name}.png") for name in ("before", "after"))
    assert (before[..., 0] != before[..., 1]).any()
    np.testing.assert_array_equal(after[..., 0], after[..., 1])  # aligned: no colour
    # The two with the largest shift between them: 1 and 2, by (-7, 3), or 3 and 4, by (-1, -8).
    first, second = grid.frames[3], grid.frames[4]
    save_composite(folder.parent / "known.png", first, second, Offset(0, SIZE - OVERLAP))
    np.testing.assert_array_equal(before, iio.imread(folder.parent / "known.png"))
    assert after.shape[:2] == (SIZE - 1, OVERLAP + 8)


def test_the_bundled_network_stitches_a_noisy_demo_within_its_range(tmp_path):
    chip = chip_grid(2, 3, size=300, overlap=80)
    solution = stitch(lay_out(tmp_path, chip), StitchSettings(max_shift=MAX_SHIFT))
    check = Check.of(chip, solution)
    assert max(check.frame_errors) <= 1
    assert max(check.seam_errors) <= 1
