"""The seam that is looked at, in the viewer: its composite over the mosaic, where it lies.

The picture is the one of *Align pair* (`_preview.py`); when it is shown, and where the frames are
held, is decided in `_grid_review.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from ._borrowed import Borrowed
from ._layers import Look
from ._preview import Preview

if TYPE_CHECKING:
    import napari.layers
    from napari.components import ViewerModel

    from ..layouts import Layout
    from ..seams.composite import View
    from ._grid_keys import GridKeys
    from ._state import PairState

PLAIN = Look((1.0, 1.0), ("pixel", "pixel"), ("y", "x"))
"""Of a layer of which no pixel size is known."""


def look_of(layout: Layout | None) -> Look:
    """What a layer of a grid looks like: its pixel size, where the layout knows it."""
    if layout is None or layout.pixel_size is None:
        return PLAIN
    return Look(layout.pixel_size, ("um", "um"), PLAIN.axis_labels)


class SeamView(QObject):
    """Shows one seam at a time; acts like a lamp that is switched on by `show`, off by `remove`.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where the layer goes.
    keys : GridKeys
        Bound on the layer as long as it is there.
    parent : QObject
        Its end is the view's.
    """

    def __init__(self, viewer: ViewerModel, keys: GridKeys, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._keys = keys
        self._preview = Preview(viewer, self)
        self._borrowed = Borrowed(viewer)
        self.said = self._preview.said
        """Why what was asked for cannot be shown."""

    @property
    def layer(self) -> napari.layers.Image | None:
        """The layer that shows the seam."""
        layer = self._preview.layer
        return layer if layer is not None and layer in self._viewer.layers else None

    @property
    def is_shown(self) -> bool:
        """Whether a seam is to be seen."""
        return self._preview.is_shown

    @property
    def is_on_top(self) -> bool:
        """Whether it is to be seen above everything else."""
        return self.is_shown and self._viewer.layers[-1] is self.layer

    @property
    def has_keys(self) -> bool:
        """Whether the layer is the active one, so that its keys work."""
        return self.layer is not None and self._viewer.layers.selection.active is self.layer

    def show(self, state: PairState, look: Look) -> bool:
        """Draw the seam where its frames are held now, over everything else.

        Parameters
        ----------
        state : PairState
            See `pair_state`.
        look : Look
            Pixel size and units of the mosaic's layer.

        Returns
        -------
        bool
            Whether the frames overlap there at all; if not, the last picture goes.
        """
        overlaps = self._preview.show(state, look)
        if overlaps:
            self._preview.to_top()
        self._keys.take(self.layer)
        return overlaps

    def take_keys(self) -> None:
        """Make the layer the active one: only that one gets keys."""
        if self.layer is not None:
            self._keys.take(self.layer)
            self._borrowed.select(self.layer)

    def similarity(self, state: PairState) -> tuple[float, float]:
        """D at the nominal place, and where the frames are held; NaN if apart."""
        return self._preview.similarity(state)

    def set_view(self, view: View) -> None:
        """Show composite, difference or checker from now on."""
        self._preview.view = view

    def blink(self, on: bool) -> None:
        """Show the first and the second frame in turns, or stop that."""
        self._preview.blink(on and self.is_shown)

    def remove(self) -> None:
        """Take the layer away; keys and selection go back to whom they belong to."""
        layer = self.layer
        self._keys.let_go()
        self._borrowed.give_back(layer)
        self._preview.remove()
