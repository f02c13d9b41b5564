"""The state: what is read off where two frames lie."""

import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Side
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.widgets._state import PairState, describe_offset, overlaps_plausibly


def frame(y, x, height=60, width=80):
    return as_frame(np.arange(height * width, dtype=np.uint16).reshape(height, width))


def test_the_shift_is_counted_from_the_nominal_place():
    state = PairState((frame(0, 0), frame(0, 0)), (2.0, 3.0), (4.0, 66.0), Offset(0, 60))
    assert state.offset == Offset(2, 63)
    assert state.shift == (2, 3)


def test_a_persons_decision_outweighs_any_estimate():
    doubtful = Estimate(Offset(0, 0) - Offset(0, 0), Status.DOUBTFUL, 0.5)
    assert PairState().status is None
    assert PairState(estimate=doubtful).status is Status.DOUBTFUL
    assert PairState(estimate=doubtful, by_hand=True).status is Status.HAND


@pytest.mark.parametrize(
    ("offset", "side", "overlap"),
    [
        ((0, 60), Side.RIGHT, 20),
        ((3, -70), Side.LEFT, 30),
        ((45, 2), Side.BELOW, 15),
        ((-20, -5), Side.ABOVE, 20),
    ],
)
def test_side_and_overlap_are_read_off_the_offset(offset, side, overlap):
    # the second frame is 40 x 100 px: for left and above, its own size counts
    first, second = frame(0, 0), frame(0, 0, 40, 100)
    assert describe_offset(first, second, Offset(*offset)) == (side, overlap)


@pytest.mark.parametrize(
    ("offset", "plausible"),
    [
        ((0, 60), True),
        ((0, 0), False),  # nobody has put them anywhere
        ((0, 90), False),  # apart
        ((55, 60), False),  # corner to corner
        ((-50, 3), True),
    ],
)
def test_only_neighbours_lie_plausibly(offset, plausible):
    assert overlaps_plausibly(frame(0, 0), frame(0, 0), Offset(*offset)) is plausible
