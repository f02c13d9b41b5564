"""The mosaic in the viewer: one layer, lazy, whatever the number of frames.

It shows what `mosaic/` draws, and is only ever replaced as a whole: the camera stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mosaic import Ownership
from ._layers import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    name : str
        Of the layer.
    on_top : bool, default True
        Whether it lies over all layers, as over the frames that it is made of, or under them.
    notes : mapping, optional
        What the layer's metadata tells besides.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        name: str = NAME,
        on_top: bool = True,
        notes: Mapping[str, object] | None = None,
    ) -> None:
        self._viewer = viewer
        self._name = name
        self._on_top = on_top
        self._notes = {OURS: "mosaic"} | dict(notes or {})
        self.layer: napari.layers.Image | None = None
        self._shown: tuple[Mosaic | None, Ownership] = None, Ownership.NEAREST_CENTRE
        self._look: Look | None = None

    @property
    def is_there(self) -> bool:
        """Whether the layer is in the viewer."""
        return self.layer is not None and self.layer in self._viewer.layers

    def show(
        self,
        mosaic: Mosaic | None,
        at: Point,
        like: napari.layers.Image | None,
        look: Look | None,
        ownership: Ownership = Ownership.NEAREST_CENTRE,
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
        ownership : Ownership
            Which frame is shown where several overlap.
        """
        if (mosaic, ownership) == self._shown and (mosaic is None or self.is_there):
            return
        self._shown = mosaic, ownership
        if mosaic is None:
            if self.is_there:
                self._viewer.layers.remove(self.layer)
            self.layer = None
            return
        self._look = look or self._look
        if self._look is None:
            return
        levels = mosaic.pyramid(ownership)
        y, x = mosaic.origin
        translate = self._look.translate((at[0] + y, at[1] + x))
        if self.layer is not None and self.is_there:
            self.layer.data = levels
            self.layer.scale = self._look.scale
            self.layer.translate = translate
            layers = self._viewer.layers
            if self._on_top and layers[-1] is not self.layer:
                layers.move(layers.index(self.layer), len(layers))
            return
        selection = self._viewer.layers.selection
        selected, active = set(selection), selection.active
        colours = {} if like is None or mosaic.channels else _contrast(like)
        self.layer = self._viewer.add_image(
            levels,
            multiscale=True,
            rgb=bool(mosaic.channels),
            name=self._name,
            scale=self._look.scale,
            units=self._look.units,
            axis_labels=self._look.axis_labels,
            translate=translate,
            metadata=dict(self._notes),
            **colours,
        )
        if not self._on_top:
            self._viewer.layers.move(len(self._viewer.layers) - 1, 0)
        self._viewer.layers.selection = selected
        self._viewer.layers.selection.active = active


def _contrast(like: napari.layers.Image) -> dict[str, object]:
    return {
        "contrast_limits": list(like.contrast_limits),
        "gamma": like.gamma,
        "colormap": like.colormap,
    }
