"""Augmented tiles: the label stays true, the two sides are spoiled each by itself."""

from dataclasses import fields, replace

import numpy as np
import pytest

from napari_seamnet.learning.augment import Augmentation, augment
from napari_seamnet.learning.tile_label import TileError

SIZE = 20
LIGHT = ("brightness", "contrast", "gamma", "noise", "blur", "defects")
OFF = Augmentation.none()


def tiles_of_one_picture(n, seed=0, reach=5):
    """Tiles whose label is true, cut from a picture in which all neighbourhoods differ."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (SIZE + 2 * reach, SIZE + 2 * reach), np.uint8)
    shifts = rng.integers(-reach, reach + 1, (n, 2))
    pixels = [
        (
            picture[reach : reach + SIZE, reach : reach + SIZE],
            picture[reach + dy : reach + dy + SIZE, reach + dx : reach + dx + SIZE],
        )
        for dy, dx in shifts
    ]
    return np.array(pixels), shifts


def shared(first, second, dy, dx):
    """first[y + dy, x + dx] and second[y, x], wherever both are there."""
    height, width = first.shape
    y, x = slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))
    return first[y.start + dy : y.stop + dy, x.start + dx : x.stop + dx], second[y, x]


def label_holds(first, second, dy, dx):
    return np.array_equal(*shared(first, second, dy, dx))


@pytest.mark.parametrize("moved", [{"flips": True}, {"transpose": True}, {}])
def test_the_label_is_true_after_flips_and_transpose(moved):
    wanted = replace(OFF, **(moved or {"flips": True, "transpose": True}))
    pixels, shifts = tiles_of_one_picture(60)
    after, labels = augment(pixels, shifts, np.random.default_rng(1), wanted)
    for (first, second), (dy, dx) in zip(after, labels, strict=True):
        assert label_holds(first, second, int(dy), int(dx))
    assert (labels != shifts).any()  # else nothing was tried
    assert not label_holds(*after[0], int(labels[0][0]) + 1, int(labels[0][1]))


def test_each_flip_and_the_transpose_happen_in_half_of_the_tiles():
    pixels, shifts = np.zeros((400, 2, 4, 4), np.uint8), np.tile([1.0, 2.0], (400, 1))
    _, labels = augment(
        pixels, shifts, np.random.default_rng(0), replace(OFF, flips=True, transpose=True)
    )
    kinds, counts = np.unique(labels, axis=0, return_counts=True)
    assert len(kinds) == 8
    assert counts.min() > 25


def test_fractions_of_a_shift_are_kept():
    _, labels = augment(
        np.zeros((9, 2, 4, 4), np.uint8), np.full((9, 2), [0.25, -3.5]), np.random.default_rng(0)
    )
    assert labels.dtype == float
    assert set(np.abs(labels).ravel()) == {0.25, 3.5}


def test_off_is_off_and_the_callers_pixels_are_never_changed():
    pixels, shifts = tiles_of_one_picture(5)
    before, labels = pixels.copy(), shifts.copy()
    after, same = augment(pixels, shifts, np.random.default_rng(0), OFF)
    np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(same, shifts)
    assert not np.shares_memory(after, pixels)
    augment(pixels, shifts, np.random.default_rng(0))
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_array_equal(shifts, labels)


@pytest.mark.parametrize("name", LIGHT)
def test_each_strength_does_something_by_itself_to_each_side_by_itself(name):
    strongest = 1.0 if name == "defects" else 0.5 if name in ("brightness", "noise") else 2.0
    square = np.random.default_rng(3).integers(60, 190, (SIZE, SIZE), np.uint8)
    pixels = np.broadcast_to(square, (20, 2, SIZE, SIZE)).copy()
    after, labels = augment(
        pixels, np.zeros((20, 2)), np.random.default_rng(0), replace(OFF, **{name: strongest})
    )
    assert (labels == 0).all()
    changed = (after != pixels).any(axis=(2, 3))
    assert changed.any(axis=0).all()
    assert (after[:, 0] != after[:, 1]).any(axis=(1, 2)).mean() >= 0.5


def test_noise_is_as_strong_as_asked_for_at_most():
    pixels = np.full((40, 2, 64, 64), 128, np.uint8)
    after, _ = augment(
        pixels, np.zeros((40, 2)), np.random.default_rng(0), replace(OFF, noise=0.1)
    )
    sigma = after.astype(float).std(axis=(2, 3))
    assert 0.85 * 25.5 < sigma.max() < 1.1 * 25.5
    assert sigma.min() < 0.3 * 25.5


def test_equal_seeds_give_equal_tiles():
    pixels, shifts = tiles_of_one_picture(8)
    one, two, other = (
        augment(pixels, shifts, np.random.default_rng(seed))[0] for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_very_small_tiles_survive_every_defect():
    pixels = np.zeros((50, 2, 4, 4), np.uint8)
    after, _ = augment(
        pixels, np.zeros((50, 2)), np.random.default_rng(0), Augmentation(defects=1.0)
    )
    assert after.shape == pixels.shape


@pytest.mark.parametrize("shape", [(6, 40), (40, 6)])
def test_windows_that_are_not_square_can_be_all_but_transposed(shape):
    picture = np.random.default_rng(0).integers(0, 256, (46, 46), np.uint8)
    pair = [picture[3 : 3 + shape[0], 2 : 2 + shape[1]], picture[: shape[0], : shape[1]]]
    pixels, shifts = np.tile(pair, (30, 1, 1, 1)), np.tile([-3, -2], (30, 1))
    after, labels = augment(pixels, shifts, np.random.default_rng(0), replace(OFF, flips=True))
    assert len(np.unique(labels, axis=0)) == 4
    for (first, second), (dy, dx) in zip(after, labels, strict=True):
        np.testing.assert_array_equal(*shared(first, second, int(dy), int(dx)))
    spoiled, _ = augment(
        pixels, shifts, np.random.default_rng(0), Augmentation(transpose=False, defects=1.0)
    )
    assert spoiled.shape == pixels.shape


@pytest.mark.parametrize("field", [field.name for field in fields(Augmentation)[2:]])
@pytest.mark.parametrize("strength", [-0.1, float("nan"), 11.0])
def test_an_impossible_strength_is_refused_and_named(field, strength):
    with pytest.raises(ValueError, match=field):
        Augmentation(**{field: strength})


def test_what_are_no_tiles_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(TileError, match=r"\(n, 2, S, S\)"):
        augment(np.zeros((3, 4, 4), np.uint8), np.zeros((3, 2)), rng)
    with pytest.raises(TileError, match="4 x 5 px; switch transpose off"):
        augment(np.zeros((3, 2, 4, 5), np.uint8), np.zeros((3, 2)), rng)
    with pytest.raises(TileError, match="float32"):
        augment(np.zeros((3, 2, 4, 4), np.float32), np.zeros((3, 2)), rng)
    with pytest.raises(TileError, match="for 3 tiles"):
        augment(np.zeros((3, 2, 4, 4), np.uint8), np.zeros((2, 2)), rng)
