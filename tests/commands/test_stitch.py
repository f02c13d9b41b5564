import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from napari_seamnet.cli import main
from napari_seamnet.sample_data import chip_grid

COLS = 3


def call(*words):
    return CliRunner().invoke(main, ["stitch", *map(str, words)])


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def chip():
    return chip_grid(2, COLS, size=300, overlap=80, jitter=4)


@pytest.fixture
def folder(chip, tmp_path, monkeypatch):
    """A folder ``frames`` of 2 x 3, beside which everything else is written."""
    (tmp_path / "frames").mkdir()
    for k, frame in enumerate(chip.frames):
        path = tmp_path / "frames" / f"tile_r{k // COLS}_c{k % COLS}.tif"
        tifffile.imwrite(path, frame.read())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "frames"


QUICK = ("--method", "smoothed", "--max-shift", "12", "--overlap", "80")


def worst(chip, positions):
    """How far positions (rows of the CSV) are off the truth, the median offset taken away."""
    found = np.array([(int(row["y"]), int(row["x"])) for row in positions])
    off = found - np.array(chip.truth)
    return np.abs(off - np.median(off, axis=0)).max()


def test_a_folder_becomes_a_mosaic_with_all_that_was_asked_for(folder, chip):
    result = call(
        *(folder, "-o", "chip.ome.tif", *QUICK, "--positions", "p.csv", "--seams", "s.csv"),
        *("--tile-configuration", "T.txt"),
    )
    assert result.exit_code in (0, 1), result.stderr
    assert "frames    6" in result.stdout
    positions, seams = rows_of(folder.parent / "p.csv"), rows_of(folder.parent / "s.csv")
    assert worst(chip, positions) <= 1
    assert len(seams) == 7
    assert positions[0]["file"] == "frames/tile_r0_c0.tif"
    picture = tifffile.imread("chip.ome.tif")
    top = min(int(row["y"]) for row in positions)
    left = min(int(row["x"]) for row in positions)
    first = chip.frames[0].read()
    y, x = int(positions[0]["y"]) - top, int(positions[0]["x"]) - left
    np.testing.assert_array_equal(picture[y : y + 150, x : x + 150], first[:150, :150])
    assert "dim = 2" in (folder.parent / "T.txt").read_text()


def test_zarr_is_written_by_its_ending(folder):
    import zarr

    result = call(folder, "-o", "chip.ome.zarr", *QUICK, "--quiet")
    assert result.exit_code in (0, 1), result.stderr
    assert result.stdout == ""
    assert zarr.open("chip.ome.zarr", mode="r")["0"].shape[-1] > 600


def test_json_is_one_object_that_says_everything(folder):
    result = call(folder, "-o", "chip.ome.tif", *QUICK, "--json")
    said = json.loads(result.stdout)
    assert said["frames"][0]["file"] == "tile_r0_c0.tif"
    assert sum(said["counts"].values()) == said["seams"] == 7
    assert result.exit_code == (1 if said["to_check"] else 0)


def test_what_the_layout_notes_is_told(folder):
    (folder / "overview.tif").write_bytes((folder / "tile_r0_c0.tif").read_bytes())
    words = ("frames", "-o", "chip.ome.tif", "--method", "smoothed", "--max-shift", "12")
    told = json.loads(call(*words, "--json").stdout)["notes"]
    assert any("10% is assumed" in note for note in told)
    assert any("overview.tif" in note for note in told)
    lines = [line for line in call(*words).stdout.splitlines() if line.startswith("note")]
    assert lines[:2] == [f"note      {note}" for note in told]


def test_a_wrong_overlap_is_suspected_where_most_seams_are_in_doubt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grid = chip_grid(3, 4, size=300, overlap=80, jitter=4)
    for k, frame in enumerate(grid.frames):
        tifffile.imwrite(tmp_path / f"tile_r{k // 4}_c{k % 4}.tif", frame.read())
    said = [
        call(".", "-o", "o.ome.tif", "--method", "smoothed", "--overlap", overlap).stdout
        for overlap in (80, 30)
    ]
    assert ["another amount than told" in text for text in said] == [False, True]


