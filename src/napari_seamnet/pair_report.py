"""One pair's answer with all that is said about it: in words, in JSON, and as a picture.

The answer itself comes from `pairs.py`; files of many pairs are in `pair_files.py`.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import imageio.v3 as iio

from .geometry import Offset, OverlapError, Shift
from .pair_files import list_alternatives, rounded
from .pairs import DEFAULT_MAX_SHIFT, align_pair
from .saving import written_whole
from .seams import Overlap, composite, similarity

if TYPE_CHECKING:
    from pathlib import Path

    from .frames import Frame
    from .shifts import Estimate, Method
    from .shifts.estimate import Progress


@dataclass(frozen=True, eq=False)
class PairReport:
    """What was found about one pair.

    Parameters
    ----------
    nominal : Offset
        Nominal offset of the second frame, in px.
    estimate : Estimate
        The method's answer.
    similarity_before, similarity_after : float or None
        D of the pixels that lie on each other at the nominal offset, and at the rounded shift;
        None if there is nothing to compare.
    seconds : float
        Time that the alignment took, loading of a network included.
    """

    nominal: Offset
    estimate: Estimate
    similarity_before: float | None
    similarity_after: float | None
    seconds: float

    @property
    def offset(self) -> Offset:
        """Where the second frame goes: nominal offset plus the shift in whole pixels."""
        return self.nominal + Shift(*self.estimate.shift.whole())


def report_pair(
    first: Frame,
    second: Frame,
    nominal: Offset,
    method: Method,
    *,
    max_shift: int = DEFAULT_MAX_SHIFT,
    progress: Progress | None = None,
) -> PairReport:
    """Align one pair, and measure how alike the overlaps are before and after."""
    start = time.perf_counter()
    estimate = align_pair(
        first, second, offset=nominal, method=method, max_shift=max_shift, progress=progress
    )
    seconds = time.perf_counter() - start
    after = nominal + Shift(*estimate.shift.whole())
    return PairReport(
        nominal,
        estimate,
        similarity_at(first, second, nominal),
        similarity_at(first, second, after),
        seconds,
    )


def similarity_at(first: Frame, second: Frame, offset: Offset) -> float | None:
    """D of all pixels that lie on each other at an offset; None if there are none to compare."""
    try:
        crops = Overlap.cut(first, second, offset)
    except OverlapError:  # a narrow overlap, and a shift that leads out of it
        return None
    value = similarity(crops.first, crops.second)
    return value if math.isfinite(value) else None


def as_json(report: PairReport) -> dict[str, object]:
    """Put a report into the object that other programs rely on (design, formats)."""
    estimate = report.estimate
    return {
        "dy": rounded(estimate.shift.dy),
        "dx": rounded(estimate.shift.dx),
        "confidence": rounded(estimate.confidence, 4),
        "status": str(estimate.status),
        "alternatives": list_alternatives(estimate, report.nominal),
        "method": estimate.method,
        "similarity": report.similarity_after,
        "device": estimate.device,
        "seconds": rounded(report.seconds, 4),
    }


def as_text(report: PairReport) -> str:
    """Put a report into words, in lines for a terminal."""
    estimate = report.estimate
    reason = f": {estimate.reason}" if estimate.reason else ""
    lines = [
        f"status   {estimate.status}{reason}",
        f"sure     {estimate.confidence:.1%} within 1 px",
        f"shift    {_in_px(estimate.shift)}",
        f"offset   {_in_px(report.nominal + estimate.shift)}",
    ]
    lines += [
        f"also     {_in_px(other.shift)}   ({other.probability:.1%})"
        for other in estimate.alternatives
    ]
    before, after = (
        "nothing to compare" if d is None else f"{d:.1f}"
        for d in (report.similarity_before, report.similarity_after)
    )
    lines.append(f"D        {before} -> {after}")
    lines.append(f"by       {estimate.method} on {estimate.device}, {report.seconds:.2f} s")
    return "\n".join(lines)


def _in_px(move: Shift | Offset) -> str:
    return f"dy {move.dy:+9.2f} px   dx {move.dx:+9.2f} px"


def save_composite(path: Path, first: Frame, second: Frame, offset: Offset) -> None:
    """Write what two frames share at an offset: red the first, green the second, as PNG."""
    crops = Overlap.cut(first, second, offset)
    with written_whole(path) as beside:
        iio.imwrite(beside, composite(crops.first, crops.second), extension=".png")
