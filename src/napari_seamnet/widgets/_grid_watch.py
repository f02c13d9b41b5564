"""Watch folder: frames of a running acquisition become part of the grid as they are written.

Which files are complete is told by `grids/watch.py`, and what a grid that grows keeps by
`projects/grow.py`. Seams are estimated by whoever hears that frames have arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QObject, QSignalBlocker, QTimer, Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from ..as_text import Opened
from ..grids.watch import POLL_S, SETTLE_S, watch_folder
from ..layouts import open_layout
from ..layouts.names import natural_key
from ..stitching import StitchSettings
from . import _grid_ask as ask
from ._controls import label
from ._grid_source import known_frames
from ._grid_watched import Arrivals, Watchable, watchable
from ._tiles_theme import TROUBLE
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from ..layouts import Layout
    from ..shifts.estimate import Progress
    from ._grid_session import GridSession

LOOK_MS = 250


class Watching(QObject):
    """Watches one folder at a time, and lets the session's grid grow.

    Parameters
    ----------
    session : GridSession
        Gets the frames; whatever a person decided, left out or changed is kept.
    parent : QObject
        Its end stops the work.
    settings : callable, optional
        Tells how a grid is to be stitched that begins here.
    waits : callable, optional
        Tells whether the grid is to be left alone, as while its seams are estimated.
    asked : callable, optional
        Tells, as `Opened` or None, how a grid that begins here is to be laid out.
    """

    said = Signal(str)
    """One sentence on what is wrong; empty takes the last back."""
    told = Signal(str)
    """What is the case, in words; empty when nothing is watched."""
    turned = Signal(bool)
    """It began, or it is over."""
    arrived = Signal(int)
    """So many frames were taken in; their seams are to be estimated."""

    def __init__(
        self,
        session: GridSession,
        parent: QObject,
        *,
        settings: Callable[[], StitchSettings] = StitchSettings,
        waits: Callable[[], bool] = bool,
        asked: Callable[[], Opened | None] = lambda: None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings, self._waits, self._asked = settings, waits, asked
        self.poll, self.settle = POLL_S, SETTLE_S
        self._run: Arrivals | None = None
        self._tried: tuple[Layout | None, int] = None, 0
        self._trouble = self._last_said = ""
        self.work, self.opening = Work(self), Work(self)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self._let_go)

    @property
    def folder(self) -> Path | None:
        """The folder that is watched now."""
        return None if self._run is None else self._run.folder

    def start(self, folder: Path) -> None:
        """Watch a folder; it is to be that of the session's grid, if there is one.

        Parameters
        ----------
        folder : Path
            Looked at without its subfolders; it may be empty yet.
        """
        self.stop()
        self._trouble, self._tried = "", (None, 0)
        self._say("")
        run = self._run = Arrivals(folder)
        self.destroyed.connect(run.stop.set)  # nothing of this object is needed for it
        opened = self._opened()
        page = None if opened is None else opened.options.get("page")
        poll, settle = self.poll, self.settle

        def job(progress: Progress) -> Generator[str, None, None]:
            yield "watching"
            for came in watch_folder(
                folder,
                poll=poll,
                settle=settle,
                stop=run.stop,
                page=page,
                on_trouble=run.take_trouble,
            ):
                run.take(came)

        self.work.start(job, lambda _: None, self._give_up)
        self._timer.start()
        self.turned.emit(True)
        self.look()

    def stop(self) -> None:
        """Watch no more; what has come stays."""
        run = self._run
        self._let_go()
        self._timer.stop()
        if run is not None:
            self.work.cancel()
            self.opening.cancel()
            self.told.emit("")
            self.turned.emit(False)

    def look(self) -> None:
        """Take in what has come, unless it must wait."""
        run = self._run
        if run is None:
            return
        project = self._session.project
        if project is not None and self._is_elsewhere(run):
            name = run.folder.name
            self._give_up(f"the grid that is open now is not that of {name}, so it is not watched")
            return
        layout = None if project is None else project.layout
        # One frame alone does not tell rows from columns.
        is_enough = len(run.there) > (1 if layout is None else 0)
        is_new = is_enough and self._tried != (layout, run.times)
        waits = is_new and self._waits()
        if is_new and not waits and not self.opening.is_busy:
            self._open(run, layout)
        self._say(self._trouble or run.trouble)
        self.told.emit(run.words(waits=waits))

    # -- inside -------------------------------------------------------------------------------

    def _open(self, run: Arrivals, layout: Layout | None) -> None:
        """Lay out all files that there are; of those that are known, nothing is read again."""
        opened, times = self._opened(), run.times
        paths = [run.there[name] for name in sorted(run.there, key=natural_key)]
        options = {} if opened is None else dict(opened.options)
        known = {} if layout is None else known_frames(layout, opened)

        def job(progress: Progress) -> Generator[str, None, Layout]:
            yield "opening"
            return open_layout(paths, **options, known=known, progress=progress)

        def is_asked() -> bool:
            now = self._session.project
            return run is self._run and (None if now is None else now.layout) is layout

        def done(arrived: Layout | None) -> None:
            if arrived is not None and is_asked():
                self._tried = layout, times
                self._take(run, arrived)

        def failed(why: str) -> None:
            if is_asked():
                # Two frames may be too few to tell rows from columns: perhaps the next one tells.
                self._tried = layout, times
                self._trouble = why.replace("give rows or cols", "give rows or columns in step 1")

        self.opening.start(job, done, failed)

    def _take(self, run: Arrivals, arrived: Layout) -> None:
        """Let the grid grow, or begin it."""
        session, opened = self._session, self._opened()
        n = len(arrived)
        self._trouble = ""
        if session.project is None:
            options = {} if opened is None else opened.options
            session.remember(arrived, Opened(str(run.folder), options))
            session.lay_out(arrived, self._settings())
        else:
            is_known = session.opened is not None
            try:
                growth = session.grow(arrived, opened if is_known else None)
            except ValueError as error:
                self._trouble = str(error)
                return
            if growth is None:
                return
            self._trouble = growth.refused[0] if growth.refused else ""
            n = len(growth.added) + len(growth.rewritten)
        project = session.project
        self._tried = None if project is None else project.layout, self._tried[1]
        self.arrived.emit(n)

    def _opened(self) -> Opened | None:
        """How the files are to be laid out."""
        if self._session.project is None:
            return self._asked()
        found = watchable(self._session)
        return found.opened if isinstance(found, Watchable) else None

    def _is_elsewhere(self, run: Arrivals) -> bool:
        found = watchable(self._session)
        return isinstance(found, str) or found.folder.absolute() != run.folder.absolute()

    def _let_go(self) -> None:
        """Let the thread end."""
        run, self._run = self._run, None
        if run is not None:
            run.stop.set()

    def _give_up(self, why: str) -> None:
        self.stop()
        self._say(why)

    def _say(self, text: str) -> None:
        if text != self._last_said:
            self._last_said = text
            self.said.emit(text)


class WatchBox(QWidget):
    """The box that turns it on and off, and what is the case.

    Parameters
    ----------
    session : GridSession
        Whose folder is watched; asked for if there is no grid yet.
    watching : Watching
        Does it.
    """

    def __init__(self, session: GridSession, watching: Watching) -> None:
        super().__init__()
        self._session, self._watching = session, watching
        self.box = QCheckBox("Watch folder for new frames")
        self.box.setToolTip(
            "Take in frames of a running acquisition, and stitch them, as soon as they are "
            "completely written; what you decided is kept"
        )
        self.box.clicked.connect(self._on_click)
        self.words, self.message = label(wraps=True, faint=True), label(wraps=True)
        self.message.setStyleSheet(f"color: {TROUBLE}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for piece in (self.box, self.words, self.message):
            layout.addWidget(piece)
        watching.turned.connect(self._show_turned)
        watching.told.connect(self._show_words)
        watching.said.connect(self.say)
        self._show_words("")
        self.say("")

    def say(self, text: str) -> None:
        """Show one sentence on what is wrong; an empty one takes the last back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    def _on_click(self, is_wanted: bool) -> None:
        if not is_wanted:
            self._watching.stop()
            self.say("")
            return
        found: Watchable | Path | str | None
        if self._session.project is None:
            found = ask.folder_to_watch(self, None)
        else:
            found = watchable(self._session)
        if isinstance(found, str):
            self.say(found)
        elif found is not None:
            self._watching.start(found.folder if isinstance(found, Watchable) else found)
        self._show_turned(self._watching.folder is not None)

    def _show_turned(self, is_on: bool) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(is_on)

    def _show_words(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))
