import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Box
from napari_seamnet.mosaic import MosaicError, Placement
from napari_seamnet.shifts import Status

FRAME = as_frame(np.zeros((4, 6), np.uint8), "r0c1.tif")


def test_a_placement_fills_the_box_of_its_frame():
    placement = Placement(FRAME, (-3, 7), Status.HAND, "by eye")
    assert placement.box == Box(-3, 7, 4, 6)
    assert (placement.status, placement.note) == (Status.HAND, "by eye")


def test_whole_numbers_of_any_kind_become_pythons():
    position = Placement(FRAME, np.array([3, -4], np.int16)).position
    assert position == (3, -4)
    assert all(type(value) is int for value in position)


@pytest.mark.parametrize("position", [(0.5, 1), (1.0, 2.0), (1, 2, 3), (1,), None, 5, ("1", "2")])
def test_a_position_that_is_not_two_whole_numbers_is_refused(position):
    with pytest.raises(MosaicError, match=r"r0c1\.tif cannot lie at .*two whole numbers of px"):
        Placement(FRAME, position)
