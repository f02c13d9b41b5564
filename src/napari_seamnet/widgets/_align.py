"""The section that starts a method: which one, where, how far it searches; progress and Cancel.

What the buttons do is decided in `pair.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QProgressBar, QStackedLayout, QVBoxLayout, QWidget

from ..shifts import method_names
from ..shifts.registry import runs_on_device
from ._controls import button, combo, label, pixels, row

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from ._settings import Remembered

TITLES = {
    "seamnet": "SeamNet (network)",
    "smoothed": "Smoothed correlation",
    "search": "Search for least D",
    "median": "Search, after a median filter",
    "bilateral": "Search, after a bilateral filter",
    "vector": "Outlines (vector)",
    "phase": "Phase correlation",
}
DEVICES = {
    "auto": "auto",
    "cpu": "CPU",
    "cuda": "GPU (CUDA)",
    "mps": "GPU (Apple)",
}


class AlignControls(QWidget):
    """Method, device, search range, and the two buttons that turn into progress and Cancel.

    Parameters
    ----------
    remembered : Remembered
        Where the choices come from and go to.
    """

    wanted = Signal(bool)
    """The person wants an alignment, and to append it if it is certain (True)."""
    cancelled = Signal()
    method_changed = Signal(str)

    def __init__(self, remembered: Remembered) -> None:
        super().__init__()
        self._remembered = remembered
        self.method = combo("How the shift is found")
        self.method.opening.connect(self.list_methods)
        self.device = combo("Where the network runs; auto takes a GPU where there is one")
        for name, words in DEVICES.items():
            self.device.addItem(words, name)
        self.device.setCurrentIndex(max(0, self.device.findData(remembered.device)))
        self.list_methods(remembered.method)
        self.max_shift = pixels(
            1,
            500,
            remembered.max_shift,
            "Search range: the largest shift from the nominal place that is looked for, each way",
            lambda value: remembered.keep(max_shift=value),
        )
        self.max_shift.setPrefix("±")
        self.start = button(
            "Align",
            "Find where the second frame lies, around its nominal place, and move it there. "
            "If you have moved it further than the search range, where it lies now becomes its "
            "nominal place.",
            lambda: self.wanted.emit(False),
            primary=True,
        )
        self.start_and_append = button(
            "Align and append",
            "Align, and append the second frame to the mosaic at once if the answer is certain",
            lambda: self.wanted.emit(True),
        )
        self.start_and_append.setMinimumHeight(30)
        self.doing = label()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)  # it would show none while the end is not known
        self.progress.setMinimumWidth(80)
        self.progress.setFixedHeight(8)
        self.cancel = button("Cancel", "Stop; nothing is moved", self.cancelled.emit)
        self.cancel.setMinimumHeight(30)
        buttons, working = QWidget(), QWidget()
        buttons.setLayout(row(self.start, 3, self.start_and_append, 2))
        what = QVBoxLayout()
        what.setContentsMargins(0, 0, 0, 0)
        what.setSpacing(3)
        what.addWidget(self.doing)
        what.addWidget(self.progress)
        line = row(self.cancel)
        line.insertLayout(0, what, 1)
        working.setLayout(line)
        self._stack = QStackedLayout()
        self._stack.addWidget(buttons)
        self._stack.addWidget(working)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("Method", self.method, 1))
        layout.addLayout(row("Device", self.device, 1, "search", self.max_shift))
        layout.addLayout(self._stack)
        self.method.activated.connect(self._on_method)
        self.device.activated.connect(lambda: remembered.keep(device=self.device.currentData()))

    def showEvent(self, event: QShowEvent | None) -> None:
        """List what has been trained, renamed or deleted meanwhile."""
        super().showEvent(event)
        self.list_methods()

    def list_methods(self, chosen: str = "") -> None:
        """List the methods there are now; the chosen one stays chosen, if it is still there."""
        chosen = chosen or self.method.currentData()
        names = method_names()
        if names == tuple(self.method.itemData(k) for k in range(self.method.count())):
            return
        with QSignalBlocker(self.method):
            self.method.clear()
            for name in names:
                self.method.addItem(TITLES.get(name, name), name)
            self.method.setCurrentIndex(max(0, self.method.findData(chosen)))
        self._show_device()

    def show_progress(self, done: int, total: int, what: str) -> None:
        """Show how far the work is; a total of 0 means that nobody knows."""
        self._stack.setCurrentIndex(1)
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.doing.setText(what)

    def show_ready(self) -> None:
        """Show the buttons again."""
        self._stack.setCurrentIndex(0)

    @property
    def chosen(self) -> tuple[str, str, int]:
        """Name of the method, device, and search range in px."""
        return self.method.currentData(), self.device.currentData(), self.max_shift.value()

    @property
    def is_busy(self) -> bool:
        """Whether progress is shown where the buttons were."""
        return self._stack.currentIndex() == 1

    def _on_method(self) -> None:
        self._remembered.keep(method=self.method.currentData())
        self.method_changed.emit(self.method.currentData())
        self._show_device()

    def _show_device(self) -> None:
        # Only a network can run on a GPU; for the others the choice would be a lie.
        self.device.setEnabled(runs_on_device(self.method.currentData()))
