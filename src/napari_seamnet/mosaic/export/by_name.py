"""Export a mosaic: one function, which chooses the format by the file's name.

How each format is written is in `ome_zarr.py` and `ome_tiff.py`.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .ome_tiff import save_ome_tiff, write_ome_tiff
from .ome_zarr import SAVING_PROVENANCE, save_ome_zarr
from .picture import Picture
from .provenance import frame_table, write_frame_table
from .target import bare_name, checked_path, is_ome_zarr, written_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from ...shifts.estimate import Progress
    from ..mosaic import Mosaic
    from ..ownership import Ownership


def export(
    mosaic: Mosaic,
    path: str | os.PathLike[str],
    *,
    ownership: Ownership | str = "nearest centre",
    fill: float = 0,
    pixel_size: float | tuple[float, float] | None = None,
    compression: str | None = "auto",
    provenance: bool = False,
    keep: Iterable[Path] = (),
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write a mosaic's whole picture with its pyramid, whole or not at all.

    Parameters
    ----------
    mosaic : Mosaic
        What is written. Its frames are read as they are needed, each about once, and memory
        stays below a gigabyte whatever their number.
    path : path
        Ends in ``.ome.zarr`` (see `save_ome_zarr`) or ``.ome.tif`` (see `save_ome_tiff`). What
        stands there is replaced when all is written: a file by a file, a Zarr by a Zarr.
    ownership, fill
        As of `Mosaic.array`.
    pixel_size : float or (y, x), optional
        In µm.
    compression : {"auto", "none", "zstd", "zlib"} or None
        All are lossless. "auto" is "zstd" for OME-Zarr and "none" for OME-TIFF, which can also be
        "zlib"; None is "none".
    provenance : bool, default False
        Whether to tell, too, from which frame each pixel is taken: in a picture whose values are
        1 + the index of the placement, 0 where there is no frame, and a table of them. Of
        ``OUT.ome.zarr`` that is ``labels/provenance``, with the table in its metadata; beside
        ``OUT.ome.tif``, ``OUT.provenance.ome.tif`` and ``OUT.provenance.csv``.
    keep : iterable of Path
        Files that must not be replaced, besides the mosaic's frames.
    progress : callable, optional
        Called as ``progress(done, total, what)``, in pixels of all levels, several times a second;
        whatever it raises (`Cancelled`) ends the writing within a second, and leaves nothing.

    Returns
    -------
    tuple of Path
        What was written: `path`, and what stands beside it.

    Raises
    ------
    MosaicError
        If it cannot be written so; nothing is left behind then.
    FrameError
        If a frame turns out to be damaged or gone.
    """
    path = Path(path)
    kept = [*keep, *(p.frame.path for p in mosaic.placements if p.frame.path is not None)]
    picture = Picture.of_mosaic(mosaic, ownership, fill)
    whose = Picture.of_owners(mosaic, ownership) if provenance else None
    if is_ome_zarr(path):
        save_ome_zarr(
            picture,
            path,
            pixel_size=pixel_size,
            compression=compression,
            labels=whose,
            table=frame_table(mosaic) if provenance else (),
            keep=kept,
            progress=progress,
        )
        return (path,)
    if whose is None:
        save_ome_tiff(
            picture,
            path,
            pixel_size=pixel_size,
            compression=compression,
            keep=kept,
            progress=progress,
        )
        return (path,)
    return _with_provenance(mosaic, picture, whose, path, pixel_size, compression, kept, progress)


def _with_provenance(
    mosaic: Mosaic,
    picture: Picture,
    whose: Picture,
    path: Path,
    pixel_size: float | tuple[float, float] | None,
    compression: str | None,
    keep: Sequence[Path],
    progress: Progress | None,
) -> tuple[Path, ...]:
    """Write an OME-TIFF and the two files beside it: all three, or none."""
    name = bare_name(path)
    beside = path.with_name(f"{name}.provenance.ome.tif")
    table = path.with_name(f"{name}.provenance.csv")
    for wanted in (path, beside):
        checked_path(wanted, keep)
    with ExitStack() as files:
        # The picture comes first, so that it gets its name last: with it, all are there.
        unfinished, unfinished_beside, unfinished_table = (
            files.enter_context(written_file(wanted)) for wanted in (path, beside, table)
        )
        write_ome_tiff(
            picture,
            unfinished,
            name=name,
            pixel_size=pixel_size,
            compression=compression,
            progress=progress,
        )
        write_ome_tiff(
            whose,
            unfinished_beside,
            name=f"{name}.provenance",
            pixel_size=pixel_size,
            compression="zlib",  # of a picture of a thousand colours, a thousandth is left
            progress=progress,
            what=SAVING_PROVENANCE,
        )
        write_frame_table(unfinished_table, mosaic)
    return path, beside, table
