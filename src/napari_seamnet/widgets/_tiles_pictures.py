"""Pictures of a draft: some of its tiles, and the histogram of their largest shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtGui import QColor, QFont, QPainter
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ._tiles_look import as_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from qtpy.QtGui import QImage, QPaintEvent

    from ..geometry import Shift
    from ._tiles_draft import Draft
    from ._tiles_theme import Colours

COLUMNS, ROWS, GAP = 3, 2, 4
LARGEST = 120
"""Largest side of a shown tile, in px."""
HEIGHT = 130
"""Of the histogram, in px."""


class TilePictures(QWidget):
    """Some tiles with their labels, as large as the dock is wide."""

    def __init__(self) -> None:
        super().__init__()
        self._images: list[tuple[QImage, Shift]] = []
        self.setToolTip(
            "Tiles as they will be: red is the first square, green the second, the label is the "
            "shift (dy, dx) in px"
        )
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def shown(self) -> int:
        """How many tiles are shown."""
        return len(self._images)

    def show_tiles(self, tiles: Sequence[tuple[np.ndarray, Shift]]) -> None:
        """Show these."""
        self._images = [(as_image(picture), shift) for picture, shift in tiles]
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Whether the height follows the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all rows."""
        return ROWS * (self._side(width) + GAP) - GAP

    def sizeHint(self) -> QSize:
        """In a dock of the usual width."""
        return QSize(360, self.heightForWidth(360))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the tiles."""
        side = self._side(self.width())
        indent = (self.width() - COLUMNS * (side + GAP) + GAP) // 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        font = QFont(self.font())
        font.setPointSizeF(max(6.5, font.pointSizeF() - 1.5))
        painter.setFont(font)
        for number, (image, shift) in enumerate(self._images[: ROWS * COLUMNS]):
            y, x = divmod(number, COLUMNS)
            place = QRect(indent + x * (side + GAP), y * (side + GAP), side, side)
            painter.drawImage(place, image)
            dy, dx = shift.whole()
            words = f" ({dy:+d}, {dx:+d}) "
            box = painter.fontMetrics().boundingRect(words)
            box.moveBottomLeft(place.bottomLeft())
            painter.fillRect(box, QColor(0, 0, 0, 170))
            painter.setPen(QColor("white"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()

    def _side(self, width: int) -> int:
        return max(20, min(LARGEST, (width - (COLUMNS - 1) * GAP) // COLUMNS))


class ShiftHistogram(QWidget):
    """Tiles of each largest shift before and after the sieve; matplotlib is loaded when needed."""

    def __init__(self) -> None:
        super().__init__()
        self._canvas: Any = None
        self._colours: Colours | None = None
        self._draft: Draft | None = None
        self.setFixedHeight(HEIGHT)
        self.setToolTip(
            "Tiles of each largest shift max(|x|, |y|): when every shift is equally frequent, "
            "and after the sieve. The filled one is what you get."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def show_draft(self, draft: Draft | None) -> None:
        """Show a draft's two histograms; None for none."""
        self._draft = draft
        self._draw()

    def show_colours(self, colours: Colours) -> None:
        """Take the colours of a theme."""
        self._colours = colours
        self._draw()

    def _draw(self) -> None:
        draft, colours = self._draft, self._colours
        if colours is None or (draft is None and self._canvas is None):
            return
        if self._canvas is None:
            from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
            from matplotlib.figure import Figure

            self._canvas = FigureCanvasQTAgg(Figure(layout="constrained"))
            self._canvas.setMinimumWidth(100)
            layout = self.layout()
            if layout is not None:
                layout.addWidget(self._canvas)
        figure = self._canvas.figure
        figure.clear()
        figure.set_facecolor(colours.ground)
        if draft is not None:
            self._plot(figure.add_subplot(), draft, colours)
        self._canvas.draw_idle()

    def _plot(self, axes: Any, draft: Draft, colours: Colours) -> None:
        kinds = ((draft.before, "before the sieve", False), (draft.after, "after", True))
        for counts, words, sieved in kinds:
            edges = [n - 0.5 for n in range(len(counts) + 1)]
            mine = sieved == draft.even
            axes.stairs(
                counts,
                edges,
                baseline=0 if mine else None,
                label=words,
                fill=mine,
                color=colours.chosen if mine else colours.text,
                linewidth=1.2,
                zorder=1 if mine else 2,
            )
        axes.set_facecolor(colours.ground)
        axes.set_xlim(-0.5, len(draft.before) - 0.5)
        axes.set_xlabel("max(|x|, |y|), px", fontsize=8, color=colours.text)
        axes.set_ylabel("tiles", fontsize=8, color=colours.text)
        axes.tick_params(labelsize=7, colors=colours.text, length=2)
        axes.locator_params(axis="y", nbins=4)
        axes.xaxis.get_major_locator().set_params(integer=True)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(colours.line)
        axes.legend(
            fontsize=7, frameon=False, labelcolor=colours.text, loc="upper left", handlelength=1.2
        )
