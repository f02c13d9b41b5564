"""The section that shows an answer: status in words, shift, confidence, D, the map, other fits.

Nothing is computed here; numbers come in and clicks go out.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ..shifts import Status
from ._controls import label, row
from ._shift_map import ShiftMapPicture
from ._status import COLOURS, WORDS, StatusSign

if TYPE_CHECKING:
    from ..shifts import Estimate
    from ._layers import Look
    from ._state import PairState

MINUS = "\N{MINUS SIGN}"


class ResultPanel(QWidget):
    """Where the second frame lies now, what the method said about it, and what else would fit."""

    taken = Signal(int)
    """Number of an alternative that was clicked, from 1; 0 for the method's own answer."""

    def __init__(self) -> None:
        super().__init__()
        self.map = ShiftMapPicture()
        self.map.clicked.connect(self.taken)
        self.sign = StatusSign()
        self.headline = label(wraps=True)
        font = self.headline.font()
        font.setBold(True)
        self.headline.setFont(font)
        self.shift = label(
            wraps=True, tip="What the second frame's nominal position has to be moved by"
        )
        self.physical = label(wraps=True, faint=True)
        self.confidence = label(
            wraps=True, tip="Probability that this is within 1 px of the truth"
        )
        self.similarity = label(
            wraps=True,
            tip="Mean squared difference of the overlapped pixels, on a scale of 0 to 255: "
            "at the nominal place → where the second frame lies now. 0 is identical.",
        )
        self.reason = label(wraps=True, faint=True)
        self.others = label(wraps=True)
        self.others.setTextFormat(Qt.TextFormat.RichText)
        self.others.setToolTip("Click a shift, its ring in the map, or press its digit to take it")
        self.others.linkActivated.connect(lambda link: self.taken.emit(int(link)))
        words = QVBoxLayout()
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(4)
        words.addLayout(row(self.sign, self.headline, 1))
        for line in (
            self.shift,
            self.physical,
            self.confidence,
            self.similarity,
            self.reason,
        ):
            words.addWidget(line)
        words.addStretch(1)
        beside = QHBoxLayout()
        beside.setSpacing(9)
        beside.addWidget(self.map, 0, Qt.AlignmentFlag.AlignTop)
        beside.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(beside)
        # Nine fits beside the map would push Accept out of sight.
        layout.addWidget(self.others)

    def show_state(
        self, state: PairState, look: Look | None, unit: str, d: tuple[float, float]
    ) -> None:
        """Show a state.

        Parameters
        ----------
        state : PairState
            What to show.
        look : Look or None
            Of the first layer, for the pixel size.
        unit : str
            The world's unit; empty for px.
        d : (float, float)
            D at the nominal place, and where the second frame lies now; NaN if unknown.
        """
        estimate, status = state.estimate, state.status
        self.map.show_estimate(estimate, state.shift)
        self.sign.show_status(status)
        self.sign.setVisible(status is not None)
        self.headline.setText(_headline(state))
        self.headline.setStyleSheet("" if status is None else f"color: {COLOURS[status]}")
        shift: tuple[float, ...] = state.shift
        is_answer = status not in (None, Status.HAND, Status.UNDETERMINED)
        self.confidence.setVisible(is_answer)
        if is_answer and estimate is not None:
            shift = tuple(estimate.shift)
            self.confidence.setText(f"{_percent(estimate.confidence)} within 1 px")
        self.shift.setText(_shift_text(shift) if state.pair else "")
        scale = (1.0, 1.0) if look is None else look.scale
        has_size = state.pair is not None and (bool(unit) or scale != (1.0, 1.0))
        self.physical.setVisible(has_size)
        world = tuple(value * size for value, size in zip(shift, scale, strict=True))
        decimals = max(0, 2 - math.floor(math.log10(min(scale))))  # a hundredth of a pixel
        self.physical.setText(_shift_text(world, unit or "world units", decimals))
        self.similarity.setText(_d_text(d))
        self.similarity.setVisible(bool(self.similarity.text()))
        self.reason.setText(_reason(estimate, state.by_hand))
        self.reason.setVisible(bool(self.reason.text()))
        self.others.setText(_others(estimate))
        self.others.setVisible(bool(self.others.text()))


def _headline(state: PairState) -> str:
    if state.pair is None:
        return "choose two layers above, or open two pictures"
    if state.status is None:
        return "not aligned yet"
    text = WORDS[state.status]
    if state.is_appended:
        return text + ", in the mosaic"
    return text + (", accepted" if state.accepted else "")


def _reason(estimate: Estimate | None, by_hand: bool) -> str:
    if estimate is None:
        return ""
    if by_hand:
        said = f"{estimate.method} said {WORDS[estimate.status]}"
        if estimate.status is not Status.UNDETERMINED:
            said += f": {_shift_text(tuple(estimate.shift))}, {_percent(estimate.confidence)}"
        return said
    where = f"{estimate.method} on {estimate.device.upper()}" if estimate.method else ""
    return ". ".join(part for part in (estimate.reason, where) if part)


def _others(estimate: Estimate | None) -> str:
    if estimate is None or not estimate.alternatives:
        return ""
    fits = [
        f'<a href="{number}" style="color: {COLOURS[Status.HAND]}">'
        f"{number}:&nbsp;({signed(fit.shift.dy, 0)},&nbsp;{signed(fit.shift.dx, 0)})</a>"
        f"&nbsp;{escape(_percent(fit.probability)).replace(' ', '&nbsp;')}"
        for number, fit in enumerate(estimate.alternatives[:9], start=1)
    ]
    return "Other fits: " + "&nbsp;&nbsp; ".join(fits)


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign, a minus as wide as the plus, and no minus before zero."""
    value = round(value, digits) + 0.0
    return f"{value:+.{digits}f}".replace("-", MINUS)


def _shift_text(shift: tuple[float, ...], unit: str = "px", digits: int = 2) -> str:
    whole = unit == "px" and all(isinstance(value, int) for value in shift)
    dy, dx = (signed(value, 0 if whole else digits) for value in shift)
    return f"dy {dy}  dx {dx} {unit}"


def _percent(probability: float) -> str:
    """Write a probability so that 99.97 % does not turn into certainty."""
    percent = 100 * probability
    if percent > 99.9:
        return "> 99.9 %"
    return f"{percent:.1f} %" if percent >= 0.1 or percent == 0 else "< 0.1 %"


def _d_text(d: tuple[float, float]) -> str:
    before, after = d
    if math.isnan(before) or math.isnan(after):
        return ""
    return f"D {before:.0f} → {after:.0f}" if max(d) >= 10 else f"D {before:.2f} → {after:.2f}"
