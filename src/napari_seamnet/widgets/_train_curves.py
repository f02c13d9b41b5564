"""Live pictures of a training: the curves of loss and error, and some pairs before and now.

What they show comes from a `TrainState`; nothing is computed here. matplotlib is imported when
the first curve is drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from ._tiles_theme import Colours
    from ._train_state import TrainState

HEIGHT = 230
"""Of both curves together, in px."""
TRAINING, VALIDATION = "#e0912f", "#3f8fd2"
"""Apart for colour-blind eyes, readable on dark and light; the lines differ in style too."""
GAP = 6
"""px between two composites, as `learning/training/examples.py` has it."""
A_ROW = 3
"""Composites side by side: six would be too small to judge fringes by."""
MARGIN = 44
"""Room for the words beside the composites, in px."""
EARLIEST = 0.25
"""Share of an epoch from which on its loss is drawn: the mean of a few batches leads astray."""


class Curves(QWidget):
    """Loss on training and validation above, the error on validation below, over the epochs."""

    def __init__(self) -> None:
        super().__init__()
        self._canvas: Any = None
        self._shown: tuple[object, ...] = ()
        self.setFixedHeight(HEIGHT)
        self.setToolTip(
            "Above, what training lowers, on a logarithmic scale: on the data that is learned "
            "from, and on the held-out data. Below, how far the shifts of the held-out data are "
            "off on the worse axis: the mean max error."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def show_state(self, state: TrainState, unit: str, colours: Colours) -> None:
        """Draw a state, if there is anything new.

        Parameters
        ----------
        state : TrainState
            Its curves.
        unit : str
            Of the loss.
        colours : Colours
            Of napari's theme.
        """
        now: tuple[float, float] | None = None
        if state.step >= EARLIEST * state.steps > 0 and state.loss is not None:
            now = state.epoch + state.step / max(1, state.steps), state.loss
        new = (state.course, now, state.epochs, unit, colours)
        if new == self._shown:
            return
        self._shown = new
        if self._canvas is None:
            self._make_canvas()
        figure = self._canvas.figure
        above, below = figure.axes
        figure.set_facecolor(colours.ground)
        for axes in (above, below):
            axes.clear()
            axes.set_facecolor(colours.ground)
            axes.tick_params(colors=colours.text, labelsize=7, length=2)
            axes.grid(color=colours.line, linewidth=0.4, alpha=0.6)
            for side, spine in axes.spines.items():
                spine.set_visible(side in ("left", "bottom"))
                spine.set_color(colours.line)
            axes.set_xlim(0, max(1, state.epochs))
            axes.xaxis.get_major_locator().set_params(integer=True)
        learned = [(float(e.number), e.training) for e in state.course if e.training is not None]
        if now is not None:
            learned.append(now)
        if learned:
            x, y = zip(*learned, strict=True)
            above.plot(x, y, "o--", color=TRAINING, label="training", ms=3, lw=1.2)
        epochs = [e.number for e in state.course]
        losses = [math.nan if e.validation is None else e.validation for e in state.course]
        above.plot(epochs, losses, "s-", color=VALIDATION, label="validation", ms=3, lw=1.2)
        everything = [y for y in (*losses, *(y for _, y in learned)) if math.isfinite(y)]
        above.set_yscale("log" if everything and min(everything) > 0 else "linear")
        _plain_ticks(above, everything)
        errors = [e.mean_max for e in state.course]
        below.plot(epochs, errors, "s-", color=VALIDATION, ms=3, lw=1.2)
        below.set_ylim(bottom=0)
        small = {"fontsize": 8, "color": colours.text}
        above.set_ylabel(f"loss ({unit})", **small)
        below.set_ylabel("error (px)", **small)
        below.set_xlabel("epochs", **small)
        above.tick_params(labelbottom=False)
        if everything:
            above.legend(fontsize=7, frameon=False, labelcolor=colours.text, loc="upper right")
        self._canvas.draw_idle()

    def _make_canvas(self) -> None:
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        figure = Figure(layout="constrained")
        figure.subplots(2, 1, sharex=True)
        self._canvas = FigureCanvasQTAgg(figure)
        # Over the curves, the wheel scrolls the dock as everywhere else.
        self._canvas.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = self.layout()
        if layout is not None:
            layout.addWidget(self._canvas)


class Examples(QWidget):
    """Composites of held-out pairs: in each double row, above before and below now."""

    def __init__(self) -> None:
        super().__init__()
        self._sheet = QImage()
        self._path = ""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        self.setToolTip(
            "Held-out pairs laid over each other, the first red, the second green: aligned is "
            "grey, coloured fringes are errors. Above as aligned before the training, below now."
        )
        self.hide()

    def show_file(self, path: str, is_new: bool = True) -> None:
        """Show the picture of a file, once it is there.

        Parameters
        ----------
        path : str
            The file; empty for none.
        is_new : bool
            Whether to read it again, although it is the same file.
        """
        if path == self._path and not is_new:
            return
        self._path, self._sheet = path, QImage(path) if path else QImage()
        self.setVisible(not self._sheet.isNull())
        self._fit()
        self.update()

    def sizeHint(self) -> QSize:
        """As high as the composites are at this width."""
        return QSize(320, self._height(self.width()))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the composites' proportions."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint them, a few side by side."""
        if self._sheet.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(self.palette().color(self.foregroundRole()))
        bands = self._bands()
        high = self._band_height(self.width())
        for k, part in enumerate(bands):
            top = k * (high + GAP)
            wide = round(part.width() / self._full_width() * (self.width() - MARGIN))
            painter.drawImage(QRect(MARGIN, top, wide, high), self._sheet, part)
            # The sheet is black between the rows.
            half = high // 2
            for word, y in (("before", top), ("now", top + half)):
                where = QRect(0, y, MARGIN - 6, half)
                painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, word)
        painter.end()

    def _bands(self) -> list[QRect]:
        """Parts of the sheet, `A_ROW` pairs each; all of it where it is not of equal squares."""
        width, height = self._sheet.width(), self._sheet.height()
        n, rest = divmod(width + GAP, (height - GAP) // 2 + GAP)
        if rest or n <= A_ROW:
            return [QRect(0, 0, width, height)]
        step = (width + GAP) // n
        firsts = range(0, n, A_ROW)
        return [QRect(k * step, 0, min(A_ROW, n - k) * step - GAP, height) for k in firsts]

    def _band_height(self, width: int) -> int:
        return max(1, round((width - MARGIN) * self._sheet.height() / self._full_width()))

    def _full_width(self) -> int:
        """Pixels of the sheet that fill the dock's width: a single pair does not fill it."""
        first, side = self._bands()[0].width(), (self._sheet.height() - GAP) // 2
        return max(1, first, 2 * side + GAP)

    def _height(self, width: int) -> int:
        if self._sheet.isNull():
            return 0
        n = len(self._bands())
        return n * self._band_height(width) + (n - 1) * GAP

    def _fit(self) -> None:
        self.setFixedHeight(max(0, self._height(self.width())))


def _plain_ticks(axes: Any, values: list[float]) -> None:
    """Write 0.5 and 2, not powers of ten, on a scale that spans little."""
    if axes.get_yscale() != "log":
        return
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    spans_little = max(values) / min(values) < 30
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if spans_little else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
