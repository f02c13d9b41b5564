"""Seams of every kind, one difference between the two exposures at a time, with exact truth.

For benchmarks, cell by cell, and for the weigher's training. Scenes are drawn in `scenes.py`; the
endless mixture of everything at once, for features, is `exposure.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ..geometry import Shift
from .exposure import SimulatedPair, reversed_above

if TYPE_CHECKING:
    from collections.abc import Callable

BORDER = 40
"""px of scene around a crop, for knocked lines and bends."""
BEND = 3.0
"""px: most that a warped seam is bent."""


class Difference(StrEnum):
    """What lies between the two exposures besides noise."""

    SAME = "same"
    DRIFT = "drift"
    """Gain, offset and gamma."""
    REVERSED = "reversed"
    """Another detector: what is bright there is dark here, in part."""
    DARKENED = "darkened"
    """Exposed once before, up to some line along the seam."""
    KNOCKED = "knocked"
    """Lines jitter, and a few are knocked far away."""
    WARPED = "warped"
    """Slowly bent, by up to 3 px."""


@dataclass(frozen=True, eq=False)
class CleanSeam:
    """A seam before noise.

    Parameters
    ----------
    scene : (N, N) float array
        What both exposures show, in grey levels.
    first, second : (2, H, W) float array
        Where the pixels of both crops lie in the scene, (y, x).
    change : callable
        What the second exposure makes of the scene.
    shift : Shift
        Of the second crop; where the seam is warped, the mean.
    """

    scene: np.ndarray
    first: np.ndarray
    second: np.ndarray
    change: Callable[[np.ndarray], np.ndarray]
    shift: Shift

    def crops(self) -> tuple[np.ndarray, np.ndarray]:
        """Both exposures, (H, W) each, without noise."""
        first, second = (
            ndimage.map_coordinates(self.scene, places, order=3, mode="reflect")
            for places in (self.first, self.second)
        )
        return first, self.change(second)


def draw_seam(
    draw: Callable[[int, np.random.Generator], np.ndarray],
    shape: tuple[int, int],
    reach: float,
    difference: Difference | str,
    rng: np.random.Generator,
) -> CleanSeam:
    """Draw a seam without its noise; parameters as for `simulate_seam`."""
    difference = Difference(difference)
    scene = draw(max(shape) + 2 * BORDER + 2 * int(np.ceil(reach)) + 2, rng)
    shift = rng.uniform(-reach, reach, 2)
    corner = rng.uniform(0, 1, 2) + BORDER + reach / 2
    bend = _bend(shape, rng) if difference is Difference.WARPED else np.zeros((2, 1, 1))
    places = []
    for place, part in ((corner, -0.5), (corner + shift, 0.5)):
        y = np.arange(shape[0])[:, None] + place[0] + part * bend[0]
        x = np.arange(shape[1])[None, :] + place[1] + part * bend[1]
        if difference is Difference.KNOCKED:
            x = x + _knocks(shape[0], rng)[:, None]
        places.append(np.stack(np.broadcast_arrays(y, x)))
    change = _change(difference, shape, rng)
    whole = Shift(float(shift[0]), float(shift[1]))
    return CleanSeam(scene, places[0], places[1], change, whole)


def simulate_seam(
    draw: Callable[[int, np.random.Generator], np.ndarray],
    shape: tuple[int, int],
    reach: float,
    noise: float,
    difference: Difference | str,
    rng: np.random.Generator,
    content: str = "",
) -> SimulatedPair:
    """Simulate one seam.

    Parameters
    ----------
    draw : callable
        ``draw(size, rng)`` gives a scene of grey levels 0..255.
    shape : (H, W)
        Of both crops, in px.
    reach : float
        The shift is drawn evenly from ±`reach` px on each axis, with fractions.
    noise : float
        Standard deviation of Gaussian noise on both sides, as a share of the full range.
    difference : Difference or str
        Between the two exposures.
    rng : numpy.random.Generator
        Decides everything.
    content : str
        Kept for tables.

    Returns
    -------
    SimulatedPair
        Crops as uint8; where the seam is warped, the shift is that of its mean.
    """
    clean = draw_seam(draw, shape, reach, difference, rng)
    first, second = (
        np.clip(np.rint(crop + 255 * noise * rng.standard_normal(shape)), 0, 255).astype(np.uint8)
        for crop in clean.crops()
    )
    return SimulatedPair(first, second, clean.shift, content)


def _bend(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Smooth field of displacements, (2, H, W), in px, of mean zero."""
    y, x = (np.linspace(-1, 1, n) for n in shape)
    a, b, c = rng.normal(size=(3, 2, 1, 1))
    bend = a * y[:, None] + b * x + c * np.sin(3 * y[:, None] + rng.uniform(0, 6)) * (x + 1)
    bend -= bend.mean((1, 2), keepdims=True)
    scaled: np.ndarray = bend * (BEND / np.abs(bend).max())
    return scaled


def _knocks(height: int, rng: np.random.Generator) -> np.ndarray:
    """Sideways displacement of every line, in px."""
    off = 0.5 * rng.standard_normal(height)
    off -= off.mean()
    for _ in range(5):
        start = int(rng.integers(height))
        off[start : start + int(rng.integers(1, 5))] += rng.uniform(-20, 20)
    return off


def _change(
    difference: Difference, shape: tuple[int, int], rng: np.random.Generator
) -> Callable[[np.ndarray], np.ndarray]:
    """What the second exposure makes of a scene."""
    if difference is Difference.DRIFT:
        return lambda picture: 30 + 0.6 * 255 * (np.clip(picture, 0, 255) / 255) ** 0.7
    if difference is Difference.REVERSED:
        return lambda picture: reversed_above(picture, 60)
    if difference is Difference.DARKENED:
        axis = int(np.argmin(shape))
        lines = np.arange(shape[axis]) < shape[axis] * rng.uniform(0.3, 0.8)
        darker = np.where(lines if axis else lines[:, None], 0.5, 1.0)
        return lambda picture: darker * picture
    return lambda picture: picture
