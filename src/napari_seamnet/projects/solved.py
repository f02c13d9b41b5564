"""What the solver said, without what a project holds anyway; from a `Solution`, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..solve import Solution
from ..solve.loops import find_loops, measured

if TYPE_CHECKING:
    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate
    from ..solve import SolvedFrame, SolvedSeam, Solver, StageModel


@dataclass(frozen=True)
class Solved:
    """Positions and verdicts; the fields are those of `Solution`."""

    frames: tuple[SolvedFrame, ...]
    verdicts: tuple[SolvedSeam, ...]
    stage: StageModel
    solver: Solver
    feature_size: float | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, solution: Solution) -> Solved:
        """Take from a solution what only the solver can say."""
        return cls(
            solution.frames,
            solution.verdicts,
            solution.stage,
            solution.solver,
            solution.feature_size,
            solution.seconds,
        )

    def solution(
        self, layout: Layout, seams: tuple[Seam, ...], estimates: tuple[Estimate, ...]
    ) -> Solution:
        """Make the solution again that this was taken from; nothing is solved.

        Parameters
        ----------
        layout, seams, estimates
            What was solved.
        """
        return Solution(
            layout,
            seams,
            estimates,
            self.frames,
            self.verdicts,
            find_loops(seams, measured(estimates)),  # sums of what was measured: no solving
            self.stage,
            self.solver,
            self.feature_size,
            self.seconds,
        )
