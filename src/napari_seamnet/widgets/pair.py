"""Align pair: the widget that keeps viewer, dock and session in step.

What a person does goes to the session; every change of the session is shown, in the dock and in
the viewer, by `_show`. Nothing is computed here: methods, mosaic and pictures are the core's.
"""

from __future__ import annotations

import inspect
import weakref
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from ..frames import open_frame
from ..geometry import Offset, OverlapError, Side, nominal_offset
from ._aligning import Aligning
from ._borrowed import Borrowed
from ._dock import PairDock
from ._keys import Keys
from ._layers import (
    FILE,
    LayerError,
    LayerFrames,
    Look,
    check_same_pixels,
    place,
    position,
    unit_name,
)
from ._mosaic_layer import MosaicLayer
from ._preview import Preview
from ._record import Recording
from ._session import PairSession
from ._settings import Remembered
from ._state import describe_offset, overlaps_plausibly
from ._watch import FRAME_MS, LayerWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import napari
    from napari.layers import Image, Layer
    from qtpy.QtGui import QHideEvent, QShowEvent

    from ..frames import Frame
    from ..seams.composite import View

APART = "The frames do not overlap here."
GONE = "A layer of this step was removed; undo or redo further, or choose other layers."
MOVES = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}
PICTURES = "Pictures (*.tif *.tiff *.png *.jpg *.jpeg *.bmp);;All files (*)"


