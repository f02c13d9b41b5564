"""Many tiles in one `.safetensors` file: its header, and its pixels left on disk.

The bytes of the format are here, written and read by hand, since the safetensors package can only
write what is in memory as a whole. Which tiles go into it is decided in `tile_files.py` and
`tiles.py`.

Format (github.com/huggingface/safetensors, "Format"): 8 bytes, the header's length N as a
little-endian integer; N bytes of JSON, padded with spaces; then the arrays, without gaps. The
small arrays come first, so that pixels can be appended, tile by tile.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .tile_label import TileError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".safetensors"
FORMAT = "napari-seamnet tiles 1"
_DTYPES = {"pairs": ("I32", "<i4"), "shifts": ("I16", "<i2"), "validation": ("BOOL", "?")}
_LONGEST_HEADER = 100_000_000  # bytes: the limit that the safetensors package sets itself


@dataclass(frozen=True)
class CompactPixels:
    """The pixels of a compact file, which stay on disk until they are asked for.

    The file is mapped at each reading: so no handle is held, other processes can be given this
    object, and a file that was cut short in the meantime is an error, not a crash.

    Parameters
    ----------
    path : Path
        The file.
    offset : int
        Where the pixels begin, in bytes.
    shape : (N, 2, S, S)
        Of all pixels, which are uint8.
    """

    path: Path
    offset: int
    shape: tuple[int, int, int, int]

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Copy the (n, 2, S, S) uint8 squares of some tiles into memory."""
        if len(rows) == 0:
            return np.empty((0, *self.shape[1:]), np.uint8)
        try:
            mapped = np.memmap(self.path, np.uint8, "r", self.offset, self.shape)
        except (OSError, ValueError) as error:
            raise TileError(
                f"{self.path} is gone or cut short ({error}); copy it again"
            ) from error
        return np.array(mapped[rows])


@dataclass(frozen=True, eq=False)
class CompactFile:
    """What a compact file holds: its small arrays in memory, its pixels by name only."""

    pixels: CompactPixels
    shifts: np.ndarray
    pairs: np.ndarray
    validation: np.ndarray
    about: dict[str, str]


def compact_start(
    shifts: np.ndarray,
    pairs: np.ndarray,
    validation: np.ndarray,
    size: int,
    about: dict[str, str],
) -> bytes:
    """Make all bytes of a compact file that come before its pixels.

    Parameters
    ----------
    shifts : (N, 2) int array
        (dy, dx) in px.
    pairs : (N,) int array
        Number of the seed pair; -1 if unknown.
    validation : (N,) bool array
        Which tiles are for validation.
    size : int
        Side of the squares, in px.
    about : dict of str to str
        Further words to keep in the header.

    Returns
    -------
    bytes
        Equal for equal arguments.
    """
    arrays = {"pairs": pairs, "shifts": shifts, "validation": validation}
    header: dict[str, Any] = {"__metadata__": {"format": FORMAT, **about}}
    data, end = [], 0
    for name, (kind, dtype) in _DTYPES.items():
        data.append(np.ascontiguousarray(arrays[name], dtype).tobytes())
        begin, end = end, end + len(data[-1])
        header[name] = {
            "dtype": kind,
            "shape": list(arrays[name].shape),
            "data_offsets": [begin, end],
        }
    shape = [len(shifts), 2, size, size]
    header["pixels"] = {
        "dtype": "U8",
        "shape": shape,
        "data_offsets": [end, end + math.prod(shape)],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(data)


def continue_compact(part: Path, start: bytes, tile_bytes: int) -> int:
    """Make a half-written compact file ready for more tiles to be appended.

    Parameters
    ----------
    part : Path
        Left over from a run that was stopped, or not there.
    start : bytes
        From `compact_start`. A file that begins otherwise is written anew.
    tile_bytes : int
        Bytes of one tile's pixels.

    Returns
    -------
    int
        Whole tiles that it holds already; half a tile at its end is cut off.
    """
    if part.is_file():
        with part.open("r+b") as file:
            if file.read(len(start)) == start:
                n = (part.stat().st_size - len(start)) // tile_bytes
                file.truncate(len(start) + n * tile_bytes)
                return n
    part.write_bytes(start)
    return 0


def read_compact(path: Path) -> CompactFile:
    """Read all of a compact file but its pixels.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    CompactFile
        Shifts as int16, pairs as int32, validation as bool.

    Raises
    ------
    TileError
        If it is no compact set of tiles, or is damaged or cut short.
    """
    about, entries, begin = _header(path)
    total = path.stat().st_size - begin
    arrays: dict[str, np.ndarray] = {}
    pixels = None
    n = -1
    for name in ("pixels", *_DTYPES):
        kind, dtype = _DTYPES.get(name, ("U8", "u1"))
        try:
            entry = entries[name]
            shape = tuple(int(length) for length in entry["shape"])
            first, last = (int(at) for at in entry["data_offsets"])
            sound = entry["dtype"] == kind and 0 <= first <= last and min(shape) >= 0
            sound = sound and last - first == math.prod(shape) * np.dtype(dtype).itemsize
        except (AttributeError, KeyError, TypeError, ValueError):
            sound = False
        if name == "pixels":
            sound = sound and len(shape) == 4 and shape[1] == 2 and shape[2] == shape[3]
            n = shape[0] if sound else -1
        else:
            sound = sound and shape == ((n, 2) if name == "shifts" else (n,))
        if not sound:
            raise TileError(
                f"{path} holds no {name} as a compact set of tiles does; make one with "
                "`napari-seamnet tiles compact`"
            )
        if last > total:
            raise TileError(
                f"{path} is cut short: {total} of at least {last} bytes of data are there; copy "
                "it again"
            )
        if name == "pixels":
            pixels = CompactPixels(path.absolute(), begin + first, (n, 2, shape[2], shape[2]))
        else:
            with path.open("rb") as file:
                file.seek(begin + first)
                arrays[name] = np.frombuffer(file.read(last - first), dtype).reshape(shape)
    if pixels is None:  # for the type checker: the loop has been through it
        raise TileError(f"{path} holds no pixels")
    return CompactFile(pixels, arrays["shifts"], arrays["pairs"], arrays["validation"], about)


def _header(path: Path) -> tuple[dict[str, str], dict[str, Any], int]:
    """Words about the set, entry of each array, and where the data begin."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length) if 2 <= length <= _LONGEST_HEADER else b""
    try:
        header = json.loads(text)
        about = dict(header.pop("__metadata__", {}))
    except (AttributeError, TypeError, ValueError) as error:
        raise TileError(
            f"{path} is no safetensors file; make a compact set with `napari-seamnet tiles "
            "compact`"
        ) from error
    return about, header, 8 + length
