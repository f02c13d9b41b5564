"""The picture of a tile: two squares in one RGB picture that carries its own label.

Red is the first square, green the second, blue half their sum, with the label in blue's first four
pixels. Only this codec is here, in arrays; files are in `tile_files.py`. It is also the only place
where the source's (x, y) order appears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

PLUS, MINUS = 255, 0
"""The sign's pixel as written; when read, anything but 0 is plus."""
LARGEST = 255
"""Largest shift on an axis that one pixel can hold, in px."""
SMALLEST_SIZE = 4
"""Side of the smallest tile, in px: its first row must hold the label."""


class TileError(ValueError):
    """Tiles cannot be made, read or written; the message names the thing and the way out."""


def encode_label(shift: Shift) -> np.ndarray:
    """Write a shift as the four pixels of a tile's label.

    Parameters
    ----------
    shift : Shift
        Whole pixels, at most 255 on each axis.

    Returns
    -------
    (4,) uint8 array
        In the source's order: sign of x (0 is minus, 255 plus), ``|x|``, sign of y, ``|y|``, with
        x = dx and y = dy. Zero is plus.

    Raises
    ------
    TileError
        If the shift has fractions, or is too large.

    Notes
    -----
    Source: thesis, training set: the first four pixels of the blue channel.

    Examples
    --------
    >>> encode_label(Shift(dy=7, dx=-10)).tolist()
    [0, 10, 255, 7]
    """
    dy, dx = shift.whole()
    if (dy, dx) != (shift.dy, shift.dx) or max(abs(dy), abs(dx)) > LARGEST:
        raise TileError(
            f"a tile's label holds whole pixels from -{LARGEST} to {LARGEST}, but the shift is "
            f"(dy {shift.dy:g}, dx {shift.dx:g}); round it, or take a smaller one"
        )
    signs = (MINUS if dx < 0 else PLUS, MINUS if dy < 0 else PLUS)
    return np.array([signs[0], abs(dx), signs[1], abs(dy)], np.uint8)


def decode_label(four: np.ndarray | Sequence[int]) -> Shift:
    """Read the four pixels of a tile's label.

    Parameters
    ----------
    four : (4,) array of uint8
        Blue's row 0, columns 0 to 3; see `encode_label`.

    Returns
    -------
    Shift
        Whole pixels. Minus zero is zero.

    Raises
    ------
    TileError
        If there are not four values.

    Examples
    --------
    >>> decode_label([1, 3, 0, 10])
    Shift(dy=-10, dx=3)
    """
    if len(four) != 4:
        raise TileError(f"a tile's label is 4 pixels, not {len(four)}; give blue[0, :4]")
    sign_x, x, sign_y, y = (int(value) for value in four)
    return Shift(-y if sign_y == 0 else y, -x if sign_x == 0 else x)


def tile_picture(first: np.ndarray, second: np.ndarray, shift: Shift) -> np.ndarray:
    """Make the picture of a tile.

    Parameters
    ----------
    first, second : (S, S) uint8 array
        The two squares: ``first[y + dy, x + dx]`` shows what ``second[y, x]`` shows.
    shift : Shift
        That (dy, dx), in whole px.

    Returns
    -------
    (S, S, 3) uint8 array
        Red, green, and blue with the label; half-sums are rounded down.

    Raises
    ------
    TileError
        If the squares are no two equal squares of at least 4 px in 8 bits, or the shift does not
        fit into a label.
    """
    for square in (first, second):
        if square.ndim != 2 or square.shape[0] != square.shape[1] or len(square) < SMALLEST_SIZE:
            raise TileError(
                f"a tile is made of squares of at least {SMALLEST_SIZE} px, not of shape "
                f"{square.shape}; cut it square"
            )
        if square.dtype != np.uint8:
            raise TileError(f"a tile has 8 bits a pixel, not {square.dtype}; convert to uint8")
    if first.shape != second.shape:
        raise TileError(
            f"a tile's squares are of one size, not {len(first)} and {len(second)} px; cut both "
            "alike"
        )
    picture = np.empty((*first.shape, 3), np.uint8)
    picture[..., 0] = first
    picture[..., 1] = second
    # (a & b) + (a ^ b) / 2 is half the sum, without the carry that 8 bits have no room for.
    picture[..., 2] = (first & second) + ((first ^ second) >> 1)
    picture[0, :4, 2] = encode_label(shift)
    return picture


def read_tile(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, Shift]:
    """Take the picture of a tile apart; but for its label, blue is not looked at.

    Parameters
    ----------
    picture : (S, S, 3) uint8 array
        As `tile_picture` makes it.

    Returns
    -------
    first, second : (S, S) uint8 array
        Views of the picture.
    shift : Shift
        The label.

    Raises
    ------
    TileError
        If it is no square RGB picture in 8 bits.
    """
    shape = picture.shape
    if (
        picture.ndim != 3
        or shape[2] != 3
        or shape[0] != shape[1]
        or shape[0] < SMALLEST_SIZE
        or picture.dtype != np.uint8
    ):
        raise TileError(
            f"a tile is a square RGB picture of at least {SMALLEST_SIZE} px in 8 bits, not "
            f"{picture.dtype} of shape {shape}; make tiles with `napari-seamnet tiles generate`"
        )
    return picture[..., 0], picture[..., 1], decode_label(picture[0, :4, 2])
