"""A project: layout, settings, what was found, what a person decided, where the frames lie.

The noun and how it changes. How it becomes a file is in `file.py`, which file a frame is in
`stamps.py`, undo in `history.py`. Every change gives a new project and leaves the old one as it
was; a change that the positions depend on drops them, until `Project.solve` finds them again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..mosaic import Ownership
from ..seams.seam import find_seams
from ..shifts import Status
from ..shifts.estimate import undetermined
from ..stitching import StitchSettings, decide, resolve
from .compare import content_of
from .decision import Decision, in_order
from .errors import ProjectError
from .solved import Solved

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..geometry import Shift
    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate
    from ..shifts.estimate import Progress
    from ..solve import Solution
    from .stamps import Stamp

Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Project:
    """Everything a person would hate to lose; compared by value.

    Parameters
    ----------
    layout : Layout
        The frames, and where they are expected.
    settings : StitchSettings
        How seams are estimated and solved.
    seams : tuple of Seam
        Of the layout.
    estimates : tuple of (Estimate or None)
        What was found about each seam by itself; None where that was not done yet.
    decisions : tuple of Decision
        At most one a seam, in the seams' order.
    excluded : frozenset of (first, second)
        Seams that a person said must not be used.
    locked : frozenset of int
        Frames that a person locked in place.
    ownership : Ownership
        Which frame is shown where several overlap.
    solved : Solved or None
        Positions and verdicts; None if they are to be found (again).
    journal : Path or None
        Where finished seams are kept besides.
    command : str
        The command, or the lines of Python, that made it.
    stamps : mapping of Path to Stamp
        What the frames' files were like when the project was read; not compared.
    changed : tuple of int
        Frames whose files are not what they were when the project was saved; not compared.
    warnings : tuple of str
        What a person should know about the file that it was read from; not compared.
    """

    layout: Layout
    settings: StitchSettings
    seams: tuple[Seam, ...]
    estimates: tuple[Estimate | None, ...]
    decisions: tuple[Decision, ...] = ()
    excluded: frozenset[Pair] = frozenset()
    locked: frozenset[int] = frozenset()
    ownership: Ownership = Ownership.NEAREST_CENTRE
    solved: Solved | None = None
    journal: Path | None = None
    command: str = ""
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)
    changed: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "ownership", Ownership.named(self.ownership))
        n, pairs = len(self.layout), [seam.pair for seam in self.seams]
        if len(self.estimates) != len(pairs):
            raise ProjectError(
                f"there are {len(pairs)} seams but {len(self.estimates)} estimates; give one a "
                "seam, or None"
            )
        decided = [decision.pair for decision in self.decisions]
        for what, listed in (("seam", pairs), ("decided seam", decided)):
            if len(set(listed)) < len(listed):
                twice = next(pair for k, pair in enumerate(listed) if pair in listed[:k])
                raise ProjectError(
                    f"the {what} of frames {twice[0]} and {twice[1]} is there twice; keep one"
                )
        for frame in (*(frame for pair in pairs for frame in pair), *self.locked):
            if not 0 <= frame < n:
                raise ProjectError(f"frame {frame} is named, but they count from 0 to {n - 1}")
        for first, second in {*decided, *self.excluded} - set(pairs):
            raise ProjectError(
                f"frames {first} and {second} share no seam, so nothing can be decided about it; "
                "name two neighbours"
            )
        if self.solved is not None and (len(self.solved.frames), len(self.solved.verdicts)) != (
            n,
            len(pairs),
        ):
            raise ProjectError(
                f"the positions are those of {len(self.solved.frames)} frames and "
                f"{len(self.solved.verdicts)} seams, but there are {n} and {len(pairs)}; solve "
                "again"
            )

    @classmethod
    def of_layout(cls, layout: Layout, settings: StitchSettings | None = None) -> Project:
        """Begin with a layout of which no seam has been estimated yet."""
        seams = find_seams(layout)
        return cls(layout, settings or StitchSettings(), seams, (None,) * len(seams))

    @classmethod
    def from_solution(
        cls,
        solution: Solution,
        settings: StitchSettings | None = None,
        *,
        estimates: Sequence[Estimate] | None = None,
        decisions: Iterable[Decision] = (),
        ownership: Ownership | str = Ownership.NEAREST_CENTRE,
        journal: Path | None = None,
        command: str = "",
    ) -> Project:
        """Keep what was solved.

        Parameters
        ----------
        solution : Solution
            As `stitch` gives it.
        settings : StitchSettings, optional
            Those it was made with.
        estimates : sequence of Estimate, optional
            Of all seams before decisions were put in their place, so that a decision can be taken
            back; by default those of the solution.
        decisions : iterable of Decision
            Who decided what; seams that have the status ``hand`` without one get one of nobody.
        ownership, journal, command
            As of `Project`.
        """
        known = {decision.pair: decision for decision in decisions}
        for seam, estimate in zip(solution.seams, solution.estimates, strict=True):
            if estimate.status is Status.HAND:
                known.setdefault(seam.pair, Decision(*seam.pair, estimate.shift))
        return cls(
            solution.layout,
            settings or StitchSettings(solver=solution.solver, feature_size=solution.feature_size),
            solution.seams,
            tuple(solution.estimates if estimates is None else estimates),
            in_order(known.values()),
            ownership=Ownership.named(ownership),
            solved=Solved.of(solution),
            journal=journal,
            command=command,
        )

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Project:
        """Read a project file; see `file.read_project`."""
        from .file import read_project

        return read_project(path, root, progress=progress)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        hashes: bool = True,
        progress: Progress | None = None,
    ) -> None:
        """Write a project file; see `file.write_project`."""
        from .file import write_project

        write_project(self, path, hashes=hashes, progress=progress)

    def decision(self, first: int, second: int) -> Decision | None:
        """What a person decided about the seam of two frames, if they did."""
        return next((d for d in self.decisions if d.pair == (first, second)), None)

    def with_decision(
        self,
        first: int,
        second: int,
        shift: Shift,
        *,
        who: str = "",
        when: datetime | None = None,
        note: str = "",
    ) -> Project:
        """Decide a seam by hand; an earlier decision about it, or its exclusion, is forgotten.

        Parameters
        ----------
        first, second : int
            Indices of its frames.
        shift : Shift
            Relative to the nominal offset, in px.
        who, note : str
            See `Decision`.
        when : datetime, optional
            Now by default.
        """
        decision = Decision(first, second, shift, who, when or datetime.now(UTC), note)
        others = [d for d in self.decisions if d.pair != decision.pair]
        return replace(
            self,
            decisions=in_order([*others, decision]),
            excluded=self.excluded - {decision.pair},
            solved=None,
        )

    def without_decision(self, first: int, second: int) -> Project:
        """Take a decision, or an exclusion, back: what was found by itself counts again."""
        pair = (first, second)
        estimates = tuple(
            # A decision that was all there is leaves nothing behind.
            None if seam.pair == pair and e is not None and e.status is Status.HAND else e
            for seam, e in zip(self.seams, self.estimates, strict=True)
        )
        return replace(
            self,
            estimates=estimates,
            decisions=tuple(d for d in self.decisions if d.pair != pair),
            excluded=self.excluded - {pair},
            solved=None,
        )

    def with_excluded(self, first: int, second: int) -> Project:
        """Exclude a seam: whatever it says is not used. A decision about it is forgotten."""
        cleared = self.without_decision(first, second)
        return replace(cleared, excluded=cleared.excluded | {(first, second)})

    def with_locked(self, *frames: int) -> Project:
        """Say which frames are locked in place, in the place of those that were."""
        return replace(self, locked=frozenset(frames))

    def with_estimates(self, estimates: Mapping[int, Estimate | None]) -> Project:
        """Put what was found about some seams, by their index, in the place of what was known."""
        known = list(self.estimates)
        for index, estimate in estimates.items():
            known[index] = estimate
        return replace(self, estimates=tuple(known), solved=None)

    def with_settings(self, settings: StitchSettings) -> Project:
        """Change settings; what depends on them is forgotten, and nothing else.

        Seams are estimated again only if the method or its range changed; what a journal holds is
        found there.
        """
        if settings == self.settings:
            return self
        kept = settings.way == self.settings.way
        estimates = self.estimates if kept else (None,) * len(self.seams)
        return replace(self, settings=settings, estimates=estimates, solved=None)

    @property
    def known_hashes(self) -> dict[Path, str]:
        """SHA-256 of the frames' files, as far as it is known that they are still the same."""
        return {
            path: stamp.sha256 for path, stamp in self.stamps.items() if stamp.sha256 is not None
        }

    @property
    def unfinished(self) -> tuple[int, ...]:
        """Indices of the seams that are still to be estimated."""
        settled = {decision.pair for decision in self.decisions} | self.excluded
        return tuple(
            k
            for k, (seam, estimate) in enumerate(zip(self.seams, self.estimates, strict=True))
            if estimate is None and seam.pair not in settled
        )

    def decided(self) -> tuple[Estimate, ...]:
        """What counts for each seam: a decision, or nothing if excluded, else what was found."""
        counting = []
        for seam, estimate in zip(self.seams, self.estimates, strict=True):
            if seam.pair in self.excluded:
                method = estimate.method if estimate is not None else ""
                shown = estimate.map if estimate is not None else None
                counting.append(undetermined(method, "excluded by hand", shown))
            else:
                counting.append(estimate or undetermined("", "not estimated yet"))
        return decide(self.seams, counting, {d.pair: d.shift for d in self.decisions})

    def solve(self, progress: Progress | None = None) -> Project:
        """Find the positions, by the settings and all decisions.

        Returns
        -------
        Project
            With `solved`; seams that are unfinished count as blank.

        Raises
        ------
        SolveError
            If the settings are wrong.
        """
        solution = resolve(
            self.layout, self.seams, self.decided(), self.settings, progress=progress
        )
        # Whoever excluded a seam has looked at it.
        verdicts = tuple(
            replace(verdict, needs_look=False) if seam.pair in self.excluded else verdict
            for seam, verdict in zip(self.seams, solution.verdicts, strict=True)
        )
        return replace(self, solved=Solved.of(replace(solution, verdicts=verdicts)))

    def solution(self) -> Solution:
        """Give positions and verdicts as they were solved; nothing is solved again.

        Raises
        ------
        ProjectError
            If there are none, or something was decided since.
        """
        if self.solved is None:
            raise ProjectError(
                "the frames have no positions yet, or something was decided since; solve first "
                "(Project.solve, or napari-seamnet stitch PROJECT)"
            )
        return self.solved.solution(self.layout, self.seams, self.decided())

    def __eq__(self, other: object) -> bool:
        """Whether two projects say the same; maps over shifts count as files keep them."""
        if not isinstance(other, Project):
            return NotImplemented
        return self is other or content_of(self) == content_of(other)

    __hash__ = None  # type: ignore[assignment]
