"""Frames from TIFF files: plain, compressed, tiled, multi-page, OME, ImageJ.

Only the planes' places and the reading of a box are here; segments are decoded by tifffile and
imagecodecs. A file is opened for every read and closed again, so that a thousand frames hold no
handle, and threads share none.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from ..geometry import Box
from .cache import decoded
from .errors import PageError, UnreadableFrameError, UnsupportedFrameError, decoding

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RGB_ALREADY = ("RGB", "MINISBLACK")
# tifffile hands YCbCr out as RGB for these compressions (JPEG old and new, JPEG lossy, WebP, JXL).
_DECODED_TO_RGB = (6, 7, 34892, 50001, 50002, 52546)
_ALPHA = (1, 2)  # ExtraSamples: associated, unassociated


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins with these four bytes is a TIFF or BigTIFF."""
    return head in _MAGIC


@dataclass(frozen=True, eq=False)
class TiffSource:
    """One plane of a TIFF file.

    Parameters
    ----------
    path : Path
        The file that holds the plane (OME sets may spread over several).
    page : int
        Index of the plane's image file directory.
    offset : int or None
        Where the pixels begin, if they lie in the file as they are, row after row.
    stored : (S, H, W, C)
        Shape in the file: S separate planes of samples, C samples in each pixel.
    stored_dtype : str
        Dtype in the file, with byte order.
    shape : (H, W) or (H, W, C)
        Shape of the frame.
    dtype : dtype
        Of the frame.
    white_is_zero : bool
        Of a 1-bit picture: which of the two is white.
    palette : (N, 3) uint8 array, (N,) for a palette of greys, or None
        Colours of the stored indices.
    token : str
        Path, time and size of the file, and plane.
    """

    path: Path
    page: int
    offset: int | None
    stored: tuple[int, int, int, int]
    stored_dtype: str
    shape: tuple[int, ...]
    dtype: np.dtype
    white_is_zero: bool
    palette: np.ndarray | None
    token: str

    @classmethod
    def open(cls, path: Path, page: int | None, token: str) -> TiffSource:
        """Read headers and find the plane; see `open_frame` for what can go wrong."""
        with decoding(path), tifffile.TiffFile(path) as file:
            planes = list(_planes(file))
            if not planes:
                raise UnreadableFrameError(f"{path} holds no picture; export it again")
            alike = sum(_size(keyframe) == _size(planes[0][0]) for keyframe, *_ in planes)
            if page is None and alike > 1:
                raise PageError(
                    f"{path} holds {len(planes)} planes; choose one with page=0 to "
                    f"page={len(planes) - 1}"
                )
            if not 0 <= (page or 0) < len(planes):
                raise PageError(
                    f"{path} has no page {page}: it holds {len(planes)}; choose from 0 to "
                    f"{len(planes) - 1}"
                )
            keyframe, directory, offset = planes[page or 0]
            if directory is None:
                raise UnreadableFrameError(
                    f"plane {page or 0} of {path} is announced in its header, but is not in the "
                    "file or set of files; choose another page"
                )
            shape, dtype, palette = _pixels_of(keyframe, path)
            samples, _, height, width, contiguous = keyframe.shaped
            return cls(
                path=Path(directory.parent.filehandle.path),
                page=directory.index,
                offset=offset,
                stored=(samples, height, width, contiguous),
                stored_dtype=keyframe.parent.byteorder + keyframe.dtype.char,
                shape=shape,
                dtype=dtype,
                white_is_zero=keyframe.photometric == tifffile.PHOTOMETRIC.MINISWHITE,
                palette=palette,
                token=f"{token}-{page or 0}",
            )

    def read(self, box: Box, step: int) -> np.ndarray:
        """See `frame.Source`; reads the rows, or decodes the segments, that the box meets."""
        if box.is_empty:
            return np.empty((*box.shape, *self.shape[2:]), self.dtype)
        with decoding(self.path):
            if self.offset is not None:
                return self._to_frame(self._mapped(box, step))
            with tifffile.TiffFile(self.path) as file:
                page = file.pages[self.page]
                if page.shaped[0] != self.stored[0] or page.shaped[2:] != self.stored[1:]:
                    raise UnreadableFrameError(
                        f"{self.path} has changed since it was opened; open it again"
                    )
                if len(page.dataoffsets) > 1:
                    return self._to_frame(self._decoded(page, box)[:, ::step, ::step])
                # Many programs write one compressed strip: then a part costs as much as the whole.
                whole = decoded.get(
                    ("tiff", self.token),
                    lambda: self._decoded(page, Box.of_shape(self.shape)),
                )
            rows, columns = box.slices
            return self._to_frame(whole[:, rows, columns][:, ::step, ::step])

    def _mapped(self, box: Box, step: int) -> np.ndarray:
        """Copy a box out of the file. A copy, for a mapped file that shrinks kills the process."""
        dtype = np.dtype(self.stored_dtype)
        needed = (self.offset or 0) + int(np.prod(self.stored)) * dtype.itemsize
        size = self.path.stat().st_size
        if size < needed:
            raise UnreadableFrameError(
                f"{self.path} is cut short: {size} of at least {needed} bytes are there; copy or "
                "export it again"
            )
        mapped = np.memmap(self.path, dtype, "r", self.offset or 0, self.stored)
        rows, columns = box.slices
        return np.array(
            mapped[:, rows.start : rows.stop : step, columns.start : columns.stop : step],
            dtype.newbyteorder("="),
        )

    def _decoded(self, page: Any, box: Box) -> np.ndarray:
        """Decode the segments that a box meets, into (S, h, w, C)."""
        samples, _, _, contiguous = self.stored
        dtype = np.dtype(self.stored_dtype).newbyteorder("=")
        out = np.empty((samples, *box.shape, contiguous), dtype)
        handle = page.parent.filehandle
        for index in self._segments(page, box):
            start, length = page.dataoffsets[index], page.databytecounts[index]
            data = None  # a segment of length 0 is all background, and not stored
            if start and length:
                handle.seek(start)
                data = handle.read(length)
                if len(data) < length:
                    raise UnreadableFrameError(
                        f"{self.path} is cut short: {len(data)} of the {length} bytes of a strip "
                        "or tile are there; copy or export it again"
                    )
            segment, (sample, _, y, x, _), (_, height, width, _) = page.decode(
                data, index, jpegtables=page.jpegtables, jpegheader=page.jpegheader
            )
            part = box.meet(Box(y, x, height, width))
            to_rows, to_columns = part.moved(-box.y, -box.x).slices
            if segment is None:
                out[sample, to_rows, to_columns] = page.nodata
            else:
                from_rows, from_columns = part.moved(-y, -x).slices
                out[sample, to_rows, to_columns] = segment[0, from_rows, from_columns]
        return out

    def _segments(self, page: Any, box: Box) -> Iterator[int]:
        """Indices of the strips or tiles that a box meets (TIFF 6.0, sections 3, 7 and 15)."""
        samples, height, width, _ = self.stored
        tall = page.tilelength if page.is_tiled else page.rowsperstrip
        wide = page.tilewidth if page.is_tiled else width
        down, across = ceil(height / tall), ceil(width / wide)
        for sample in range(samples):
            for row in range(box.y // tall, ceil((box.y + box.height) / tall)):
                for column in range(box.x // wide, ceil((box.x + box.width) / wide)):
                    yield (sample * down + row) * across + column

    def _to_frame(self, stored: np.ndarray) -> np.ndarray:
        """Turn (S, h, w, C) samples of the file into (h, w) or (h, w, C) pixels of the frame."""
        pixels = stored[0] if len(stored) == 1 else np.moveaxis(stored[..., 0], 0, -1)
        if len(self.shape) == 2 or self.palette is not None:
            pixels = pixels[..., 0]  # the second sample, if any, is alpha
        if self.palette is not None:
            return self.palette[pixels]
        if stored.dtype == bool:
            return np.where(pixels != self.white_is_zero, np.uint8(255), np.uint8(0))
        return np.ascontiguousarray(pixels, self.dtype)


def _planes(file: tifffile.TiffFile) -> Iterator[tuple[Any, Any, int | None]]:
    """List the 2-D planes of a file: keyframe, directory (None if missing), offset if unpacked."""
    for series in file.series:
        present = [page for page in series.pages if page is not None]
        if not present:
            continue
        keyframe: Any = present[0].keyframe
        n = int(np.prod(series.shape)) // max(1, keyframe.size)
        for index in range(n):
            if len(series.pages) == n:
                directory: Any = series.pages[index]
                plain = directory is not None and keyframe.is_final
                yield keyframe, directory, directory.dataoffsets[0] if plain else None
            else:  # ImageJ and others: one directory, the planes one after the other
                start = series.dataoffset
                if start is None:
                    raise UnsupportedFrameError(
                        f"{file.filename} keeps {n} planes in {len(series.pages)} directories; "
                        "save one plane as a TIFF of its own"
                    )
                yield keyframe, present[0], start + index * keyframe.nbytes


def _size(keyframe: Any) -> tuple[int, int]:
    return keyframe.imagelength, keyframe.imagewidth


def _pixels_of(
    keyframe: Any,
    path: Path,
) -> tuple[tuple[int, ...], np.dtype, np.ndarray | None]:
    """Shape, dtype and palette of the frame that a directory's plane becomes."""
    if keyframe.dtype is None:
        raise UnsupportedFrameError(
            f"{path} holds {keyframe.bitspersample}-bit samples of an unknown kind; save it as 8- "
            "or 16-bit"
        )
    separate, depth, height, width, contiguous = keyframe.shaped
    samples = separate * contiguous
    dtype = np.dtype("uint8") if keyframe.dtype == bool else np.dtype(keyframe.dtype)
    photometric = tifffile.PHOTOMETRIC(keyframe.photometric).name
    if depth > 1:
        raise UnsupportedFrameError(f"{path} is a volume of depth {depth}; save one plane of it")
    if photometric == "PALETTE" and samples == 1:
        palette = _palette(keyframe, path)
        return (height, width, *palette.shape[1:]), palette.dtype, palette
    if samples == 1 or (samples == 2 and keyframe.extrasamples[:1] in [(a,) for a in _ALPHA]):
        return (height, width), dtype, None
    is_rgb = photometric in _RGB_ALREADY or keyframe.compression in _DECODED_TO_RGB
    if samples in (3, 4) and is_rgb and photometric != "SEPARATED":
        return (height, width, samples), dtype, None
    raise UnsupportedFrameError(
        f"{path} has {samples} samples a pixel of the kind {photometric}; save it as grey or RGB"
    )


def _palette(keyframe: Any, path: Path) -> np.ndarray:
    """Colours of the indices, 8 bits each as everybody means them; (N,) if they are all greys."""
    colours = keyframe.colormap
    if colours is None or keyframe.dtype.kind != "u" or keyframe.dtype.itemsize > 2:
        raise UnreadableFrameError(
            f"{path} is a palette picture without a usable palette; export it as RGB"
        )
    table = np.zeros((2 ** (8 * keyframe.dtype.itemsize), 3), np.uint8)  # any index finds a place
    table[: colours.shape[1]] = (colours.T[: len(table)] >> 8).astype(np.uint8)
    return table[:, 0] if (table == table[:, :1]).all() else table
