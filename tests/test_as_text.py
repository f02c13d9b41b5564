"""What was done as text: the Python runs, the command parses, and both give the same positions."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from napari_seamnet import Shift, StitchSettings, open_layout
from napari_seamnet.as_text import AsTextError, Opened, Written, as_command, as_python, suggested
from napari_seamnet.cli import main
from napari_seamnet.commands.stitch import stitch as stitch_command
from napari_seamnet.frames import as_frame
from napari_seamnet.projects import Project
from napari_seamnet.projects.edit import replace_frame, without_frames
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.stitching import Workers, estimate

SETTINGS = StitchSettings(method="smoothed", max_shift=12, feature_size=8.5)
OPTIONS = {"pattern": "my tile r{row} c{col}.tif", "overlap": (70, 70), "rows": None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A 2 x 3 grid in a folder whose name has to be quoted."""
    folder = tmp_path_factory.mktemp("as text") / "it's 1"
    folder.mkdir()
    chip = chip_grid(2, 3, size=240, overlap=70, jitter=4)
    for k, frame in enumerate(chip.frames):
        tifffile.imwrite(folder / f"my tile r{k // 3} c{k % 3}.tif", frame.read())
    return folder


@pytest.fixture(scope="module")
def opened(folder) -> Opened:
    return Opened(folder, OPTIONS)


@pytest.fixture(scope="module")
def estimated(folder, opened) -> Project:
    """All seams estimated, nothing decided."""
    layout = open_layout(folder, **OPTIONS)
    project = Project.of_layout(layout, SETTINGS)
    found = estimate(layout, project.seams, SETTINGS)
    return project.with_estimates(dict(enumerate(found))).solve()


def run(text):
    """Execute lines of Python, and give what they leave behind."""
    names = {}
    exec(compile(text, "copied", "exec"), names)  # the point of the test
    return names


def places(solution):
    return {s.name: f.whole for s, f in zip(solution.layout, solution.frames, strict=True)}


def words_of(command):
    first, *words = shlex.split(command)
    assert first == "napari-seamnet"
    return words


def test_the_lines_of_python_give_the_same_positions(estimated, opened):
    text = as_python(estimated, opened)
    assert places(run(text)["solution"]) == places(estimated.solution())
    assert max(map(len, text.splitlines())) <= 120
    assert "rows" not in text  # what was not said is not said


def test_the_lines_of_python_know_decisions_exclusions_and_frames_left_out(estimated, opened):
    name = estimated.layout[2].name
    project = without_frames(estimated, 2)
    project = project.with_decision(*project.seams[1].pair, Shift(3, -2.25))
    opened = opened.without(name)
    text = as_python(project, opened)
    solution = run(text)["solution"]
    assert places(solution) == places(project.solve().solution())
    assert solution.verdicts[1].status == "hand"
    project = project.with_excluded(*project.seams[0].pair)
    text = as_python(project, opened, workers=Workers(workers=1))
    again = run(text)["project"]
    assert again.excluded == project.excluded
    assert [d.shift for d in again.decisions] == [Shift(3, -2.25)]
    assert places(again.solve().solution()) == places(project.solve().solution())


def test_the_lines_of_python_write_what_was_written(estimated, opened, tmp_path):
    project = replace(estimated, ownership="first")
    written = Written(
        tmp_path / "chip.ome.tif",
        False,
        tmp_path / "p.csv",
        tmp_path / "s.csv",
        tmp_path / "TileConfiguration.txt",
        tmp_path / "r.html",
    )
    names = run(as_python(project, opened, written=written))
    picture = tifffile.imread(tmp_path / "chip.ome.tif")
    np.testing.assert_array_equal(picture, names["mosaic"].array("first").compute())
    for name in ("p.csv", "s.csv", "TileConfiguration.txt", "r.html"):
        assert (tmp_path / name).stat().st_size > 100


def test_the_command_gives_the_same_positions(estimated, opened, tmp_path):
    written = Written(tmp_path / "chip.ome.zarr", positions=tmp_path / "places.csv")
    command = as_command(estimated, opened, written=written)
    result = CliRunner().invoke(main, [*words_of(command), "--quiet"])
    assert result.exit_code in (0, 1), result.output
    lines = (tmp_path / "places.csv").read_text().splitlines()[1:]
    cells = [line.split(",") for line in lines]
    found = {Path(c[0]).name: (int(c[3]), int(c[4])) for c in cells}
    assert found == places(estimated.solution())


