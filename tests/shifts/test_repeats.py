"""What tells repeats apart, and what only seems to."""

import numpy as np
import pytest

from napari_seamnet.shifts.posterior import to_probability
from napari_seamnet.shifts.repeats import LIKELY, Repeat, told_apart


def shares(*evidence):
    """Probability of each of some repeats that a method's own map has alike."""
    places = [(5, 5 + 10 * k) for k in range(len(evidence))]
    own = np.full((11, 10 * len(evidence) + 1), -20.0)
    for place in places:
        own[place] = 0.0
    repeats = [Repeat(place, float(e)) for place, e in zip(places, evidence, strict=True)]
    told = to_probability(told_apart(own, places[0], repeats))
    return [float(told[place]) for place in places]


def test_without_evidence_repeats_keep_their_shares():
    assert shares(0, 0.5, 1.0) == pytest.approx([1 / 3] * 3, abs=0.01)


def test_what_breaks_the_lattice_in_one_place_decides():
    first, second, third = shares(1.5, 9.0, 2.0)
    assert second > 0.999
    assert first + third < 0.001


def test_the_order_is_that_of_the_evidence():
    found = shares(1.0, 4.0, 3.0)
    assert found[1] > found[2] > found[0]


@pytest.mark.parametrize("evidence", [(13.0, 12.2, 11.6, 4.8), (30.0, 28.0, 0.0, 0.0)])
def test_what_breaks_the_lattice_and_repeats_itself_does_not_decide(evidence):
    """Only one can be right: the others show what chance does here."""
    assert evidence[1] > LIKELY
    assert max(shares(*evidence)) < 0.8


def test_far_more_evidence_than_the_second_best_still_decides():
    assert shares(40.0, 6.0, 1.0)[0] > 0.999
