"""The real frames: their names, and the positions measured between them."""

import csv

import pytest

from napari_seamnet.layouts import open_layout
from napari_seamnet.layouts.describe import describe_layout
from napari_seamnet.layouts.draw import picture_of

pytestmark = pytest.mark.frames

STAGE = 40  # px; what the stages of these grids err by


def worst_offset(layout, folder):
    """Largest distance of a nominal offset from the measured one, over all measured pairs."""
    at = {site.name: site.position for site in layout}
    with (folder / "pairs.csv").open() as file:
        rows = [*csv.DictReader(file)]
    assert rows
    worst = 0.0
    for row in rows:
        first, second = at[row["left_or_top_file"]], at[row["right_or_bottom_file"]]
        dy = second[0] - first[0] - float(row["dy"])
        dx = second[1] - first[1] - float(row["dx"])
        worst = max(worst, abs(dy), abs(dx))
    return worst


@pytest.mark.parametrize(
    ("name", "options", "size", "within"),
    [
        ("train/lscm_tensile_Ref", {"rows": 4, "overlap": 103}, (4, 4), 10),
        ("train/lscm_tensile_State1", {"cols": 4, "overlap": "10%"}, (4, 4), 10),
        ("test/stitch2d", {"overlap": (46, 132)}, (3, 2), 6),
        ("test/vem_s2", {"overlap": (177, 205)}, (3, 3), STAGE),
        ("test/zirconCL", {"rows": 1, "start": "top right", "overlap": 100}, (1, 24), 80),
    ],
)
def test_real_grids_are_laid_out_as_they_were_taken(real_frames, name, options, size, within):
    folder = real_frames / name
    layout = open_layout(folder, **options)
    assert (layout.rows, layout.cols) == size
    assert layout.missing == ()
    assert worst_offset(layout, folder) < within


def test_two_columns_that_are_not_level(real_frames):
    folder = real_frames / "train" / "dendritic_A"
    layout = open_layout(folder, cols=2, first="columns", start="bottom left", overlap=(150, 170))
    at = {site.name: (site.row, site.col) for site in layout}
    assert at["1-030.jpg"] == (0, 0)
    assert at["1-025.jpg"] == (5, 0)
    assert at["1-031.jpg"] == (0, 1)
    assert at["1-036.jpg"] == (5, 1)


def test_a_real_tile_configuration_is_the_grid_that_the_names_say(real_frames):
    folder = real_frames / "train" / "lscm_tensile_Ref"
    listed = open_layout(folder / "TileConfiguration.txt")
    named = open_layout(folder, rows=4, overlap=103)
    assert [(s.name, s.row, s.col) for s in listed] == [(s.name, s.row, s.col) for s in named]
    assert worst_offset(listed, folder) < 3
    assert "TileConfiguration.txt lies in the folder" in describe_layout(named)


def test_a_real_grid_is_drawn(real_frames):
    figure = picture_of(open_layout(real_frames / "test" / "stitch2d", overlap=(46, 132)))
    assert len(figure.axes[0].texts) == 6
