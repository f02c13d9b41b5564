"""A file of hand alignments: record, read, correct, annotate and delete decisions in it.

One decision a line, on the disk before the call returns; a later line supersedes an earlier one
of the same id. What a decision is stands in `hand_alignment.py`, what a crash may do to the file
in `hand_journal.py`, how frames are found again in `frame_file.py`; several files, and tables of
known offsets, are in `hand_files.py`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import __version__
from ..frames import FrameError, open_frame
from ..geometry import Offset, Shift, overlap_boxes
from .frame_file import FrameFile, save_frame
from .hand_alignment import Decided, Deletion, HandAlignment, from_line, now, to_line
from .hand_journal import HandFileError, append, read_journal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..frames import Frame
    from ..seams import Overlap

__all__ = [
    "Decided",
    "FrameFile",
    "HandAlignment",
    "HandFileError",
    "annotate",
    "correct",
    "delete",
    "find",
    "frames_folder",
    "open_frames",
    "overlap_of",
    "read_decisions",
    "read_hand",
    "record",
    "record_all",
    "record_frames",
    "with_file",
]


def read_hand(path: str | os.PathLike[str]) -> list[HandAlignment]:
    """Read the hand alignments that a file holds now.

    Parameters
    ----------
    path : path
        JSON lines, as `record` writes them.

    Returns
    -------
    list of HandAlignment
        In the order in which they were first recorded, as they were last corrected; deleted ones
        are left out.

    Raises
    ------
    HandFileError
        If the file is not there, or is no such file.
    """
    return [one for one in read_decisions(path).values() if isinstance(one, HandAlignment)]


def read_decisions(path: str | os.PathLike[str]) -> dict[str, HandAlignment | Deletion]:
    """Read the last word on every decision, by id; deletions too.

    Raises
    ------
    HandFileError
        If the file is not there, or is no such file.
    """
    path = _absolute(path)
    decisions: dict[str, HandAlignment | Deletion] = {}
    for number, line in read_journal(path).lines:
        try:
            one = from_line(line, path.parent)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise HandFileError(
                f"{path} line {number} is no hand alignment: {reason}; take the line out"
            ) from error
        decisions[one.id] = one
    return decisions


def record(path: str | os.PathLike[str], alignment: HandAlignment) -> None:
    """Append a decision to a file, and return when the disk has it.

    Parameters
    ----------
    path : path
        Made if it is not there; its folder must be. Frames within that folder are named relative
        to it, so that the folder can be moved.
    alignment : HandAlignment
        Supersedes an earlier one of the same id.

    Raises
    ------
    HandFileError
        If it cannot be written.
    """
    record_all(path, [alignment])


def record_all(
    path: str | os.PathLike[str], decisions: Iterable[HandAlignment | Deletion]
) -> None:
    """Append several decisions at once; see `record`."""
    path = _absolute(path)
    append(path, [to_line(one, path.parent) for one in decisions])


def record_frames(
    path: str | os.PathLike[str],
    first: Frame,
    second: Frame,
    nominal: Offset,
    shift: Shift,
    decided: Decided,
    note: str = "",
) -> HandAlignment:
    """Record a decision about two frames; those without a file of their own are saved first.

    Parameters
    ----------
    path : path
        As for `record`. Frames without a file, and those whose file has changed since they were
        opened, are saved in the folder `frames_folder` beside it, losslessly.
    first, second, nominal, shift, decided, note
        As for `HandAlignment.make`.

    Returns
    -------
    HandAlignment
        What was recorded.

    Raises
    ------
    HandFileError
        If something cannot be written.
    FrameError
        If a frame cannot be read.
    OverlapError
        If the frames do not overlap at the nominal offset, or at the one decided on.
    """
    path = _absolute(path)
    for offset in (nominal, nominal + shift):  # before anything is saved
        overlap_boxes(first.shape, second.shape, offset)
    files = _filed(first, path), _filed(second, path)
    alignment = HandAlignment.of_files(files, nominal, shift, decided, note)
    record(path, alignment)
    return alignment


def annotate(path: str | os.PathLike[str], name: str, note: str) -> HandAlignment:
    """Give a hand alignment another note; `name` is its id, or a unique beginning of it."""
    old = find(path, name)
    new = replace(old, note=note, time=now(old.time))
    record(path, new)
    return new


def correct(
    path: str | os.PathLike[str], name: str, shift: Shift, decided: Decided = Decided.HAND
) -> HandAlignment:
    """Decide anew on a pair; `shift` is relative to its nominal offset, in px."""
    old = find(path, name)
    new = replace(old, shift=shift, decided=decided, time=now(old.time), version=__version__)
    record(path, new)
    return new


def delete(path: str | os.PathLike[str], name: str) -> HandAlignment:
    """Take a decision back; its earlier lines stay in the file, where `record` can restore it.

    Returns
    -------
    HandAlignment
        What was deleted.
    """
    old = find(path, name)
    record_all(path, [Deletion(old.id, now(old.time))])
    return old


def find(path: str | os.PathLike[str], name: str) -> HandAlignment:
    """The hand alignment of an id.

    Parameters
    ----------
    path : path
        The file.
    name : str
        The id, or a beginning of it that no other has.

    Raises
    ------
    HandFileError
        If there is none, or there are several.
    """
    found = [one for one in read_hand(path) if one.id.startswith(name)] if name else []
    if len(found) != 1:
        many = f"{len(found)} hand alignments" if found else "no hand alignment"
        raise HandFileError(
            f"{path} holds {many} whose id begins with {name!r}; `napari-seamnet hand list` shows "
            "the ids"
        )
    return found[0]


def open_frames(alignment: HandAlignment) -> tuple[Frame, Frame]:
    """Open the two frames of a hand alignment, after a look whether they are still the same.

    Raises
    ------
    FrameError
        If a file is gone, or cannot be read.
    HandFileError
        If a file has changed since it was aligned.
    """
    return alignment.first.open(), alignment.second.open()


def overlap_of(alignment: HandAlignment, margin: int = 0) -> Overlap:
    """Cut the overlap where the person put the second frame, so that the true shift is (0, 0).

    Parameters
    ----------
    alignment : HandAlignment
        Its offset is rounded to whole pixels.
    margin : int, default 0
        As for `Overlap.cut`.

    Raises
    ------
    FrameError, HandFileError
        As `open_frames`.
    """
    from ..seams import Overlap

    return Overlap.cut(*open_frames(alignment), Offset(*alignment.offset.whole()), margin=margin)


def frames_folder(path: str | os.PathLike[str]) -> Path:
    """Where frames without a file of their own are saved: ``hand_frames`` for hand.jsonl."""
    path = _absolute(path)
    return path.with_name(f"{path.stem}_frames")


def with_file(frame: Frame, path: str | os.PathLike[str] | None) -> Frame:
    """Give a frame the file that it is said to come from, if that holds the same pixels.

    Parameters
    ----------
    frame : Frame
        An opened layer, say, of which only the array is known.
    path : path or None
        What its file is said to be.

    Returns
    -------
    Frame
        Opened from the file, or the frame as it was. All pixels of both are read.
    """
    if frame.path is not None or path is None:
        return frame
    try:
        filed = open_frame(path)
        same = filed.shape == frame.shape and filed.dtype == frame.dtype
        return filed if same and np.array_equal(filed.read(), frame.read()) else frame
    except FrameError:
        return frame


def _filed(frame: Frame, path: Path) -> FrameFile:
    if frame.path is not None:
        try:
            return FrameFile.of(frame)
        except (HandFileError, FrameError):
            pass  # its file is another by now, or gone: what was aligned is what it still shows
    return save_frame(frame, frames_folder(path))


def _absolute(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.abspath(path))
