"""Pictures of other kinds than a network was trained on, drawn by code, and how they are spoiled.

The source tried its networks on pictures that are none of a microscope: a logo, a sky, a lizard.
They are drawn here, cut into squares with a known shift, and the second square is left as it is,
made brighter, darker, noisy or damaged. Asking methods about them is `source_tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.scenes import grain_scene

if TYPE_CHECKING:
    from collections.abc import Callable

STRESSES = ("as it is", "brighter", "darker", "noisy", "damaged")
LEAST_STRUCTURE = 6.0
"""Least standard deviation of a square, in grey levels: a plain part of a sky shows no shift."""


@dataclass(frozen=True, eq=False)
class Example:
    """Two (S, S) uint8 squares of one picture, and the true shift between them."""

    name: str
    stress: str
    first: np.ndarray
    second: np.ndarray
    shift: Shift


def logo(side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a logo: rings, bars like letters and a wedge, flat greys with sharp borders."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    picture = np.full((side, side), 225.0)
    for cy, cx in rng.uniform(0.2, 0.8, (6, 2)):
        radius = np.hypot(y - cy, x - cx)
        outer = rng.uniform(0.08, 0.25)
        picture[(radius < outer) & (radius > outer * rng.uniform(0.5, 0.8))] = rng.uniform(20, 170)
    for top in np.arange(0.04, 0.96, 0.13):  # lines of strokes, as of words
        left = rng.uniform(0.02, 0.1)
        while left < 0.95:
            height, width = rng.uniform(0.03, 0.09), rng.uniform(0.006, 0.05)
            part = (y > top) & (y < top + height) & (x > left) & (x < left + width)
            picture[part] = rng.choice([30.0, 60.0, 140.0])
            left += width + rng.uniform(0.01, 0.06)
    picture[(y + 0.6 * x > 0.9) & (y + 0.6 * x < 0.96)] = 90
    return _to_bytes(ndimage.gaussian_filter(picture, 0.7))


def sky(side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a sky: a smooth gradient, and clouds of many scales with soft borders."""
    clouds = np.zeros((side, side))
    for octave in range(7):
        sigma = side / 8 / 2**octave
        layer = ndimage.gaussian_filter(rng.standard_normal((side, side)), max(sigma, 0.8))
        clouds += layer / layer.std() * 0.62**octave
    clouds /= clouds.std()
    gradient = np.linspace(70, 150, side)[:, None]
    cover = 1 / (1 + np.exp(-2.5 * clouds))
    return _to_bytes(gradient * (1 - cover) + (225 + 14 * clouds) * cover)


def lizard(side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a lizard: a bent body of scales with legs and a tail, on a textured ground."""
    ground = grain_scene(side, rng) + 12 * ndimage.gaussian_filter(
        rng.standard_normal((side, side)), 1.2
    )
    ground = 90 + (ground - ground.mean()) / ground.std() * 22
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    inside = np.full((side, side), np.inf)  # distance to the animal, in sides; negative within

    def limb(points: np.ndarray, radii: np.ndarray) -> None:
        for (cy, cx), radius in zip(points, radii, strict=True):
            np.minimum(inside, np.hypot(y - cy, x - cx) - radius, out=inside)

    along = np.linspace(0, 1, 70)
    spine = np.stack([0.08 + 0.84 * along, 0.5 + 0.2 * np.sin(5.5 * along + 0.4)], axis=1)
    thick = np.where(along < 0.12, 0.055, 0.095 * np.sin(np.pi * np.clip(along, 0.05, 0.6)) + 0.01)
    limb(spine, np.where(along > 0.6, 0.1 * (1.02 - along) * 0.95, thick))
    for at, turn in ((16, 1), (16, -1), (36, 1), (36, -1)):
        reach = np.linspace(0, 0.22, 16)
        leg = spine[at] + np.stack([0.5 * reach + 2 * reach**2, turn * reach], axis=1)
        limb(leg, np.linspace(0.028, 0.012, 16))
    scales = np.sin(2 * np.pi * 38 * (y + 0.35 * x)) * np.sin(2 * np.pi * 31 * (x - 0.2 * y))
    spots = ndimage.gaussian_filter(rng.standard_normal((side, side)), side / 60)
    skin = 165 + 26 * scales + 30 * np.sign(spots) - 200 * np.clip(0.02 + inside, 0, 0.1)
    cover = np.clip(0.5 - inside * side, 0, 1)
    shadow = 1 - 0.45 * np.roll(cover, (side // 60, side // 40), (0, 1))
    return _to_bytes(ndimage.gaussian_filter(ground * shadow * (1 - cover) + skin * cover, 0.6))


PICTURES: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "logo": logo,
    "sky": sky,
    "lizard": lizard,
}


def foreign_examples(size: int, reach: int, each: int, seed: int = 0) -> list[Example]:
    """Cut squares with a known shift from every picture; nothing is spoiled.

    Parameters
    ----------
    size : int
        Side of the squares, in px; the pictures are four times as large.
    reach : int
        Shifts are drawn from ±`reach` px on each axis, whole pixels.
    each : int
        Squares of each picture.
    seed : int
        Decides everything.
    """
    examples = []
    for number, (name, draw) in enumerate(PICTURES.items()):
        rng = np.random.default_rng([seed, number])
        picture = draw(4 * size, rng)
        for _ in range(each):
            dy, dx = (int(v) for v in rng.integers(-reach, reach + 1, 2))
            while True:
                y, x = (int(v) for v in rng.integers(reach, 3 * size - reach, 2))
                first = picture[y : y + size, x : x + size]
                if first.std() >= LEAST_STRUCTURE:
                    break
            second = picture[y + dy : y + dy + size, x + dx : x + dx + size]
            examples.append(Example(name, STRESSES[0], first, second, Shift(dy, dx)))
    return examples


def stress_set(size: int, reach: int, each: int, seed: int = 0) -> list[Example]:
    """The same squares in all ways of `STRESSES`, which spoil the second square alone."""
    examples = []
    for number, example in enumerate(foreign_examples(size, reach, each, seed)):
        for kind, stress in enumerate(STRESSES):
            rng = np.random.default_rng([seed, number, kind])
            second = stressed(example.second, stress, rng)
            examples.append(Example(example.name, stress, example.first, second, example.shift))
    return examples


def stressed(square: np.ndarray, stress: str, rng: np.random.Generator) -> np.ndarray:
    """Spoil a uint8 square in one of the ways of `STRESSES`."""
    picture = square.astype(float)
    if stress == "brighter":
        picture += 60
    elif stress == "darker":
        picture *= 0.45
    elif stress == "noisy":
        picture += rng.normal(0, 30, square.shape)
    elif stress == "damaged":  # a black patch, lost lines, scratches
        side = len(square)
        patch = side * 2 // 5
        y, x = (int(v) for v in rng.integers(0, side - patch, 2))
        picture[y : y + patch, x : x + patch] = 0
        picture[rng.integers(0, side, max(2, side // 30))] = 255
        rows = np.arange(side)
        for slope in rng.uniform(-0.5, 0.5, 3):
            columns = (rng.uniform(0, side) + slope * rows).astype(int) % side
            picture[rows, columns] = rng.choice([0.0, 255.0])
    elif stress != STRESSES[0]:
        raise ValueError(f"there is no stress {stress!r}; choose one of {', '.join(STRESSES)}")
    return _to_bytes(picture)


def _to_bytes(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
