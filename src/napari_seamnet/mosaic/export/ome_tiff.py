"""Write a picture as OME-TIFF: tiled, with its pyramid, in bounded memory, all or nothing.

A TIFF is written from its first tile to its last, level by level. So the picture is drawn in bands
of full width, once; each band leaves every second row and column in a nameless file, from which
the next level is written. What the picture is, is not known here.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import tifffile

from ...geometry import Box
from ..errors import MosaicError
from .drawing import Counter, drawing
from .picture import Picture, checked_pixel_size, n_pixels
from .target import bare_name, checked_path, written_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    import dask.array as da

    from ...shifts.estimate import Progress
    from .drawing import Drawing

TILE = 512
"""Side of a tile, in px: a multiple of 16, as TIFF 6.0 (section 15) asks."""
BAND_BYTES = 32 * 2**20
"""Most bytes of a band, unless one row of tiles is more; two bands are held at a time."""
COLUMN = 4096
"""Width of what one thread draws of a band, in px."""
TILES_A_LOOK = 16
"""Tiles written between two calls of the progress: 8 MiB of 16-bit pixels."""
CLASSIC_LIMIT = 2**32 - 2**25
"""Most bytes for a classic TIFF; 32 MiB are left to headers. Beyond it, BigTIFF."""
OME_DTYPES = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")
"""Pixel types of the OME data model, 2016-06."""
COMPRESSIONS = {None: None, "none": None, "auto": None, "zlib": "zlib", "deflate": "zlib"}


def save_ome_tiff(
    picture: Picture | da.Array,
    path: str | os.PathLike[str],
    *,
    pixel_size: float | tuple[float, float] | None = None,
    compression: str | None = None,
    keep: Sequence[Path] = (),
    progress: Progress | None = None,
) -> None:
    """Write a picture as a tiled OME-TIFF with its pyramid in SubIFDs.

    Each level shows every second row and column of the one before, so that all pixels are source
    pixels. It is written beside its final name and renamed when it is complete, so that nothing
    partial ever bears that name; when the writing fails or is cancelled, nothing is left.

    Parameters
    ----------
    picture : Picture, or (H, W) or (H, W, C) dask array
        C is 3 (RGB) or 4 (RGBA).
    path : path
        Ends in ``.tif`` or ``.tiff`` (best ``.ome.tif``); an existing file is replaced.
    pixel_size : float or (y, x), optional
        Side of a pixel, in µm.
    compression : {None, "auto", "none", "zlib", "deflate"}
        The first three write the pixels as they are; the other two are the same, and lossless too.
    keep : sequence of Path
        Files that must not be replaced: the frames.
    progress : callable, optional
        Called as ``progress(done, total, what)``, in pixels of all levels, several times a second;
        whatever it raises (`Cancelled`) ends the writing.

    Raises
    ------
    MosaicError
        If the name, the pixel size, the compression or the dtype will not do, or the disk refuses.
    FrameError
        If a frame turns out to be damaged.
    """
    path = checked_path(Path(path), keep)
    with written_file(path) as unfinished:
        write_ome_tiff(
            picture if isinstance(picture, Picture) else Picture.of_array(picture),
            unfinished,
            name=bare_name(path),
            pixel_size=pixel_size,
            compression=compression,
            progress=progress,
        )


def write_ome_tiff(
    picture: Picture,
    path: Path,
    *,
    name: str,
    pixel_size: float | tuple[float, float] | None = None,
    compression: str | None = None,
    progress: Progress | None = None,
    what: str = "saving",
) -> None:
    """Write a file as `save_ome_tiff` does, at once under the name given.

    Parameters
    ----------
    picture, pixel_size, compression, progress
        As of `save_ome_tiff`.
    path : Path
        File to be written; when this fails, the caller removes what is there.
    name : str
        What the picture is called in the file.
    what : str
        What the progress is told.

    Raises
    ------
    MosaicError, FrameError
        As `save_ome_tiff`.
    """
    shapes = picture.level_shapes()
    options = [
        _options(picture, name, level, pixel_size, compression) for level in range(len(shapes))
    ]
    options[0]["subifds"] = len(shapes) - 1
    counter = Counter(progress, n_pixels(shapes), what)
    counter.tell()
    with (
        drawing(picture, counter.tell) as threads,
        tifffile.TiffWriter(path, ome=True, bigtiff=_is_big(picture, shapes)) as file,
        ExitStack() as between,
    ):
        above: IO[bytes] | None = None
        for level, shape in enumerate(shapes):
            bands = _drawn(threads) if above is None else _stored(above, shape, picture.dtype)
            below = None
            if level + 1 < len(shapes):
                # On the same disk, for size; without a name, so that it never outlives us.
                below = between.enter_context(TemporaryFile(dir=path.parent))
            tiles = _tiles(bands, below, counter)
            file.write(tiles, shape=shape, dtype=picture.dtype, **options[level])
            if above is not None:
                above.close()
            above = below
    counter.tell()  # the last chance to stop


def _is_big(picture: Picture, shapes: list[tuple[int, ...]]) -> bool:
    tiles = sum(-(-shape[0] // TILE) * -(-shape[1] // TILE) for shape in shapes)
    return tiles * TILE**2 * picture.pixel_bytes > CLASSIC_LIMIT


def _options(
    picture: Picture,
    name: str,
    level: int,
    pixel_size: float | tuple[float, float] | None,
    compression: str | None,
) -> dict[str, Any]:
    """What tifffile is told about a level."""
    if picture.dtype.name not in OME_DTYPES:
        raise MosaicError(
            f"OME-TIFF cannot hold {picture.dtype} pixels; save an .ome.zarr, or convert the "
            f"frames to {'float32' if picture.dtype.kind == 'f' else 'int32 or uint32'} first"
        )
    if compression not in COMPRESSIONS:
        raise MosaicError(
            f"there is no compression {compression!r} for OME-TIFF; choose 'zlib', or 'none'"
        )
    options: dict[str, Any] = {
        "tile": (TILE, TILE),
        "compression": COMPRESSIONS[compression],
        "photometric": "rgb" if picture.channels else "minisblack",
        "metadata": None,  # of the whole picture only
    }
    if picture.channels == 4:
        options["extrasamples"] = ["unassalpha"]
    if level:
        options["subfiletype"] = 1  # a reduced version of another image
    else:
        options["metadata"] = {"axes": "YXS" if picture.channels else "YX", "Name": name}
    size = checked_pixel_size(pixel_size)
    if size is not None:
        y, x = size
        options |= {
            "resolution": (1e4 / x / 2**level, 1e4 / y / 2**level),
            "resolutionunit": "CENTIMETER",
        }
        if not level:
            options["metadata"] |= {
                "PhysicalSizeY": y,
                "PhysicalSizeYUnit": "µm",
                "PhysicalSizeX": x,
                "PhysicalSizeXUnit": "µm",
            }
    return options


def _rows_of_a_band(row_bytes: int) -> int:
    """Height of a band, in px: a multiple of the tile's."""
    return TILE * max(1, BAND_BYTES // (row_bytes * TILE))


def _drawn(threads: Drawing) -> Iterator[np.ndarray]:
    """Draw the picture band by band, the next one while the last one is written."""
    picture = threads.picture
    height, width = picture.shape[:2]
    rows = _rows_of_a_band(width * picture.pixel_bytes)
    following = _start_band(threads, 0, min(rows, height), False)
    for number, top in enumerate(range(rows, height + rows, rows), 1):
        band, futures = following
        threads.finish(futures)
        if top < height:
            # There and back, as `drawing.snake`.
            following = _start_band(threads, top, min(rows, height - top), number % 2 == 1)
        yield band


def _start_band(
    threads: Drawing, top: int, rows: int, backwards: bool
) -> tuple[np.ndarray, list[Future[None]]]:
    picture = threads.picture
    band = np.empty((rows, *picture.shape[1:]), picture.dtype)
    width = picture.shape[1]

    def draw(left: int) -> None:
        box = Box(top, left, rows, min(COLUMN, width - left))
        threads.draw(box, band[:, left : left + box.width])

    lefts = range(0, width, COLUMN)
    return band, [threads.start(draw, left) for left in (lefts[::-1] if backwards else lefts)]


def _stored(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype) -> Iterator[np.ndarray]:
    """Give a level that lies in a file, row after row, back in bands."""
    file.seek(0)
    row_bytes = int(np.prod(shape[1:])) * dtype.itemsize
    rows = _rows_of_a_band(row_bytes)
    for top in range(0, shape[0], rows):
        data = file.read(min(rows, shape[0] - top) * row_bytes)
        yield np.frombuffer(data, dtype).reshape(-1, *shape[1:])


def _tiles(
    bands: Iterator[np.ndarray], below: IO[bytes] | None, counter: Counter
) -> Iterator[np.ndarray]:
    """Hand a level out in tiles, row by row, and leave the next level in `below`."""
    written = 0
    for band in bands:
        if below is not None:
            # A band begins at an even row, so every second one of it is every second of all.
            below.write(np.ascontiguousarray(band[::2, ::2]).data)
        for top in range(0, band.shape[0], TILE):
            for left in range(0, band.shape[1], TILE):
                tile = band[top : top + TILE, left : left + TILE]
                counter.add(tile.shape[0] * tile.shape[1])
                if tile.shape[:2] != (TILE, TILE):
                    missing = [(0, TILE - tile.shape[0]), (0, TILE - tile.shape[1])]
                    tile = np.pad(tile, missing + [(0, 0)] * (tile.ndim - 2))
                yield tile
                written += 1
                if written % TILES_A_LOOK == 0:
                    counter.tell()
