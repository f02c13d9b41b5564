"""The mosaic in the viewer: one layer, lazy, whatever the number of frames.

It shows what `mosaic/` draws, and is only ever replaced as a whole: the camera stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._layers import OURS

if TYPE_CHECKING:
    import napari.layers
    from napari.components import ViewerModel

    from ..mosaic import Mosaic
    from ._layers import Look
    from ._state import Point

NAME = "mosaic (SeamNet)"


class MosaicLayer:
    """Shows one mosaic, or none.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where the layer goes.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self.layer: napari.layers.Image | None = None
        self._shown: Mosaic | None = None
        self._look: Look | None = None

    @property
    def is_there(self) -> bool:
        """Whether the layer is in the viewer."""
        return self.layer is not None and self.layer in self._viewer.layers

    def show(
        self, mosaic: Mosaic | None, at: Point, like: napari.layers.Image | None, look: Look | None
    ) -> None:
        """Show a mosaic instead of what was shown before.

        Parameters
        ----------
        mosaic : Mosaic or None
            None takes the layer away.
        at : (y, x)
            Where the mosaic's position (0, 0) lies, in px.
        like : Image layer or None
            A frame's layer, whose contrast and colours a new mosaic takes over.
        look : Look or None
            Pixel size, units and labels of that layer; what is known from before, if None.
        """
        if mosaic is self._shown and (mosaic is None or self.is_there):
            return
        self._shown = mosaic
        if mosaic is None:
            if self.is_there:
                self._viewer.layers.remove(self.layer)
            self.layer = None
            return
        self._look = look or self._look
        if self._look is None:
            return
        levels = mosaic.pyramid()
        y, x = mosaic.origin
        translate = self._look.translate((at[0] + y, at[1] + x))
        if self.layer is not None and self.is_there:
            self.layer.data = levels
            self.layer.scale = self._look.scale
            self.layer.translate = translate
            layers = self._viewer.layers
            if layers[-1] is not self.layer:  # over the frames that it is made of
                layers.move(layers.index(self.layer), len(layers))
            return
        selection = self._viewer.layers.selection
        selected, active = set(selection), selection.active
        colours = {} if like is None or mosaic.channels else _contrast(like)
        self.layer = self._viewer.add_image(
            levels,
            multiscale=True,
            rgb=bool(mosaic.channels),
            name=NAME,
            scale=self._look.scale,
            units=self._look.units,
            axis_labels=self._look.axis_labels,
            translate=translate,
            metadata={OURS: "mosaic"},
            **colours,
        )
        self._viewer.layers.selection = selected
        self._viewer.layers.selection.active = active


def _contrast(like: napari.layers.Image) -> dict[str, object]:
    return {
        "contrast_limits": list(like.contrast_limits),
        "gamma": like.gamma,
        "colormap": like.colormap,
    }
