"""Fiji's ``TileConfiguration.txt`` and ``.registered.txt``: one line a frame, x first.

Only this dialect is here. Positions are (y, x) as soon as they are read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..saving import written_whole
from .entries import Entry, Listing, entries_to_write, number_text, plain_name, read_text
from .errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from .layout import Layout

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
# Read from the right, so that a name may hold semicolons and brackets itself.
_LINE = re.compile(
    rf"(?P<file>.+?)\s*;(?P<index>[^;]*);\s*\(\s*(?P<at>{_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*\)\s*"
)
_DIM = re.compile(r"dim\s*=\s*(?P<dim>\S+)\s*")
_MULTI = re.compile(r"multiseries\s*=\s*(?P<is>\S+)\s*", re.IGNORECASE)
_TAKEN = ("#", "dim", "multiseries")
"""How Fiji recognises lines that are no frames; "./" in front of such a name hides it."""


def read(path: str | PathLike[str]) -> Listing:
    """Read a TileConfiguration file.

    Parameters
    ----------
    path : path
        The file; the frames are named relative to its folder.

    Returns
    -------
    Listing
        Positions in px, in the order of the lines, as they stand in the file. A third coordinate
        is dropped where it is the same for all.

    Raises
    ------
    LayoutError
        If a line cannot be read (it is named), the frames are of several depths, or the file is
        one of series, in which one file holds all frames.
    """
    path = Path(path)
    dim: int | None = None
    entries, depths = [], set()
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if match := _DIM.fullmatch(text):
            if match["dim"] not in ("2", "3"):
                raise LayoutError(
                    f"{path}, line {number}: {match['dim']} dimensions; only dim = 2 and dim = 3 "
                    "can be read"
                )
            dim = int(match["dim"])
            continue
        if match := _MULTI.fullmatch(text):
            if match["is"].casefold() in ("true", "1", "yes"):
                raise LayoutError(
                    f"{path} is of the multiSeries kind, whose frames are series within one file; "
                    "open that file itself if it is an OME-TIFF, or save its series as one "
                    "picture each and name those"
                )
            continue
        found = _LINE.fullmatch(text)
        if found is None:
            raise LayoutError(
                f"{path}, line {number}: {text[:60]!r} cannot be read; a line looks like "
                "'frame.tif; ; (x, y)'"
            )
        at = [float(value) for value in found["at"].split(",")]
        if len(at) != (dim or len(at)) or len(at) not in (2, 3):
            raise LayoutError(
                f"{path}, line {number}: {len(at)} coordinates where the file says dim = {dim}; "
                f"give {dim or 2}"
            )
        depths.add(at[2] if len(at) == 3 else 0.0)
        entries.append(Entry(plain_name(found["file"], path.parent), (at[1], at[0])))
    if len(depths) > 1:
        raise LayoutError(
            f"{path} puts frames at several depths, z from {min(depths):g} to {max(depths):g}; "
            "give a file for each plane"
        )
    return Listing(tuple(entries), path.parent, str(path))


def write(
    path: str | PathLike[str],
    frames: Layout | Sequence[str | PathLike[str]],
    positions: Sequence[tuple[float, float]] | None = None,
) -> None:
    """Write a TileConfiguration file that Fiji opens.

    Parameters
    ----------
    path : path
        File to write; a file of that name is replaced when the new one is whole.
    frames : Layout, or sequence of paths
        Paths are relative to the folder of `path`.
    positions : sequence of (y, x), optional
        In px; of a layout, its nominal positions by default.

    Raises
    ------
    LayoutError
        If numbers of frames and positions differ, or a name holds a line break or ends in a blank.
    SavingError
        If the folder cannot be written to.

    Notes
    -----
    Fiji splits lines at semicolons: a comment in the file says so where a name holds one.
    """
    path = Path(path)
    entries = entries_to_write(path, frames, positions)
    lines = ["# Define the number of dimensions we are working on", "dim = 2", ""]
    if any(";" in entry.file for entry in entries):
        lines += ["# Fiji cannot open names with a semicolon: rename these files for it", ""]
    lines.append("# Define the image coordinates")
    for entry in entries:
        if entry.page is not None:
            raise LayoutError(
                f"{entry.file} holds several frames, which Fiji's file cannot name one by one; "
                "write a CSV of positions, or save each frame as a file of its own"
            )
        y, x = entry.position or (0.0, 0.0)
        hidden = "./" if entry.file.casefold().startswith(_TAKEN) else ""
        lines.append(f"{hidden}{entry.file}; ; ({_decimal(x)}, {_decimal(y)})")
    with written_whole(path) as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _decimal(value: float) -> str:
    """A number that Fiji reads: always with a point."""
    text = number_text(value)
    return text if any(mark in text for mark in ".en") else f"{text}.0"
