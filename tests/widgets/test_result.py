"""The answer in words and numbers."""

import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.shifts import Alternative, Estimate, Status
from napari_seamnet.widgets._layers import Look
from napari_seamnet.widgets._result import ResultPanel, signed
from napari_seamnet.widgets._state import PairState

NAN = float("nan")


@pytest.fixture
def panel(qtbot):
    made = ResultPanel()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def state():
    import numpy as np

    frames = as_frame(np.zeros((9, 9), np.uint8)), as_frame(np.ones((9, 9), np.uint8))
    others = Alternative(Shift(0, 40), 0.002), Alternative(Shift(0, -40), 0.0001)
    estimate = Estimate(
        Shift(-3.24, 7.81), Status.CERTAIN, 0.997, others, None, "seamnet", "", "cuda"
    )
    return PairState(frames, (0, 0), (-3, 13), Offset(0, 5), estimate=estimate)


def test_an_answer_has_fractions_confidence_and_rivals(panel, state):
    panel.show_state(state, None, "", (812.4, 95.2))
    assert panel.headline.text() == "certain"
    assert panel.shift.text() == "dy −3.24  dx +7.81 px"
    assert panel.confidence.text() == "99.7 % within 1 px"
    assert panel.similarity.text() == "D 812 → 95"
    assert "(+0,&nbsp;−40)" in panel.others.text()
    assert "0.2&nbsp;%" in panel.others.text()
    assert "&lt;&nbsp;0.1&nbsp;%" in panel.others.text()
    assert panel.reason.text() == "seamnet on CUDA"


def test_a_hand_position_is_whole_and_keeps_what_the_method_said(panel, state):
    from dataclasses import replace

    panel.show_state(replace(state, by_hand=True, accepted=True), None, "", (NAN, NAN))
    assert panel.headline.text() == "by hand, accepted"
    assert panel.shift.text() == "dy −3  dx +8 px"
    assert "seamnet said certain" in panel.reason.text()
    assert panel.similarity.text() == ""


def test_a_scaled_frames_shift_is_also_in_its_unit(panel, state):
    panel.show_state(state, Look((0.5, 0.5), (), ()), "µm", (1.0, 0.5))
    assert panel.physical.text() == "dy −1.620  dx +3.905 µm"
    assert panel.similarity.text() == "D 1.00 → 0.50"


def test_no_pair_and_no_answer_are_said(panel, state):
    from dataclasses import replace

    panel.show_state(PairState(), None, "", (NAN, NAN))
    assert panel.headline.text() == "choose two layers above, or open two pictures"
    panel.show_state(replace(state, estimate=None), None, "", (NAN, NAN))
    assert panel.headline.text() == "not aligned yet"


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "+3.00"), (-0.5, "−0.50"), (-0.001, "+0.00"), (0.0, "+0.00")]
)
def test_signs_are_always_written(value, text):
    assert signed(value) == text


def test_almost_certain_is_not_written_as_certainty(panel, state):
    from dataclasses import replace

    sure = replace(state.estimate, confidence=0.99996)
    panel.show_state(replace(state, estimate=sure), None, "", (NAN, NAN))
    assert panel.confidence.text() == "> 99.9 % within 1 px"
