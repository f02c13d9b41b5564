"""A person's work on pairs and on the mosaic, and its history.

A list of frozen states: undo is a step back in it. Nothing here knows Qt or napari, and nothing is
computed: estimates come in, positions and a mosaic come out. Every change goes through
`PairSession._record`; one that does not breaks undo.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..geometry import Offset, Shift, Side, nominal_offset
from ..mosaic import Mosaic, MosaicError
from ..shifts import Status
from ._state import PairState, Point, seated

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..frames import Frame
    from ..shifts import Estimate

LONGEST_HISTORY = 500
"""States kept; one is a few references, the pixels are the layers' own."""


class PairSession:
    """A person's work, with undo and redo; tells one listener whenever the state changes.

    Parameters
    ----------
    changed : callable, optional
        Called without arguments after every change.
    """

    def __init__(self, changed: Callable[[], None] | None = None) -> None:
        self._states = [PairState()]
        self._now = 0
        self._dragging = False
        self.changed = changed or (lambda: None)

    @property
    def state(self) -> PairState:
        """The present state."""
        return self._states[self._now]

    # -- choosing -----------------------------------------------------------------------------

    def choose(
        self,
        first: Frame,
        second: Frame,
        first_at: Point,
        second_at: Point,
        nominal: Offset | None = None,
    ) -> None:
        """Take a pair up: where its layers lie, or at a nominal offset.

        Parameters
        ----------
        first, second : Frame
            The pair.
        first_at, second_at : (y, x)
            Where its layers lie, in px.
        nominal : Offset, optional
            Where to put the second frame; where it lies, by default.
        """
        source = "nominal place set by side and overlap"
        if nominal is None:
            source = "side and overlap guessed from where the layers lie"
            there = Offset(second_at[0] - first_at[0], second_at[1] - first_at[1])
            nominal = Offset(*there.whole())
        else:
            second_at = first_at[0] + nominal.dy, first_at[1] + nominal.dx
        fresh = PairState(
            (first, second), first_at, second_at, nominal, source,
            mosaic=self.state.mosaic, mosaic_at=self.state.mosaic_at,
        )  # fmt: skip
        self._record(fresh, "choice of frames")

    def forget_pair(self) -> None:
        """Have no pair any more, as when a chosen layer was removed."""
        if self.state.pair is not None:
            empty = PairState(mosaic=self.state.mosaic, mosaic_at=self.state.mosaic_at)
            self._record(empty, "removal of a layer")

    def place_nominally(self, side: Side | str, overlap: int, what: str = "new layout") -> None:
        """Put the second frame where side and overlap expect it, and start afresh from there.

        Raises
        ------
        OverlapError
            If the overlap does not fit the frames; nothing changes then.
        """
        if self.state.pair is None or not self.state.can_move:
            return
        first, second = self.state.pair
        nominal = nominal_offset(first.shape, second.shape, side, overlap)
        self._start_at(nominal, nominal, what, "nominal place set by side and overlap")

    def take_place_as_nominal(self) -> None:
        """Make the place where the second frame lies the nominal one; nothing moves."""
        here = self.state.offset
        self._start_at(
            Offset(*here.whole()), here, "new nominal place", "nominal place is where you put it"
        )

    # -- answers ------------------------------------------------------------------------------

    def take_estimate(self, estimate: Estimate, *, move: bool = True) -> None:
        """Move the second frame to where a method found it, rounded to whole pixels.

        Parameters
        ----------
        estimate : Estimate
            Relative to the present nominal offset. Without evidence nothing is moved: a person may
            have put the frame where it is.
        move : bool, default True
            False keeps the frame where it is in any case; the answer can still be taken.
        """
        if not self.state.can_move:
            return
        answered = replace(self.state, estimate=estimate, accepted=False)
        if move and estimate.status is not Status.UNDETERMINED:
            at = self._second_at(estimate.shift)
            answered = replace(answered, second_at=at, by_hand=False)
        self._record(answered, "alignment")

    def take_alternative(self, number: int) -> bool:
        """Take the alternative of this number, counted from 1; 0 is the method's own answer.

        Returns
        -------
        bool
            Whether there is one, and the frame may be moved.
        """
        estimate = self.state.estimate
        there = estimate is not None and 0 <= number <= len(estimate.alternatives)
        if estimate is None or not there or not self.state.can_move:
            return False
        shift = estimate.alternatives[number - 1].shift if number else estimate.shift
        moved = replace(self.state, second_at=self._second_at(shift), by_hand=True, accepted=False)
        self._record(moved, f"fit {number}" if number else "the method's answer")
        return True

    # -- by hand ------------------------------------------------------------------------------

    def nudge(self, dy: int, dx: int, what: str = "nudge") -> None:
        """Move the second frame by whole pixels."""
        here = self.state.shift
        self.move_to(here[0] + dy, here[1] + dx, what)

    def move_to(self, dy: int, dx: int, what: str = "move") -> None:
        """Move the second frame to a whole-pixel shift, by hand."""
        at = self._second_at(Shift(dy, dx))
        if self.state.can_move and at != self.state.second_at:
            self._record(replace(self.state, second_at=at, by_hand=True, accepted=False), what)

    def drag_to(self, dy: int, dx: int) -> None:
        """Move as `move_to` does; all moves until `drop` are one step of the history."""
        at = self._second_at(Shift(dy, dx))
        if not self.state.can_move or at == self.state.second_at:
            return
        moved = replace(self.state, second_at=at, by_hand=True, accepted=False)
        self._record(moved, "drag", instead=self._dragging)
        self._dragging = True

    def drop(self) -> None:
        """End a drag."""
        self._dragging = False

    def follow(self, first_at: Point, second_at: Point) -> None:
        """Take over positions that the layers got elsewhere; moves in a row are one step."""
        now = self.state
        stays = not (_far(now.first_at, first_at) or _far(now.second_at, second_at))
        if now.pair is None or stays:
            return
        moved = replace(now, first_at=first_at, second_at=second_at)
        if _far(tuple(moved.offset), tuple(now.offset)):
            moved = replace(moved, by_hand=True, accepted=False)
        what = "move of a layer"
        self._record(moved, what, instead=now.what == what)

    def restore(self) -> None:
        """Go back to where the method put the second frame, or else to its nominal place."""
        now = self.state
        if not now.can_move:
            return
        if now.estimate is not None and now.by_hand:
            at = self._second_at(now.estimate.shift)
            self._record(replace(now, second_at=at, by_hand=False, accepted=False), "reset")
        else:
            at = self._second_at(Shift(0, 0))
            if at != now.second_at or now.estimate is not None or now.by_hand:
                cleared = replace(now, second_at=at, estimate=None, by_hand=False, accepted=False)
                self._record(cleared, "reset")

    def accept(self) -> None:
        """Accept the present place; a place that a method doubts becomes a person's decision."""
        now = self.state
        if now.can_move and not now.accepted:
            decided = now.status is None or now.status.needs_person
            self._record(replace(now, accepted=True, by_hand=now.by_hand or decided), "acceptance")

    # -- mosaic -------------------------------------------------------------------------------

    def append(self) -> None:
        """Put the pair into the mosaic, against whichever of its frames is already placed.

        A pair of which neither frame is placed starts a new mosaic; undo brings the old one back.

        Raises
        ------
        MosaicError
            If there is no pair, or both frames are in the mosaic already.
        """
        now = self.state
        if now.pair is None:
            raise MosaicError("there is no pair to append; choose two layers first")
        if now.is_appended:
            raise MosaicError("both frames are in the mosaic already; choose one that is not")
        first, second = now.pair
        # Appended although doubtful, or unseen by any method: that is a person's decision.
        status = now.status if now.status and not now.status.needs_person else Status.HAND
        shift = Shift(*now.shift)
        mosaic, mosaic_at = now.mosaic, now.mosaic_at
        against_first, against_second = now.placement(first), now.placement(second)
        if mosaic is None or (against_first is None and against_second is None):
            mosaic, mosaic_at, against_first = Mosaic.start(first), now.first_at, 0
        if against_first is not None:
            mosaic = mosaic.append(
                second, now.nominal, against=against_first, shift=shift, status=status
            )
        elif against_second is not None:
            back = Offset(-now.nominal.dy, -now.nominal.dx)
            mosaic = mosaic.append(
                first, back, against=against_second, shift=-shift, status=status
            )
        by_hand = status is Status.HAND
        appended = replace(now, mosaic=mosaic, mosaic_at=mosaic_at, accepted=True, by_hand=by_hand)
        self._record(seated(appended), "appending")

    def remove_last(self) -> None:
        """Take the frame placed last out of the mosaic; a single frame is no mosaic."""
        mosaic = self.state.mosaic
        if mosaic is not None:
            rest = mosaic.remove_last() if len(mosaic.placements) > 2 else None
            self._record(replace(self.state, mosaic=rest), "removal of the last frame")

    def forget_mosaic(self) -> None:
        """Have no mosaic any more, as when its layer was removed."""
        if self.state.mosaic is not None:
            self._record(replace(self.state, mosaic=None), "removal of the mosaic")

    # -- history ------------------------------------------------------------------------------

    @property
    def can_undo(self) -> str:
        """What undo would take back, in words; empty if there is nothing."""
        return self.state.what if self._now else ""

    @property
    def can_redo(self) -> str:
        """What redo would do again, in words; empty if there is nothing."""
        return self._states[self._now + 1].what if self._now + 1 < len(self._states) else ""

    def undo(self) -> None:
        """Go one state back."""
        if self._now:
            self._dragging = False
            self._now -= 1
            self.changed()

    def redo(self) -> None:
        """Go one state forward again."""
        if self._now + 1 < len(self._states):
            self._dragging = False
            self._now += 1
            self.changed()

    def _record(self, state: PairState, what: str, *, instead: bool = False) -> None:
        if instead:
            self._states[self._now :] = [replace(state, what=what)]
        else:
            self._dragging = False
            self._states[self._now + 1 :] = [replace(state, what=what)]
            del self._states[: max(0, len(self._states) - LONGEST_HISTORY)]
            self._now = len(self._states) - 1
        self.changed()

    def _start_at(self, nominal: Offset, offset: Offset, what: str, source: str) -> None:
        now = self.state
        at = now.first_at[0] + offset.dy, now.first_at[1] + offset.dx
        fresh = replace(
            now, nominal=nominal, nominal_from=source, second_at=at,
            estimate=None, by_hand=False, accepted=False,
        )  # fmt: skip
        self._record(fresh, what)

    def _second_at(self, shift: Shift) -> Point:
        dy, dx = (self.state.nominal + shift).whole()
        return self.state.first_at[0] + dy, self.state.first_at[1] + dx


def _far(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two positions differ by more than the rounding of world coordinates."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 1e-6
