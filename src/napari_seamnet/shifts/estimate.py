"""The answer of a method: an estimate of a shift, and what a method must offer to give one.

Only nouns are here. How a map over shifts becomes an estimate is in `posterior.py`, which methods
there are in `registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ..geometry import Shift

if TYPE_CHECKING:
    import numpy as np

    from ..seams import Overlap

Progress = Callable[[int, int, str], None]
"""Called as ``progress(done, total, what)``; what it raises stops the work (see `Cancelled`)."""


class Cancelled(Exception):
    """Raised by a progress callback to stop the work that reports to it."""


class Status(StrEnum):
    """How far an estimate can be trusted, in the words that files and widgets show."""

    CERTAIN = "certain"
    DOUBTFUL = "doubtful"
    AMBIGUOUS = "ambiguous"
    """Several shifts fit; the estimate lists them."""
    UNDETERMINED = "undetermined"
    """No evidence: blank, constant, or the best fit on the edge of the range."""
    HAND = "hand"
    """A person decided; nothing automatic ever overwrites it."""

    @property
    def needs_person(self) -> bool:
        """Whether somebody should look at the seam."""
        return self not in (Status.CERTAIN, Status.HAND)


@dataclass(frozen=True)
class Alternative:
    """Another shift that fits, with its probability (0..1)."""

    shift: Shift
    probability: float


@dataclass(frozen=True, eq=False)
class ShiftMap:
    """A value for every whole-pixel shift within the range.

    Parameters
    ----------
    values : (2R+1, 2R+1) float array
        ``values[R + dy, R + dx]`` belongs to the shift (dy, dx); larger fits better. NaN where
        nothing could be compared.
    meaning : str
        What the values are, for axes and tooltips: "log-probability", "correlation", ...
    """

    values: np.ndarray
    meaning: str

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != self.values.shape[1]:
            raise ValueError(f"a map over shifts is square, but its shape is {self.values.shape}")
        if self.values.shape[0] % 2 != 1:
            raise ValueError(f"a map over shifts has an odd size, not {self.values.shape[0]}")

    @property
    def max_shift(self) -> int:
        """The range R, in px each way."""
        return self.values.shape[0] // 2

    def at(self, shift: Shift) -> float:
        """The value at a shift, rounded to whole pixels; NaN outside the range."""
        dy, dx = shift.whole()
        reach = self.max_shift
        if max(abs(dy), abs(dx)) > reach:
            return float("nan")
        return float(self.values[reach + dy, reach + dx])


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a method found out about one seam.

    Parameters
    ----------
    shift : Shift
        Best shift, sub-pixel. (0, 0), so the nominal position, where the status is
        ``undetermined``: without evidence the stage is the best guess.
    status : Status
        In words, how far to trust it.
    confidence : float
        Probability (0..1) that the shift is within 1 px of the truth.
    alternatives : tuple of Alternative
        Other shifts that fit, most probable first; never the best one.
    map : ShiftMap or None
        What the estimate was read from; None if there was nothing to compare.
    method : str
        Name in the registry.
    reason : str
        In a few words, why the status is not ``certain``; empty if it is.
    device : str
        Where it was computed: "cpu", "cuda" or "mps".
    """

    shift: Shift
    status: Status
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    map: ShiftMap | None = None
    method: str = ""
    reason: str = ""
    device: str = field(default="cpu")

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"a confidence is a probability, but is {self.confidence}")


class Method(Protocol):
    """A way to get an estimate from an overlap.

    A method is any object with these three; `registry.py` finds it by name. Settings of its own
    are given to its constructor.
    """

    name: str
    """Name in the registry, in files and on the command line."""

    wants_margin: bool
    """Whether the crops may be cut with a margin of the search range (see `Overlap.cut`)."""

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis."""
        ...


def undetermined(method: str, reason: str, shift_map: ShiftMap | None = None) -> Estimate:
    """Say that a seam holds no evidence: the nominal position stands, with confidence 0."""
    return Estimate(
        Shift(0.0, 0.0), Status.UNDETERMINED, 0.0, (), shift_map, method=method, reason=reason
    )
