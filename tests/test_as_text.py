"""The words that are copied must do what was done: they are run, and parsed, here."""

import shlex

import click
import numpy as np
import pytest
import tifffile

from napari_seamnet import cli
from napari_seamnet.as_text import AsTextError, Opened, Written, as_command, as_python, suggested
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.stitching import StitchSettings, Workers, stitch

QUICK = StitchSettings(method="smoothed", max_shift=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run 17")
    for k, frame in enumerate(chip_grid(2, 2, size=300, overlap=80, jitter=4).frames):
        tifffile.imwrite(folder / f"tile_r{k // 2}_c{k % 2}.tif", frame.read())
    return folder


@pytest.fixture(scope="module")
def opened(folder):
    return Opened(str(folder), {"overlap": 80, "start": "top-left", "missing": ()})


@pytest.fixture(scope="module")
def project(folder):
    return Project.from_solution(stitch(open_layout(folder, overlap=80), QUICK), QUICK)


def run(text):
    namespace = {}
    exec(compile(text, "copied", "exec"), namespace)
    return namespace["solution"]


def parsed(text):
    """The command that click understands a line as, with its options."""
    words = shlex.split(text)
    assert words[0] == "napari-seamnet"
    context = click.Context(cli.main, info_name="napari-seamnet")
    name, command, rest = cli.main.resolve_command(context, words[1:])
    return name, command.make_context(name, rest, parent=context).params


def positions(solution):
    return [frame.position for frame in solution.frames]


def test_the_lines_of_python_stitch_it_once_more(project, opened):
    text = as_python(project, opened)
    assert "open_layout" in text
    np.testing.assert_allclose(positions(run(text)), positions(project.solution()))


def test_decisions_and_exclusions_are_in_the_lines(project, opened):
    decided = project.with_decision(0, 1, Shift(3, -2)).solve()
    solution = run(as_python(decided, opened))
    np.testing.assert_allclose(positions(solution), positions(decided.solution()))
    both = decided.with_excluded(*project.seams[-1].pair).solve()
    solution = run(as_python(both, opened))
    np.testing.assert_allclose(positions(solution), positions(both.solution()))


def test_what_was_written_is_written_again(project, opened, tmp_path):
    written = Written(
        out=tmp_path / "a.ome.tif", positions=tmp_path / "p.csv", seams=tmp_path / "s.csv"
    )
    run(as_python(project, opened, written=written))
    assert {path.name for path in tmp_path.iterdir()} == {"a.ome.tif", "p.csv", "s.csv"}


def test_the_command_says_the_same(project, opened, folder):
    text = as_command(project, opened, workers=Workers(device="cpu", workers=2))
    name, options = parsed(text)
    assert name == "stitch"
    assert [str(path) for path in options["source"]] == [str(folder)]
    assert options["overlap"] == "80"
    assert (options["method"], options["max_shift"]) == ("smoothed", 12)
    assert (options["device"], options["workers"]) == ("cpu", 2)
    assert options["out"].name == folder.name + ".ome.zarr"


def test_where_a_person_decided_a_command_names_the_saved_project(project, opened, tmp_path):
    decided = project.with_decision(0, 1, Shift(3, -2)).solve()
    with pytest.raises(AsTextError, match="save it first"):
        as_command(decided, opened)
    saved = tmp_path / "chip.seamnet.json"
    name, options = parsed(as_command(decided, opened, saved=saved))
    assert name == "export"
    assert options["project"] == saved


def test_a_project_of_unknown_origin_goes_through_its_file(project, tmp_path):
    saved = tmp_path / "chip.seamnet.json"
    project.save(saved)
    text = as_python(project, saved=saved)
    assert positions(run(text)) == positions(project.solution())


def test_frames_left_out_are_left_out_again(project, opened):
    layout = project.layout.without(3)
    less = Project.from_solution(stitch(layout, QUICK), QUICK)
    solution = run(as_python(less, opened.without(project.layout[3].name)))
    assert len(solution.frames) == 3


def test_files_are_named_after_what_they_come_from(folder):
    assert suggested(folder).name == folder.name + ".ome.zarr"
