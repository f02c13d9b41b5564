"""Heights of a shift's own peak and of the best other one."""

import numpy as np
import pytest

from napari_seamnet.nets.second_peak import two_heights


@pytest.fixture
def hills():
    y, x = np.mgrid[:31, :31]
    return np.exp(-((y - 8) ** 2 + (x - 9) ** 2) / 8) + 0.6 * np.exp(
        -((y - 22) ** 2 + (x - 20) ** 2) / 8
    )


def test_heights_are_above_the_median(hills):
    for base in (0.0, 3.0):
        own, other = two_heights(hills + base, (8, 9), 2)
        assert own == pytest.approx(1 - np.median(hills), abs=1e-6)
        assert other == pytest.approx(0.6 - np.median(hills), abs=1e-6)


def test_a_shift_may_have_a_higher_rival(hills):
    own, other = two_heights(hills, (22, 20), 2)
    assert other > own > 0.5


def test_a_slope_is_no_second_peak():
    y, x = np.mgrid[:31, :31]
    one = np.exp(-((y - 8) ** 2 + (x - 9) ** 2) / 200)
    own, other = two_heights(one, (8, 9), 2)
    assert own > 0.1
    assert other == -np.inf
