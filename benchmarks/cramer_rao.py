"""How near a method comes to the least error that any method can have.

    python benchmarks/cramer_rao.py [--seams 60] [--methods seamnet,smoothed,phase] [--png FILE]

Scenes with pure Gaussian noise of equal strength on both sides, shifted by a fraction of a pixel.
The bound is the Cramer-Rao bound of two pictures of an unknown scene (Robinson and Milanfar,
IEEE Trans. Image Process. 13, 2004, doi:10.1109/TIP.2004.834665): the covariance of an unbiased
shift is at least ``2 sigma^2 G^-1``, with G the sum of the scene's gradient times itself over
what both show. It knows nothing of the threshold, the noise from which on the right peak is not
found any more: for that, a matched filter that knows the clean scene of the first side, and so
has half the noise, is beside it. Prints, for each noise, RMSE over bound of the seams within 1
px, and how many of all these are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy import ndimage

from napari_seamnet.learning import scenes
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import get_method

SHAPE, RANGE, SEARCH = (400, 80), 8, 12
SEED = 61_000_001
NOISES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2)
"""Standard deviation of the noise, as a share of the full range (255)."""
BORDER = 30


def bound(scene: np.ndarray, sigma: float) -> float:
    """Least RMSE of the two axes together, in px, of the shift of two pictures of a scene."""
    gy, gx = np.gradient(scene)
    fisher = np.array([[(gy * gy).sum(), (gy * gx).sum()], [(gy * gx).sum(), (gx * gx).sum()]])
    return float(np.sqrt(np.trace(np.linalg.inv(fisher / (2 * sigma**2))) / 2))


def seam(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give a clean scene seen twice, and the shift between."""
    whole = scenes.texture_scene(max(SHAPE) + 2 * BORDER, rng)
    shift = rng.uniform(-RANGE, RANGE, 2)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float) + BORDER
    first, second = (
        ndimage.map_coordinates(whole, [y + dy, x + dx], order=5)
        for dy, dx in ((0.0, 0.0), tuple(shift))
    )
    return first, second, shift


def _shared(first: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """What of the first side the second shows as well."""
    dy, dx = np.rint(shift).astype(int)
    height, width = first.shape
    return first[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]


def matched(clean: np.ndarray, noisy: np.ndarray) -> np.ndarray:
    """Find a noisy picture in the clean one, at whole pixels, by least squares."""
    best, at = np.inf, (0, 0)
    height, width = clean.shape
    for dy in range(-SEARCH, SEARCH + 1):
        for dx in range(-SEARCH, SEARCH + 1):
            one = clean[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
            two = noisy[max(0, -dy) : height + min(0, -dy), max(0, -dx) : width + min(0, -dx)]
            error = float(((one - two) ** 2).mean())
            if error < best:
                best, at = error, (dy, dx)
    return np.array(at, float)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seams", type=int, default=60)
    parser.add_argument("--methods", default="seamnet,smoothed,phase")
    parser.add_argument("--png", type=Path)
    args = parser.parse_args()
    methods = args.methods.split(",")
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    found: list[float] = []
    print("| noise | bound, px | " + " | ".join(methods) + " | matched, clean first side |")
    print("|---|---|" + "---|" * (len(methods) + 1))
    for noise in NOISES:
        errors: dict[str, list[np.ndarray]] = {name: [] for name in methods}
        least, near = [], []
        for k in range(args.seams):
            rng = np.random.default_rng([SEED, k])
            first, second, shift = seam(rng)
            sigma = 255 * noise
            noisy = [
                (clean + sigma * rng.standard_normal(SHAPE)).astype(np.float32)
                for clean in (first, second)
            ]
            least.append(bound(_shared(first, shift), sigma))
            for name in methods:
                estimate = get_method(name).estimate(Overlap(*noisy), max_shift=SEARCH)
                errors[name].append(np.array(tuple(estimate.shift)) - shift)
            near.append(bool(np.abs(matched(first, noisy[1]) - shift).max() <= 1))
        found.append(float(np.mean(near)))
        cells = []
        for name in methods:
            off = np.array(errors[name])
            inside = np.abs(off).max(1) <= 1
            # Each seam has its own bound: compared before they are averaged.
            ratio = (
                float(np.sqrt(np.mean((off[inside] / np.array(least)[inside, None]) ** 2)))
                if inside.any()
                else float("nan")
            )
            rows[name].append((ratio, float(inside.mean())))
            cells.append(f"{ratio:.2f} x, {inside.mean():.0%}")
        print(
            f"| {noise:g} | {np.median(least):.4f} | "
            + " | ".join(cells)
            + f" | {found[-1]:.0%} |",
            flush=True,
        )
    if args.png is not None:
        draw(rows, found, args.png)


def draw(rows: dict[str, list[tuple[float, float]]], found: list[float], path: Path) -> None:
    """Draw both against noise."""
    from matplotlib.figure import Figure

    figure = Figure((9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, values in rows.items():
        left.plot(NOISES, [ratio for ratio, _ in values], "o-", label=name)
        right.plot(NOISES, [share for _, share in values], "o-", label=name)
    right.plot(NOISES, found, "k--", label="matched, clean first side")
    left.axhline(1.5, color="grey", linestyle=":")
    left.set(xscale="log", yscale="log", xlabel="noise", ylabel="RMSE over Cramer-Rao bound")
    right.set(xscale="log", xlabel="noise", ylabel="share within 1 px")
    for axes in (left, right):
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
