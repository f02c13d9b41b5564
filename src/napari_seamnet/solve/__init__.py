"""From estimates to positions: solve, check, tell what is doubtful."""

from .solution import Loop, Solution, SolvedFrame, SolvedSeam, Solver, StageModel
from .solve import SolveError, solve

__all__ = [
    "Loop",
    "Solution",
    "SolveError",
    "SolvedFrame",
    "SolvedSeam",
    "Solver",
    "StageModel",
    "solve",
]
