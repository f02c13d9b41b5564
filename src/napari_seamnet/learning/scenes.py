"""Scenes: large pictures without noise, from which the simulator cuts overlapping frames.

Drawn here: chip layers, memory arrays, textures, grains, almost blank fields; and real pictures
taken as scenes. What a microscope does to them is in `exposure.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUNDLED_PICTURES = ("brick", "camera", "coins", "grass", "gravel", "moon", "page", "text")
"""scikit-image's pictures that come with its wheel, so that nothing is downloaded."""
PICTURE_FILES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


def chip_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a metal layer: wires on regular tracks with random ends, vias, arrays, blank fill.

    Parameters
    ----------
    size : int
        Side of the scene, in px.
    rng : numpy.random.Generator
        Decides pitch, greys, lengths and places.

    Returns
    -------
    (size, size) float32 array
        Grey levels, 0..255.
    """
    ground = rng.uniform(30, 110)
    scene = np.full((size, size), ground, np.float32)
    pitch = int(rng.integers(8, 40))
    wire = max(3, int(pitch * rng.uniform(0.3, 0.65)))
    metal = ground + rng.uniform(40, 130)
    filled = rng.uniform(0.5, 1.0)
    for y in range(int(rng.integers(pitch)), size, pitch):
        x = -int(rng.integers(200))
        while x < size:
            length = int(rng.integers(2 * pitch, 40 * pitch))
            if rng.random() < filled:
                scene[y : y + wire, max(0, x) : max(0, x + length)] = metal
            x += length + int(rng.integers(pitch // 2 + 1, 3 * pitch))
    if rng.random() < 0.7:  # jogs: short pieces from one track to the next
        for _ in range(int(rng.integers(3, size * size // 6000 + 4))):
            y, x = rng.integers(0, size, 2)
            scene[y : y + pitch + wire, x : x + wire] = metal
    via = ground + rng.uniform(60, 150)
    share = rng.choice([0.0, 0.15, 0.5, 0.9])
    radius = max(1, wire // 2 - 1)
    start_x = int(rng.integers(pitch))
    for y in range(wire // 2, size - wire, pitch):
        for x in range(start_x, size - wire, pitch):
            if rng.random() < share:
                scene[y - radius + 1 : y + radius, x - radius + 1 : x + radius] = via
    for _ in range(int(rng.integers(0, 4))):
        box = _random_box(size, 0.15, 0.6, rng)
        scene[box] = _lattice(scene[box].shape, rng)
    for _ in range(int(rng.integers(0, 3))):
        scene[_random_box(size, 0.1, 0.4, rng)] = ground + rng.uniform(-10, 10)
    if rng.random() < 0.5:
        scene = np.ascontiguousarray(scene.T)
    return _soften(scene, rng.uniform(0.7, 1.6))


def array_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a memory array nearly everywhere, with from none to a few irregularities."""
    scene = _lattice((size, size), rng)
    spots = int(rng.choice([0, 2, 8, 30]))
    level = float(scene.mean())
    for _ in range(spots):
        y, x = rng.integers(0, size, 2)
        height, width = rng.integers(3, 30, 2)
        scene[y : y + height, x : x + width] = level + rng.uniform(-80, 80)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 4))):
            box = _random_box(size, 0.05, 0.3, rng)
            scene[box] = chip_scene(size, rng)[box]
    return _soften(scene, rng.uniform(0.7, 1.6))


