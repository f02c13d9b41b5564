"""Undo and redo: the states before and after the present one. Nothing is changed, ever.

States are whatever never changes, such as projects; what a step does is the caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from .errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable

State = TypeVar("State")


@dataclass(frozen=True)
class History(Generic[State]):
    """Acts like a tape of states with a present one; every step gives a new history.

    Parameters
    ----------
    present : State
        What is the case.
    past : tuple of (state, what)
        Earlier states, oldest first, each with what was done to it next.
    future : tuple of (state, what)
        States that were undone, the latest undone last, each with what had led to it.
    limit : int or None
        Most steps that can be undone; older states are forgotten.

    Examples
    --------
    >>> history = History(1).do(2, "double").do(4, "double")
    >>> history.undo().present, history.undo().undo().redo().present
    (2, 2)
    >>> history.undo().do(3, "add").can_redo
    False
    """

    present: State
    past: tuple[tuple[State, str], ...] = ()
    future: tuple[tuple[State, str], ...] = ()
    limit: int | None = None

    def do(self, state: State, what: str = "") -> History[State]:
        """Go on to a new state; what had been undone is forgotten.

        Parameters
        ----------
        state : State
            The new present.
        what : str
            What was done, in a few words, for the menu: "decide seam r0_c1 - r0_c2".
        """
        past = (*self.past, (self.present, what))
        if self.limit is not None:
            past = past[max(0, len(past) - self.limit) :]
        return History(state, past, (), self.limit)

    def undo(self) -> History[State]:
        """Go back by one step.

        Raises
        ------
        ProjectError
            If there is none.
        """
        if not self.past:
            raise ProjectError("there is nothing to undo")
        *past, (state, what) = self.past
        return History(state, tuple(past), (*self.future, (self.present, what)), self.limit)

    def redo(self) -> History[State]:
        """Do again what was undone last.

        Raises
        ------
        ProjectError
            If nothing was undone since the last step.
        """
        if not self.future:
            raise ProjectError("there is nothing to redo")
        *future, (state, what) = self.future
        return History(state, (*self.past, (self.present, what)), tuple(future), self.limit)

    def replaced(self, state: State) -> History[State]:
        """Put another state in the place of the present one, without a step: no one's doing."""
        return History(state, self.past, self.future, self.limit)

    def mapped(self, change: Callable[[State], State]) -> History[State]:
        """Change every state alike, before and after the present one too: no step of anyone's."""
        return History(
            change(self.present),
            tuple((change(state), what) for state, what in self.past),
            tuple((change(state), what) for state, what in self.future),
            self.limit,
        )

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self.past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self.future)

    @property
    def undo_what(self) -> str:
        """What would be undone, in words; empty if nothing, or nobody said."""
        return self.past[-1][1] if self.past else ""

    @property
    def redo_what(self) -> str:
        """What would be done again, in words; empty if nothing, or nobody said."""
        return self.future[-1][1] if self.future else ""
