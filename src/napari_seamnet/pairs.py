"""Align one pair, end to end: two frames in, an estimate out.

The same call serves the script, the command line and the widget.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

from .frames import Frame, as_frame
from .geometry import Offset, Side, nominal_offset
from .seams import Overlap
from .shifts import DEFAULT_METHOD, get_method

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from .shifts import Estimate, Method
    from .shifts.estimate import Progress

DEFAULT_MAX_SHIFT = 15


def align_pair(
    first: Frame | np.ndarray | str | Path,
    second: Frame | np.ndarray | str | Path,
    side: Side | str = Side.RIGHT,
    overlap: int = 150,
    *,
    offset: Offset | tuple[int, int] | None = None,
    method: str | Method = DEFAULT_METHOD,
    max_shift: int = DEFAULT_MAX_SHIFT,
    device: str = "auto",
    progress: Progress | None = None,
) -> Estimate:
    """Find where the second frame really lies.

    Parameters
    ----------
    first, second : Frame, array or path
        The two frames: paths, (H, W) or (H, W, C) arrays (numpy or dask), or opened frames.
    side : {"right", "below", "left", "above"}
        Where the second frame lies, seen from the first. Ignored if `offset` is given.
    overlap : int, default 150
        Nominal overlap, in px. Ignored if `offset` is given.
    offset : Offset or (dy, dx), optional
        Nominal offset of the second frame, in px, in any direction.
    method : str or Method, default "seamnet"
        A name of `napari_seamnet.shifts.method_names`, or a method.
    max_shift : int, default 15
        Search range, in px each way on each axis.
    device : {"auto", "cpu", "cuda", "mps"}
        Where a network runs.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Returns
    -------
    Estimate
        Shift, status, confidence, alternatives, and the map they were read from.

    Raises
    ------
    OverlapError
        If the frames share no such overlap.
    FrameError
        If a file cannot be read as a frame.
    ValueError
        If there is no such side, method or device, or the search range is less than 1 px.

    Examples
    --------
    >>> from napari_seamnet.sample_data import chip_pair
    >>> first, second = chip_pair()
    >>> align_pair(first, second, "right", overlap=150, method="smoothed").shift.whole()
    (-3, 8)
    """
    if not isinstance(max_shift, Integral) or max_shift < 1:
        raise ValueError(f"a search range is a whole number of px from 1 on, not {max_shift}")
    first, second = as_frame(first), as_frame(second)
    if offset is None:
        nominal = nominal_offset(first.shape, second.shape, side, overlap)
    else:
        nominal = Offset(*offset)
    if isinstance(method, str):
        method = get_method(method, device=device)
    margin = max_shift if method.wants_margin else 0
    crops = Overlap.cut(first, second, nominal, margin=margin)
    return method.estimate(crops, max_shift=max_shift, progress=progress)
