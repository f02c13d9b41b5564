"""A seam whose parts lie far apart is never certain, and lies in their middle."""

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.labelled import from_truth
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Estimate, Status, get_method
from napari_seamnet.shifts.estimate import Alternative, ShiftMap
from napari_seamnet.shifts.parts import TURNED, Parts, by_parts
from napari_seamnet.shifts.posterior import to_probability


def estimate_of(shift, status=Status.CERTAIN, confidence=0.998):
    values = np.full((31, 31), -12.0)
    y, x = (part + 15 for part in shift.whole())
    values[y, x] = 0.0
    alternatives = (Alternative(Shift(5.0, 5.0), 0.001),)
    shift_map = ShiftMap(values, "log-probability")
    return Estimate(shift, status, confidence, alternatives, shift_map, "seamnet", "", "cpu")


def parts_at(*places, sure=(1.0, 1.0, 1.0, 1.0)):
    return Parts(np.array(places, float), np.array(sure))


def test_parts_that_lie_alike_change_nothing():
    found = estimate_of(Shift(1.2, -3.0))
    near = parts_at((1, -3), (2, -4.5), (0.5, -2), (1, -3))
    assert by_parts(found, near) is found


def test_a_part_that_is_not_sure_does_not_count():
    found = estimate_of(Shift(1.0, -3.0))
    unsure = parts_at((1, -3), (1, -3), (9, 9), (1, -3), sure=(1, 1, 0.98, 1))
    assert by_parts(found, unsure) is found


def test_a_single_part_that_is_sure_of_another_shift_is_told():
    one = parts_at((1, -3), (1, 4), (1, -3), (1, -3), sure=(0.5, 1, 0.5, 0.5))
    told = by_parts(estimate_of(Shift(1.0, -3.0)), one)
    assert told.status is Status.DOUBTFUL
    assert "lie 7 px apart" in told.reason


def test_the_middle_of_a_turned_seam_is_its_shift():
    found = estimate_of(Shift(6.0, 0.5))
    told = by_parts(found, parts_at((6, 0), (2, 0), (-2, 0), (-6, 0)))
    assert told.status is Status.DOUBTFUL
    assert told.shift == Shift(0.0, 0.0)
    assert told.confidence == pytest.approx(0.9)
    assert "lie 12 px apart" in told.reason
    assert told.alternatives == ()
    probability = to_probability(told.map.values)
    assert np.unravel_index(probability.argmax(), probability.shape) == (15, 15)
    assert probability[13:18, 13:18].sum() == pytest.approx(0.9, abs=0.01)


def test_a_bent_seam_whose_shift_is_the_middle_stays_certain():
    found = estimate_of(Shift(0.3, 0.0))
    assert by_parts(found, parts_at((3, 0), (0, 0), (0, 0), (-3, 0))) is found


def test_one_part_that_shows_something_else_has_no_say():
    bar = parts_at((4.2, -7), (4, -6.9), (0, 0), (4.1, -7.1))
    found = estimate_of(Shift(4.1, -7.0))
    assert by_parts(found, bar) is found
    assert by_parts(estimate_of(Shift(0.0, 0.0)), bar).status is Status.DOUBTFUL


@pytest.mark.parametrize(
    "parts",
    [
        parts_at((6, 0), (0, 0), (0, 0), (0, 0), sure=(1, 1, 1, 0.5)),
        parts_at((6, 0), (2, 0), (-2, 0), (7, 0)),
        parts_at((30, 0), (20, 0), (10, 0), (0, 0)),
    ],
)
def test_where_the_middle_is_not_known_the_shift_stays_and_is_doubtful(parts):
    found = estimate_of(Shift(0.0, 0.0))
    told = by_parts(found, parts)
    assert told.shift == found.shift
    assert told.map is found.map
    assert told.status is Status.DOUBTFUL
    assert told.confidence <= 0.9


def test_a_doubtful_seam_keeps_its_own_reason_unless_the_middle_is_known():
    found = estimate_of(Shift(0.0, 0.0), Status.DOUBTFUL, 0.6)
    unknown = parts_at((6, 0), (0, 0), (0, 0), (0, 0), sure=(1, 1, 1, 0.5))
    assert by_parts(found, unknown) is found
    assert by_parts(found, parts_at((12, 0), (8, 0), (4, 0), (0, 0))).shift == Shift(6.0, 0.0)


def test_seamnet_is_never_certain_of_turned_frames_away_from_their_middle(real_frames):
    """Real seams whose second frame is turned by 1 degree about the middle of the seam."""
    moved = []
    for seam in from_truth(real_frames / "train" / "lscm_tensile_State1" / "pairs.csv")[:9]:
        cut = seam.cut(15)
        turned = ndimage.rotate(cut.second, 1.0, reshape=False, mode="nearest", order=1)
        overlap = Overlap(cut.first, turned, cut.origin)
        found = get_method("seamnet").estimate(overlap, max_shift=15)
        away = found.shift.distance(seam.truth)
        assert found.status is not Status.CERTAIN or away < 1, (seam.name, away)
        if "turned" in found.reason and found.confidence == TURNED:
            moved.append(away)
    assert len(moved) >= 8
    assert max(moved) < 1
