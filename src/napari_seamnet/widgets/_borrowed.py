"""What the widget borrows from the viewer while it is open, and gives back when it is not.

Canvas colour and selection are here; keys and mouse are lent by the moving layer, in `_keys.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari.layers
    from napari.components import ViewerModel


class Borrowed:
    """A black canvas and the selection, on loan. Taking or giving back twice does no harm.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        The lender.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._background: object = None
        self._is_black = False
        self._selection: tuple[set, napari.layers.Layer | None] | None = None

    def black_canvas(self, wanted: bool) -> None:
        """Make the canvas black, whatever the theme, or give its colour back."""
        if wanted == self._is_black:
            return
        canvas = self._viewer.canvas
        if wanted:
            self._background = canvas.background_color_override
            canvas.background_color_override = "black"
        else:
            canvas.background_color_override = self._background
        self._is_black = wanted

    def select(self, layer: napari.layers.Layer) -> None:
        """Make one layer the active one: only that one gets keys."""
        selection = self._viewer.layers.selection
        if self._selection is None:
            self._selection = set(selection), selection.active
        selection.active = layer

    def give_back(self, moving: napari.layers.Layer | None) -> None:
        """Give everything back; the selection only if nobody has chosen another one meanwhile.

        Parameters
        ----------
        moving : napari.layers.Layer or None
            The layer that was selected last by `select`.
        """
        self.black_canvas(False)
        if self._selection is None:
            return
        layers = self._viewer.layers
        selected, active = self._selection
        self._selection = None
        if layers.selection.active in (moving, None):
            layers.selection = {layer for layer in selected if layer in layers}
            layers.selection.active = active if active in layers else None
