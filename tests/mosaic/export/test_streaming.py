"""Large mosaics in little memory, and what is left when a process ends in the middle."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc

import imageio.v3 as imageio
import numpy as np
import pytest

from napari_seamnet.frames import as_frame, cache, picture
from napari_seamnet.mosaic import Mosaic, Placement
from napari_seamnet.mosaic.export import export, ome_tiff, ome_zarr

SLOW_EXPORT = """
import signal, sys, time, numpy as np
signal.signal(signal.SIGINT, signal.default_int_handler)  # of a job in the background, ignored
from napari_seamnet.mosaic import Mosaic
from napari_seamnet.mosaic.export import export, ome_tiff, ome_zarr
ome_zarr.SHARD, ome_tiff.BAND_BYTES = 256, 2**19
class Slow:
    shape, dtype = (3000, 3000), np.dtype(np.uint8)
    def __getitem__(self, key):
        time.sleep(0.05)
        return np.broadcast_to(np.uint8(3), self.shape)[key]
def tell(done, total, what):
    if done: print("begun", flush=True)
try:
    export(Mosaic.start(Slow()), sys.argv[1], progress=tell)
except KeyboardInterrupt:
    sys.exit(130)
"""


class Plain:
    """A frame of one value that takes no memory."""

    shape, dtype = (2000, 2000), np.dtype(np.uint8)

    def __init__(self, value):
        self.value = value

    def __getitem__(self, key):
        return np.broadcast_to(np.uint8(self.value), self.shape)[key]


@pytest.mark.parametrize("name", ["m.ome.zarr", "m.ome.tif"])
def test_memory_depends_on_the_blocks_and_not_on_the_mosaic(tmp_path, monkeypatch, name):
    monkeypatch.setattr(ome_zarr, "SHARD", 1024)
    monkeypatch.setattr(ome_tiff, "BAND_BYTES", 4 * 2**20)
    frames = [as_frame(Plain(value)) for value in range(25)]
    mosaic = Mosaic(
        tuple(Placement(f, (1900 * (i // 5), 1900 * (i % 5))) for i, f in enumerate(frames))
    )
    export(Mosaic.start(frames[0]), tmp_path / f"warm {name}")
    tracemalloc.start()
    export(mosaic, tmp_path / name)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.prod(mosaic.shape) > 90e6
    assert most < 40e6


@pytest.mark.parametrize("name", ["m.ome.zarr", "m.ome.tif"])
def test_frames_that_can_only_be_decoded_whole_are_decoded_about_once(tmp_path, monkeypatch, name):
    monkeypatch.setattr(ome_zarr, "SHARD", 256)
    monkeypatch.setattr(ome_tiff, "BAND_BYTES", 2**18)
    # Room for two rows of the grid, as there is for 60 frames of 2000 px.
    monkeypatch.setattr(picture, "decoded", cache.DecodedCache(16 * 200 * 200))
    times, plain = [], picture.PictureSource._decode

    def counted(self):
        times.append(self.path)
        return plain(self)

    monkeypatch.setattr(picture.PictureSource, "_decode", counted)
    rng = np.random.default_rng(2)
    placements = []
    for row in range(8):
        for col in range(8):
            path = tmp_path / f"{row}{col}.png"
            imageio.imwrite(path, rng.integers(0, 255, (200, 200), np.uint8))
            placements.append(Placement(as_frame(path), (180 * row, 180 * col)))
    mosaic = Mosaic(tuple(placements))
    times.clear()
    export(mosaic, tmp_path / name)
    assert len(set(times)) == 64
    assert len(times) <= 1.3 * 64


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("name", ["m.ome.zarr", "m.ome.tif"])
@pytest.mark.parametrize("sent", ["SIGINT", "SIGKILL"])
def test_stopped_half_way_there_is_nothing_under_the_final_name(tmp_path, name, sent):
    path = tmp_path / name
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_EXPORT, path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "begun\n"
        start = time.perf_counter()
        process.send_signal(getattr(signal, sent))
        code = process.wait(timeout=10)
        took = time.perf_counter() - start
    assert not path.exists()
    if sent == "SIGINT":
        assert (code, os.listdir(tmp_path)) == (130, [])
        assert took < 3  # a second, and the interpreter's end, on a busy machine
