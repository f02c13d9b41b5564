import numpy as np
import pytest
import torch

from napari_seamnet.learning.augment import Augmentation
from napari_seamnet.learning.simulator import Simulator
from napari_seamnet.learning.training.batches import (
    Mixture,
    ResidentBatches,
    SimulatedTiles,
    TileBatches,
    WindowBatches,
)


def fits(pixels, shifts):
    """Whether first[y + dy, x + dx] equals second[y, x] wherever both are there."""
    for (first, second), shift in zip(pixels.numpy(), shifts.numpy(), strict=True):
        dy, dx = (int(v) for v in shift)
        height, width = first.shape
        ys, xs = (
            range(max(0, -dy), min(height, height - dy)),
            range(max(0, -dx), min(width, width - dx)),
        )
        y, x = np.ix_(ys, xs)
        if not np.array_equal(first[y + dy, x + dx], second[y, x]):
            return False
    return True


def test_an_epoch_of_tiles_holds_each_of_them_once_in_an_order_of_its_own(make_tiles):
    batches = TileBatches(make_tiles(21), 8, seed=3)
    orders = [np.concatenate([batches.rows(e, s) for s in range(batches.steps)]) for e in (0, 1)]
    assert batches.steps == 3
    for order in orders:
        assert sorted(order) == list(range(21))
    assert not np.array_equal(*orders)


def test_the_same_batch_is_the_same_whenever_it_is_asked_for(make_tiles, strips):
    augmentation = Augmentation()
    for make in (
        lambda: TileBatches(make_tiles(), 8, 3, augmentation),
        lambda: WindowBatches([strips], [(0, 0)], 5, 6, 3, augmentation),
        lambda: SimulatedTiles(Simulator(), 32, 3, 2, 5, 3),
    ):
        one, other = make(), make()
        one.batch(0, 0)
        for a, b in zip(one.batch(2, 1), other.batch(2, 1), strict=True):
            assert torch.equal(a, b)


def test_resident_batches_are_those_of_the_tiles(make_tiles):
    batches = TileBatches(make_tiles(), 8, 3)
    resident = ResidentBatches(batches, torch.device("cpu"))
    for step in range(batches.steps):
        for a, b in zip(resident.batch(1, step), batches.batch(1, step), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("flips", [False, True])
def test_windows_lie_on_each_other_at_their_shift(strips, flips):
    augmentation = Augmentation(flips, flips, 0, 0, 0, 0, 0, 0) if flips else None
    batches = WindowBatches([strips], [(0, 0)], 6, 6, 1, augmentation)
    seen = set()
    for step in range(batches.steps):
        pixels, shifts = batches.batch(0, step)
        assert fits(pixels, shifts)
        seen |= {tuple(s) for s in shifts.int().tolist()}
    assert len(seen) > 20
    assert max(max(map(abs, s)) for s in seen) == 6


def test_a_fraction_of_the_offset_is_a_fraction_of_every_shift(strips):
    whole = WindowBatches([strips], [(0, 0)], 4, 6, 1, None)
    exact = WindowBatches([strips], [(0.25, -0.4)], 4, 6, 1, None)
    for step in range(4):
        apart = exact.batch(0, step)[1] - whole.batch(0, step)[1]
        # Swapped parts exchange first and second, and with them the sign.
        assert torch.allclose(apart.abs(), torch.tensor([0.25, 0.4]), atol=1e-6)
        assert (apart[:, 0] * apart[:, 1] < 0).all()
        assert torch.equal(exact.batch(0, step)[0], whole.batch(0, step)[0])


def test_a_mixture_asks_each_source_as_often_as_its_share(make_tiles):
    small, large = (TileBatches(make_tiles(16, size), 4, 0) for size in (20, 24))
    mixture = Mixture([small, large], [1.0, 3.0], 200, 5)
    sizes = [mixture.batch(0, step)[0].shape[-1] for step in range(200)]
    assert 0.15 < np.mean(np.array(sizes) == 20) < 0.35
