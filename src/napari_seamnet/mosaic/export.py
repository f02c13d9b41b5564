"""Write a mosaic as OME-TIFF: tile by tile, in bounded memory, all or nothing.

What the picture is, is not known here: it comes as a dask array, and is read in blocks.
"""

from __future__ import annotations

import os
import uuid
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from .errors import MosaicError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import dask.array as da

    from ..shifts.estimate import Progress

TILE = 512
"""Side of a tile, in px: a multiple of 16, as TIFF 6.0 (section 15) asks."""
BLOCK_TILES = 16
"""Tiles that are drawn at once, side by side: 8 MiB of 16-bit pixels, and few reads a frame."""
CLASSIC_LIMIT = 2**32 - 2**25
"""Most bytes for a classic TIFF; 32 MiB are left to headers. Beyond it, BigTIFF."""
OME_DTYPES = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")
"""Pixel types of the OME data model, 2016-06."""
COMPRESSIONS = {None: None, "none": None, "zlib": "zlib", "deflate": "zlib"}


def save_ome_tiff(
    picture: da.Array,
    path: str | os.PathLike[str],
    *,
    pixel_size: float | tuple[float, float] | None = None,
    compression: str | None = None,
    keep: Sequence[Path] = (),
    progress: Progress | None = None,
) -> None:
    """Write a picture as a tiled OME-TIFF.

    It is written beside its final name and renamed when it is complete, so that nothing partial
    ever bears that name; when the writing fails or is cancelled, nothing is left.

    Parameters
    ----------
    picture : (H, W) or (H, W, C) dask array
        C is 3 (RGB) or 4 (RGBA).
    path : path
        Ends in ``.tif`` or ``.tiff`` (best ``.ome.tif``); an existing file is replaced.
    pixel_size : float or (y, x), optional
        Side of a pixel, in µm.
    compression : {None, "zlib", "deflate"}
        None writes the pixels as they are; the other two are the same, and lossless too.
    keep : sequence of Path
        Files that must not be replaced: the frames.
    progress : callable, optional
        Called as ``progress(done, total, what)``, in pixels, before every block and at the
        end; whatever it raises (`Cancelled`) ends the writing.

    Raises
    ------
    MosaicError
        If the name, the pixel size, the compression or the dtype will not do, or the disk refuses.
    FrameError
        If a frame turns out to be damaged.
    """
    path = checked_path(Path(path), keep)
    options = _options(picture, pixel_size, compression)
    # A name of its own, hidden and with the suffix last, so that nobody takes it for a picture.
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with tifffile.TiffWriter(
            unfinished, ome=True, bigtiff=picture.nbytes > CLASSIC_LIMIT
        ) as file:
            file.write(_tiles(picture, progress), **options)
        if progress is not None:
            n_pixels = picture.shape[0] * picture.shape[1]
            progress(n_pixels, n_pixels, "saving")  # the last chance to stop
        os.replace(unfinished, path)
    except OSError as error:
        if isinstance(error, ValueError):
            raise  # a frame's own error, which says it better
        raise MosaicError(
            f"{path} cannot be written ({error.strerror or error}); choose another place"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def checked_path(path: Path, keep: Sequence[Path] = ()) -> Path:
    """Return the path if a mosaic can be saved there; raise as `save_ome_tiff` if not."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise MosaicError(f"{path} cannot be an OME-TIFF by its name; call it {path.stem}.ome.tif")
    if not path.parent.is_dir():
        raise MosaicError(f"there is no folder {path.parent} to write {path.name} to; make it")
    if path.is_dir():
        raise MosaicError(f"{path} is a folder; choose another name")
    if path.resolve() in {frame.resolve() for frame in keep}:
        raise MosaicError(f"{path} is one of the frames of this mosaic; choose another name")
    return path


def _options(
    picture: da.Array,
    pixel_size: float | tuple[float, float] | None,
    compression: str | None,
) -> dict[str, Any]:
    """What tifffile is told about the picture."""
    if picture.dtype.name not in OME_DTYPES:
        raise MosaicError(
            f"OME-TIFF cannot hold {picture.dtype} pixels; convert the frames to "
            f"{'float32' if picture.dtype.kind == 'f' else 'int32 or uint32'} first"
        )
    if compression not in COMPRESSIONS:
        raise MosaicError(
            f"there is no compression {compression!r} here; choose 'zlib', or None for none"
        )
    metadata: dict[str, Any] = {"axes": "YXS" if picture.ndim == 3 else "YX"}
    options: dict[str, Any] = {
        "shape": picture.shape,
        "dtype": picture.dtype,
        "tile": (TILE, TILE),
        "compression": COMPRESSIONS[compression],
        "photometric": "rgb" if picture.ndim == 3 else "minisblack",
        "metadata": metadata,
    }
    if picture.ndim == 3 and picture.shape[2] == 4:
        options["extrasamples"] = ["unassalpha"]
    if pixel_size is not None:
        y, x = (float(side) for side in np.broadcast_to(np.asarray(pixel_size), 2))
        if not (isfinite(y) and isfinite(x) and y > 0 and x > 0):
            raise MosaicError(
                f"a pixel cannot be {y} x {x} µm; give its side as a positive number"
            )
        metadata |= {
            "PhysicalSizeY": y,
            "PhysicalSizeYUnit": "µm",
            "PhysicalSizeX": x,
            "PhysicalSizeXUnit": "µm",
        }
        options |= {"resolution": (1e4 / x, 1e4 / y), "resolutionunit": "CENTIMETER"}
    return options


def _tiles(picture: da.Array, progress: Progress | None) -> Iterator[np.ndarray]:
    """Draw the picture in blocks and hand it out in tiles, row by row."""
    height, width = picture.shape[:2]
    block = TILE * BLOCK_TILES
    done, total = 0, height * width
    for y in range(0, height, TILE):
        for x in range(0, width, block):
            if progress is not None:
                progress(done, total, "saving")
            pixels = np.asarray(picture[y : y + TILE, x : x + block])
            for left in range(0, pixels.shape[1], TILE):
                tile = pixels[:, left : left + TILE]
                missing = [(0, TILE - tile.shape[0]), (0, TILE - tile.shape[1])]
                yield np.pad(tile, missing + [(0, 0)] * (tile.ndim - 2))
            done += pixels.shape[0] * pixels.shape[1]
