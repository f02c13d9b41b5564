"""The seams to look at, as pictures: composites where they were placed and where else they fit.

Seams are read one after the other, and of each only what both frames show. Why a seam is doubtful
was said by the solver.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..deciding import NotToldError, votes_between
from ..frames import FrameError
from ..geometry import Box, OverlapError, Shift
from ..seams import Overlap
from ..seams.composite import view
from ..shifts.estimate import Status
from ..solve.evidence import SAME_MODE, modes
from .pictures import data_of
from .shift_map import draw_shift_map
from .style import said
from .words import name_of, pair, place_of, px, side_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..shifts import Estimate
    from ..solve import Solution

WINDOW = 176
"""px: the part of a seam that is shown is at most this high and wide."""
SMALLEST = 132
"""CSS px of a picture's longer side, at least: small ones are enlarged by whole factors."""
FITS = 2
"""Other fits that are shown as pictures; more are marked in the map."""
NO_BREAK = "\u00a0"
STRIDE = 16
"""px between the places that are tried as the most telling one."""


def card(solution: Solution, seam: int, number: int) -> str:
    """Show one seam: what was said of it, its composites, and its map over shifts.

    Parameters
    ----------
    solution : Solution
        Its frames are read; one that cannot be read is said to be so.
    seam : int
        Index.
    number : int
        Its rank by doubt, from 1 on, which is its name on the page.

    Returns
    -------
    str
        One element.
    """
    verdict, estimate = solution.verdicts[seam], solution.estimates[seam]
    one, two = solution.seams[seam].pair
    placed = placed_shift(solution, seam)
    fits = other_fits(solution, seam)
    facts = [f"placed at {pair(placed, 0)} px"]
    if verdict.shift is not None:
        facts.append(f"measured {pair(verdict.shift)} px")
    if verdict.loop_error is not None:
        facts.append(f"its best loop closes to {px(verdict.loop_error, 1)}")
    by_itself = f"by itself {estimate.status}"
    if estimate.status is not Status.UNDETERMINED:
        by_itself += f", {estimate.confidence:.0%}"
    facts.append(f"{by_itself} ({estimate.method or 'no method'})")
    percent = f"{verdict.probability:.0%}"
    twice = percent in verdict.reason or "within 1 px" in verdict.reason
    how_sure = "" if twice else f", {percent}"
    place = place_of(solution, (one, two))
    where = f"{place}, {side_of(solution, seam)}" if place else side_of(solution, seam)
    drawn = ""
    if estimate.map is not None:
        drawn = f"<div>{draw_shift_map(estimate.map, placed, fits)}</div>"
    pictures = "".join(_pictures(solution, seam, placed, fits[:FITS]))
    return (
        f'<section class="card" id="seam-{number}"><h3>{number}. '
        f"{escape(name_of(solution, seam))}</h3>"
        f'<p><span class="soft">{escape(where)}.</span> {said(verdict.status)}'
        f"{how_sure}: {escape(verdict.reason or 'no reason given')}.<br>"
        f'<span class="soft">{escape("; ".join(facts))}.</span></p>'
        f'<div class="row">{drawn}<div class="fits">{pictures}</div></div></section>'
    )


def placed_shift(solution: Solution, seam: int) -> tuple[int, int]:
    """The shift at which a seam's frames lie in the mosaic, in whole px."""
    one, two = solution.seams[seam].pair
    (y0, x0), (y1, x1) = solution.frames[one].whole, solution.frames[two].whole
    dy, dx = solution.seams[seam].nominal.whole()
    return y1 - y0 - dy, x1 - x0 - dx


def other_fits(solution: Solution, seam: int) -> list[Shift]:
    """Shifts that fit besides the one at which the frames were placed, best first."""
    placed = Shift(*placed_shift(solution, seam))
    verdict, estimate = solution.verdicts[seam], solution.estimates[seam]
    listed = [mode.shift for mode in modes(estimate)] if estimate.status is not Status.HAND else []
    if verdict.shift is not None:
        listed.append(verdict.shift)
    fits: list[Shift] = []
    for shift in listed:
        if all(shift.distance(known) > SAME_MODE for known in (placed, *fits)):
            fits.append(shift)
    return fits


