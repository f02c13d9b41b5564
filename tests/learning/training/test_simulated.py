import json
import math

import numpy as np
import pytest
import torch

from napari_seamnet.learning.training import simulated as train
from napari_seamnet.learning.training.simulated import (
    Recipe,
    RecipeError,
    SimulatedBatches,
    learn_from,
    learning_rate,
    shift_loss,
    train_from_recipe,
)
from napari_seamnet.nets.seamnet import SeamNet
from napari_seamnet.nets.weights import load_seamnet
from napari_seamnet.shifts import Cancelled

TINY = """
seed = 4
steps = 3
pixels = 8000
width = 4
blocks = 1
features = 2
long_share = 0.0
[mixture]
texture = 1.0
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def test_the_same_recipe_gives_the_same_weights_however_many_processes_draw(recipe, tmp_path):
    outs = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for out, workers in zip(outs, (0, 1), strict=True):
        train_from_recipe(recipe, [], out, "cpu", workers=workers)
    one, other = (load_seamnet(out).state_dict() for out in outs)
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0)


def test_training_tells_its_progress_and_writes_weights_with_a_card(recipe, tmp_path):
    told = []
    out = tmp_path / "net.safetensors"
    metrics = train_from_recipe(recipe, [], out, "cpu", lambda *step: told.append(step), workers=0)
    assert [(done, total) for done, total, _ in told] == [(1, 3), (2, 3), (3, 3)]
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["recipe"]["seed"] == 4
    assert card["metrics"] == metrics
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "net.json",
        "net.safetensors",
        "tiny.toml",
    ]


def test_a_cancelled_training_leaves_nothing_under_the_final_name(recipe, tmp_path):
    def cancel(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        train_from_recipe(recipe, [], tmp_path / "net.safetensors", "cpu", cancel, workers=0)
    assert [p.name for p in tmp_path.glob("net*")] == ["net.part.safetensors"]


@pytest.mark.parametrize("stop_at", [1, 3])
def test_a_stopped_training_goes_on_as_if_it_had_never_been(tmp_path, stop_at):
    path = tmp_path / "two.toml"
    path.write_text("weigher_seams = 6\nfirst_look_seams = 4\nweigher_epochs = 2\n" + TINY)
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    metrics = train_from_recipe(path, [], whole, "cpu", workers=0)

    def stop(done, total, what):
        if done == stop_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_from_recipe(path, [], cut, "cpu", stop, workers=0)
    assert not cut.exists()
    told = []
    again = train_from_recipe(path, [], cut, "cpu", lambda *step: told.append(step[0]), workers=0)
    assert min(told) > stop_at - (
        stop_at == 3
    )  # all features are learned: only the weigher is left
    assert again == metrics
    one, other = (load_seamnet(out).state_dict() for out in (whole, cut))
    for name in one:
        assert torch.equal(one[name], other[name]), name
    assert not list(tmp_path.glob("*.part*"))


def test_training_lowers_the_loss_of_the_pairs_it_sees(recipe):
    torch.manual_seed(0)
    network = SeamNet(4, 1, 2)
    first, second, shifts, reach = SimulatedBatches(Recipe.read(recipe), ())[0]
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        optimiser.zero_grad()
        loss, _ = learn_from(network, (first, second, shifts), reach)
        optimiser.step()
        losses.append(loss)
    assert losses[-1] < losses[0] - 0.2


def test_a_batch_in_parts_has_the_gradients_of_the_whole(recipe):
    network = SeamNet(4, 1, 2)
    batch = SimulatedBatches(Recipe.read(recipe), ())[1]
    gradients = []
    for parts in (1, 2):
        network.zero_grad()
        learn_from(network, batch[:3], batch[3], parts)
        gradients.append([p.grad.clone() for p in network.parameters() if p.grad is not None])
    for whole, split in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, split, rtol=1e-3, atol=1e-5)


def test_out_of_memory_makes_smaller_batches_and_says_so(recipe, tmp_path, monkeypatch):
    real, asked = train.learn_from, []

    def short(network, batch, reach, parts=1, **rest):
        asked.append(parts)
        if parts == 1:
            raise torch.OutOfMemoryError("no room")
        return real(network, batch, reach, parts, **rest)

    monkeypatch.setattr(train, "learn_from", short)
    with pytest.warns(UserWarning, match="ran out of memory; going on with batches in 2 parts"):
        train_from_recipe(recipe, [], tmp_path / "n.safetensors", "cpu", workers=0)
    assert asked == [1, 2, 2, 2]


def test_no_room_for_a_single_pair_is_said_in_words(recipe, tmp_path, monkeypatch):
    def full(network, batch, reach, parts=1, **rest):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(train, "learn_from", full)
    with (
        pytest.warns(UserWarning, match="smaller batches|in 2|in 4|parts"),
        pytest.raises(MemoryError, match="crops smaller"),
    ):
        train_from_recipe(recipe, [], tmp_path / "n.safetensors", "cpu", workers=0)


def test_the_loss_is_least_where_the_map_shows_the_shift_by_linear_interpolation():
    target = torch.tensor([[1.25, -0.5]])
    share = torch.full((1, 7, 7), 1e-9)
    for y, wy in ((4, 0.75), (5, 0.25)):
        for x, wx in ((2, 0.5), (3, 0.5)):
            share[0, y, x] = wy * wx
    best = float(shift_loss(share.log(), target))
    entropy = -sum(w * math.log(w) for w in (0.375, 0.375, 0.125, 0.125))
    assert best == pytest.approx(entropy, abs=1e-4)
    assert float(shift_loss(share.log().roll(1, -1), target)) > best + 1


def test_the_learning_rate_rises_then_falls_to_almost_nothing():
    rates = [learning_rate(step, 200, 1e-2) for step in range(200)]
    assert np.argmax(rates) in (9, 10)
    assert max(rates) == pytest.approx(1e-2)
    assert rates[-1] < 1e-4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = ", "cannot be read"),
        ("stepps = 3", "unknown settings: stepps"),
        ("[mixture]\nsand = 1.0", "cannot be followed.*sand"),
        ("[conditions]\nrain = 1.0", "cannot be followed.*rain"),
    ],
)
def test_a_bad_recipe_is_refused_and_named(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        Recipe.read(path)
    assert "bad.toml" in str(caught.value)


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.toml"):
        Recipe.read(tmp_path / "none.toml")


def test_progress_goes_on_through_all_stages(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text("weigher_seams = 6\nfirst_look_seams = 4\nweigher_epochs = 2\n" + TINY)
    told = []
    out = tmp_path / "n.safetensors"
    train_from_recipe(path, [], out, "cpu", lambda *step: told.append(step[:2]), workers=0)
    done = [step for step, _ in told]
    assert done == sorted(done)
    (total,) = {total for _, total in told}
    assert done[-1] == total


def test_without_steps_the_bundled_features_stay_and_only_the_weigher_learns(tmp_path):
    path = tmp_path / "weigher.toml"
    path.write_text("steps = 0\nweigher_seams = 4\nweigher_epochs = 1\n")
    out = tmp_path / "n.safetensors"
    train_from_recipe(path, [], out, "cpu", workers=0)
    made, bundled = load_seamnet(out).state_dict(), load_seamnet().state_dict()
    for name, value in made.items():
        assert torch.equal(value, bundled[name]) != name.startswith("weigher."), name


def test_a_first_look_learns_alone(tmp_path):
    path = tmp_path / "first.toml"
    path.write_text("steps = 0\nfirst_look_seams = 4\nweigher_epochs = 1\n")
    out = tmp_path / "n.safetensors"
    metrics = train_from_recipe(path, [], out, "cpu", workers=0)
    assert metrics["within_1_px"] == metrics["first_look_within_1_px"]
    made, bundled = load_seamnet(out).state_dict(), load_seamnet().state_dict()
    for name, value in made.items():
        assert torch.equal(value, bundled[name]) != name.startswith("first_weigher."), name


def test_features_of_another_size_can_have_the_bundled_first_look(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    out = tmp_path / "n.safetensors"
    train_from_recipe(path, [], out, "cpu", workers=0)
    made, bundled = load_seamnet(out).state_dict(), load_seamnet().state_dict()
    for name in (name for name in made if name.startswith("first_weigher.")):
        assert torch.equal(made[name], bundled[name])


def test_features_of_another_size_cannot_be_taken_over(tmp_path):
    path = tmp_path / "weigher.toml"
    path.write_text("steps = 0\nwidth = 4\nweigher_seams = 4\n")
    with pytest.raises(RecipeError, match="width"):
        train_from_recipe(path, [], tmp_path / "n.safetensors", "cpu", workers=0)


def test_a_training_that_breaks_down_says_so_and_writes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    out = tmp_path / "n.safetensors"
    monkeypatch.setattr(
        "napari_seamnet.learning.training.simulated.learn_from",
        lambda *args: (float("nan"), args[1][2]),
    )
    with pytest.raises(RecipeError, match="broke down in step 1"):
        train_from_recipe(path, [], out, "cpu", workers=0)
    assert not out.exists()
