"""Where the camera looks: at the whole grid, or at a seam from near."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from ._layers import Look
    from ._state import Point

STRIP_PX = 320.0
"""Screen px that the overlap's narrow side gets; the rest shows what it belongs to."""
NEAR = (2.0, 8.0)
"""Screen px for each px: from fewer, single pixels cannot be judged; more show nothing more."""


def fly(viewer: ViewerModel, to: Point, narrow: float, look: Look) -> None:
    """Show a seam from near.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Whose camera.
    to : (y, x)
        In px of the grid.
    narrow : float
        Narrow side of the overlap, in px.
    look : Look
        Pixel size.
    """
    camera = viewer.scene.camera
    y, x = look.translate(to)
    camera.center = (*camera.center[:-2], y, x)
    camera.zoom = min(max(STRIP_PX / narrow, NEAR[0]), NEAR[1]) / look.scale[1]


def fit(viewer: ViewerModel, layer: Layer | None) -> None:
    """Show all of a layer."""
    if layer is not None:
        viewer.fit_to_view(layers=[layer])


def zoom_in_px(viewer: ViewerModel, look: Look) -> float:
    """How many screen px one px of the grid takes."""
    return max(1e-6, float(viewer.scene.camera.zoom) * look.scale[1])
