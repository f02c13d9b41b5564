"""Grids whose true positions are known, and estimates of their seams, made by construction."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.seams.seam import Seam, find_seams
from napari_seamnet.shifts import Alternative, Estimate, ShiftMap, Status

FRAME, STEP, REACH = 100, 80, 10


@dataclass(frozen=True, eq=False)
class Made:
    """A grid with its truth."""

    layout: Layout
    seams: tuple[Seam, ...]
    truth: np.ndarray

    def shift(self, k: int) -> np.ndarray:
        seam = self.seams[k]
        return self.truth[seam.second] - self.truth[seam.first] - np.array(tuple(seam.nominal))

    def of(self, first: int, second: int) -> int:
        return [seam.pair for seam in self.seams].index((first, second))

    def sure(self, exact: bool = False, seed: int = 0) -> list[Estimate]:
        """An estimate for every seam: certain and right, to a tenth of a pixel."""
        rng = np.random.default_rng(seed)
        noise = rng.normal(0, 0 if exact else 0.1, (len(self.seams), 2))
        return [certain(self.shift(k) + noise[k]) for k in range(len(self.seams))]

    def errors(self, solution, whole=False) -> np.ndarray:
        """Distance of each frame from its true place, in px, the median offset taken away."""
        at = [frame.whole if whole else frame.position for frame in solution.frames]
        off = np.array(at) - self.truth
        return np.abs(off - np.median(off, axis=0)).max(axis=1)


def certain(shift, confidence=0.997) -> Estimate:
    return Estimate(Shift(*map(float, shift)), Status.CERTAIN, confidence)


def doubtful(shift, confidence=0.6) -> Estimate:
    return Estimate(Shift(*map(float, shift)), Status.DOUBTFUL, confidence)


def blank() -> Estimate:
    return Estimate(Shift(0.0, 0.0), Status.UNDETERMINED, 0.0, reason="both crops are constant")


def ambiguous(best, others, probabilities) -> Estimate:
    listed = zip(others, probabilities[1:], strict=True)
    return Estimate(
        Shift(*map(float, best)),
        Status.AMBIGUOUS,
        probabilities[0],
        tuple(Alternative(Shift(*map(float, other)), p) for other, p in listed),
    )


def mapped(peaks, reach=REACH, width=0.6) -> Estimate:
    """An estimate with a map: a sum of bumps, {(dy, dx): probability}, on a low even ground."""
    ys, xs = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    density = np.full(ys.shape, 1e-6)
    for (dy, dx), p in peaks.items():
        bump = np.exp(-((ys - dy) ** 2 + (xs - dx) ** 2) / (2 * width**2))
        density += p * bump / bump.sum()
    ranked = sorted(peaks, key=peaks.get, reverse=True)
    best = peaks[ranked[0]]
    status = Status.CERTAIN if best >= 0.99 else Status.AMBIGUOUS
    return Estimate(
        Shift(*map(float, ranked[0])),
        status,
        min(best, 1.0),
        tuple(Alternative(Shift(*map(float, s)), peaks[s]) for s in ranked[1:]),
        ShiftMap(np.log(density / density.sum()), "log-probability"),
    )


def make_grid(rows, cols, jitter=4.0, seed=0, whole=False, step=STEP) -> Made:
    rng = np.random.default_rng(seed)
    frame = as_frame(np.zeros((FRAME, FRAME), np.uint8))
    nominal = np.array([(step * r, step * c) for r in range(rows) for c in range(cols)], float)
    moved = rng.uniform(-jitter, jitter, nominal.shape)
    if whole:
        moved = np.round(moved)
    sites = [Site(frame, tuple(place), k // cols, k % cols, k) for k, place in enumerate(nominal)]
    layout = Layout(tuple(sites))
    return Made(layout, find_seams(layout), nominal + moved)


@pytest.fixture(scope="session")
def build() -> SimpleNamespace:
    """The functions above, for tests cannot import a conftest."""
    return SimpleNamespace(
        grid=make_grid,
        certain=certain,
        doubtful=doubtful,
        blank=blank,
        ambiguous=ambiguous,
        mapped=mapped,
    )


@pytest.fixture
def grid() -> Made:
    return make_grid(4, 4)
