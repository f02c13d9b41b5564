import inspect

import dask.array as da
import numpy as np
import pytest

from napari_seamnet import Offset, Shift, Side, align_pair
from napari_seamnet.geometry import OverlapError
from napari_seamnet.sample_data import chip_pair
from napari_seamnet.shifts import UnknownMethodError, get_method
from napari_seamnet.shifts.estimate import undetermined


@pytest.fixture(scope="module")
def pair():
    return chip_pair()


def test_numpy_dask_and_colour_give_the_same_shift(pair):
    first, second = pair
    plain = align_pair(first, second, method="smoothed")
    assert plain.shift.whole() == (-3, 8)
    lazy = align_pair(da.from_array(first, chunks=100), second, method="smoothed")
    colour = align_pair(np.stack([first] * 3, -1), np.stack([second] * 3, -1), method="smoothed")
    assert lazy.shift == plain.shift
    assert colour.shift.distance(plain.shift) < 0.05


def test_an_offset_takes_the_place_of_side_and_overlap(pair):
    there = align_pair(*pair, offset=(-2, 455), method="smoothed")
    assert there.shift.whole() == (-1, 3)
    assert align_pair(*pair, offset=Offset(-2, 455), method="smoothed").shift == there.shift


def test_swapped_frames_have_the_opposite_shift(pair):
    first, second = pair
    there = align_pair(first, second, Side.RIGHT, 150, method="smoothed").shift
    back = align_pair(second, first, Side.LEFT, 150, method="smoothed").shift
    assert (-back).distance(there) < 0.01


def test_a_method_of_one_s_own_gets_a_margin_only_if_it_wants_one(pair):
    class Curious:
        name = "curious"

        def __init__(self, wants_margin):
            self.wants_margin = wants_margin

        def estimate(self, overlap, *, max_shift=15, progress=None):
            self.shapes = overlap.first.shape, overlap.second.shape
            self.origin = overlap.origin
            return undetermined(self.name, "only looking")

    plain, wide = Curious(False), Curious(True)
    align_pair(*pair, "right", 150, method=plain, max_shift=20)
    align_pair(*pair, "right", 150, method=wide, max_shift=20)
    assert plain.shapes == ((400, 150), (400, 150))
    assert wide.shapes == ((400, 170), (400, 170))
    assert wide.origin == (0, 20)


def test_errors_say_which_number_to_change(pair):
    with pytest.raises(OverlapError, match="700 px does not fit"):
        align_pair(*pair, overlap=700)
    with pytest.raises(UnknownMethodError, match=r"'magic'.*seamnet, smoothed"):
        align_pair(*pair, method="magic")


@pytest.mark.parametrize("max_shift", [0, -1, 2.5, float("nan")])
@pytest.mark.parametrize("method", ["seamnet", "smoothed", "phase"])
def test_a_range_that_is_none_is_refused(pair, method, max_shift):
    with pytest.raises(ValueError, match=f"whole number of px from 1 on, not {max_shift}"):
        align_pair(*pair, method=method, max_shift=max_shift)


def test_the_defaults_are_those_of_the_docstring():
    parameters = inspect.signature(align_pair).parameters
    assert parameters["method"].default == "seamnet"
    assert parameters["max_shift"].default == 15
    assert parameters["overlap"].default == 150


def test_the_bundled_network_is_the_default(pair):
    found = align_pair(*pair, device="cpu")
    assert found.method == "seamnet"
    assert found.shift.distance(Shift(-3, 8)) < 0.3
    assert get_method("seamnet", device="cpu").device == "cpu"
