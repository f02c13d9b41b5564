"""Files of hand alignments among each other: merge them, carry them to another machine.

The file itself is in `hand.py`. Tables of known offsets are read in `hand_tables.py`, whose
readers can be had from here too.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..saving import written_whole
from .frame_file import FrameFile, save_frame, sha256_of
from .hand import frames_folder, read_decisions, read_hand, record_all
from .hand_alignment import Deletion, HandAlignment, moment
from .hand_journal import HandFileError, sync_folder
from .hand_tables import from_pairs_csv, from_seams_csv, from_table, from_truth_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..shifts.estimate import Progress

    Decision = HandAlignment | Deletion

__all__ = [
    "export_folder",
    "from_pairs_csv",
    "from_seams_csv",
    "from_table",
    "from_truth_csv",
    "import_folder",
    "merge",
    "record_new",
]

HAND_FILE = "hand.jsonl"
FRAMES = "frames"
"""What an exported folder holds."""


def record_new(path: Path, alignments: Iterable[HandAlignment]) -> int:
    """Record those that a file has never held, so that what was corrected or deleted stays so.

    Returns
    -------
    int
        How many were recorded.

    Raises
    ------
    HandFileError
        If the file cannot be read or written.
    """
    known = read_decisions(path) if path.exists() else {}
    new = {one.id: one for one in alignments if one.id not in known}
    record_all(path, new.values())
    return len(new)


def merge(paths: Sequence[Path], out: Path) -> int:
    """Add what other files of hand alignments hold; of the same decision the latest word counts.

    Parameters
    ----------
    paths : sequence of Path
        Files to take from. Their frames stay where they are.
    out : Path
        File to add to; made if it is not there.

    Returns
    -------
    int
        How many lines were added, deletions included; 0 if it was all known.

    Raises
    ------
    HandFileError
        If a file cannot be read or written.
    """
    others = [one for path in paths if path != out for one in read_decisions(path).values()]
    newer = _newer(out, others)
    record_all(out, newer)
    return len(newer)


def export_folder(hand: Path, folder: Path, progress: Progress | None = None) -> Path:
    """Copy a file of hand alignments and all its frames into a folder that can be moved.

    Parameters
    ----------
    hand : Path
        File of hand alignments. What was deleted or corrected in it is left out.
    folder : Path
        Is made if it is not there; what else lies in it stays. After a cancelled or failed export
        the same call goes on where that one stopped.
    progress : callable, optional
        Called as ``progress(done, total, what)`` before each frame and at the end.

    Returns
    -------
    Path
        The exported file, ``hand.jsonl`` in the folder: the last thing to appear there.

    Raises
    ------
    HandFileError
        If there is nothing to export, the folder holds an export already, a frame has changed
        since it was aligned, or the folder cannot be written to.
    FrameError
        If a frame is gone.
    """
    folder = Path(os.path.abspath(folder))
    out = folder / HAND_FILE
    if out.exists():
        raise HandFileError(f"{out} is there already; export to a new folder")
    alignments = read_hand(hand)
    if not alignments:
        raise HandFileError(f"{hand} holds no hand alignment to export; record some first")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise HandFileError(
            f"the folder {folder} cannot be made: {error.strerror}; choose another place"
        ) from error
    moved = _copied(alignments, folder / FRAMES, progress)
    with written_whole(out) as beside:
        record_all(beside, moved)
    return out


def import_folder(
    folder: Path, hand: Path, copy: bool = False, progress: Progress | None = None
) -> int:
    """Add an exported folder to a file of hand alignments, as `merge` does.

    Parameters
    ----------
    folder : Path
        As `export_folder` made it, wherever it lies now.
    hand : Path
        File to add to; made if it is not there.
    copy : bool, default False
        Whether to copy the frames beside `hand`; otherwise they stay in the folder, and the folder
        must stay where it is.
    progress : callable, optional
        Called as ``progress(done, total, what)`` before each frame that is copied.

    Returns
    -------
    int
        How many lines were added.

    Raises
    ------
    HandFileError
        If the folder is no export, a frame in it is not what was exported, or the file cannot be
        written.
    FrameError
        If a frame is missing in the folder.
    """
    source = folder / HAND_FILE
    if not source.is_file():
        raise HandFileError(f"{folder} is no exported folder: there is no {HAND_FILE} in it")
    newer = _newer(hand, read_decisions(source).values())
    alignments = [one for one in newer if isinstance(one, HandAlignment)]
    for file in _files(alignments):
        file.open()  # found out now rather than at the first training
    if copy:
        alignments = _copied(alignments, frames_folder(hand), progress)
    record_all(hand, [*alignments, *(one for one in newer if isinstance(one, Deletion))])
    return len(newer)


def _newer(out: Path, decisions: Iterable[Decision]) -> list[Decision]:
    """Those decisions that say something new to a file, one for each id."""
    known = read_decisions(out) if out.exists() else {}
    newer: dict[str, Decision] = {}
    for one in decisions:
        old = newer.get(one.id) or known.get(one.id)
        if old is None or _supersedes(one, old):
            newer[one.id] = one
    return list(newer.values())


def _supersedes(one: Decision, old: Decision) -> bool:
    if moment(one.time) != moment(old.time):
        return moment(one.time) > moment(old.time)
    if isinstance(one, Deletion) or isinstance(old, Deletion):
        return False
    # The same decision, in a folder that was moved: its frames are now to be found here.
    return not _is_there(old) and _is_there(one)


def _is_there(one: HandAlignment) -> bool:
    return one.first.is_there and one.second.is_there


def _files(alignments: Iterable[HandAlignment]) -> list[FrameFile]:
    """Every frame once."""
    return list(dict.fromkeys(file for one in alignments for file in (one.first, one.second)))


def _copied(
    alignments: Sequence[HandAlignment], folder: Path, progress: Progress | None
) -> list[HandAlignment]:
    """Copy all frames into a folder, and name them there."""
    files = _files(alignments)
    copies = {}
    for done, file in enumerate(files):
        if progress is not None:
            progress(done, len(files), file.path.name)
        copies[file] = _copy(file, folder)
    if progress is not None:
        progress(len(files), len(files), "")
    return [replace(one, first=copies[one.first], second=copies[one.second]) for one in alignments]


def _copy(file: FrameFile, folder: Path) -> FrameFile:
    """Copy a frame's file, unless it is in the folder already; it keeps its name if it can."""
    frame = file.open()
    pixels_in = getattr(frame.source, "path", file.path)
    if Path(pixels_in).resolve() != file.path.resolve():
        return save_frame(frame, folder)  # an OME set, whose one file is nothing without others
    folder = Path(os.path.abspath(folder))
    path = folder / file.path.name
    if path.exists() and sha256_of(path) != file.sha256:
        path = path.with_name(f"{path.stem}-{file.sha256[:16]}{path.suffix}")
    if not path.exists():
        try:
            folder.mkdir(exist_ok=True)
            with written_whole(path) as beside:
                shutil.copyfile(file.path, beside)
                with beside.open("rb+") as copied:
                    os.fsync(copied.fileno())
            sync_folder(folder)
        except OSError as error:
            raise HandFileError(
                f"{file.path} cannot be copied to {path}: {error.strerror}"
            ) from error
    if sha256_of(path) != file.sha256:
        raise HandFileError(f"{path} is not what {file.path} was; delete it and try again")
    return replace(file, path=path)
