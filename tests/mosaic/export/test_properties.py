"""Read back from disk, every pixel of every layout is its owner's pixel, or the fill.

Of lazy arrays `test_render.py` says the same. The reference speaks frame by frame, with masks of
whole pictures and nothing clever.
"""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.mosaic import Mosaic, Ownership, Placement
from napari_seamnet.mosaic.export import export

FILL = 3
DTYPES = ("uint8", "uint16", "int16", "uint32", "float32")

pytestmark = pytest.mark.usefixtures("small_pieces")


@st.composite
def some_mosaic(draw):
    """Frames of several sizes anywhere, their pixels random and never the fill."""
    channels = draw(st.sampled_from([(), (), (3,), (4,)]))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    placements = []
    for index in range(draw(st.integers(1, 6))):
        shape = (draw(st.integers(1, 50)), draw(st.integers(1, 50)), *channels)
        pixels = rng.integers(FILL + 1, 127 if dtype.itemsize == 1 else 32000, shape)
        pixels = pixels.astype(dtype)
        position = draw(st.integers(-60, 60)), draw(st.integers(-60, 60))
        placements.append(Placement(as_frame(pixels, f"frame {index}"), position))
    return Mosaic(tuple(placements))


def reference(mosaic, ownership):
    """The picture and the owners, from their definition."""
    top, left = mosaic.origin
    height, width = mosaic.bounds.shape
    ys, xs = np.mgrid[top : top + height, left : left + width]
    rank = []  # who has the least shows
    for index, placement in enumerate(mosaic.placements):
        (y, x), (h, w) = placement.position, placement.frame.shape
        inside = (ys >= y) & (ys < y + h) & (xs >= x) & (xs < x + w)
        far = (2 * ys - (2 * y + h - 1)) ** 2 + (2 * xs - (2 * x + w - 1)) ** 2
        order = {"first": index, "last": -index, "nearest centre": far}[str(ownership)]
        rank.append(np.where(inside, order, np.iinfo(np.int64).max))
    owner = np.argmin(rank, axis=0)  # equally far: the earliest
    owner[np.min(rank, axis=0) == np.iinfo(np.int64).max] = -1
    picture = np.full(mosaic.shape, FILL, mosaic.dtype)
    for index, placement in enumerate(mosaic.placements):
        y, x = np.nonzero(owner == index)
        own_y, own_x = placement.position
        picture[y, x] = placement.frame.read()[y + top - own_y, x + left - own_x]
    return picture, owner


def check(levels, expected):
    for k, level in enumerate(levels):
        np.testing.assert_array_equal(level, expected[:: 2**k, :: 2**k])


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(some_mosaic(), st.sampled_from(Ownership))
def test_of_an_ome_zarr(mosaic, ownership):
    picture, owner = reference(mosaic, ownership)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.ome.zarr"
        export(mosaic, path, ownership=ownership, fill=FILL, provenance=True)
        group = zarr.open_group(path, mode="r")
        n = len(group.attrs["ome"]["multiscales"][0]["datasets"])
        levels = [np.asarray(group[str(k)][...]) for k in range(n)]
        labels = [np.asarray(group[f"labels/provenance/{k}"][...]) for k in range(n)]
        names = group["labels/provenance"].attrs["ome"]["image-label"]["properties"]
    assert levels[0].dtype == mosaic.dtype
    check([np.moveaxis(one, 0, -1) if one.ndim == 3 else one for one in levels], picture)
    check([one.astype(int) - 1 for one in labels], owner)
    for row in names:
        assert row["frame"] == f"frame {row['label-value'] - 1}"


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(some_mosaic(), st.sampled_from(Ownership), st.sampled_from([None, "zlib"]))
def test_of_an_ome_tiff(mosaic, ownership, compression):
    picture, owner = reference(mosaic, ownership)
    with tempfile.TemporaryDirectory() as folder:
        path, beside, _ = export(
            mosaic,
            Path(folder) / "m.ome.tif",
            ownership=ownership,
            fill=FILL,
            compression=compression,
            provenance=True,
        )
        with tifffile.TiffFile(path) as file, tifffile.TiffFile(beside) as labels:
            # Levels of a row of one pixel come back without it.
            check([one.asarray(squeeze=False).reshape(one.keyframe.shape)
                   for one in file.series[0].levels], picture)  # fmt: skip
            check([one.asarray().reshape(one.keyframe.shape).astype(int) - 1
                   for one in labels.series[0].levels], owner)  # fmt: skip
    assert picture.dtype == mosaic.dtype
