"""What ``napari-seamnet demo`` shows: the mosaic, and beside it one pair to try the widget on.

The demo itself is computed in `demo.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from ..mosaic import Mosaic
    from ..sample_data import ChipGrid

GAP = 100
"""Pixels between the mosaic and the pair."""


def add_demo(viewer: ViewerModel, grid: ChipGrid, mosaic: Mosaic) -> None:
    """Add the mosaic, and right of it the grid's first two frames at their nominal positions.

    The two frames are left selected, so that the widget "Align pair" takes them.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where to add the layers.
    grid : ChipGrid
        The simulated frames.
    mosaic : Mosaic
        All of them, placed.
    """
    pyramid = mosaic.pyramid()
    viewer.add_image(
        pyramid if len(pyramid) > 1 else pyramid[0],
        multiscale=len(pyramid) > 1,
        name="mosaic",
        translate=mosaic.origin,
    )
    beside = mosaic.bounds.x + mosaic.bounds.width + GAP
    pair = [
        viewer.add_image(
            grid.frames[index].read(),
            name=name,
            translate=(grid.nominal[index][0], grid.nominal[index][1] + beside),
        )
        for index, name in ((0, "first"), (1, "second"))
    ]
    viewer.layers.selection = set(pair)


def show(grid: ChipGrid, mosaic: Mosaic) -> None:
    """Open napari on the demo, with the widget "Align pair" docked; return when it is closed."""
    viewer = napari.Viewer(title="SeamNet demo")
    add_demo(viewer, grid, mosaic)
    viewer.window.add_plugin_dock_widget("napari-seamnet", "Align pair")
    viewer.reset_view()
    napari.run()
