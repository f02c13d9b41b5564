import csv
import json
import os
import shlex
import subprocess
import sys

import imageio.v3 as iio
import numpy as np
import pytest
from click.testing import CliRunner

from napari_seamnet import cli
from napari_seamnet.geometry import Shift
from napari_seamnet.learning.tile_label import tile_picture

FEW = ("--simulated", 4, "--size", "48x64", "--range", 5, "--max-shift", 8)


def call(*words):
    return CliRunner().invoke(cli.main, ["evaluate", *(str(word) for word in words)])


def refused(result, *said):
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return all(word in result.stderr for word in said)


@pytest.fixture
def tiles(tmp_path):
    """Three tiles of noise, whose only true shift is the labelled one."""
    scene = np.random.default_rng(3).integers(0, 255, (120, 120)).astype(np.uint8)
    folder = tmp_path / "tiles"
    folder.mkdir()
    for k, (dy, dx) in enumerate([(0, 0), (-4, 2), (7, -7)]):
        second = scene[30 + dy : 80 + dy, 30 + dx : 80 + dx]
        iio.imwrite(folder / f"{k}.png", tile_picture(scene[30:80, 30:80], second, Shift(dy, dx)))
    return folder


def test_methods_stand_side_by_side_and_the_run_is_done_whatever_they_found():
    result = call(*FEW, "--method", "smoothed", "--method", "search")
    assert result.exit_code == 0, result.output
    rows = [line.split("|")[1].strip() for line in result.stdout.splitlines() if "|" in line]
    assert [row for row in rows if "-" not in row] == ["method", "smoothed", "search"] * 2


def test_tiles_are_evaluated_against_their_labels(tiles):
    result = call("--tiles", tiles, "--method", "search", "--json")
    found = json.loads(result.stdout)
    assert found["seams"] == 3
    (summary,) = found["summaries"]
    assert (summary["method"], summary["within_1"], summary["silent_errors"]) == ("search", 1, 0)
    assert summary["mean_max"] < 0.2


def test_every_noise_has_a_row_of_its_own_and_json_is_all_that_is_printed():
    result = call(*FEW, "--method", "smoothed", "--noise", "0,0.3", "--json")
    assert len(result.stdout.splitlines()) == 1
    assert [s["noise"] for s in json.loads(result.stdout)["summaries"]] == [0, 0.3]


def test_the_command_that_is_told_gives_the_same_answers(tmp_path):
    files = tmp_path / "one.csv", tmp_path / "other.csv"
    words = (*FEW, "--method", "smoothed", "--noise", "0.2", "--seed", 3, "--csv", files[0])
    told = shlex.split(json.loads(call(*words, "--json").stdout)["command"])
    assert told[:2] == ["napari-seamnet", "evaluate"]
    again = [str(files[1]) if word == str(files[0]) else word for word in told[2:]]
    assert call(*again).exit_code == 0

    def answers(path):
        with open(path, newline="") as file:
            return [row | {"seconds": ""} for row in csv.DictReader(file)]

    assert len(answers(files[0])) == 4
    assert answers(files[0]) == answers(files[1])


def test_page_and_answers_are_written_and_said(tmp_path):
    page, answers = tmp_path / "p.html", tmp_path / "a.csv"
    result = call(*FEW, "--method", "smoothed", "--page", page, "--csv", answers, "--title", "T!")
    assert result.exit_code == 0, result.output
    assert f"written: {page}" in result.stdout
    text = page.read_text(encoding="utf-8")
    assert "<title>T!</title>" in text
    assert "napari-seamnet evaluate --simulated 4 --method smoothed" in text
    assert len(answers.read_text().splitlines()) == 5


def test_only_some_seams_are_evaluated_if_so_asked(tiles):
    found = json.loads(call("--tiles", tiles, "--count", 2, "--method", "search", "--json").stdout)
    assert found["seams"] == 2


def test_shifts_out_of_reach_are_told(tiles):
    result = call("--tiles", tiles, "--max-shift", 5, "--method", "search")
    assert result.exit_code == 0
    assert "1 of 3 true shifts lie beyond --max-shift 5" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--simulated"),
        (("--simulated", 2, "--method", "none"), "there is no method 'none'"),
        (("--simulated", 2, "--noise", "a"), "shares of the full range"),
        (("--simulated", 2, "--noise", "-1"), "shares of the full range"),
        (("--simulated", 2, "--size", "9"), "16 to 8192 px"),
        (("--simulated", 2, "--size", "90x90x90"), "16 to 8192 px"),
        (("--simulated", 2, "--split", "train"), "--split goes with --tiles"),
        (("--simulated", 2, "--page", "no/p.html"), "there is no folder no"),
        (("--simulated", 2, "--page", "p", "--csv", "p"), "cannot both be p"),
        (("--pairs", "none.csv", "--method", "search"), "there is no none.csv"),
        (("--tiles", "none", "--method", "search"), "none"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert refused(call(*words), said)
    assert list(tmp_path.iterdir()) == []


def test_a_frame_or_a_list_is_never_written_over(tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("left_or_top_file,right_or_bottom_file,dx,dy\n")
    assert refused(call("--pairs", pairs, "--csv", pairs), "give another name")
    assert pairs.read_text().startswith("left")


def test_help_comes_without_loading_what_is_slow():
    code = (
        "import sys; from napari_seamnet.cli import main\n"
        "try: main(['evaluate', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'matplotlib', 'skimage', 'qtpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "silent errors" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_file_of_weights_is_a_method_and_the_page_tells_its_checksum(tmp_path):
    from hashlib import sha256
    from importlib.resources import as_file, files

    with as_file(files("napari_seamnet.nets") / "weights") as folder:
        page = tmp_path / "p.html"
        weights = folder / "seamnet.safetensors"
        result = call(
            *FEW, "--method", weights, "--method", "smoothed", "--device", "cpu", "--page", page
        )
        assert result.exit_code == 0, result.output
        assert "| seamnet " in result.stdout
        assert sha256(weights.read_bytes()).hexdigest() in page.read_text(encoding="utf-8")


def test_without_a_method_the_default_ones_are_evaluated_and_told(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_SEAMNET_DATA", str(tmp_path))
    found = json.loads(call(*FEW, "--device", "cpu", "--json").stdout)
    assert [s["method"] for s in found["summaries"]] == ["seamnet", "smoothed"]
    assert "--method seamnet --method smoothed" in found["command"]
