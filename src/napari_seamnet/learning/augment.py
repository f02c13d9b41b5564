"""Make tiles more varied while a network is trained: mirrored, dimmed, noisy, damaged.

Works on what was read from a set of tiles and stores nothing. What a microscope does to simulated
frames is in `exposure.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage

from .tile_label import TileError


@dataclass(frozen=True)
class Augmentation:
    """What may happen to a tile, and how strongly; False or 0 switches a thing off.

    Light, noise, blur and defects are drawn for each of the two squares by itself, evenly from
    nothing to the strength given.

    Parameters
    ----------
    flips : bool, default True
        Mirror both squares up and down, left and right, each in half of the tiles.
    transpose : bool, default True
        Exchange both squares' rows and columns in half of the tiles.
    brightness : float, default 0.15
        Most that is added or taken away, as a share of the full range.
    contrast : float, default 0.4
        Most change of contrast around mid-grey: by a factor from ``exp(-c)`` to ``exp(c)``.
    gamma : float, default 0.3
        The same for gamma.
    noise : float, default 0.08
        Most Gaussian noise: standard deviation as a share of the full range.
    blur : float, default 1.0
        Most Gaussian blur, in px (sigma), in half of the squares.
    defects : float, default 0.1
        Probability (0..1), for each square, of each defect: lines knocked sideways, missing
        lines, a part darkened by an earlier exposure, dust.
    """

    flips: bool = True
    transpose: bool = True
    brightness: float = 0.15
    contrast: float = 0.4
    gamma: float = 0.3
    noise: float = 0.08
    blur: float = 1.0
    defects: float = 0.1

    def __post_init__(self) -> None:
        for field in fields(self)[2:]:
            strength = getattr(self, field.name)
            limit = 1.0 if field.name in ("brightness", "noise", "defects") else 10.0
            if not (math.isfinite(strength) and 0 <= strength <= limit):
                raise ValueError(
                    f"the strength of {field.name} is from 0 (off) to {limit:g}, but is {strength}"
                )

    @classmethod
    def none(cls) -> Augmentation:
        """Everything off."""
        return cls(False, False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def augment(
    pixels: np.ndarray,
    shifts: np.ndarray,
    rng: np.random.Generator,
    augmentation: Augmentation | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Vary a batch of tiles, and their labels along with them.

    Parameters
    ----------
    pixels : (n, 2, S, S) uint8 array
        First and second square of each tile; not changed. Without transposition, windows of any
        shape.
    shifts : (n, 2) array
        (dy, dx) in px, whole or not.
    rng : numpy.random.Generator
        Decides everything.
    augmentation : Augmentation, optional
        What, and how strongly.

    Returns
    -------
    pixels : (n, 2, S, S) uint8 array
        New memory.
    shifts : (n, 2) array
        Of the same dtype: ``first[y + dy, x + dx]`` shows what ``second[y, x]`` shows, as before.

    Raises
    ------
    TileError
        If these are no tiles, or not one shift for each.
    """
    a = Augmentation() if augmentation is None else augmentation
    if pixels.ndim != 4 or pixels.shape[1] != 2:
        raise TileError(
            f"tiles have the shape (n, 2, S, S), not {pixels.shape}; give what Tiles.pixels gives"
        )
    if a.transpose and pixels.shape[2] != pixels.shape[3]:
        raise TileError(
            f"only squares can be transposed, not {pixels.shape[2]} x {pixels.shape[3]} px; "
            "switch transpose off"
        )
    if pixels.dtype != np.uint8 or shifts.shape != (len(pixels), 2):
        raise TileError(
            f"tiles are uint8 with one (dy, dx) each, not {pixels.dtype} with shifts of shape "
            f"{shifts.shape} for {len(pixels)} tiles; give Tiles.pixels and Tiles.shifts"
        )
    pixels, shifts = pixels.copy(), shifts.copy()
    for tile in range(len(pixels)):
        pixels[tile], shifts[tile] = _moved(pixels[tile], shifts[tile], rng, a)
        for square in pixels[tile]:
            _spoil(square, rng, a)
    return pixels, shifts


