import numpy as np
import pytest

from napari_seamnet.geometry import Box
from napari_seamnet.sample_data import chip_grid, chip_layer, chip_pair


@pytest.fixture(scope="module")
def grid():
    return chip_grid(rows=2, cols=3, size=240, overlap=90, jitter=6, seed=1)


def test_neighbours_show_the_same_where_the_truth_says_they_overlap(grid):
    for k, j in ((0, 1), (1, 2), (0, 3), (2, 5)):
        boxes = [Box.of_shape((240, 240), grid.truth[i]) for i in (k, j)]
        shared = boxes[0].meet(boxes[1])
        crops = [
            grid.frames[i].grey(shared.moved(-grid.truth[i][0], -grid.truth[i][1])).astype(float)
            for i in (k, j)
        ]
        assert np.corrcoef(crops[0].ravel(), crops[1].ravel())[0, 1] > 0.3


def test_frames_lie_within_the_jitter_of_the_layout_and_the_first_on_it(grid):
    off = np.array(grid.truth) - np.array(grid.nominal)
    assert tuple(off[0]) == (0, 0)
    assert np.abs(off).max() <= 6
    assert np.abs(off[1:]).sum() > 0
    assert grid.nominal[4] == (150, 150)
    assert len(grid.frames) == grid.rows * grid.cols


def test_the_same_seed_gives_the_same_frames():
    one, other = (chip_grid(1, 2, 120, 60, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.frames[1].read(), other.frames[1].read())
    assert one.truth == other.truth


def test_the_pair_has_the_shift_that_its_docstring_says():
    first, second = chip_pair()
    a, b = first[0:397, 458:600], second[3:400, 0:142]
    here = np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]
    c, d = first[:, 450:600], second[:, 0:150]
    nominal = np.corrcoef(c.ravel().astype(float), d.ravel().astype(float))[0, 1]
    assert here > 0.7 > nominal


def test_an_overlap_as_wide_as_the_frame_is_refused():
    with pytest.raises(ValueError, match="240 px does not fit frames of 240 px"):
        chip_grid(size=240, overlap=240)


@pytest.mark.slow
def test_napari_gets_sixteen_frames_of_1000_px_and_their_layout():
    layers = chip_layer()
    images = [layer for layer in layers if layer[2] == "image"]
    assert len(images) == 16
    assert all(data.shape == (1000, 1000) for data, _, _ in images)
    assert images[5][1] == {"name": "chip_r1_c1", "translate": (850, 850)}
    assert layers[-1][2] == "shapes"
    assert len(layers[-1][0]) == 16
