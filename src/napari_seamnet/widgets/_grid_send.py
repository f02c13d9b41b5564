"""Decisions of a grid as hand alignments, which networks learn from: the button, and its work.

What a hand alignment is, and how its file survives, is in `learning/hand.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from ..frames import FrameError
from ..geometry import Shift
from ..learning.frame_file import save_frame
from ..learning.hand import (
    Decided,
    FrameFile,
    HandAlignment,
    HandFileError,
    correct,
    frames_folder,
    read_hand,
    record,
)
from ..shifts import Status
from ._record import hand_file
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ..frames import Frame
    from ..projects import Decision, Project
    from ..shifts.estimate import Progress
    from ._settings import Remembered

SAME_SHIFT = 0.5
"""px: a decision this near to what the method said confirms it."""
CLOSE = 1e-6
"""px: decisions this near to each other are the same."""
NOTHING = Shift(0.0, 0.0)


@dataclass(frozen=True)
class Sent:
    """How many decisions went where.

    Parameters
    ----------
    new, corrected, known : int
        Recorded, put in the place of an earlier decision about the pair, and there already.
    path : Path
        The file.
    """

    new: int
    corrected: int
    known: int
    path: Path

    @property
    def words(self) -> str:
        """One sentence."""
        parts = [
            f"{n} {what}"
            for n, what in (
                (self.new, "sent"),
                (self.corrected, "corrected"),
                (self.known, "there already"),
            )
            if n
        ]
        return f"Hand alignments in {self.path.name}: {', '.join(parts) or 'none to send'}."


def send(project: Project, path: Path, progress: Progress | None = None) -> Sent:
    """Record what was decided by hand; what is in the file already is not recorded twice.

    Parameters
    ----------
    project : Project
        Whose decisions.
    path : Path
        File of hand alignments; made if it is not there.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`. What is recorded by then
        stays.

    Raises
    ------
    HandFileError, FrameError
        If the file or a frame cannot be read or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        _files(one.first, one.second): one for one in (read_hand(path) if path.exists() else ())
    }
    nominal = {seam.pair: seam.nominal for seam in project.seams}
    new = corrected = known = 0
    for k, decision in enumerate(project.decisions):
        first, second = (project.layout[frame].frame for frame in decision.pair)
        if progress is not None:
            progress(k, len(project.decisions), f"{first.name} - {second.name}")
        files = _file_of(first, path), _file_of(second, path)
        expected, who = nominal[decision.pair], who_decided(project, decision)
        before = told.get(_files(*files))
        if before is None:
            one = HandAlignment.of_files(files, expected, decision.shift, who, decision.note)
            record(path, one)
            new += 1
        elif (expected + decision.shift - before.offset).distance(NOTHING) < CLOSE:
            known += 1
        else:
            correct(path, before.id, expected + decision.shift - before.nominal, who)
            corrected += 1
    return Sent(new, corrected, known, path)


def who_decided(project: Project, decision: Decision) -> Decided:
    """Whether a person found the place, or confirmed what a method found."""
    pairs = [seam.pair for seam in project.seams]
    estimate = project.estimates[pairs.index(decision.pair)]
    if estimate is None or estimate.status in (Status.UNDETERMINED, Status.HAND):
        return Decided.HAND
    near = estimate.shift.distance(decision.shift) <= SAME_SHIFT
    return Decided.CONFIRMED if near else Decided.HAND


class Sending(QObject):
    """Sends the decisions of a grid in the background: hashing and saving frames takes a while.

    Parameters
    ----------
    remembered : Remembered
        Tells the file.
    parent : QObject
        Its end stops the work.
    """

    said = Signal(str)
    told = Signal(str)
    """One sentence on what was sent."""
    """One sentence for the person."""

    def __init__(self, remembered: Remembered, parent: QObject) -> None:
        super().__init__(parent)
        self._remembered = remembered
        self.work = Work(self)

    @property
    def file(self) -> Path:
        """Where they go."""
        return hand_file(self._remembered)

    def send(self, project: Project) -> None:
        """Send all decisions."""
        path = self.file

        def job(progress: Progress) -> Generator[str, None, Sent]:
            yield "sending decisions"
            return send(project, path, progress)

        self.work.start(job, lambda sent: self.told.emit(sent.words), self.said.emit)


def _files(first: FrameFile, second: FrameFile) -> tuple[tuple[str, int | None], ...]:
    return (first.sha256, first.page), (second.sha256, second.page)


def _file_of(frame: Frame, path: Path) -> FrameFile:
    """The file of a frame; one that has none, or another by now, is saved beside the decisions."""
    if frame.path is not None:
        try:
            return FrameFile.of(frame)
        except (HandFileError, FrameError):
            pass
    return save_frame(frame, frames_folder(path))
