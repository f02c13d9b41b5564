import numpy as np
import pytest

from napari_seamnet.seams.similarity import similarity, to_grey_levels


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def test_identical_crops_have_no_difference():
    crop = (noise(9, 7) * 255).astype(np.uint8)
    assert similarity(crop, crop.copy()) == 0


def test_similarity_is_the_mean_of_the_squared_differences_in_grey_levels():
    first, second = (noise(9, 7, seed=s) * 255 for s in (1, 2))
    first, second = first.astype(np.uint8), second.astype(np.uint8)
    by_hand = sum((int(a) - int(b)) ** 2 for a, b in zip(first.flat, second.flat, strict=True))
    assert similarity(first, second) == pytest.approx(by_hand / 63)


def test_uint8_differences_do_not_wrap_around():
    assert similarity(np.uint8([[0]]), np.uint8([[255]])) == 255**2


def test_sixteen_bits_measure_like_eight():
    first, second = ((noise(9, 7, seed=s) * 255).astype(np.uint8) for s in (1, 2))
    wide = similarity(first.astype(np.uint16) * 257, second.astype(np.uint16) * 257)
    assert wide == pytest.approx(similarity(first, second))


def test_eight_and_sixteen_bits_of_the_same_picture_are_alike():
    narrow = (noise(9, 7) * 255).astype(np.uint8)
    wide = narrow.astype(np.uint16) * 257
    assert similarity(narrow, wide) == pytest.approx(0, abs=1e-9)
    assert similarity(wide, narrow) == pytest.approx(0, abs=1e-9)


def test_integers_and_floats_of_the_same_picture_are_alike():
    narrow = (noise(9, 7) * 200 + 20).astype(np.uint8)
    between_0_and_1 = narrow / 255
    between_0_and_1[2, 3] = np.nan
    assert similarity(narrow[3:], between_0_and_1[3:]) == pytest.approx(0, abs=1e-9)
    assert np.isfinite(similarity(narrow, between_0_and_1))
    assert np.isnan(similarity(narrow, np.full((9, 7), np.nan)))


def test_floats_are_stretched_to_the_full_scale_together():
    first, second = to_grey_levels(np.array([[2.0, 4.0]]), np.array([[3.0, np.nan]]))
    np.testing.assert_allclose(first, [[0, 255]])
    np.testing.assert_allclose(second, [[127.5, np.nan]])


def test_pixels_that_are_not_finite_are_left_out():
    first = np.array([[0.0, 1.0, np.nan, 0.0]])
    second = np.array([[0.0, 0.0, 0.0, np.inf]])
    assert similarity(first, second) == pytest.approx(255**2 / 2)
    assert np.isnan(similarity(first[:, 2:], second[:, 2:]))


def test_crops_of_unequal_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\).*cannot be compared"):
        similarity(noise(2, 3), noise(3, 2))
