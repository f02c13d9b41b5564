"""The signs of the five statuses: a colour, a shape and a word each, the same everywhere.

What a status means is said in `shifts/estimate.py`.
"""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from ..shifts import Status

COLOURS = {
    Status.CERTAIN: "#2aa876",
    Status.DOUBTFUL: "#e0a010",
    Status.AMBIGUOUS: "#b678e0",
    Status.UNDETERMINED: "#e2706a",
    Status.HAND: "#4a9be8",
}
"""Readable on napari's dark and light themes; the shapes help colour-blind eyes."""

WORDS = {
    Status.CERTAIN: "certain",
    Status.DOUBTFUL: "doubtful",
    Status.AMBIGUOUS: "ambiguous",
    Status.UNDETERMINED: "undetermined",
    Status.HAND: "by hand",
}


class StatusSign(QWidget):
    """Filled circle: certain; half: doubtful; two: ambiguous; empty: undetermined; a hand."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status: Status | None = None
        self.setFixedSize(QSize(28, 22))

    @property
    def status(self) -> Status | None:
        """What is shown; None shows nothing."""
        return self._status

    def show_status(self, status: Status | None) -> None:
        """Show the sign of a status."""
        self._status = status
        self.setToolTip("" if status is None else WORDS[status])
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the sign."""
        if self._status is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_sign(painter, QRectF(self.rect()), self._status)
        painter.end()


def paint_sign(painter: QPainter, box: QRectF, status: Status) -> None:
    """Paint a status' sign into the middle of a box."""
    colour = QColor(COLOURS[status])
    centre, radius = box.center(), min(box.width(), box.height()) / 2 - 2
    painter.setPen(QPen(colour, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    circle = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    if status is Status.HAND:
        _paint_hand(painter, circle, colour)
    elif status is Status.AMBIGUOUS:
        radius *= 0.7
        painter.setBrush(colour)
        painter.drawEllipse(centre - QPointF(radius * 0.9, 0), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre + QPointF(radius * 0.9, 0), radius, radius)
    else:
        painter.drawEllipse(circle)
        painter.setBrush(colour)
        if status is Status.CERTAIN:
            painter.drawEllipse(circle)
        elif status is Status.DOUBTFUL:
            painter.drawPie(circle, 90 * 16, 180 * 16)


def _paint_hand(painter: QPainter, box: QRectF, colour: QColor) -> None:
    """Paint an open hand: a palm, four fingers and a thumb."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    unit = box.width() / 18

    def bar(x: float, y: float, width: float, height: float, round_: float = 1.3) -> None:
        where = QRectF(box.x() + x * unit, box.y() + y * unit, width * unit, height * unit)
        painter.drawRoundedRect(where, round_ * unit, round_ * unit)

    bar(4, 8, 11.4, 10, 3)
    for finger, (top, length) in enumerate(((2.5, 9), (0, 11), (0.8, 10), (3.5, 8))):
        bar(4 + 3 * finger, top, 2.4, length)
    painter.save()
    painter.translate(box.x() + 4.6 * unit, box.y() + 15 * unit)
    painter.rotate(-42)
    painter.drawRoundedRect(
        QRectF(-1.3 * unit, -7 * unit, 2.8 * unit, 8 * unit), 1.3 * unit, 1.3 * unit
    )
    painter.restore()
