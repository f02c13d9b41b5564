"""How a seam is written in the list: the text of each cell, its sign, its tooltip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from ..shifts import Status
from ._result import signed
from ._status import COLOURS, WORDS, paint_sign

if TYPE_CHECKING:
    from ..geometry import Shift
    from ._grid_rows import SeamRow

HEADINGS = ("seam", "shift", "off by", "why")
SEAM, SHIFT, OFF, WHY = range(len(HEADINGS))
TIPS = (
    "Which seam, and what is known of it",
    "dy, dx from the nominal place, in px: decided or measured",
    "How far the frames, as placed, miss that shift, in px",
    "Why it deserves a look",
)
SIGN = 18
"""Side of a sign in the table, in screen px."""


def cell_text(row: SeamRow, column: int) -> str:
    """Write one cell."""
    if column == SEAM:
        return row.name
    if column == SHIFT:
        return shift_text(row.shift)
    if column == OFF:
        return "" if row.residual is None else f"{row.residual:.1f} px"
    return row.reason or ("" if row.excluded else word_of(row))


def shift_text(shift: Shift | None) -> str:
    """Write a shift in whole px; empty if there is none."""
    if shift is None:
        return ""
    dy, dx = shift.whole()
    return f"({signed(dy, 0)}, {signed(dx, 0)})"


def word_of(row: SeamRow) -> str:
    """The status of a row in words."""
    if row.excluded:
        return "excluded"
    return "not estimated yet" if row.status is None else WORDS[row.status]


def about(row: SeamRow) -> str:
    """Everything, for the tooltip."""
    lines = [
        f"{row.frames[0]} - {row.frames[1]}",
        word_of(row) + (f": {row.reason}" if row.reason else ""),
        "" if row.residual is None else f"as placed, it is off by {row.residual:.2f} px",
        "" if row.loop_error is None else f"loop of four frames: open by {row.loop_error:.1f} px",
    ]
    return "\n".join(line for line in lines if line)


def sign_icon(row: SeamRow) -> QIcon:
    """Draw the sign of a row's status; a cross if it is excluded."""
    sharp = 2  # for screens of high density
    picture = QPixmap(sharp * SIGN, sharp * SIGN)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(sharp, sharp)
    box = QRectF(0, 0, SIGN, SIGN)
    if row.excluded:
        paint_cross(painter, box)
    elif row.status is not None:
        paint_sign(painter, box, row.status)
    painter.end()
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # or Qt tints a selected one
        icon.addPixmap(picture, mode)
    return icon


def paint_cross(painter: QPainter, box: QRectF) -> None:
    """Paint the sign of a seam that is excluded."""
    painter.setPen(QPen(QColor(COLOURS[Status.UNDETERMINED]), 2))
    inside = box.adjusted(4, 4, -4, -4)
    painter.drawLine(inside.topLeft(), inside.bottomRight())
    painter.drawLine(inside.topRight(), inside.bottomLeft())
