"""Write a picture as OME-Zarr: Zarr 3, sharded, with its pyramid, in bounded memory.

The picture is cut into blocks of one shard each. From a block, drawn once, the shards of a few
levels are written at once: those that halving still leaves as large as a chunk. The rest of the
pyramid is made in the same way from the last of these levels, which is small by then. So no block
waits for another, any number of threads can write, and the width of a mosaic costs no memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MosaicError
from . import ngff
from .drawing import Counter, drawing, snake
from .picture import Picture, checked_pixel_size, n_pixels
from .target import bare_name, checked_path, written_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import dask.array as da
    import zarr

    from ...geometry import Box
    from ...shifts.estimate import Progress

SHARD = 4096
"""Most side of a shard, in px: one file."""
SHARD_BYTES = 32 * 2**20
"""Most bytes of a shard before it is compressed; some threads hold a few times this each."""
HALVINGS = 2
"""A shard is cut into 4 x 4 chunks (1024 px, what a viewer reads at a time), so that a block
gives whole shards of as many levels beyond its own."""
COMPRESSIONS = (None, "none", "auto", "zstd")
ZSTD_LEVEL = 1
"""On noisy 8- and 16-bit frames as small as level 3, and two times as fast."""
LABELS = "provenance"
SAVING_PROVENANCE = "saving the provenance"


def save_ome_zarr(
    picture: Picture | da.Array,
    path: str | os.PathLike[str],
    *,
    pixel_size: float | tuple[float, float] | None = None,
    compression: str | None = "auto",
    labels: Picture | None = None,
    table: Sequence[Mapping[str, Any]] = (),
    keep: Sequence[Path] = (),
    progress: Progress | None = None,
) -> None:
    """Write a picture as OME-Zarr (OME-NGFF 0.5) with its pyramid.

    Each level shows every second row and column of the one before, so that all pixels are source
    pixels; the metadata say so. It is written into a hidden folder beside its final name, which is
    renamed when it is complete: nothing partial ever bears that name, and when the writing fails
    or is cancelled, nothing is left.

    Parameters
    ----------
    picture : Picture, or (H, W) or (H, W, C) dask array
        C is 3 (RGB) or 4 (RGBA); in the file it is the first axis.
    path : path
        Ends in ``.zarr`` (best ``.ome.zarr``). An existing Zarr is replaced, any other folder not.
    pixel_size : float or (y, x), optional
        Side of a pixel, in µm.
    compression : {"auto", "zstd", "none", None}
        The first two are the same; the others write the pixels as they are.
    labels : Picture, optional
        Whose pixel is whose, written as ``labels/provenance``.
    table : sequence of mapping, optional
        What the values of `labels` mean; see `frame_table`.
    keep : sequence of Path
        Files that must not be replaced: the frames.
    progress : callable, optional
        Called as ``progress(done, total, what)``, in pixels of all levels, several times a second;
        whatever it raises (`Cancelled`) ends the writing.

    Raises
    ------
    MosaicError
        If the name, the pixel size or the compression will not do, or the disk refuses.
    FrameError
        If a frame turns out to be damaged.
    """
    import zarr  # half a second, so not before it is needed

    path = checked_path(Path(path), keep)
    size = checked_pixel_size(pixel_size)
    if compression not in COMPRESSIONS:
        raise MosaicError(
            f"there is no compression {compression!r} for OME-Zarr; choose 'zstd', or 'none'"
        )
    compressed = compression in ("auto", "zstd")
    if not isinstance(picture, Picture):
        picture = Picture.of_array(picture)
    name = bare_name(path)
    counter = Counter(progress, n_pixels(picture.level_shapes()), "saving")
    counter.tell()
    with written_folder(path) as folder:
        root = zarr.create_group(str(folder), zarr_format=3)
        coarse = _write_levels(root, picture, compressed, counter)
        levels = picture.level_shapes()
        shown = None if picture.shown is None else picture.shown(2 ** (len(levels) - 1))
        multiscales = ngff.multiscales(name, len(levels), picture.channels, size)
        root.attrs["ome"] = {
            "version": ngff.VERSION,
            "multiscales": [multiscales],
            "omero": ngff.omero(name, coarse, shown),
        }
        if labels is not None:
            counter = Counter(progress, n_pixels(labels.level_shapes()), SAVING_PROVENANCE)
            above = root.create_group("labels")
            above.attrs["ome"] = {"version": ngff.VERSION, "labels": [LABELS]}
            group = above.create_group(LABELS)
            _write_levels(group, labels, True, counter)
            group.attrs["ome"] = {
                "version": ngff.VERSION,
                "multiscales": [ngff.multiscales(LABELS, len(levels), 0, size)],
                "image-label": ngff.image_label(table),
            }
        counter.tell()  # the last chance to stop


def _write_levels(
    group: zarr.Group, picture: Picture, compressed: bool, counter: Counter
) -> np.ndarray:
    """Write all levels of a picture; return the smallest, as it is stored."""
    side = _shard_side(picture)
    shapes = picture.level_shapes()
    arrays: list[zarr.Array] = []
    source = picture
    while len(arrays) < len(shapes):
        halvings = range(1 if arrays else 0, HALVINGS + 1)
        written: list[tuple[int, zarr.Array]] = []
        for halving, shape in zip(halvings, shapes[len(arrays) :], strict=False):
            name = str(len(arrays) + len(written))
            shard = side >> halving
            array = _create(group, name, shape, picture, shard, side >> HALVINGS, compressed)
            written.append((2**halving, array))
        _write_blocks(source, written, side, counter)
        arrays += [array for _, array in written]
        source = _stored(arrays[-1], picture)
    return np.asarray(arrays[-1][...])


def _shard_side(picture: Picture) -> int:
    side = SHARD
    while side**2 * picture.pixel_bytes > SHARD_BYTES:
        side //= 2
    return side


def _create(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    picture: Picture,
    shard: int,
    chunk: int,
    compressed: bool,
) -> zarr.Array:
    """Make the array of one level; nothing is written to it yet."""
    from zarr.codecs import ZstdCodec

    height, width, *channels = shape
    if max(height, width) <= chunk:
        chunks, shards = (height, width), None
    else:
        # No larger than the picture, in whole chunks: what is beyond it would be stored too.
        chunks = (chunk, chunk)
        shards = tuple(min(shard, -(-length // chunk) * chunk) for length in (height, width))
        shards = None if shards == chunks else shards
    return group.create_array(
        name,
        shape=(*channels, height, width),
        dtype=picture.dtype,
        chunks=(*(1 for _ in channels), *chunks),
        shards=None if shards is None else (*channels, *shards),
        compressors=ZstdCodec(level=ZSTD_LEVEL) if compressed else None,
        fill_value=picture.dtype.type(picture.fill),
        # Else zarr 3.1 compares each chunk with the fill value in its one thread, which takes as
        # long as all the rest of writing; blocks of nothing but fill are skipped here instead.
        config={"write_empty_chunks": True},
        dimension_names=(*("c" for _ in channels), "y", "x"),
    )


def _write_blocks(
    source: Picture, written: Sequence[tuple[int, zarr.Array]], side: int, counter: Counter
) -> None:
    """Draw a picture block by block; write every `step`-th pixel of each to its array."""
    with drawing(source, counter.tell) as threads:

        def write(block: Box) -> None:
            pixels = threads.draw(block)
            empty = _is_all(pixels, source.fill)
            for step, array in written:
                part = np.ascontiguousarray(_as_stored(pixels[::step, ::step]))
                y, x = block.y // step, block.x // step
                height, width = part.shape[-2:]
                if not empty:
                    array[..., y : y + height, x : x + width] = part
                counter.add(height * width)

        threads.each(snake(source.shape, side, side), write)


def _stored(array: zarr.Array, picture: Picture) -> Picture:
    """Give a level that is written back as a picture."""

    def read(box: Box) -> np.ndarray:
        pixels = np.asarray(array[(..., *box.slices)])
        return np.moveaxis(pixels, 0, -1) if picture.channels else pixels

    shape = (*array.shape[-2:], *picture.shape[2:])
    return Picture(read, shape, picture.dtype, picture.fill)


def _is_all(pixels: np.ndarray, fill: float) -> bool:
    """Whether there is nothing but fill (NaN too); of most blocks, one look is enough."""
    for part in (pixels[0, 0], pixels):
        same = (part == fill) | ((part != part) & (fill != fill))
        if not same.all():
            return False
    return True


def _as_stored(pixels: np.ndarray) -> np.ndarray:
    """Turn (h, w, C) into (C, h, w), as OME-NGFF orders axes."""
    return np.moveaxis(pixels, -1, 0) if pixels.ndim == 3 else pixels
