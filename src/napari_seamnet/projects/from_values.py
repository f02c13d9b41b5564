"""The checked values of a project file as nouns: the way back from `to_values.py`.

Only the translation is here, and what no schema can see: values that contradict each other.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

from ..frames import as_frame
from ..geometry import Offset, Shift
from ..grids.packing import unpack
from ..layouts import Layout
from ..layouts.entries import Entry, open_entries
from ..layouts.layout import Site
from ..seams.seam import Seam
from ..solve import SolvedFrame, SolvedSeam, StageModel
from ..stitching import StitchSettings
from .decision import Decision, in_order
from .errors import ProjectError
from .project import Project
from .solved import Solved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..shifts import Estimate
    from ..shifts.estimate import Progress
    from ._schema import EstimateModel, FrameModel, ProjectModel, SeamModel
    from .stamps import Stamp


def project_from(
    model: ProjectModel,
    path: Path,
    found: Mapping[str, Path],
    changes: Mapping[str, str],
    stamps: Mapping[Path, Stamp],
    journal: Path | None,
    progress: Progress | None = None,
) -> Project:
    """Make a project of what stands in a file, and open its frames.

    Parameters
    ----------
    model : ProjectModel
        What stands in it.
    path : Path
        The file, for messages.
    found : mapping of str to Path
        Where the frames' files are.
    changes : mapping of str to str
        What has changed about some of them, in words.
    stamps, journal
        As of `Project`.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Raises
    ------
    ProjectError
        If what stands in it contradicts itself.
    LayoutError
        If a frame's file is no picture.
    """
    entries = [Entry(str(found[f.file]), page=f.page) for f in model.frames]
    opened = open_entries(entries, Path(), progress=progress)
    sites, changed, warnings = [], [], []
    for k, (frame, one) in enumerate(zip(opened, model.frames, strict=True)):
        sites.append(
            Site(as_frame(frame, one.name), one.position, one.row, one.col, one.number, one.page)
        )
        change = changes.get(one.file, "")
        if frame.shape != one.shape:
            change = f"is {frame.shape} px now, but was {one.shape}"
        if change:
            changed.append(k)
            warnings.append(f"{found[one.file]} {change}; estimate its seams again")
    layout = Layout(
        tuple(sites),
        model.layout.source,
        model.layout.pixel_size,
        tuple(model.layout.missing),
        tuple(model.layout.notes),
        model.layout.overlap_assumed,
    )
    try:
        return Project(
            layout,
            StitchSettings(**dict(model.settings)),
            tuple(Seam(s.first, s.second, Offset(*s.nominal)) for s in model.seams),
            tuple(_estimate(s.estimate, k) for k, s in enumerate(model.seams)),
            in_order(
                Decision(d.first, d.second, Shift(*d.shift), d.who, d.when, d.note)
                for d in model.decisions
            ),
            frozenset(model.excluded),
            frozenset(model.locked),
            model.ownership,
            _solved(model),
            journal,
            model.command,
            stamps,
            tuple(changed),
            tuple(warnings),
        )
    except ProjectError as error:
        raise ProjectError(f"{path}: {error}") from error


def _solved(model: ProjectModel) -> Solved | None:
    if model.solved is None:
        return None
    stage = model.solved.stage
    return Solved(
        tuple(_solved_frame(frame, k) for k, frame in enumerate(model.frames)),
        tuple(_verdict(seam, k) for k, seam in enumerate(model.seams)),
        StageModel(
            Shift(*stage.horizontal),
            Shift(*stage.vertical),
            tuple((line, Shift(dy, dx)) for line, dy, dx in stage.by_row),
            tuple((line, Shift(dy, dx)) for line, dy, dx in stage.by_col),
            stage.scatter,
            stage.n_seams,
        ),
        model.solved.solver,
        model.solved.feature_size,
        model.solved.seconds,
    )


def _solved_frame(frame: FrameModel, index: int) -> SolvedFrame:
    solved = frame.solved
    if solved is None:
        raise ProjectError(
            f"frames[{index}].solved: is null, though the project is solved; mend it there, or "
            "set solved to null"
        )
    return SolvedFrame(
        solved.position,
        solved.whole,
        solved.probability,
        math.inf if solved.uncertainty is None else solved.uncertainty,
        solved.runner_up,
        solved.runner_up_probability,
        solved.part,
        solved.status,
        solved.reason,
    )


def _verdict(seam: SeamModel, index: int) -> SolvedSeam:
    verdict = seam.verdict
    if verdict is None:
        raise ProjectError(
            f"seams[{index}].verdict: is null, though the project is solved; mend it there, or "
            "set solved to null"
        )
    return SolvedSeam(
        None if verdict.shift is None else Shift(*verdict.shift),
        None if verdict.residual is None else Shift(*verdict.residual),
        verdict.probability,
        verdict.status,
        verdict.reason,
        verdict.used,
        verdict.needs_look,
        verdict.loop_error,
    )


def _estimate(model: EstimateModel | None, index: int) -> Estimate | None:
    if model is None:
        return None
    kept = model.map
    try:
        return unpack(
            {
                "status": model.status,
                "dy": model.shift[0],
                "dx": model.shift[1],
                "confidence": model.confidence,
                "alternatives": json.dumps(model.alternatives),
                "reason": model.reason,
                "method": model.method,
                "device": model.device,
                "map": None if kept is None else b64decode(kept.values, validate=True),
                "map_size": 0 if kept is None else kept.size,
                "map_best": 0.0 if kept is None else kept.best,
                "map_scale": 1.0 if kept is None else kept.scale,
                "map_meaning": "" if kept is None else kept.meaning,
            }
        )
    except ValueError as error:
        raise ProjectError(
            f"seams[{index}].estimate.map: is damaged ({error}); set the estimate to null, and it "
            "is found again"
        ) from error
