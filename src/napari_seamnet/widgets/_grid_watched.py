"""What of a session's grid can be watched, what has come to a watched folder, and words for it.

No Qt here. When a folder is looked at, and what becomes of new frames, is in `_grid_watch.py`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..as_text import Opened
from ._grid_source import overlap_of

if TYPE_CHECKING:
    from ..layouts import Layout
    from ._grid_session import GridSession

ONE_FOLDER = "The frames of this grid are in several folders; only one folder can be watched"
NO_FILES = "The frames of this grid are no files, so there is no folder to watch"
BY_FILE = (
    "A file says where the frames of this grid lie, so new ones cannot be placed; open the folder "
    "itself to watch it"
)
SERIES = "series of "
"""How the source of a layout begins whose names only count."""


@dataclass(frozen=True)
class Watchable:
    """The folder of a session's grid, and how what comes to it is to be opened.

    Parameters
    ----------
    folder : Path
        All frames that were not added by hand are in it.
    opened : Opened
        Of the folder.
    is_known : bool
        Whether the grid was opened so; else that is a guess, by which frames must lie as they do.
    """

    folder: Path
    opened: Opened
    is_known: bool


def watchable(session: GridSession) -> Watchable | str:
    """Tell which folder the present grid is in; or in one sentence why none can be watched."""
    project, opened = session.project, session.opened
    if project is None:
        return NO_FILES
    if opened is None:
        return _guessed(project.layout)
    if isinstance(opened.source, str):
        folder = Path(opened.source)
        return BY_FILE if folder.is_file() else Watchable(folder, opened, True)
    folders = {Path(one).parent for one in opened.source}
    if len(folders) > 1:
        return ONE_FOLDER
    folder = folders.pop()
    return Watchable(folder, Opened(str(folder), opened.options, opened.left_out), True)


def _guessed(layout: Layout) -> Watchable | str:
    """How a layout may have been opened that came from a project."""
    folders = {None if site.frame.path is None else site.frame.path.parent for site in layout}
    if len(folders) > 1:
        return ONE_FOLDER
    folder = folders.pop()
    if folder is None:
        return NO_FILES
    options: dict[str, object] = {}
    if (overlap := overlap_of(layout)) is not None:
        options["overlap"] = overlap
    if layout.source.startswith(SERIES):
        options |= {"rows": layout.rows, "cols": layout.cols}
    return Watchable(folder, Opened(str(folder), options), False)


class Arrivals:
    """What has come to one folder; filled by the thread that watches it.

    Attributes
    ----------
    stop : threading.Event
        Set when nobody wants to know any more.
    there : dict of str to Path
        Complete files, by their names.
    times : int
        How often some came.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stop = threading.Event()
        self.there: dict[str, Path] = {}
        self.times = 0
        self._last: float | None = None
        self._troubles: dict[Path, str] = {}

    def take(self, came: tuple[Path, ...]) -> None:
        """Take files that are complete, also those that were and have been written anew."""
        now = time.time()
        if not self.times:  # they may have been there for long
            for path in came:
                with contextlib.suppress(OSError):
                    self._last = max(self._last or 0.0, min(now, path.stat().st_mtime))
        else:
            self._last = now
        for path in came:
            self._troubles.pop(path, None)
        # Another object, as the other thread may be looking at this one.
        self.there = self.there | {path.name: path for path in came}
        self.times += 1

    def take_trouble(self, path: Path, why: str) -> None:
        """Take a file that cannot be read, and why."""
        self._troubles = self._troubles | {path: why}

    @property
    def trouble(self) -> str:
        """One sentence on files that cannot be read; empty if there are none."""
        troubles = list(self._troubles.values())
        if not troubles:
            return ""
        more = len(troubles) - 1
        others = f" (and {more} more file{'s' * (more > 1)} like this)" if more else ""
        return f"{troubles[-1]}{others}"

    def words(self, *, waits: bool) -> str:
        """Say in a few words what is the case.

        Parameters
        ----------
        waits : bool
            Whether some have come that cannot be taken in yet.
        """
        said = f"watching {self.folder.name}: "
        n = len(self.there)
        if not n:
            return f"{said}no frame yet"
        said += f"{n:,} frame{'s' * (n > 1)} so far"
        if self._last is not None:
            said += f", the last {_age(max(0.0, time.time() - self._last))} ago"
        return f"{said}; the newest wait until the seams are done" if waits else said


def _age(seconds: float) -> str:
    r"""A span of time in its most fitting unit.

    Examples
    --------
    >>> _age(4.4), _age(300), _age(86_400)
    ('4\xa0s', '5\xa0min', '24\xa0h')
    """
    if seconds < 100:
        return f"{seconds:.0f}\N{NO-BREAK SPACE}s"
    if seconds < 6_000:
        return f"{seconds / 60:.0f}\N{NO-BREAK SPACE}min"
    return f"{seconds / 3_600:.0f}\N{NO-BREAK SPACE}h"
