import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.geometry import Shift
from napari_seamnet.seams import Overlap, View, checker, composite, difference, view

DTYPES = [bool, np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32, np.float32, float]


def picture(height=40, width=30, dtype=np.uint8, seed=0):
    values = np.random.default_rng(seed).random((height, width))
    return values > 0.5 if dtype is bool else (values * 120).astype(dtype)


@pytest.mark.parametrize("make", [composite, difference, checker])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_picture_of_an_overlap_is_rgb_of_uint8(make, dtype):
    first, second = picture(dtype=dtype), picture(dtype=dtype, seed=1)
    shown = make(first, second)
    assert (shown.shape, shown.dtype) == ((40, 30, 3), np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, float])
def test_red_is_the_first_green_the_second_and_blue_half_their_sum(dtype):
    first = picture(dtype=dtype)
    second = first[::-1, ::-1]  # other pixels, but of the same brightness
    shown = composite(first, second, 0, 100).astype(int)
    for channel, crop in ((0, first), (1, second)):
        crop = crop.astype(float)
        expected = (crop - crop.min()) / (crop.max() - crop.min()) * 255
        np.testing.assert_allclose(shown[..., channel], expected, atol=0.51)
    np.testing.assert_array_equal(shown[..., 2], (shown[..., 0] + shown[..., 1]) // 2)


@settings(deadline=None)
@given(gain=st.floats(0.1, 10), level=st.floats(-100, 100))
def test_a_difference_in_brightness_and_contrast_does_not_show(gain, level):
    first = picture(dtype=float)
    shown = composite(first, first * gain + level).astype(int)
    assert np.abs(shown[..., 0] - shown[..., 1]).max() <= 1
    assert difference(first, first * gain + level).max() <= 1


@pytest.mark.parametrize("gamma", [0.6, 1.0, 1.7])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, float])
def test_two_exposures_of_the_same_thing_are_grey_though_their_gamma_differs(gamma, dtype):
    grey = np.random.default_rng(4).random((60, 50)) * 0.9
    first, second = (30 + 190 * grey).astype(dtype), (20 + 230 * grey**gamma).astype(dtype)
    for shown in (
        composite(first, second).astype(int),
        view(Overlap(first, second), (0, 0))[0].astype(int),
    ):
        assert np.abs(shown[..., 0] - shown[..., 1]).mean() < 2


def test_crops_that_show_different_things_are_not_bent_out_of_shape():
    dark, bright = (np.linspace(0, 1, 2500).reshape(50, 50) ** power for power in (9, 1 / 9))
    shown = composite(dark, bright).astype(int)
    assert np.median(shown[..., 1]) > np.median(shown[..., 0]) + 100


def test_a_difference_shows_where_crops_differ_and_only_there():
    first = picture()
    second = first.copy()
    # Within 0..119 still, so that the contrast is the same for both.
    second[7, 9] = (int(second[7, 9]) + 60) % 120
    shown = difference(first, second, 0, 100)
    assert shown[7, 9].min() > 40
    assert np.argwhere(shown[..., 0] > 20).tolist() == [[7, 9]]