def most_telling(overlap: Overlap, shifts: Sequence[tuple[int, int]], window: int = WINDOW) -> Box:
    """Find the part of a seam that shows the most: structure in both frames.

    Parameters
    ----------
    overlap : Overlap
        The seam, with a margin that holds all shifts.
    shifts : sequence of (dy, dx)
        Whole px; the part lies within what is shared at all of them, if there is such a part.
    window : int
        Largest height and width, in px.

    Returns
    -------
    Box
        In the first crop's pixels; empty if nothing is shared at the first shift.
    """
    shared = [_shared_box(overlap, *shift) for shift in shifts]
    whole = shared[0]
    for box in shared[1:]:
        both = whole.meet(box)
        if min(both.shape) >= min(window, *whole.shape) / 3:
            whole = both
    height, width = min(window, whole.height), min(window, whole.width)
    dy, dx = overlap.origin[0] + shifts[0][0], overlap.origin[1] + shifts[0][1]
    best, at = -1.0, (whole.y, whole.x)
    for y in _starts(whole.y, whole.height, height):
        for x in _starts(whole.x, whole.width, width):
            box = Box(y, x, height, width)
            one = overlap.first[box.slices]
            two = overlap.second[box.moved(-dy, -dx).slices]
            score = min(_structure(one), _structure(two))
            if score > best:
                best, at = score, (y, x)
    return Box(*at, height, width)


def _pictures(
    solution: Solution, seam: int, placed: tuple[int, int], fits: Sequence[Shift]
) -> list[str]:
    """Composites of one part of the seam: as placed, and at its other fits."""
    frames = [solution.layout[frame].frame for frame in solution.seams[seam].pair]
    shifts = [placed, *(fit.whole() for fit in fits)]
    margin = max(abs(value) for shift in shifts for value in shift) + 1
    try:
        overlap = Overlap.cut(frames[0], frames[1], solution.seams[seam].nominal, margin)
        box = most_telling(overlap, shifts)
    except (FrameError, OverlapError) as error:
        return [f'<p class="bad">No picture: {escape(str(error))}</p>']
    names = ["as placed", *(f"other fit {n}" for n in range(1, len(shifts)))]
    shown = []
    for name, shift in zip(names, shifts, strict=True):
        picture, (y, x) = view(overlap, shift)
        part = box.moved(-y, -x).meet(Box.of_shape(picture.shape))
        cut = picture[part.slices]
        caption = f"{name} {pair(shift, 0).replace(' ', NO_BREAK)}"
        if not cut.size:
            shown.append(
                f"<figure><figcaption>{escape(caption)}</figcaption>"
                '<p class="soft">the frames share nothing there</p></figure>'
            )
            continue
        shown.append(_figure(cut, box, caption, f"composite {caption}"))
    if fits:
        shown.append(_votes(solution.estimates[seam], overlap, Shift(*placed), fits[0], box))
    return shown


def _votes(estimate: Estimate, overlap: Overlap, placed: Shift, rival: Shift, box: Box) -> str:
    """Show which places speak for where the frames were placed, and which for its best rival."""
    try:
        picture = votes_between(overlap, estimate, placed, rival)
    except NotToldError:
        return ""
    dy, dx = (o + s for o, s in zip(overlap.origin, placed.whole(), strict=True))
    part = box.moved(-dy, -dx).meet(Box.of_shape(picture.shape))
    if part.is_empty:
        return ""
    caption = "what speaks for it (blue), and for other fit 1 (orange)"
    return _figure(picture[part.slices], box, caption, caption, "votes")


def _figure(picture: np.ndarray, box: Box, caption: str, alt: str, kind: str = "") -> str:
    """A picture of a part of the seam, enlarged by a whole factor if that is small."""
    factor = max(1, SMALLEST // max(box.shape))
    h, w = (side * factor for side in picture.shape[:2])
    of_kind = f' class="{kind}"' if kind else ""
    return (
        f"<figure{of_kind}><figcaption>{escape(caption)}</figcaption>"
        f'<img alt="{escape(alt)}" width="{w}" height="{h}" src="{data_of(picture)}"></figure>'
    )


def _shared_box(overlap: Overlap, dy: int, dx: int) -> Box:
    """What both crops show at a shift, in the first crop's pixels."""
    at = (overlap.origin[0] + dy, overlap.origin[1] + dx)
    return Box.of_shape(overlap.first.shape).meet(Box.of_shape(overlap.second.shape, at))


def _starts(low: int, length: int, part: int) -> list[int]:
    """Where parts of a length begin: every `STRIDE` px, and flush with the end."""
    last = low + length - part
    return sorted({*range(low, last + 1, STRIDE), last})


def _structure(crop: np.ndarray) -> float:
    """How much there is to see: the mean step from a block of pixels to the next.

    Blocks of 4 x 4 px, since the noise of single pixels is no structure.
    """
    h, w = crop.shape[0] // 4 * 4, crop.shape[1] // 4 * 4
    if min(h, w) < 8:
        return float(np.std(crop)) if crop.size else 0.0
    blocks = crop[:h, :w].astype(np.float32).reshape(h // 4, 4, w // 4, 4).mean(axis=(1, 3))
    down, across = np.abs(np.diff(blocks, axis=0)), np.abs(np.diff(blocks, axis=1))
    score = float(down.mean() * across.mean()) ** 0.5  # lines of one direction tell half
    return score if np.isfinite(score) else 0.0
