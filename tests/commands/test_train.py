"""``train``: tiles or hand alignments in, weights with a card out."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from click.testing import CliRunner

from napari_seamnet import cli, user_weights
from napari_seamnet.commands.train import _adopt, _method_to_beat
from napari_seamnet.learning.hand import record_all
from napari_seamnet.learning.tiles import TilePlan, generate_tiles
from napari_seamnet.nets.build import bundled_weights
from napari_seamnet.nets.cards import read_card
from napari_seamnet.nets.weights import load_network, save_weights
from napari_seamnet.shifts import get_method

RECIPE = """
network = "final"
epochs = 2
batch = 8
learning_rate = 0.003
[settings]
filters = [4, 4]
dense = [16]
"""
FINE = """
network = "seamnet"
starts_from_weights = true
epochs = 1
steps = 3
learning_rate = 0.0005
reach = 4
validation_steps = 2
"""


@pytest.fixture(scope="module")
def seeds(tmp_path_factory, hand_pairs):
    """Four hand-aligned pairs of 150 x 130 px frames, and 40 tiles of them."""
    folder = tmp_path_factory.mktemp("seeds")
    alignments = hand_pairs(folder, 4, pitch=200, width=900)
    record_all(folder / "hand.jsonl", alignments)
    generate_tiles(alignments, folder / "tiles", TilePlan(24, 3, 40, 0.25, 0))
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "fine.toml").write_text(FINE)
    return folder


def call(*words):
    return CliRunner().invoke(cli.main, ["train", *map(str, words), "--workers", "0"])


def test_tiles_and_a_recipe_give_weights_that_are_a_method(seeds, tmp_path):
    out = tmp_path / "mine.safetensors"
    result = call(
        "--tiles", seeds / "tiles", "--recipe", seeds / "recipe.toml", "-o", out,
        "--device", "cpu", "--adopt", "mine",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "on validation, mean max error" in result.stdout
    card = read_card(out)
    assert card["network"] == "final"
    assert card["architecture"]["size"] == 24
    assert card["data"]["tiles"] == ["tiles"]
    assert len(card["history"]) == 3
    assert (
        card["metrics"]["mean_max"]
        == min(card["history"], key=lambda row: row["validation_loss"])["mean_max"]
    )
    assert [found.name for found in user_weights.list_weights()] == ["mine"]
    assert get_method("mine").name == "mine"
    assert user_weights.default_method() == "seamnet"
    assert not list(tmp_path.glob("*.part*"))


def test_hand_alignments_fine_tune_seamnet_and_old_and_new_are_compared(seeds, tmp_path):
    out = tmp_path / "tuned.safetensors"
    result = call(
        "--hand", seeds / "hand.jsonl", "--recipe", seeds / "fine.toml", "-o", out,
        "--device", "cpu",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "On 1 held-out pairs" in result.stdout
    assert "The new weights are" in result.stdout
    card = read_card(out)
    assert card["network"] == "seamnet"
    assert card["data"]["start"] == read_card(bundled_weights("seamnet"))["sha256"]
    assert len(card["data"]["held_out"]) == 1


@pytest.mark.parametrize(
    ("default", "start", "to_beat"),
    [
        (None, None, "seamnet"),
        (None, "nothing", "seamnet"),
        (None, "other", "other"),
        ("mine", None, "mine"),
        ("mine", "bundled", "mine"),
        ("mine", "nothing", "mine"),
        ("mine", "other", "mine"),
        ("mine", "mine", "mine"),
        ("smoothed", "other.safetensors", "smoothed"),
    ],
)
def test_what_is_to_beat_is_the_default_or_the_start_where_that_is_bundled(
    default, start, to_beat
):
    for name in ("mine", "other"):
        user_weights.add_weights(bundled_weights("seamnet"), name)
    user_weights.set_default(default)
    assert _method_to_beat(start) == to_beat


def test_weights_that_began_badly_have_to_beat_the_default_all_the_same(seeds, tmp_path):
    network = load_network(bundled_weights("seamnet"))
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in network.weigher.parameters():
            parameter += 2 * torch.randn_like(parameter)
    poor, out = tmp_path / "poor.safetensors", tmp_path / "tuned.safetensors"
    save_weights(poor, network.state_dict(), read_card(bundled_weights("seamnet")))
    user_weights.add_weights(bundled_weights("seamnet"), "mine")
    user_weights.set_default("mine")
    before = user_weights.find_weights("mine").path.read_bytes()
    result = call(
        "--hand", seeds / "hand.jsonl", "--recipe", seeds / "fine.toml", "-o", out,
        "--start", poor, "--device", "cpu", "--adopt", "mine", "--yes",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("| ")]
    assert rows == ["method", "mine", "tuned"] * 2
    assert "The new weights are not better." in result.stdout
    assert "'mine' is the default method and stays as it was" in result.stdout
    assert user_weights.find_weights("mine").path.read_bytes() == before


@pytest.mark.parametrize(("better", "is_taken"), [(True, True), (False, False), (None, False)])
def test_the_default_itself_is_replaced_by_better_weights_only(tmp_path, better, is_taken):
    user_weights.add_weights(bundled_weights("seamnet"), "mine")
    user_weights.set_default("mine")
    network, out = load_network(bundled_weights("seamnet")), tmp_path / "new.safetensors"
    with torch.no_grad():
        network.sharpness += 1
    save_weights(out, network.state_dict(), read_card(bundled_weights("seamnet")))
    _adopt("mine", out, better, yes=True)
    wanted = out if is_taken else bundled_weights("seamnet")
    assert user_weights.find_weights("mine").path.read_bytes() == wanted.read_bytes()
    assert user_weights.default_method() == "mine"


@pytest.mark.parametrize(
    ("better", "yes", "answer", "is_taken"),
    [
        (True, False, True, True),
        (True, False, False, False),
        (True, False, None, False),  # no terminal: nobody is there to be asked
        (True, True, None, True),
        (False, True, None, False),
        (False, False, True, False),
        (None, True, None, False),  # nothing was held out
    ],
)
def test_weights_become_the_default_only_if_better_and_with_consent(
    monkeypatch, better, yes, answer, is_taken
):
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: answer is not None, raising=False)
    monkeypatch.setattr(
        "napari_seamnet.commands.train.click.confirm",
        lambda question: asked.append(question) or answer,
    )
    _adopt("mine", bundled_weights("seamnet"), better, yes)
    assert [found.name for found in user_weights.list_weights()] == ["mine"]
    assert user_weights.default_method() == ("mine" if is_taken else "seamnet")
    assert bool(asked) == bool(better and not yes and answer is not None)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_events_are_json_lines_and_stop_leaves_a_checkpoint_to_go_on_from(
    seeds, tmp_path, workers
):
    out = tmp_path / "n.safetensors"
    words = [
        sys.executable, "-m", "napari_seamnet", "train", "--tiles", str(seeds / "tiles"),
        "--recipe", str(seeds / "recipe.toml"), "--epochs", "400", "-o", str(out),
        "--device", "cpu", "--workers", workers, "--events",
    ]  # fmt: skip
    run = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in run.stdout:
        event = json.loads(line)
        if event["event"] == "report" and event["epoch"] >= 1:
            run.stdin.write("stop\n")
            run.stdin.flush()
            break
    rest = [json.loads(line) for line in run.stdout]
    assert run.wait(timeout=60) == 130
    assert rest[-1] == {"event": "stopped"}
    assert not out.exists()
    checkpoint = out.with_name("n.part.safetensors")
    assert checkpoint.exists()
    assert (tmp_path / "n.examples.png").read_bytes().startswith(b"\x89PNG")
    # Other settings are another training.
    other = call("--tiles", seeds / "tiles", "--recipe", seeds / "recipe.toml", "-o", out)
    assert other.exit_code == 2
    assert "delete it" in other.stderr


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_stops_within_two_seconds_in_one_line(seeds, tmp_path):
    out = tmp_path / "n.safetensors"
    words = [
        sys.executable, "-m", "napari_seamnet", "train", "--tiles", str(seeds / "tiles"),
        "--recipe", str(seeds / "recipe.toml"), "--epochs", "4000", "-o", str(out),
        "--device", "cpu", "--workers", "1",
    ]  # fmt: skip
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "validation loss" in run.stderr.readline()
    start = time.monotonic()
    run.send_signal(signal.SIGINT)
    _, error = run.communicate(timeout=30)
    assert time.monotonic() - start < 5
    assert run.returncode == 130
    assert error.splitlines()[-1].startswith("napari-seamnet: stopped")
    assert "Traceback" not in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tiles", "nowhere"), "there is no nowhere"),
        (("--network", "last", "--simulated", "1"), "no network 'last'"),
        (("--network", "final"), "nothing to train on"),
        (("--hand", "HAND", "--network", "final"), "learns from tiles"),
        (("--start", "nobody", "--hand", "HAND"), "nobody"),
        (("--tiles", "TILES", "-o", "x.pt"), "kept as .safetensors"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(seeds, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    places = {"HAND": seeds / "hand.jsonl", "TILES": seeds / "tiles"}
    result = call(*(places.get(word, word) for word in words))
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
