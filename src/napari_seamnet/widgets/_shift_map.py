"""The map over shifts as a small picture: bright fits, the answer and its rivals are marked.

Only painting and clicking are here; which shift is taken is the listener's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps import ensure_colormap
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QToolTip, QWidget

from ..geometry import Shift

if TYPE_CHECKING:
    from ..shifts import Estimate, ShiftMap

SIDE = 148
"""Side of the picture, in screen px."""
NEAR = 9
"""How near to a mark a click has to be, in screen px."""
GAMMA = 0.6
"""Below 1 it lifts the lower peaks: a rival must be seen beside a sharp answer."""
FAINT = 60.0
"""Percentile of the map that is painted black: the ground; the peaks get the colours."""


class ShiftMapPicture(QWidget):
    """Paints an estimate's map; a click on a numbered ring takes that alternative.

    The small square is where the second frame lies now, the white ring the method's answer.
    """

    clicked = Signal(int)
    """Number of the alternative, from 1; 0 for the method's own answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(SIDE, SIDE))
        self.setMouseTracking(True)
        self._estimate: Estimate | None = None
        self._image: QImage | None = None
        self._now = (0, 0)

    def show_estimate(self, estimate: Estimate | None, now: tuple[int, int]) -> None:
        """Show the map of an estimate, and where the second frame lies now.

        Parameters
        ----------
        estimate : Estimate or None
            None, or one without a map, shows an empty frame.
        now : (dy, dx)
            The present shift, whole px.
        """
        if estimate is not self._estimate:
            shift_map = None if estimate is None else estimate.map
            self._image = None if shift_map is None else _coloured(shift_map)
            self._estimate = estimate
        self._now = now
        self.update()

    @property
    def has_map(self) -> bool:
        """Whether there is anything to see."""
        return self._image is not None

    def where(self, shift: Shift | tuple[float, float]) -> QPointF:
        """The point of the picture that belongs to a shift, in screen px."""
        dy, dx = shift
        reach = self._reach
        pixel = SIDE / (2 * reach + 1)
        return QPointF((dx + reach + 0.5) * pixel, (dy + reach + 0.5) * pixel)

    def marks(self) -> list[tuple[int, Shift]]:
        """What is marked: number and shift, the method's own answer (0) first."""
        estimate = self._estimate
        if estimate is None or estimate.map is None:
            return []
        shifts = [estimate.shift, *(a.shift for a in estimate.alternatives[:9])]
        return [(n, s) for n, s in enumerate(shifts) if estimate.map.max_shift >= _largest(s)]

    @property
    def _reach(self) -> int:
        shift_map = None if self._estimate is None else self._estimate.map
        return 1 if shift_map is None else shift_map.max_shift

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the map, a cross at the nominal place, the marks and the present place."""
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(QPen(QColor(128, 128, 128, 120), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.setPen(self.palette().text().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "map over shifts")
            painter.end()
            return
        painter.drawImage(QRectF(self.rect()), self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.where((0, 0))
        painter.setPen(QPen(QColor(255, 255, 255, 60), 1))
        painter.drawLine(QPointF(middle.x(), 0), QPointF(middle.x(), SIDE))
        painter.drawLine(QPointF(0, middle.y()), QPointF(SIDE, middle.y()))
        font = QFont(painter.font())
        font.setPixelSize(11)
        font.setBold(True)
        painter.setFont(font)
        for number, shift in reversed(self.marks()):
            self._paint_mark(painter, number, self.where(shift))
        self._paint_present(painter)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take what is marked under the mouse."""
        number = None if event is None else self._mark_at(event.position())
        if number is not None:
            self.clicked.emit(number)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Tell the shift under the mouse, and its value."""
        if event is None or self._estimate is None or self._estimate.map is None:
            return
        at, reach = event.position(), self._reach
        pixel = SIDE / (2 * reach + 1)
        dy, dx = int(at.y() // pixel) - reach, int(at.x() // pixel) - reach
        number = self._mark_at(at)
        self.setCursor(
            Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor
        )
        value = self._estimate.map.at(Shift(dy, dx))
        text = f"dy {dy:+d}, dx {dx:+d} px: {self._estimate.map.meaning} {value:.3g}"
        if number is not None:
            text += "\nclick: back to the method's answer" if not number else "\nclick to take it"
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def _mark_at(self, point: QPointF) -> int | None:
        def distance(mark: tuple[int, Shift]) -> float:
            offset = self.where(mark[1]) - point
            return max(abs(offset.x()), abs(offset.y()))

        nearest = min(self.marks(), key=distance, default=None)
        return nearest[0] if nearest is not None and distance(nearest) <= NEAR else None

    def _paint_mark(self, painter: QPainter, number: int, at: QPointF) -> None:
        for colour, width in ((QColor(0, 0, 0, 200), 4), (QColor("white"), 1.6)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(at, 6, 6)
        if number:
            # The number goes beside its ring, towards the middle, so that it is never cut off.
            x = at.x() + (8 if at.x() < SIDE - 24 else -16)
            for shade, dx in ((QColor("black"), 1), (QColor("white"), 0)):
                painter.setPen(shade)
                painter.drawText(QPointF(x + dx, at.y() + 4 + dx), str(number))

    def _paint_present(self, painter: QPainter) -> None:
        if _largest(Shift(*self._now)) > self._reach:
            return
        at = self.where(self._now)
        for colour, width in ((QColor("black"), 3), (QColor("#4fd0ff"), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6))


def _largest(shift: Shift) -> float:
    return shift.distance(Shift(0, 0))


def _coloured(shift_map: ShiftMap) -> QImage:
    """Paint the values by rank of their height above the ground; NaN is dark grey."""
    values = shift_map.values.astype(float)
    finite = np.isfinite(values)
    grey = np.zeros(values.shape)
    if finite.any():
        low, high = np.percentile(values[finite], FAINT), values[finite].max()
        if high > low:
            grey[finite] = np.clip((values[finite] - low) / (high - low), 0, 1) ** GAMMA
    colours = ensure_colormap("magma").map(grey.ravel()).reshape(*grey.shape, 4)
    pixels = (np.clip(colours, 0, 1) * 255).astype(np.uint8)
    pixels[~finite] = (60, 60, 60, 255)
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return image.copy()  # QImage does not own the bytes