def test_every_option_arrives_as_it_was(estimated):
    options = {
        "pattern": "a{row}_{col}.tif",
        "rows": 4,
        "start": "bottom left",
        "order": "raster",
        "first": "columns",
        "missing": [(0, 1), (2, 3)],
        "overlap": "10%",
        "flip_y": True,
        "flip_x": False,
        "pixel_size": (0.25, 0.5),
        "unit": "um",
        "page": 0,
    }
    settings = StitchSettings("search", 25, 100, "rows", 3.5, 12)
    project = replace(estimated, ownership="last").with_settings(settings)
    workers = Workers("cpu", 3, "processes", "tcp://here:8786")
    written = Written(Path("o.ome.tif"), True, None, Path("s.csv"))
    command = as_command(project, Opened("in put", options), workers=workers, written=written)
    words = words_of(command)
    assert words.pop(0) == "stitch"
    given = stitch_command.make_context("stitch", words).params
    expected = {
        **{k: v for k, v in options.items() if k not in ("start", "missing")},
        "start": "bottom-left",
        "missing": ((0, 1), (2, 3)),
        "source": (Path("in put"),),
        "method": "search",
        "max_shift": 25,
        "wide": 100,
        "solver": "rows",
        "stage_error": 3.5,
        "feature_size": 12,
        "device": "cpu",
        "workers": 3,
        "executor": "processes",
        "scheduler": "tcp://here:8786",
        "ownership": "last",
        "out": Path("o.ome.tif"),
        "provenance": True,
        "seams": Path("s.csv"),
        "positions": None,
        "report": None,
    }
    assert {name: given[name] for name in expected} == expected


def test_several_pictures_are_all_named(estimated, folder):
    files = tuple(sorted(folder.iterdir()))
    opened = Opened(files, {"pattern": OPTIONS["pattern"], "overlap": 70})
    words = words_of(as_command(estimated, opened))
    assert words[1:7] == [str(file) for file in files]
    assert words[-2:] == ["--out", f"{folder}.ome.zarr"]
    assert places(run(as_python(estimated, opened))["solution"]) == places(estimated.solution())


def test_what_a_command_cannot_say_is_in_the_project(estimated, opened, tmp_path):
    decided = estimated.with_decision(*estimated.seams[1].pair, Shift(3, 1))
    with pytest.raises(AsTextError, match=r"1 seam was decided by hand: a command.*save it first"):
        as_command(decided, opened)
    left_out = without_frames(estimated, 0)
    with pytest.raises(AsTextError, match="1 frame was left out by hand"):
        as_command(left_out, opened.without("a"))
    saved = tmp_path / "a b.seamnet.json"
    decided.save(saved)
    assert words_of(as_command(decided, opened, saved=saved))[:2] == ["stitch", str(saved)]
    solved = decided.solve()
    solved.save(saved)
    words = words_of(as_command(solved, opened, saved=saved))
    assert words == ["export", str(saved), "--out", str(tmp_path / "a b.ome.zarr")]
    result = CliRunner().invoke(main, [*words, "--quiet"])
    assert result.exit_code in (0, 1), result.output
    assert (tmp_path / "a b.ome.zarr").is_dir()


def test_what_only_the_project_can_say_is_read_from_it(estimated, opened, tmp_path):
    other = as_frame(tmp_path_picture(tmp_path))
    edited = replace_frame(estimated, 0, other)
    was_edited = replace(opened, is_edited=True)
    for text in (as_python, as_command):
        with pytest.raises(AsTextError, match="frames were added, replaced or swapped by hand"):
            text(edited, was_edited)
        with pytest.raises(AsTextError, match="laid out is not known any more"):
            text(estimated, None)
    saved = tmp_path / "chip.seamnet.json"
    edited.save(saved)
    names = run(as_python(edited, was_edited, saved=saved))
    assert not names["project"].unfinished
    names["project"].solve().save(saved)
    text = as_python(names["project"].solve(), was_edited, saved=saved)
    assert "estimate" not in text
    assert places(run(text)["solution"]) == places(names["solution"])


def tmp_path_picture(tmp_path):
    path = tmp_path / "again.tif"
    tifffile.imwrite(path, np.arange(240 * 240, dtype=np.uint8).reshape(240, 240))
    return path


def test_seams_that_were_looked_at_otherwise_need_the_project(estimated, opened):
    wider = replace(SETTINGS, max_shift=20)
    (found,) = estimate(estimated.layout, estimated.seams[2:3], wider)
    mixed = estimated.with_estimates({2: found})
    with pytest.raises(AsTextError, match="1 seam was estimated by another method or in another"):
        as_python(mixed, opened)
    # Once it is decided, it does not matter how it was looked at.
    assert "decisions" in as_python(mixed.with_decision(*mixed.seams[2].pair, Shift(0, 1)), opened)


def test_files_are_suggested_beside_what_was_opened(tmp_path):
    (tmp_path / "run.v2").mkdir()
    assert suggested(tmp_path / "run.v2").name == "run.v2.ome.zarr"
    assert suggested(Path("a/x.ome.tif"), ".html") == Path("a/x.html")
    assert suggested(Path("TileConfiguration.txt"), ".csv") == Path("TileConfiguration.csv")
