"""What a report says in sentences: how it went, what the stage does, how a seam is called.

Plain text only, to be escaped where it is put on the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..geometry import Shift
    from ..solve import Solution
    from ..solve.solution import SolvedFrame

_SOLVERS = {
    "belief": "belief propagation on the seams' whole maps over shifts, then least squares for "
    "the fractions",
    "least-squares": "least squares on the seams' best shifts",
    "rows": "row by row, each frame by one seam to a placed neighbour",
    "columns": "column by column, each frame by one seam to a placed neighbour",
}


def px(value: float, digits: int = 2) -> str:
    """A length: "0.25 px"."""
    return f"{value:.{digits}f} px"


def pair(shift: Shift | tuple[float, float] | None, digits: int = 2) -> str:
    """A shift: "(+1.25, -0.50)"; a dash if there is none."""
    if shift is None:
        return "–"
    return "(" + ", ".join(signed(value, digits) for value in shift) + ")"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, but for zero: "+1.25", "0.00"."""
    text = f"{value:+.{digits}f}"
    return text if float(text) else text[1:]


def counted(n: int, one: str, many: str = "") -> str:
    """A number of things: "1 seam", "24 seams"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def headline(solution: Solution) -> str:
    """How it went, in a sentence or two."""
    looks = len(solution.to_look_at)
    frames = sum(frame.status.needs_person for frame in solution.frames)
    begin = f"{counted(len(solution.frames), 'frame')}, {counted(len(solution.seams), 'seam')}"
    if not looks and not frames:
        return f"{begin}: all is well, nothing needs a look."
    said = []
    if looks:
        said.append(counted(looks, "seam needs a look", "seams need a look"))
    if frames:
        said.append(counted(frames, "frame has no certain place", "frames have no certain place"))
    return f"{begin}: {' and '.join(said)}."


def how_it_hangs_together(solution: Solution) -> list[str]:
    """Parts, loops and how the positions were found: sentences."""
    said = []
    if solution.n_parts > 1:
        parts = [frame.part for frame in solution.frames]
        sizes = [parts.count(part) for part in range(solution.n_parts)]
        listed = ", ".join(map(str, sizes[:8])) + (", ..." if len(sizes) > 8 else "")
        said.append(
            f"The grid falls into {solution.n_parts} parts, of {listed} frames: no usable seam "
            "joins them, and only the stage says how they lie to each other."
        )
    sizes_of_loops = [loop.size for loop in solution.loops if loop.size is not None]
    if sizes_of_loops:
        closed = sum(size <= 1 for size in sizes_of_loops)
        said.append(
            f"Around {closed:,} of {counted(len(sizes_of_loops), 'corner')} of four frames, the "
            f"measured shifts cancel to within 1 px; the worst is off by "
            f"{px(max(sizes_of_loops), 1)}."
        )
    way = _SOLVERS.get(str(solution.solver), str(solution.solver))
    took = f", in {solution.seconds:.1f} s" if solution.seconds >= 0.05 else ""
    said.append(f"Positions by {way}{took}; rounded to whole px once, last.")
    if solution.feature_size is not None:
        said.append(
            f"The smallest feature is {solution.feature_size:g} px: what may be off by more than "
            "half of it is flagged."
        )
    return said


def stage_in_words(solution: Solution) -> list[str]:
    """What the stage does besides what the layout says: sentences."""
    stage = solution.stage
    if not stage.n_seams:
        return ["No seam was certain enough to fit a stage model; the layout stands as it is."]
    said = [f"Fitted to {counted(stage.n_seams, 'certain seam')}."]
    still = True
    for shift, where in (
        (stage.horizontal, "beside each other"),
        (stage.vertical, "below each other"),
    ):
        if any(shift):
            still = False
            said.append(
                f"From one frame to the next {where}, it is off by {pair(shift)} px, every time."
            )
    for lines, what in ((stage.by_row, "row"), (stage.by_col, "column")):
        if lines:
            still = False
            has = "has a step of its own" if len(lines) == 1 else "have steps of their own"
            said.append(f"{counted(len(lines), what)} {has}, in addition.")
    if still:
        said.append("No step is off by more than chance explains: the layout stands as it is.")
    said.append(
        f"What remains scatters by {px(stage.scatter[0])} in y and {px(stage.scatter[1])} in x, "
        "from seam to seam."
    )
    return said


def side_of(solution: Solution, seam: int) -> str:
    """How a seam's frames lie to each other."""
    return f"{'beside' if solution.seams[seam].is_horizontal else 'below'} each other"


def name_of(solution: Solution, seam: int) -> str:
    """Both frames of a seam by their names."""
    first, second = (solution.layout[frame].name for frame in solution.seams[seam].pair)
    return f"{first} – {second}"


def place_of(solution: Solution, frames: Iterable[int]) -> str:
    """Rows and columns of frames: "r0 c1 – r0 c2"; empty where it is no grid."""
    sites = [solution.layout[frame] for frame in frames]
    if any(site.row is None or site.col is None for site in sites):
        return ""
    return " – ".join(f"r{site.row} c{site.col}" for site in sites)


def spread(frame: SolvedFrame) -> str:
    """How uncertain a frame's place is: "± 0.25 px"."""
    return f"± {frame.uncertainty:.2f}" if frame.uncertainty < 1e4 else "unknown"
