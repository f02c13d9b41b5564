"""What the list of seams shows: one row a seam, in which order, which of them.

Plain values read off a session; nothing here knows Qt or napari, and nothing is computed that the
solver did not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ..geometry import Shift
from ..shifts import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..layouts import Site
    from ..projects import Project
    from ._grid_session import GridSession

UNSURE = {Status.AMBIGUOUS: 0.0, Status.UNDETERMINED: 0.1, Status.DOUBTFUL: 0.2}
"""Where no solve has weighed the seams yet: what comes first in the list."""


class Which(StrEnum):
    """Which seams are listed; the values are the words of the choice."""

    LOOK = "deserve a look"
    ALL = "all"
    CERTAIN = "certain"
    DOUBTFUL = "doubtful"
    AMBIGUOUS = "ambiguous"
    UNDETERMINED = "undetermined"
    HAND = "by hand"
    EXCLUDED = "excluded"
    PENDING = "not estimated yet"


OF_STATUS = {
    Status.CERTAIN: Which.CERTAIN,
    Status.DOUBTFUL: Which.DOUBTFUL,
    Status.AMBIGUOUS: Which.AMBIGUOUS,
    Status.UNDETERMINED: Which.UNDETERMINED,
    Status.HAND: Which.HAND,
    None: Which.PENDING,
}


@dataclass(frozen=True)
class SeamRow:
    """One seam, as far as the list tells.

    Parameters
    ----------
    seam : int
        Its index.
    name : str
        Short: "r7 c2-c3"; the frames' names where the layout is no grid.
    frames : (str, str)
        Names of its frames.
    status : Status or None
        None before it is estimated.
    excluded : bool
        Whether a person said that it must not be used.
    shift : Shift or None
        Decided, or measured; None if nothing was.
    residual : float or None
        How far the frames, as placed, miss that, in px.
    probability : float
        That they fit to within 1 px, as placed (0..1).
    reason : str
        Why somebody should look at it, in words.
    needs_look : bool
        Whether a person should look, and has not decided yet.
    loop_error : float or None
        In px; see `SolvedSeam`.
    """

    seam: int
    name: str
    frames: tuple[str, str]
    status: Status | None
    excluded: bool = False
    shift: Shift | None = None
    residual: float | None = None
    probability: float = 1.0
    reason: str = ""
    needs_look: bool = False
    loop_error: float | None = None

    @property
    def which(self) -> Which:
        """The kind of seam that it is."""
        return Which.EXCLUDED if self.excluded else OF_STATUS[self.status]

    def is_among(self, which: Which) -> bool:
        """Whether it belongs to a choice."""
        if which is Which.LOOK:
            return self.needs_look
        return which is Which.ALL or which is self.which

    @property
    def doubt(self) -> tuple[bool, float, int]:
        """To sort by: what deserves a look comes first, the most doubtful before the others."""
        settled = self.excluded or self.status is Status.HAND
        return not self.needs_look, 2.0 if settled else self.probability, self.seam


def rows_of(session: GridSession) -> tuple[SeamRow, ...]:
    """Read a row for every seam, in the order of the seams.

    What a person has decided shows at once, though the positions may still be those of before.
    """
    project = session.project
    if project is None:
        return ()
    decided = {decision.pair: decision.shift for decision in project.decisions}
    verdicts = session.solution.verdicts if session.solution is not None else None
    if verdicts is not None and len(verdicts) != len(project.seams):
        verdicts = None
    rows = []
    for k, seam in enumerate(project.seams):
        estimate = project.estimates[k]
        sites = project.layout[seam.first], project.layout[seam.second]
        status = None if estimate is None else estimate.status
        shift = None
        if estimate is not None and status is not Status.UNDETERMINED:
            shift = estimate.shift
        reason = "" if estimate is None else estimate.reason
        look = status is not None and status.needs_person
        probability = 1.0 if status is None else UNSURE.get(status, 1.0)
        residual = loop_error = None
        if verdicts is not None:
            verdict = verdicts[k]
            status, shift, reason = verdict.status, verdict.shift, verdict.reason
            look, probability = verdict.needs_look, verdict.probability
            loop_error = verdict.loop_error
            if verdict.residual is not None:
                residual = verdict.residual.distance(Shift(0, 0))
        excluded = seam.pair in project.excluded
        if seam.pair in decided:
            if verdicts is None or status is not Status.HAND or shift != decided[seam.pair]:
                look, reason, residual, probability = False, "", None, 1.0
            status, shift = Status.HAND, decided[seam.pair]
        elif status is Status.HAND:  # its decision was taken back a moment ago
            status = None if estimate is None else estimate.status
        if excluded:
            look, reason, residual, shift = False, "excluded by hand", None, None
        name, frames = seam_name(*sites), (sites[0].name, sites[1].name)
        rows.append(
            SeamRow(
                k, name, frames, status, excluded, shift, residual, probability, reason, look,
                loop_error,
            )
        )  # fmt: skip
    return tuple(rows)


def seam_name(first: Site, second: Site) -> str:
    """Name a seam in a few letters: by row and columns, or by the names of its frames."""
    places = [(site.row, site.col) for site in (first, second)]
    rows = sorted({row for row, _ in places if row is not None})
    cols = sorted({col for _, col in places if col is not None})
    if not rows or not cols:
        return f"{first.name} - {second.name}"
    return f"{'-'.join(f'r{row}' for row in rows)} {'-'.join(f'c{col}' for col in cols)}"


def listed(rows: Iterable[SeamRow], which: Which) -> tuple[SeamRow, ...]:
    """Choose rows, the most doubtful first."""
    return tuple(sorted((row for row in rows if row.is_among(which)), key=lambda row: row.doubt))


def counts(rows: Iterable[SeamRow]) -> dict[Which, int]:
    """How many rows there are of each choice."""
    found = dict.fromkeys(Which, 0)
    for row in rows:
        found[Which.ALL] += 1
        found[row.which] += 1
        found[Which.LOOK] += row.needs_look
    return found


def changed_seams(before: Project | None, after: Project | None) -> tuple[int, ...]:
    """Seams about which two states of one grid say something else, decisions first of all."""
    if before is None or after is None or before.seams != after.seams:
        return ()
    were = {decision.pair: decision for decision in before.decisions}
    are = {decision.pair: decision for decision in after.decisions}
    pairs = {pair for pair in {*were, *are} if were.get(pair) != are.get(pair)}
    pairs |= before.excluded ^ after.excluded
    other = [
        k
        for k, (one, two) in enumerate(zip(before.estimates, after.estimates, strict=True))
        if one is not two
    ]
    return tuple(k for k, seam in enumerate(after.seams) if seam.pair in pairs) or tuple(other)
