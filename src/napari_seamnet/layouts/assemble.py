"""Put frames where their entries say: units, turned axes, rows and columns, notes.

What every layout goes through, whoever told where its frames lie. Nothing is read here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import LayoutError
from .layout import Layout, Site
from .steps import (
    ASSUMED_OVERLAP,
    OverlapLike,
    Steps,
    find_places,
    grid_positions,
    measure_steps,
    number,
    parse_overlap,
    typical_shape,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..frames import Frame
    from .entries import Entry, Listing
    from .folder import Series
    from .serial import Place

MUCH = 0.6
"""Part of a frame: positions that let neighbours overlap by more are probably not in px."""
UNITS = {"px": "px", "um": "µm", "µm": "µm", "μm": "µm"}


def side_of(pixel_size: float | tuple[float, float] | None) -> tuple[float, float] | None:
    """Give the (y, x) side of a pixel in µm; raise `LayoutError` if it is none."""
    if pixel_size is None:
        return None
    y, x = pixel_size if isinstance(pixel_size, tuple | list) else (pixel_size, pixel_size)
    if not (0 < y < float("inf") and 0 < x < float("inf")):
        raise LayoutError(f"a pixel cannot be {y} x {x} µm; give its side as a positive number")
    return float(y), float(x)


def in_px(
    listing: Listing,
    frames: Sequence[Frame],
    pixel_size: tuple[float, float] | None,
    unit: str | None,
) -> Listing:
    """Give the same entries with positions in px; raise `LayoutError` if that cannot be."""
    if unit is not None and unit not in UNITS:
        raise LayoutError(f"there is no unit {unit!r}; choose px or um")
    given = pixel_size
    pixel_size = listing.pixel_size if given is None else given
    # Names do not say a unit: they are stage positions if there is a pixel size, by contract.
    stated = UNITS[unit] if unit else listing.unit or ("px" if given is None else "µm")
    listing = replace(listing, unit="px", pixel_size=pixel_size)
    if stated == "px" or all(entry.position is None for entry in listing.entries):
        return listing
    if pixel_size is None:
        raise LayoutError(
            f"{listing.source}: the positions are in µm, but the side of a pixel is not known; "
            "give the pixel size"
        )
    return replace(
        listing,
        entries=tuple(
            replace(e, position=(e.position[0] / pixel_size[0], e.position[1] / pixel_size[1]))
            if e.position
            else e
            for e in listing.entries
        ),
    )


@dataclass(frozen=True)
class Turn:
    """Axes exchanged, then turned round."""

    flip_y: bool
    flip_x: bool
    swap: bool

    def __bool__(self) -> bool:
        return self.flip_y or self.flip_x or self.swap

    def positions(self, at: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Turned positions; a frame's own picture is not turned, so its top-left corner stays."""
        swapped = [(x, y) if self.swap else (y, x) for y, x in at]
        return [(-y if self.flip_y else y, -x if self.flip_x else x) for y, x in swapped]

    def places(self, at: Sequence[Place], rows: int, cols: int) -> tuple[list[Place], int, int]:
        """Turned places, and the size of the turned grid."""
        if self.swap:
            at, rows, cols = [(col, row) for row, col in at], cols, rows
        return (
            [
                (rows - 1 - row if self.flip_y else row, cols - 1 - col if self.flip_x else col)
                for row, col in at
            ],
            rows,
            cols,
        )


