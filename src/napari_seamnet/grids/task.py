"""One seam's work, as it is sent to a thread, another process or another machine.

What is done with a seam is here; who does it is in `runners.py` and `cluster.py`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..seams import Overlap
from ..shifts import get_method

if TYPE_CHECKING:
    from ..frames import Frame
    from ..geometry import Offset
    from ..shifts import Estimate, Method
    from ..shifts.estimate import Progress


@dataclass(frozen=True)
class Recipe:
    """How seams are estimated.

    Parameters
    ----------
    method : str or Method
        A name is made into a method wherever it runs, a method is used as it is.
    device : str
        Where a network runs.
    max_shift : int
        Search range, in px.
    """

    method: str | Method
    device: str
    max_shift: int

    def make(self) -> Method:
        """Make the method; cheap, since weights are loaded at the first estimate, and once."""
        if isinstance(self.method, str):
            return get_method(self.method, device=self.device)
        return self.method


@dataclass(frozen=True, eq=False)
class Task:
    """One seam to estimate: either its crops, or the frames to cut them from.

    Frames are sent as their headers; the worker reads the files.
    """

    nominal: Offset
    frames: tuple[Frame, Frame] | None = None
    overlap: Overlap | None = None

    def cut(self, margin: int) -> Overlap:
        """The crops."""
        if self.overlap is not None:
            return self.overlap
        if self.frames is None:
            raise ValueError("a task holds either crops or frames")
        return Overlap.cut(*self.frames, self.nominal, margin)


@dataclass(frozen=True, eq=False)
class Answer:
    """What became of a task.

    Parameters
    ----------
    estimate : Estimate
        What was found.
    seconds : float
        How long it took.
    is_kept : bool
        Whether it is in the journal already.
    """

    estimate: Estimate
    seconds: float
    is_kept: bool = False


def margin_of(method: Method, max_shift: int) -> int:
    """How far beyond the nominal overlap a method wants to see, in px."""
    return max_shift if method.wants_margin else 0


def do_task(
    task: Task, method: Method, max_shift: int, progress: Progress | None = None
) -> Answer:
    """Estimate one seam."""
    start = time.perf_counter()
    overlap = task.cut(margin_of(method, max_shift))
    estimate = method.estimate(overlap, max_shift=max_shift, progress=progress)
    return Answer(estimate, time.perf_counter() - start)


def do_tasks(tasks: list[Task], method: Method, max_shift: int) -> list[Answer]:
    """Estimate several seams in one batch, with a method that has ``estimate_many``."""
    start = time.perf_counter()
    overlaps = [task.cut(margin_of(method, max_shift)) for task in tasks]
    estimates = method.estimate_many(overlaps, max_shift=max_shift)  # type: ignore[attr-defined]
    each = (time.perf_counter() - start) / len(tasks)
    return [Answer(estimate, each) for estimate in estimates]


def do_by_recipe(task: Task, recipe: Recipe) -> Answer:
    """Estimate one seam on a worker that keeps its method from task to task."""
    method = recipe.method
    if isinstance(method, str):
        method = _kept_method(method, recipe.device)
    return do_task(task, method, recipe.max_shift)


@lru_cache(maxsize=4)
def _kept_method(name: str, device: str) -> Method:
    return get_method(name, device=device)
