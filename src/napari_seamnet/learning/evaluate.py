"""Evaluation: methods on labelled seams, answer by answer.

Running methods and keeping their answers is here. What the answers come to is counted in
`summary.py` and shown in `evaluation_page.py`; where seams come from is in `labelled.py`.
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..geometry import Shift
from ..pairs import DEFAULT_MAX_SHIFT
from ..saving import written_whole
from ..shifts import Status
from .summary import Bin, Summary, summarise
from .summary_table import as_json, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..seams import Overlap
    from ..shifts import Method
    from ..shifts.estimate import Progress
    from .labelled import LabelledSeam

__all__ = [
    "Answer",
    "Bin",
    "Summary",
    "as_json",
    "evaluate",
    "summarise",
    "table",
    "write_csv",
]

COLUMNS = (
    *("group", "seam", "noise", "method", "true_dy", "true_dx", "dy", "dx", "error"),
    *("status", "confidence", "seconds", "reason"),
)
"""Of the file of answers."""
NEAR = 1.0
"""px; the worse axis' error up to which a shift is right, as confidence means it."""


@dataclass(frozen=True)
class Answer:
    """What one method said about one labelled seam.

    Parameters
    ----------
    seam, group : str
        The seam's name and group.
    method : str
        The name that the method was evaluated under.
    truth, shift : Shift
        True and found shift, in px; (0, 0) is found where the status is ``undetermined``.
    status : Status
        As the method gave it; ``undetermined`` if it failed.
    confidence : float
        Probability (0..1) that it gave itself; 0 if it failed.
    seconds : float
        Time that it took; cutting the crops is not in it.
    noise : float
        Noise that was added, as a share of the full range.
    reason : str
        Why the status is not ``certain``.
    failed : bool
        Whether the method, or the cutting, ended in an error; `reason` is its message.
    """

    seam: str
    group: str
    method: str
    truth: Shift
    shift: Shift
    status: Status
    confidence: float
    seconds: float
    noise: float = 0.0
    reason: str = ""
    failed: bool = False

    @property
    def error(self) -> float:
        """The source's error: the larger of the two axes' differences, in px."""
        return self.shift.distance(self.truth)

    @property
    def rounded(self) -> Shift:
        """The found shift in whole pixels, as a frame is placed."""
        return Shift(*self.shift.whole())

    @property
    def is_right(self) -> bool:
        """Whether the shift is within 1 px of the truth."""
        return self.error <= NEAR

    @property
    def is_silent(self) -> bool:
        """Whether this is a silent error: called certain, and off by more than 1 px."""
        return self.status is Status.CERTAIN and not self.is_right


def evaluate(
    methods: Mapping[str, Method],
    seams: Sequence[LabelledSeam],
    max_shift: int = DEFAULT_MAX_SHIFT,
    progress: Progress | None = None,
) -> list[Answer]:
    """Ask every method about every seam.

    Parameters
    ----------
    methods : mapping of str to Method
        By the names that answers and tables will have.
    seams : sequence of LabelledSeam
        With known shift.
    max_shift : int, default 15
        Search range, in px each way on each axis.
    progress : callable, optional
        Called as ``progress(done, total, what)`` before each answer, while a method works, and at
        the end; may raise `Cancelled`.

    Returns
    -------
    list of Answer
        Seam by seam, and of each seam in the order of the methods. A method that cannot take a
        seam, such as a network for squares of another size, gives an answer that says why.

    Raises
    ------
    Cancelled
        By `progress`.

    Notes
    -----
    Every seam is cut once, with the margin of the search range, whatever the methods want: so all
    of them, in one run or in several, see the same pixels, noise included. Those that want no
    margin get the same crops without it.
    """
    answers: list[Answer] = []
    total = len(methods) * len(seams)
    for seam in seams:
        crops: Overlap | None = None
        trouble = ""
        try:
            crops = seam.cut(max_shift)
        except (ValueError, OSError) as error:
            trouble = str(error)
        for name, method in methods.items():
            watch = _watched(progress, len(answers), total, f"{name}: {seam.name}")
            if watch is not None:
                watch(0, 1, "")
            if crops is None:
                answers.append(_failure(name, seam, trouble, 0.0))
            else:
                answers.append(_ask(name, method, seam, crops, max_shift, watch))
    if progress is not None:
        progress(total, total, "")
    return answers


def write_csv(answers: Sequence[Answer], path: Path) -> None:
    """Write every answer as a row; the file appears whole or not at all.

    Parameters
    ----------
    answers : sequence of Answer
        In the order of the rows.
    path : Path
        File to write, with the columns `COLUMNS`; shifts and errors in px.
    """
    with (
        written_whole(path) as beside,
        beside.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for answer in answers:
            numbers = (*answer.truth, *answer.shift, answer.error)
            writer.writerow(
                [
                    answer.group,
                    answer.seam,
                    f"{answer.noise:g}",
                    answer.method,
                    *(round(number, 4) + 0.0 for number in numbers),
                    answer.status,
                    round(answer.confidence, 6),
                    round(answer.seconds, 5),
                    answer.reason,
                ]
            )


def _ask(
    name: str,
    method: Method,
    seam: LabelledSeam,
    crops: Overlap,
    max_shift: int,
    progress: Progress | None,
) -> Answer:
    start = time.perf_counter()
    try:
        estimate = method.estimate(
            crops if method.wants_margin else crops.nominal(),
            max_shift=max_shift,
            progress=progress,
        )
    except (ValueError, OSError, RuntimeError) as error:
        # One seam that a method cannot take must not cost the other thousand their answers; torch
        # says what it cannot do by a RuntimeError. The summary counts these apart.
        return _failure(name, seam, str(error), time.perf_counter() - start)
    seconds = time.perf_counter() - start
    blind = estimate.status is Status.UNDETERMINED
    return Answer(
        seam.name,
        seam.group,
        name,
        seam.truth,
        Shift(0.0, 0.0) if blind else estimate.shift,
        estimate.status,
        estimate.confidence,
        seconds,
        seam.noise,
        estimate.reason,
    )


def _failure(name: str, seam: LabelledSeam, why: str, seconds: float) -> Answer:
    """Nothing was found out: the nominal position stands."""
    return Answer(
        seam.name,
        seam.group,
        name,
        seam.truth,
        Shift(0.0, 0.0),
        Status.UNDETERMINED,
        0.0,
        seconds,
        seam.noise,
        why,
        failed=True,
    )


def _watched(progress: Progress | None, done: int, total: int, what: str) -> Progress | None:
    """A method's own progress, which only gives the chance to stop it."""
    if progress is None:
        return None
    return lambda *_: progress(done, total, what)
