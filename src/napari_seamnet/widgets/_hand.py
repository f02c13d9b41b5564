"""The sections below the answer: moving by hand, deciding, and the mosaic.

Buttons and boxes only; what they do is decided in `pair.py`, the keys are bound in `_keys.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from ._aligning import SNAP_REACH
from ._controls import FARTHEST, button, label, pixels, row

if TYPE_CHECKING:
    from ._session import PairSession
    from ._settings import Remembered


class HandControls(QWidget):
    """Boxes for the shift, Snap, Accept, undo and redo, reset.

    Parameters
    ----------
    remembered : Remembered
        Where the coarse step comes from and goes to.
    """

    moved = Signal(int, int)
    """dy, dx: the shift wanted, whole px."""
    snapped = Signal()
    accepted = Signal()
    undone = Signal()
    redone = Signal()
    restored = Signal()
    drag_allowed = Signal(bool)

    def __init__(self, remembered: Remembered) -> None:
        super().__init__()
        tip = "Shift of the second frame from its nominal place, "
        far, on_box = FARTHEST, self._on_box
        self.dy = pixels(-far, far, 0, tip + "downwards, in px", on_box, unit="")
        self.dx = pixels(-far, far, 0, tip + "to the right, in px", on_box, unit="")
        for box in (self.dy, self.dx):
            box.setFixedWidth(96)  # two in a row, in a dock of 320 px
        self.snap = button(
            "Snap",
            f"Move to the best fit within ±{SNAP_REACH} px of where the second frame lies now",
            self.snapped.emit,
        )
        self.coarse = pixels(
            1,
            500,
            remembered.coarse_step,
            "How far Shift and an arrow key move the frame",
            lambda value: remembered.keep(coarse_step=value),
        )
        self.drag = QCheckBox("drag moves")
        self.drag.setToolTip(
            "Dragging the second frame moves it by whole pixels. Off, or anywhere else, dragging "
            "moves the view, as always in napari."
        )
        self.drag.setChecked(True)
        self.drag.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.drag.toggled.connect(self.drag_allowed)
        self.accept = button(
            "Accept", "Decide for where the second frame lies now (Enter)", self.accepted.emit,
            primary=True,
        )  # fmt: skip
        self.undo = button("undo", "", self.undone.emit)
        self.redo = button("redo", "", self.redone.emit)
        self.reset = button(
            "reset",
            "Back to where the method put the second frame; once more, to its nominal place (Esc)",
            self.restored.emit,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("dy", self.dy, "dx", self.dx, "px", None))
        layout.addLayout(row(self.drag, None, "coarse step", self.coarse))
        layout.addLayout(
            row(self.accept, 2, self.snap, 1, self.undo, 1, self.redo, 1, self.reset, 1)
        )

    def show_session(self, session: PairSession, *, ready: bool) -> None:
        """Show where the second frame lies, and which buttons work."""
        state = session.state
        with QSignalBlocker(self.dy), QSignalBlocker(self.dx):
            self.dy.setValue(state.shift[0])
            self.dx.setValue(state.shift[1])
        for control in (self.dy, self.dx, self.snap, self.reset):
            control.setEnabled(ready and state.can_move)
        self.accept.setEnabled(ready and state.can_move and not state.accepted)
        for control, what, key in (
            (self.undo, session.can_undo, "Ctrl+Z"),
            (self.redo, session.can_redo, "Ctrl+Shift+Z"),
        ):
            control.setEnabled(bool(what))
            verb = control.text().capitalize()
            control.setToolTip(f"{verb}: {what} ({key})" if what else f"Nothing to {verb.lower()}")

    def _on_box(self, value: int) -> None:
        self.moved.emit(self.dy.value(), self.dx.value())


class MosaicControls(QWidget):
    """How large the mosaic is, Append, Remove last."""

    appended = Signal()
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.extent = label(tip="Frames in the mosaic, and its size")
        self.append = button("Append", "", self.appended.emit, primary=True)
        self.remove = button(
            "Remove last",
            "Take the frame that was appended last out of the mosaic (can be undone)",
            self.removed.emit,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("Mosaic", self.extent, 1))
        layout.addLayout(row(self.append, 2, self.remove, 1))

    def show_session(self, session: PairSession, *, ready: bool) -> None:
        """Show the mosaic's size, and what Append would do."""
        state = session.state
        mosaic = state.mosaic
        if mosaic is None:
            self.extent.setText("none yet")
        else:
            height, width = mosaic.bounds.shape
            self.extent.setText(f"{len(mosaic)} frames, {width} x {height} px")
        self.remove.setEnabled(mosaic is not None)
        self.append.setEnabled(ready and not state.is_appended)
        placed = [state.placement(frame) is not None for frame in state.pair or ()]
        if state.is_appended:
            tip = "Both frames are in the mosaic already; choose a frame that is not"
        elif mosaic is None:
            tip = "Start a mosaic with the two frames, where they lie now"
        elif not any(placed):
            tip = (
                "Neither frame is in the mosaic, so this starts a new one; undo brings the old "
                "one back"
            )
        else:
            name = state.pair[placed.index(False)].name if state.pair else ""
            tip = f"Append {name} where it lies now; no pixel is changed"
        self.append.setToolTip(tip)
