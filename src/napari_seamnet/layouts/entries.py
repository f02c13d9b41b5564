"""Entries: which files a layout names and where it puts them, before any picture is opened.

What files of positions, names of files and orders have in common is here: what they say, how the
frames that they name are opened, and how a layout becomes lines to write. The dialects are in the
files beside this one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..frames import FrameError, FrameNotFoundError, PageError, as_frame, is_untouched, open_frame
from .errors import LayoutError
from .layout import Layout
from .planes import open_planes

if TYPE_CHECKING:
    from ..frames import Frame

Progress = Callable[[int, int, str], None]
"""``progress(done, total, what)``; whatever it raises ends the work."""
OPENERS = 8
"""Threads that open headers: a header is a few small reads, mostly waiting for the disk."""
PLANES_AT_ONCE = 3
"""From so many planes of one file on, its directory is read once for all of them."""


@dataclass(frozen=True)
class Entry:
    """One file, or one plane of a file, and what is known of where it lies.

    Parameters
    ----------
    file : str
        Path, relative to the folder of its listing, or absolute.
    position : (y, x) or None
        Of the top-left pixel, in the unit of its listing.
    row, col : int or None
        Place in the grid, from 0 on.
    number : int or None
        Rank in the order of acquisition.
    page : int or None
        Plane of the file, where it holds several.
    """

    file: str
    position: tuple[float, float] | None = None
    row: int | None = None
    col: int | None = None
    number: int | None = None
    page: int | None = None


@dataclass(frozen=True)
class Listing:
    """All entries of one source, and what the source says besides.

    Parameters
    ----------
    entries : tuple of Entry
        At least one.
    folder : Path
        What the entries' files are relative to.
    source : str
        In words, how they were found out.
    unit : {"px", "µm"}
        Of the positions.
    pixel_size : (y, x) or None
        Side of a pixel in µm, if the source knows it.
    notes : tuple of str
        What a person should know about it, in sentences.
    is_stage : bool
        Whether positions count from some far origin of a stage, so that only differences matter.
    """

    entries: tuple[Entry, ...]
    folder: Path
    source: str
    unit: str = "px"
    pixel_size: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    is_stage: bool = False

    def __post_init__(self) -> None:
        if not self.entries:
            raise LayoutError(f"{self.source} names no frame; give another file or folder")
        twice = [
            key for key, n in Counter((e.file, e.page) for e in self.entries).items() if n > 1
        ]
        if twice:
            raise LayoutError(f"{self.source} names {twice[0][0]} twice; remove one of the lines")


def open_entries(
    entries: Sequence[Entry],
    folder: Path,
    page: int | None = None,
    *,
    known: Mapping[Path, Frame] | None = None,
    progress: Progress | None = None,
) -> tuple[Frame, ...]:
    """Open all frames, headers only, several at a time.

    Parameters
    ----------
    entries : sequence of Entry
        What to open.
    folder : Path
        What their files are relative to.
    page : int, optional
        Plane to take of every file whose entry names none.
    known : mapping of Path to Frame, optional
        Frames that were opened before; those whose files are untouched are not opened again.
    progress : callable, optional
        Called as ``progress(done, total, "opening frames")``.

    Returns
    -------
    tuple of Frame
        In the order of the entries. A frame is named after its file; where two files in different
        folders share a name, the folder is named too, and a plane has its number behind it.

    Raises
    ------
    LayoutError
        If a file is not there, or is no picture: it names the first one and counts them all.
    """
    paths = [folder / entry.file for entry in entries]
    gone = [path for path in paths if not path.is_file()]
    if gone:
        raise LayoutError(_gone(gone, len(paths), folder))
    pages = [page if entry.page is None else entry.page for entry in entries]
    wanted = Counter(path for path, one in zip(paths, pages, strict=True) if one is not None)
    shared = {path: open_planes(path) for path, n in wanted.items() if n >= PLANES_AT_ONCE}

    def open_one(path: Path, plane: int | None) -> Frame:
        frame = None if plane is not None or known is None else known.get(path)
        if frame is not None and is_untouched(frame):
            return frame
        planes = shared.get(path)
        if planes is not None and plane is not None and plane < len(planes):
            return planes[plane]
        return open_frame(path, plane)

    frames: list[Frame] = []
    with ThreadPoolExecutor(OPENERS) as pool:
        try:
            for frame in pool.map(open_one, paths, pages):
                frames.append(frame)
                if progress is not None:
                    progress(len(frames), len(paths), "opening frames")
        except (FrameNotFoundError, PageError) as error:
            raise LayoutError(str(error)) from error
        except FrameError as error:
            raise LayoutError(f"{error}; or leave it out of the layout") from error
        finally:
            pool.shutdown(cancel_futures=True)
    return _named(frames, entries)


def _gone(gone: Sequence[Path], total: int, folder: Path) -> str:
    if len(gone) == 1:
        return (
            f"{gone[0]}: there is no such file; put it there, or take it out of the list of "
            f"{total} frames"
        )
    return (
        f"{len(gone)} of {total} frames are not there, {gone[0]} first; put them into {folder}, "
        "or take them out of the list"
    )


def _named(frames: Sequence[Frame], entries: Sequence[Entry]) -> tuple[Frame, ...]:
    """Give every frame a name of its own."""
    by_name = Counter(Path(file).name for file in {entry.file for entry in entries})
    named = []
    for frame, entry in zip(frames, entries, strict=True):
        path = Path(entry.file)
        name = path.name if by_name[path.name] == 1 else path.as_posix()
        named.append(as_frame(frame, name if entry.page is None else f"{name}[{entry.page}]"))
    return tuple(named)


def entries_to_write(
    path: Path,
    frames: Layout | Sequence[str | os.PathLike[str]],
    positions: Sequence[tuple[float, float]] | None = None,
) -> tuple[Entry, ...]:
    """Turn what a writer was given into entries, whose files are relative to the file written.

    Parameters
    ----------
    path : Path
        File to be written.
    frames : Layout, or sequence of paths
        A path is taken as relative to the folder of `path`, as a layout's frames are not.
    positions : sequence of (y, x), optional
        In px; of a layout, its nominal positions by default.

    Raises
    ------
    LayoutError
        If there are not as many positions as frames, or a name spreads over two lines.
    """
    if isinstance(frames, Layout):
        given = frames.positions if positions is None else positions
        entries = [
            Entry(_beside(path, site.frame), None, site.row, site.col, site.number, site.page)
            for site in frames
        ]
    else:
        if positions is None:
            raise LayoutError(f"{path} cannot be written: give the positions of the frames too")
        given = positions
        entries = [Entry(Path(os.fspath(name)).as_posix()) for name in frames]
    if len(given) != len(entries):
        raise LayoutError(
            f"{path} cannot be written: there are {len(entries)} frames and {len(given)} "
            "positions; give as many of both"
        )
    for entry in entries:
        if len(entry.file.splitlines()) != 1 or entry.file != entry.file.rstrip():
            raise LayoutError(
                f"the name {entry.file!r} has a line break in it, or ends in a blank, which files "
                "of positions cannot hold; rename the file"
            )
    return tuple(
        Entry(
            "./" * e.file[:1].isspace() + e.file,
            (float(y), float(x)),
            e.row,
            e.col,
            e.number,
            e.page,
        )
        for e, (y, x) in zip(entries, given, strict=True)
    )


def read_text(path: Path) -> str:
    """Read a file of positions, whatever program wrote it.

    Raises
    ------
    LayoutError
        If it is not there, or may not be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return path.read_text(encoding="latin-1")  # older Windows programs; never fails
    except OSError as error:
        raise LayoutError(f"{path} cannot be read ({error.strerror}); check the path") from error


def plain_name(name: str, folder: Path) -> str:
    """Turn a file's name, as another program wrote it, into one of this machine."""
    name = name.strip().removeprefix("./")
    if "\\" in name and not (folder / name).exists():
        return name.replace("\\", "/")
    return name


def _beside(path: Path, frame: Frame) -> str:
    """How a frame's file is called, seen from the folder of the file written."""
    if frame.path is None:
        return frame.name
    try:
        return Path(os.path.relpath(frame.path.resolve(), path.resolve().parent)).as_posix()
    except ValueError:  # another drive
        return frame.path.resolve().as_posix()


def number_text(value: float) -> str:
    """Write a number so that reading it back gives the same one; whole ones without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
