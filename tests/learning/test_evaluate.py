import csv
import json
import math

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.evaluate import (
    Answer,
    as_json,
    evaluate,
    summarise,
    table,
    write_csv,
)
from napari_seamnet.learning.labelled import LabelledSeam, spoiled
from napari_seamnet.learning.summary import wilson
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Cancelled, Estimate, Status, get_method
from napari_seamnet.shifts.estimate import undetermined


class Saying:
    """A method that says always the same, and keeps what it was shown."""

    def __init__(self, estimate, wants_margin=False):
        self.name = "saying"
        self.wants_margin = wants_margin
        self.says = estimate
        self.shown = []

    def estimate(self, overlap, *, max_shift=15, progress=None):
        self.shown.append(overlap)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def certain(dy, dx, confidence=0.99):
    return Estimate(Shift(dy, dx), Status.CERTAIN, confidence)


@pytest.fixture(scope="module")
def scene():
    rough = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=(200, 200)), 2)
    return (255 * (rough - rough.min()) / np.ptp(rough)).astype(np.uint8)


@pytest.fixture
def seams(scene):
    """Two crops of one picture, so the truth is known; cut with the margin that is asked for."""

    def seam(dy, dx):
        def cut(margin):
            top, left = 60 - margin, 60 - margin
            n = 70 + 2 * margin
            first = scene[top : top + n, left : left + n]
            second = scene[60 + dy : 130 + dy, 60 + dx : 130 + dx]
            return Overlap(first, second, (margin, margin))

        return LabelledSeam(f"{dy} {dx}", Shift(dy, dx), cut, "drawn")

    return [seam(0, 0), seam(-6, 3), seam(9, -9)]


def answer(error=0.0, status="certain", confidence=0.995, method="m", **more):
    truth, shift = Shift(1.0, 2.0), Shift(1.0 + error, 2.0)
    settings = {"seam": "s", "group": "g", "seconds": 0.1} | more
    return Answer(
        method=method,
        truth=truth,
        shift=shift,
        status=Status(status),
        confidence=confidence,
        **settings,
    )


def test_a_method_that_finds_the_shift_has_no_error(seams):
    answers = evaluate({"search": get_method("search")}, seams)
    assert [a.seam for a in answers] == ["0 0", "-6 3", "9 -9"]
    assert all(a.error < 0.1 for a in answers)
    assert all(a.seconds > 0 for a in answers)


def test_every_method_sees_the_same_noise_with_its_margin_or_without(seams):
    wide, narrow = Saying(certain(0, 0), wants_margin=True), Saying(certain(0, 0))
    evaluate({"wide": wide, "narrow": narrow}, [spoiled(s, 0.2) for s in seams], max_shift=8)
    alone = Saying(certain(0, 0))
    evaluate({"alone": alone}, [spoiled(s, 0.2) for s in seams], max_shift=8)
    for with_margin, without, later in zip(wide.shown, narrow.shown, alone.shown, strict=True):
        assert with_margin.first.shape == (86, 86)
        assert without.first.shape == (70, 70)
        np.testing.assert_array_equal(with_margin.first[8:78, 8:78], without.first)
        np.testing.assert_array_equal(with_margin.second, without.second)
        np.testing.assert_array_equal(later.first, without.first)


def test_a_method_that_cannot_take_a_seam_is_a_row_with_the_reason(seams):
    methods = {
        "small": Saying(ValueError("squares of 150 px are needed, not 70")),
        "torch": Saying(RuntimeError("mat1 and mat2")),
        "good": Saying(certain(0, 0)),
    }
    answers = evaluate(methods, seams[:1])
    assert [(a.status, a.failed, a.confidence) for a in answers] == [
        ("undetermined", True, 0),
        ("undetermined", True, 0),
        ("certain", False, 0.99),
    ]
    assert answers[0].reason == "squares of 150 px are needed, not 70"
    summaries = summarise(answers)
    assert [s.failed for s in summaries] == [1, 1, 0]
    assert math.isnan(summaries[0].seconds)
    assert "failed" in table(summaries)
    assert "failed" not in table(summaries[2:])


def test_a_seam_that_cannot_be_cut_fails_for_every_method_and_stops_none(seams):
    def gone(margin):
        raise FileNotFoundError("the frame is gone")

    lost = LabelledSeam("lost", Shift(1, 1), gone)
    answers = evaluate({"a": Saying(certain(0, 0)), "b": Saying(certain(0, 0))}, [lost, seams[0]])
    assert [a.reason for a in answers] == ["the frame is gone"] * 2 + [""] * 2


def test_an_undetermined_answer_counts_as_the_nominal_position(seams):
    odd = Estimate(Shift(5, 5), Status.UNDETERMINED, 0.0)
    for says in (odd, undetermined("m", "blank")):
        answers = evaluate({"m": Saying(says)}, seams)
        assert [a.error for a in answers] == [0, 6, 9]
        (summary,) = summarise(answers)
        assert (summary.mean_max, summary.mean_dy, summary.mean_dx) == (5, 5, 4)
        assert (summary.share_undetermined, summary.certain, summary.silent) == (1, 0, 0)
        assert (summary.flagged, summary.flagged_right) == (3, 1)


