"""The seam that is looked at, in words and as a map: what is known of it, and what else would fit.

Numbers come in and clicks go out; nothing is computed or decided here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ..shifts import Status
from ._controls import label, row
from ._grid_cells import word_of
from ._grid_frame_words import percent
from ._grid_reviewing import MOST_FITS
from ._result import signed
from ._shift_map import ShiftMapPicture
from ._status import COLOURS, StatusSign

if TYPE_CHECKING:
    from ..geometry import Shift
    from ..shifts import Estimate
    from ._grid_draft import Draft
    from ._grid_rows import SeamRow


WITHIN = "within 1 px"


@dataclass(frozen=True, eq=False)
class SeamFacts:
    """What the panel shows of one seam.

    Parameters
    ----------
    row : SeamRow
        What the list says of it.
    estimate : Estimate or None
        What was found about it by itself.
    draft : Draft
        Where the second frame is held now.
    favoured : int or None
        The fit that the solve puts its frames at; 0 is the method's own.
    d : (float, float)
        Mean squared difference at the nominal place, and where it is held now; NaN if unknown.
    pixel_size : (y, x) or None
        In µm.
    """

    row: SeamRow
    estimate: Estimate | None
    draft: Draft
    favoured: int | None
    d: tuple[float, float] = (math.nan, math.nan)
    pixel_size: tuple[float, float] | None = None


class SeamPanel(QWidget):
    """Status, shift, residual, reason, other fits, and the map over shifts beside them."""

    taken = Signal(int)
    """Number of a fit that was clicked, from 1; 0 for the method's own answer."""

    def __init__(self) -> None:
        super().__init__()
        self.map = ShiftMapPicture()
        self.map.clicked.connect(self.taken)
        self.sign = StatusSign()
        self.headline = label(wraps=True)
        font = self.headline.font()
        font.setBold(True)
        self.headline.setFont(font)
        self.names = label(wraps=True, faint=True, tip="First and second frame of the seam")
        self.shift = label(
            wraps=True,
            tip="What the second frame's nominal position has to be moved by, where it is held",
        )
        self.physical = label(wraps=True, faint=True)
        self.off = label(
            wraps=True,
            tip="How far the frames, as placed, miss the shift of this seam; and by how much the "
            "shifts around the best loop of four frames fail to cancel",
        )
        self.confidence = label(
            wraps=True,
            tip="Probability that the frames, as placed, fit to within 1 px, all seams considered",
        )
        self.similarity = label(
            wraps=True,
            tip="Mean squared difference of the overlapped pixels, on a scale of 0 to 255: "
            "at the nominal place → where the second frame is held. 0 is identical.",
        )
        self.reason = label(wraps=True, faint=True)
        self.others = label(wraps=True)
        self.others.setTextFormat(Qt.TextFormat.RichText)
        self.others.setToolTip("Click a shift, its ring in the map, or press its digit to take it")
        self.others.linkActivated.connect(lambda link: self.taken.emit(int(link)))
        self._lines = (
            self.shift,
            self.physical,
            self.off,
            self.confidence,
            self.similarity,
        )
        words = QVBoxLayout()
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(3)
        words.addLayout(row(self.sign, self.headline, 1))
        for line in self._lines:
            words.addWidget(line)
        words.addStretch(1)
        beside = QHBoxLayout()
        beside.setSpacing(9)
        beside.addWidget(self.map, 0, Qt.AlignmentFlag.AlignTop)
        beside.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.names)
        layout.addLayout(beside)
        layout.addWidget(self.reason)
        layout.addWidget(self.others)

    def show_seam(self, facts: SeamFacts) -> None:
        """Show a seam."""
        seam, draft = facts.row, facts.draft
        status = Status.HAND if draft.is_moved else seam.status
        self.map.show_estimate(facts.estimate, draft.shift.whole())
        shown = None if seam.excluded and not draft.is_moved else status
        self.sign.show_status(shown)
        self.sign.setVisible(shown is not None)
        self.headline.setText(headline(seam, draft))
        self.headline.setStyleSheet("" if shown is None else f"color: {COLOURS[shown]}")
        first, second = seam.frames
        self.names.setText(f"{seam.name}:  {first} → {second}")
        self.shift.setText(in_px(draft.shift))
        self.physical.setText(in_um(draft.shift, facts.pixel_size))
        self.off.setText(off_text(seam))
        self.confidence.setText(confidence_text(facts))
        self.similarity.setText(d_text(facts.d))
        self.reason.setText(reason_text(facts))
        self.others.setText(fits_text(facts))
        for line in (*self._lines, self.reason, self.others):
            line.setVisible(bool(line.text()))


