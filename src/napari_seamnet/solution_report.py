"""A solution with all that is said about it in a terminal: in words, and as one JSON object.

The page with pictures is `report/`; files for other programs are in `solution_files.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .layouts.describe import notes_of
from .pair_files import rounded
from .shifts.estimate import Status

if TYPE_CHECKING:
    from .solve import Solution

LISTED = 20
"""Seams to look at that are listed in words; a file of seams has them all."""
FEW = 4
"""With fewer seams it says nothing about the layout if most are in doubt."""
SUSPECT = (
    "most seams are in doubt: if frames overlap by another amount than told, or are in another "
    "order, those that look certain may be wrong, too; see `napari-seamnet layout --plot`, and "
    "give --overlap auto, or --wide 200"
)


def describe_solution(solution: Solution) -> str:
    """Put a solution into words, in lines for a terminal.

    Examples
    --------
    >>> from napari_seamnet.sample_data import chip_grid
    >>> from napari_seamnet import Layout, StitchSettings, stitch
    >>> grid = chip_grid(1, 2, size=300, overlap=80, jitter=4)
    >>> layout = Layout.of_frames(grid.frames, grid.nominal)
    >>> found = stitch(layout, StitchSettings(method="smoothed"))
    >>> print(describe_solution(found).splitlines()[1])
    seams     1: 1 certain
    """
    counts = ", ".join(f"{n} {status}" for status, n in solution.counts().items())
    of_frames = [frame.status for frame in solution.frames]
    frames = ", ".join(f"{of_frames.count(s)} {s}" for s in dict.fromkeys(sorted(of_frames)))
    lines = [
        f"frames    {len(solution.frames)}: {frames}",
        f"seams     {len(solution.seams)}: {counts}" if solution.seams else "seams     none",
    ]
    if solution.n_parts > 1:
        sizes = [frame.part for frame in solution.frames]
        each = ", ".join(str(sizes.count(part)) for part in range(min(solution.n_parts, 6)))
        more = ", ..." if solution.n_parts > 6 else ""
        lines.append(
            f"parts     {solution.n_parts}, of {each}{more} frames, which only the stage ties"
        )
    sizes_of_loops = [loop.size for loop in solution.loops if loop.size is not None]
    if sizes_of_loops:
        closed = sum(size <= 1 for size in sizes_of_loops)
        lines.append(
            f"loops     by the seams' own best shifts, {closed} of {len(sizes_of_loops)} close to "
            f"within 1 px, the worst to {max(sizes_of_loops):.1f} px"
        )
    lines.append(f"stage     {_stage(solution)}")
    looks = solution.to_look_at
    if looks:
        lines.append(f"to check  {len(looks)} seams, the most doubtful first:")
        for k in looks[:LISTED]:
            first, second = (solution.layout[frame].name for frame in solution.seams[k].pair)
            verdict = solution.verdicts[k]
            lines.append(f"          {first} - {second}: {verdict.status}, {verdict.reason}")
        if len(looks) > LISTED:
            lines.append(f"          and {len(looks) - LISTED} more: see --seams or --report")
    else:
        lines.append(f"to check  {_left_to_frames(solution)}")
    notes = notes_of(solution.layout)
    if len(looks) > len(solution.seams) / 2 and len(solution.seams) >= FEW:
        notes = (*notes, SUSPECT)
    lines += [f"note      {note}" for note in notes]
    return "\n".join(lines)


def _left_to_frames(solution: Solution) -> str:
    """What there is to say where no seam needs a look, but a frame is not certain."""
    loose = sum(frame.status is Status.UNDETERMINED for frame in solution.frames)
    if loose:
        return f"no seam, but {loose} frames that no seam holds"
    doubted = [f.probability for f in solution.frames if f.status.needs_person]
    if not doubted:
        return "nothing"
    return (
        f"no seam; but along chains of seams doubts add up: {len(doubted)} frames lie within 1 px "
        f"of where the others put them with {min(doubted):.0%} and more"
    )


def _stage(solution: Solution) -> str:
    stage = solution.stage
    if not stage.n_seams:
        return "unknown: no certain seam to fit it to"
    parts = []
    for name, shift in (("across", stage.horizontal), ("down", stage.vertical)):
        if any(shift):
            parts.append(f"steps {name} are off by ({shift.dy:+.1f}, {shift.dx:+.1f}) px")
    for name, lines in (("rows", stage.by_row), ("columns", stage.by_col)):
        if lines:
            parts.append(f"{len(lines)} {name} have steps of their own")
    scatter = f"steps scatter by ({stage.scatter[0]:.1f}, {stage.scatter[1]:.1f}) px"
    return "; ".join([*parts, scatter])


def solution_as_json(solution: Solution) -> dict[str, Any]:
    """Put a solution into one object of plain values, for ``stitch --json``."""
    names = [site.name for site in solution.layout]
    return {
        "frames": [
            {
                "file": name,
                "y": frame.whole[0],
                "x": frame.whole[1],
                "probability": rounded(frame.probability, 4),
                "uncertainty": rounded(frame.uncertainty),
                "status": str(frame.status),
                "reason": frame.reason,
                "part": frame.part,
            }
            for name, frame in zip(names, solution.frames, strict=True)
        ],
        "seams": len(solution.seams),
        "counts": {str(status): n for status, n in solution.counts().items()},
        "to_check": [
            {
                "first": names[solution.seams[k].first],
                "second": names[solution.seams[k].second],
                "status": str(solution.verdicts[k].status),
                "probability": rounded(solution.verdicts[k].probability, 4),
                "reason": solution.verdicts[k].reason,
            }
            for k in solution.to_look_at
        ],
        "parts": solution.n_parts,
        "notes": list(notes_of(solution.layout)),
        "solver": str(solution.solver),
        "seconds": rounded(solution.seconds),
    }
