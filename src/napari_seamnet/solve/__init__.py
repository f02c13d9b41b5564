"""From estimates to positions: solve, check, tell what is doubtful."""

from .solution import Loop, Solution, SolvedFrame, SolvedSeam, Solver, StageModel

__all__ = ["Loop", "Solution", "SolvedFrame", "SolvedSeam", "Solver", "StageModel"]
