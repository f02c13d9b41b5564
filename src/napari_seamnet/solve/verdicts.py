"""Verdicts: from where the frames were placed to what a person should know, in words.

Nothing is placed here; statuses, reasons, and who should look at what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Offset, Shift
from ..seams.seam import pairs_of
from ..shifts.estimate import Status
from ..shifts.posterior import AMBIGUOUS, CERTAIN
from .evidence import SAME_MODE, mode_near, modes
from .least_squares import connected
from .rounding import rounded
from .solution import SolvedFrame, SolvedSeam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate
    from .agreement import Agreement
    from .placed import Placed

TORN = 0.9
"""Most that is claimed where seams contradict each other, or tie a frame to a minority."""
UNSOUND = "too many seams of this grid contradict each other: is the overlap right?"
RESIDUAL = 1.0
"""px: a seam that misses its own shift by more than this, as placed, is not certain."""


def judge_frames(
    layout: Layout,
    placed: Placed,
    seams: Sequence[Seam],
    verdicts: Sequence[SolvedSeam],
    agreement: Agreement,
    feature_size: float | None,
) -> list[SolvedFrame]:
    """Say of every frame where it lies and how far that can be trusted.

    Parameters
    ----------
    layout : Layout
        What was placed.
    placed : Placed
        By any solver.
    seams, verdicts
        Its seams, and what `judge_seams` says of them.
    agreement : Agreement
        Of the seams with each other.
    feature_size : float or None
        In px; an uncertainty beyond half of it is flagged.
    """
    pairs = pairs_of(seams)
    whole = rounded(placed.positions, placed.hand.ties, pairs)
    held = _held(placed)
    torn = _torn(len(layout), seams, verdicts)
    firm = _firm(len(layout), placed, seams, verdicts, agreement)
    main = int((placed.parts == 0).sum())
    frames = []
    for k in range(len(layout)):
        p, rival = float(placed.probability[k]), float(placed.runner_up_probability[k])
        part, spread = int(placed.parts[k]), float(placed.spread[k])
        status, reason = Status.CERTAIN, ""
        if len(layout) > 1 and not held[k]:
            status, reason = Status.UNDETERMINED, "no seam holds it; placed by the stage model"
        elif part:
            status, p = Status.DOUBTFUL, min(p, TORN)
            reason = f"part {part} of the grid: only the stage ties it to the largest part"
        elif 2 * main <= len(layout):
            # Most frames are where the stage has them, so "its place" is theirs to say.
            status, p = Status.DOUBTFUL, min(p, TORN)
            reason = f"seams tie it to no more than {main} of {len(layout)} frames"
        elif torn[k] > 0:
            status, p = Status.DOUBTFUL, min(p, TORN)
            reason = f"its seams contradict each other by {torn[k]:.1f} px"
        elif not agreement.is_sound:
            status, p, reason = Status.DOUBTFUL, min(p, TORN), UNSOUND
        elif p < CERTAIN and rival >= AMBIGUOUS:
            status = Status.AMBIGUOUS
            reason = f"{_percent(p)} here, {_percent(rival)} elsewhere"
        elif p < CERTAIN:
            status, reason = Status.DOUBTFUL, f"{_percent(p)} within 1 px"
        elif not firm[k]:
            status, p = Status.DOUBTFUL, min(p, TORN)
            reason = "only doubtful seams tie it to most of the others"
        elif feature_size is not None and spread > feature_size / 2:
            status = Status.DOUBTFUL
            reason = f"uncertain by {spread:.1f} px, more than half a feature"
        runner_up = None
        if rival > 0 and np.isfinite(placed.runner_up[k]).all():
            runner_up = (float(placed.runner_up[k, 0]), float(placed.runner_up[k, 1]))
        y, x = placed.positions[k]
        frames.append(
            SolvedFrame(
                (float(y), float(x)), whole[k], p, spread, runner_up, rival, part, status, reason
            )
        )
    return frames


def _percent(p: float) -> str:
    """In words that never say 99 % of what is less than that, or 100 % of what is not sure."""
    return f"{p:.0%}" if p < 0.95 else f"{int(1000 * p) / 10:.1f}%"


def _torn(n: int, seams: Sequence[Seam], verdicts: Sequence[SolvedSeam]) -> list[float]:
    """How far apart the seams pull each frame that no two of them agree on, in px; else 0."""
    agree, most = [0] * n, [0.0] * n
    for seam, verdict in zip(seams, verdicts, strict=True):
        if not verdict.used or verdict.residual is None:
            continue
        miss = max(abs(verdict.residual.dy), abs(verdict.residual.dx))
        for frame in seam.pair:
            agree[frame] += miss <= RESIDUAL / 2
            most[frame] = max(most[frame], miss)
    return [
        2 * off if off > RESIDUAL and count < 2 else 0.0
        for off, count in zip(most, agree, strict=True)
    ]


def judge_seams(
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    placed: Placed,
    agreement: Agreement,
    loop_errors: Sequence[float | None],
    feature_size: float | None,
    stage_error: float | None = None,
) -> list[SolvedSeam]:
    """Say of every seam what became of it, and whether a person should look.

    Parameters
    ----------
    seams, estimates, placed
        The grid, and where it was placed.
    agreement : Agreement
        Of the seams with each other.
    loop_errors : sequence of float or None
        The smallest closure error of each seam's loops, in px.
    feature_size : float or None
        In px; a seam that misses its shift by more than half of it is flagged.
    stage_error : float, optional
        As a person told it: then it bears out seams that no other one does.
    """
    limit = RESIDUAL if feature_size is None else max(RESIDUAL, feature_size / 2)
    return [
        _judge_seam(
            k,
            seam,
            estimate,
            placed,
            _caution(k, estimate, agreement, is_told=stage_error is not None),
            loop_error,
            limit,
        )
        for k, (seam, estimate, loop_error) in enumerate(
            zip(seams, estimates, loop_errors, strict=True)
        )
    ]


def _caution(k: int, estimate: Estimate, agreement: Agreement, *, is_told: bool) -> str:
    """Why a seam cannot be certain, however probable its place is; empty if it can."""
    if not agreement.is_sound:
        return UNSOUND
    if k in agreement.contested:
        return "another seam of its loop contradicts it, and no other loop bears it out"
    if k in agreement.alone and estimate.status is not Status.CERTAIN and not is_told:
        # What lifts it is a guess at how far the stage may be off, and nothing else.
        return "no loop bears it out"
    return ""


def _judge_seam(
    k: int,
    seam: Seam,
    estimate: Estimate,
    placed: Placed,
    caution: str,
    loop_error: float | None,
    limit: float,
) -> SolvedSeam:
    (y0, x0), (y1, x1) = (placed.positions[frame].tolist() for frame in seam.pair)
    as_placed = Offset(y1 - y0, x1 - x0) - seam.nominal
    p = float(placed.seam_probability[k])
    if caution:
        p = min(p, TORN)
    sure = p >= CERTAIN
    apart = placed.parts[seam.first] != placed.parts[seam.second]
    if estimate.status is Status.HAND:
        residual = as_placed + -estimate.shift
        broken = k in placed.hand.broken
        reason = "contradicts other decisions by hand around a loop" if broken else ""
        return SolvedSeam(
            estimate.shift, residual, 1.0, Status.HAND, reason, not broken, broken, loop_error
        )
    used = k in placed.used
    mode = mode_near(estimate, as_placed)
    if estimate.status is Status.CERTAIN:
        # Sure of itself, and overruled: that is news, whatever else it might have meant.
        overruled = mode is None or mode.shift.distance(estimate.shift) > SAME_MODE
    else:
        overruled = not used
    if overruled:
        return _unused(estimate, as_placed, p, sure, loop_error, by_stage=bool(apart))
    shift = estimate.shift if mode is None else mode.shift
    residual = as_placed + -shift
    miss = max(abs(residual.dy), abs(residual.dx))
    if miss > limit and mode is not None and mode.probability < AMBIGUOUS:
        # What lies there by chance, as in noise, is no shift of its own to be missed.
        return _unused(estimate, as_placed, p, sure, loop_error, by_stage=bool(apart))
    status, reason = Status.CERTAIN, ""
    rival = float(placed.seam_runner_up[k])
    if miss > limit:
        status, p = Status.DOUBTFUL, min(p, TORN)
        reason = (
            f"as placed, it misses its own shift by {miss:.1f} px: no single shift fits all "
            "around (warped frames, or a wrong neighbour)"
        )
    elif caution and (estimate.status is Status.CERTAIN or rival < AMBIGUOUS):
        status, reason = Status.DOUBTFUL, caution
    elif not sure and (rival >= AMBIGUOUS or estimate.status is Status.AMBIGUOUS):
        status = Status.AMBIGUOUS
        n = max(2, sum(m.probability >= AMBIGUOUS for m in modes(estimate)))
        reason = f"{n} shifts fit; {_percent(p)} for this one, with all around considered"
    elif not sure:
        status = Status.DOUBTFUL
        reason = f"{_percent(p)} within 1 px, with all around considered"
    return SolvedSeam(
        shift, residual, p, status, reason, used, status is not Status.CERTAIN, loop_error
    )


def _unused(
    estimate: Estimate,
    as_placed: Shift,
    p: float,
    sure: bool,
    loop_error: float | None,
    *,
    by_stage: bool,
) -> SolvedSeam:
    if estimate.status is Status.UNDETERMINED:
        held = "others hold its frames" if sure else "its frames are placed by the stage model"
        reason = f"{estimate.reason or 'no evidence'}; {held}"
        return SolvedSeam(None, None, p, Status.UNDETERMINED, reason, False, not sure, loop_error)
    residual = as_placed + -estimate.shift
    away = f"({as_placed.dy:+.1f}, {as_placed.dx:+.1f})"
    said = f"({estimate.shift.dy:+.1f}, {estimate.shift.dx:+.1f})"
    if estimate.status is Status.AMBIGUOUS:
        status = Status.AMBIGUOUS
        reason = f"not used: several shifts fit; its frames are placed at {away} px"
    else:
        status = Status.DOUBTFUL
        sure_of_it = _percent(estimate.confidence)
        others = "the stage, unless it may be off by more," if by_stage else "all around it"
        reason = f"rejected: it says {said} px ({sure_of_it}), {others} {away} px"
    # A weak seam that sure ones overrule is no news; one that was sure of itself is.
    look = not sure or estimate.status is Status.CERTAIN
    return SolvedSeam(estimate.shift, residual, p, status, reason, False, look, loop_error)


def _firm(
    n: int,
    placed: Placed,
    seams: Sequence[Seam],
    verdicts: Sequence[SolvedSeam],
    agreement: Agreement,
) -> np.ndarray:
    """Which frames most others are tied to without a seam that no loop bears out: (n,) bool."""
    weak = agreement.contested | agreement.alone
    firm = [
        k
        for k, verdict in enumerate(verdicts)
        if verdict.used
        and not (k in weak and verdict.status in (Status.DOUBTFUL, Status.AMBIGUOUS))
    ]
    groups = connected(n, [seams[k].pair for k in firm])
    inside: np.ndarray = groups == np.bincount(groups[placed.parts == 0]).argmax()
    return inside


def _held(placed: Placed) -> np.ndarray:
    """Which frames share their part with another one."""
    sizes = np.bincount(placed.parts, minlength=1)
    held: np.ndarray = sizes[placed.parts] > 1
    return held
