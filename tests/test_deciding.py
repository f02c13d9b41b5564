"""What decided a pair: two frames and an estimate in, a picture out."""

import numpy as np
import pytest

from napari_seamnet import align_pair
from napari_seamnet.deciding import NotToldError, best_rival, what_decided
from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.sample_data import chip_pair
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.estimate import Estimate

NOMINAL = Offset(0, 250)


@pytest.fixture(scope="module")
def frames():
    first, second = chip_pair()
    return as_frame(first[:300, -400:]), as_frame(second[:300, :400])


def test_places_that_decided_are_blue_and_lie_in_the_overlap(frames):
    found = align_pair(*frames, offset=NOMINAL, device="cpu")
    decided = what_decided(*frames, NOMINAL, found)
    assert found.status is Status.CERTAIN
    assert decided.chosen == found.shift
    assert decided.rival.distance(found.shift) > 2
    height, width = decided.picture.shape[:2]
    assert decided.corner == (0, 0)
    # The overlap and the range beyond it, as the method saw it.
    assert (height, width) == (300, 150 + 15)
    picture = decided.picture.astype(int)
    blue, orange = (np.mean(sign * (picture[..., 2] - picture[..., 0]) > 60) for sign in (1, -1))
    assert blue > 3 * orange


def test_only_networks_tell(frames):
    plain = align_pair(*frames, offset=NOMINAL, method="smoothed")
    with pytest.raises(NotToldError, match="by seamnet, not smoothed"):
        what_decided(*frames, NOMINAL, plain)
    with pytest.raises(NotToldError, match="nothing to compare"):
        what_decided(*frames, NOMINAL, Estimate(Shift(0, 0), Status.UNDETERMINED, 0.0))


def test_a_seam_without_an_answer_says_so(frames):
    found = align_pair(*frames, offset=NOMINAL, max_shift=4, device="cpu")
    assert found.status is Status.UNDETERMINED
    with pytest.raises(NotToldError, match=r"nothing decided this seam: .* search wider"):
        what_decided(*frames, NOMINAL, found)


def test_the_best_rival_is_another_peak():
    values = np.zeros((21, 21))
    values[10, 10], values[11, 11], values[4, 15], values[0, 0] = 9, 8, 5, np.nan
    assert best_rival(values, Shift(0.3, -0.2)) == Shift(-6, 5)
