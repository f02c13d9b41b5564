"""What estimates of some kinds are worth, whatever their map says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from napari_seamnet.geometry import Shift
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status, get_method, odds
from napari_seamnet.shifts.estimate import Alternative, Estimate
from napari_seamnet.shifts.odds import BY_WIDTH, DOUBTED, NARROW, by_width, sobered


def odds_of(found):
    confidence = found if isinstance(found, float) else found.confidence
    return confidence / (1 - confidence)


def crops(width, margin=0, length=200):
    whole = np.zeros((length, width + 2 * margin))
    return Overlap(whole[:, : width + margin], whole[:, margin:], (0, margin))


@given(st.floats(0.01, 0.98))
def test_doubtful_odds_count_two_thirds(confidence):
    found = sobered(Estimate(Shift(1, 2), Status.DOUBTFUL, confidence))
    assert odds_of(found) == pytest.approx(DOUBTED * odds_of(confidence))
    assert found.status is Status.DOUBTFUL
    assert f"{found.confidence:.0%}" in found.reason


def test_a_doubtful_estimate_whose_rival_is_strong_stays_ambiguous():
    rival = Alternative(Shift(9, 9), 0.3)
    found = sobered(Estimate(Shift(1, 2), Status.DOUBTFUL, 0.6, (rival,)))
    assert (found.status, found.reason) == (Status.AMBIGUOUS, "2 shifts fit")


@given(st.integers(4, 200), st.integers(-3, 3), st.floats(0.99, 1), st.booleans())
def test_the_narrower_an_overlap_is_the_less_it_is_worth(width, across, confidence, lies):
    overlap, shift = crops(width), Shift(5, across)
    if lies:
        overlap, shift = Overlap(overlap.first.T, overlap.second.T), Shift(across, 5)
    found = by_width(Estimate(shift, Status.CERTAIN, confidence), overlap)
    shared = width - abs(across)
    if shared >= NARROW:
        assert found.confidence == confidence
    elif confidence < 1 - 1e-9:
        share = (shared / NARROW) ** BY_WIDTH
        assert odds_of(found) == pytest.approx(share * odds_of(confidence))
    assert (found.status is Status.CERTAIN) == (found.confidence >= 0.99)
    assert (found.reason == "") == (found.status is Status.CERTAIN)
    assert str(shared) in found.reason or not found.reason


def test_what_a_margin_adds_to_an_overlap_counts():
    sure = Estimate(Shift(0, -40), Status.CERTAIN, 0.992)
    assert by_width(sure, crops(30)).status is Status.DOUBTFUL
    assert by_width(sure, crops(30, margin=45)).confidence == 0.992


@pytest.mark.parametrize("length", [420, 60])
def test_seamnet_says_less_of_a_narrow_seam(length, monkeypatch):
    rng = np.random.default_rng(0)
    picture = ndimage.gaussian_filter(rng.standard_normal((length + 20, 40)), 1.5)
    picture += 0.6 * picture.std() * rng.standard_normal(picture.shape)
    seam = Overlap(picture[10:-10, 4:28], picture[13:-7, 6:30])
    method = get_method("seamnet", device="cpu")
    found = method.estimate(seam)
    assert found.shift.distance(Shift(3, 2)) < 0.5
    monkeypatch.setattr(odds, "NARROW", 0)
    before = method.estimate(seam)
    assert before.status is Status.CERTAIN
    share = (22 / 60) ** BY_WIDTH
    assert odds_of(found) == pytest.approx(share * odds_of(before), rel=1e-3)
