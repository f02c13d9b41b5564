"""Align and Snap: a method at work in the background, and what its answer does to the session.

How a shift is found is the core's business; when an answer may move a frame is decided here.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Signal

from ..geometry import Offset
from ..mosaic import MosaicError
from ..nets.preload import preload_libraries
from ..pairs import align_pair
from ..shifts import Status, get_method
from ..shifts.registry import runs_on_device
from ._align import TITLES
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..frames import Frame
    from ..shifts import Estimate
    from ..shifts.estimate import Progress
    from ._session import PairSession
    from ._state import PairState

NETWORK = "napari_seamnet.nets.inference"
"""The module whose import loads torch."""
SNAP_METHOD = "smoothed"
SNAP_REACH = 4
"""How far Snap searches around the hand position, in px each way."""


def _load_network() -> None:
    """Import torch without holding the window up for long.

    Its libraries come first: the import would load them with Python's lock held. And the hundred
    thousand objects that it makes would set off a full collection of garbage, which looks at all
    of napari's as well, 160 ms in one go: frozen and unfrozen at once, they count as old already.
    """
    preload_libraries()
    collects = gc.isenabled()
    gc.disable()
    try:
        import_module(NETWORK).warm_up()
    finally:
        gc.freeze()
        gc.unfreeze()
        if collects:
            gc.enable()


class Aligning(QObject):
    """Runs methods for a session, one at a time.

    Parameters
    ----------
    session : PairSession
        Where the pair comes from, and the answer goes to.
    parent : QObject
        Its end cancels the work.
    """

    said = Signal(str)
    """One sentence for the person; empty takes the last one back."""

    def __init__(self, session: PairSession, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.work = Work(self)

    def warm_up(self, name: str) -> None:
        """Load what a method needs before it is needed, in the background.

        Parameters
        ----------
        name : str
            Of the method; only networks need anything.
        """
        if runs_on_device(name) and NETWORK not in sys.modules:
            create_worker(_load_network, _ignore_errors=True, _start_thread=True)

    def align(self, name: str, device: str, max_shift: int, *, then_append: bool = False) -> None:
        """Align the pair around its nominal place.

        Parameters
        ----------
        name, device, max_shift
            As of `align_pair`. If the person has moved the second frame further than `max_shift`,
            its nominal place is there from now on: nobody wants it back.
        then_append : bool
            Whether to append the pair to the mosaic, if the answer is certain.
        """
        if max(map(abs, self._session.state.shift)) > max_shift:
            self._session.take_place_as_nominal()
        asked = self._session.state
        if asked.pair is not None:
            self.said.emit("")
            self.work.start(
                self._job(name, device, asked.pair, asked.nominal, max_shift),
                lambda estimate: self._on_answer(estimate, asked, then_append),
                self.said.emit,
            )

    def snap(self) -> None:
        """Search the neighbourhood of where the second frame lies now."""
        asked = self._session.state
        if asked.pair is not None:
            self.said.emit("")
            here = Offset(*asked.offset.whole())
            self.work.start(
                self._job(SNAP_METHOD, "cpu", asked.pair, here, SNAP_REACH),
                lambda estimate: self._on_snap(estimate, asked),
                self.said.emit,
            )

    def append(self) -> None:
        """Put the pair into the mosaic where it lies now, or say why not."""
        try:
            self._session.append()
        except MosaicError as error:
            self.said.emit(str(error))

    def _job(
        self, name: str, device: str, pair: tuple[Frame, Frame], nominal: Offset, max_shift: int
    ) -> Callable[[Progress], Generator[str, None, Estimate]]:
        def job(progress: Progress) -> Generator[str, None, Estimate]:
            title = TITLES.get(name, name)
            if runs_on_device(name) and NETWORK not in sys.modules:
                yield f"loading {title}"
            # Made anew each time, which costs nothing: a person's weights may have been replaced.
            method = get_method(name, device=device)
            yield title
            return align_pair(
                *pair,
                offset=nominal,
                method=method,
                max_shift=max_shift,
                progress=progress,
            )

        return job

    def _on_answer(self, estimate: Estimate, asked: PairState, then_append: bool) -> None:
        now = self._session.state
        if (now.pair, now.nominal) != (asked.pair, asked.nominal):
            self.said.emit("The pair was changed meanwhile: the answer was dropped, align again.")
            return
        stays = now.shift == asked.shift
        self._session.take_estimate(estimate, move=stays)
        if not stays:
            self.said.emit(
                "You moved the frame meanwhile, so it stayed; the answer is the ring in the map."
            )
        elif then_append and estimate.status is Status.CERTAIN:
            self.append()
        elif then_append:
            self.said.emit(
                f"Not appended, since this is {estimate.status}: look at it, correct it if need "
                "be, then Append."
            )

    def _on_snap(self, estimate: Estimate, asked: PairState) -> None:
        now = self._session.state
        if (now.pair, now.offset) != (asked.pair, asked.offset):
            return
        if estimate.status is Status.UNDETERMINED:
            self.said.emit(f"No best fit within ±{SNAP_REACH} px of here; move nearer, or align.")
            return
        dy, dx = estimate.shift.whole()
        if (dy, dx) == (0, 0):
            self.said.emit("It lies at the best fit already.")
        self._session.nudge(dy, dx, "snap")
