import numpy as np
import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.shifts.estimate import Estimate, ShiftMap, Status, undetermined


def test_a_map_is_read_at_a_shift_rounded_to_whole_pixels():
    shift_map = ShiftMap(np.arange(25.0).reshape(5, 5), "log-probability")
    assert shift_map.max_shift == 2
    assert shift_map.at(Shift(0, 0)) == 12
    assert shift_map.at(Shift(-2, 1)) == 3
    assert shift_map.at(Shift(0.5, -0.6)) == 16
    assert np.isnan(shift_map.at(Shift(3, 0)))


@pytest.mark.parametrize("shape", [(5,), (5, 7), (4, 4)])
def test_a_map_without_a_middle_is_refused(shape):
    with pytest.raises(ValueError, match="a map over shifts"):
        ShiftMap(np.zeros(shape), "correlation")


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(ValueError, match="a confidence is a probability"):
        Estimate(Shift(0, 0), Status.CERTAIN, confidence)


def test_only_certain_and_hand_need_no_person():
    assert {s for s in Status if not s.needs_person} == {Status.CERTAIN, Status.HAND}


def test_without_evidence_the_nominal_position_stands():
    estimate = undetermined("search", "blank")
    assert estimate.shift == Shift(0, 0)
    assert estimate.confidence == 0
    assert (estimate.status, estimate.reason) == (Status.UNDETERMINED, "blank")