def lay_out(
    listing: Listing,
    frames: Sequence[Frame],
    turn: Turn,
    series: Series,
    overlap: OverlapLike | None,
) -> Layout:
    """Put frames where their entries say; see `open_layout` for what can go wrong."""
    entries, notes = listing.entries, list(listing.notes)
    shapes = [frame.shape for frame in frames]
    shape = typical_shape(shapes)
    notes += _about(frames, shape)
    places: Sequence[Place] | None
    places, rows, cols = _places(entries, turn, series)
    known = [entry.position for entry in entries if entry.position is not None]
    positions: Sequence[tuple[float, float]]
    if len(known) == len(entries):
        if overlap is not None:
            raise LayoutError(
                f"{listing.source} says where each frame lies; leave the overlap out"
            )
        positions = turn.positions(known)
        if listing.is_stage or turn:
            top, left = min(y for y, _ in positions), min(x for _, x in positions)
            positions = [(y - top, x - left) for y, x in positions]
        if places is None:
            places = find_places(positions, shapes)
        assumed = False
    elif places is not None:
        assumed = overlap is None and len(entries) > 1
        amount = parse_overlap(ASSUMED_OVERLAP if overlap is None else overlap, shape)
        positions = grid_positions(places, shape, amount)
    else:
        raise LayoutError(
            f"{listing.source} says neither position nor row and column of "
            f"{next(e.file for e in entries if e.position is None)}; fill them in"
        )
    missing: tuple[Place, ...] = ()
    if places is not None:
        rows = max(rows, 1 + max(row for row, _ in places))
        cols = max(cols, 1 + max(col for _, col in places))
        there = set(places)
        notes += _doubts(measure_steps(places, positions, shapes), shape)
        missing = tuple((r, c) for r in range(rows) for c in range(cols) if (r, c) not in there)
    elif len(entries) > 1:
        notes.append("the positions are not those of a grid: frames have no row and column")
    at_places = [(None, None)] * len(entries) if places is None else places
    sites = tuple(
        Site(frame, at, row, col, entry.number, entry.page)
        for frame, at, (row, col), entry in zip(frames, positions, at_places, entries, strict=True)
    )
    return Layout(
        sites, listing.source, listing.pixel_size, missing, tuple(notes), overlap_assumed=assumed
    )


def _places(
    entries: Sequence[Entry], turn: Turn, series: Series
) -> tuple[list[Place] | None, int, int]:
    """Rows and columns as the source says them, from 0 on and turned; None if it does not."""
    at = [(e.row, e.col) for e in entries if e.row is not None and e.col is not None]
    if len(at) < len(entries):
        return None, 0, 0
    top, left = min(row for row, _ in at), min(col for _, col in at)
    # A series may well leave its first row empty; tables and MIST count from 0 or from 1.
    if series.is_given:
        top = left = 0
    at = [(row - top, col - left) for row, col in at]
    if len(set(at)) < len(at):
        twice = next(place for k, place in enumerate(at) if place in at[:k])
        names = [entry.file for entry, place in zip(entries, at, strict=True) if place == twice]
        raise LayoutError(
            f"{names[0]} and {names[1]} have the same row and column; correct one of them"
        )
    rows = max(series.rows or 0, 1 + max(row for row, _ in at))
    cols = max(series.cols or 0, 1 + max(col for _, col in at))
    return turn.places(at, rows, cols)


def _doubts(steps: Steps, shape: tuple[int, int]) -> list[str]:
    """Say where frames do not overlap as frames of a grid do."""
    notes = []
    for overlap, side, where in (
        (steps.overlap_y, shape[0], "above each other"),
        (steps.overlap_x, shape[1], "beside each other"),
    ):
        if overlap is None or 0 < overlap <= MUCH * side:
            continue
        if overlap > 0:
            what = f"overlap by {number(overlap)} of {side} px"
        else:
            what = "do not touch" if overlap == 0 else f"are {number(-overlap)} px apart"
        notes.append(f"frames {where} {what}: check the overlap, the unit, and the pixel size")
    return notes


def _about(frames: Sequence[Frame], shape: tuple[int, int]) -> list[str]:
    """What a person should know about frames that differ."""
    notes = []
    odd = [frame for frame in frames if frame.shape != shape]
    if odd:
        notes.append(
            f"frames are of several sizes: {len(frames) - len(odd)} of {shape[0]} x {shape[1]} "
            f"px, {len(odd)} of others, such as {odd[0].name} with {odd[0].shape[0]} x "
            f"{odd[0].shape[1]} px; steps of a grid are reckoned from the median size"
        )
    kinds = {(frame.dtype.name, frame.channels) for frame in frames}
    if len(kinds) > 1:
        words = sorted(f"{dtype}, {('grey', '', '', 'RGB', 'RGBA')[n]}" for dtype, n in kinds)
        notes.append(f"frames are of several kinds, which do not mix: {'; '.join(words)}")
    return notes
