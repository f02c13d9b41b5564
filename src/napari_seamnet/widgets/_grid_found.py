"""What was found about the seams of each layout of a session, so that no step back forgets it.

No Qt here. An undone step brings back a project that knows only what was known at its time; what
has been found since, by the same settings, is as true of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..shifts import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..layouts import Layout
    from ..projects import Project
    from ..projects.grow import Growth
    from ..seams.seam import Seam
    from ..shifts import Estimate

Way = tuple[str, int, int | None]
"""See `StitchSettings.way`: estimates of another way are none of this one."""


class Found:
    """Estimates by layout, way and seam, as they came in; what a step did is not among them."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Layout, dict[Way, dict[int, Estimate]]] = WeakKeyDictionary()

    def note(self, project: Project, estimates: Mapping[int, Estimate | None]) -> None:
        """Note what was found about seams of a project; None is forgotten."""
        known = self._of.setdefault(project.layout, {}).setdefault(project.settings.way, {})
        for seam, estimate in estimates.items():
            if estimate is None:
                known.pop(seam, None)
            elif estimate.status is not Status.HAND:  # that is no find but a decision
                known[seam] = estimate

    def filled(self, project: Project) -> Project:
        """Give a project with what is known of seams that it knows nothing of; or itself."""
        known = self._of.get(project.layout, {}).get(project.settings.way, {})
        lost = {k: one for k, one in known.items() if project.estimates[k] is None}
        return project.with_estimates(lost) if lost else project

    def grow(self, growth: Growth, seams: Sequence[Seam]) -> None:
        """Know the same of a layout that has grown; `seams` are those that it had."""
        for way, known in self._of.get(growth.before, {}).items():
            carried = growth.carried(seams, known)
            self._of.setdefault(growth.layout, {}).setdefault(way, {}).update(carried)