def headline(seam: SeamRow, draft: Draft) -> str:
    """Say in a few words how the seam stands."""
    if draft.is_moved:
        return "held by hand, not confirmed"
    return word_of(seam)


def in_px(shift: Shift) -> str:
    """Write a shift in px; with fractions only if it has some."""
    digits = 0 if tuple(shift) == shift.whole() else 2
    return f"dy {signed(shift.dy, digits)}  dx {signed(shift.dx, digits)} px"


def in_um(shift: Shift, size: tuple[float, float] | None) -> str:
    """Write a shift in µm; empty where the pixel size is not known."""
    if size is None:
        return ""
    digits = max(0, 2 - math.floor(math.log10(min(size))))  # a hundredth of a pixel
    dy, dx = (signed(value * side, digits) for value, side in zip(shift, size, strict=True))
    return f"dy {dy}  dx {dx} µm"


def off_text(seam: SeamRow) -> str:
    """Residual and loop error."""
    parts = []
    if seam.residual is not None:
        parts.append(f"off by {seam.residual:.1f} px")
    if seam.loop_error is not None:
        parts.append(f"loop {seam.loop_error:.1f} px")
    return ", ".join(parts)


def confidence_text(facts: SeamFacts) -> str:
    """How probable it is that the frames fit as they are placed."""
    seam = facts.row
    if seam.excluded or seam.status in (None, Status.HAND, Status.UNDETERMINED):
        return ""
    # A number about another place would mislead, and the reason often has it already.
    if facts.draft.is_moved or WITHIN in seam.reason:
        return ""
    return f"{percent(seam.probability)} {WITHIN}"


def d_text(d: tuple[float, float]) -> str:
    """D at the nominal place, and now."""
    before, after = d
    if math.isnan(before) or math.isnan(after):
        return ""
    digits = 0 if max(d) >= 10 else 2
    return f"D {before:.{digits}f} → {after:.{digits}f}"


def reason_text(facts: SeamFacts) -> str:
    """Why the seam deserves a look, and what the method said by itself."""
    seam, estimate = facts.row, facts.estimate
    said = []
    if seam.reason:
        said.append(seam.reason[:1].upper() + seam.reason[1:])
    if estimate is not None and estimate.method:
        what = f"{estimate.method} by itself: {estimate.status}"
        if estimate.status is not Status.UNDETERMINED:
            what += f", {percent(estimate.confidence)}"
        elif estimate.reason and estimate.reason not in seam.reason:
            what += f", {estimate.reason}"
        said.append(what)
    return ". ".join(said)


def fits_text(facts: SeamFacts) -> str:
    """The other fits as links, and which of all the neighbours favour."""
    estimate = facts.estimate
    if estimate is None:
        return ""
    text = ""
    if estimate.alternatives:
        fits = []
        for number, fit in enumerate(estimate.alternatives[:MOST_FITS], start=1):
            dy, dx = (signed(value, 0) for value in fit.shift.whole())
            known = escape(percent(fit.probability)).replace(" ", "&nbsp;")
            fits.append(
                f'<a href="{number}" style="color: {COLOURS[Status.HAND]}">'
                f"{number}:&nbsp;({dy},&nbsp;{dx})</a>&nbsp;{known}"
            )
        text = "Other fits: " + "&nbsp;&nbsp; ".join(fits)
    if estimate.alternatives and facts.favoured is not None and facts.row.status != Status.HAND:
        which = f"fit {facts.favoured}" if facts.favoured else "the method's own answer"
        text += f". The seams around favour {which}."
    return text
