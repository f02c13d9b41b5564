"""One row of the selected frame's panel: which other frame it is to be swapped with.

What swapping means is in `projects/edit.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QSizePolicy, QWidget

from ._controls import button, label, pixels, row

if TYPE_CHECKING:
    from ..layouts import Layout

NUMBER_WIDTH = 104
"""px of a box for a frame's number: room for "none", and for five digits, beside the arrows."""


class SwapRow(QWidget):
    """A button, the number of the other frame, and its name."""

    wanted = Signal(int)
    """The selected frame is to be swapped with this one."""

    def __init__(self) -> None:
        super().__init__()
        self._layout: Layout | None = None
        self._index: int | None = None
        self.swap = button(
            "Swap with",
            "Exchange the places of two frames, as where their files bear each other's names",
            lambda: self.wanted.emit(self.other.value()),
        )
        self.other = pixels(
            0, 0, 0, "Number of the frame to swap with", lambda _: self._show(), unit=""
        )
        self.other.setKeyboardTracking(True)  # its name is shown while it is typed
        self.other.setFixedWidth(NUMBER_WIDTH)
        self.name = label(faint=True)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        pieces = row(self.swap, self.other, self.name, 1)
        pieces.setContentsMargins(0, 0, 0, 0)
        self.setLayout(pieces)

    def show_frame(self, layout: Layout, index: int) -> None:
        """Offer to swap a frame of a layout."""
        with QSignalBlocker(self.other):
            self.other.setRange(0, len(layout) - 1)
            if index != self._index and self.other.value() == index:
                self.other.setValue(index + 1 if index + 1 < len(layout) else max(0, index - 1))
        self._layout, self._index = layout, index
        self._show()

    def _show(self) -> None:
        if self._layout is None:
            return
        other = self.other.value()
        name = self._layout[other].name
        self.swap.setEnabled(other != self._index)
        self.name.setText(name if other != self._index else "this frame")
        self.name.setToolTip(name)
