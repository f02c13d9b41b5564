"""Step 3 of *Stitch grid*: the seams that deserve a look, one after the other, decided by hand.

Viewer, dock and session are kept in step here. What a person can do to a seam is in
`_grid_reviewing.py`; the positions are found anew by whoever listens to the session.
"""

from __future__ import annotations

import inspect
import weakref
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ._grid_again import Again
from ._grid_draft import favoured, frame_at, pair_state
from ._grid_going_on import GoingOn, timer
from ._grid_keys import GridKeys, legend
from ._grid_review_dock import ReviewDock
from ._grid_reviewing import Reviewing
from ._grid_rows import SeamRow, rows_of
from ._grid_seam_panel import SeamFacts
from ._grid_seam_view import SeamView, look_of
from ._grid_send import Sending
from ._settings import Remembered
from ._watch import FRAME_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from qtpy.QtGui import QHideEvent, QShowEvent

    from ..seams.composite import View
    from ._grid_draft import Draft
    from ._grid_session import GridSession
    from ._layers import Look
    from ._state import Point

GATHER_MS = 250
"""Many seams a second are estimated: the list is brought up to date this often."""
APART = "The frames do not overlap there."


class Review(QWidget):
    """The list of seams, the seam that is looked at, and what can be decided about it.

    Parameters
    ----------
    session : GridSession
        The grid.
    viewer : napari.Viewer or ViewerModel
        Shows the seam, and lends the keys.
    remembered : Remembered, optional
        Coarse step, device, and the file of hand alignments.

    Attributes
    ----------
    frame_at : callable
        Tells where a frame is shown, (y, x) in px; where it was solved to be, by default.
    look : callable
        Tells pixel size and units of the mosaic's layer.
    """

    fly_to = Signal(int)
    """Show this seam from near."""
    done = Signal()
    """The last seam that was in doubt has been decided."""
    legend_changed = Signal(str)
    """The keys that work now, in words."""

    def __init__(
        self, session: GridSession, viewer: ViewerModel, remembered: Remembered | None = None
    ) -> None:
        super().__init__()
        self._session = session
        self._viewer = inspect.unwrap(viewer)  # as in PairWidget
        self._remembered = remembered or Remembered.load()
        self._rows: tuple[SeamRow, ...] = ()
        self._d: tuple[float, float] = (float("nan"), float("nan"))
        self._pictured: tuple[object, ...] = ()
        self.frame_at: Callable[[int], Point] = lambda frame: frame_at(session, frame)
        self.look: Callable[[], Look] = lambda: look_of(
            session.project.layout if session.project is not None else None
        )
        self.reviewing = Reviewing(session)
        self.dock = ReviewDock()
        self.again = Again(session, lambda: self._remembered.device, self)
        self.sending = Sending(self._remembered, self)
        self.keys = GridKeys(self._viewer, self)
        self.view = SeamView(self._viewer, self.keys, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.dock)
        self._going_on = GoingOn(self)
        self._redraw = timer(self, FRAME_MS, self._show_picture)
        self._gather = timer(self, GATHER_MS, self._show_list)
        self._connect()
        self._on_changed()

    # -- what a person does -------------------------------------------------------------------

    @property
    def draft(self) -> Draft | None:
        """The shift of the present seam, as it is held now."""
        return self.reviewing.draft

    def look_at(self, seam: int | None) -> None:
        """Look at a seam, and fly there."""
        self._going_on.stay()
        if seam is None:
            self._session.select(None)
            return
        if seam != self._session.seam:
            self._session.select(seam)
        self.view.take_keys()
        self.go_to_seam()

    def step(self, by: int) -> None:
        """Look at the next (1) or the previous (-1) seam of the list; it goes round."""
        if (seam := self.dock.table.step(by)) is not None:
            self.look_at(seam)

    def go_to_seam(self) -> None:
        """Fly to the present seam."""
        if self._session.seam is not None:
            self.fly_to.emit(self._session.seam)

    def nudge(self, dy: int, dx: int, *, coarse: bool = False) -> None:
        """Move the second frame by px, or by coarse steps."""
        step = self._remembered.coarse_step if coarse else 1
        self.reviewing.nudge(step * dy, step * dx)

    def take(self, number: int) -> None:
        """Move the second frame to another fit, by its number; 0 is the method's own answer."""
        self.reviewing.take(number)

    def reset(self) -> None:
        """Put the second frame back to where it lies."""
        self.reviewing.reset()

    def confirm(self) -> None:
        """Decide for what is shown, and go on."""
        before = self._session.project
        self.reviewing.confirm()
        if self._session.project is before:  # it was decided so already: nothing has to settle
            self._going_on.go()

    def exclude(self) -> None:
        """Use nothing of what the present seam says; or use it again."""
        self._going_on.stay()
        self.reviewing.exclude()

    def take_back(self) -> None:
        """Forget what was decided about the present seam."""
        self._going_on.stay()
        self.reviewing.take_back()

    def estimate_again(self) -> None:
        """Estimate the present seam by the chosen method and range, in the background."""
        project, seam = self._session.project, self._session.seam
        if project is not None and seam is not None:
            self._going_on.stay()
            self.again.estimate(seam, *self.dock.again.chosen(project, seam))

    def snap(self) -> None:
        """Move to the best fit around where the second frame is held, in the background."""
        if self.draft is not None:
            self.again.snap(self.draft.seam, self.draft.shift)

    def send_decisions(self) -> None:
        """Send all decisions by hand to the training set, in the background."""
        if self._session.project is not None:
            self.sending.send(self._session.project)

    def undo(self) -> None:
        """Take the last nudge back; if there is none, the last step of the whole work."""
        self._going_on.stay()
        self.reviewing.undo()

    def redo(self) -> None:
        """Do again what was undone last."""
        self._going_on.stay()
        self.reviewing.redo()

    def blink(self, on: bool) -> None:
        """Show the two frames of the seam in turns, or stop that."""
        self.view.blink(on)

    # -- what is shown ------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Take keys and viewer (again)."""
        super().showEvent(event)
        self._on_selected()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Give everything back. A docked widget gets no closeEvent, but always this."""
        super().hideEvent(event)
        self._going_on.stay()
        self._redraw.stop()
        self.view.remove()
        self.legend_changed.emit("")  # folded, too: no key is ours now

    def _on_laid_out(self) -> None:
        self._going_on.stay()
        self.reviewing.draft = None
        self.again.work.cancel()
        self.view.remove()
        self.dock.say("")
        if self.isVisible():
            self.keys.take(None)  # at once: the next Ctrl+Z may follow within a frame

    def _on_changed(self) -> None:
        """Show another state of the grid: after every step, undo, redo and every solve."""
        self.reviewing.follow()
        self._show_list()
        self._show_seam()
        if self._session.is_solved:
            self._going_on.settled()

    def _on_estimated(self, seam: int) -> None:
        if not self._gather.isActive():
            self._gather.start()
        if seam == self._session.seam:
            self._on_changed()

    def _on_selected(self, *_: object) -> None:
        """Show another seam, from where its frames lie."""
        seam = self._session.seam
        self.dock.say("")
        if self.draft is None or self.draft.seam != seam:
            self.again.work.cancel()
        self.reviewing.follow()
        self.dock.table.show_seam(seam)
        self._show_seam()
        if seam is not None and self.isVisible():
            self._show_picture()  # at once, since only what is there can have the keys
            self.view.take_keys()
            self._show_legend()

    def _show_list(self) -> None:
        session = self._session
        self._rows = rows_of(session)
        self.dock.show_rows(
            self._rows,
            is_solved=session.solution is not None,
            is_settling=session.solution is not None and not session.is_solved,
        )
        self.dock.table.show_seam(session.seam)
        project = session.project
        self.dock.show_send(len(project.decisions) if project else 0, self.sending.file)
        self.dock.again.suggest(project)

    def _show_seam(self) -> None:
        """Show the words now; the picture follows in a moment."""
        seam, draft = self._row, self.draft
        self.dock.seam.setVisible(seam is not None and draft is not None)
        self.dock.decide.show_seam(seam, draft, is_listed=bool(self.dock.table.seams.rows))
        self.dock.again.start.setEnabled(seam is not None)
        self._show_words()
        self._show_legend()
        self._redraw.start()

    def _show_words(self) -> None:
        seam, draft, project = self._row, self.draft, self._session.project
        if seam is None or draft is None or project is None:
            return
        self.dock.panel.show_seam(
            SeamFacts(
                seam,
                self.reviewing.estimate,
                draft,
                favoured(self._session, seam.seam),
                self._d,
                project.layout.pixel_size,
            )
        )

    def _show_picture(self) -> None:
        """Show what reads pixels: the composite in the viewer, and D."""
        self._redraw.stop()
        draft, project = self.draft, self._session.project
        if not self.isVisible():
            return
        if draft is None or project is None:
            self.view.remove()
            self.keys.take(None)
            return
        first_at = self.frame_at(project.seams[draft.seam].first)
        state = pair_state(self._session, draft, first_at)
        if state is None:
            return
        look = self.look()
        of = state.pair, state.estimate, *first_at, *draft.shift, look
        if of == self._pictured and self.view.is_on_top:
            return  # a decision and its solve change the words, and seldom this
        self._pictured = of
        if self.view.show(state, look):
            self.dock.unsay(APART)
        else:
            self.dock.say(APART)
        self._d = self.view.similarity(state)
        self._show_words()

    def _show_legend(self, *_: object) -> None:
        layer = self.view.layer
        if self.draft is not None and layer is not None and not self.view.has_keys:
            text = f"Keys: N next, P previous; select {layer.name!r} in the layer list for others"
        else:
            text = legend(
                seam=self.draft is not None,
                fits=self.reviewing.fits,
                coarse=self._remembered.coarse_step,
                listed=bool(self.dock.table.seams.rows),
                can_undo=self.reviewing.can_undo,
                can_redo=self.reviewing.can_redo,
            )
        self.legend_changed.emit(text)

    # -- inside -------------------------------------------------------------------------------

    @property
    def _row(self) -> SeamRow | None:
        seam = self._session.seam
        return self._rows[seam] if seam is not None and seam < len(self._rows) else None

    def _on_held(self) -> None:
        self._going_on.stay()
        self.dock.say("")
        self._show_seam()

    def _on_deciding(self, seam: int) -> None:
        if self.dock.goes_on.isChecked():
            self._going_on.leave(seam)

    def _leave(self, seam: int) -> None:
        """Look at the most doubtful seam, if the person still is where they decided."""
        if seam != self._session.seam:
            return
        rows = [row for row in self.dock.table.seams.rows if row.seam != seam]
        if rows and rows[0].needs_look:
            self.look_at(rows[0].seam)
        elif not any(row.needs_look for row in self._rows):
            self._session.select(None)
            self.dock.tell("No seam is in doubt any more.")
            self.done.emit()

    def _set_view(self, view: View) -> None:
        self.view.set_view(view)
        self._pictured = ()
        self._redraw.start()

    def _connect(self) -> None:
        session, dock, decide, again = self._session, self.dock, self.dock.decide, self.again
        reviewing = self.reviewing
        session.laid_out.connect(self._on_laid_out)
        session.changed.connect(self._on_changed)
        session.estimated.connect(self._on_estimated)
        session.selected.connect(self._on_selected)
        reviewing.held.connect(self._on_held)
        reviewing.deciding.connect(self._on_deciding)
        self._going_on.due.connect(self._leave)
        reviewing.found.connect(self.look_at)
        reviewing.said.connect(dock.say)
        self.view.said.connect(dock.say)
        reviewing.told.connect(dock.tell)
        dock.table.chosen.connect(self.look_at)
        dock.chosen.connect(dock.show_which)
        dock.viewed.connect(self._set_view)
        dock.sending.connect(self.send_decisions)
        dock.panel.taken.connect(self.take)
        decide.moved.connect(self.reviewing.move_to)
        decide.confirmed.connect(self.confirm)
        decide.excluded.connect(self.exclude)
        decide.taken_back.connect(self.take_back)
        decide.snapped.connect(self.snap)
        decide.restored.connect(self.reset)
        decide.stepped.connect(self.step)
        decide.flown.connect(self.go_to_seam)
        dock.again.wanted.connect(self.estimate_again)
        dock.again.cancelled.connect(again.work.cancel)
        again.work.progressed.connect(dock.again.show_progress)
        again.work.ended.connect(dock.again.show_ready)
        again.estimated.connect(self.reviewing.take_estimate)
        again.snapped.connect(self.reviewing.take_snap)
        again.said.connect(dock.say)
        self.sending.said.connect(dock.say)
        self.sending.told.connect(dock.tell)
        self._viewer.layers.selection.events.active.connect(self._show_legend)
        self.destroyed.connect(partial(_release, weakref.ref(self)))

    def _listen_no_more(self) -> None:
        session = self._session
        session.laid_out.disconnect(self._on_laid_out)
        session.changed.disconnect(self._on_changed)
        session.estimated.disconnect(self._on_estimated)
        session.selected.disconnect(self._on_selected)
        self._viewer.layers.selection.events.active.disconnect(self._show_legend)
        self.keys.let_go()


def _release(widget: weakref.ref[Review]) -> None:
    """Stop a destroyed widget from hearing session and viewer: only its Python half is left."""
    remains = widget()
    if remains is not None:
        remains._listen_no_more()
