"""Hear of what others do to the pair's layers: moves, new pixels, removal.

Only listening is here; what follows from it is decided in `pair.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

PLACE_EVENTS = ("translate", "scale", "affine", "rotate", "shear", "units")
FRAME_MS = 20
"""Least time between two reports of a move: 50 a second look live, more only burn power."""


class LayerWatch(QObject):
    """Watches the layers of one pair at a time.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Whose layers.
    parent : QObject
        Its end is the end of the watch's timer; call `stop` for the rest.
    """

    moved = Signal()
    """One of the layers lies elsewhere; at most once in `FRAME_MS`."""
    replaced = Signal()
    """One of the layers has other pixels."""
    removed = Signal(object)
    """A layer, of the pair or not, has gone from the viewer."""
    added = Signal()
    """Layers have come; once for all that come together, such as a sample's."""
    activated = Signal()
    """Another layer is the active one."""

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layers: list[Image] = []
        self._data: list[object] = []
        self.is_deaf = False
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.moved)
        self._added_timer = QTimer(self)
        self._added_timer.setInterval(0)
        self._added_timer.setSingleShot(True)
        self._added_timer.timeout.connect(self.added)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.selection.events.active.connect(self._on_active)

    @property
    def layers(self) -> list[Image]:
        """The layers that are watched."""
        return list(self._layers)

    def watch(self, layers: tuple[Image, ...]) -> None:
        """Watch these layers, and no other."""
        wanted = list(layers)
        self._data = [layer.data for layer in wanted]
        if wanted == self._layers:
            return
        for layer in self._layers:
            for name in PLACE_EVENTS:
                getattr(layer.events, name).disconnect(self._on_moved)
            layer.events.data.disconnect(self._on_data)
        for layer in wanted:
            for name in PLACE_EVENTS:
                getattr(layer.events, name).connect(self._on_moved)
            layer.events.data.connect(self._on_data)
        self._layers = wanted

    def stop(self) -> None:
        """Hear nothing any more; needs no more than the Python half of this object."""
        self.watch(())
        self._added_timer.stop()
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.layers.selection.events.active.disconnect(self._on_active)

    def _on_moved(self, event: object = None) -> None:
        if not self.is_deaf and not self._timer.isActive():
            self._timer.start()

    def _on_data(self, event: object = None) -> None:
        layers = zip(self._layers, self._data, strict=True)
        if any(layer.data is not data for layer, data in layers):
            self.replaced.emit()

    def _on_inserted(self, event: object = None) -> None:
        self._added_timer.start()

    def _on_removed(self, event: Any) -> None:
        layer: Layer = event.value
        self.removed.emit(layer)

    def _on_active(self, event: object = None) -> None:
        self.activated.emit()
