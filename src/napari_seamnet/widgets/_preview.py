"""The picture over the overlap: one image layer that follows the pair, and goes when told to.

What the picture shows is computed in `seams/composite.py`. When it is drawn again, and which pair
it belongs to, is decided in `pair.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from ..geometry import Offset, OverlapError
from ..seams import Overlap, shared_pixels, similarity
from ..seams.composite import View, view
from ..seams.overlap import crop_boxes
from ._layers import OURS, Look
from ._votes import Votes

if TYPE_CHECKING:
    import napari.layers
    import numpy as np
    from napari.components import ViewerModel

    from ..frames import Frame
    from ..shifts import Estimate
    from ._state import PairState

REACH = 48
"""Pixels read beyond the overlap: so far can a frame move before the disk is asked again."""
BLINK_MS = 350
"""Half a period of blinking: slow enough for the eye to land on a detail."""
NAME = "overlap (SeamNet)"


class Preview(QObject):
    """Shows what the two frames of a pair share, where they share it.

    Acts like a lamp that is switched on by `show` and off by `remove`, any number of times; what
    it read of the frames is kept as long as the pair stays within `REACH` px of where it was read.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where the layer goes.
    parent : QObject
        Its end is the end of the preview's timer.
    """

    said = Signal(str)
    """Why what was asked for cannot be shown."""

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.view = View.COMPOSITE
        self.layer: napari.layers.Image | None = None
        self._cut: tuple[Frame, Frame, Offset, Overlap] | None = None
        self._cut_for: tuple[Offset, Estimate | None] | None = None
        self._shown: tuple[PairState, Look] | None = None
        self._nominal: tuple[tuple[Frame, Frame, Offset], float] | None = None
        self._blink = QTimer(self)
        self._blink.setInterval(BLINK_MS)
        self._blink.timeout.connect(self._turn)
        self._turned: View | None = None
        self._votes = Votes(self)
        self._votes.found.connect(self._again)
        self._votes.said.connect(self.said.emit)

    def show(self, state: PairState, look: Look) -> bool:
        """Draw the pair's overlap where it lies now.

        Parameters
        ----------
        state : PairState
            With a pair.
        look : Look
            Of the first frame's layer.

        Returns
        -------
        bool
            Whether the frames overlap at all; if not, nothing is shown.
        """
        self._shown = state, look
        crops = self._crops(state)
        if crops is None:
            self._hide()
            return False
        overlap, base, corner = crops
        shift = state.offset - base
        kind = self._turned or self.view
        if kind is View.VOTES:
            decided = self._votes.of(state)
            if decided is not None:
                (y, x), (dy, dx) = decided.corner, state.offset.whole()
                at = state.first_at[0] + dy + y, state.first_at[1] + dx + x
                self._draw(decided.picture, look, at)
                return True
            kind = View.COMPOSITE  # until it is known
        picture, (y, x) = view(overlap, shift, kind)
        if not picture.size:
            self._hide()
            return False
        at = state.first_at[0] + corner[0] + y, state.first_at[1] + corner[1] + x
        self._draw(picture, look, at)
        return True

    def remove(self) -> None:
        """Take the layer away and forget what was read."""
        self.blink(False)
        self._votes.forget()
        self._cut = self._shown = None
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.layer = None

    def blink(self, on: bool) -> None:
        """Show the first and the second frame in turns, or stop that."""
        if on == self._blink.isActive():
            return
        if on:
            self._turned = View.FIRST
            self._blink.start()
        else:
            self._turned = None
            self._blink.stop()
        self._again()

    def similarity(self, state: PairState) -> tuple[float, float]:
        """Measure D at the nominal place, and where the second frame lies now; NaN if apart."""
        if state.pair is None:
            return float("nan"), float("nan")
        nominal = *state.pair, state.nominal
        if self._nominal is None or self._nominal[0] != nominal:
            self._nominal = nominal, _similarity_at(*nominal)
        crops = self._crops(state)
        if crops is None:
            return self._nominal[1], float("nan")
        overlap, base, _ = crops
        first, second = shared_pixels(overlap, *(state.offset - base).whole())
        return self._nominal[1], similarity(first, second) if first.size else float("nan")

    def to_top(self) -> None:
        """Lie above every other layer again."""
        layers = self._viewer.layers
        if self.layer is not None and self.layer in layers and layers[-1] is not self.layer:
            layers.move(layers.index(self.layer), len(layers))

    # -----------------------------------------------------------------------------------------

    def _crops(self, state: PairState) -> tuple[Overlap, Offset, tuple[int, int]] | None:
        """Two crops with a margin, the offset they were cut at, and the first one's corner."""
        if state.pair is None:
            return None
        (first, second), offset = state.pair, Offset(*state.offset.whole())
        known = self._cut
        # Contrast comes from the overlap as it was cut. A new nominal place or a new answer is
        # the moment to look again, so that an aligned pair is grey; a nudge must not flicker.
        wanted_for = state.nominal, state.estimate
        if (
            known is None
            or self._cut_for != wanted_for
            or known[:2] != (first, second)
            or max(abs(offset.dy - known[2].dy), abs(offset.dx - known[2].dx)) > REACH
        ):
            try:
                overlap = Overlap.cut(first, second, offset, margin=REACH)
            except OverlapError:
                self._cut = None
                return None
            known = self._cut = first, second, offset, overlap
            self._cut_for = wanted_for
        *_, base, overlap = known
        box, _ = crop_boxes(first.shape, second.shape, base, REACH)
        return overlap, base, (box.y, box.x)

    def _draw(self, picture: np.ndarray, look: Look, at: tuple[float, float]) -> None:
        translate = look.translate(at)
        if self.layer is None or self.layer not in self._viewer.layers:
            selected = set(self._viewer.layers.selection)
            active = self._viewer.layers.selection.active
            self.layer = self._viewer.add_image(
                picture,
                rgb=True,
                name=NAME,
                scale=look.scale,
                units=look.units,
                axis_labels=look.axis_labels,
                translate=translate,
                metadata={OURS: "preview"},
            )
            # napari selects what was added, and only the selected layer gets keys.
            self._viewer.layers.selection = selected
            self._viewer.layers.selection.active = active
            return
        layer = self.layer
        if tuple(layer.scale) != look.scale:
            layer.scale = look.scale
        layer.data = picture
        if tuple(layer.translate) != translate:
            layer.translate = translate
        layer.visible = True

    def _hide(self) -> None:
        if self.layer is not None and self.layer in self._viewer.layers:
            self.layer.visible = False

    @property
    def is_shown(self) -> bool:
        """Whether there is a picture to be seen."""
        layer = self.layer
        return layer is not None and layer in self._viewer.layers and layer.visible

    def darken(self) -> None:
        """Keep the layer, unseen: there is nothing to look at just now."""
        self._shown = None
        self._hide()

    def _turn(self) -> None:
        self._turned = View.SECOND if self._turned is View.FIRST else View.FIRST
        self._again()

    def _again(self) -> None:
        if self._shown is not None:
            self.show(*self._shown)


def _similarity_at(first: Frame, second: Frame, offset: Offset) -> float:
    try:
        overlap = Overlap.cut(first, second, offset)
    except OverlapError:
        return float("nan")
    return similarity(overlap.first, overlap.second)