def _moved(
    squares: np.ndarray, shift: np.ndarray, rng: np.random.Generator, a: Augmentation
) -> tuple[np.ndarray, np.ndarray]:
    """Mirror and transpose; the shift's axes follow the squares' axes."""
    if a.flips:
        flipped = rng.random(2) < 0.5
        squares = squares[:, :: -1 if flipped[0] else 1, :: -1 if flipped[1] else 1]
        shift = np.where(flipped, -shift, shift)
    if a.transpose and rng.random() < 0.5:
        squares, shift = squares.swapaxes(1, 2), shift[::-1]
    return squares, shift


def _spoil(square: np.ndarray, rng: np.random.Generator, a: Augmentation) -> None:
    """Change one square in place: light, blur, darkening, noise, lines, dust, in this order."""
    table = _light(rng, a)
    sigma = a.blur * rng.random() if a.blur and rng.random() < 0.5 else 0.0
    noise = 255 * a.noise * rng.random() if a.noise else 0.0
    if table is None and sigma == 0 and noise == 0 and not a.defects:
        return
    grey = square.astype(np.float32) if table is None else table[square]
    if sigma > 0.2:  # below, the kernel is a single pixel
        grey = ndimage.gaussian_filter(grey, sigma, truncate=3.0)
    if a.defects and rng.random() < a.defects:
        _darken(grey, rng)
    if noise:
        grey += np.float32(noise) * rng.standard_normal(grey.shape, dtype=np.float32)
    if a.defects:
        for damage in (_knock_lines, _lose_lines, _drop_dust):
            if rng.random() < a.defects:
                damage(grey, rng)
    np.rint(grey, out=grey)
    square[...] = np.clip(grey, 0, 255, out=grey)


def _light(rng: np.random.Generator, a: Augmentation) -> np.ndarray | None:
    """Brightness, contrast and gamma of one square, as a table of the 256 greys; None if off."""
    if not (a.brightness or a.contrast or a.gamma):
        return None
    added, gain, gamma = rng.uniform(-1, 1, 3) * (a.brightness, a.contrast, a.gamma)
    grey = np.linspace(0, 1, 256) ** np.exp(gamma)
    return (255 * (0.5 + (grey - 0.5) * np.exp(gain) + added)).astype(np.float32)


def _knock_lines(grey: np.ndarray, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 4))):
        lines = _some_lines(grey, rng)
        grey[lines] = np.roll(grey[lines], int(rng.choice([-1, 1]) * rng.integers(2, 15)), axis=1)


def _lose_lines(grey: np.ndarray, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 4))):
        grey[_some_lines(grey, rng)] = rng.choice([0.0, 255.0, float(grey.mean())])


def _some_lines(grey: np.ndarray, rng: np.random.Generator) -> slice:
    start = int(rng.integers(len(grey)))
    return slice(start, start + int(rng.integers(1, 5)))


def _darken(grey: np.ndarray, rng: np.random.Generator) -> None:
    """An earlier exposure left its mark, up to some line or column."""
    along = grey if rng.random() < 0.5 else grey.T
    edge = int(rng.integers(len(along) // 4, len(along)))
    part = along[:edge] if rng.random() < 0.5 else along[edge:]
    part *= np.float32(rng.uniform(0.4, 0.95))


def _drop_dust(grey: np.ndarray, rng: np.random.Generator) -> None:
    largest = max(2, min(grey.shape) // 10)
    for _ in range(int(rng.integers(1, 5))):
        y, x = rng.integers(0, grey.shape)
        height, width = rng.integers(1, largest + 1, 2)
        grey[y : y + height, x : x + width] = rng.choice([0.0, 255.0, float(grey.mean())])