def test_exit_code_1_and_a_count_where_somebody_must_look(folder):
    blank = np.full((300, 300), 7, np.uint8)
    tifffile.imwrite(folder / "tile_r1_c2.tif", blank)
    result = call(folder, "-o", "chip.ome.tif", *QUICK)
    assert result.exit_code == 1
    assert "a person" in result.stderr
    assert "tile_r1_c2.tif" in result.stdout
    assert "constant" in result.stdout


def test_a_second_run_estimates_nothing_again(folder, monkeypatch):
    call(folder, "-o", "chip.ome.tif", *QUICK)
    assert (folder.parent / "chip.seams.sqlite").exists()

    def never(*args, **kwargs):
        raise AssertionError("a seam was estimated again")

    monkeypatch.setattr("napari_seamnet.shifts.smoothed.SmoothedMethod.estimate", never)
    again = call(folder, "-o", "chip.ome.tif", *QUICK)
    assert again.exit_code in (0, 1), again.stderr
    other = call(folder, "-o", "chip.ome.tif", *QUICK[:2], "--max-shift", "9", "--overlap", "80")
    assert isinstance(other.exception, AssertionError)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give SOURCE, or --watch"),
        (("frames",), "nothing is to be written"),
        (("frames", "-o", "chip.jpg"), "call it chip.ome.tif"),
        (("frames", "-o", "a.ome.tif", "--seams", "a.ome.tif"), "same name"),
        (("frames", "-o", "there/is/none.ome.tif"), "make it"),
        (("nowhere", "-o", "a.ome.tif"), "no such file or folder"),
        (("frames", "-o", "a.ome.tif", "--method", "magic"), "no method 'magic'"),
        (("frames", "-o", "frames/tile_r0_c0.tif", *QUICK), "one of the frames"),
        (("frames", "--positions", "frames/tile_r0_c0.tif", *QUICK), "one of the frames"),
        (("frames", "-o", "a.ome.tif", "--journal", "j", "--no-journal"), "contradict"),
        (("--watch", "frames", "-o", "a.ome.tif", "--overlap", "auto"), "needs all frames"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_with_the_way_out(folder, words, said):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = call(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert not [path for path in folder.parent.iterdir() if path.name.startswith("a.ome")]


def test_a_broken_frame_is_named_and_nothing_is_left(folder):
    path = folder / "tile_r1_c1.tif"
    path.write_bytes(path.read_bytes()[:3000])
    result = call(folder, "-o", "chip.ome.tif", *QUICK)
    assert result.exit_code == 2
    assert "tile_r1_c1.tif" in result.stderr
    assert not (folder.parent / "chip.ome.tif").exists()


def heed_ctrl_c():
    """Of tests that run in the background, children would ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def command(*words):
    return [sys.executable, "-m", "napari_seamnet", "stitch", *map(str, words)]


def test_ctrl_c_stops_within_two_seconds_with_one_line_and_nothing_half_written(folder):
    process = subprocess.Popen(
        command(folder, "-o", "chip.ome.tif", "--max-shift", "100", "--overlap", "80",
                "--workers", "1"),
        stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c,
    )  # fmt: skip
    journal = folder.parent / "chip.seams.sqlite"
    until = time.monotonic() + 60
    while not journal.exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    error = process.communicate(timeout=60)[1]
    assert time.monotonic() - began < 20  # on a quiet machine 1; this one may be busy
    assert process.returncode == 130
    assert error.splitlines()[-1].endswith("nothing was left half-written")
    assert not list(folder.parent.glob("*.ome.tif*"))
    assert not list(folder.parent.glob(".*"))


def test_frames_are_added_as_they_arrive(chip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()

    def arrive():
        for k, frame in enumerate(chip.frames):
            time.sleep(0.3)
            beside = tmp_path / "in" / f".{k}"
            tifffile.imwrite(beside, frame.read())
            os.replace(beside, tmp_path / "in" / f"tile_r{k // COLS}_c{k % COLS}.tif")

    monkeypatch.setattr("napari_seamnet.watching.watch_folder", quick_watch)
    microscope = threading.Thread(target=arrive)
    microscope.start()
    result = call(
        *("--watch", "in", "--pattern", "tile_r{row}_c{col}.tif", "--rows", 2, "--cols", 3),
        *("-o", "chip.ome.tif", "--positions", "p.csv", *QUICK, "--idle", 20),
    )
    microscope.join()
    assert result.exit_code in (0, 1), (result.stderr, result.exception)
    assert worst(chip, rows_of(tmp_path / "p.csv")) <= 1
    assert tifffile.imread("chip.ome.tif").shape[1] > 600
    lines = [line for line in result.stdout.splitlines() if " to check" in line]
    assert len(lines) >= 2
    assert lines[-1].startswith("6 frames, 7 seams")


def quick_watch(*args, **options):
    from napari_seamnet.grids import watch_folder

    return watch_folder(*args, **(options | {"poll": 0.05, "settle": 0.1}))


def test_an_acquisition_that_never_begins_ends_with_a_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    result = call("--watch", "in", "-o", "a.ome.tif", "--idle", "0.2")
    assert result.exit_code == 1
    assert "no frame came" in result.stderr
    assert not (tmp_path / "a.ome.tif").exists()


def test_a_project_goes_on_elsewhere_with_what_was_decided(folder, chip, monkeypatch):
    """Stitched here, decided on, moved to another machine, opened there with --root."""
    from napari_seamnet.geometry import Shift
    from napari_seamnet.projects import Project

    result = call(folder, "--project", "chip.seamnet.json", *QUICK)
    assert result.exit_code in (0, 1), result.stderr
    project = Project.load("chip.seamnet.json")
    assert "stitch" in project.command
    assert project.settings.method == "smoothed"
    project.with_decision(0, 1, Shift(3, -2)).save("decided.seamnet.json")
    folder.rename(folder.parent / "moved")

    def never(*args, **kwargs):
        raise AssertionError("a seam was estimated again")

    monkeypatch.setattr("napari_seamnet.shifts.smoothed.SmoothedMethod.estimate", never)
    lost = call("decided.seamnet.json", "--positions", "p.csv")
    assert lost.exit_code == 2
    assert "--root" in lost.stderr
    found = call("decided.seamnet.json", "--root", "moved", "--positions", "p.csv")
    assert found.exit_code in (0, 1), found.stderr
    at = {row["file"]: (int(row["y"]), int(row["x"])) for row in rows_of(folder.parent / "p.csv")}
    one, two = at["moved/tile_r0_c0.tif"], at["moved/tile_r0_c1.tif"]
    assert (two[0] - one[0], two[1] - one[1]) == (3, 218)
    other = call("decided.seamnet.json", "--root", "moved", "-o", "a.ome.tif", "--overlap", "90")
    assert other.exit_code == 2
    assert "has a layout" in other.stderr


def test_a_setting_given_with_a_project_replaces_its_own(folder):
    call(folder, "--project", "chip.seamnet.json", *QUICK)
    result = call(
        *("chip.seamnet.json", "--solver", "rows", "--project", "rows.seamnet.json", "--quiet"),
    )
    assert result.exit_code in (0, 1), result.stderr
    from napari_seamnet.projects import Project

    settings = Project.load("rows.seamnet.json").settings
    assert (settings.solver, settings.method, settings.max_shift) == ("rows", "smoothed", 12)


def test_export_writes_a_project_without_computing_anything(folder, monkeypatch):
    call(folder, "--project", "chip.seamnet.json", "--positions", "p.csv", *QUICK)

    def never(*args, **kwargs):
        raise AssertionError("something was computed")

    monkeypatch.setattr("napari_seamnet.stitching.estimate", never)
    monkeypatch.setattr("napari_seamnet.projects.project.resolve", never)
    result = CliRunner().invoke(
        main,
        ["export", "chip.seamnet.json", "-o", "chip.ome.tif", "--positions", "q.csv",
         "--pixel-size", "0.25"],
    )  # fmt: skip
    assert result.exit_code in (0, 1), result.stderr
    assert rows_of(folder.parent / "q.csv") == rows_of(folder.parent / "p.csv")
    with tifffile.TiffFile("chip.ome.tif") as file:
        assert 'PhysicalSizeX="0.25"' in file.ome_metadata


def test_the_shell_completes_commands_and_options():
    environment = os.environ | {
        "_NAPARI_SEAMNET_COMPLETE": "bash_complete",
        "COMP_WORDS": "napari-seamnet stitch --owner",
        "COMP_CWORD": "2",
    }
    program = [sys.executable, "-m", "napari_seamnet"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert "--ownership" in done.stdout
