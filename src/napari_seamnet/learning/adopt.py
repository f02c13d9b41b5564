"""Adopt only if better: new weights beside those in use, on pairs that neither has learned from.

The comparison is made here; whether the new weights become the default, a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..pairs import DEFAULT_MAX_SHIFT
from ..shifts import get_method
from .evaluate import evaluate, summarise, table
from .labelled import from_alignments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..shifts.estimate import Progress
    from .evaluate import Answer, Summary
    from .hand import HandAlignment

DRAWS = 4
"""Nominal offsets drawn for each held-out pair: few pairs, seen several times."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Old and new weights, side by side.

    Parameters
    ----------
    old, new : Summary
        What each comes to.
    answers : tuple of Answer
        All answers, for a page.
    """

    old: Summary
    new: Summary
    answers: tuple[Answer, ...]

    @property
    def is_better(self) -> bool:
        """Whether nothing speaks against the new weights, and something for them.

        No more silent errors, no fewer seams within 1 px, and a smaller mean error.
        """
        return (
            self.new.silent <= self.old.silent
            and self.new.right_1 >= self.old.right_1
            and self.new.mean_max < self.old.mean_max
        )

    def as_text(self) -> str:
        """The table, and the verdict in words."""
        verdict = (
            "The new weights are better." if self.is_better else "The new weights are not better."
        )
        return f"{table([self.old, self.new])}\n{verdict}"


def compare(
    old: str,
    new: Path,
    held_out: Sequence[HandAlignment],
    *,
    device: str = "auto",
    max_shift: int = DEFAULT_MAX_SHIFT,
    progress: Progress | None = None,
) -> Comparison:
    """Evaluate old and new weights on held-out hand alignments.

    Parameters
    ----------
    old : str
        Method in use.
    new : Path
        New weights.
    held_out : sequence of HandAlignment
        Pairs that the new weights have not learned from.
    device : {"auto", "cpu", "cuda", "mps"}
        Where the networks run.
    max_shift : int
        Search range, in px each way.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If there is no pair.
    """
    if not held_out:
        raise ValueError("there is no held-out pair to compare on; hold some out")
    seams = [seam for draw in range(DRAWS) for seam in from_alignments(held_out, seed=draw)]
    methods = {
        old: get_method(old, device=device),
        new.stem: get_method(str(new), device=device),
    }
    if len(methods) < 2:
        methods = {f"{old} (in use)": methods[old], f"{new.stem} (new)": methods[new.stem]}
    answers = evaluate(methods, seams, max_shift, progress)
    before, after = summarise(answers)
    return Comparison(before, after, tuple(answers))
