"""How a grid's seams are estimated and its frames placed, as boxes; who does the work.

The form only: it becomes `StitchSettings` and `Workers`. The button that uses it is in
`_grid_run.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ..shifts import method_names
from ..shifts.registry import runs_on_device
from ..stitching import StitchSettings, Workers
from ._align import DEVICES, TITLES
from ._controls import combo, label, pixels, row
from ._grid_fold import Fold

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from ._grid_settings import GridRemembered

MOST_WORKERS = 256
FARTHEST_STAGE = 2000


class RunForm(QWidget):
    """Boxes for settings and workers.

    Parameters
    ----------
    remembered : GridRemembered
        Where the choices come from and go to.
    """

    changed = Signal()
    """The person has changed what seams are estimated by."""
    settled = Signal()
    """The person has changed what only the solver asks for."""

    def __init__(self, remembered: GridRemembered) -> None:
        super().__init__()
        self._remembered = remembered
        self._shown: StitchSettings | None = None
        self._make()
        self._place()
        self.list_methods(remembered.method)

    @property
    def settings(self) -> StitchSettings:
        """What is chosen; the solver is that of the settings shown last."""
        known = StitchSettings() if self._shown is None else self._shown
        return StitchSettings(
            self.method.currentData(),
            self.max_shift.value(),
            self.wide.value() or None,
            known.solver,
            float(self.stage_error.value()) or None,
            float(self.feature_size.value()) or None,
        )

    @property
    def workers(self) -> Workers:
        """Who does the work."""
        return Workers(
            self.device.currentData(),
            self.n_workers.value() or None,
            scheduler=self.scheduler.text().strip() or None,
        )

    def show_settings(self, settings: StitchSettings) -> None:
        """Show settings that came from elsewhere: a project, undo, redo.

        What was chosen for the next run stays chosen, where these say what they said before.
        """
        before, self._shown = self._shown, settings
        if settings == before:
            return
        boxes = self.max_shift, self.wide, self.stage_error, self.feature_size
        blockers = [QSignalBlocker(box) for box in boxes]
        if before is None or before.method != settings.method:
            self._choose_method(settings.method)
        if before is None or before.max_shift != settings.max_shift:
            self.max_shift.setValue(settings.max_shift)
        if before is None or before.wide != settings.wide:
            self.wide.setValue(settings.wide or 0)
        self.stage_error.setValue(round(settings.stage_error or 0))
        self.feature_size.setValue(round(settings.feature_size or 0))
        del blockers

    def set_busy(self, is_busy: bool) -> None:
        """Let nothing be changed while it is used."""
        for box in (
            self.method, self.max_shift, self.n_workers, self.scheduler, self.wide,
            self.stage_error, self.feature_size,
        ):  # fmt: skip
            box.setEnabled(not is_busy)
        self.device.setEnabled(not is_busy and runs_on_device(self.method.currentData()))

    def showEvent(self, event: QShowEvent | None) -> None:
        """List what has been trained, renamed or deleted meanwhile."""
        super().showEvent(event)
        self.list_methods()

    def list_methods(self, chosen: str = "") -> None:
        """List the methods there are now; the chosen one stays chosen, if it is still there."""
        chosen = chosen or self.method.currentData()
        names = method_names()
        if names != tuple(self.method.itemData(k) for k in range(self.method.count())):
            with QSignalBlocker(self.method):
                self.method.clear()
                for name in names:
                    self.method.addItem(TITLES.get(name, name), name)
        self._choose_method(chosen)

    # -- inside -------------------------------------------------------------------------------

    def _make(self) -> None:
        remembered = self._remembered
        self.method = combo("How the shift of a seam is found; your own weights are listed, too")
        self.method.opening.connect(self.list_methods)
        self.method.activated.connect(self._on_method)
        self.device = combo("Where the network runs; auto takes a GPU where there is one")
        for name, words in DEVICES.items():
            self.device.addItem(words, name)
        self.device.setCurrentIndex(max(0, self.device.findData(remembered.device)))
        self.device.activated.connect(lambda: remembered.keep(device=self.device.currentData()))
        self.max_shift = pixels(
            1,
            500,
            remembered.max_shift,
            "Search range: how far a seam may be off, each way on each axis. A seam is off by up "
            "to twice what a frame is.",
            self._on_range,
        )
        self.max_shift.setPrefix("±")
        self.hint = label(wraps=True, faint=True)
        self.n_workers = pixels(
            0,
            MOST_WORKERS,
            remembered.workers,
            "How many seams are estimated at a time; auto takes all cores",
            lambda n: remembered.keep(workers=n),
            unit="",
        )
        self.feature_size = pixels(
            0,
            FARTHEST_STAGE,
            round(remembered.feature_size),
            "Size of the smallest feature: what may be off by more than half of it is flagged",
            self._on_feature_size,
        )
        self.wide = pixels(
            0,
            FARTHEST_STAGE,
            0,
            "Bring the frames to within a few px first, by a coarse look within this many px; "
            "for stages that are off by a lot",
            lambda n: self.changed.emit(),
        )
        self.stage_error = pixels(
            0,
            FARTHEST_STAGE,
            0,
            "How far the stage may put a frame off its place, each way; it decides where "
            "structures are regular. By default half of the search range.",
            lambda n: self.settled.emit(),
        )
        for box, nothing in (
            (self.n_workers, "auto"),
            (self.feature_size, "none"),
            (self.wide, "none"),
            (self.stage_error, "auto"),
        ):
            box.setSpecialValueText(nothing)
        self.scheduler = QLineEdit(remembered.scheduler)
        self.scheduler.setPlaceholderText("none; or tcp://host:8786")
        self.scheduler.setToolTip(
            "Address of a dask scheduler, whose workers estimate the seams; they must see the "
            "files under the same paths"
        )
        self.scheduler.editingFinished.connect(
            lambda: remembered.keep(scheduler=self.scheduler.text().strip())
        )

    def _place(self) -> None:
        more = QWidget()
        inside = QVBoxLayout(more)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(5)
        inside.addLayout(row("Workers", None, self.n_workers))
        inside.addLayout(row("Coarse look first", None, self.wide))
        inside.addLayout(row("Error of the stage", None, self.stage_error))
        inside.addLayout(row("Dask scheduler", self.scheduler, 1))
        fold = Fold("more", "Workers, coarse look first, error of the stage, scheduler", more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("Method", self.method, 1))
        layout.addLayout(row("Device", self.device, 1, "search", self.max_shift))
        layout.addWidget(self.hint)
        layout.addLayout(row("Smallest feature", self.feature_size, None, fold))
        layout.addWidget(more)

    def _choose_method(self, name: str) -> None:
        if name and self.method.findData(name) < 0:
            self.method.addItem(name, name)  # a file of weights, or of another package
        self.method.setCurrentIndex(max(0, self.method.findData(name)))
        self.device.setEnabled(runs_on_device(self.method.currentData()))

    def _on_method(self) -> None:
        self._remembered.keep(method=self.method.currentData())
        self.device.setEnabled(runs_on_device(self.method.currentData()))
        self.changed.emit()

    def _on_range(self, max_shift: int) -> None:
        self._remembered.keep(max_shift=max_shift)
        self.changed.emit()

    def _on_feature_size(self, size: int) -> None:
        self._remembered.keep(feature_size=float(size))
        self.settled.emit()
