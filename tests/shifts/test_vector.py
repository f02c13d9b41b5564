import numpy as np
import pytest

from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.correlation import overlapped_sums
from napari_seamnet.shifts.vector import VectorMethod, find_objects, mutual_cover


def chip(seed=0, bright=True):
    """Wires and pads on an even ground, 200 x 160 px."""
    rng = np.random.default_rng(seed)
    scene = np.full((200, 160), 60.0)
    for _ in range(30):
        y, x = rng.integers(0, 190), rng.integers(0, 150)
        height, width = rng.choice([(6, 40), (40, 6), (9, 9)])
        scene[y : y + height, x : x + width] = 180
    scene += rng.normal(0, 4, scene.shape)
    return (scene if bright else 255 - scene).astype(np.uint8)


def seam_of(scene, dy, dx):
    return Overlap(scene[30:160, 30:100], scene[30 + dy : 160 + dy, 30 + dx : 100 + dx])


@pytest.mark.parametrize("bright", [True, False])
@pytest.mark.parametrize("shift", [(4, -6), (-9, 2), (0, 11)])
def test_objects_are_laid_on_each_other_be_they_bright_or_dark(shift, bright):
    estimate = VectorMethod().estimate(seam_of(chip(bright=bright), *shift))
    assert estimate.shift.whole() == shift


def test_another_brightness_and_contrast_do_not_matter():
    seam = seam_of(chip(), 5, 7)
    changed = Overlap(seam.first, (seam.second * 0.3 + 150).astype(np.uint8))
    assert VectorMethod().estimate(changed).shift.whole() == (5, 7)


def test_the_shrinking_of_the_overlapped_pixels_does_not_bias():
    # The plain area of mutual overlap is largest where most is overlapped: at a small shift.
    scene = np.full((200, 160), 40, np.uint8)
    scene[:, ::16] = 200  # bars 1 px wide everywhere, smoothed to about 3
    scene[:, 1::16] = scene[:, 2::16] = scene[:, 3::16] = 200
    scene[90:94, :] = 200
    for shift in ((12, 0), (-13, 0)):
        assert VectorMethod().estimate(seam_of(scene, *shift)).shift.whole() == shift


def test_mutual_cover_is_the_intersection_over_the_union():
    rng = np.random.default_rng(1)
    first, second = (rng.random((20, 15)) < 0.4 for _ in range(2))
    cover = mutual_cover(overlapped_sums(first * 1.0, second * 1.0, (0, 0), 3))
    one, other = first[3:, :-2], second[:-3, 2:]  # shift (3, -2)
    assert cover[6, 1] == pytest.approx((one & other).sum() / (one | other).sum())


def test_specks_are_no_objects():
    rng = np.random.default_rng(2)
    crop = rng.normal(100, 2, (60, 60))
    crop[20:40, 25:33] = 200
    crop[6:8, 6:8] = 200
    first, _ = find_objects(crop, crop)
    assert first.max() == 1
    assert first[30, 29] == 1
    assert first[:15, :15].max() == 0


def test_objects_are_numbered_and_holes_are_marked():
    crop = np.random.default_rng(3).normal(100, 2, (60, 60))
    crop[10:20, 10:20] = crop[40:50, 35:50] = 200
    crop[30, 30] = np.nan
    first, second = find_objects(crop, crop)
    assert sorted(np.unique(first)) == [-1, 0, 1, 2]
    assert first[30, 30] == -1
    np.testing.assert_array_equal(first, second)


def test_crops_without_objects_are_undetermined():
    crop = np.zeros((40, 40))
    crop[20, 20] = 1  # a speck is all there is
    estimate = VectorMethod(least_object=200).estimate(Overlap(crop, crop))
    assert estimate.status is Status.UNDETERMINED
    assert "no object" in estimate.reason
