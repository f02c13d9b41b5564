"""Layers of lines and of words over a grid: each made when it is first shown, then kept in step.

What the lines are is told by `_grid_marks.py`; when they are drawn, by `_grid_layers.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._layers import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari.layers
    from napari.components import ViewerModel

    from ._layers import Look

LEAST_DOT = 1e-3
"""px: napari draws no dot of no size."""
ABOVE_ALL = "preview"
"""What a layer is noted as that nothing may lie over: the seam that is looked at."""


class Overlay:
    """One layer of ours, which a person may hide, show, or take away at any time.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where the layer goes.
    name : str
        Of the layer, without the plugin's.
    """

    def __init__(self, viewer: ViewerModel, name: str) -> None:
        self._viewer = viewer
        self.name = f"{name} (SeamNet)"
        self.layer: napari.layers.Layer | None = None

    @property
    def is_there(self) -> bool:
        """Whether the layer is in the viewer."""
        return self.layer is not None and self.layer in self._viewer.layers

    @property
    def is_visible(self) -> bool:
        """Whether it is to be seen."""
        return self.is_there and self.layer is not None and self.layer.visible

    def hide(self) -> None:
        """Show nothing; the layer stays."""
        if self.is_visible and self.layer is not None:
            self.layer.visible = False

    def _show(self) -> None:
        if self.layer is not None and not self.layer.visible:  # napari draws at each setting
            self.layer.visible = True

    def remove(self) -> None:
        """Take the layer away."""
        if self.is_there:
            self._viewer.layers.remove(self.layer)
        self.layer = None

    def _added(self, layer: napari.layers.Layer, selection: tuple[set, object]) -> None:
        """Give the selection back, and go under the seam that is looked at."""
        self.layer = layer
        layers = self._viewer.layers
        top = [k for k, one in enumerate(layers) if one.metadata.get(OURS) == ABOVE_ALL]
        if top:
            layers.move(len(layers) - 1, top[0])
        selected, active = selection
        layers.selection = selected
        layers.selection.active = active

    def _selection(self) -> tuple[set, object]:
        selection = self._viewer.layers.selection
        return set(selection), selection.active

    def _common(self, look: Look) -> dict[str, object]:
        return {
            "name": self.name,
            "scale": look.scale,
            "units": look.units,
            "axis_labels": look.axis_labels,
            "metadata": {OURS: "lines"},
        }


class Lines(Overlay):
    """A layer of segments.

    Parameters
    ----------
    viewer, name
        As of `Overlay`.
    style : {"line", "arrow", "triangle"}
        As of napari's vectors.
    """

    def __init__(self, viewer: ViewerModel, name: str, style: str = "line") -> None:
        super().__init__(viewer, name)
        self._style = style
        self._shown: tuple[np.ndarray, np.ndarray | str, float] | None = None

    def show(
        self, segments: np.ndarray, colours: np.ndarray | str, width: float, look: Look
    ) -> None:
        """Show segments, (N, 2, 2) in px, in a colour each or one for all, `width` px wide."""
        layer = self.layer
        if layer is None or not self.is_there:
            selection = self._selection()
            layer = self._viewer.add_vectors(
                segments.copy(),
                edge_color=colours,
                edge_width=width,
                vector_style=self._style,
                ndim=2,
                **self._common(look),
            )
            self._added(layer, selection)
            self._shown = segments, colours, width
            return
        was = self._shown
        self._shown = segments, colours, width
        if tuple(layer.scale) != look.scale:
            layer.scale, layer.units = look.scale, look.units
        if was is None or not np.array_equal(was[0], segments):
            # What is drawn between two steps of one change is seen by nobody.
            with layer.events.set_data.blocker():
                layer.data = segments.copy()
        if was is None or len(was[0]) != len(segments) or not np.array_equal(was[1], colours):
            layer.edge_color = colours
        elif not np.array_equal(was[0], segments):
            layer.refresh(thumbnail=False)
        if was is None or was[2] != width:
            layer.edge_width = width
        self._show()


class Words(Overlay):
    """A layer of short texts, each at a place, whose size on the screen does not change."""

    def __init__(self, viewer: ViewerModel, name: str) -> None:
        super().__init__(viewer, name)
        self._shown: tuple[np.ndarray, tuple[str, ...]] | None = None

    def show(
        self,
        places: np.ndarray,
        texts: Sequence[str],
        look: Look,
        *,
        colour: str | np.ndarray = "white",
        dots: np.ndarray | float = 0.0,
        size: int = 9,
    ) -> None:
        """Show texts at their places.

        Parameters
        ----------
        places : (N, 2) array
            (y, x) in px.
        texts : sequence of str
            One a place; may be empty.
        look : Look
            Pixel size and units.
        colour : str or (N, 4) array
            Of the dots; the texts are yellow, which can be read on any picture.
        dots : float or (N,) array
            Diameter of a dot at each place, in px; 0 shows none.
        size : int
            Of the texts, in points.
        """
        layer, was = self.layer, self._shown
        new = self._shown = places, tuple(texts)
        if layer is not None and self.is_there and was is not None and len(was[0]) == len(places):
            # In place: to take a layer away costs napari a third of a second.
            if tuple(layer.scale) != look.scale:
                layer.scale, layer.units = look.scale, look.units
            if not np.array_equal(was[0], places):
                layer.data = places
            if was[1] != new[1]:
                layer.features = {"text": np.asarray(texts, dtype=object)}
                layer.refresh_text()
            sizes = np.maximum(np.broadcast_to(dots, len(places)), LEAST_DOT)
            if not np.array_equal(layer.size, sizes):
                layer.size = sizes
            self._show()
            return
        self.remove()
        selection = self._selection()
        layer = self._viewer.add_points(
            places,
            ndim=2,
            size=np.maximum(dots, LEAST_DOT),
            face_color=colour,
            border_color="transparent",
            opacity=0.9,
            features={"text": np.asarray(texts, dtype=object)},
            text={"string": "{text}", "size": size, "color": "#ffe14d", "anchor": "center"},
            **self._common(look),
        )
        self._added(layer, selection)
