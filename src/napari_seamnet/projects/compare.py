"""What two projects that are equal have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..grids.packing import pack

if TYPE_CHECKING:
    from ..shifts import Estimate
    from .project import Project


def content_of(project: Project) -> tuple[object, ...]:
    """All that counts when two projects are compared, as plain values.

    Folders are left out, and so is what was noticed while the file was read: a project that was
    moved is the same project.
    """
    layout = project.layout
    sites = [
        (s.name, s.frame.shape, str(s.frame.dtype), s.position, s.row, s.col, s.number, s.page)
        for s in layout
    ]
    words = (layout.source, layout.pixel_size, layout.missing, layout.notes)
    return (
        sites,
        (*words, layout.overlap_assumed),
        project.settings,
        project.seams,
        [estimate and _said(estimate) for estimate in project.estimates],
        project.decisions,
        project.excluded,
        project.locked,
        project.ownership,
        project.solved,
        project.journal and project.journal.name,
        project.command,
    )


def _said(estimate: Estimate) -> dict[str, object]:
    packed = pack(estimate)
    # Of a map that was rounded, the scale comes out rounded as well.
    return {name: packed[name] for name in packed if name not in ("map_scale", "map_best")}
