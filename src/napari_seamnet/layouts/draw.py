"""A picture of a layout: thumbnails in place, numbered, with the path and the gaps.

Only drawing is here. The picture is drawn without a window and without matplotlib's global state,
so that it can be made in any thread of any program.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from ..frames.frame import LUMA
from ..saving import written_whole
from .describe import steps_of
from .entries import OPENERS, Progress
from .gaps import find_gaps
from .steps import number, typical_shape

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..frames import Frame
    from .gaps import Gap
    from .layout import Layout

EVEN, ODD, PATH, GAP, INK = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#000000"
"""Told apart with any kind of colour vision (Okabe and Ito, "Color universal design", 2008)."""
FRAME_DOTS = (28, 220)
"""Least and most dots that the longer side of a frame gets in the picture."""
LONGEST = 3200
"""Most dots along the longer side of the picture; a hundred frames still have 32 each."""
DPI = 100
MARGIN = 90  # dots, for titles and axes
SHADES = (1, 99)
"""Percentiles of all thumbnails that become black and white."""


def draw_layout(
    layout: Layout,
    path: str | PathLike[str],
    thumbnails: bool = True,
    progress: Progress | None = None,
) -> None:
    """Draw a layout into a PNG, SVG or PDF file.

    Parameters
    ----------
    layout : Layout
        What to draw, at its nominal positions.
    path : path
        File to write; its ending chooses the format.
    thumbnails : bool, default True
        Whether the frames' pixels are read; only as many as are drawn.
    progress : callable, optional
        Called as ``progress(done, total, "drawing frames")``.

    Raises
    ------
    SavingError
        If the file cannot be written there.
    ValueError
        If matplotlib does not know the ending.
    FrameError
        If a frame turns out to be damaged.
    """
    with written_whole(Path(path)) as beside:
        figure = picture_of(layout, thumbnails, progress)
        figure.savefig(beside, dpi=DPI)


def picture_of(
    layout: Layout, thumbnails: bool = True, progress: Progress | None = None
) -> Figure:
    """Draw a layout as a figure, to be saved or shown; see `draw_layout`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    bounds = layout.bounds
    gaps = find_gaps(layout)
    boxes = [bounds, *(gap.box for gap in gaps)]
    top, left = min(box.y for box in boxes), min(box.x for box in boxes)
    bottom = max(box.y + box.height for box in boxes)
    right = max(box.x + box.width for box in boxes)
    scale = _scale(layout, max(bottom - top, right - left))
    size = (
        max(420.0, (right - left) * scale + 2 * MARGIN) / DPI,
        max(240.0, (bottom - top) * scale + 2 * MARGIN) / DPI,
    )
    figure = Figure(size, dpi=DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if thumbnails:
        shown = _thumbnails(layout, (top, left, bottom, right), scale, progress)
        axes.imshow(
            shown,
            cmap="gray",
            vmin=0,
            vmax=1,
            extent=(left, right, bottom, top),
            interpolation="nearest",
        )
    _outline(axes, layout)
    _mark_gaps(axes, gaps, scale)
    _trace(axes, layout)
    _number(axes, layout, scale)
    axes.set(
        xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel="x, px", ylabel="y, px"
    )
    if layout.pixel_size is not None:
        _in_um(axes, layout.pixel_size)
    # Set by hand: matplotlib's own layouts draw everything once more to measure it.
    left_edge, low_edge = MARGIN / (size[0] * DPI), MARGIN / (size[1] * DPI)
    figure.subplots_adjust(left_edge, low_edge, 1 - left_edge, 1 - low_edge)
    figure.suptitle(
        fill(_title(layout), max(30, int(size[0] * 11))), fontsize=10, y=1 - 8 / (size[1] * DPI)
    )
    return figure


def _scale(layout: Layout, longest: float) -> float:
    """Dots for each px."""
    side = max(typical_shape([frame.shape for frame in layout.frames]))
    wanted = FRAME_DOTS[1] / side
    least = FRAME_DOTS[0] / side
    return max(min(wanted, LONGEST / longest), least)


def _thumbnails(
    layout: Layout,
    edges: tuple[int, int, int, int],
    scale: float,
    progress: Progress | None,
) -> np.ndarray:
    """All frames on one grey canvas, later ones on top; NaN where there is none."""
    top, left, bottom, right = edges
    step = max(1, int(1 / scale))
    shape = (math.ceil((bottom - top) / step) + 1, math.ceil((right - left) / step) + 1)
    canvas = np.full(shape, np.nan, np.float32)

    def read(frame: Frame) -> np.ndarray:
        pixels = frame.read(step=step)
        if frame.channels:
            pixels = pixels[..., :3].astype(np.float32) @ np.asarray(LUMA, np.float32)
        return np.asarray(pixels, np.float32)

    done = 0
    with ThreadPoolExecutor(OPENERS) as pool:
        try:
            for site, small in zip(layout, pool.map(read, layout.frames), strict=True):
                y, x = (site.whole[0] - top) // step, (site.whole[1] - left) // step
                room = canvas[y : y + small.shape[0], x : x + small.shape[1]]
                room[...] = small[: room.shape[0], : room.shape[1]]
                done += 1
                if progress is not None:
                    progress(done, len(layout), "drawing frames")
        finally:
            pool.shutdown(cancel_futures=True)
    canvas = canvas[:-1, :-1] if min(canvas.shape) > 1 else canvas
    low, high = np.nanpercentile(canvas, SHADES)
    return np.clip((canvas - low) / max(float(high - low), 1e-6), 0, 1)


def _outline(axes: Axes, layout: Layout) -> None:
    """Frames' edges; neighbours in two colours, so that their overlap shows."""
    from matplotlib.collections import PolyCollection

    corners, colours = [], []
    for k, site in enumerate(layout):
        (y, x), (height, width) = site.position, site.frame.shape
        corners.append([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
        row, col = (k, 0) if site.row is None or site.col is None else (site.row, site.col)
        colours.append(ODD if (row + col) % 2 else EVEN)
    thick = 1.2 if len(layout) <= 400 else 0.7
    axes.add_collection(
        PolyCollection(corners, facecolors="none", edgecolors=colours, linewidths=thick)
    )


def _mark_gaps(axes: Axes, gaps: tuple[Gap, ...], scale: float) -> None:
    from matplotlib.patches import Rectangle

    for (row, col), box in gaps:
        y, x, height, width = box.y, box.x, box.height, box.width
        axes.add_patch(
            Rectangle((x, y), width, height, fill=False, edgecolor=GAP, hatch="///", linewidth=1.0)
        )
        _write(
            axes, x + width / 2, y + height / 2, f"{row},{col}", GAP, min(height, width) * scale
        )


def _trace(axes: Axes, layout: Layout) -> None:
    """The path of acquisition, from a dot to a square."""
    if len(layout) < 2 or any(site.number is None for site in layout):
        return
    path = sorted(layout, key=lambda site: site.number or 0)
    y, x = np.array(
        [np.add(site.position, np.divide(site.frame.shape, 2)) for site in path], float
    ).T
    thin = 1.4 if len(layout) <= 400 else 0.8
    axes.plot(x, y, color=PATH, linewidth=thin, alpha=0.9)
    axes.plot(x[0], y[0], "o", color=PATH, markersize=8, label="first frame")
    axes.plot(x[-1], y[-1], "s", color=PATH, markersize=8, label="last frame")


def _number(axes: Axes, layout: Layout, scale: float) -> None:
    """Every frame's index in the layout, below the middle, where the path does not cross it."""
    for k, site in enumerate(layout):
        (y, x), (height, width) = site.position, site.frame.shape
        _write(
            axes,
            x + width / 2,
            y + 0.72 * height,
            str(k),
            INK,
            min(height, width) * scale,
        )


def _write(axes: Axes, x: float, y: float, text: str, colour: str, room: float) -> None:
    """Write into a frame of `room` dots, on white, so that it reads on any picture."""
    points = min(11.0, max(3.5, 0.24 * room * 72 / DPI, 0.0))
    axes.text(
        x,
        y,
        text,
        color=colour,
        fontsize=points,
        ha="center",
        va="center",
        clip_on=True,
        bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": points / 8},
    )


def _in_um(axes: Axes, pixel_size: tuple[float, float]) -> None:
    """Axes in µm on the other two sides."""

    def both(side: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        return lambda px: px * side, lambda um: um / side

    axes.secondary_xaxis("top", functions=both(pixel_size[1])).set_xlabel("x, µm")
    axes.secondary_yaxis("right", functions=both(pixel_size[0])).set_ylabel("y, µm")


def _title(layout: Layout) -> str:
    steps = steps_of(layout)
    words = [f"{len(layout)} frames"]
    if layout.is_grid:
        words.append(f"{layout.rows} rows x {layout.cols} columns")
    if layout.missing:
        words.append(f"{len(layout.missing)} gaps (hatched)")
    for name, overlap in (("y", steps.overlap_y), ("x", steps.overlap_x)):
        if overlap is not None:
            words.append(f"overlap in {name} {number(overlap)} px")
    if layout.overlap_assumed:
        words.append("(assumed)")
    if len(layout) > 1 and all(site.number is not None for site in layout):
        words.append("path from dot to square")
    return ", ".join(words).replace(", (", " (")
