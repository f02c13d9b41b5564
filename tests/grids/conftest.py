"""Small simulated grids: as arrays, and as PNG files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.grids.packing import LEAST_LOG
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.sample_data import ChipGrid, chip_grid
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Estimate, Status

GRID = {"rows": 3, "cols": 4, "size": 160, "overlap": 50, "jitter": 4}


@dataclass
class Known:
    """A layout, its seams, and where the frames truly lie."""

    layout: Layout
    seams: tuple
    grid: ChipGrid

    def truth(self, index):
        """The true shift of a seam."""
        seam = self.seams[index]
        step = np.subtract(self.grid.truth[seam.second], self.grid.truth[seam.first])
        return Shift(float(step[0] - seam.nominal.dy), float(step[1] - seam.nominal.dx))


def laid_out(frames, grid):
    places = [divmod(index, grid.cols) for index in range(len(frames))]
    sites = (
        Site(frame, at, row, col)
        for frame, at, (row, col) in zip(frames, grid.nominal, places, strict=True)
    )
    layout = Layout(tuple(sites))
    return Known(layout, find_seams(layout), grid)


def write_frames(grid, folder: Path):
    paths = []
    for frame in grid.frames:
        paths.append(folder / f"{frame.name}.png")
        Image.fromarray(frame.read()).save(paths[-1], compress_level=1)
    return paths


@pytest.fixture(scope="session")
def known():
    """A simulated grid of 3 x 4 frames in memory."""
    grid = chip_grid(**GRID)
    return laid_out(grid.frames, grid)


@pytest.fixture
def files(tmp_path, known):
    """The same as PNG files, in a folder of the test's own."""
    folder = tmp_path / "frames"
    folder.mkdir()
    return laid_out([open_frame(p) for p in write_frames(known.grid, folder)], known.grid)


class Counting:
    """A method that counts its seams, and can be told what to do at each."""

    name = "counting"
    wants_margin = False

    def __init__(self, size=1, at_each=None):
        self.size = size
        self._at_each = at_each
        self._seen = []

    @property
    def n(self):
        return len(self._seen)

    def estimate(self, overlap, *, max_shift=15, progress=None):
        self._seen.append(overlap)
        if self._at_each is not None:
            self._at_each(len(self._seen), progress)
        mean = float(overlap.first.mean() - overlap.second.mean())
        return Estimate(Shift(mean / 100, 0.25), Status.DOUBTFUL, 0.5, method=self.name)


@pytest.fixture
def counting():
    return Counting


def same(one, other):
    """Whether two estimates say the same."""
    alike = (
        one.shift == other.shift
        and one.status == other.status
        and one.confidence == other.confidence
        and one.alternatives == other.alternatives
        and one.reason == other.reason
        and one.method == other.method
    )
    if one.map is None or other.map is None:
        return alike and one.map is other.map
    # A journal keeps what is near the best value, in half precision.
    maps = [np.maximum(e.map.values - np.nanmax(e.map.values), LEAST_LOG) for e in (one, other)]
    return alike and np.allclose(*maps, rtol=1e-3, equal_nan=True)


@pytest.fixture
def agree():
    """Whether two sequences of estimates say the same."""

    def check(first, second):
        return len(first) == len(second) and all(map(same, first, second))

    return check
