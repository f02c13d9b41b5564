"""Say in words what was understood of a layout, before anything is computed.

Text and the same as JSON; seams, which are found further down the house, are not spoken of here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .steps import ASSUMED_OVERLAP, Steps, find_places, measure_steps, number, typical_shape

if TYPE_CHECKING:
    from .layout import Layout

SHOWN = 4
"""Frames that are listed at the beginning; the last one is, too."""
GAPS_SHOWN = 12
ASSUMED = (
    f"nobody said how far frames overlap: {ASSUMED_OVERLAP} is assumed; give the overlap, or let "
    "it be estimated from the pictures"
)


def describe_layout(layout: Layout) -> str:
    """Describe a layout in some lines for a person.

    Parameters
    ----------
    layout : Layout
        Any.

    Returns
    -------
    str
        Source, number and sizes of frames, grid, gaps, steps and overlaps in px and %, extent,
        notes, and the first frames with their positions.
    """
    shapes = Counter(frame.shape for frame in layout.frames)
    sizes = ", ".join(
        f"{height} x {width} px" + (f" ({n})" if len(shapes) > 1 else "")
        for (height, width), n in shapes.most_common(4)
    )
    kinds = ", ".join(sorted({_kind(frame) for frame in layout.frames}))
    lines = [
        f"layout    {layout.source or 'given'}",
        f"frames    {len(layout)}, {sizes}" + (" ..." if len(shapes) > 4 else "") + f", {kinds}",
    ]
    if layout.is_grid:
        rows = "row" if layout.rows == 1 else "rows"
        cols = "column" if layout.cols == 1 else "columns"
        lines.append(f"grid      {layout.rows} {rows} x {layout.cols} {cols}")
    if layout.missing:
        shown = ", ".join(f"({r}, {c})" for r, c in layout.missing[:GAPS_SHOWN])
        more = " and so on" if len(layout.missing) > GAPS_SHOWN else ""
        lines.append(f"gaps      {len(layout.missing)} (row, column): {shown}{more}")
    lines += _step_lines(layout)
    height, width = layout.bounds.shape
    lines.append(f"extent    {height} x {width} px" + _um(layout, (height, width)))
    if layout.pixel_size is not None:
        y, x = layout.pixel_size
        lines.append("pixel     " + (f"{y:g} µm" if y == x else f"{y:g} x {x:g} µm (y, x)"))
    lines += [f"note      {note}" for note in notes_of(layout)]
    lines += _frame_lines(layout)
    return "\n".join(lines)


def notes_of(layout: Layout) -> tuple[str, ...]:
    """Tell what was guessed, or left out: in words for a person."""
    return (*layout.notes, ASSUMED) if layout.overlap_assumed else layout.notes


def layout_as_json(layout: Layout) -> dict[str, Any]:
    """Give a layout as an object that JSON can hold; positions in px, (y, x) by name.

    Returns
    -------
    dict
        ``source, count, rows, cols, missing, step, overlap, overlap_assumed, extent, pixel_size,
        notes, frames``; unknown values are None.
    """
    steps = steps_of(layout)
    return {
        "source": layout.source,
        "count": len(layout),
        "rows": layout.rows,
        "cols": layout.cols,
        "missing": [list(place) for place in layout.missing],
        "step": {
            "down": _yx(steps.down, ("dy", "dx")),
            "right": _yx(steps.across, ("dy", "dx")),
        },
        "overlap": {"y": steps.overlap_y, "x": steps.overlap_x},
        "overlap_assumed": layout.overlap_assumed,
        "extent": dict(zip(("height", "width"), layout.bounds.shape, strict=True)),
        "pixel_size": _yx(layout.pixel_size, ("y", "x")),
        "notes": list(layout.notes),
        "frames": [
            {
                "file": site.name if site.frame.path is None else str(site.frame.path),
                "name": site.name,
                "row": site.row,
                "col": site.col,
                "number": site.number,
                "page": site.page,
                "y": site.position[0],
                "x": site.position[1],
                "height": site.frame.shape[0],
                "width": site.frame.shape[1],
            }
            for site in layout
        ],
    }


def steps_of(layout: Layout) -> Steps:
    """Measure steps and overlaps of a layout; of no grid, as far as it looks like one."""
    shapes = [frame.shape for frame in layout.frames]
    if layout.is_grid:
        places = [(site.row or 0, site.col or 0) for site in layout]
    else:
        found = find_places(layout.positions, shapes)
        if found is None:
            return Steps(None, None, None, None)
        places = list(found)
    return measure_steps(places, layout.positions, shapes)


def _step_lines(layout: Layout) -> list[str]:
    steps = steps_of(layout)
    side = typical_shape([frame.shape for frame in layout.frames])
    lines = []
    for name, offset, overlap, length in (
        ("down", steps.down, steps.overlap_y, side[0]),
        ("right", steps.across, steps.overlap_x, side[1]),
    ):
        if offset is None or overlap is None:
            continue
        dy, dx = offset
        assumed = ", assumed" if layout.overlap_assumed else ""
        lines.append(
            f"{name:<9} step (dy {number(dy)}, dx {number(dx)}) px, overlap {number(overlap)} px "
            f"({number(100 * overlap / length)} %{assumed})"
        )
    return lines


def _frame_lines(layout: Layout) -> list[str]:
    chosen = range(len(layout))
    shown = [*chosen[:SHOWN], *([len(layout) - 1] if len(layout) > SHOWN else [])]
    width = max(len(layout[k].name) for k in shown)
    lines = []
    for k in shown:
        site = layout[k]
        place = "" if site.row is None else f"  row {site.row}, column {site.col}"
        y, x = site.position
        lines.append(f"{k:>8}  {site.name:<{width}}{place}  (y {number(y)}, x {number(x)})")
    if len(layout) > SHOWN + 1:
        lines.insert(-1, f"{'...':>8}")
    return lines


def _kind(frame: Any) -> str:
    return f"{frame.dtype.name} " + {0: "grey", 3: "RGB", 4: "RGBA"}[frame.channels]


def _um(layout: Layout, extent: tuple[int, int]) -> str:
    if layout.pixel_size is None:
        return ""
    y, x = (n * side for n, side in zip(extent, layout.pixel_size, strict=True))
    return f", {y:.4g} x {x:.4g} µm"


def _yx(pair: tuple[float, float] | None, names: tuple[str, str]) -> dict[str, float] | None:
    return None if pair is None else dict(zip(names, pair, strict=True))
