"""The file of hand alignments as the widget knows it: watched, added to, undone.

What a line of it means, and every change, is `learning/hand.py`'s business.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from ..learning import hand_files
from ..learning.hand import annotate, delete, read_hand, record_all
from ..learning.hand_alignment import now
from ._record import hand_file
from ._settings import Remembered, follow
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from ..learning.hand import HandAlignment
    from ..shifts.estimate import Progress

SETTLES_MS = 200
"""Until a file that others write is taken as it is."""


class HandFile(QObject):
    """One file of hand alignments at a time, and what it holds.

    Parameters
    ----------
    parent : QObject
        Its end stops the work.
    """

    changed = Signal()
    """The file was read again."""
    said = Signal(str)
    """One sentence for the person; empty to take the last back."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._remembered = Remembered.load()
        self._deleted: list[tuple[Path, list[HandAlignment]]] = []
        self.alignments: list[HandAlignment] = []
        self.work = Work(self)
        self._stamp: object = None
        self._shown: Path | None = None
        self._trouble = False
        self._watcher = QFileSystemWatcher(self)
        self._soon = QTimer(self)
        self._soon.setInterval(SETTLES_MS)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._on_written)
        self._watcher.fileChanged.connect(lambda path: self._soon.start())
        self._watcher.directoryChanged.connect(lambda path: self._soon.start())
        follow("hand_file", self._on_chosen)

    @property
    def path(self) -> Path:
        """Which file it is."""
        return hand_file(self._remembered)

    @property
    def can_undo(self) -> bool:
        """Whether something was deleted from this file."""
        return any(path == self.path for path, _ in self._deleted)

    def choose(self, path: Path) -> None:
        """Take another file, and let decisions go there from now on."""
        self.said.emit("")
        self._remembered.keep(hand_file=str(path))
        self._on_chosen()  # where nothing is remembered, nobody else says so

    def reload(self) -> None:
        """Read the file again; one that is not there yet holds nothing."""
        path = self._shown = self.path
        self._watch()
        self._stamp = _stamp(path)
        before, self._trouble = self._trouble, False
        try:
            self.alignments = read_hand(path) if path.exists() else []
        except ValueError as error:
            self.alignments, self._trouble = [], True
            self.said.emit(str(error))
        if before and not self._trouble:
            self.said.emit("")
        self.changed.emit()

    def add(self, kind: str, path: Path, *more: Path) -> None:
        """Take pairs over from elsewhere, in the background.

        Parameters
        ----------
        kind : str
            "table", "seams", "merge" or "folder".
        path : Path
            A table, another file of hand alignments, or an exported folder.
        *more : Path
            Further files to merge.
        """
        into = self.path

        def add(progress: Progress) -> int:
            into.parent.mkdir(parents=True, exist_ok=True)
            if kind == "merge":
                return hand_files.merge([path, *more], into)
            if kind == "folder":
                return hand_files.import_folder(path, into, progress=progress)
            read = hand_files.from_seams_csv if kind == "seams" else hand_files.from_table
            found = read(path)
            progress(0, 0, f"recording in {into.name}")  # up to here, a cancel changes nothing
            return hand_files.record_new(into, found)

        def say(n: int) -> str:
            if not n:
                return f"{path.name} holds nothing new that was decided by hand or is known."
            return f"{n} pair{'s' * (n != 1)} added or changed from {path.name}."

        self._in_background(f"reading {path.name}", add, say)

    def export(self, folder: Path) -> None:
        """Copy the pairs and their frames into a folder, in the background."""
        source = self.path
        self._in_background(
            f"exporting to {folder.name}",
            lambda progress: hand_files.export_folder(source, folder, progress),
            lambda out: f"Exported to {out.parent}, which can be moved to another machine.",
        )

    def delete(self, ids: Sequence[str]) -> None:
        """Delete pairs; `undo` brings them back."""
        path = self.path

        def change() -> None:
            gone: list[HandAlignment] = []
            try:
                for name in ids:
                    gone.append(delete(path, name))
            finally:
                if gone:
                    self._deleted.append((path, gone))

        self._at_once(change)

    def undo(self) -> set[str]:
        """Bring back what was deleted last from this file, and say which pairs that were."""
        mine = [number for number, (path, _) in enumerate(self._deleted) if path == self.path]
        if not mine:
            return set()
        path, gone = self._deleted[mine[-1]]
        # Later than the deletion, so that a merge with other files keeps them, too.
        again = [replace(one, time=now(now(one.time))) for one in gone]

        def change() -> None:
            record_all(path, again)
            del self._deleted[mine[-1]]

        self._at_once(change)
        return {one.id for one in gone}

    def annotate(self, name: str, note: str) -> None:
        """Give a pair another note."""
        self._at_once(lambda: annotate(self.path, name, note))

    def _at_once(self, change: Callable[[], object]) -> None:
        """Change the file by a line or two."""
        self.said.emit("")
        try:
            change()
        except ValueError as error:
            self.said.emit(str(error))
        self.reload()

    def _in_background(
        self, doing: str, change: Callable[[Progress], Any], say: Callable[[Any], str]
    ) -> None:
        def job(progress: Progress) -> Generator[str, None, Any]:
            yield doing
            return change(progress)

        def done(result: Any) -> None:
            self.reload()
            self.said.emit(say(result))

        self.said.emit("")
        self.work.start(job, done, self.said.emit)

    def _on_chosen(self, event: object = None) -> None:
        if self.path != self._shown:
            self.reload()

    def _watch(self) -> None:
        """Watch the file, and the folder that it is in or that its folder is to be made in."""
        path = self.path
        folders = (one for one in path.absolute().parents if one.is_dir())
        # A drive that is not there has none.
        places = [*([path] if path.exists() else []), *islice(folders, 1)]
        watched = {*self._watcher.files(), *self._watcher.directories()}
        wanted = {str(one) for one in places}
        if watched - wanted:
            self._watcher.removePaths(list(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(list(wanted - watched))

    def _on_written(self) -> None:
        self._watch()  # its folder may have been made
        # The folder is watched too, for a file that is not there yet; most of its news is others'.
        if _stamp(self.path) != self._stamp:
            self.reload()


def _stamp(path: Path) -> object:
    try:
        about = path.stat()
    except OSError:
        return None
    return str(path), about.st_mtime_ns, about.st_size
