"""Opening a layout for a session, and estimating its overlap: in the background, newest wins.

What is asked for comes from the form in `_grid_lay_out.py`; projects are opened by
`_grid_keeping.py` and `_grid_autosave.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from ..grids import estimate_overlap
from ..layouts.describe import steps_of
from ._grid_source import is_same, known_frames
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..grids import OverlapEstimate
    from ..layouts import Layout
    from ..shifts.estimate import Progress
    from ..stitching import StitchSettings
    from ._grid_session import GridSession
    from ._grid_source import Asked

ASKEW = 2.0
"""px: rows and columns that run askew by more cannot be told by overlaps alone."""


class Opening(QObject):
    """Opens what a person asks for, and hands it to a session.

    Parameters
    ----------
    session : GridSession
        Gets the layout, as a step that can be undone.
    settings : callable
        Tells how the grid is to be stitched.
    parent : QObject
        Its end stops the work.
    """

    said = Signal(str)
    """One sentence on what is wrong; empty takes the last back."""
    noted = Signal(str)
    """One sentence on what came of it."""
    failed = Signal(object)
    """What was `Asked` cannot be opened."""

    def __init__(
        self, session: GridSession, settings: Callable[[], StitchSettings], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self.work = Work(self)

    def open(self, asked: Asked) -> None:
        """Open a layout; one that says the same as the present one changes nothing."""
        project = self._session.project
        known = {} if project is None else known_frames(project.layout, self._session.opened)

        def job(progress: Progress) -> Generator[str, None, Layout]:
            yield "opening"
            # Headers that were read before are not read again: a change of the form shows at once.
            return asked.open(progress, known if asked.page < 0 else None)

        def failed(why: str) -> None:
            self.said.emit(why)
            self.failed.emit(asked)

        self.said.emit("")
        self.work.start(job, lambda layout: self._on_opened(asked, layout), failed)

    def estimate_overlap(self, asked: Asked) -> None:
        """Look at the pictures of the present layout for how far they overlap."""
        project = self._session.project
        if project is None:
            return
        layout = project.layout

        def job(progress: Progress) -> Generator[str, None, OverlapEstimate]:
            yield "looking at the pictures"
            return estimate_overlap(layout, progress=progress)

        def done(found: OverlapEstimate | None) -> None:
            now = self._session.project
            if found is not None and now is not None and now.layout is layout:
                self._on_overlap(asked, found)

        self.said.emit("")
        self.work.start(job, done, self.said.emit)

    # -- inside -------------------------------------------------------------------------------

    def _on_opened(self, asked: Asked, layout: Layout | None) -> None:
        if layout is None:
            return
        session, before = self._session, self._session.project
        opened = session.opened
        if before is not None and is_same(before.layout, layout):
            session.remember(before.layout, asked.opened)
            return
        if opened is None or opened.source != asked.opened.source:
            session.path = None  # another grid than the one of that file
        self._take(asked, layout)

    def _on_overlap(self, asked: Asked, found: OverlapEstimate) -> None:
        told = sum(not seam.reason for seam in found.seams)
        amounts = [
            f"{overlap} px {where}"
            for overlap, where in (
                (found.overlap_y, "above each other"),
                (found.overlap_x, "side by side"),
            )
            if overlap is not None
        ]
        of = f"{told} of the {len(found.seams)} seams looked at"
        note = f"the overlap was told from the pictures: {', '.join(amounts)}, by {of}"
        known = [x for x in (found.overlap_y, found.overlap_x) if x is not None]
        y = known[0] if found.overlap_y is None else found.overlap_y
        x = known[-1] if found.overlap_x is None else found.overlap_x
        asked = replace(asked, overlap=(str(y), str(x)))
        layout = replace(found.layout, notes=(*found.layout.notes, note))
        self._take(asked, layout, is_edited=_is_askew(layout))

    def _take(self, asked: Asked, layout: Layout, *, is_edited: bool = False) -> None:
        session, before = self._session, self._session.project
        session.remember(layout, replace(asked.opened, is_edited=is_edited))
        session.lay_out(layout, self._settings())
        if before is None:
            return
        n = sum(estimate is not None for estimate in before.estimates)
        if n or before.decisions:
            self.noted.emit(
                "This is a new layout, to be stitched anew; undo brings back the one before, "
                "with all that was found and decided."
            )


def _is_askew(layout: Layout) -> bool:
    steps = steps_of(layout)
    down = 0.0 if steps.down is None else steps.down[1]
    across = 0.0 if steps.across is None else steps.across[0]
    return max(abs(down), abs(across)) > ASKEW
