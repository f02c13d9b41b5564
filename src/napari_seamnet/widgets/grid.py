"""Stitch grid: the widget that keeps viewer, dock and session in step.

Four steps, each in files of its own; here they are made, placed and wired. Nothing is computed:
layouts, seams, positions and pictures are the core's, as for the commands.
"""

from __future__ import annotations

import inspect
import weakref
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, QThreadPool
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ..projects import is_project
from . import _grid_ask as ask
from ._grid_autosave import Autosave
from ._grid_dock import GridDock
from ._grid_estimating import Estimating
from ._grid_finish import FinishSection
from ._grid_frames import FramesPanel
from ._grid_kept import kept_grids
from ._grid_lay_out import LayOutSection
from ._grid_layers import GridLayers
from ._grid_opening import Opening
from ._grid_preview import RunPreview
from ._grid_review import Review
from ._grid_run import RunSection
from ._grid_session import GridSession
from ._grid_settings import GridRemembered
from ._grid_solving import Solving
from ._grid_warm_up import warm_up
from ._grid_words import state_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari
    from qtpy.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent

    from ._grid_kept import Kept

USUAL = QSize(400, 760)
LEAST_THREADS = 6
"""Jobs at a time: with as many as there are cores, an export would keep a decision waiting."""


class GridWidget(QWidget):
    """Lay out a grid of frames, stitch it, review what is doubtful, and write the mosaic.

    Parameters
    ----------
    napari_viewer : napari.Viewer or ViewerModel
        Where the grid is shown.
    session : GridSession, optional
        A grid to begin with; an empty one by default.
    """

    def __init__(self, napari_viewer: napari.Viewer, session: GridSession | None = None) -> None:
        super().__init__()
        self._viewer = inspect.unwrap(napari_viewer)  # as in PairWidget
        self._remembered = GridRemembered.load()
        self._session = session or GridSession()
        self._is_opening_project = False
        self._has_run = False
        self._let_jobs_run()
        warm_up()
        self.lay_out = LayOutSection(self._session, self._remembered.folder)
        self.layers = GridLayers(self._viewer, self._session, self)
        self.run = RunSection(self._session, self._remembered)
        self.opening = Opening(self._session, lambda: self.run.settings, self)
        self.estimating = Estimating(self._session, self)
        self.solving = Solving(self._session, lambda: self.estimating.is_busy, self)
        self.preview = RunPreview(self._session, lambda: self.estimating.is_busy, self)
        self.autosave = Autosave(self._session, lambda: self.estimating.is_busy, self)
        self.review = Review(self._session, self._viewer, self._remembered)
        self.frames = FramesPanel(self._session)
        self.finish = FinishSection(
            self._session,
            self.layers.look,
            lambda: self.run.workers,
            settings=lambda: self.run.settings,
            waits=self._must_wait,
            asked=lambda: None if self.lay_out.asked is None else self.lay_out.asked.opened,
        )
        self.dock = GridDock(self.lay_out, self.run, [self.review, self.frames], self.finish)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.dock)
        self.setAcceptDrops(True)
        self._connect()
        self.lay_out.show_kept(kept_grids())
        self._show_state()

    @property
    def session(self) -> GridSession:
        """The work so far; what it holds is what is shown."""
        return self._session

    # -- what a person does -------------------------------------------------------------------

    def open(self, *paths: str | Path) -> None:
        """Open a folder, a layout file, a project, or several pictures, in the background."""
        given = tuple(Path(path) for path in paths)
        if not given:
            return
        self.lay_out.say("")
        self._remembered.keep(folder=str(given[0].parent))
        if len(given) == 1 and given[0].is_file() and is_project(given[0]):
            self._is_opening_project = True
            self.finish.open_project(given[0])
        else:
            self.lay_out.ask_for(given)

    def stitch(self) -> None:
        """Estimate the seams that are left, by the settings of step 2, then find positions."""
        self.run.say("")
        self.solving.wait_for_all()
        self._has_run = True
        self.estimating.start(self.run.settings, self.run.workers)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files and folders."""
        if event is not None and any(map(Path.exists, _dropped(event))):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        if event is not None and (paths := _dropped(event)):
            event.acceptProposedAction()
            self.open(*paths)

    # -- what is shown ------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Wide enough for names, high enough for two steps."""
        return USUAL

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look again for grids of earlier sittings."""
        super().showEvent(event)
        self.layers.take_viewer()
        if self._session.project is None:
            self.lay_out.show_kept(kept_grids())

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Keep the grid. A docked widget gets no closeEvent, but always this."""
        super().hideEvent(event)
        self.layers.give_back()
        self.autosave.flush()

    def _show_state(self, *_: object) -> None:
        session = self._session
        self.dock.show_state(
            state_in_words(
                session,
                is_estimating=self.estimating.is_busy,
                is_solving=self.solving.is_busy,
            )
        )
        nudges = None if self.review.draft is None else self.review.draft.steps
        self.dock.show_history(
            can_undo=session.can_undo or (nudges is not None and nudges.can_undo),
            can_redo=session.can_redo or (nudges is not None and nudges.can_redo),
        )

    def _show_run(self) -> None:
        estimating = self.estimating
        self.run.show_run(is_busy=estimating.is_busy, is_paused=estimating.is_paused)
        self._show_state()

    # -- inside -------------------------------------------------------------------------------

    def _connect(self) -> None:
        session, lay_out, run = self._session, self.lay_out, self.run
        opening, estimating, solving = self.opening, self.estimating, self.solving
        lay_out.given.connect(lambda paths: self.open(*paths))
        lay_out.changed.connect(opening.open)
        lay_out.estimating.connect(opening.estimate_overlap)
        lay_out.going_on.connect(self.autosave.go_on)
        lay_out.cancelled.connect(self._stop_opening)
        opening.said.connect(lay_out.say)
        opening.noted.connect(lay_out.note)
        opening.failed.connect(lay_out.show_failed)
        self.autosave.said.connect(lay_out.say)
        self.autosave.lost.connect(self._on_lost)
        for work in (opening.work, self.autosave.work):
            work.progressed.connect(lay_out.show_progress)
            work.ended.connect(lay_out.show_ready)
        keeping = self.finish.keeping
        keeping.said.connect(self._on_project_said)
        keeping.kept.connect(self._on_project_kept)
        self.finish.watching.arrived.connect(self._stitch_arrived)
        run.wanted.connect(self.stitch)
        run.placed.connect(solving.solve_incomplete)
        run.settled.connect(self._settle)
        run.progress.paused.connect(estimating.pause)
        run.progress.resumed.connect(estimating.resume)
        run.progress.cancelled.connect(estimating.cancel)
        estimating.progressed.connect(run.progress.show_progress)
        estimating.progressed.connect(self._show_state)
        estimating.turned.connect(self._show_run)
        estimating.turned.connect(self.preview.follow)
        estimating.ended.connect(solving.look)
        estimating.said.connect(run.say)
        solving.said.connect(run.say)
        solving.turned.connect(self._show_state)
        session.changed.connect(self._show_state)
        session.changed.connect(self._lead_on)
        session.laid_out.connect(self._show_state)
        self.review.legend_changed.connect(self.dock.show_legend)
        self.review.legend_changed.connect(self._show_state)
        self._connect_viewer()
        self.dock.undone.connect(self.review.undo)  # a nudge first, as by key
        self.dock.redone.connect(self.review.redo)
        self.destroyed.connect(partial(_release, weakref.ref(self)))

    def _connect_viewer(self) -> None:
        layers, frames, review = self.layers, self.frames, self.review
        review.frame_at = layers.frame_at
        review.look = layers.layer_look
        review.fly_to.connect(layers.fly_to)
        review.fly_to.connect(lambda _: self.dock.show_section(review))
        review.done.connect(layers.fit)
        layers.seam_clicked.connect(review.look_at)
        layers.frame_clicked.connect(self._on_frame_clicked)
        layers.movable = lambda: frames.frame if frames.can_move else None
        layers.dragged.connect(frames.move_to)
        self.preview.placed.connect(layers.preview)
        frames.fronted.connect(layers.front)
        layers.picture.said.connect(self._on_not_shown)
        frames.framed.connect(layers.show_frame)
        frames.drafted.connect(layers.hold)
        layers.look.events.connect(self._show_look)

    def _on_frame_clicked(self, frame: int | None) -> None:
        self.frames.show_frame(frame)
        if frame is not None:
            self.dock.show_section(self.frames)

    def _on_not_shown(self, why: str) -> None:
        if why:
            self.lay_out.say(why)

    def _lead_on(self) -> None:
        """Lead on to the review when a run has left something to look at."""
        session = self._session
        if self._has_run and session.is_solved and not self.estimating.is_busy:
            self._has_run = False
            if session.queue:
                self.dock.show_section(self.review)

    def _must_wait(self) -> bool:
        """Whether frames that arrive must wait: for a run, for another layout, or for a draft."""
        draft = self.review.draft
        return (
            self.estimating.is_busy
            or self.opening.work.is_busy
            or any(self.frames.draft)
            or (draft is not None and draft.is_moved)
        )

    def _stitch_arrived(self, n: int) -> None:
        """Stitch what came as the rest was, whatever the form says by now."""
        if self._session.project is not None:
            self.estimating.start(self._session.project.settings, self.run.workers)

    def _show_look(self, *_: object) -> None:
        self.finish.shows.show_look()

    def _let_jobs_run(self) -> None:
        pool = QThreadPool.globalInstance()
        if pool is not None:
            pool.setMaxThreadCount(max(pool.maxThreadCount(), LEAST_THREADS))

    def _settle(self, settings: object) -> None:
        if self._session.project is not None:
            self._session.set_settings(settings)  # type: ignore[arg-type]

    def _on_lost(self, kept: Kept, why: str) -> None:
        why = why.partition("; tell where they are now")[0]  # the rest is for the command line
        root = ask.frames_folder(self, why)
        if root is None:
            self.lay_out.say(why)
        else:
            self.autosave.go_on(kept, root)

    def _stop_opening(self) -> None:
        self.opening.work.cancel()
        self.autosave.work.cancel()

    def _on_project_said(self, text: str) -> None:
        """Show in step 1 what was asked for there."""
        if self._is_opening_project and text:
            self._is_opening_project = False
            self.lay_out.say(text)

    def _on_project_kept(self, *_: object) -> None:
        self._is_opening_project = False


def _dropped(event: QDropEvent) -> Sequence[Path]:
    """Files and folders that are on their way."""
    data = event.mimeData()
    urls = data.urls() if data is not None and data.hasUrls() else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _release(widget: weakref.ref[GridWidget]) -> None:
    """Keep what a destroyed widget worked on: only its Python half is left by now."""
    remains = widget()
    if remains is not None:
        remains.autosave.write()
        remains.layers.stop()
