"""Step 2 of Stitch grid: the button that estimates the seams, how far it is, and what came of it.

What it works by is the form's (`_grid_run_form.py`). The work is done in `_grid_estimating.py`,
positions are found in `_grid_solving.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ._controls import button, label, row
from ._grid_progress import RunProgress, StatusCounts
from ._grid_run_form import RunForm
from ._grid_words import range_in_words, status_counts, stitch_in_words
from ._tiles_theme import TROUBLE

if TYPE_CHECKING:
    from ..stitching import StitchSettings, Workers
    from ._grid_session import GridSession
    from ._grid_settings import GridRemembered

COUNT_MS = 120
"""Between two counts of the statuses while seams come in."""


class RunSection(QWidget):
    """The form; Stitch, Pause, Cancel; counts by status.

    Parameters
    ----------
    session : GridSession
        Whose seams are estimated.
    remembered : GridRemembered
        Where the choices come from and go to.
    """

    wanted = Signal()
    """The seams that are left are to be estimated."""
    placed = Signal()
    """The frames are to be placed by the seams that there are."""
    settled = Signal(object)
    """`StitchSettings` of which only what the solver asks for is another."""

    def __init__(self, session: GridSession, remembered: GridRemembered) -> None:
        super().__init__()
        self._session = session
        self.form = RunForm(remembered)
        self._count_soon = QTimer(self)
        self._count_soon.setSingleShot(True)
        self._count_soon.setInterval(COUNT_MS)
        self._count_soon.timeout.connect(self.show_counts)
        self.start = button(
            "Stitch",
            "Estimate the seams in the background, then find all positions; what is finished is "
            "kept, whatever happens",
            self.wanted.emit,
            primary=True,
        )
        self.place = button(
            "Place by these",
            "Find positions by the seams that are estimated; the others count as blank",
            self.placed.emit,
        )
        self.place.setMinimumHeight(30)
        buttons = QWidget()
        buttons.setLayout(row(self.start, 3, self.place, 1))
        self.progress = RunProgress(buttons)
        self.counts = StatusCounts()
        self.message = label(wraps=True)
        self.message.setStyleSheet(f"color: {TROUBLE}")
        self.message.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        for piece in (self.form, self.progress, self.message, self.counts):
            layout.addWidget(piece)
        self.form.changed.connect(self._show_button)
        self.form.settled.connect(self._on_settled)
        session.changed.connect(self.show_session)
        session.laid_out.connect(self.show_session)
        session.estimated.connect(self._on_estimated)
        self.show_session()

    @property
    def settings(self) -> StitchSettings:
        """How the grid is to be stitched."""
        return self.form.settings

    @property
    def workers(self) -> Workers:
        """Who does the work."""
        return self.form.workers

    def show_session(self) -> None:
        """Show the session's settings if they are others, and what can be done."""
        project = self._session.project
        if project is not None:
            self.form.show_settings(project.settings)
        self._show_button()
        self.show_counts()

    def show_counts(self) -> None:
        """Count the seams by status."""
        self._count_soon.stop()
        self.counts.show_counts(status_counts(self._session))

    def show_run(self, *, is_busy: bool, is_paused: bool) -> None:
        """Show a run's progress in the place of the buttons, or the buttons."""
        self.progress.show_run(is_busy=is_busy, is_paused=is_paused)
        self.form.set_busy(is_busy)
        self._show_button()
        self.show_counts()

    def say(self, text: str) -> None:
        """Show one sentence on what is wrong; an empty one takes the last back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    # -- inside -------------------------------------------------------------------------------

    def _show_button(self) -> None:
        project = self._session.project
        settings, known = self.settings, None if project is None else project.settings
        is_other = known is not None and (
            (settings.method, settings.max_shift, settings.wide)
            != (known.method, known.max_shift, known.wide)
        )
        self.start.setText(stitch_in_words(self._session, is_other))
        left = 0 if project is None else len(project.unfinished)
        n = 0 if project is None else len(project.seams)
        self.start.setEnabled(bool(n) and bool(is_other or left))
        self.place.setVisible(0 < left < n and not is_other)
        layout = None if project is None else project.layout
        self.form.hint.setText(range_in_words(settings.max_shift, layout))

    def _on_settled(self) -> None:
        """Tell of what changes positions only, at once: no seam is estimated anew for it."""
        project, chosen = self._session.project, self.settings
        if project is not None:
            self.settled.emit(
                replace(
                    project.settings,
                    stage_error=chosen.stage_error,
                    feature_size=chosen.feature_size,
                )
            )

    def _on_estimated(self, seam: int) -> None:
        if not self._count_soon.isActive():
            self._count_soon.start()
