"""Stitch grid's project on the disk: saved and opened in the background, and whether all is in it.

What is in the file is the business of `projects/`; buttons are in `_grid_finish.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from ..projects import FramesElsewhereError, History, Project, Stamp
from ..projects.stamps import stamp_files
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from ..shifts.estimate import Progress
    from ._grid_session import GridSession

_Opened = tuple[Project, "History[Project] | None"]
_sitting: dict[Path, History[Project]] = {}
"""Undo history of the projects that were saved since napari was started, by their files."""


class Keeping(QObject):
    """Saves the project as it is when it is asked to, and opens others.

    Parameters
    ----------
    session : GridSession
        The grid.
    parent : QObject
        Its end stops the work.
    """

    said = Signal(str)
    """One sentence on what is wrong; empty takes the last back."""
    kept = Signal(str, object)
    """What was done, in a sentence, and the file."""
    lost = Signal(object, str)
    """The frames of a project, given by its path, are not where they were; why, in a sentence."""

    def __init__(self, session: GridSession, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._saved: Project | None = None
        self._stamps: dict[Path, Stamp] = {}
        self.work = Work(self)

    @property
    def saved(self) -> Path | None:
        """The project's file, if everything as it is now is in it."""
        is_saved = self._saved is not None and self._saved is self._session.project
        return self._session.path if is_saved else None

    @property
    def would_lose(self) -> bool:
        """Whether something that a person decided is in no file yet."""
        project = self._session.project
        if project is None or self.saved is not None:
            return False
        return bool(project.decisions or project.excluded or project.locked)

    def save(self, path: Path) -> None:
        """Save the project, in the background."""
        project = self._session.project
        if project is None:
            return
        history = self._session.history
        known = {**project.stamps, **self._stamps}
        files = [site.frame.path for site in project.layout if site.frame.path is not None]

        def job(progress: Progress) -> Generator[str, None, dict[Path, Stamp]]:
            yield f"saving {path.name}"
            stamps = stamp_files(files, known, True, progress)  # each file is read once a sitting
            replace(project, stamps=stamps).save(path, progress=progress)
            return stamps

        def done(stamps: dict[Path, Stamp] | None) -> None:
            if stamps is None:
                return
            self._stamps |= stamps
            self._saved = project
            self._session.path = path
            if history is not None:
                _sitting[path.absolute()] = history
            self.kept.emit(f"Saved {path.name}: layout, seams, decisions and positions.", path)

        self._start(job, done)

    def open(self, path: Path, root: Path | None = None) -> None:
        """Open a project, in the background; `lost` is emitted if its frames are elsewhere.

        Parameters
        ----------
        path : Path
            Its file.
        root : Path, optional
            Where its frames are now.
        """

        def job(progress: Progress) -> Generator[str, None, _Opened | str]:
            yield f"opening {path.name}"
            try:
                project = Project.load(path, root, progress=progress)
            except FramesElsewhereError as error:
                return str(error)  # an exception that is returned would be raised
            history = _sitting.get(path.absolute())
            goes_on = history is not None and root is None and history.present == project
            return project, history if goes_on else None

        self._start(job, partial(self._on_opened, path))

    def _on_opened(self, path: Path, found: _Opened | str | None) -> None:
        if found is None:
            return
        if isinstance(found, str):
            self.lost.emit(path, found)
            return
        project, history = found
        self._stamps = dict(project.stamps)
        self._session.open(project, path, history)
        self._saved = self._session.project
        n = len(project.warnings)
        if n:
            more = f" (and {n - 1} more like this)" if n > 1 else ""
            self.said.emit(f"{project.warnings[0]}{more}")
        n = len(project.layout)
        self.kept.emit(f"Opened {path.name}: {n:,} frame{'s' * (n != 1)}.", path)

    def hashes(self, files: Iterable[Path]) -> dict[Path, str]:
        """SHA-256 of those files that were read for it in this sitting and not touched since."""
        project = self._session.project
        known = {**({} if project is None else project.stamps), **self._stamps}
        found = {}
        for file in files:
            stamp = known.get(file)
            if stamp is not None and stamp.sha256 is not None and _is_untouched(file, stamp):
                found[file] = stamp.sha256
        return found

    def _start(
        self,
        job: Callable[[Progress], Generator[str, None, Any]],
        done: Callable[[Any], None],
    ) -> None:
        self.said.emit("")
        self.work.start(job, done, self.said.emit)


def _is_untouched(file: Path, stamp: Stamp) -> bool:
    try:
        return stamp.is_untouched(Stamp.of(file))
    except ValueError:  # gone: whoever needs it will say so
        return False
