"""The mouse over a grid: names under it, clicks on frames and bars, dragging a frame.

What a click leads to is decided by whoever listens; where things are is asked of `GridLayers`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari.components import ViewerModel

    from ._state import Point

STILL = 4.0
"""Screen px: a press and a release no farther apart are a click."""
REACH = 9.0
"""Screen px: so near to a bar a click means the bar."""
EVERY_S = 0.03
"""Between two looks at what is under the mouse."""


class GridMouse(QObject):
    """Listens to the viewer's mouse, from `listen` to `stop`, any number of times.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Whose mouse; its text overlay is borrowed for names.
    to_px : callable
        Makes px of the grid from a position in the world, (y, x).
    zoom : callable
        Tells how many screen px one px of the grid takes.
    bar_at, frame_at, words_at : callable
        Tell which seam's bar, which frame, and what in words is at a place, (y, x) in px;
        `bar_at` also takes how near, in px.
    movable : callable
        Tells which frame can be dragged (with Shift), if any.
    parent : QObject
        Its end does not stop it; call `stop`.
    """

    seam_clicked = Signal(int)
    frame_clicked = Signal(object)
    """Index of the frame, or None beside all of them."""
    dragged = Signal(int, int)
    """The movable frame was dragged to so many px from where it was when the button went down."""

    def __init__(
        self,
        viewer: ViewerModel,
        to_px: Callable[[Point], Point],
        zoom: Callable[[], float],
        bar_at: Callable[[Point, float], int | None],
        frame_at: Callable[[Point], int | None],
        words_at: Callable[[Point, float], str],
        movable: Callable[[], int | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._to_px, self._zoom = to_px, zoom
        self._bar_at, self._frame_at, self._words_at = bar_at, frame_at, words_at
        self._movable = movable
        self._overlay: tuple[bool, str, Any] | None = None
        self._last = 0.0
        self.names = True

    def listen(self) -> None:
        """Hear the mouse."""
        if self._on_press not in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.append(self._on_press)
            self._viewer.mouse_move_callbacks.append(self._on_move)

    def stop(self) -> None:
        """Hear nothing any more, and give the overlay back."""
        if self._on_press in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_press)
            self._viewer.mouse_move_callbacks.remove(self._on_move)
        self.show_words("")

    def show_words(self, words: str) -> None:
        """Show words in a corner of the canvas; none give the overlay back as it was."""
        overlay = self._viewer.canvas.overlays.text
        if not words:
            if self._overlay is not None:
                overlay.visible, overlay.text, overlay.position = self._overlay
                self._overlay = None
            return
        if self._overlay is None:
            self._overlay = overlay.visible, overlay.text, overlay.position
            overlay.position = "top_left"
        overlay.text = words
        overlay.visible = True

    # -- inside -------------------------------------------------------------------------------

    def _on_move(self, viewer: object, event: Any) -> None:
        now = time.monotonic()
        if now - self._last < EVERY_S:
            return
        self._last = now
        if not self.names:
            self.show_words("")
            return
        point = self._to_px(tuple(event.position[-2:]))
        self.show_words(self._words_at(point, REACH / self._zoom()))

    def _on_press(self, viewer: object, event: Any) -> Generator[None, None, None]:
        if event.button != 1 or not self._is_free():
            return
        point = self._to_px(tuple(event.position[-2:]))
        if "Shift" in event.modifiers:
            yield from self._drag(point, event)
            return
        if event.modifiers:
            return
        start = tuple(event.pos)
        is_still = True
        yield
        while event.type == "mouse_move":
            away = max(abs(a - b) for a, b in zip(event.pos, start, strict=True))
            is_still = is_still and away <= STILL
            yield
        if not is_still:
            return  # the view was moved
        seam = self._bar_at(point, REACH / self._zoom())
        if seam is not None:
            self.seam_clicked.emit(seam)
        else:
            self.frame_clicked.emit(self._frame_at(point))

    def _drag(self, start: Point, event: Any) -> Generator[None, None, None]:
        """Move the selected frame with the mouse, by whole px."""
        frame = self._movable()
        if frame is None or self._frame_at(start) != frame:
            return
        camera = self._viewer.scene.camera
        pan = camera.mouse_pan
        camera.mouse_pan = False
        try:
            yield
            while event.type == "mouse_move":
                here = self._to_px(tuple(event.position[-2:]))
                self.dragged.emit(round(here[0] - start[0]), round(here[1] - start[1]))
                yield
        finally:
            camera.mouse_pan = pan

    def _is_free(self) -> bool:
        """Whether no layer wants the mouse for itself, as for painting."""
        active = self._viewer.layers.selection.active
        return active is None or str(getattr(active, "mode", "pan_zoom")) in (
            "pan_zoom",
            "Mode.PAN_ZOOM",
        )
