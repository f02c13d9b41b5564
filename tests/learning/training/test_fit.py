import numpy as np
import pytest
import torch

from napari_seamnet.learning.training import fit as fitting
from napari_seamnet.learning.training.batches import TileBatches, WindowBatches
from napari_seamnet.learning.training.checkpoint import checkpoint_path
from napari_seamnet.learning.training.fit import fit, measure
from napari_seamnet.learning.training.learners import SeamLearner, SquareLearner
from napari_seamnet.learning.training.recipes import FitRecipe
from napari_seamnet.nets.build import build
from napari_seamnet.nets.seamnet import SeamNet
from napari_seamnet.nets.weights import WeightsError
from napari_seamnet.shifts import Cancelled

CPU = torch.device("cpu")
SMALL = {"filters": (4, 4), "dense": (16,), "dropout": 0.25}


@pytest.fixture
def data(make_tiles):
    tiles = make_tiles()
    return (
        TileBatches(tiles.of_split("train"), 8, 1),
        TileBatches(tiles.of_split("validation"), 8, is_shuffled=False),
    )


def small_learner(mixed=False):
    torch.manual_seed(2)
    return SquareLearner(build("final", size=24, **SMALL), mixed)


def recipe(**changes):
    return FitRecipe(**{"epochs": 3, "batch": 8, "learning_rate": 3e-3, **changes})


def run(learner, out, data, the_recipe, **rest):
    return fit(learner, the_recipe, *data, out, device=CPU, **rest)


def test_training_lowers_the_error_on_tiles_it_has_not_seen(make_tiles, tmp_path):
    tiles = make_tiles(400, 20, 1)
    train = TileBatches(tiles.of_split("train"), 16, 1)
    held = TileBatches(tiles.of_split("validation"), 50, is_shuffled=False)
    torch.manual_seed(2)
    learner = SquareLearner(build("first-2", size=20, filters=(8, 8), dense=(32,)))
    course = run(learner, tmp_path / "n.safetensors", (train, held), recipe(epochs=12, batch=16))
    first, best = course.history[0], min(course.history, key=lambda row: row["validation_loss"])
    assert best["validation_loss"] < 0.8 * first["validation_loss"]
    assert measure(learner, held, CPU).loss == pytest.approx(best["validation_loss"], rel=1e-5)


@pytest.mark.parametrize("stop_at", [(0, 3), (1, 2), (2, 0)])
def test_a_stopped_training_goes_on_as_if_it_had_never_been(data, tmp_path, stop_at, monkeypatch):
    monkeypatch.setattr(fitting, "REPORT_SECONDS", 0.0)
    whole = small_learner()
    wanted = run(whole, tmp_path / "whole.safetensors", data, recipe())

    def stop(report):
        if (report.epoch, report.step) == stop_at:
            raise Cancelled

    out = tmp_path / "cut.safetensors"
    with pytest.raises(Cancelled):
        run(small_learner(), out, data, recipe(), watch=stop)
    assert checkpoint_path(out).exists()
    torch.manual_seed(99)  # another process has drawn other numbers meanwhile
    again = SquareLearner(build("final", size=24, **SMALL))
    course = run(again, out, data, recipe())
    assert not checkpoint_path(out).exists()
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name]), name
    assert course.history == wanted.history


def test_after_a_crash_the_last_checkpoint_counts(data, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "REPORT_SECONDS", 0.0)
    whole = small_learner()
    run(whole, tmp_path / "whole.safetensors", data, recipe())

    class Crash(BaseException):
        pass

    def crash(report):
        if (report.epoch, report.step) == (1, 3):
            raise Crash

    out = tmp_path / "cut.safetensors"
    with pytest.raises(Crash):
        run(small_learner(), out, data, recipe(), watch=crash, checkpoint_seconds=0.0)
    again = small_learner()
    run(again, out, data, recipe())
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name]), name


def test_workers_change_nothing(data, tmp_path):
    results = []
    for workers in (0, 2):
        learner = small_learner()
        run(learner, tmp_path / f"{workers}.safetensors", data, recipe(epochs=2), workers=workers)
        results.append(learner.network.state_dict())
    for name in results[0]:
        assert torch.equal(results[0][name], results[1][name])


