"""The section that chooses the pair: two layers, the second's side, the nominal overlap.

It follows the viewer's list of layers; which frame a layer is, and where it goes, is decided in
`pair.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ..geometry import Side
from ._controls import FARTHEST, button, combo, label, pixels, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

WORDS = {
    Side.RIGHT: "right of first",
    Side.BELOW: "below first",
    Side.LEFT: "left of first",
    Side.ABOVE: "above first",
}


class ChooseFrames(QWidget):
    """Two combos of image layers, and the nominal layout of the pair.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Its image layers are the choices.
    is_frame : callable
        Tells of an image layer whether it may be chosen; our own pictures may not.
    """

    chosen = Signal(object, object)
    """First and second layer, both there and different."""
    laid_out = Signal(object, int)
    """Side and overlap, changed by the person."""
    opening = Signal()
    """The person wants to open files."""

    def __init__(self, viewer: ViewerModel, is_frame: Callable[[Image], bool]) -> None:
        super().__init__()
        self._viewer = viewer
        self._is_frame = is_frame
        self._layers: list[Image] = []
        self.first = combo("The frame that stays where it is")
        self.second = combo("The frame that is moved")
        self.swap = button("swap", "First becomes second, and the other way round", self._swap)
        self.open = button(
            "open…",
            "Open picture files as layers; the first two become the pair",
            self.opening.emit,
        )
        self.side = combo("Where the second frame lies, seen from the first")
        for side, words in WORDS.items():
            self.side.addItem(words, side)
        self.overlap = pixels(
            1,
            FARTHEST,
            150,
            "Nominal overlap: width of the strip that both frames show, across the seam. "
            "A change moves the second frame to its nominal place.",
            lambda value: self._lay_out(),
        )
        self.source = label("", faint=True, wraps=True)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(5)
        grid.setColumnStretch(1, 1)
        for line, (words, box, side_button) in enumerate(
            (("First", self.first, self.swap), ("Second", self.second, self.open))
        ):
            grid.addWidget(label(words), line, 0)
            grid.addWidget(box, line, 1)
            grid.addWidget(side_button, line, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(grid)
        layout.addLayout(row("Side", self.side, 1, "overlap", self.overlap))
        layout.addWidget(self.source)
        self.first.activated.connect(lambda: self._choose(self.first))
        self.second.activated.connect(lambda: self._choose(self.second))
        self.side.activated.connect(self._lay_out)
        self._now: tuple[Image | None, Image | None] = (None, None)
        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_layers)
        viewer.layers.events.reordered.connect(self._on_layers)
        self.refill()

    @property
    def choices(self) -> list[Image]:
        """The layers that can be chosen, bottom first."""
        return list(self._layers)

    def show_pair(self, first: Image | None, second: Image | None) -> None:
        """Show which layers are the pair."""
        self._now = first, second
        self.swap.setEnabled(first is not None and second is not None)
        if not self.swap.isEnabled():
            self.source.hide()
        for box, layer in ((self.first, first), (self.second, second)):
            with QSignalBlocker(box):
                index = self._layers.index(layer) if layer in self._layers else -1
                box.setCurrentIndex(index)

    def show_layout(self, side: Side, overlap: int, source: str) -> None:
        """Show the nominal layout of the pair, and in words where it was taken from."""
        with QSignalBlocker(self.side), QSignalBlocker(self.overlap):
            self.side.setCurrentIndex(list(WORDS).index(side))
            if overlap >= 1:
                self.overlap.setValue(overlap)
        self.source.setText(source)
        self.source.setVisible(bool(source))

    def set_layout_enabled(self, enabled: bool) -> None:
        """Let side and overlap be changed, or not."""
        self.side.setEnabled(enabled)
        self.overlap.setEnabled(enabled)

    @property
    def layout_chosen(self) -> tuple[Side, int]:
        """Side and overlap as they stand in the boxes."""
        return list(WORDS)[self.side.currentIndex()], self.overlap.value()

    def refill(self) -> None:
        """Read the viewer's layers again."""
        layers = [x for x in self._viewer.layers if isinstance(x, Image) and self._is_frame(x)]
        for layer in layers:
            if layer not in self._layers:
                layer.events.name.connect(self._on_layers)
        self._layers = layers
        for box in (self.first, self.second):
            with QSignalBlocker(box):
                box.clear()
                box.addItems([layer.name for layer in layers])
                box.setPlaceholderText("choose a layer")
        self.show_pair(*self._now)

    def listen_no_more(self) -> None:
        """Stop following the viewer; needs no more than the Python half of this widget."""
        events = self._viewer.layers.events
        for emitter in (events.inserted, events.removed, events.reordered):
            emitter.disconnect(self._on_layers)
        for layer in self._layers:
            layer.events.name.disconnect(self._on_layers)

    def _on_layers(self, event: object = None) -> None:
        self.refill()

    def _choose(self, box: QWidget) -> None:
        layers = [
            self._layers[index] if index >= 0 else None
            for index in (self.first.currentIndex(), self.second.currentIndex())
        ]
        if layers[0] is layers[1]:  # the other one gives way, as it would for a swap
            changed = 0 if box is self.first else 1
            layers[1 - changed] = self._now[changed]
        self._offer(*layers)

    def _swap(self) -> None:
        self._offer(*reversed(self._now))

    def _offer(self, first: Image | None, second: Image | None) -> None:
        self.show_pair(first, second)
        if first is not None and second is not None:
            self.chosen.emit(first, second)

    def _lay_out(self) -> None:
        self.laid_out.emit(*self.layout_chosen)
