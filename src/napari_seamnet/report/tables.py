"""The tables of a report: seams to look at, frames without a certain place, all frames, settings.

Only cells and their order; how tables look is in `style.py`.
"""

from __future__ import annotations

import dataclasses
import platform
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ..shifts.estimate import Status
from .style import said
from .words import name_of, pair, place_of, signed, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..solve import Solution

MOST_ROWS = 5000
"""Rows of a table, at most: a browser must still open the page."""
PACKAGES = ("napari-seamnet", "numpy", "scipy", "torch", "dask", "tifffile")


def seams_table(solution: Solution, numbers: Mapping[int, int], shown: int) -> str:
    """All seams to look at, the most doubtful first.

    Parameters
    ----------
    solution : Solution
        What was solved.
    numbers : mapping of int to int
        For each seam, by its index, its number on the page.
    shown : int
        How many of them have a card to lead to.
    """
    head = (
        ("", ""),
        ("seam", "name"),
        ("state", "text"),
        ("within 1 px", ""),
        ("measured, px", ""),
        ("residual, px", ""),
        ("loop, px", ""),
        ("why", "why"),
    )
    rows = []
    for seam, number in numbers.items():
        verdict = solution.verdicts[seam]
        # Without a card, the row itself is what the number in the overview leads to.
        link = (
            f'<a href="#seam-{number}">{number}</a>'
            if number <= shown
            else f'<span id="seam-{number}">{number}</span>'
        )
        rows.append(
            [
                link,
                _named(place_of(solution, solution.seams[seam].pair), name_of(solution, seam)),
                said(verdict.status),
                f"{verdict.probability:.0%}",
                pair(verdict.shift),
                pair(verdict.residual),
                "–" if verdict.loop_error is None else f"{verdict.loop_error:.1f}",
                escape(verdict.reason),
            ]
        )
    return table(head, rows)


def unused_table(solution: Solution, but: Mapping[int, int]) -> tuple[int, str]:
    """Seams that positions do not rest on and nobody need look at; how many, and their table."""
    head = (("seam", "name"), ("state", "text"), ("why", "why"))
    own = [
        k
        for k, verdict in enumerate(solution.verdicts)
        if k not in but and not (verdict.used and verdict.status is Status.CERTAIN)
    ]
    rows = [
        [
            _named(place_of(solution, solution.seams[k].pair), name_of(solution, k)),
            said(solution.verdicts[k].status),
            escape(
                solution.verdicts[k].reason or ("decided" if solution.verdicts[k].used else "")
            ),
        ]
        for k in own
    ]
    return len(own), table(head, rows)


def doubted_frames_table(solution: Solution) -> str:
    """Frames whose place is not certain, the least probable first; empty if there are none."""
    head = (
        ("frame", "name"),
        ("state", "text"),
        ("within 1 px", ""),
        ("uncertain by, px", ""),
        ("lies at (y, x), px", ""),
        ("or else at", ""),
        ("why", "why"),
    )
    own = [k for k, frame in enumerate(solution.frames) if frame.status.needs_person]
    own.sort(key=lambda k: (solution.frames[k].probability, k))
    rows = []
    for k in own:
        frame, site = solution.frames[k], solution.layout[k]
        other = "–"
        if frame.runner_up is not None:
            y, x = frame.runner_up
            other = f"({y:.0f}, {x:.0f}), {frame.runner_up_probability:.0%}"
        rows.append(
            [
                _named(place_of(solution, (k,)), site.name),
                said(frame.status),
                f"{frame.probability:.0%}",
                spread(frame),
                f"({frame.whole[0]}, {frame.whole[1]})",
                other,
                escape(frame.reason),
            ]
        )
    return table(head, rows) if rows else ""


def frames_table(solution: Solution, hashes: Mapping[Path, str]) -> str:
    """All frames: where they lie, and what their files are."""
    head = [
        ("frame", "name"),
        ("y, px", ""),
        ("x, px", ""),
        ("within 1 px", ""),
        ("uncertain by, px", ""),
        ("state", "text"),
        ("SHA-256 of the file", "hash"),
    ]
    rows = []
    for site, frame in zip(solution.layout, solution.frames, strict=True):
        path = site.frame.path
        digest = "no file" if path is None else hashes.get(path, "not computed")
        page = "" if site.page is None else f", page {site.page}"
        rows.append(
            [
                escape(site.name + page),
                str(frame.whole[0]),
                str(frame.whole[1]),
                f"{frame.probability:.1%}",
                spread(frame),
                said(frame.status),
                escape(digest),
            ]
        )
    return table(head, rows)


def stage_table(solution: Solution) -> str:
    """The stage model in numbers: steps by direction, by row and by column."""
    stage = solution.stage
    head = (("from one frame to the next", "text"), ("in y, px", ""), ("in x, px", ""))
    rows = [
        ["beside each other", *map(signed, stage.horizontal)],
        ["below each other", *map(signed, stage.vertical)],
    ]
    for what, lines in (("row", stage.by_row), ("column", stage.by_col)):
        rows += [[f"in addition, in {what} {line}", *map(signed, shift)] for line, shift in lines]
    rows.append(["scatter of what remains", *(f"± {value:.2f}" for value in stage.scatter)])
    return table(head, rows)


def settings_table(settings: Any, solution: Solution) -> str:
    """Settings, of a dataclass or a mapping, and what the layout is."""
    layout = solution.layout
    known: dict[str, Any] = {"layout": layout.source or "given in Python"}
    if layout.pixel_size is not None:
        y, x = layout.pixel_size
        known["pixel size (y, x)"] = f"{y:g} x {x:g} µm"
    methods = sorted({e.method for e in solution.estimates if e.method})
    known["methods used"] = ", ".join(methods) or "none"
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        settings = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    for name, value in (settings or {}).items():
        known[str(name).replace("_", " ")] = "not set" if value is None else value
    known.setdefault("solver", solution.solver)
    rows = [[escape(name), escape(str(value))] for name, value in known.items()]
    return table((("setting", "text"), ("value", "why")), rows)


def versions_table() -> str:
    """What it was computed with."""
    known = {}
    for name in PACKAGES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:  # run from a copy of the source, or not needed
            known[name] = "not installed"
    known |= {"Python": platform.python_version(), "system": platform.platform()}
    rows = [[escape(name), escape(value)] for name, value in known.items()]
    return table((("", "text"), ("version", "text")), rows)


def _named(place: str, name: str) -> str:
    """Rows and columns, if there are any, and below them the names of files."""
    return f"{escape(place)}<span>{escape(name)}</span>" if place else escape(name)


def table(head: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; `head` has names and kinds of the columns."""
    rows = list(rows)
    left_out = len(rows) - MOST_ROWS
    lines = [
        "<tr>"
        + "".join(
            f'<td class="{kind}">{cell}</td>' if kind else f"<td>{cell}</td>"
            for cell, (_, kind) in zip(row, head, strict=True)
        )
        + "</tr>"
        for row in rows[:MOST_ROWS]
    ]
    names = "".join(
        f'<th class="{"text" if kind in ("name", "hash") else kind}">{escape(name)}</th>'
        for name, kind in head
    )
    more = f'<p class="soft">and {left_out:,} more</p>' if left_out > 0 else ""
    return (
        f'<div class="wide"><table><thead><tr>{names}</tr></thead><tbody>{"".join(lines)}'
        f"</tbody></table></div>{more}"
    )