def test_a_checkpoint_of_another_training_is_refused(data, tmp_path):
    def stop(report):
        raise Cancelled

    out = tmp_path / "n.safetensors"
    with pytest.raises(Cancelled):
        run(small_learner(), out, data, recipe(), watch=stop)
    with pytest.raises(WeightsError, match="other settings or other data"):
        run(small_learner(), out, data, recipe(learning_rate=1e-4))
    checkpoint_path(out).write_bytes(b"\0" * 100)
    with pytest.raises(WeightsError, match="damaged"):
        run(small_learner(), out, data, recipe())
    run(small_learner(), out, data, recipe(epochs=1), resume=False)


def test_the_best_weights_win_not_the_last(data, tmp_path):
    learner = small_learner()
    course = run(learner, tmp_path / "n.safetensors", data, recipe(epochs=4, learning_rate=0.1))
    losses = [row["validation_loss"] for row in course.history[1:]]
    assert measure(learner, data[1], CPU).loss == pytest.approx(min(losses), rel=1e-4)


def test_weights_to_start_from_stay_where_nothing_is_better(data, tmp_path):
    learner = small_learner()
    before = {k: v.clone() for k, v in learner.network.state_dict().items()}
    worse = recipe(epochs=2, learning_rate=3.0, starts_from_weights=True)
    run(learner, tmp_path / "n.safetensors", data, worse)
    for name, value in learner.network.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_learning_rate_falls_to_a_tenth_after_three_epochs_on_a_plateau(data, tmp_path):
    flat = recipe(epochs=9, learning_rate=1e-3, improvement=1e6, least_rate=2e-5)
    course = run(small_learner(), tmp_path / "n.safetensors", data, flat)
    rates = [row["rate"] for row in course.history[1:]]
    assert rates == pytest.approx([1e-3] * 4 + [1e-4] * 3 + [2e-5] * 2)


def test_the_metrics_are_those_of_the_source(data):
    learner = small_learner()
    metrics = measure(learner, data[1], CPU)
    tiles = data[1].tiles
    with torch.no_grad():
        learner.network.eval()
        found = learner.network(torch.from_numpy(tiles.pixels(slice(None))).float() / 255).numpy()
    error = np.abs(found - tiles.shifts)
    assert metrics.mean_max == pytest.approx(error.max(1).mean(), rel=1e-4)
    assert metrics.mean_dy == pytest.approx(error[:, 0].mean(), rel=1e-4)
    assert metrics.mean_dx == pytest.approx(error[:, 1].mean(), rel=1e-4)
    assert metrics.within_1 == pytest.approx((error.max(1) <= 1).mean())


def test_out_of_memory_makes_smaller_batches_with_the_same_gradients(data, tmp_path, monkeypatch):
    whole, parts = small_learner(), small_learner()
    for learner in (whole, parts):
        learner.network.eval()  # batch normalisation sees the batch's size
    real = SquareLearner.learn

    def short(self, pixels, shifts):
        if len(pixels) > 2:
            raise torch.OutOfMemoryError("no room")
        return real(self, pixels, shifts)

    pixels, shifts = data[0].batch(0, 0)
    wanted = fitting._learn_within_memory(whole, pixels, shifts)
    monkeypatch.setattr(SquareLearner, "learn", short)
    with (
        pytest.warns(UserWarning, match="in 2 parts"),
        pytest.warns(UserWarning, match="in 4 parts"),
    ):
        found = fitting._learn_within_memory(parts, pixels, shifts)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)
    for a, b in zip(whole.learns(), parts.learns(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-5)


def test_mixed_precision_learns_the_same_to_its_rounding(data):
    pixels, shifts = data[0].batch(0, 0)
    exact, mixed = (small_learner(m) for m in (False, True))
    for learner in (exact, mixed):
        learner.network.eval()
    (loss, found), (rough_loss, rough) = (x.learn(pixels, shifts) for x in (exact, mixed))
    assert rough.dtype == torch.float32
    assert not torch.equal(found, rough)
    torch.testing.assert_close(rough, found, atol=0.1, rtol=0.05)
    torch.testing.assert_close(rough_loss, loss, atol=0.3, rtol=0.1)


def test_seamnet_learns_from_windows(strips, tmp_path):
    torch.manual_seed(0)
    network = SeamNet(4, 1, 2)
    learner = SeamLearner(network, 8)
    train, held = (WindowBatches([strips], [(0, 0)], 8, 5, seed, None, 20_000) for seed in (0, 1))
    plan = FitRecipe(network="seamnet", epochs=2, learning_rate=0.01, schedule="cosine")
    course = run(learner, tmp_path / "n.safetensors", (train, held), plan)
    assert course.history[-1]["validation_loss"] < course.history[0]["validation_loss"]
