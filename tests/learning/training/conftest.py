"""Small sets of tiles and strips with known shifts."""

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.frames import as_frame
from napari_seamnet.learning.tile_cut import Strips
from napari_seamnet.learning.tile_files import Tiles


class Held:
    """Pixels of tiles in memory."""

    def __init__(self, pixels):
        self.all = pixels

    def read(self, rows):
        return self.all[rows]


@pytest.fixture(scope="session")
def picture():
    rng = np.random.default_rng(11)
    rough = ndimage.gaussian_filter(rng.standard_normal((260, 320)), 1.2)
    return (255 * (rough - rough.min()) / np.ptp(rough)).astype(np.uint8)


@pytest.fixture(scope="session")
def make_tiles(picture):
    """Make n tiles of one picture, shifts within ±reach, the last quarter for validation."""

    def make(n=48, size=24, reach=2, seed=0):
        rng = np.random.default_rng(seed)
        shifts = rng.integers(-reach, reach + 1, (n, 2)).astype(np.int16)
        pixels = np.empty((n, 2, size, size), np.uint8)
        for k, (dy, dx) in enumerate(shifts):
            y, x = rng.integers(reach, 200, 2)
            # first[y + dy, x + dx] shows what second[y, x] shows.
            pixels[k, 0] = picture[y : y + size, x : x + size]
            pixels[k, 1] = picture[y + dy : y + dy + size, x + dx : x + dx + size]
        pairs = np.arange(n, dtype=np.int32) // 4
        splits = np.arange(n) >= n - n // 4
        return Tiles(shifts, pairs, splits, size, Held(pixels), np.arange(n))

    return make


@pytest.fixture(scope="session")
def strips(picture):
    """A pair of 120 x 90 px frames side by side, true offset (3, 60)."""
    first, second = picture[20:140, 30:120], picture[23:143, 90:180]
    return Strips.read(as_frame(first), as_frame(second), (3, 60), 6)
