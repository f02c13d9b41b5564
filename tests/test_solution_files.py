import csv

import numpy as np
import pytest
import tifffile

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.learning.hand_tables import from_seams_csv
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.solution_files import (
    SEAM_COLUMNS,
    write_positions,
    write_seams,
    write_tile_configuration,
)
from napari_seamnet.stitching import StitchSettings, estimate, resolve

QUICK = StitchSettings(method="smoothed", max_shift=12)


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    chip = chip_grid(2, 3, size=300, overlap=80, jitter=4)
    for k, frame in enumerate(chip.frames):
        pixels = frame.read()
        if k == 5:
            pixels = np.full_like(pixels, 9)  # nothing to see
        tifffile.imwrite(folder / f"a tile_r{k // 3}_c{k % 3}.tif", pixels)
    layout = open_layout(folder, pattern="a tile_r{row}_c{col}.tif", overlap=80)
    seams = find_seams(layout)
    decided = {(0, 1): Shift(2, -1)}
    solution = resolve(layout, seams, estimate(layout, seams, QUICK), QUICK, decisions=decided)
    return folder, solution


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_positions_are_what_the_format_says_and_open_as_a_layout(solved):
    folder, solution = solved
    write_positions(folder / "positions.csv", solution)
    rows = rows_of(folder / "positions.csv")
    assert list(rows[0]) == ["file", "row", "col", "y", "x", "status"]
    for row, frame, site in zip(rows, solution.frames, solution.layout, strict=True):
        assert row["file"] == site.name
        assert (int(row["y"]), int(row["x"])) == frame.whole
        assert row["status"] == frame.status
    again = open_layout(folder / "positions.csv")
    assert [site.whole for site in again] == [frame.whole for frame in solution.frames]


def test_fiji_gets_the_same_positions(solved):
    folder, solution = solved
    write_tile_configuration(folder / "T.registered.txt", solution)
    again = open_layout(folder / "T.registered.txt")
    assert [site.whole for site in again] == [frame.whole for frame in solution.frames]


def test_every_seam_is_listed_with_what_was_measured_and_what_became_of_it(solved):
    folder, solution = solved
    write_seams(folder / "seams.csv", solution)
    rows = rows_of(folder / "seams.csv")
    assert tuple(rows[0]) == SEAM_COLUMNS
    assert len(rows) == len(solution.seams)
    for row, seam, verdict in zip(rows, solution.seams, solution.verdicts, strict=True):
        assert row["first"] == solution.layout[seam.first].name
        assert (int(row["nominal_dy"]), int(row["nominal_dx"])) == seam.nominal.whole()
        assert row["status"] == verdict.status
        assert row["used"] == ("yes" if verdict.used else "no")
        if verdict.shift is None:
            assert row["dy"] == row["dx"] == row["residual_dy"] == ""
        else:
            assert float(row["dy"]) == pytest.approx(seam.nominal.dy + verdict.shift.dy, abs=1e-3)
            placed = solution.offset(solution.seams.index(seam))
            assert float(row["dy"]) + float(row["residual_dy"]) == pytest.approx(
                placed.dy, abs=2e-3
            )
    assert sum(row["status"] == "undetermined" for row in rows) == 2


def test_decisions_by_hand_can_be_taken_into_the_training_set(solved):
    folder, solution = solved
    write_seams(folder / "seams.csv", solution)
    (taken,) = from_seams_csv(folder / "seams.csv")
    assert tuple(taken.offset) == tuple(solution.seams[0].nominal + Shift(2, -1))


def test_files_appear_whole_or_not_at_all(solved, tmp_path, monkeypatch):
    _, solution = solved
    monkeypatch.setattr("csv.writer", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_seams(tmp_path / "seams.csv", solution)
    assert list(tmp_path.iterdir()) == []
