import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import get_method


def overlaps(n, size=(90, 60), origin=(0, 12)):
    rng = np.random.default_rng(0)
    made = []
    for k in range(n):
        picture = rng.integers(0, 255, (size[0] + 20, size[1] + 20)).astype(np.uint8)
        second = picture[3 + k : 3 + k + size[0], 18 : 13 + size[1]]
        made.append(Overlap(picture[5 : 5 + size[0], 5 : 5 + size[1]], second, origin))
    return made


def test_many_seams_in_a_batch_are_what_they_are_one_by_one():
    method = get_method("seamnet", device="cpu")
    crops = overlaps(3)
    many = method.estimate_many(crops, max_shift=6)
    for overlap, found in zip(crops, many, strict=True):
        alone = method.estimate(overlap, max_shift=6)
        assert found.shift.distance(alone.shift) < 1e-3
        assert (found.status, found.method, found.device) == (alone.status, "seamnet", "cpu")
        assert found.confidence == pytest.approx(alone.confidence, abs=1e-3)
        np.testing.assert_allclose(found.map.values, alone.map.values, atol=1e-3)


def test_long_seams_in_a_batch_are_settled_as_one_by_one():
    rng = np.random.default_rng(1)
    picture = ndimage.gaussian_filter(rng.standard_normal((1000, 150)), 1.5)
    array = np.sin(np.arange(1000) / 2)[:, None] * np.sin(np.arange(150) / 2)
    crops = []
    # Clear, reversed on the second side, hidden by noise, and a pure array.
    for whole, gain, noise in (
        (picture, 1, 0.02),
        (picture, -1, 0.02),
        (picture, 1, 3),
        (array, 1, 0.02),
    ):
        sides = whole[:980, :140], gain * whole[4:984, 3:143]
        crops.append(Overlap(*(side + noise * rng.standard_normal(side.shape) for side in sides)))
    method = get_method("seamnet", device="cpu")
    found = method.estimate_many(crops)
    for overlap, one in zip(crops, found, strict=True):
        alone = method.estimate(overlap)
        assert (one.status, one.reason) == (alone.status, alone.reason)
        assert one.confidence == pytest.approx(alone.confidence, abs=1e-3)
        assert one.shift.distance(alone.shift) < 1e-3
    assert found[0].status == "certain"
    assert found[3].status == "ambiguous"


def test_a_blank_seam_in_a_batch_is_undetermined_and_the_others_are_not():
    method = get_method("seamnet", device="cpu")
    crops = overlaps(3)
    crops[1] = Overlap(np.zeros_like(crops[1].first), crops[1].second, crops[1].origin)
    found = method.estimate_many(crops, max_shift=6)
    assert [one.status == "undetermined" for one in found] == [False, True, False]
    assert found[1].reason == "the first crop is constant"
    assert found[2].shift.whole() == method.estimate(crops[2], max_shift=6).shift.whole()
    assert method.estimate_many([crops[1]])[0].status == "undetermined"


def test_seams_of_different_sizes_do_not_fit_in_one_batch():
    method = get_method("seamnet", device="cpu")
    with pytest.raises(ValueError, match="2 different sizes do not fit in one batch"):
        method.estimate_many([*overlaps(1), *overlaps(1, size=(70, 60))])