def test_progress_counts_every_answer_and_can_stop_the_work(seams):
    told = []
    methods = {"a": Saying(certain(0, 0)), "b": Saying(certain(0, 0))}
    evaluate(methods, seams, progress=lambda *words: told.append(words))
    assert told == [
        *((k, 6, f"{'ab'[k % 2]}: {seams[k // 2].name}") for k in range(6)),
        (6, 6, ""),
    ]

    def stop(done, total, what):
        if done == 2:
            raise Cancelled

    methods = {"a": Saying(certain(0, 0)), "b": Saying(certain(0, 0))}
    with pytest.raises(Cancelled):
        evaluate(methods, seams, progress=stop)
    assert len(methods["a"].shown) == 1


def test_a_method_can_be_stopped_while_it_works(seams):
    calls = []

    def stop(done, total, what):
        calls.append(what)
        if len(calls) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        evaluate({"search": get_method("search")}, seams, progress=stop)


def test_the_sources_metrics_are_counted_exact_and_in_whole_pixels():
    answers = [
        Answer("a", "", "m", Shift(0, 0), Shift(0.4, -1.6), Status.CERTAIN, 1.0, 0.1),
        Answer("b", "", "m", Shift(2, -3), Shift(4.75, -3.0), Status.DOUBTFUL, 0.5, 0.3),
    ]
    (s,) = summarise(answers)
    assert (s.mean_max, s.mean_dy, s.mean_dx) == pytest.approx((2.175, 1.575, 0.8))
    assert (s.rounded_max, s.rounded_dy, s.rounded_dx) == pytest.approx((2.5, 1.5, 1.0))
    assert (s.within_1, s.within_2) == (0, 0.5)
    assert s.seconds == pytest.approx(0.2)


def test_only_an_answer_called_certain_can_be_a_silent_error():
    answers = [
        answer(0.9),
        answer(1.0),
        answer(1.1),
        answer(7.0),
        answer(7.0, "doubtful", 0.4),
        answer(0.5, "ambiguous", 0.4),
    ]
    (s,) = summarise(answers)
    assert (s.certain, s.silent, s.flagged, s.flagged_right) == (4, 2, 2, 1)
    assert [a.is_silent for a in answers] == [False, False, True, True, False, False]


def test_reliability_puts_each_claim_in_its_bin_and_measures_how_far_it_is_kept():
    claims = [0.0, 0.29, 0.3, 0.6, 0.9, 0.99, 1.0]
    (s,) = summarise([answer(5.0 if c < 0.6 else 0.0, confidence=c) for c in claims])
    assert [b.n for b in s.bins] == [2, 1, 1, 1, 2]
    assert [b.right for b in s.bins] == [0, 0, 1, 1, 2]
    assert s.bins[0].claimed == pytest.approx(0.145)
    assert s.calibration_error == pytest.approx((0.29 + 0.3 + 0.4 + 0.1 + 0.01) / 7)
    assert sum(b.n for b in s.bins) == s.n


def test_wilson_is_the_share_at_which_the_count_would_just_be_surprising():
    low, high = wilson(18, 20)
    for end in (low, high):
        spread = math.sqrt(end * (1 - end) / 20)
        assert abs(0.9 - end) == pytest.approx(1.959964 * spread)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1


def test_parts_of_a_set_are_counted_each_by_itself():
    answers = [
        answer(error, noise=noise, group=group, method=method)
        for method in "mn"
        for group, noise, error in (("a", 0.0, 0.0), ("a", 0.3, 3.0), ("b", 0.3, 5.0))
    ]
    by_noise = summarise(answers, ["noise"])
    assert [(s.method, s.noise, s.mean_max) for s in by_noise] == [
        ("m", 0.0, 0.0),
        ("n", 0.0, 0.0),
        ("m", 0.3, 4.0),
        ("n", 0.3, 4.0),
    ]
    assert [s.group for s in summarise(answers, ["group"])] == ["a", "a", "b", "b"]
    assert len(summarise(answers, ["group", "noise"])) == 6
    with pytest.raises(ValueError, match="seam"):
        summarise(answers, ["seam"])


def test_the_table_is_markdown_with_one_row_a_method_and_straight_columns():
    text = table(summarise([answer(method="m"), answer(3.0, method="longer|name")], ["noise"]))
    for part in text.split("\n\n"):
        lines = part.splitlines()
        assert len(lines) == 4
        assert len({len(line) for line in lines}) == 1
        assert lines[0].startswith("| noise | method")
        assert set(lines[1]) == {"|", "-"}
        assert "longer\\|name" in lines[3]
    assert "100.0% (21-100)" in text


def test_json_holds_plain_values_and_null_for_what_is_not_known():
    (found,) = json.loads(json.dumps(as_json(summarise([answer(2.5)])), allow_nan=False))
    assert found["mean_max"] == found["mean_dy"] == 2.5
    assert (found["silent_errors"], found["seams"], found["group"]) == (1, 1, None)
    assert found["rounded"]["mean_max"] == 3.0  # 3.5 is rounded upwards, to 4
    assert [b["claimed"] for b in found["reliability"]] == [None] * 4 + [0.995]


def test_the_file_of_answers_has_a_row_for_each(tmp_path):
    path = tmp_path / "answers.csv"
    write_csv([answer(0.25, noise=0.3), answer(9, "doubtful", reason="weak, very")], path)
    with open(path, newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["true_dy"], first["dy"], first["dx"], first["error"]) == (
        "1.0",
        "1.25",
        "2.0",
        "0.25",
    )
    assert (first["noise"], first["status"]) == ("0.3", "certain")
    assert second["reason"] == "weak, very"
    assert [p.name for p in tmp_path.iterdir()] == ["answers.csv"]
