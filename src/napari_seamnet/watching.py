"""Stitch a running acquisition: a solution after every few frames, as they arrive.

Which files are complete is told by `grids/watch.py`; how a grid is stitched is in `stitching.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .grids import Journal, watch_folder
from .grids.watch import POLL_S, SETTLE_S
from .layouts import LayoutError, open_layout
from .stitching import StitchSettings, stitch

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Iterator

    from .shifts.estimate import Progress
    from .solve import Solution
    from .stitching import Workers


def stitch_arriving(
    folder: str | os.PathLike[str],
    settings: StitchSettings | None = None,
    *,
    journal: Journal | str | os.PathLike[str],
    workers: Workers | None = None,
    stop: threading.Event | Callable[[], bool] | None = None,
    poll: float = POLL_S,
    settle: float = SETTLE_S,
    on_trouble: Callable[[Path, str], None] | None = None,
    progress: Progress | None = None,
    **layout_options: Any,
) -> Iterator[Solution]:
    """Stitch the frames of a folder whenever some have been added.

    Parameters
    ----------
    folder : path
        Where the microscope writes.
    settings, workers
        As of `stitch`.
    journal : Journal or path
        Keeps what is estimated, so that each time only the new seams are.
    stop : threading.Event or callable, optional
        Set, or true, when it is time to stop.
    poll, settle : float
        Seconds between two looks, and without a change until a file counts as complete.
    on_trouble : callable, optional
        Called as ``on_trouble(path, reason)`` for a file that cannot be read, and for the folder
        while its frames cannot be laid out yet.
    progress : callable, optional
        As of `stitch`.
    **layout_options
        Of `open_layout`: pattern, rows, cols, overlap, ... The size of the grid (rows or cols)
        must be told where it is a plain series: there is no end yet to guess it from.

    Yields
    ------
    Solution
        Of all frames that are there, each time that some more are.

    Raises
    ------
    GridError
        If there is no such folder, or it is gone later on.
    FrameError, SeamError
        If a frame that was complete cannot be read any more.
    """
    folder = Path(folder)
    there: dict[str, Path] = {}
    for arrived in watch_folder(
        folder,
        poll=poll,
        settle=settle,
        stop=stop,
        page=layout_options.get("page"),
        on_trouble=on_trouble,
    ):
        there |= {path.name: path for path in arrived}
        try:
            layout = open_layout([there[name] for name in sorted(there)], **layout_options)
        except LayoutError as error:
            # Two frames may be too few to tell rows from columns: perhaps the next one tells.
            if on_trouble is not None:
                on_trouble(folder, str(error))
            continue
        yield stitch(layout, settings, workers=workers, journal=journal, progress=progress)


def is_full(solution: Solution, rows: int | None, cols: int | None, missing: int = 0) -> bool:
    """Whether a grid of this size has all its frames."""
    return bool(rows and cols) and len(solution.frames) >= (rows or 0) * (cols or 0) - missing
