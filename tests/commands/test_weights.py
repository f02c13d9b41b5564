"""`weights`, and --method with a person's own weights. What is done is in `test_user_weights`."""

import json

import imageio.v3 as iio
import numpy as np
import pytest
from click.testing import CliRunner

from napari_seamnet import user_weights
from napari_seamnet.cli import main
from napari_seamnet.nets import build
from napari_seamnet.nets.weights import save_weights


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder, with weights trained.safetensors, and no weights added yet."""
    monkeypatch.setenv(user_weights.DATA_VARIABLE, str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    network = build("seamnet", width=4, blocks=1, features=2)
    save_weights(
        tmp_path / "trained.safetensors",
        network.state_dict(),
        {"network": "seamnet", "architecture": network.settings},
    )
    return tmp_path


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def said(*words):
    result = call(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_weights_go_in_get_another_name_come_out_and_are_deleted(here):
    assert said("weights", "list").startswith("no weights yet in ")
    assert said("weights", "add", "trained.safetensors", "--name", "one").startswith("one: added")
    assert said("weights", "list") == "one: seamnet\n"
    assert said("weights", "rename", "one", "two") == "one: now two\n"
    assert said("weights", "export", "two", ".") == "two: written to two.safetensors\n"
    assert (here / "two.json").exists()
    assert said("weights", "delete", "two") == "two: deleted\n"
    assert said("weights", "list").startswith("no weights yet")


def test_the_name_is_the_files_if_none_is_given():
    said("weights", "add", "trained.safetensors")
    assert said("weights", "list") == "trained: seamnet\n"


def test_the_list_as_json_holds_the_cards_and_what_is_broken(here):
    said("weights", "add", "trained.safetensors", "--name", "good", "--default")
    (user_weights.weights_folder() / "notes.txt").write_text("hello")
    good, notes = json.loads(said("weights", "list", "--json"))
    assert (good["name"], good["network"], good["default"]) == ("good", "seamnet", True)
    assert good["broken"] is None
    assert good["card"]["architecture"]["width"] == 4
    assert (notes["name"], notes["default"], notes["network"]) == ("notes.txt", False, None)
    assert notes["broken"]
    assert said("weights", "list").splitlines()[1].startswith("notes.txt: broken: ")


def test_the_default_is_shown_chosen_and_reset():
    assert said("weights", "default") == "seamnet\n"
    said("weights", "add", "trained.safetensors", "--name", "mine")
    assert said("weights", "default", "mine") == "mine\n"
    assert said("weights", "list") == "mine: seamnet (default)\n"
    assert said("weights", "default", "--reset") == "seamnet\n"
    said("weights", "default", "mine")
    assert said("weights", "delete", "mine") == "mine: deleted; the default is seamnet again\n"


def test_adding_again_needs_replace():
    said("weights", "add", "trained.safetensors", "--name", "mine")
    assert call("weights", "add", "trained.safetensors", "--name", "mine").exit_code == 2
    said("weights", "add", "trained.safetensors", "--name", "mine", "--replace")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add", "gone.safetensors"], "there are no weights gone.safetensors"),
        (["add", "trained.safetensors", "--name", "search"], "is the name of a method already"),
        (["rename", "a", "b"], "you have no weights 'a'"),
        (["export", "a", "."], "you have no weights 'a'"),
        (["delete", "a"], "you have no weights 'a'"),
        (["default", "a"], "there is no method 'a'"),
        (["default", "search", "--reset"], "cannot be given together"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words, message):
    result = call("weights", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_every_command_shows_an_example():
    for words in ((), ("list",), ("add",), ("rename",), ("export",), ("delete",), ("default",)):
        assert "Example: napari-seamnet weights" in said("weights", *words, "--help")


# ---- --method --------------------------------------------------------------------------------


@pytest.fixture
def pair(here):
    scene = np.random.default_rng(0).integers(0, 256, (80, 130), np.uint8)
    iio.imwrite("left.png", scene[:, :80])
    iio.imwrite("right.png", scene[:, 50:])
    return ["left.png", "right.png", "--side", "right", "--overlap", 30, "--device", "cpu"]


def method_used(pair, *words):
    result = call("align", *pair, "--max-shift", 4, "--json", *words)
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)["method"]


def test_a_method_is_a_name_a_file_or_the_chosen_default(pair):
    said("weights", "add", "trained.safetensors", "--name", "mine")
    assert method_used(pair) == "seamnet"
    assert method_used(pair, "--method", "mine") == "mine"
    assert method_used(pair, "--method", "trained.safetensors") == "trained.safetensors"
    said("weights", "default", "mine")
    assert method_used(pair) == "mine"
    assert "[default: mine]" in " ".join(said("align", "--help").split())
    said("weights", "default", "smoothed")
    assert method_used(pair) == "smoothed"


def test_a_file_that_is_not_there_is_one_line(pair):
    result = call("align", *pair, "--method", "gone.safetensors")
    assert result.exit_code == 2
    assert "there are no weights gone.safetensors" in result.stderr


def test_a_network_without_weights_says_how_to_train_it(pair):
    result = call("align", *pair, "--method", "zero")
    assert result.exit_code == 2
    assert "napari-seamnet train --network zero" in result.stderr


def test_methods_lists_own_weights_the_default_and_the_untrained():
    said("weights", "add", "trained.safetensors", "--name", "mine", "--default")
    lines = said("methods").splitlines()
    assert lines[0] == "seamnet"
    assert "mine (default, your own weights)" in lines
    assert "zero (no weights yet: napari-seamnet train --network zero)" in lines
