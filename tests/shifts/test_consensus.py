import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.geometry import Shift
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Cancelled, Estimate, Status, get_method
from napari_seamnet.shifts.consensus import (
    agree,
    square_estimates,
    trimmed,
    trimmed_count,
    trimmed_mean,
)

numbers = st.floats(-15, 15)


def answer(dy, dx, confidence=0.9, status=Status.DOUBTFUL):
    return Estimate(Shift(dy, dx), status, confidence)


def test_three_lowest_and_three_highest_are_dropped_and_the_rest_averaged():
    dy = [-90, -80, -70, 1, 2, 3, 4, 6, 70, 80, 90]  # 11 squares, as of 1688 px at 150
    dx = dy[::-1]
    mean = trimmed_mean([Shift(y, 2 * x) for y, x in zip(dy, dx, strict=True)])
    assert tuple(mean) == pytest.approx((16 / 5, 32 / 5))


def test_the_axes_are_trimmed_each_by_itself():
    shifts = [Shift(i, (3 * i) % 7) for i in range(7)]
    assert tuple(trimmed_mean(shifts)) == (3, 3)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
def test_with_fewer_than_seven_the_mean_is_the_median(values):
    mean = trimmed_mean([Shift(*value) for value in values])
    assert tuple(mean) == pytest.approx(tuple(np.median(values, axis=0)))


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20), st.randoms())
def test_the_order_of_the_squares_does_not_matter(values, random):
    shuffled = values.copy()
    random.shuffle(shuffled)
    one, other = (trimmed_mean([Shift(*v) for v in some]) for some in (values, shuffled))
    assert tuple(one) == pytest.approx(tuple(other))


@settings(deadline=None)
@given(st.integers(1, 400))
def test_something_is_always_left_and_never_more_than_three_dropped(n):
    assert 0 <= trimmed_count(n) <= 3
    assert n - 2 * trimmed_count(n) >= 1


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=7, max_size=30), numbers)
def test_three_wild_squares_cannot_leave_the_range_of_the_others(values, wild):
    shifts = [Shift(*v) for v in values]
    mean = trimmed_mean([Shift(1000 * wild, -1000 * wild)] * 3 + shifts)
    lowest, highest = np.min(values, axis=0), np.max(values, axis=0)
    assert (lowest - 1e-9 <= np.array(tuple(mean))).all()
    assert (np.array(tuple(mean)) <= highest + 1e-9).all()


def test_the_mean_of_one_is_itself_and_of_none_is_refused():
    assert trimmed_mean([Shift(2.5, -3)]) == Shift(2.5, -3)
    with pytest.raises(ValueError, match="give at least 1"):
        trimmed_mean([])


@pytest.mark.parametrize("shift", [(3, -5), (-6, 8)])
@pytest.mark.parametrize("tall", [True, False])
def test_every_square_of_a_seam_is_estimated_by_itself(cut, tall, shift):
    size = {"height": 140, "width": 45} if tall else {"height": 45, "width": 140}
    estimates = square_estimates(cut(*shift, **size), get_method("smoothed"))
    assert len(estimates) == 3
    assert [e.shift.whole() for e in estimates] == [shift] * 3


def test_of_crops_with_a_margin_only_the_nominal_overlap_is_cut(cut):
    seam = cut(1, 2, height=140, width=60, origin=(0, 12), second_size=(140, 60))
    estimates = square_estimates(seam, get_method("smoothed"))
    assert len(estimates) == 140 // 48
    assert {e.shift.whole() for e in estimates} == {(1, 2)}


def test_the_wrapper_estimates_a_seam_the_sources_way(cut):
    method = trimmed(get_method("smoothed"))
    estimate = method.estimate(cut(4, -3, height=140, width=30))
    assert (estimate.method, estimate.shift.whole()) == ("smoothed-squares", (4, -3))
    assert estimate.status is not Status.UNDETERMINED
    assert not method.wants_margin


def test_progress_counts_the_squares_and_can_stop_the_work(cut):
    calls = []
    seam = cut(0, 0, height=140, width=45)
    trimmed(get_method("smoothed")).estimate(seam, progress=lambda *call: calls.append(call))
    assert [call[:2] for call in calls] == [(0, 3), (1, 3), (2, 3), (3, 3)]

    def stop(done, total, what):
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        trimmed(get_method("smoothed")).estimate(seam, progress=stop)


def test_undetermined_squares_have_no_say():
    blank = answer(0, 0, 0.0, Status.UNDETERMINED)
    estimate = agree([blank, blank, blank, blank, answer(5, 5), answer(5, 5)], "m")
    assert estimate.shift == Shift(5, 5)
    nothing = agree([blank, blank], "m")
    assert nothing.status is Status.UNDETERMINED
    assert "none of 2 squares" in nothing.reason


def test_confidence_grows_with_agreement_and_falls_with_dissent():
    alike = agree([answer(5, 5)] * 15, "m")
    spread = agree([answer(5 + d / 4, 5 - d / 4) for d in range(-7, 8)], "m")
    torn = agree([answer(5, 5)] * 10 + [answer(-9, 3)] * 5, "m")
    assert alike.confidence > 0.99 > spread.confidence > torn.confidence
    assert torn.status is Status.DOUBTFUL


def test_one_square_keeps_its_own_confidence():
    estimate = agree([answer(5, 5, 0.7)], "m")
    assert estimate.confidence == pytest.approx(0.7)
    assert agree([answer(5, 5, 0.7), answer(-5, 5, 0.7)], "m").confidence == 0


def test_a_blank_seam_is_undetermined_by_squares_too():
    blank = Overlap(np.zeros((60, 20)), np.zeros((60, 20)))
    assert trimmed(get_method("search")).estimate(blank).status is Status.UNDETERMINED
