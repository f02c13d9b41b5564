import numpy as np
import pytest
from napari.components import ViewerModel

from napari_seamnet.mosaic import Mosaic
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.widgets.open_demo import add_demo


@pytest.fixture(scope="module")
def grid():
    return chip_grid(rows=1, cols=2, size=300, overlap=60, jitter=5, seed=3)


def test_the_mosaic_lies_where_it_belongs_and_the_pair_is_selected_beside_it(grid):
    mosaic = Mosaic.start(grid.frames[0]).place(grid.frames[1], (-4, 243))
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
