"""A decision by hand about a seam: the noun. What follows from it is in `project.py`."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ..geometry import Shift


@dataclass(frozen=True)
class Decision:
    """What a person decided about a seam.

    Parameters
    ----------
    first, second : int
        Indices of the seam's frames.
    shift : Shift
        Relative to the seam's nominal offset, in px.
    who : str
        Whoever decided.
    when : datetime or None
        With a time zone.
    note : str
        Whatever they want to remember about it.
    """

    first: int
    second: int
    shift: Shift
    who: str = ""
    when: datetime | None = None
    note: str = ""

    @property
    def pair(self) -> tuple[int, int]:
        """(first, second)."""
        return self.first, self.second


def in_order(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Sort decisions as seams are sorted: by the first frame, then the second."""
    return tuple(sorted(decisions, key=lambda decision: decision.pair))


def logged_in() -> str:
    """Name of the person who is logged in; empty where the system does not tell."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # no such module on Windows, no such user in a box
        return ""
