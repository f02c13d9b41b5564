"""Small numbers, so that small mosaics have many blocks, bands, shards and levels."""

import numpy as np
import pytest

from napari_seamnet.mosaic import Mosaic
from napari_seamnet.mosaic.export import drawing, ome_tiff, ome_zarr, picture


@pytest.fixture
def small_pieces(monkeypatch):
    """Shards of 64 px, chunks of 16, tiles of 16, bands of a few rows, levels down to 8 px."""
    monkeypatch.setattr(ome_zarr, "SHARD", 64)
    monkeypatch.setattr(ome_tiff, "TILE", 16)
    monkeypatch.setattr(ome_tiff, "BAND_BYTES", 5000)
    monkeypatch.setattr(ome_tiff, "COLUMN", 48)
    monkeypatch.setattr(ome_tiff, "TILES_A_LOOK", 2)
    monkeypatch.setattr(drawing, "PART_ROWS", 13)
    monkeypatch.setattr(picture, "SMALLEST", 8)


@pytest.fixture(scope="session")
def mosaic():
    """Make three frames in an angle, all pixels random, with empty corners."""

    def make(dtype=np.uint16, channels=(), size=(90, 110)):
        rng = np.random.default_rng(11)
        pixels = rng.integers(0, 2**16, (3, *size, *channels))
        if np.dtype(dtype).kind == "f":
            pixels = pixels / 7
        else:
            pixels %= min(np.iinfo(dtype).max, 2**40)
        pixels = pixels.astype(dtype)
        return (
            Mosaic.start(pixels[0])
            .place(pixels[1], (-7, size[1] - 20))
            .place(pixels[2], (size[0] - 15, 3))
        )

    return make
