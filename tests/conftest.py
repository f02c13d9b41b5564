"""Fixtures for all tests."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.exposure import BORDER, Conditions, expose
from napari_seamnet.learning.hand import Decided, HandAlignment
from napari_seamnet.learning.scenes import chip_scene, lattice_scene

REAL_FRAMES = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_frames() -> Path:
    """Folder of the real frames, which lie beside the repository and never in it."""
    if not REAL_FRAMES.is_dir():
        pytest.skip("the real frames (../shared/data beside the repository) are not here")
    return REAL_FRAMES


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    """Keep a person's own weights out of the tests, and the tests out of their folder."""
    monkeypatch.setenv("NAPARI_SEAMNET_DATA", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def looks(monkeypatch):
    """Shapes of the crops that the network was shown."""
    from napari_seamnet.nets.seamnet import SeamNet

    seen = []
    encode = SeamNet.encode

    def noted(network, shown):
        seen.append(tuple(shown.shape))
        return encode(network, shown)

    monkeypatch.setattr(SeamNet, "encode", noted)
    return seen


@pytest.fixture(scope="session")
def hand_pairs():
    """``hand_pairs(folder, n, pitch=, width=)``: hand-aligned pairs that share 60 px.

    Frames of 150 x 130 px from one picture of so many px, a `pitch` apart, written into `folder`.
    """

    def make(folder: Path, n: int, pitch: int, width: int) -> list[HandAlignment]:
        rng = np.random.default_rng(5)
        rough = ndimage.gaussian_filter(rng.standard_normal((200, width)), 1.5)
        picture = (255 * (rough - rough.min()) / np.ptp(rough)).astype(np.uint8)
        made = []
        for k in range(n):
            left, dy = pitch * k + 10, 2 * k - 3
            first, second = (folder / f"{k}{side}.tif" for side in "ab")
            tifffile.imwrite(first, picture[10:160, left : left + 130])
            tifffile.imwrite(second, picture[10 + dy : 160 + dy, left + 70 : left + 200])
            frames = open_frame(first), open_frame(second)
            made.append(HandAlignment.make(*frames, Offset(0, 72), Shift(dy, -2), Decided.HAND))
        return made

    return make


@dataclass(frozen=True)
class Run:
    """A simulated acquisition on the disk, and where its frames truly lie.

    Parameters
    ----------
    folder : Path
        With ``tile_r0_c0.tif`` ...
    truth : dict of str to (y, x)
        By the names of the files, in whole px.
    """

    folder: Path
    truth: dict[str, tuple[int, int]]


@pytest.fixture
def run_17(tmp_path) -> Run:
    """The folder that the grid's tutorial speaks of: 5 x 5 frames of a chip, overlap 60 px.

    One is missing, one was taken in a hurry, and one shows a memory array and nothing else.
    """
    rng = np.random.default_rng(5)
    size, overlap, jitter, n = 240, 60, 4, 5
    step, margin = size - overlap, BORDER + jitter
    side = step * n + overlap + 2 * margin
    scene = chip_scene(side, np.random.default_rng(8))
    corner = step * (n - 1) + margin - 10
    scene[corner:, corner:] = lattice_scene(side, np.random.default_rng(3))[corner:, corner:]
    folder, truth = tmp_path / "run_17", {}
    folder.mkdir()
    for row in range(n):
        for col in range(n):
            off = rng.integers(-jitter, jitter + 1, 2)
            place = row * step + int(off[0]), col * step + int(off[1])
            at = float(place[0] + margin), float(place[1] + margin)
            noise = (80.0, 5.0) if (row, col) == (0, 4) else (6.0, 200.0)
            conditions = Conditions(distortion=0.5, drift=0.2, defects=0.0)
            pixels = expose(scene, at, (size, size), rng, conditions, noise)
            if (row, col) != (1, 2):
                truth[f"tile_r{row}_c{col}.tif"] = place
                tifffile.imwrite(folder / f"tile_r{row}_c{col}.tif", pixels)
    return Run(folder, truth)
