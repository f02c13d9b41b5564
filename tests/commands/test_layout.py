import json

import click
import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from PIL import Image

from napari_seamnet.commands.layout import layout, layout_arguments, layout_options
from napari_seamnet.commands.terminal import Commands
from napari_seamnet.layouts import open_layout


@click.group(cls=Commands)
def main():
    """Stands for the whole program, with this one command."""


main.add_command(layout)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder ``frames`` with a 2 x 3 grid of 100 x 120 px, cut from one scene; 20 px overlap."""
    scene = np.random.default_rng(3).integers(0, 256, (180, 320), np.uint8)
    (tmp_path / "frames").mkdir()
    for row in range(2):
        for col in range(3):
            y, x = row * 80, col * 100
            tifffile.imwrite(
                tmp_path / "frames" / f"t_r{row}_c{col}.tif", scene[y : y + 100, x : x + 120]
            )
    monkeypatch.chdir(tmp_path)
    return tmp_path / "frames"


def call(*words):
    return CliRunner().invoke(main, ["layout", *(str(word) for word in words)])


def refused(result, *said):
    """Whether a call ended as bad input does: one line on stderr that says all this, code 2."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for text in said:
        assert text in result.stderr
    return True


def test_it_says_what_was_understood(folder):
    result = call(folder, "--overlap", "20")
    assert result.exit_code == 0
    assert result.stderr == ""
    for said in (
        "names like t_r{row}_c{col}.tif",
        "grid      2 rows x 3 columns",
        "overlap 20 px (20 %)",
        "seams     7: 4 beside each other, 3 above each other",
        "t_r0_c0.tif  row 0, column 0  (y 0, x 0)",
    ):
        assert said in result.stdout


def test_json_is_one_object_with_every_frame(folder):
    found = json.loads(call(folder, "--overlap", "20%,10%", "--json").stdout)
    assert found["overlap"] == {"y": 20.0, "x": 12.0}
    assert [frame["x"] for frame in found["frames"][:3]] == [0, 108, 216]


def test_quiet_says_nothing_and_still_writes(folder):
    result = call(folder, "--overlap", 20, "--quiet", "--write-positions", "p.csv")
    assert (result.exit_code, result.output) == (0, "")
    assert (folder.parent / "p.csv").read_text().startswith("file,row,col,y,x\nframes/t_r0_c0.tif")


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--write-tile-configuration", "TileConfiguration.txt"),
        ("--write-positions", "p.csv"),
        ("--write-mist", "img-global-positions-0.txt"),
        ("--write-ome", "grid.companion.ome"),
    ],
)
def test_what_it_writes_it_reads(folder, option, name):
    assert call(folder, "--overlap", "20", option, name).exit_code == 0
    again = open_layout(folder.parent / name)
    expected = open_layout(folder, overlap=20)
    assert np.allclose(again.positions, expected.positions)
    assert [(s.name, s.row, s.col) for s in again] == [(s.name, s.row, s.col) for s in expected]


@pytest.mark.parametrize("extra", [[], ["--no-thumbnails"], ["--quiet"]])
def test_it_draws_a_picture(folder, extra):
    result = call(folder, "--overlap", "20", "--plot", "l.png", *extra)
    assert result.exit_code == 0, result.output
    with Image.open(folder.parent / "l.png") as picture:
        assert picture.format == "PNG"


def test_every_option_reaches_open_layout():
    seen = {}

    @click.command()
    @layout_options
    def other(**options):
        seen.update(layout_arguments({**options, "device": "cpu"}))

    words = (
        "--pattern {row}.tif --rows 2 --cols 3 --start bottom-right --order raster "
        "--first columns --missing 0,1 --missing 1,2 --overlap 10%,20 --flip-y --flip-x --swap-yx "
        "--pixel-size 0.5,0.25 --unit um --page 1"
    )
    assert CliRunner().invoke(other, words.split()).exit_code == 0
    assert seen == {
        "pattern": "{row}.tif",
        "rows": 2,
        "cols": 3,
        "start": "bottom-right",
        "order": "raster",
        "first": "columns",
        "missing": ((0, 1), (1, 2)),
        "overlap": "10%,20",
        "flip_y": True,
        "flip_x": True,
        "swap_yx": True,
        "pixel_size": (0.5, 0.25),
        "unit": "um",
        "page": 1,
    }
    CliRunner().invoke(other, ["--overlap", "auto", "--pixel-size", "0.5"])
    assert "overlap" not in seen or seen["overlap"] == "10%,20"
    assert seen["pixel_size"] == (0.5, 0.5)


def test_words_without_options_are_the_defaults_of_open_layout(folder):
    seen = {}

    @click.command()
    @layout_options
    def other(**options):
        seen.update(layout_arguments(options))

    assert CliRunner().invoke(other, []).exit_code == 0
    plain, asked = open_layout(folder), open_layout(folder, **seen)
    assert asked.positions == plain.positions
    frames = [np.zeros((10, 12), np.uint8)] * 6
    seen |= {"rows": 2}
    assert open_layout(frames, **seen).positions == open_layout(frames, rows=2).positions


def test_several_pictures_may_be_named(folder):
    result = call(folder / "t_r0_c1.tif", folder / "t_r1_c1.tif", "--overlap", "20")
    assert result.exit_code == 0
    assert "grid      2 rows x 1 column\n" in result.stdout


def test_the_overlap_is_told_from_the_pictures(folder):
    pytest.importorskip("napari_seamnet.grids.overlap")
    found = json.loads(call(folder, "--overlap", "auto", "--json").stdout)
    assert found["overlap"] == {"y": 20.0, "x": 20.0}
    assert not found["overlap_assumed"]
    assert "told from the pictures: 20 px above each other, 20 px beside" in found["notes"][-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone"], ["gone: there is no such file or folder"]),
        (["frames", "--overlap", "200"], ["does not fit frames of 100 px"]),
        (["frames", "--overlap", "wide"], ["'wide' is no overlap"]),
        (["frames", "--missing", "3"], ["'3' is not two whole numbers"]),
        (["frames", "--pixel-size", "small"], ["not a number, or two numbers"]),
        (["frames", "--pattern", "x{row}.tif"], ["no file in frames fits"]),
        (["frames", "--plot", "no/l.png"], ["there is no folder no"]),
        (["frames", "--plot", "frames/t_r0_c0.tif"], ["is one of the frames"]),
        (["frames", "--plot", "a.txt", "--write-mist", "./a.txt"], ["have the same name"]),
        (["frames", "--start", "middle"], ["middle"]),
        ([], ["Missing argument"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_bad_input_ends_in_one_line(words, said):
    assert refused(call(*words), *said)
