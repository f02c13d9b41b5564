"""What decided a pair: which places speak for the shift that was found, and which for its rival.

From two frames and an estimate to a picture. How places vote is the network's business
(`nets/inference.py`), how it looks is `seams/vote_picture.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .geometry import Shift
from .seams import Overlap
from .seams.overlap import crop_boxes
from .seams.vote_picture import draw_votes
from .shifts import Status, get_method
from .shifts.seamnet import SeamNetMethod

if TYPE_CHECKING:
    from .frames import Frame
    from .geometry import Offset
    from .shifts import Estimate

APART = 2
"""px; what is nearer to a shift than this is the same peak."""
NOTHING = "nothing decided this seam: there was nothing to compare"


class NotToldError(ValueError):
    """Nothing can tell what decided a seam; the message says why."""


@dataclass(frozen=True, eq=False)
class Decided:
    """What decided a seam.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
        Blue where places speak for `chosen`, orange where for `rival`, on the second frame's grey.
    corner : (y, x)
        Where the picture lies in the second frame.
    chosen, rival : Shift
        The two that are compared, in px.
    """

    picture: np.ndarray
    corner: tuple[int, int]
    chosen: Shift
    rival: Shift


def what_decided(first: Frame, second: Frame, nominal: Offset, estimate: Estimate) -> Decided:
    """Show which places speak for a shift, and which for the best one that is not it.

    Parameters
    ----------
    first, second : Frame
        The pair.
    nominal : Offset
        Of the second frame, in px.
    estimate : Estimate
        By a network, relative to `nominal`.

    Returns
    -------
    Decided

    Raises
    ------
    NotToldError
        If the estimate is of no network, or found nothing at all.
    OverlapError
        If the frames share nothing.
    FrameError
        If a frame cannot be read.
    """
    if estimate.map is None:
        raise NotToldError(NOTHING)
    if estimate.status is Status.UNDETERMINED:
        raise NotToldError(f"nothing decided this seam: {estimate.reason}")
    reach = estimate.map.max_shift
    overlap = Overlap.cut(first, second, nominal, margin=reach)
    _, box = crop_boxes(first.shape, second.shape, nominal, reach)
    rival = best_rival(estimate.map.values, estimate.shift)
    picture = votes_between(overlap, estimate, estimate.shift, rival)
    return Decided(picture, (box.y, box.x), estimate.shift, rival)


def votes_between(overlap: Overlap, estimate: Estimate, chosen: Shift, rival: Shift) -> np.ndarray:
    """Draw which places speak for one shift, and which for another.

    Parameters
    ----------
    overlap : Overlap
        The seam.
    estimate : Estimate
        By a network, of this seam: that one is asked, and within the same range.
    chosen, rival : Shift
        Relative to the overlap's origin, in px.

    Returns
    -------
    (H, W, 3) uint8 array
        The second crop; see `draw_votes`.

    Raises
    ------
    NotToldError
        If the estimate is of no network, its weights have gone since, a shift is beyond its
        range, or there is nothing to see.
    """
    if estimate.map is None:
        raise NotToldError(NOTHING)
    try:
        method = get_method(estimate.method) if estimate.method else None
        votes = (
            method.votes(overlap, chosen, rival, max_shift=estimate.map.max_shift)
            if isinstance(method, SeamNetMethod)
            else None
        )
    except ValueError as error:
        raise NotToldError(str(error)) from error
    if votes is None:
        raise NotToldError(
            "only a network can tell what decided; estimate this seam by seamnet, not "
            f"{estimate.method or 'by hand'}"
        )
    return draw_votes(overlap.second, votes)


def best_rival(values: np.ndarray, shift: Shift) -> Shift:
    """The whole-pixel shift that fits best of all that are not around one.

    Parameters
    ----------
    values : (2R+1, 2R+1) float array
        Larger fits better; NaN is never chosen.
    shift : Shift
        Within the range.
    """
    reach = values.shape[0] // 2
    y, x = (reach + part for part in shift.whole())
    left = np.where(np.isfinite(values), values, -np.inf)
    left[max(0, y - APART) : y + APART + 1, max(0, x - APART) : x + APART + 1] = -np.inf
    at = np.unravel_index(int(np.argmax(left)), left.shape)
    return Shift(int(at[0]) - reach, int(at[1]) - reach)