class PairWidget(QWidget):
    """Align two frames by a method or by hand, see it, and append them to a mosaic.

    Parameters
    ----------
    napari_viewer : napari.Viewer or ViewerModel
        Whose image layers are the frames.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        # napari hands plugins a proxy whose every answer is another proxy: `is` never holds, and
        # what is known of a layer by a weak reference is forgotten at once.
        napari_viewer = inspect.unwrap(napari_viewer)
        self._viewer = napari_viewer
        self._remembered = Remembered.load()
        self._session = PairSession(self._on_change)
        self._frames = LayerFrames()
        self._trouble = ""
        self.dock = PairDock(napari_viewer, self._remembered)
        self._watch = LayerWatch(napari_viewer, self)
        self._aligning = Aligning(self._session, self)
        self._recording = Recording(self._session, self._remembered, self)
        self._borrowed = Borrowed(napari_viewer)
        self._preview = Preview(napari_viewer, self)
        self._mosaic_layer = MosaicLayer(napari_viewer)
        self._drag_start: tuple[int, int] | None = None
        blink = partial(self._preview.blink, True), partial(self._preview.blink, False)
        self._keys = Keys(self._key_actions(), {"B": blink}, self._on_drag)
        self._redraw = QTimer(self)
        self._redraw.setInterval(FRAME_MS)
        self._redraw.setSingleShot(True)
        self._redraw.timeout.connect(self._show_slowly)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.dock)
        self._connect()
        self._prefill()
        self._show()

    @property
    def session(self) -> PairSession:
        """The work so far; what it holds is what is shown."""
        return self._session

    # -- what a person does -------------------------------------------------------------------

    def choose_pair(self, first: Image, second: Image, *, lie_there: bool = True) -> None:
        """Take up a pair of layers: where they lie, or beside each other if they lie oddly.

        Parameters
        ----------
        first, second : Image layer
            The pair.
        lie_there : bool, default True
            False if the second layer's position means nothing, as with a file just opened.
        """
        try:
            check_same_pixels(first, second)
            frames = self._frames.frame(first), self._frames.frame(second)
        except ValueError as error:
            self._session.forget_pair()
            self.dock.say(str(error))
            return
        first.visible = second.visible = True
        # A frame of the mosaic lies where the mosaic has it, wherever its layer was moved since.
        placed = [self._session.state.placed_at(frame) for frame in frames]
        at = placed[0] or position(first), placed[1] or position(second)
        self._trouble = ""
        self.dock.say("")
        there = Offset(at[1][0] - at[0][0], at[1][1] - at[0][1])
        if None not in placed or (lie_there and overlaps_plausibly(*frames, there)):
            self._session.choose(*frames, *at)
            return
        side, overlap = self._fitting_layout(*frames)
        nominal = nominal_offset(frames[0].shape, frames[1].shape, side, overlap)
        self._session.choose(*frames, *at, nominal)
        self.dock.say(
            f"The layers did not lie side by side, so {second.name!r} was put where side and "
            "overlap say; change those if they are wrong."
        )

    def open_files(self, paths: Sequence[str | Path]) -> None:
        """Open pictures as layers, unread; two of them are the pair, one joins the present one."""
        pair = self._pair()
        layers: list[Image] = []
        for path in paths:
            try:
                frame = open_frame(path)
            except ValueError as error:
                self.dock.say(str(error))
                return
            name = frame.path.stem if frame.path else frame.name
            layers.append(
                self._viewer.add_image(
                    frame.dask(),
                    name=name,
                    rgb=bool(frame.channels),
                    metadata={FILE: str(path)},
                    visible=len(layers) < 2,  # the rest would lie on top of the pair
                )
            )
        if len(layers) == 1 and pair is not None:
            # A pair that is done goes on in a chain: against the frame that was placed last.
            layers = [pair[self._session.state.is_appended], *layers]
        if len(layers) >= 2:
            self.choose_pair(*layers[:2], lie_there=False)
            if self._is_ready():
                more = len(layers) - 2
                waits = f" {more} more wait as hidden layers: choose them next." if more else ""
                self.dock.say(
                    "Files tell no positions: check side and overlap above, then align." + waits
                )
            self._viewer.fit_to_view(layers=layers[:2])

    def align(self, then_append: bool = False) -> None:
        """Run the chosen method in the background; append at once, if asked for and certain."""
        if self._is_ready():
            self._aligning.align(*self.dock.align.chosen, then_append=then_append)

    def snap(self) -> None:
        """Move to the best fit around where the second frame lies now, in the background."""
        if self._is_ready():
            self._aligning.snap()

    def take(self, number: int) -> None:
        """Take one of the other fits by its number; 0 is the method's own answer."""
        if number:
            self._session.take_alternative(number)
        elif self._session.state.by_hand:
            self._session.restore()

    def record(self, note: str = "") -> None:
        """Record the pair where it lies now as a hand alignment, in the background."""
        pair = self._pair()
        if pair is not None and self._is_ready():
            self._recording.record(pair, note)

    def zoom_to_overlap(self) -> None:
        """Fit the view to the overlap."""
        if self._preview.layer is not None and self._preview.is_shown:
            self._viewer.fit_to_view(layers=[self._preview.layer])

    def _lay_out(self, side: Side, overlap: int) -> None:
        self.dock.say("")
        state, pair = self._session.state, self._pair()
        turns = state.pair is not None and describe_offset(*state.pair, state.nominal)[0] != side
        try:
            self._session.place_nominally(side, overlap)
        except OverlapError as error:
            self._show()  # the boxes show what holds
            self.dock.say(str(error))
            return
        if turns and pair is not None:  # a frame on another side may well be out of sight
            self._viewer.fit_to_view(layers=list(pair))

    def _set_view(self, view: View) -> None:
        self._preview.view = view
        self._redraw.start()

    def _ask_for_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Open frames", "", PICTURES)
        if paths:
            self.open_files(paths)

    def _on_drag(self, dy: int | None, dx: int | None) -> None:
        if dy is None or dx is None:
            self._drag_start = None
            self._session.drop()
            return
        if self._drag_start is None:
            self._drag_start = self._session.state.shift
        self._session.drag_to(self._drag_start[0] + dy, self._drag_start[1] + dx)

    def _nudge(self, dy: int, dx: int, *, coarse: bool) -> None:
        step = self._remembered.coarse_step if coarse else 1
        self._session.nudge(step * dy, step * dx)

    def _key_actions(self) -> dict[str, Callable[[], None]]:
        session = self._session
        actions: dict[str, Callable[[], None]] = {
            "Enter": session.accept,
            "Escape": session.restore,
            "Control-Z": session.undo,
            "Control-Shift-Z": session.redo,
        }
        for key, step in MOVES.items():
            actions[key] = partial(self._nudge, *step, coarse=False)
            actions[f"Shift-{key}"] = partial(self._nudge, *step, coarse=True)
        for number in range(1, 10):
            actions[str(number)] = partial(self.take, number)
        return actions

    def _connect(self) -> None:
        session, dock, work = self._session, self.dock, self._aligning.work
        dock.choose.chosen.connect(self.choose_pair)
        dock.choose.laid_out.connect(self._lay_out)
        dock.choose.opening.connect(self._ask_for_files)
        dock.viewed.connect(self._set_view)
        dock.zoomed.connect(self.zoom_to_overlap)
        dock.align.method_changed.connect(self._aligning.warm_up)
        dock.align.wanted.connect(self.align)
        dock.align.cancelled.connect(work.cancel)
        dock.result.taken.connect(self.take)
        dock.hand.moved.connect(session.move_to)
        dock.hand.snapped.connect(self.snap)
        dock.hand.accepted.connect(session.accept)
        dock.hand.undone.connect(session.undo)
        dock.hand.redone.connect(session.redo)
        dock.hand.restored.connect(session.restore)
        dock.hand.coarse.valueChanged.connect(lambda value: self._show_legend())
        dock.hand.drag_allowed.connect(self._allow_drag)
        dock.mosaic.appended.connect(self._aligning.append)
        dock.mosaic.removed.connect(session.remove_last)
        self._aligning.said.connect(dock.say)
        dock.record.wanted.connect(self.record)
        self._recording.said.connect(dock.say)
        self._preview.said.connect(dock.say)
        self._recording.recorded.connect(dock.record.show_file)
        work.progressed.connect(dock.align.show_progress)
        work.ended.connect(dock.align.show_ready)
        self._watch.moved.connect(self._follow_layers)
        self._watch.replaced.connect(self._on_replaced)
        self._watch.removed.connect(self._on_removed)
        self._watch.added.connect(self._on_added)
        self._watch.activated.connect(self._show_legend)
        self.destroyed.connect(partial(_release, weakref.ref(self)))

    # -- what happens in the viewer -----------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Take keys, canvas and preview (again)."""
        super().showEvent(event)
        self._aligning.warm_up(self.dock.align.method.currentData())
        self._follow_layers()
        self._show()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Give everything back. A docked widget gets no closeEvent, but always this."""
        super().hideEvent(event)
        self._redraw.stop()
        moving = self._keys.layer
        self._keys.let_go()
        self._preview.remove()
        self._borrowed.give_back(moving)

    def _prefill(self) -> None:
        choices = self.dock.choose.choices
        selected = [layer for layer in choices if layer in self._viewer.layers.selection]
        pair = selected if len(selected) == 2 else choices[:2]
        if len(pair) == 2:
            self.choose_pair(*pair)

    def _on_added(self) -> None:
        # Only into an empty dock: a pair that a person has chosen stays.
        if self._session.state.pair is None and self.isVisible():
            self._prefill()

    def _fitting_layout(self, first: Frame, second: Frame) -> tuple[Side, int]:
        side, overlap = self.dock.choose.layout_chosen
        axis = 1 if side.is_horizontal else 0
        smaller = min(first.shape[axis], second.shape[axis])
        return side, overlap if overlap < smaller else max(1, smaller // 4)

    def _follow_layers(self) -> None:
        """Take over where the layers were moved to by others."""
        pair = self._pair()
        if pair is None:
            return
        before, self._trouble = self._trouble, ""
        try:
            check_same_pixels(*pair)
            at = position(pair[0]), position(pair[1])
        except LayerError as error:
            self._trouble = str(error)
            self._show()
            return
        self._session.follow(*at)
        if before:
            self.dock.unsay(before)
            self._show()

    def _on_replaced(self) -> None:
        pair = self._pair()
        if pair is not None:
            self.choose_pair(*pair)

    def _on_removed(self, layer: Layer) -> None:
        if layer is self._mosaic_layer.layer:
            self._session.forget_mosaic()
        elif layer in self._watch.layers and self._pair() is None:
            self._session.forget_pair()
            self.dock.say(f"{layer.name!r} was removed; choose another layer.")

    def _layer(self, frame: Frame | None) -> Image | None:
        layer = self._frames.layer(frame)
        return layer if layer in self._viewer.layers else None

    def _pair(self) -> tuple[Image, Image] | None:
        first, second = map(self._layer, self._session.state.pair or (None, None))
        return None if first is None or second is None else (first, second)

    def _is_ready(self) -> bool:
        return self._pair() is not None and not self._trouble

    def _allow_drag(self, allowed: bool) -> None:
        self._keys.drags = allowed and self._session.state.can_move
        self._show_legend()

    # -- showing ------------------------------------------------------------------------------

    def _on_change(self) -> None:
        """Show a new state; what was said about the one before has had its time."""
        self.dock.say("")
        self._show()

    def _show(self) -> None:
        """Bring dock and viewer to the session's state; what reads pixels follows in a moment."""
        state, pair = self._session.state, self._pair()
        self._watch.watch(pair or ())
        if pair is not None and not self._trouble:
            self._watch.is_deaf = True
            try:
                place(pair[0], state.first_at)
                place(pair[1], state.second_at)
            finally:
                self._watch.is_deaf = False
        ready = self._is_ready()
        look = Look.of(pair[0]) if pair is not None and ready else None
        self._mosaic_layer.show(state.mosaic, state.mosaic_at, pair[0] if pair else None, look)
        self.dock.choose.show_pair(*(pair or (None, None)))
        if state.pair is not None:
            side, overlap = describe_offset(*state.pair, state.nominal)
            self.dock.choose.show_layout(side, overlap, state.nominal_from)
        self.dock.show_session(self._session, ready=ready)
        self.dock.record.show_pair(pair)
        if self._trouble:
            self.dock.say(self._trouble)
        elif state.pair is not None and pair is None:
            self.dock.say(GONE)
        else:
            self.dock.unsay(GONE)
        if not ready or pair is None:
            self._keys.let_go()
        elif self.isVisible() and self._keys.layer is not pair[1]:
            self._keys.bind(pair[1])
            self._borrowed.select(pair[1])
        self._keys.drags = self.dock.hand.drag.isChecked() and state.can_move
        self._show_legend()
        if not self._redraw.isActive():
            self._redraw.start()

    def _show_slowly(self) -> None:
        """Show what reads pixels: the preview, and D."""
        state, pair = self._session.state, self._pair()
        if pair is None or not self._is_ready():
            self._preview.darken()
            self._borrowed.black_canvas(False)
            self.dock.result.show_state(state, None, "", (float("nan"), float("nan")))
            return
        look = Look.of(pair[0])
        d = self._preview.similarity(state)
        self.dock.result.show_state(state, look, unit_name(pair[0]), d)
        if not self.isVisible():
            return
        if state.is_appended:  # what there is to see now is the mosaic
            self._preview.darken()
        elif self._preview.show(state, look):
            self._preview.to_top()
            self.dock.unsay(APART)
        else:
            self.dock.say(APART)
        self._borrowed.black_canvas(self._preview.is_shown)

    def _show_legend(self) -> None:
        pair = self._pair()
        if pair is None or not self._is_ready():
            self.dock.legend.setText("")
        elif self._viewer.layers.selection.active is not pair[1]:
            name = pair[1].name
            self.dock.legend.setText(f"Keys: select {name!r} in the layer list to use them.")
        else:
            self.dock.show_keys(self._session, drags=self._keys.drags)

    def _listen_no_more(self) -> None:
        self._session.changed = lambda: None
        self._watch.stop()
        self._keys.let_go()
        self.dock.choose.listen_no_more()


def _release(widget: weakref.ref[PairWidget]) -> None:
    """Stop a destroyed widget from hearing the viewer: only its Python half is left by now."""
    remains = widget()
    if remains is not None:
        remains._listen_no_more()
