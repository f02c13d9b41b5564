import numpy as np
import pytest
from napari.components import ViewerModel

from napari_seamnet.demo import place
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.widgets.open_demo import add_demo


class Seam:
    """As a `FoundSeam`, with a known answer."""

    def __init__(self, first, second, nominal, shift):
        self.first, self.second, self.nominal = first, second, nominal
        self.estimate = Estimate(shift, Status.CERTAIN, 1.0)


@pytest.fixture(scope="module")
def grid():
    return chip_grid(rows=1, cols=2, size=300, overlap=60, jitter=5, seed=3)


def test_the_mosaic_lies_where_it_belongs_and_the_pair_is_selected_beside_it(grid):
    mosaic = place(grid, [Seam(0, 1, Offset(0, 240), Shift(-4, 3))])
    viewer = ViewerModel()
    add_demo(viewer, grid, mosaic)
    names = [layer.name for layer in viewer.layers]
    assert names == ["mosaic", "first", "second"]
    np.testing.assert_array_equal(viewer.layers["mosaic"].translate, (-4, 0))
    assert viewer.layers["mosaic"].multiscale
    np.testing.assert_array_equal(viewer.layers["mosaic"].data[0], mosaic.array())
    first, second = viewer.layers["first"], viewer.layers["second"]
    np.testing.assert_array_equal(second.translate - first.translate, (0, 240))
    assert first.translate[1] >= mosaic.bounds.x + mosaic.bounds.width
    np.testing.assert_array_equal(second.data, grid.frames[1].read())
    assert set(viewer.layers.selection) == {first, second}
