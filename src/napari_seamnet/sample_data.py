"""A small simulated chip layer with known truth, made by code: nothing is downloaded.

The pictures come from the simulator in `learning/`; only the grid is laid out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .frames import Frame, as_frame
from .learning.exposure import BORDER, Conditions, expose
from .learning.scenes import chip_scene

NOISE = (14.0, 60.0)
"""Gaussian noise in grey levels and photons at white: a quick scan."""
CONDITIONS = Conditions(drift=0.25, defects=0.1)
SCENE_SEED = 3
"""This seed's layer has wires of about 10 px, vias and two memory arrays."""


@dataclass(frozen=True, eq=False)
class ChipGrid:
    """Frames of a simulated chip layer, where they should lie, and where they do.

    Parameters
    ----------
    frames : tuple of Frame
        Row by row.
    nominal, truth : tuple of (y, x)
        Positions of the frames, in whole px: what the stage believes, and what is so.
    rows, cols : int
        Size of the grid.
    overlap : int
        Nominal overlap of neighbours, in px.
    """

    frames: tuple[Frame, ...]
    nominal: tuple[tuple[int, int], ...]
    truth: tuple[tuple[int, int], ...]
    rows: int
    cols: int
    overlap: int


def chip_grid(
    rows: int = 4,
    cols: int = 4,
    size: int = 1000,
    overlap: int = 150,
    jitter: int = 10,
    seed: int = 0,
) -> ChipGrid:
    """Simulate a grid of frames of one chip layer, each with its own noise, drift and defects.

    Parameters
    ----------
    rows, cols : int
        Size of the grid.
    size : int
        Side of each frame, in px.
    overlap : int
        Nominal overlap of neighbours, in px.
    jitter : int
        Each frame lies up to this far from its nominal position, in px, on each axis; the first
        lies exactly on it.
    seed : int
        Decides jitter, noise and defects.

    Returns
    -------
    ChipGrid
        Truth in whole pixels.

    Raises
    ------
    ValueError
        If the overlap is not smaller than the frame.
    """
    if not 0 < overlap < size:
        raise ValueError(f"an overlap of {overlap} px does not fit frames of {size} px")
    rng = np.random.default_rng(seed)
    step = size - overlap
    margin = BORDER + jitter
    scene = _scene(step * max(rows, cols) + overlap + 2 * margin)
    frames, nominal, truth = [], [], []
    for row in range(rows):
        for col in range(cols):
            expected = (row * step, col * step)
            off = (0, 0) if row == col == 0 else rng.integers(-jitter, jitter + 1, 2)
            place = (expected[0] + int(off[0]), expected[1] + int(off[1]))
            at = (float(place[0] + margin), float(place[1] + margin))
            pixels = expose(scene, at, (size, size), rng, CONDITIONS, NOISE)
            frames.append(as_frame(pixels, name=f"chip_r{row}_c{col}"))
            nominal.append(expected)
            truth.append(place)
    return ChipGrid(tuple(frames), tuple(nominal), tuple(truth), rows, cols, overlap)


def chip_pair(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Simulate two frames side by side: 400 x 600 px, 150 px overlap, true shift (-3, 8).

    Parameters
    ----------
    seed : int
        Decides noise and defects.

    Returns
    -------
    first, second : (400, 600) uint8 array
        The second lies right of the first.
    """
    rng = np.random.default_rng(seed)
    scene = _scene(1300)
    y, x, shape = 100.0, 100.0, (400, 600)
    first = expose(scene, (y, x), shape, rng, CONDITIONS, NOISE)
    second = expose(scene, (y - 3, x + 450 + 8), shape, rng, CONDITIONS, NOISE)
    return first, second


@lru_cache(maxsize=2)
def _scene(size: int) -> np.ndarray:
    return chip_scene(size, np.random.default_rng(SCENE_SEED))


def chip_layer() -> list[tuple[np.ndarray, dict[str, object], str]]:
    """Give napari the 4 x 4 sample: a layer for each frame where the stage believes it to be.

    Returns
    -------
    list of (data, settings, type)
        Sixteen image layers named ``chip_r0_c0`` ... ``chip_r3_c3``, and a shapes layer that
        outlines the nominal layout.
    """
    grid = chip_grid()
    size = grid.frames[0].shape[0]
    layers: list[tuple[np.ndarray, dict[str, object], str]] = []
    for frame, (y, x) in zip(grid.frames, grid.nominal, strict=True):
        settings: dict[str, object] = {"name": frame.name, "translate": (y, x)}
        layers.append((frame.read(), settings, "image"))
    corners = np.array([[0, 0], [0, size], [size, size], [size, 0]])
    outlines = np.stack([corners + place for place in grid.nominal])
    layout: dict[str, object] = {
        "name": "nominal layout",
        "shape_type": "rectangle",
        "face_color": "transparent",
        "edge_color": "#f0a020",
        "edge_width": 6,
        "visible": False,
    }
    layers.append((outlines, layout, "shapes"))
    return layers
