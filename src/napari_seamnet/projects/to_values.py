"""Nouns as the plain values of a project file, field by field.

Only the translation is here, and the way back in `from_values.py`. Which values are allowed is in
`_schema.py`.
"""

from __future__ import annotations

import math
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from ..grids.packing import pack

if TYPE_CHECKING:
    from ..layouts import Layout
    from ..shifts import Estimate
    from ..stitching import StitchSettings
    from .decision import Decision
    from .project import Project
    from .solved import Solved
    from .stamps import Stamp


def of_layout(layout: Layout) -> dict[str, Any]:
    """A layout, but for its frames."""
    return {
        "source": layout.source,
        "pixel_size": layout.pixel_size,
        "missing": layout.missing,
        "notes": layout.notes,
        "overlap_assumed": layout.overlap_assumed,
    }


def of_settings(settings: StitchSettings) -> dict[str, Any]:
    """Settings."""
    return {
        "method": str(settings.method),
        "max_shift": settings.max_shift,
        "wide": settings.wide,
        "solver": str(settings.solver),
        "stage_error": _px(settings.stage_error),
        "feature_size": _px(settings.feature_size),
    }


def of_decision(decision: Decision) -> dict[str, Any]:
    """A decision by hand."""
    return {
        "first": decision.first,
        "second": decision.second,
        "shift": _two(decision.shift),
        "who": decision.who,
        "when": None if decision.when is None else decision.when.isoformat(),
        "note": decision.note,
    }


def of_frame(project: Project, index: int, file: str, stamp: Stamp) -> dict[str, Any]:
    """A frame: its file, its place, and where it was found to lie."""
    site = project.layout[index]
    solved = None if project.solved is None else project.solved.frames[index]
    return {
        "file": file,
        "name": site.name,
        "page": site.page,
        "shape": site.frame.shape,
        "channels": site.frame.channels,
        "dtype": site.frame.dtype.name,
        "size": stamp.size,
        "mtime_ns": stamp.mtime_ns,
        "sha256": stamp.sha256,
        "position": site.position,
        "row": site.row,
        "col": site.col,
        "number": site.number,
        "solved": None
        if solved is None
        else {
            "position": _two(solved.position),
            "whole": [int(value) for value in solved.whole],
            "probability": float(solved.probability),
            # A frame that nothing holds is uncertain without limit, which JSON has no number for.
            "uncertainty": float(solved.uncertainty)
            if math.isfinite(solved.uncertainty)
            else None,
            "runner_up": None if solved.runner_up is None else _two(solved.runner_up),
            "runner_up_probability": float(solved.runner_up_probability),
            "part": solved.part,
            "status": str(solved.status),
            "reason": solved.reason,
        },
    }


def of_seam(project: Project, index: int) -> dict[str, Any]:
    """A seam: which frames, what was found about it, what became of it."""
    seam, estimate = project.seams[index], project.estimates[index]
    verdict = None if project.solved is None else project.solved.verdicts[index]
    return {
        "first": seam.first,
        "second": seam.second,
        "nominal": _two(seam.nominal),
        "estimate": None if estimate is None else _of_estimate(estimate),
        "verdict": None
        if verdict is None
        else {
            "shift": None if verdict.shift is None else _two(verdict.shift),
            "residual": None if verdict.residual is None else _two(verdict.residual),
            "probability": float(verdict.probability),
            "status": str(verdict.status),
            "reason": verdict.reason,
            "used": bool(verdict.used),
            "needs_look": bool(verdict.needs_look),
            "loop_error": _px(verdict.loop_error),
        },
    }


def of_solved(solved: Solved | None) -> dict[str, Any] | None:
    """What the solver said, but for frames and seams."""
    if solved is None:
        return None
    stage = solved.stage
    return {
        "solver": str(solved.solver),
        "feature_size": _px(solved.feature_size),
        "seconds": float(solved.seconds),
        "stage": {
            "horizontal": _two(stage.horizontal),
            "vertical": _two(stage.vertical),
            "by_row": [[line, *_two(shift)] for line, shift in stage.by_row],
            "by_col": [[line, *_two(shift)] for line, shift in stage.by_col],
            "scatter": _two(stage.scatter),
            "n_seams": stage.n_seams,
        },
    }


def _of_estimate(estimate: Estimate) -> dict[str, Any]:
    packed = pack(estimate)
    return {
        "status": packed["status"],
        "shift": [packed["dy"], packed["dx"]],
        "confidence": packed["confidence"],
        "alternatives": [
            [*_two(other.shift), float(other.probability)] for other in estimate.alternatives
        ],
        "reason": packed["reason"],
        "method": packed["method"],
        "device": packed["device"],
        "map": None
        if packed["map"] is None
        else {
            "values": b64encode(packed["map"]).decode(),
            "size": packed["map_size"],
            "best": packed["map_best"],
            "scale": packed["map_scale"],
            "meaning": packed["map_meaning"],
        },
    }


def _two(pair: Any) -> list[float]:
    return [float(value) for value in pair]


def _px(value: float | None) -> float | None:
    return None if value is None else float(value)
