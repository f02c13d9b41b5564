"""Keeping a grid as it is, so that closing napari, or its end, loses nothing.

When it is kept, and how it is opened again, is here; files are in `_grid_kept.py`. What a person
saves under a name of their own is `_grid_keeping.py`'s business.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from ..projects import FramesElsewhereError, Project
from ._grid_kept import Kept, frames_folder, keep, new_name
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..projects.grow import Growth
    from ..shifts.estimate import Progress
    from ._grid_session import GridSession

AFTER_A_STEP_MS = 1_000
WHILE_ESTIMATING_MS = 20_000
"""Estimates are in the journal besides."""


class Autosave(QObject):
    """Writes the session's project to the folder of kept grids, in a thread of its own.

    Parameters
    ----------
    session : GridSession
        The grid; it is kept once a seam of it was estimated or decided.
    is_estimating : callable
        Whether seams are being estimated now.
    parent : QObject
        Whoever ends it calls `flush` before.
    """

    said = Signal(str)
    """One sentence on what is wrong."""
    lost = Signal(object, str)
    """The frames of a grid, as `Kept`, are not where they were; why, in a sentence."""

    def __init__(
        self, session: GridSession, is_estimating: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._is_estimating = is_estimating
        self._files: dict[tuple[str, str], str] = {}
        self._written: Project | None = None
        self._writer = _Writer()
        self._told = ""
        self.work = Work(self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.flush)
        session.grown.connect(self._on_grown)
        session.changed.connect(self._on_changed)
        session.estimated.connect(self._on_changed)

    def go_on(self, kept: Kept, root: Path | None = None) -> None:
        """Open a grid of an earlier sitting, in the background.

        Parameters
        ----------
        kept : Kept
            Which one.
        root : Path, optional
            Where its frames are now, if they were moved.
        """

        def job(progress: Progress) -> Generator[str, None, Project | str]:
            yield "opening"
            try:
                return Project.load(kept.path, root, progress=progress)
            except FramesElsewhereError as error:
                return str(error)  # an exception that is returned would be raised

        self.said.emit("")
        self.work.start(job, lambda found: self._on_opened(kept, found), self.said.emit)

    def flush(self) -> None:
        """Begin to write what is not written yet; it is, even if napari is closed at once."""
        self._soon.stop()
        self.write()

    def write(self) -> None:
        """The same, which needs no more than the Python half of this object."""
        project = self._session.project
        if project is None or project is self._written or not _is_worth_it(project):
            return
        folder = frames_folder(project)
        if folder is None:
            return
        key = str(folder), project.layout.source
        if key not in self._files:
            self._files[key] = new_name(project)
        self._written = project
        self._writer.write(project, self._files[key], self._session.path)

    def wait(self) -> None:
        """Wait until everything is written; for tests, and for nobody else."""
        self._writer.wait()

    def _on_opened(self, kept: Kept, project: Project | str | None) -> None:
        if project is None:
            return
        if isinstance(project, str):
            self.lost.emit(kept, project)
            return
        folder = frames_folder(project)
        self._files[str(folder), project.layout.source] = kept.file
        self._written = project
        saved = Path(kept.project) if kept.project else None
        self._session.open(project, saved if saved is not None and saved.is_file() else None)
        if project.warnings:
            self.said.emit(project.warnings[0])

    def _on_grown(self, growth: Growth) -> None:
        """Go on in the same file: in words, a series that grows is another one each time."""
        project = self._session.project
        folder = None if project is None else frames_folder(project)
        kept = self._files.get((str(folder), growth.before.source))
        if kept is not None:
            self._files[str(folder), growth.layout.source] = kept

    def _on_changed(self, *_: object) -> None:
        if self._writer.trouble != self._told:
            self._told = self._writer.trouble
            if self._told:
                self.said.emit(f"this grid cannot be kept for later: {self._told}")
        if not self._soon.isActive():
            self._soon.start(WHILE_ESTIMATING_MS if self._is_estimating() else AFTER_A_STEP_MS)
        elif not self._is_estimating() and self._soon.remainingTime() > AFTER_A_STEP_MS:
            self._soon.start(AFTER_A_STEP_MS)


class _Writer:
    """Writes one project at a time; of those that wait, the last one counts.

    Its thread is none of Qt's, and no daemon: Python waits for it at its end.
    """

    def __init__(self) -> None:
        self.trouble = ""
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[Project, Path | None]] = {}
        self._thread: threading.Thread | None = None

    def write(self, project: Project, file: str, saved: Path | None) -> None:
        with self._lock:
            self._waiting[file] = project, saved
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="keeping the grid")
                self._thread.start()

    def wait(self) -> None:
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                file, (project, saved) = self._waiting.popitem()
            try:
                keep(project, file, saved)
                self.trouble = ""
            except (ValueError, OSError) as error:
                self.trouble = str(error)


def _is_worth_it(project: Project) -> bool:
    """Whether there is something that would be lost."""
    known = any(estimate is not None for estimate in project.estimates)
    return known or bool(project.decisions or project.excluded or project.locked)
