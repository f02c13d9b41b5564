"""Make the figures of docs/how-it-works.md and docs/model-card.md: docs/images/how_*.png.

No window is needed, and all frames are simulated, so that no one's data is published::

    python docs/make_figures.py [seam] [map] [noise] [weights] [words] [first_look] [grid] [fails]

Every figure shows what the bundled network says; draw them anew after it was trained anew. Each
prints what it found, so that the pages' words can be checked.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from figure_parts import (
    CHANNELS,
    FIRST,
    REACH,
    SECOND,
    beside,
    estimate,
    laid,
    looked_at,
    plain_map,
    ring,
    said,
    save,
    seam_of,
    show_estimates,
    show_grid,
    show_map,
    show_picture,
)
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from napari_seamnet import Layout, StitchSettings, stitch
from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import nominal_offset
from napari_seamnet.layouts import Site
from napari_seamnet.learning import scenes
from napari_seamnet.nets.first_look import PARTS, first_look
from napari_seamnet.report.style import COLOURS
from napari_seamnet.sample_data import chip_pair
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.posterior import to_probability
from napari_seamnet.shifts.seamnet import fill


def draw_seam() -> None:
    """Two frames, what they share, and their composite before and after."""
    first, second = chip_pair()
    offset = nominal_offset(first.shape, second.shape, "right", overlap=150)
    overlap = Overlap.cut(as_frame(first), as_frame(second), offset).nominal()
    found = estimate(overlap)
    print("seam:", said(found), found.status)
    figure = Figure(figsize=(8.6, 3.1), layout="constrained")
    axes = figure.subplots(1, 5, width_ratios=(2.75, 1, 1, 1, 1))
    wide = first.shape[1] + round(offset.dx)
    both = np.full((first.shape[0], wide), 255, np.uint8)
    both[:, round(offset.dx) :] = second
    both[:, : first.shape[1]] = first
    show_picture(axes[0], both, "two frames, as the stage has them")
    for x, colour in ((0, FIRST), (offset.dx, SECOND)):
        box = (x + 2, 2), first.shape[1] - 5, first.shape[0] - 5
        axes[0].add_patch(Rectangle(*box, fill=False, ec=colour, lw=2))
    show_picture(axes[1], overlap.first, "first crop", FIRST)
    show_picture(axes[2], overlap.second, "second crop", SECOND)
    show_picture(axes[3], laid(overlap, (0, 0)), "before")
    show_picture(axes[4], laid(overlap, tuple(found.shift)), "after")
    save(figure, "seam")


def draw_map() -> None:
    """What a map is: three shifts tried, and their places on the map of all."""
    overlap, true = seam_of(scenes.chip_scene, 0.05, 8, shape=(200, 120))
    found = estimate(overlap)
    print("map:", said(found), "true", true)
    tried = [(-9, -8), (round(true[0]) - 6, round(true[1]) + 2), (round(true[0]), round(true[1]))]
    figure = Figure(figsize=(8.6, 3.2), layout="constrained")
    axes = figure.subplots(1, 4, width_ratios=(1, 1, 1, 2))
    for number, (shift, place) in enumerate(zip(tried, axes, strict=False), 1):
        words = f"{number}: ({shift[0]:+d}, {shift[1]:+d}) px"
        show_picture(place, laid(overlap, shift)[:180, :98], words)
    image = show_map(axes[3], plain_map(overlap), title="how well each shift fits")
    axes[3].set_ylabel("shift dy, px", fontsize=8)
    for number, shift in enumerate(tried, 1):
        ring(axes[3], *shift, str(number), "#ff7060" if number == 3 else "white")
    figure.colorbar(image, ax=axes[3], shrink=0.85, label="correlation")
    save(figure, "map")


def draw_noise() -> None:
    """The same noisy seam, by plain correlation and by SeamNet."""
    overlap, true = seam_of(scenes.chip_scene, 0.6, 388)
    found = estimate(overlap)
    raw = plain_map(overlap)
    best = np.array(np.unravel_index(int(raw.argmax()), raw.shape)) - REACH
    print("noise:", said(found), found.status, "raw", best, "true", true)
    figure = Figure(figsize=(8.6, 3.2), layout="constrained")
    axes = figure.subplots(1, 4, width_ratios=(0.85, 0.85, 2, 2))
    show_picture(axes[0], overlap.first, "first crop", FIRST)
    show_picture(axes[1], overlap.second, "second crop", SECOND)
    image = show_map(axes[2], raw, true, "raw pixels: correlation")
    axes[2].set_ylabel("shift dy, px", fontsize=8)
    figure.colorbar(image, ax=axes[2], shrink=0.7)
    posterior = to_probability(found.map.values)
    image = show_map(axes[3], posterior, true, "SeamNet: probability", log=True)
    bar = figure.colorbar(image, ax=axes[3], shrink=0.7, ticks=(-6, -4, -2, 0))
    bar.set_ticklabels(("1e-6", "1e-4", "1 %", "1"))
    save(figure, "noise")


def draw_weights() -> None:
    """How much each map is worth: on a clean, a noisy, a reversed and a periodic seam."""
    kinds = {
        "clean": seam_of(scenes.chip_scene, 0.02, 3),
        "noisy": seam_of(scenes.chip_scene, 0.4, 3),
        "reversed contrast": seam_of(scenes.chip_scene, 0.05, 3, "reversed"),
        "periodic": seam_of(scenes.lattice_scene, 0.05, 3),
    }
    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    axes = figure.subplots(2, 4, height_ratios=(1.15, 1), sharey="row")
    for (name, (overlap, _)), (above, below) in zip(kinds.items(), axes.T, strict=True):
        worth = looked_at(overlap)[1]
        n_learned = len(worth) - len(CHANNELS) + 1
        bars = np.concatenate([[worth[:n_learned].sum()], worth[n_learned:]])
        bars = 100 * bars / bars.sum()
        print(f"{name}:", dict(zip(CHANNELS, bars.round().astype(int).tolist(), strict=True)))
        above.set_anchor("S")
        show_picture(above, beside(overlap, 120), name)
        colours = ["#3a6ea5", *["#8a949e"] * 6, *["#d08a20"] * 2]
        below.barh(range(len(bars)), bars, color=colours)
        below.set_yticks(range(len(bars)), CHANNELS, fontsize=8)
        below.tick_params(axis="x", labelsize=8)
        below.set_xlim(0, 85)
        below.spines[["top", "right"]].set_visible(False)
        below.set_xlabel("share of the say, %", fontsize=8)
    axes[1, 0].invert_yaxis()
    save(figure, "weights")


def draw_words() -> None:
    """What certain, doubtful, ambiguous and undetermined look like."""
    blank = lambda size, rng: np.full((size, size), 90.0, np.float32)  # noqa: E731
    seams = (
        seam_of(scenes.chip_scene, 0.1, 3),
        seam_of(scenes.chip_scene, 0.45, 3),
        seam_of(scenes.lattice_scene, 0.05, 3),
        seam_of(blank, 0.05, 1),
    )
    show_estimates(seams, "words", truth=(True, True, True, False))


def draw_first_look() -> None:
    """The four parts of a long seam, and what plain pictures show of each."""
    overlap, true = seam_of(scenes.chip_scene, 0.05, 6, shape=(110, 1000), reach=8)
    crops = [torch.from_numpy(fill(side))[None, None] for side in (overlap.first, overlap.second)]
    seen = first_look(crops[0], crops[1], REACH)
    figure = Figure(figsize=(8.6, 3.0), layout="constrained")
    axes = figure.subplot_mosaic([["seam"] * PARTS, list(range(PARTS))], height_ratios=(1, 1.6))
    show_picture(axes["seam"], overlap.first, "")
    length = (overlap.first.shape[1] - 2 * REACH) // PARTS
    for part in range(PARTS):
        box = (REACH + part * length + 2, 2), length - 4, overlap.first.shape[0] - 5
        axes["seam"].add_patch(Rectangle(*box, fill=False, ec=COLOURS[Status.DOUBTFUL], lw=2.4))
        show_map(axes[part], seen.maps[0, part, 1].numpy(), true)
    axes[0].set_ylabel("shift dy, px", fontsize=8)
    save(figure, "first_look")


def draw_grid() -> None:
    """A seam that shows nothing but a memory array, decided by all around it."""
    size, overlap, side = 300, 60, 3
    step, rng = size - overlap, np.random.default_rng(5)
    margin = 20
    scene = scenes.chip_scene(step * side + overlap + 2 * margin, np.random.default_rng(12))
    # An array all over the seam between the second and the third frame of the middle row.
    y, x = np.mgrid[: size + 2 * margin, : overlap + 4 * margin]
    array = scene.mean() + 70 * (((y % 10) < 5) & ((x % 9) < 5)) - 20
    top, left = step, margin + 2 * step - 2 * margin
    scene[top : top + y.shape[0], left : left + x.shape[1]] = array
    sites, truth = [], []
    for k in range(side * side):
        nominal = np.array((k // side, k % side)) * step
        place = nominal + (rng.integers(-5, 6, 2) if k else 0)
        at = place + margin
        pixels = scene[at[0] : at[0] + size, at[1] : at[1] + size]
        pixels = np.clip(pixels + rng.normal(0, 12, pixels.shape), 0, 255).astype(np.uint8)
        site = Site(as_frame(pixels, name=f"{k}"), tuple(map(float, nominal)), k // side, k % side)
        sites.append(site)
        truth.append(place)
    solution = stitch(Layout(tuple(sites)), StitchSettings(max_shift=REACH))
    doubt = next(k for k, e in enumerate(solution.estimates) if e.status is Status.AMBIGUOUS)
    found = solution.estimates[doubt]
    first, second = solution.seams[doubt].pair
    true = np.subtract(truth[second], truth[first]) - tuple(solution.seams[doubt].nominal)
    off = np.array([frame.whole for frame in solution.frames]) - np.array(truth)
    off = np.abs(off - np.median(off, axis=0)).max()  # the mosaic as a whole may lie anywhere
    after = solution.verdicts[doubt]
    print("grid: doubt", (first, second), said(found), found.reason)
    print("grid: after", after, "true", true, "frames off by at most", off)
    figure = Figure(figsize=(8.6, 3.3), layout="constrained")
    axes = figure.subplots(1, 3)
    stage = [tuple(map(round, site.position)) for site in sites]
    own = [e.status for e in solution.estimates]
    show_grid(axes[0], solution, stage, own, "each seam by itself")
    posterior = to_probability(found.map.values)
    show_map(axes[1], posterior, title="the one in doubt: all that fits", log=True)
    fits = [(found.shift, found.confidence)]
    fits += [(a.shift, a.probability) for a in found.alternatives]
    for shift, p in fits:
        chosen = shift.distance(after.shift) < 1
        ring(axes[1], *shift, f"{int(100 * p)} %", "#ff7060" if chosen else "white")
    now = [verdict.status for verdict in solution.verdicts]
    whole = [frame.whole for frame in solution.frames]
    show_grid(axes[2], solution, whole, now, "all together")
    save(figure, "grid")


def draw_fails() -> None:
    """What makes it fail, and what it says then."""
    strangers = [seam_of(scenes.chip_scene, 0.05, seed)[0].first for seed in (21, 22)]
    scene, rng = scenes.chip_scene(400, np.random.default_rng(521)), np.random.default_rng(21)
    far = [
        np.clip(scene[y : y + 300, 20:140] + rng.normal(0, 12, (300, 120)), 0, 255)
        for y in (20, 42)
    ]
    seams = (
        (Overlap(*strangers), (0, 0)),
        seam_of(scenes.lattice_scene, 0.05, 12),
        seam_of(scenes.texture_scene, 0.3, 5, shape=(12, 300), reach=6),
        seam_of(scenes.chip_scene, 0.1, 2, "warped"),
        (Overlap(*(crop.astype(np.uint8) for crop in far)), (22, 0)),
    )
    titles = (
        "nothing in common",
        "pure lattice",
        "12 px wide, noisy",
        "warped by 3 px",
        "22 px off, ±15 searched",
    )
    show_estimates(seams, "fails", (False, True, True, True, False), titles)


FIGURES = {
    "seam": draw_seam, "map": draw_map, "noise": draw_noise, "weights": draw_weights,
    "words": draw_words, "first_look": draw_first_look, "grid": draw_grid, "fails": draw_fails,
}  # fmt: skip

if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or FIGURES:
        FIGURES[name]()
