"""One training from end to end: what it shows of itself on the way."""

import numpy as np
import pytest
import torch

from napari_seamnet.learning.tile_files import write_compact
from napari_seamnet.learning.training import fit as fitting
from napari_seamnet.learning.training import run as running
from napari_seamnet.learning.training.recipes import FitRecipe
from napari_seamnet.learning.training.run import TrainingData, train_network
from napari_seamnet.nets.weights import load_network
from napari_seamnet.shifts import Cancelled

RECIPE = FitRecipe(
    network="final",
    epochs=3,
    batch=8,
    learning_rate=3e-3,
    settings={"filters": (4, 4), "dense": (16,), "dropout": 0.25},
)


@pytest.fixture
def data(make_tiles, tmp_path):
    write_compact(make_tiles(), tmp_path / "tiles.safetensors")
    return TrainingData(tiles=(tmp_path / "tiles.safetensors",))


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn as examples: shifts before, and now."""
    pictures = []
    monkeypatch.setattr(
        running, "save_examples", lambda path, pairs, before, now: pictures.append((before, now))
    )
    monkeypatch.setattr(fitting, "REPORT_SECONDS", 0.0)
    return pictures


def train(data, out, **rest):
    examples = out.with_name("examples.png")
    return train_network(RECIPE, data, out, device="cpu", examples=examples, **rest)


def stop_at(epoch, step):
    def stop(report):
        if (report.epoch, report.step) == (epoch, step):
            raise Cancelled

    return stop


def test_examples_show_the_start_above_and_each_epoch_below(data, tmp_path, drawn):
    train(data, tmp_path / "n.safetensors")
    assert len(drawn) == 4  # at the start, and after each epoch
    start = drawn[0][1]
    for before, _ in drawn:
        np.testing.assert_array_equal(before, start)
    assert all(np.abs(now - start).max() > 0.01 for _, now in drawn[1:])


@pytest.mark.parametrize("stopped", [(0, 3), (1, 2), (2, 0)])
def test_after_a_stop_the_examples_still_show_the_untrained_start_above(
    data, tmp_path, drawn, stopped
):
    train(data, tmp_path / "whole.safetensors")
    whole = drawn.copy()
    drawn.clear()
    out = tmp_path / "cut.safetensors"
    with pytest.raises(Cancelled):
        train(data, out, watch=stop_at(*stopped))
    torch.manual_seed(99)  # another process has drawn other numbers meanwhile
    train(data, out)
    for (before, now), (wanted_before, wanted_now) in zip(drawn, whole, strict=True):
        np.testing.assert_array_equal(before, wanted_before)
        np.testing.assert_array_equal(now, wanted_now)


def test_weights_to_start_from_are_above_after_a_stop_too(data, tmp_path, drawn):
    first = tmp_path / "first.safetensors"
    train(data, first)
    drawn.clear()
    out = tmp_path / "second.safetensors"
    with pytest.raises(Cancelled):
        train(data, out, start=first, watch=stop_at(1, 2))
    start = drawn[0][1]
    drawn.clear()
    train(data, out, start=first)
    assert len(drawn) == 2
    for before, _ in drawn:
        np.testing.assert_array_equal(before, start)


def test_drawing_examples_changes_nothing_of_what_is_learned(data, tmp_path, drawn):
    with_them, without = tmp_path / "with.safetensors", tmp_path / "without.safetensors"
    with pytest.raises(Cancelled):
        train(data, with_them, watch=stop_at(1, 2))
    train(data, with_them)
    train_network(RECIPE, data, without, device="cpu")
    found, wanted = (load_network(path).state_dict() for path in (with_them, without))
    for name, value in wanted.items():
        assert torch.equal(found[name], value), name


@pytest.mark.parametrize(("fast", "is_mixed"), [(torch.bfloat16, True), (None, False)])
def test_the_sources_networks_learn_in_what_the_processor_is_fast_in(
    data, tmp_path, monkeypatch, fast, is_mixed
):
    monkeypatch.setattr(running, "convolves_in", lambda device: fast)
    seen = []

    class Watched(running.SquareLearner):
        def learn(self, pixels, shifts):
            hooks = [
                layer.register_forward_hook(lambda _, __, out: seen.append(out.dtype))
                for layer in self.network.modules()
                if isinstance(layer, torch.nn.Conv2d)
            ]
            found = super().learn(pixels, shifts)
            for hook in hooks:
                hook.remove()
            return found

    monkeypatch.setattr(running, "SquareLearner", Watched)
    train(data, tmp_path / "n.safetensors")
    assert set(seen) == {torch.bfloat16 if is_mixed else torch.float32}
    weights = load_network(tmp_path / "n.safetensors").state_dict().values()
    assert not any(tensor.dtype == torch.bfloat16 for tensor in weights)