def lattice_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a memory array and nothing else: not one irregularity tells its cells apart."""
    return _soften(_lattice((size, size), rng), rng.uniform(0.7, 1.6))


def via_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw vias on a regular grid, some of them missing, on blank ground."""
    pitch, radius = int(rng.integers(12, 30)), rng.uniform(2.0, 4.5)
    ground, via = rng.uniform(40, 110), rng.uniform(140, 230)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    near = np.hypot((y % pitch) - pitch / 2, (x % pitch) - pitch / 2) < radius
    there = rng.random((size // pitch + 1, size // pitch + 1)) < rng.uniform(0.5, 0.98)
    shown = near & there[(y // pitch).astype(int), (x // pitch).astype(int)]
    return _soften(np.where(shown, via, ground).astype(np.float32), 1.0)


def sparse_array_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a memory array with few irregularities: one in each 15,000 px."""
    scene = lattice_scene(size, rng)
    for _ in range(max(1, size * size // 15_000)):
        y, x = rng.integers(0, size, 2)
        height, width = rng.integers(4, 20, 2)
        scene[y : y + height, x : x + width] = scene.mean() + rng.uniform(-80, 80)
    return _soften(scene, 0.7)


def texture_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw irregular texture at one to four scales, isotropic or drawn out along one axis."""
    scene = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        sigma = float(np.exp(rng.uniform(np.log(0.8), np.log(25))))
        aspect = float(np.exp(rng.normal(0, 0.3)))
        layer = ndimage.gaussian_filter(
            rng.standard_normal((size, size), dtype=np.float32), (sigma * aspect, sigma / aspect)
        )
        scene += rng.uniform(0.2, 1.0) * layer / layer.std()
    if rng.random() < 0.3:  # two phases with sharp borders
        scene = np.tanh(rng.uniform(1, 6) * scene / scene.std())
    return _to_grey(scene, rng)


def grain_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw grains: cells around random seeds, each of its own grey, borders darker or lighter."""
    n = int(rng.integers(20, 400))
    seeds = np.zeros((size, size), bool)
    seeds[tuple(rng.integers(0, size, (2, n)))] = True
    distance, nearest = ndimage.distance_transform_edt(~seeds, return_indices=True)
    greys = rng.uniform(60, 200, (size, size)).astype(np.float32)
    scene = greys[tuple(nearest)] * rng.uniform(0.0, 1.0)
    scene += rng.uniform(-3, 3) * distance.astype(np.float32)
    edge = ndimage.morphological_gradient(nearest[0] * size + nearest[1], 3) > 0
    scene[edge] += rng.uniform(-120, 120)
    return _to_grey(_soften(scene, rng.uniform(0.6, 2.0)), rng)


def speck_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw an almost blank field with a few small things on it."""
    ground = rng.uniform(40, 160)
    scene = np.full((size, size), ground, np.float32)
    for _ in range(int(rng.integers(2, 60))):
        y, x = rng.integers(0, size, 2)
        height, width = rng.integers(2, 25, 2)
        scene[y : y + height, x : x + width] = ground + rng.uniform(-100, 100)
    return _soften(scene, rng.uniform(0.7, 2.5))


class Pictures:
    """Real pictures as scenes: random pieces of them, turned, mirrored and zoomed.

    Parameters
    ----------
    folders : sequence of Path
        Searched for pictures, with all that lies below.
    bundled : float
        Share (0..1) of scenes from scikit-image's own pictures; 1 where the folders hold none.
    """

    def __init__(self, folders: tuple[Path, ...] = (), bundled: float = 0.25) -> None:
        self.bundled = bundled
        files = [p for folder in folders for p in folder.rglob("*")]
        self._files = sorted(p for p in files if p.suffix.lower() in PICTURE_FILES)

    def __len__(self) -> int:
        return len(self._files) + len(BUNDLED_PICTURES)

    def __call__(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Take a piece of a random picture."""
        if self._files and rng.random() < 1 - self.bundled:
            # By folder first, so that a folder of many frames does not drown the others.
            folders = sorted({p.parent for p in self._files})
            folder = folders[rng.integers(len(folders))]
            files = [p for p in self._files if p.parent == folder]
            picture = _read_grey(files[rng.integers(len(files))])
        else:
            picture = _bundled(BUNDLED_PICTURES[rng.integers(len(BUNDLED_PICTURES))])
        zoom = rng.choice([0.5, 0.7, 1.0, 1.0, 1.0, 1.4])
        need = round(size / zoom)
        missing = [(0, max(0, need - side)) for side in picture.shape]
        if any(after for _, after in missing):
            picture = np.pad(picture, missing, mode="reflect")
        y = int(rng.integers(0, picture.shape[0] - need + 1))
        x = int(rng.integers(0, picture.shape[1] - need + 1))
        piece = picture[y : y + need, x : x + need].astype(np.float32)
        if zoom != 1.0:
            if zoom < 1:
                piece = ndimage.gaussian_filter(piece, 0.4 / zoom)
            piece = ndimage.zoom(piece, size / need, order=1, grid_mode=True, mode="nearest")
        piece = np.rot90(piece, int(rng.integers(4)))
        if rng.random() < 0.5:
            piece = piece[::-1]
        # Real pictures bring their own noise, which both frames would share: soften it a little.
        piece = _soften(np.ascontiguousarray(piece), rng.uniform(0.6, 1.2))
        return piece[:size, :size]


DRAWN: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "chip": chip_scene,
    "array": array_scene,
    "texture": texture_scene,
    "grain": grain_scene,
    "speck": speck_scene,
}
"""The scenes that need nothing but a random generator, by name."""


def _lattice(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Fill an area with one random cell, again and again; now and then rows are staggered."""
    height, width = (int(n) for n in rng.integers(6, 60, 2))
    ground = rng.uniform(30, 120)
    cell = np.full((height, width), ground, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        y, x = int(rng.integers(height)), int(rng.integers(width))
        dy, dx = int(rng.integers(2, height + 1)), int(rng.integers(2, width + 1))
        cell[y : y + dy, x : x + dx] = ground + rng.uniform(20, 130)
    stagger = int(rng.integers(width)) if rng.random() < 0.2 else 0
    rows = [
        np.roll(np.tile(cell, (1, shape[1] // width + 2)), stagger * k, axis=1)[:, : shape[1]]
        for k in range(shape[0] // height + 1)
    ]
    return np.concatenate(rows)[: shape[0]]


def _random_box(
    size: int, low: float, high: float, rng: np.random.Generator
) -> tuple[slice, slice]:
    """A random rectangle whose sides are between two fractions of the scene's."""
    height, width = (int(size * f) for f in rng.uniform(low, high, 2))
    y, x = int(rng.integers(0, size - height)), int(rng.integers(0, size - width))
    return slice(y, y + height), slice(x, x + width)


def _soften(scene: np.ndarray, sigma: float) -> np.ndarray:
    """Blur as a beam of finite width does; without it, sub-pixel shifts would alias."""
    return ndimage.gaussian_filter(scene.astype(np.float32), sigma)


def _to_grey(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bring a scene to a random part of 0..255."""
    low, high = np.percentile(scene, [0.5, 99.5])
    scene = np.clip((scene - low) / max(high - low, 1e-6), -0.1, 1.1)
    dark = rng.uniform(5, 90)
    return (dark + scene * rng.uniform(50, 240 - dark)).astype(np.float32)


@lru_cache(maxsize=12)
def _read_grey(path: Path) -> np.ndarray:
    from ..frames import open_frame

    return _to_byte_range(open_frame(path).grey())


@lru_cache(maxsize=len(BUNDLED_PICTURES))
def _bundled(name: str) -> np.ndarray:
    from skimage import data

    return _to_byte_range(np.asarray(getattr(data, name)()))


def _to_byte_range(picture: np.ndarray) -> np.ndarray:
    """Bring any dtype to uint8: small enough to keep a dozen large pictures at hand."""
    if picture.dtype == np.uint8:
        return picture
    picture = picture.astype(np.float32)
    low, high = np.percentile(picture, [0.1, 99.9])
    return np.clip((picture - low) * (255 / max(float(high - low), 1e-6)), 0, 255).astype(np.uint8)
