"""The state of a person's work on a pair and on the mosaic, at one moment.

Only nouns, and what can be read off them, are here; what a person can do, and how to take it back,
is in `_session.py`. Nothing here knows Qt or napari.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..geometry import Offset, Side, guess_side
from ..shifts import Status

if TYPE_CHECKING:
    from ..frames import Frame
    from ..mosaic import Mosaic
    from ..shifts import Estimate

Point = tuple[float, float]
"""(y, x) in px, on the grid whose origin is the viewer's."""

LEVEL = Offset(0, 0)
PLAUSIBLE = 0.9
"""Frames that overlap by more than this share of their size lie where nobody has put them yet."""


@dataclass(frozen=True, eq=False)
class PairState:
    """Everything a person can change, at one moment.

    Parameters
    ----------
    pair : (Frame, Frame) or None
        First and second; None before they are chosen.
    first_at, second_at : (y, x)
        Where the two frames are shown, in px; fractions only where the layers came with them.
    nominal : Offset
        Nominal offset of the pair, whole px.
    nominal_from : str
        Where the nominal offset was taken from, in words.
    estimate : Estimate or None
        The last answer of a method, relative to `nominal`.
    by_hand : bool
        Whether a person decided on the present place.
    accepted : bool
        Whether a person has accepted it.
    mosaic : Mosaic or None
        What has been appended so far.
    mosaic_at : (y, x)
        Where the mosaic's position (0, 0) is shown, in px.
    what : str
        What led here, in words, for the undo button.
    """

    pair: tuple[Frame, Frame] | None = None
    first_at: Point = (0.0, 0.0)
    second_at: Point = (0.0, 0.0)
    nominal: Offset = LEVEL
    nominal_from: str = ""
    estimate: Estimate | None = None
    by_hand: bool = False
    accepted: bool = False
    mosaic: Mosaic | None = None
    mosaic_at: Point = (0.0, 0.0)
    what: str = ""

    @property
    def offset(self) -> Offset:
        """Offset of the second frame where it is shown, in px."""
        return Offset(self.second_at[0] - self.first_at[0], self.second_at[1] - self.first_at[1])

    @property
    def shift(self) -> tuple[int, int]:
        """Whole-pixel shift at which the second frame is shown."""
        dy, dx = self.offset.whole()
        return dy - int(self.nominal.dy), dx - int(self.nominal.dx)

    @property
    def status(self) -> Status | None:
        """How far the present place can be trusted; None before anybody said anything."""
        if self.by_hand:
            return Status.HAND
        return None if self.estimate is None else self.estimate.status

    def placement(self, frame: Frame) -> int | None:
        """Index of a frame among the mosaic's placements; None if it is not placed."""
        for index, placed in enumerate(self.mosaic.placements if self.mosaic else ()):
            if placed.frame is frame:
                return index
        return None

    def placed_at(self, frame: Frame) -> Point | None:
        """Where a frame of the mosaic is shown, in px; None for any other."""
        index = self.placement(frame)
        if index is None or self.mosaic is None:
            return None
        y, x = self.mosaic.placements[index].position
        return self.mosaic_at[0] + y, self.mosaic_at[1] + x

    @property
    def is_appended(self) -> bool:
        """Whether both frames of the pair are in the mosaic."""
        return self.pair is not None and None not in map(self.placement, self.pair)

    @property
    def can_move(self) -> bool:
        """Whether the second frame may be moved: in the mosaic, both frames stay put."""
        return self.pair is not None and not self.is_appended


def overlaps_plausibly(first: Frame, second: Frame, offset: Offset) -> bool:
    """Whether two frames lie beside each other, as neighbours do.

    Parameters
    ----------
    first, second : Frame
        The frames.
    offset : Offset
        Where the second lies, in px.
    """
    side, overlap = describe_offset(first, second, offset)
    across = 1 if side.is_horizontal else 0
    along = 1 - across
    aside = abs((offset.dy, offset.dx)[along])
    smaller = [min(first.shape[axis], second.shape[axis]) for axis in (0, 1)]
    return 1 <= overlap <= PLAUSIBLE * smaller[across] and aside <= smaller[along] / 2


def describe_offset(first: Frame, second: Frame, offset: Offset) -> tuple[Side, int]:
    """Say in words where the second frame lies: its side, and the overlap in px."""
    at = offset.dy, offset.dx
    side, overlap = guess_side((0, 0), at, first.shape)
    if side in (Side.LEFT, Side.ABOVE):
        side, overlap = guess_side((0, 0), at, second.shape)
    return side, overlap


def seated(state: PairState) -> PairState:
    """Show both frames where the mosaic has them: a placed frame may have been moved since."""
    if state.pair is None:
        return state
    first_at, second_at = map(state.placed_at, state.pair)
    return replace(
        state, first_at=first_at or state.first_at, second_at=second_at or state.second_at
    )
