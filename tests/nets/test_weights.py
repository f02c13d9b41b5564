import json
from importlib.resources import files

import pytest
import torch

from napari_seamnet.nets import NETWORKS, build
from napari_seamnet.nets import weights as weights_module
from napari_seamnet.nets.cards import check_header, square_size
from napari_seamnet.nets.seamnet import SeamNet
from napari_seamnet.nets.weights import (
    BUNDLED,
    WeightsError,
    load_network,
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

    from napari_seamnet.learning.training.simulated import Recipe

    text = files("napari_seamnet.learning").joinpath("recipes/seamnet.toml").read_text("utf-8")
    recipe = Recipe(**tomllib.loads(text))
    for name, value in read_card()["recipe"].items():
        assert getattr(recipe, name) == value, name


# ---- saved before the present first look ------------------------------------------------------


def saved_anew(path, change):
    """The bundled weights with a sharpness of their own, after a change of their tensors."""
    state = load_seamnet().state_dict()
    state["sharpness"] = torch.tensor(1.25)
    save_weights(path, change(dict(state)), read_card())
    return state


def without(*beginnings):
    return lambda state: {k: v for k, v in state.items() if not k.startswith(beginnings)}


def with_other_shapes(state):
    """As of a first look with fewer maps, and a layer that is no more."""
    state["first_weigher.own.weight"] = torch.zeros(48, 18)
    state["first_weigher.gone.weight"] = torch.zeros(3)
    return state


@pytest.mark.parametrize(
    "change",
    [without("first_weigher."), without("first_weigher.out."), with_other_shapes],
    ids=["none", "a part", "another"],
)
def test_weights_without_the_present_first_weigher_get_the_bundled_one(tmp_path, change):
    path = tmp_path / "mine.safetensors"
    own = saved_anew(path, change)
    content = path.read_bytes()
    loaded, bundled = load_seamnet(path).state_dict(), load_seamnet().state_dict()
    assert set(loaded) == set(bundled)
    for name, value in loaded.items():
        wanted = bundled if name.startswith("first_weigher.") else own
        torch.testing.assert_close(value, wanted[name], rtol=0, atol=0)
    assert path.read_bytes() == content


def test_a_first_weigher_of_one_s_own_that_fits_is_kept(tmp_path):
    def trained(state):
        state["first_weigher.out.bias"] = torch.tensor([7.5])
        return state

    saved_anew(tmp_path / "mine.safetensors", trained)
    assert load_seamnet(tmp_path / "mine.safetensors").first_weigher.out.bias.item() == 7.5


def with_another_weigher(state):
    state["weigher.own.weight"] = torch.zeros(48, 18)
    return without("first_weigher.")(state)


def with_too_much(state):
    state["second_weigher.out.bias"] = torch.zeros(1)
    return without("first_weigher.")(state)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (without("first_weigher.", "weigher.out.bias"), "weigher.out.bias"),
        (without("first_weigher.", "sharpness"), "sharpness"),
        (with_another_weigher, "weigher.own.weight"),
        (with_too_much, "second_weigher.out.bias"),
    ],
)
def test_whatever_else_does_not_fit_is_still_refused(tmp_path, change, name):
    saved_anew(tmp_path / "mine.safetensors", change)
    with pytest.raises(WeightsError, match=rf"(?s)mine\.safetensors do not fit a SeamNet.*{name}"):
        load_network(tmp_path / "mine.safetensors")


def test_bundled_weights_without_a_first_weigher_would_be_refused_and_not_loaded_for_ever(
    tmp_path, monkeypatch
):
    saved_anew(tmp_path / "seamnet.safetensors", without("first_weigher."))
    monkeypatch.setattr(weights_module, "BUNDLED", tmp_path / "seamnet.safetensors")
    with pytest.raises(WeightsError, match=r"(?s)do not fit a SeamNet.*Missing.*first_weigher"):
        load_network(tmp_path / "seamnet.safetensors")


# ---- whatever network the card says ----------------------------------------------------------


def saved_network(path, name, half=False):
    torch.manual_seed(3)
    small = {"width": 4} if name == "seamnet" else {"size": 14, "filters": (3, 4), "dense": (5,)}
    network = build(name, **small).eval()
    state = network.state_dict()
    if half:
        state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    save_weights(path, state, {"network": name, "architecture": network.settings})
    return network


@pytest.mark.parametrize("name", NETWORKS)
def test_the_card_says_which_network_is_built(name, tmp_path):
    network = saved_network(tmp_path / "w.safetensors", name)
    again = load_network(tmp_path / "w.safetensors")
    assert type(again) is type(network)
    assert not again.training
    assert all(p.requires_grad for p in again.parameters())
    for key, value in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value, rtol=0, atol=0)


def test_half_precision_is_widened_and_computes_nearly_the_same(tmp_path):
    network = saved_network(tmp_path / "w.safetensors", "final", half=True)
    again = load_network(tmp_path / "w.safetensors")
    assert {p.dtype for p in again.parameters()} == {torch.float32}
    squares = torch.rand(2, 2, 14, 14)
    with torch.inference_mode():
        torch.testing.assert_close(again(squares), network(squares), rtol=0.02, atol=0.02)


def test_a_card_without_a_network_is_seamnet_s(saved):
    _, path = saved
    assert read_card(path)["network"] == "seamnet"
    assert isinstance(load_network(path), SeamNet)


def test_weights_of_a_square_network_are_no_seamnet(tmp_path):
    saved_network(tmp_path / "w.safetensors", "first-2")
    with pytest.raises(WeightsError, match=r"do not fit a SeamNet.*'first-2'"):
        load_seamnet(tmp_path / "w.safetensors")


def changed_card(path, **changes):
    card = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**card, **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "tenth"}, "of a network 'tenth', but those known are seamnet, zero"),
        ({"network": ["final"]}, "of a network"),
        ({"architecture": 3}, "does not say its architecture"),
        ({"sha256": None}, "does not say its sha256"),
        ({"network": "final"}, "do not fit a network 'final'"),
        ({"architecture": {"width": 10**9, "blocks": 1, "features": 2}}, "do not fit"),
        ({"architecture": {"width": -4}}, "do not fit"),
        ({"architecture": {"eval": "print()"}}, "do not fit"),
    ],
)
def test_a_card_of_something_else_is_refused(saved, changes, message):
    _, path = saved
    changed_card(path, **changes)
    with pytest.raises(WeightsError, match=message):
        load_network(path)


@pytest.mark.parametrize("content", ["[1, 2]", "no JSON", "[" * 100_000])
def test_a_card_that_is_none_is_refused(saved, content):
    _, path = saved
    path.with_suffix(".json").write_text(content)
    with pytest.raises(WeightsError, match=r"net\.json"):
        read_card(path)


def test_weights_that_are_not_there_at_all_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"there are no weights .*gone\.safetensors"):
        load_network(tmp_path / "gone.safetensors")


def test_a_file_that_was_cut_off_is_no_whole_one(saved):
    _, path = saved
    check_header(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=r"net\.safetensors cannot be read"):
        check_header(path)


def test_the_size_of_the_squares_is_read_off_the_card(tmp_path):
    path = tmp_path / "w.safetensors"
    saved_network(path, "final")
    assert square_size(path) == 14
    changed_card(path, architecture={})
    assert square_size(path) == 150
    changed_card(path, architecture={"size": "large"})
    with pytest.raises(WeightsError, match="'large' as the squares' size"):
        square_size(path)
