import math

import imageio.v3 as iio
import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.pair_report import (
    as_json,
    as_text,
    report_pair,
    save_composite,
    similarity_at,
)
from napari_seamnet.shifts import Alternative, Estimate, Status


class Told:
    """A method that gives the estimate it was made with."""

    name = "told"
    wants_margin = False

    def __init__(self, estimate):
        self._estimate = estimate

    def estimate(self, overlap, *, max_shift=15, progress=None):
        return self._estimate


@pytest.fixture
def frames():
    """Two frames of one scene; the second lies at (3, 46) of the first."""
    scene = np.random.default_rng(2).integers(0, 256, (80, 120), np.uint8)
    return as_frame(scene[:60, :60]), as_frame(scene[3:63, 46:106])


def test_a_report_measures_d_before_and_after(frames):
    told = Estimate(Shift(2.8, -4.3), Status.CERTAIN, 0.995, method="told")
    report = report_pair(*frames, Offset(0, 50), Told(told))
    assert report.offset == Offset(3, 46)
    assert report.similarity_after == 0
    assert report.similarity_before > 1000
    assert report.seconds > 0


def test_an_offset_without_any_overlap_has_no_d(frames):
    assert similarity_at(*frames, Offset(0, 60)) is None


def test_crops_without_a_number_have_no_d():
    empty = as_frame(np.full((9, 9), np.nan))
    assert similarity_at(empty, empty, Offset(0, 0)) is None


def test_the_answer_is_given_in_json_with_finite_numbers_only(frames):
    told = Estimate(
        Shift(2.80049, -4.3),
        Status.AMBIGUOUS,
        0.61239,
        (Alternative(Shift(2.8, 35.7), 0.3),),
        method="told",
    )
    answer = as_json(report_pair(*frames, Offset(0, 50), Told(told)))
    assert answer.pop("seconds") >= 0
    assert answer == {
        "dy": 2.8,
        "dx": -4.3,
        "confidence": 0.6124,
        "status": "ambiguous",
        "alternatives": [{"dy": 2.8, "dx": 35.7, "probability": 0.3}],
        "method": "told",
        "similarity": 0.0,
        "device": "cpu",
    }
    assert math.isfinite(answer["dx"])


def test_the_words_name_every_alternative_and_the_reason(frames):
    told = Estimate(
        Shift(0, 20),
        Status.AMBIGUOUS,
        0.61,
        (Alternative(Shift(3, -4), 0.3), Alternative(Shift(0, 1), 0.05)),
        method="told",
        reason="3 shifts fit",
    )
    lines = as_text(report_pair(*frames, Offset(0, 50), Told(told))).splitlines()
    assert lines[0].split(maxsplit=1) == ["status", "ambiguous: 3 shifts fit"]
    assert [line.split()[0] for line in lines].count("also") == 2
    assert "nothing to compare" in next(line for line in lines if line.startswith("D"))


def test_a_composite_is_red_where_only_the_first_frame_is_bright(tmp_path):
    first, second = np.zeros((2, 20, 30), np.uint8)
    first[5, 20], second[5, 3] = 255, 255
    save_composite(tmp_path / "c.png", as_frame(first), as_frame(second), Offset(0, 15))
    picture = iio.imread(tmp_path / "c.png")
    assert picture.shape == (20, 15, 3)
    assert tuple(picture[5, 5, :2]) == (255, 0)
    assert tuple(picture[5, 3, :2]) == (0, 255)
