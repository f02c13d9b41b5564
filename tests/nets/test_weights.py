import json
from importlib.resources import files

import pytest
import torch

from napari_seamnet.nets.seamnet import SeamNet
from napari_seamnet.nets.weights import (
    BUNDLED,
    WeightsError,
    load_seamnet,
    read_card,
    save_weights,
)


@pytest.fixture
def saved(tmp_path):
    network = SeamNet(width=4, blocks=1, features=2)
    path = tmp_path / "net.safetensors"
    save_weights(path, network.state_dict(), {"architecture": network.settings})
    return network, path


def test_weights_come_back_as_they_were(saved):
    network, path = saved
    again = load_seamnet(path)
    assert not again.training
    for name, value in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)


def test_nothing_but_weights_and_card_is_left_in_the_folder(saved):
    _, path = saved
    assert sorted(p.name for p in path.parent.iterdir()) == ["net.json", "net.safetensors"]


def test_damaged_weights_are_refused(saved):
    _, path = saved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"net\.safetensors are not those of their card"):
        load_seamnet(path)


def test_a_missing_card_is_named(saved):
    _, path = saved
    path.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match=r"net\.json.*keep the \.json"):
        load_seamnet(path)


def test_missing_weights_are_named(saved):
    _, path = saved
    path.unlink()
    with pytest.raises(WeightsError, match=r"net\.safetensors cannot be read"):
        load_seamnet(path)


def test_weights_of_another_network_are_refused(saved):
    _, path = saved
    card = json.loads(path.with_suffix(".json").read_text())
    card["architecture"]["width"] = 6
    path.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(WeightsError, match="do not fit a SeamNet"):
        load_seamnet(path)


def test_the_bundled_weights_are_small_and_have_a_full_card():
    assert BUNDLED.stat().st_size <= 4_000_000
    card = read_card()
    for entry in ("architecture", "recipe", "pictures", "metrics", "sha256"):
        assert entry in card
    load_seamnet()


def test_the_card_s_recipe_is_the_one_that_is_shipped():
    import tomllib

    from napari_seamnet.learning.train import Recipe

    text = files("napari_seamnet.learning").joinpath("recipes/seamnet.toml").read_text("utf-8")
    recipe = Recipe(**tomllib.loads(text))
    for name, value in read_card()["recipe"].items():
        assert getattr(recipe, name) == value, name
