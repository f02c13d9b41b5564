"""One tile as a PNG file.

Reading and writing a file is here, and looking at its label only. What the picture shows is in
`tile_label.py`, sets of tiles in `tile_files.py`.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from ..frames.errors import DECODER_ERRORS
from ..saving import written_whole
from .tile_label import SMALLEST_SIZE, TileError, decode_label, read_tile, tile_picture

if TYPE_CHECKING:
    from pathlib import Path

    from ..geometry import Shift

LEVEL = 1
"""Compression of the pictures: noise hardly gets smaller with more, only slower."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PEEK = 4096  # bytes of a file that hold the first row's beginning, unless metadata come first


def write_tile(path: Path, first: np.ndarray, second: np.ndarray, shift: Shift) -> None:
    """Write one tile as an RGB PNG that appears whole or not at all; see `tile_picture`."""
    data = imagecodecs.png_encode(tile_picture(first, second, shift), level=LEVEL)
    with written_whole(path) as part:
        part.write_bytes(data)


def read_picture(path: Path) -> np.ndarray:
    """Decode a picture, of whatever kind; `TileError` if it is damaged or gone."""
    try:
        return np.asarray(imagecodecs.png_decode(path.read_bytes()))
    except DECODER_ERRORS as error:
        raise TileError(f"{path} is damaged or gone ({error}); make or copy it again") from error


def peek(path: Path) -> tuple[int, Shift]:
    """Size and label of a picture, without decoding more than the beginning of its first row."""
    with path.open("rb") as file:
        head = file.read(_PEEK)
    if not head.startswith(_SIGNATURE) or head[12:16] != b"IHDR" or len(head) < 33:
        raise TileError(f"{path} is no PNG picture; take it out of the folder")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", head[16:29])
    if (depth, colour) != (8, 2) or width != height or width < SMALLEST_SIZE:
        raise TileError(
            f"{path} is no tile, for tiles are square RGB pictures of 8 bits with at least "
            f"{SMALLEST_SIZE} px; take it out of the folder"
        )
    begin = b"" if interlaced else _first_bytes(head)
    if len(begin) < 13:  # metadata come first, or rows not in order, or the file is damaged
        return width, read_tile(read_picture(path))[2]
    four = np.frombuffer(begin, np.uint8, 12, 1).reshape(4, 3)[:, 2].tolist()
    # The row above the first counts as 0, so that Up is None, and Paeth is Sub
    # (Portable Network Graphics specification, 9.2).
    for column in range(1, 4):
        if begin[0] in (1, 4):
            four[column] = (four[column] + four[column - 1]) % 256
        elif begin[0] == 3:
            four[column] = (four[column] + four[column - 1] // 2) % 256
    return width, decode_label(four)


def _first_bytes(head: bytes) -> bytes:
    """The filter's number and four pixels of the first row, if the file's beginning has them."""
    at, packed = 33, b""
    while at + 8 <= len(head):
        length = int.from_bytes(head[at : at + 4], "big")
        if head[at + 4 : at + 8] == b"IDAT":
            packed += head[at + 8 : at + 8 + length]
        at += length + 12
    try:
        return zlib.decompressobj().decompress(packed, 13)
    except zlib.error:  # said properly by the decoder, which is asked next
        return b""
