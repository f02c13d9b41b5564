"""Open a layout, whatever says where the frames lie.

Which reader is asked, and what is done with every layout alike (opening the frames, turned axes,
units, rows and columns) is here. What a format or a name says is in the files beside this one.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..frames import Frame, as_frame
from ..frames.tiff import is_tiff
from . import mist, ome, table, tile_configuration
from .assemble import Turn, in_px, lay_out, side_of
from .entries import Entry, Listing, Progress, open_entries, read_text
from .errors import LayoutError
from .folder import Series, read_folder, read_names
from .names import NamePattern
from .planes import open_planes
from .serial import Place, serial_places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from .layout import Layout
    from .steps import OverlapLike


def open_layout(
    source: str | PathLike[str] | Sequence[str | PathLike[str] | Frame | np.ndarray],
    *,
    pattern: str | None = None,
    rows: int | None = None,
    cols: int | None = None,
    start: str = "top left",
    order: str = "snake",
    first: str = "rows",
    missing: Sequence[Place] = (),
    overlap: OverlapLike | None = None,
    flip_y: bool = False,
    flip_x: bool = False,
    swap_yx: bool = False,
    pixel_size: float | tuple[float, float] | None = None,
    unit: str | None = None,
    page: int | None = None,
    known: Mapping[Path, Frame] | None = None,
    progress: Progress | None = None,
) -> Layout:
    """Find out which frame lies where. Only headers of the frames are read.

    Parameters
    ----------
    source : path, or sequence of paths, frames or arrays
        A folder; Fiji's ``TileConfiguration.txt`` or ``.registered.txt``; MIST's
        ``global-positions``; a CSV with the columns ``file,y,x`` or ``file,row,col``; an OME-TIFF
        of many tiles, or an OME-XML companion; a TIFF of several pages, with `rows` or `cols`.
        Which of these it is, is told from what it holds.
    pattern : str, optional
        How names tell where frames lie, such as ``"tile_r{row}_c{col}.tif"``: see `NamePattern`.
        By default stage positions in the files count, if there are any, and else the pattern is
        guessed from the names.
    rows, cols : int, optional
        Size of the grid of a series; one of the two is enough.
    start : {"top left", "top right", "bottom left", "bottom right"}
        Corner of the first frame of a series.
    order : {"snake", "raster"}
        How the lines of a series follow each other.
    first : {"rows", "columns"}
        What a series runs through first.
    missing : sequence of (row, col)
        Places that a series left out, from (0, 0) at the top left.
    overlap : number, str, or pair of them, optional
        Of neighbours in a grid, in px, or as ``"10%"`` of a frame; a pair is (y, x). By default
        10 % is assumed, and the layout says so (`Layout.overlap_assumed`).
    flip_y, flip_x : bool
        Turn an axis round: rows count upwards, or the stage's y axis does.
    swap_yx : bool
        Exchange y and x, rows and columns; done before the axes are turned.
    pixel_size : float or (y, x), optional
        Side of a pixel in µm. With it, positions in names are µm.
    unit : {"px", "um"}, optional
        Of the positions, where the source does not say it, or says it wrongly.
    page : int, optional
        Plane to take of every file (of every image of an OME-TIFF), where they hold several.
    known : mapping of Path to Frame, optional
        Frames of files that were opened before: taken as they are, if nobody wrote to their file
        since; others are opened anew. Files of several planes always are.
    progress : callable, optional
        Called as ``progress(done, total, what)``; whatever it raises ends the opening.

    Returns
    -------
    Layout
        All frames can be opened. Rows and columns are known where the source says them, or where
        the positions are plainly those of a grid. Positions of a stage, and all that were turned,
        begin at 0; others are as they were read.

    Raises
    ------
    LayoutError
        If a frame is not there or no picture, the source does not say enough, or says one thing
        twice; the message names the file and the way out.

    Examples
    --------
    >>> import numpy as np
    >>> frames = [np.full((100, 120), k, np.uint8) for k in range(6)]
    >>> layout = open_layout(frames, rows=2, overlap=(10, 20))
    >>> [(site.row, site.col) for site in layout]
    [(0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0)]
    >>> layout[3].position
    (90.0, 200.0)
    """
    series = Series(rows, cols, start, order, first, tuple(missing))
    names = None if pattern is None else NamePattern(pattern)
    listing, frames = _read(source, names, series, page, progress)
    if frames is None:
        frames = open_entries(
            listing.entries, listing.folder, page, known=known or {}, progress=progress
        )
    turn = Turn(flip_y, flip_x, swap_yx)
    listing = in_px(listing, frames, side_of(pixel_size), unit)
    return lay_out(listing, frames, turn, series, overlap)


def _read(
    source: Any,
    pattern: NamePattern | None,
    series: Series,
    page: int | None,
    progress: Progress | None,
) -> tuple[Listing, tuple[Frame, ...] | None]:
    """Ask the reader of this kind of source; frames only where they came with the source."""
    if not isinstance(source, str | PathLike):
        return _read_list(list(source), pattern, series)
    path = Path(source)
    if path.is_dir():
        return read_folder(path, pattern, series, page, progress), None
    if not path.exists():
        raise LayoutError(f"{path}: there is no such file or folder; check the path")
    with path.open("rb") as file:
        head = file.read(4)
    if is_tiff(head):
        return _read_tiff(path, pattern, series, page)
    if pattern is not None:
        raise LayoutError(f"{path} is no folder, so no pattern is needed; leave it out")
    if head.startswith((b"\x89PNG", b"\xff\xd8", b"BM", b"GIF8", b"RIFF")):
        return Listing((Entry(path.name, (0.0, 0.0)),), path.parent, "a single frame"), None
    return _read_text(path, series, page), None


def _read_text(path: Path, series: Series, page: int | None) -> Listing:
    """Read a file of positions, told from its first lines."""
    text = read_text(path)[:4000].lstrip("\ufeff")
    if mist.is_mist(text):
        listing = mist.read(path)
    elif text.lstrip().startswith("<"):
        listing = ome.read(path, page)
    elif path.suffix.casefold() in (".csv", ".tsv") or table.is_table(text.partition("\n")[0]):
        listing = table.read(path)
    elif "dim" in text or "; (" in text or ";(" in text:
        listing = tile_configuration.read(path)
    else:
        raise LayoutError(
            f"{path} is no file of positions that can be read: neither TileConfiguration, MIST, "
            "OME-XML nor CSV; name one of these, or the folder of the frames"
        )
    if series.is_given or series.missing:
        raise LayoutError(
            f"{path} says where each frame lies; leave rows, cols and missing out, or open the "
            "folder instead"
        )
    return listing


def _read_tiff(
    path: Path, pattern: NamePattern | None, series: Series, page: int | None
) -> tuple[Listing, tuple[Frame, ...] | None]:
    """A TIFF of many tiles: by stage positions, or its pages as a series."""
    if pattern is not None:
        raise LayoutError(f"{path} is one file, so no pattern is needed; leave it out")
    if series.is_given:
        planes = open_planes(path)
        places, rows, cols = serial_places(
            range(len(planes)),
            series.rows,
            series.cols,
            series.start,
            series.order,
            series.first,
            series.missing,
        )
        entries = tuple(Entry(path.name, None, *place, k, k) for k, place in enumerate(places))
        frames = tuple(as_frame(f, f"{path.name}[{k}]") for k, f in enumerate(planes))
        return Listing(entries, path.parent, f"pages of {path}, {series.describe(rows, cols)}"), (
            frames
        )
    if ome.ome_of(path):
        listing = ome.read(path, page)
        return listing, None
    planes = open_planes(path)
    if len(planes) > 1 and page is None:
        raise LayoutError(
            f"{path} holds {len(planes)} pages and no positions; if they are frames of a grid, "
            "give rows or cols"
        )
    entry = Entry(path.name, (0.0, 0.0), page=page)
    return Listing((entry,), path.parent, "a single frame"), None


def _read_list(
    sources: list[Any], pattern: NamePattern | None, series: Series
) -> tuple[Listing, tuple[Frame, ...] | None]:
    """Files, frames or arrays that a person put together."""
    if not sources:
        raise LayoutError("an empty list has no layout; name the frames")
    if all(isinstance(one, str | PathLike) for one in sources):
        paths = [Path(one) for one in sources]
        folders = {path.parent for path in paths}
        if len(folders) > 1:
            folder = Path()
            names = [path.as_posix() for path in paths]
        else:
            folder = folders.pop()
            names = [path.name for path in paths]
        return read_names(names, folder, pattern, series), None
    frames = [as_frame(one) for one in sources]
    names = [frame.name for frame in frames]
    if len(set(names)) < len(names):
        names = [f"{name} {k}" for k, name in enumerate(names)]
        frames = [as_frame(frame, name) for frame, name in zip(frames, names, strict=True)]
    if series.is_given:
        places, rows, cols = serial_places(
            range(len(frames)),
            series.rows,
            series.cols,
            series.start,
            series.order,
            series.first,
            series.missing,
        )
        entries = tuple(
            Entry(name, None, *place, k)
            for k, (name, place) in enumerate(zip(names, places, strict=True))
        )
        words = f"series of {len(frames)} frames, {series.describe(rows, cols)}"
        return Listing(entries, Path(), words), tuple(frames)
    listing = read_names(names, Path(), pattern, series)
    by_name = dict(zip(names, frames, strict=True))
    return listing, tuple(by_name[entry.file] for entry in listing.entries)
