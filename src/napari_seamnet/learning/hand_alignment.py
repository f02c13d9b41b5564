"""A hand alignment: what a person decided about two frames, and how a line of JSON says it.

Only the noun and its line are here. Recording, reading and correcting are in `hand.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .. import __version__
from ..geometry import Offset, Shift, Side, guess_side, overlap_boxes
from .frame_file import FrameFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..frames import Frame


class Decided(StrEnum):
    """Who decided on an offset, in the words that files and widgets show."""

    HAND = "hand"
    CONFIRMED = "confirmed"
    """A network's estimate, confirmed by hand."""
    TRUTH = "truth"
    """A known offset, from a file."""

    @classmethod
    def _missing_(cls, value: object) -> Decided:
        raise ValueError(f"nobody called {value!r} decides; choose one of {', '.join(cls)}")


@dataclass(frozen=True)
class HandAlignment:
    """Two frames, and where a person says that the second lies.

    Parameters
    ----------
    id : str
        What the decision is known by, in every file it is copied to.
    first, second : FrameFile
        The two frames' files.
    side : Side
        Where the second frame lies, seen from the first.
    overlap : int
        Width of the strip that both show at the nominal offset, in px, across the seam.
    nominal : Offset
        Nominal offset of the second frame, in whole px.
    shift : Shift
        What was decided, relative to the nominal offset, in px.
    decided : Decided
        Who decided.
    note : str
        Anything worth telling about it, in words.
    time : str
        When it was decided, or last corrected: ISO 8601, UTC.
    version : str
        Of this software, then.
    """

    id: str
    first: FrameFile
    second: FrameFile
    side: Side
    overlap: int
    nominal: Offset
    shift: Shift
    decided: Decided
    note: str = ""
    time: str = ""
    version: str = __version__

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a hand alignment needs an id")
        if tuple(self.nominal) != self.nominal.whole():
            raise ValueError(
                f"a nominal offset is in whole px, not {tuple(self.nominal)}; round it with "
                "Offset.whole"
            )
        # Decided offsets at which nothing is shared could never become tiles.
        overlap_boxes(self.first.shape, self.second.shape, self.offset)

    @property
    def offset(self) -> Offset:
        """Offset of the second frame that was decided on, in px; fractions are kept."""
        return self.nominal + self.shift

    @property
    def name(self) -> str:
        """The two files' names, without endings."""
        return f"{self.first.path.stem} - {self.second.path.stem}"

    @classmethod
    def make(
        cls,
        first: Frame,
        second: Frame,
        nominal: Offset,
        shift: Shift,
        decided: Decided,
        note: str = "",
    ) -> HandAlignment:
        """Put a decision about two frames that come from files into words.

        Parameters
        ----------
        first, second : Frame
            The two frames; each comes from a file (`record_frames` takes others too).
        nominal : Offset
            Nominal offset of the second frame, in whole px; the frames overlap there.
        shift : Shift
            What was decided, relative to it, in px.
        decided : Decided
            Who decided.
        note : str
            Anything worth telling, in words.

        Raises
        ------
        HandFileError
            If a frame comes from no file, or its file has changed since it was opened.
        FrameError
            If a file is gone.
        OverlapError
            If the frames do not overlap at the nominal offset, or at the one decided on.
        ValueError
            If the nominal offset is not in whole px.
        """
        files = FrameFile.of(first), FrameFile.of(second)
        return cls.of_files(files, nominal, shift, decided, note)

    @classmethod
    def of_files(
        cls,
        files: tuple[FrameFile, FrameFile],
        nominal: Offset,
        shift: Shift,
        decided: Decided,
        note: str = "",
    ) -> HandAlignment:
        """As `make`, of two files that were hashed already."""
        first, second = files
        side, _ = guess_side((0, 0), (nominal.dy, nominal.dx), first.shape)
        shared, _ = overlap_boxes(first.shape, second.shape, nominal)
        return cls(
            uuid4().hex,
            first,
            second,
            side,
            shared.width if side.is_horizontal else shared.height,
            nominal,
            shift,
            decided,
            note,
            now(),
        )


@dataclass(frozen=True)
class Deletion:
    """A decision that was taken back: its id, and when, as in `HandAlignment.time`."""

    id: str
    time: str


def moment(time: str) -> datetime:
    """The point in time that a line names."""
    return datetime.fromisoformat(time).astimezone(UTC)


def now(after: str = "") -> str:
    """The time for a new line, always after the line it supersedes, whose clock may be ahead."""
    time = datetime.now(UTC)
    if after:
        time = max(time, moment(after) + timedelta(microseconds=1))
    return time.isoformat(timespec="microseconds")


def to_line(one: HandAlignment | Deletion, folder: Path) -> dict[str, Any]:
    """Put a decision into plain values for JSON; frames within `folder` relative to it."""
    if isinstance(one, Deletion):
        return {"id": one.id, "deleted": True, "time": one.time}
    return {
        "id": one.id,
        "first": _to_file(one.first, folder),
        "second": _to_file(one.second, folder),
        "side": str(one.side),
        "overlap": one.overlap,
        "nominal": [int(value) for value in one.nominal],
        "shift": [float(value) for value in one.shift],
        "decided": str(one.decided),
        "note": one.note,
        "time": one.time,
        "version": one.version,
    }


def from_line(line: Mapping[str, Any], folder: Path) -> HandAlignment | Deletion:
    """Read what `to_line` wrote.

    Raises
    ------
    AttributeError, KeyError, TypeError, ValueError
        If it did not write this.
    """
    moment(line["time"])  # refused here rather than where two files are merged
    if line.get("deleted"):
        return Deletion(line["id"], line["time"])
    return HandAlignment(
        id=line["id"],
        first=_from_file(line["first"], folder),
        second=_from_file(line["second"], folder),
        side=Side(line["side"]),
        overlap=int(line["overlap"]),
        nominal=Offset(*line["nominal"]),
        shift=Shift(*line["shift"]),
        decided=Decided(line["decided"]),
        note=line.get("note", ""),
        time=line["time"],
        version=line.get("version", ""),
    )


def _to_file(file: FrameFile, folder: Path) -> dict[str, Any]:
    path = file.path
    if path.is_relative_to(folder):
        path = path.relative_to(folder)
    return {
        "file": path.as_posix(),
        "page": file.page,
        "sha256": file.sha256,
        "shape": list(file.shape),
    }


def _from_file(value: Mapping[str, Any], folder: Path) -> FrameFile:
    height, width = value["shape"]
    return FrameFile(
        folder / value["file"], value.get("page"), value["sha256"], (int(height), int(width))
    )