def test_a_checker_takes_the_fields_in_turns_from_the_first_crop_on():
    first = picture(40, 30)
    second = first[::-1, ::-1]
    shown = checker(first, second, size=8, low=0, high=100)
    grey_first, grey_second = (composite(a, a, 0, 100)[..., 0] for a in (first, second))
    for y, x in np.ndindex(40, 30):
        source = grey_second if (y // 8 + x // 8) % 2 else grey_first
        assert (shown[y, x] == source[y, x]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_pixel_that_is_not_finite_is_black_and_spoils_no_contrast(value):
    first, second = picture(dtype=float), picture(dtype=float, seed=1)
    holed = first.copy()
    holed[3, 4] = value
    shown, whole = composite(holed, second, 0, 100), composite(first, second, 0, 100)
    assert shown[3, 4, 0] == 0
    assert abs(int(shown[3, 4, 1]) - int(whole[3, 4, 1])) <= 1
    rest = np.ones((40, 30), bool)
    rest[3, 4] = False
    # One pixel less moves the median a little, and with it the second's gamma.
    np.testing.assert_allclose(shown[rest].astype(int), whole[rest].astype(int), atol=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_crop_without_contrast_is_mid_grey(dtype):
    shown = composite(np.full((9, 9), 7, dtype), picture(9, 9, dtype))
    assert (shown[..., 0] == 128).all()
    assert composite(np.full((9, 9), np.nan), np.full((9, 9), np.nan)).max() == 0


def test_a_few_bright_dots_on_an_even_ground_are_seen():
    crop = np.zeros((100, 100), np.uint8)
    crop[50, 50] = 200
    shown = composite(crop, crop)
    assert shown[50, 50, 0] == 255
    assert shown[0, 0, 0] == 0


def test_outliers_do_not_take_the_contrast():
    crop = picture(100, 100, np.uint16)
    burnt = crop.copy()
    burnt[0, :5] = 65535
    plain, shown = composite(crop, crop), composite(burnt, burnt)
    assert np.abs(plain[1:].astype(int) - shown[1:].astype(int)).max() <= 3


def test_crops_that_do_not_lie_on_each_other_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\) and \(5, 4\)"):
        composite(picture(4, 5), picture(5, 4))
    with pytest.raises(ValueError, match="at least 1 px"):
        checker(picture(4, 5), picture(4, 5), size=0)


@pytest.mark.parametrize("origin", [(0, 0), (2, -3)])
@pytest.mark.parametrize("shift", [(0, 0), (3, -4), (-5, 6)])
def test_a_view_lies_where_the_first_crop_shows_it(shift, origin):
    scene = picture(60, 50, seed=3)
    first = scene[10:40, 10:40]
    at = [10 + s + o for s, o in zip(shift, origin, strict=True)]
    second = scene[at[0] : at[0] + 30, at[1] : at[1] + 30]
    shown, (y, x) = view(Overlap(first, second, origin), Shift(*shift), View.FIRST)
    alone, _ = view(Overlap(first, first), (0, 0), "first")
    height, width = shown.shape[:2]
    np.testing.assert_array_equal(shown, alone[y : y + height, x : x + width])
    assert (height, width) == tuple(30 - abs(s + o) for s, o in zip(shift, origin, strict=True))


def test_votes_are_no_view_of_two_crops_alone():
    with pytest.raises(ValueError, match="a network tells them"):
        view(Overlap(picture(), picture(seed=1)), (0, 0), View.VOTES)


@pytest.mark.parametrize("kind", [kind for kind in View if kind is not View.VOTES])
def test_every_view_of_shared_pixels_has_their_size(kind):
    first, second = picture(), picture(seed=1)
    shown, position = view(Overlap(first, second), (2.6, -4.4), kind)
    assert (shown.shape, shown.dtype, position) == ((37, 26, 3), np.uint8, (3, 0))


def test_at_the_true_shift_a_view_of_the_difference_is_dark_and_elsewhere_it_is_not():
    # Fine noise of even brightness, so that both crops have nearly the same percentiles.
    scene = picture(300, 80, seed=5)
    seam = Overlap(scene[10:290, 10:60], scene[13:293, 5:55])
    aligned, _ = view(seam, Shift(3, -5), "difference")
    off, _ = view(seam, Shift(3, -4), "difference")
    assert aligned.mean() < 3
    assert off.mean() > 40


def test_a_view_of_nothing_shared_is_an_empty_picture():
    shown, _ = view(Overlap(picture(), picture()), (99, 0), "composite")
    assert shown.shape == (0, 30, 3)


def test_the_contrast_of_a_view_does_not_change_with_the_shift():
    crop = picture(seed=2)
    crop[:5] = 255  # out of the shared pixels at the second shift
    here, _ = view(Overlap(crop, crop), (0, 0), "first")
    there, _ = view(Overlap(crop, crop), (5, 0), "first")
    np.testing.assert_array_equal(there, here[5:])
