import json
import shutil
from dataclasses import replace

import click
import pytest
import tifffile
from click.testing import CliRunner

from napari_seamnet.commands.report import report
from napari_seamnet.commands.terminal import Commands
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.stitching import StitchSettings, stitch

QUICK = StitchSettings(method="smoothed", max_shift=12)


@click.group(cls=Commands)
def main():
    """Stands for the whole program, with this one command."""


main.add_command(report)


def call(*words):
    return CliRunner().invoke(main, ["report", *(str(word) for word in words)])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with frames and the project of them, in which all is well."""
    chip = chip_grid(2, 2, size=300, overlap=80, jitter=4)
    (tmp_path / "frames").mkdir()
    for k, frame in enumerate(chip.frames):
        tifffile.imwrite(tmp_path / "frames" / f"t_r{k // 2}_c{k % 2}.tif", frame.read())
    layout = open_layout(tmp_path / "frames", pattern="t_r{row}_c{col}.tif", overlap=80)
    project = Project.from_solution(stitch(layout, QUICK), QUICK, command="stitch 'my frames'")
    project.save(tmp_path / "chip.seamnet.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project_becomes_a_page(folder):
    result = call("chip.seamnet.json", "-o", "r.html")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "r.html: 4 frames, 4 seams: all is well, nothing needs a look.\n"
    page = (folder / "r.html").read_text(encoding="utf-8")
    digests = [
        f["sha256"] for f in json.loads((folder / "chip.seamnet.json").read_text())["frames"]
    ]
    assert all(digest in page for digest in digests)
    assert (
        "stitch &#x27;my frames&#x27;\nnapari-seamnet report chip.seamnet.json -o r.html" in page
    )
    assert "Quality of chip" in page


def test_hashes_are_computed_where_the_project_has_none_unless_told_not_to(folder):
    digests = list(Project.load("chip.seamnet.json").known_hashes.values())
    known = call("chip.seamnet.json", "-o", "r.html", "--no-hashes")
    assert known.exit_code == 0
    assert all(digest in (folder / "r.html").read_text("utf-8") for digest in digests)
    data = json.loads((folder / "chip.seamnet.json").read_text())
    for frame in data["frames"]:
        frame["sha256"] = None
    (folder / "chip.seamnet.json").write_text(json.dumps(data))
    call("chip.seamnet.json", "-o", "r.html", "--no-hashes")
    assert not any(digest in (folder / "r.html").read_text("utf-8") for digest in digests)
    call("chip.seamnet.json", "-o", "r.html")
    assert all(digest in (folder / "r.html").read_text("utf-8") for digest in digests)


def test_what_needs_a_person_is_counted_in_the_exit_code(folder):
    project = Project.load("chip.seamnet.json")
    first, second = project.seams[0].pair
    around = project.with_decision(first, second, Shift(9, 9))
    for seam in project.seams[1:]:
        around = around.with_decision(*seam.pair, Shift(0, 0))
    around.solve().save("chip.seamnet.json")
    result = call("chip.seamnet.json", "-o", "r.html", "--quiet", "--max-seams", "3")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "a person" in result.stderr


def test_frames_elsewhere_are_asked_for_and_found(folder):
    shutil.move("frames", "disk")
    refused = call("chip.seamnet.json", "-o", "r.html")
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "--root" in refused.stderr
    assert str(folder / "frames") in refused.stderr
    assert not (folder / "r.html").exists()
    result = call("chip.seamnet.json", "-o", "r.html", "--root", "disk", "--no-hashes")
    assert result.exit_code == 0


def test_changed_frames_are_told_on_the_page_and_on_stderr(folder):
    path = folder / "frames" / "t_r0_c0.tif"
    pixels = tifffile.imread(path).copy()
    pixels[0, 0] ^= 255
    tifffile.imwrite(path, pixels)
    result = call("chip.seamnet.json", "-o", "r.html")
    assert "t_r0_c0.tif has changed" in result.stderr
    assert "t_r0_c0.tif has changed" in (folder / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing.json", "-o", "r.html"), "no such project"),
        (("frames/t_r0_c0.tif", "-o", "r.html"), "no project"),
        (("chip.seamnet.json",), "--out"),
        (("chip.seamnet.json", "-o", "chip.seamnet.json"), "give another name"),
        (("chip.seamnet.json", "-o", "frames/t_r0_c0.tif"), "give another name"),
        (("chip.seamnet.json", "-o", "nowhere/r.html"), "no folder"),
        (("chip.seamnet.json", "-o", "r.html", "--root", "nowhere"), "no folder"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(folder, words, said):
    before = (folder / "chip.seamnet.json").read_bytes()
    result = call(*words)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert not (folder / "r.html").exists()
    assert (folder / "chip.seamnet.json").read_bytes() == before


def test_a_project_without_positions_is_refused(folder):
    project = Project.load("chip.seamnet.json")
    replace(project, solved=None).save("chip.seamnet.json")
    result = call("chip.seamnet.json", "-o", "r.html")
    assert result.exit_code == 2
    assert "solve first" in result.stderr
