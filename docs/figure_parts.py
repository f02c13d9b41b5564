"""Parts of the figures that `make_figures.py` draws: simulated seams, maps, composites, files.

Which figures there are, and what they are to show, is decided there.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image
from small_png import write_small

from napari_seamnet.learning.seam_kinds import simulate_seam
from napari_seamnet.nets.inference import loaded
from napari_seamnet.report.style import COLOURS
from napari_seamnet.seams import Overlap
from napari_seamnet.seams.composite import composite
from napari_seamnet.seams.overlap import shared_pixels
from napari_seamnet.shifts import Status, get_method
from napari_seamnet.shifts.posterior import to_probability
from napari_seamnet.shifts.seamnet import fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from napari_seamnet.shifts import Estimate

LARGEST = 150_000  # bytes
REACH = 15
CHANNELS = (
    "learned",
    "raw",
    "smooth",
    "smoother",
    "fine",
    "coarse",
    "matched",
    "edges",
    "wide edges",
)
"""Bars of the weights: the learned maps together, then `nets.plain_maps` in its order."""
FIRST, SECOND = "#d9534f", "#3a9a5b"


def save(figure: Figure, name: str) -> None:
    """Write a figure, with as many colours as fit into `LARGEST`."""
    file = io.BytesIO()
    figure.savefig(file, dpi=110, facecolor="white")
    write_small(np.asarray(Image.open(file).convert("RGB")), f"how_{name}.png", LARGEST)


def seam_of(
    draw: Callable, noise: float, seed: int, difference: str = "same", shape=(300, 120), reach=10
) -> tuple[Overlap, tuple[float, float]]:
    """Simulate a seam; its overlap and its true shift."""
    rng = np.random.default_rng(seed)
    pair = simulate_seam(draw, shape, reach, noise, difference, rng)
    return Overlap(pair.first, pair.second), (pair.shift.dy, pair.shift.dx)


def estimate(overlap: Overlap) -> Estimate:
    """What SeamNet says of a seam."""
    return get_method("seamnet", device="cpu").estimate(overlap, max_shift=REACH)


def said(found: Estimate) -> str:
    """An estimate in words; never rounded up to what it does not claim."""
    if found.status is Status.UNDETERMINED:
        return found.reason
    p = int(1000 * found.confidence) / 10
    return f"({found.shift.dy:+.1f}, {found.shift.dx:+.1f}) px,\n{p:.4g} % within 1 px"


def laid(overlap: Overlap, shift: tuple[float, float]) -> np.ndarray:
    """The red and green composite at a shift, rounded to whole px."""
    return composite(*shared_pixels(overlap, round(shift[0]), round(shift[1])))


def show_picture(axes: Axes, picture: np.ndarray, title: str = "", colour: str = "black") -> None:
    """Draw a picture without ticks."""
    axes.imshow(picture, cmap="gray", interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=9, color=colour)


def show_map(axes: Axes, values: np.ndarray, true=None, title: str = "", log: bool = False):
    """Draw a map over shifts; a cross marks the true shift."""
    reach = values.shape[0] // 2
    shown = np.log10(np.maximum(values, 1e-8)) if log else values
    extent = (-reach - 0.5, reach + 0.5, reach + 0.5, -reach - 0.5)
    low = max(shown.min(), -6.0) if log else None
    image = axes.imshow(shown, extent=extent, cmap="viridis", vmin=low, interpolation="nearest")
    if true is not None:
        axes.plot(true[1], true[0], "+", color="white", ms=13, mew=2.6)
        axes.plot(true[1], true[0], "+", color="#d03030", ms=12, mew=1.2)
    axes.set(xticks=(-reach, 0, reach), yticks=(-reach, 0, reach))
    axes.tick_params(labelsize=8)
    axes.set_xlabel("shift dx, px", fontsize=8)
    axes.set_title(title, fontsize=9)
    return image


def ring(axes: Axes, dy: float, dx: float, words: str, colour: str = "white") -> None:
    """Mark a shift on a map, with a word below it, or above where there is no room."""
    axes.plot(dx, dy, "o", ms=15, mfc="none", mec="black", mew=2.8)
    axes.plot(dx, dy, "o", ms=15, mfc="none", mec=colour, mew=1.6)
    below = dy < REACH - 4
    axes.annotate(
        words, (dx, dy), xytext=(0, -15 if below else 15), textcoords="offset points",
        color=colour, fontsize=8, va="center", ha="center", weight="bold",
        path_effects=[withStroke(linewidth=2, foreground="black")],
    )  # fmt: skip


def plain_map(overlap: Overlap, channel: int = 0) -> np.ndarray:
    """The correlation of one plain channel of `nets.plain_maps`; 0 is the raw pixels."""
    return looked_at(overlap)[0][-len(CHANNELS) + 1 + channel]


def looked_at(overlap: Overlap) -> tuple[np.ndarray, np.ndarray]:
    """All maps of a seam, (C, 2R+1, 2R+1), and what the weigher gives for each, (C,)."""
    network = loaded(None, "cpu")
    with torch.inference_mode():
        crops = [
            torch.from_numpy(fill(crop))[None, None] for crop in (overlap.first, overlap.second)
        ]
        maps, n_pixels = network.maps(crops[0], crops[1], REACH)
        worth = network.weigher(maps, n_pixels.max().expand(1))
    return maps[0].numpy(), worth[0].numpy()


def show_estimates(seams, name: str, truth, titles=None) -> None:
    """Draw for each seam its crops, its posterior with all that fits, and what is said of it."""
    figure = Figure(figsize=(2.15 * len(seams), 3.9), layout="constrained")
    axes = figure.subplots(2, len(seams), height_ratios=(1, 1.35))
    for k, (overlap, true) in enumerate(seams):
        found = estimate(overlap)
        print(f"{name} {k}:", found.status, said(found), found.reason, "true", np.round(true, 1))
        above, below = axes[:, k]
        above.set_anchor("S")
        below.set_anchor("N")
        show_picture(above, beside(overlap), titles[k] if titles else "")
        if not titles:
            above.set_title(found.status, fontsize=11, weight="bold", color=COLOURS[found.status])
        posterior = to_probability(found.map.values)
        show_map(below, posterior, true if truth[k] else None, log=True)
        listed = [(found.shift, found.confidence)] if found.confidence else []
        for shift, p in [*listed, *((a.shift, a.probability) for a in found.alternatives)][:9]:
            if p >= 0.03 and found.status is not Status.UNDETERMINED:
                ring(below, *shift, f"{int(100 * p)} %")
        words = found.reason or said(found)
        words = f"{found.status}:\n{words}" if titles else words
        below.set_title(_wrapped(words), fontsize=8, color=COLOURS[found.status])
    axes[1, 0].set_ylabel("shift dy, px", fontsize=8)
    save(figure, name)


def beside(overlap: Overlap, side: int = 110) -> np.ndarray:
    """A piece of both crops side by side, or of flat ones one above the other."""
    crops = [crop[:side, :side] for crop in (overlap.first, overlap.second)]
    across = int(crops[0].shape[0] >= crops[0].shape[1])
    gap = [*crops[0].shape]
    gap[across] = 8
    return np.concatenate([crops[0], np.full(gap, 255, np.uint8), crops[1]], axis=across)


def _wrapped(words: str, width: int = 30) -> str:
    """Words in lines that are not wider than a map."""
    lines = [""]
    for word in words.replace("\n", " \n ").split(" "):
        if word == "\n" or len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += "" if word == "\n" else f"{word} "
    return "\n".join(line.rstrip() for line in lines)


def show_grid(axes: Axes, solution, positions, statuses, title: str) -> None:
    """Draw a grid's frames where they are, and a bar for each seam in its status' colour."""
    least = np.min(positions, axis=0)
    at = np.array(positions) - least
    shapes = np.array([site.frame.shape for site in solution.layout])
    picture = np.zeros((at + shapes).max(axis=0), np.uint8)
    for place, site in zip(at, solution.layout, strict=True):
        height, width = site.frame.shape
        picture[place[0] : place[0] + height, place[1] : place[1] + width] = site.frame.read()
    show_picture(axes, picture // 2 + 90, title)
    for seam, status in zip(solution.seams, statuses, strict=True):
        one, two = at[seam.first], at[seam.second]
        low, high = np.maximum(one, two), np.minimum(one, two) + shapes[seam.first]
        middle, along = (low + high) / 2, int(not seam.is_horizontal)
        line = [middle[0], middle[0]], [middle[1], middle[1]]
        line[along][:] = [low[along] + 70, high[along] - 70]
        wide = 4 if status is Status.CERTAIN else 7
        axes.plot(line[1], line[0], color="black", lw=wide + 2, solid_capstyle="round")
        axes.plot(line[1], line[0], color=COLOURS[status], lw=wide, solid_capstyle="round")
