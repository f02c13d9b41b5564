"""Folders of small frames whose pixels all differ."""

import numpy as np
import pytest
import tifffile


def numbered(height, width, begin=0):
    """Every pixel has its own value, so any mix-up shows."""
    return (np.arange(height * width, dtype=np.uint32) + begin).reshape(height, width)


@pytest.fixture
def make_frames(tmp_path):
    """Write frames of these names; frame k begins with the value 10_000 k."""

    def make(names, shape=(20, 30), folder=tmp_path):
        for k, name in enumerate(names):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(folder / name, numbered(*shape, 10_000 * k))
        return folder

    return make
