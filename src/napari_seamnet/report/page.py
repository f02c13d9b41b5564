"""The page of a report: which sections there are, in which order; one file with all it shows.

What stands in the sections is in the files beside this one; nothing is measured or solved here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..frames import FrameError
from ..learning.frame_file import sha256_of
from ..mosaic import MosaicError, mosaic_of
from ..saving import written_whole
from . import grid_maps, tables, words
from .doubtful import card
from .drawing import Drawing
from .histograms import shift_histogram
from .overview import overview, small_mosaic
from .style import STYLE, said

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from ..mosaic import Mosaic
    from ..shifts.estimate import Progress
    from ..solve import Solution

MAX_SEAMS = 50
MOST_TAGS = 400
"""Numbers in the overview, at most: more would hide it."""


def write_report(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    mosaic: Mosaic | None = None,
    settings: Any = None,
    command: str | None = None,
    title: str = "Quality of the mosaic",
    notes: Iterable[str] = (),
    max_seams: int = MAX_SEAMS,
    hashes: bool = True,
    known_hashes: Mapping[Path, str] | None = None,
    progress: Progress | None = None,
) -> None:
    """Write what is known about a solved grid as one HTML file; it appears whole or not at all.

    Parameters
    ----------
    solution : Solution
        What was solved.
    path : path
        File to write.
    mosaic : Mosaic, optional
        The picture for the overview; that of the solution by default.
    settings : StitchSettings or mapping, optional
        What it was made with, to be listed.
    command : str, optional
        The command, or the lines of Python, that make it once more.
    title : str
        What the page is called.
    notes : iterable of str
        Sentences that a person should read first, such as a project's warnings.
    max_seams : int, default 50
        Doubtful seams that are shown as pictures; the table has all.
    hashes : bool, default True
        Whether the frames' files are read once more, for the SHA-256 of each.
    known_hashes : mapping of Path to str, optional
        Those that are known already, such as `Project.known_hashes`.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Raises
    ------
    SavingError
        If the file cannot be written there.
    FrameError
        If a file to be hashed is gone. A frame whose pixels cannot be read is said to be so on
        the page.

    Notes
    -----
    Frames and seams are read one after the other, so that memory does not grow with the grid.

    Examples
    --------
    >>> import tempfile
    >>> from napari_seamnet import Layout, StitchSettings, stitch
    >>> from napari_seamnet.sample_data import chip_grid
    >>> grid = chip_grid(1, 2, size=300, overlap=80, jitter=4)
    >>> settings = StitchSettings(method="smoothed")
    >>> solution = stitch(Layout.of_frames(grid.frames, grid.nominal), settings)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder) / "report.html"
    ...     write_report(solution, page, settings=settings)
    ...     print(page.read_text(encoding="utf-8")[:15])
    <!DOCTYPE html>
    """
    path = Path(path)
    with written_whole(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        # Written section by section: the pictures of all seams are never in memory together.
        file.write(
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        )
        numbers = {seam: n for n, seam in enumerate(solution.to_look_at, 1)}
        drawing = Drawing(solution)
        file.write(_head(solution, title, notes))
        file.write(_overview(solution, drawing, numbers, mosaic, progress))
        file.write(_to_look_at(solution, numbers, max_seams))
        for seam, number in list(numbers.items())[:max_seams]:
            if progress is not None:
                progress(number - 1, min(len(numbers), max_seams), "drawing doubtful seams")
            file.write(card(solution, seam, number))
        file.write("</div>\n" if numbers and max_seams > 0 else "")
        file.write(_maps(solution, drawing))
        file.write(_shifts(solution, settings))
        file.write(_unused(solution, numbers))
        digests = _hashed(solution, hashes, known_hashes or {}, progress)
        file.write(_how(solution, settings, command, digests))
        file.write("</body>\n</html>\n")


def _head(solution: Solution, title: str, notes: Iterable[str]) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    seams = "".join(f"<li>{n:,} {said(status)}</li>" for status, n in solution.counts().items())
    statuses = [frame.status for frame in solution.frames]
    frames = "".join(
        f"<li>{statuses.count(status):,} {said(status)}</li>"
        for status in dict.fromkeys(sorted(statuses, key=lambda s: (s.needs_person, s)))
    )
    warned = "".join(f'<p class="bad">{escape(note)}</p>' for note in notes)
    layout = "".join(f'<p class="soft">{escape(note)}</p>' for note in solution.layout.notes)
    sentences = "".join(
        f"<p>{escape(sentence)}</p>" for sentence in words.how_it_hangs_together(solution)
    )
    return (
        f'<h1>{escape(title)}</h1>\n<p class="soft">Written {now} by napari-seamnet. No pixel of '
        "the frames was altered.</p>\n"
        f'<p class="headline">{escape(words.headline(solution))}</p>{warned}\n'
        f'<ul class="counts"><li class="soft">Seams:</li>{seams or "<li>none</li>"}</ul>\n'
        f'<ul class="counts"><li class="soft">Frames:</li>{frames}</ul>\n{sentences}{layout}\n'
    )


def _overview(
    solution: Solution,
    drawing: Drawing,
    numbers: dict[int, int],
    mosaic: Mosaic | None,
    progress: Progress | None,
) -> str:
    tags = {seam: n for seam, n in numbers.items() if n <= MOST_TAGS}
    said_instead = ""
    try:
        picture, covered = small_mosaic(mosaic or mosaic_of(solution), progress)
        drawn = overview(solution, drawing, tags, picture, covered)
    except (MosaicError, FrameError) as error:
        drawn = overview(solution, drawing, tags, None)
        said_instead = f'<p class="bad">The mosaic cannot be shown: {escape(str(error))}</p>'
    return f"<h2>Overview</h2>\n{said_instead}{drawn}\n"


def _to_look_at(solution: Solution, numbers: dict[int, int], max_seams: int) -> str:
    """Tables of what needs a person; with seams, it ends inside of the cards."""
    frames = tables.doubted_frames_table(solution)
    parts = []
    if numbers:
        parts.append(f"<h2>Seams to look at: {len(numbers):,}</h2>\n")
        parts.append(tables.seams_table(solution, numbers, max_seams))
    else:
        parts.append("<h2>Seams to look at: none</h2>\n")
    if frames:
        parts.append(f"<h2>Frames without a certain place</h2>\n{frames}")
    if numbers and max_seams > 0:
        shown = min(len(numbers), max_seams)
        which = "All of them" if shown == len(numbers) else f"The {shown} most doubtful ones"
        parts.append(
            "<h2>The doubtful seams, one by one</h2>\n"
            f'<p class="soft">{which}. The first frame is red, the second green: what lies right '
            "is grey, what does not has red and green fringes. Of long seams, the part with the "
            "most structure is shown, the same in all pictures, in source pixels. In the map, "
            "bright shifts fit (dy down, dx to the right); the cross is where the frames were "
            'placed, numbered rings are other fits.</p>\n<div class="cards">\n'
        )
    return "".join(parts)


def _maps(solution: Solution, drawing: Drawing) -> str:
    drawn = []
    if solution.seams:
        drawn.append(grid_maps.residual_map(solution, drawing))
    if solution.loops:
        drawn.append(grid_maps.loop_map(solution, drawing))
    drawn.append(grid_maps.move_map(solution, drawing))
    return f'<h2>Residuals, loops, stage</h2>\n<div class="maps">{"".join(drawn)}</div>\n'


def _shifts(solution: Solution, settings: Any) -> str:
    reach = getattr(settings, "max_shift", None)
    wide = getattr(settings, "wide", None)  # then the range counts around each coarse offset
    drawn = shift_histogram(solution, None if wide else reach)
    sentences = "".join(f"<p>{escape(one)}</p>" for one in words.stage_in_words(solution))
    return (
        "<h2>Shifts</h2>\n"
        '<p class="soft">True minus nominal offset of the second frame, y down, x to the right. '
        "Dashed: the stage model's step; dotted: the search range.</p>\n"
        f"{drawn or '<p>No shift was measured.</p>'}\n<h2>Stage model</h2>\n{sentences}"
        f"{tables.stage_table(solution)}\n"
    )


def _unused(solution: Solution, numbers: Mapping[int, int]) -> str:
    n, listed = tables.unused_table(solution, numbers)
    if not n:
        return ""
    return (
        f"<h2>Seams that are not certain, but need no look</h2>\n"
        "<p>Others hold their frames in place, or a person decided.</p>\n"
        f"<details><summary>{words.counted(n, 'seam')}, and why</summary>{listed}</details>\n"
    )


def _how(
    solution: Solution, settings: Any, command: str | None, digests: Mapping[Path, str]
) -> str:
    again = f"<p>To make it once more:</p>\n<pre>{escape(command)}</pre>\n" if command else ""
    frames = words.counted(len(solution.frames), "frame")
    return (
        f"<h2>How it was made</h2>\n{again}{tables.settings_table(settings, solution)}\n"
        f"{tables.versions_table()}\n<details><summary>All {frames}: positions, and hashes of the "
        f"files</summary>{tables.frames_table(solution, digests)}</details>\n"
    )


def _hashed(
    solution: Solution, wanted: bool, known: Mapping[Path, str], progress: Progress | None
) -> dict[Path, str]:
    """Hash the frames' files, each once, that are not known."""
    found = dict(known)
    frames = solution.layout.frames
    paths = dict.fromkeys(frame.path for frame in frames if frame.path is not None)
    left = [path for path in paths if path not in found] if wanted else []
    for k, path in enumerate(left):
        if progress is not None:
            progress(k, len(left), "hashing frames")
        found[path] = sha256_of(path)
    return found
