"""One frame over all others: brought to the front, or held elsewhere by hand.

While it is held elsewhere, its seams are shown as composites, as in the review. Only showing is
here; what a move means is in `projects/holding.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from ._layers import OURS
from ._preview import Preview
from ._state import PairState

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.layers
    from napari.components import ViewerModel

    from ._grid_session import GridSession
    from ._layers import Look
    from ._state import Point

NAME = "frame (SeamNet)"


class Raised(QObject):
    """Shows at most one frame above the others.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where the layers go.
    session : GridSession
        The grid.
    frame_at : callable
        Tells where a frame is shown, (y, x) in px.
    contrast : callable
        Gives the layer whose contrast is taken over, if there is one.
    parent : QObject
        Its end is the end of the previews' timers.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: GridSession,
        frame_at: Callable[[int], Point],
        contrast: Callable[[], napari.layers.Image | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = session
        self._frame_at = frame_at
        self._contrast = contrast
        self._fronted: int | None = None
        self._moved: tuple[int, int, int] | None = None
        self._previews: dict[int, Preview] = {}
        self._held: int | None = None
        self.layer: napari.layers.Image | None = None

    @property
    def index(self) -> int | None:
        """Which frame is shown above the others."""
        return self._moved[0] if self._moved is not None else self._fronted

    def front(self, index: int | None) -> None:
        """Bring a frame to the front; None brings none."""
        self._fronted = index

    def move(self, moved: tuple[int, int, int] | None) -> None:
        """Hold a frame elsewhere: (index, dy, dx), in px from where it lies; None lets it go."""
        self._moved = moved

    def draw(self, look: Look) -> None:
        """Show it where it is now."""
        index, project = self.index, self._session.project
        if index is None or project is None or index >= len(project.layout):
            self.remove()
            return
        self._draw_frame(index, self._held_at(index), look)
        self._draw_seams(index, look)

    def remove(self) -> None:
        """Show none."""
        for preview in self._previews.values():
            preview.remove()
        self._previews.clear()
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.layer = self._held = None

    # -- inside -------------------------------------------------------------------------------

    def _held_at(self, frame: int) -> Point:
        y, x = self._frame_at(frame)
        if self._moved is not None and self._moved[0] == frame:
            return y + self._moved[1], x + self._moved[2]
        return y, x

    def _draw_frame(self, index: int, at: Point, look: Look) -> None:
        project = self._session.project
        if project is None:
            return
        translate = look.translate(at)
        layer = self.layer if self.layer in self._viewer.layers else None
        if layer is not None and self._held == index:
            layer.translate = translate
            return
        frame = project.layout[index].frame
        self.remove()
        like = self._contrast()
        contrast = (
            {}
            if like is None or frame.channels
            else {"contrast_limits": like.contrast_limits, "colormap": like.colormap}
        )
        selected, active = set(self._viewer.layers.selection), self._viewer.layers.selection.active
        self.layer = self._viewer.add_image(
            frame.read(),
            rgb=bool(frame.channels),
            name=NAME,
            scale=look.scale,
            units=look.units,
            axis_labels=look.axis_labels,
            translate=translate,
            metadata={OURS: "raised"},
            **contrast,
        )
        self._held = index
        self._viewer.layers.selection = selected
        self._viewer.layers.selection.active = active

    def _draw_seams(self, index: int, look: Look) -> None:
        project = self._session.project
        if project is None:
            return
        seams = {k: seam for k, seam in enumerate(project.seams) if index in seam.pair}
        if self._moved is None:
            seams = {}
        for k in [k for k in self._previews if k not in seams]:
            self._previews.pop(k).remove()
        for k, seam in seams.items():
            first_at, second_at = (self._held_at(frame) for frame in seam.pair)
            state = PairState(
                (project.layout[seam.first].frame, project.layout[seam.second].frame),
                first_at,
                second_at,
                seam.nominal,
                by_hand=True,
            )
            if k not in self._previews:
                self._previews[k] = Preview(self._viewer, self)
            self._previews[k].show(state, look)
