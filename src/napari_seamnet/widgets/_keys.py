"""Keys and mouse on the moving layer: bound while it is moved by hand, given back afterwards.

Keys are bound on the layer's instance, since napari asks it before its own bindings. What a key
does is decided in `pair.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._layers import pixel_size, position

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    import napari.layers


class Keys:
    """The keys of one layer at a time, on loan. Binding or letting go twice does no harm.

    Parameters
    ----------
    press : mapping of key to callable
        What each key does, called without arguments.
    hold : mapping of key to (callable, callable)
        What a key does when it is pressed and when it is released.
    drag : callable
        Called as ``drag(dy, dx)`` with the whole pixels moved since the mouse was pressed, and as
        ``drag(None, None)`` when it is released.
    """

    def __init__(
        self,
        press: Mapping[str, Callable[[], None]],
        hold: Mapping[str, tuple[Callable[[], None], Callable[[], None]]],
        drag: Callable[[int | None, int | None], None],
    ) -> None:
        self._press = dict(press)
        self._hold = dict(hold)
        self._drag = drag
        self._layer: napari.layers.Image | None = None
        self._replaced: dict[str, Callable | None] = {}
        self.drags = True

    @property
    def layer(self) -> napari.layers.Image | None:
        """The layer whose keys are bound."""
        return self._layer

    def bind(self, layer: napari.layers.Image) -> None:
        """Take this layer's keys and drag, and let go of the other's."""
        if layer is self._layer:
            return
        self.let_go()
        self._layer = layer
        for key, action in self._press.items():
            self._take(layer, key, _pressed(action))
        for key, (down, up) in self._hold.items():
            self._take(layer, key, _held(down, up))
        layer.mouse_drag_callbacks.append(self._on_drag)

    def let_go(self) -> None:
        """Give the layer's keys and drag back."""
        layer, self._layer = self._layer, None
        if layer is None:
            return
        for key, before in self._replaced.items():
            layer.bind_key(key, None)
            if before is not None:
                layer.bind_key(key, before)
        self._replaced.clear()
        if self._on_drag in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.remove(self._on_drag)

    def _take(self, layer: napari.layers.Image, key: str, action: Callable) -> None:
        self._replaced[key] = layer.bind_key(key, action, overwrite=True)

    def _on_drag(self, layer: napari.layers.Image, event: Any) -> Generator[None, None, None]:
        # Elsewhere, or with a modifier, the mouse does what it always does in napari: pan.
        if not self.drags or event.button != 1 or event.modifiers or not _is_on(layer, event):
            return
        size, start, pan = pixel_size(layer), event.position[-2:], layer.mouse_pan
        layer.mouse_pan = False
        try:
            yield
            while event.type == "mouse_move":
                here = event.position[-2:]
                moved = [round((here[axis] - start[axis]) / size[axis]) for axis in (0, 1)]
                self._drag(*moved)
                yield
        finally:
            layer.mouse_pan = pan
            self._drag(None, None)


def _pressed(action: Callable[[], None]) -> Callable[[object], None]:
    def pressed(layer: object) -> None:
        action()

    return pressed


def _held(down: Callable[[], None], up: Callable[[], None]) -> Callable[[object], Generator]:
    def held(layer: object) -> Generator[None, None, None]:
        down()
        yield
        up()

    return held


def _is_on(layer: napari.layers.Image, event: Any) -> bool:
    """Whether the mouse is on a layer's picture."""
    at, size = position(layer), pixel_size(layer)
    shape = layer.level_shapes[0] if layer.multiscale else layer.data.shape
    height, width = (shape[:-1] if layer.rgb else shape)[-2:]
    y, x = (event.position[-2:][axis] / size[axis] - at[axis] for axis in (0, 1))
    return -0.5 <= y < height - 0.5 and -0.5 <= x < width - 0.5
