"""Where a training's batches come from: sets of tiles, seams of hand alignments, the simulator.

Batch k of epoch e is the same whenever and by whichever process it is asked for, so that a
training can go on where it was stopped. What is learned from a batch is in `learners.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from ...seams import Overlap
from ...shifts.flicker import without_flicker
from ..augment import Augmentation, augment
from ..tile_cut import Strips, places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..hand import HandAlignment
    from ..simulator import Simulator
    from ..tile_files import Tiles

Batch = tuple[torch.Tensor, torch.Tensor]
"""pixels (n, 2, H, W) uint8: first and second crop; shifts (n, 2) float32: (dy, dx) in px."""

WINDOW_PIXELS = 200_000
"""Pixels of one side of a batch of windows, as in the simulator's recipe."""
MOST_WINDOWS = 12
SHORTEST = 0.95
"""Of a seam's length: frames are slightly distorted, so that a part of a seam has another true
shift than the whole (0.8 px off on lscm), and what is decided by hand holds for the whole."""


class Batches(Protocol):
    """A source of batches."""

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        ...

    def batch(self, epoch: int, step: int) -> Batch:
        """Give one batch, on the CPU or where the source keeps its pixels."""
        ...


@dataclass(frozen=True, eq=False)
class TileBatches:
    """Tiles of a set, in a new random order each epoch.

    Parameters
    ----------
    tiles : Tiles
        The set, or one of its splits.
    size : int
        Tiles a batch; the last one of an epoch may have fewer.
    seed : int
        Decides order and augmentation.
    augmentation : Augmentation or None
        None takes the tiles as they are.
    is_shuffled : bool
        False for validation.
    """

    tiles: Tiles
    size: int = 16
    seed: int = 0
    augmentation: Augmentation | None = None
    is_shuffled: bool = True

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return -(-len(self.tiles) // self.size)

    def batch(self, epoch: int, step: int) -> Batch:
        """Give one batch."""
        rows = self.rows(epoch, step)
        pixels, shifts = self.tiles.pixels(rows), self.tiles.shifts[rows].astype(np.float32)
        if self.augmentation is not None:
            rng = np.random.default_rng([self.seed, 1, epoch, step])
            pixels, shifts = augment(pixels, shifts, rng, self.augmentation)
        return torch.from_numpy(np.ascontiguousarray(pixels)), torch.from_numpy(shifts)

    def rows(self, epoch: int, step: int) -> np.ndarray:
        """Which tiles a batch holds."""
        order = self._order(epoch) if self.is_shuffled else np.arange(len(self.tiles))
        return order[step * self.size : (step + 1) * self.size]

    def _order(self, epoch: int) -> np.ndarray:
        if epoch not in self._orders:
            self._orders.clear()
            rng = np.random.default_rng([self.seed, 0, epoch])
            self._orders[epoch] = rng.permutation(len(self.tiles))
        return self._orders[epoch]

    @cached_property
    def _orders(self) -> dict[int, np.ndarray]:
        return {}


@dataclass(frozen=True, eq=False)
class ResidentBatches:
    """The same batches as `TileBatches` without augmentation, from pixels that a GPU holds.

    Parameters
    ----------
    of : TileBatches
        Which tiles, in which order.
    device : torch.device
        Where the pixels are kept; they are read once.
    """

    of: TileBatches
    device: torch.device

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return self.of.steps

    def batch(self, epoch: int, step: int) -> Batch:
        """Give one batch, on the device."""
        rows = torch.from_numpy(self.of.rows(epoch, step)).to(self.device)
        return self._pixels[rows], self._shifts[rows]

    @cached_property
    def _pixels(self) -> torch.Tensor:
        tiles, n = self.of.tiles, 1024
        held = torch.empty(
            (len(tiles), 2, tiles.size, tiles.size), dtype=torch.uint8, device=self.device
        )
        for at in range(0, len(tiles), n):
            part = np.ascontiguousarray(tiles.pixels(slice(at, at + n)))
            held[at : at + n] = torch.from_numpy(part).to(self.device)
        return held

    @cached_property
    def _shifts(self) -> torch.Tensor:
        return torch.from_numpy(self.of.tiles.shifts.astype(np.float32)).to(self.device)


@dataclass(frozen=True, eq=False)
class WindowBatches:
    """Windows of hand-aligned seams, of any length, each cut at a random shift.

    Parameters
    ----------
    strips : sequence of Strips
        The seams; see `read_strips`.
    fractions : sequence of (dy, dx)
        What is left of each seam's true offset beyond its whole pixels: strips are cut at those,
        so a window's true shift is off by the rest.
    steps : int
        Batches an epoch.
    reach : int
        Shifts are drawn from ±`reach` px on each axis, whole pixels, where the frames' real pixels
        allow it.
    seed : int
        Decides everything.
    augmentation : Augmentation or None
        None takes the pixels as they are. Windows are transposed all or none.
    pixels : int
        Pixels of one side of a batch; the number of windows follows from their size.
    """

    strips: Sequence[Strips]
    fractions: Sequence[tuple[float, float]]
    steps: int = 100
    reach: int = 12
    seed: int = 0
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    pixels: int = WINDOW_PIXELS

    def batch(self, epoch: int, step: int) -> Batch:
        """Give windows of one seam, all of one shape."""
        rng = np.random.default_rng([self.seed, 2, epoch, step])
        seam = int(rng.integers(len(self.strips)))
        strips, fraction = self.strips[seam], np.asarray(self.fractions[seam])
        shape = self._shape(strips, rng)
        n = min(MOST_WINDOWS, max(1, self.pixels // (shape[0] * shape[1])))
        drawn = rng.integers(-self.reach, self.reach + 1, (8 * n, 2))
        sizes = _frame_sizes(strips)
        at = places(*sizes, strips.offset, drawn, shape)
        possible = np.flatnonzero(at.exist)[:n]
        crops = np.empty((len(possible), 2, *shape), np.uint8)
        for k, row in enumerate(possible):
            y, x = (int(v) for v in rng.integers(at.low[row], at.high[row] + 1))
            dy, dx = (int(v) for v in drawn[row])
            crops[k] = strips.cut(y, x, dy, dx, shape, bool(at.swapped[row]))
        # With swapped parts the fraction counts the other way.
        signs = np.where(at.swapped[possible], -1, 1)[:, None]
        shifts = (drawn[possible] + signs * fraction).astype(np.float32)
        if self.augmentation is not None:
            transposes = self.augmentation.transpose and rng.random() < 0.5
            crops, shifts = augment(
                crops, shifts, rng, replace(self.augmentation, transpose=False)
            )
            if transposes:
                crops, shifts = crops.swapaxes(2, 3).copy(), shifts[:, ::-1].copy()
        return torch.from_numpy(crops), torch.from_numpy(shifts)

    def _shape(self, strips: Strips, rng: np.random.Generator) -> tuple[int, int]:
        """A window with room for every shift of the range, as long as the seam or shorter."""
        room = [
            min(n1, n2 + o) - max(0, o)
            for n1, n2, o in zip(*_frame_sizes(strips), strips.offset, strict=True)
        ]
        across = 0 if room[0] < room[1] else 1
        along = 1 - across
        longest = max(24, room[along] - self.reach)
        room[along] = int(rng.integers(max(24, int(SHORTEST * longest)), longest + 1))
        return room[0], room[1]


def _frame_sizes(strips: Strips) -> tuple[tuple[int, int], tuple[int, int]]:
    """Sizes of the two frames, as far as they were read: beyond the strips there is nothing."""
    return tuple(  # type: ignore[return-value]
        (corner[0] + strip.shape[0], corner[1] + strip.shape[1])
        for strip, corner in (
            (strips.first, strips.first_corner),
            (strips.second, strips.second_corner),
        )
    )


def read_windows(
    alignments: Sequence[HandAlignment],
    steps: int,
    reach: int,
    seed: int,
    augmentation: Augmentation | None,
) -> WindowBatches:
    """Read hand-aligned seams, all at once, to cut windows from.

    Parameters
    ----------
    alignments : sequence of HandAlignment
        The seams; fractions of their offsets count.
    steps, reach, seed, augmentation
        See `WindowBatches`.

    Raises
    ------
    FrameError, HandFileError
        If a frame is gone, damaged, or no longer the one that was aligned.
    """
    from ..hand import open_frames

    strips, fractions = [], []
    for alignment in alignments:
        dy, dx = alignment.offset.whole()
        strips.append(_level(Strips.read(*open_frames(alignment), (dy, dx), reach), reach))
        fractions.append((alignment.offset.dy - dy, alignment.offset.dx - dx))
    return WindowBatches(strips, fractions, steps, reach, seed, augmentation)


def _level(strips: Strips, reach: int) -> Strips:
    """The same without flicker, as SeamNet looks at every seam."""
    corners = strips.first_corner, strips.second_corner
    y, x = (two + off - one for one, two, off in zip(*corners, strips.offset, strict=True))
    overlap = Overlap(strips.first.astype(float), strips.second.astype(float), (y, x))
    level = without_flicker(overlap, reach)
    if level is overlap:
        return strips
    first, second = (
        np.clip(np.rint(crop), 0, 255).astype(np.uint8) for crop in (level.first, level.second)
    )
    return replace(strips, first=first, second=second)


@dataclass(frozen=True, eq=False)
class SimulatedTiles:
    """Endless squares from the simulator.

    Parameters
    ----------
    simulator : Simulator
        What is drawn, and how bad the microscope is.
    side : int
        Side of the squares, in px.
    reach : int
        Shifts are drawn from ±`reach` px, with fractions.
    size : int
        Squares a batch.
    steps : int
        Batches an epoch.
    seed : int
        Decides everything.
    """

    simulator: Simulator
    side: int = 150
    reach: int = 10
    size: int = 16
    steps: int = 100
    seed: int = 0

    def batch(self, epoch: int, step: int) -> Batch:
        """Give one batch."""
        rng = np.random.default_rng([self.seed, 3, epoch, step])
        pairs = self.simulator.pairs(self.size, (self.side, self.side), float(self.reach), rng)
        pixels = np.stack([np.stack([pair.first, pair.second]) for pair in pairs])
        shifts = np.array([tuple(pair.shift) for pair in pairs], np.float32)
        return torch.from_numpy(pixels), torch.from_numpy(shifts)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Several sources in turns, at random.

    Parameters
    ----------
    sources : sequence of Batches
        The sources.
    shares : sequence of float
        How often each is asked; they need not sum to 1.
    steps : int
        Batches an epoch.
    seed : int
        Decides whose turn it is.
    """

    sources: Sequence[Batches]
    shares: Sequence[float]
    steps: int
    seed: int = 0

    def batch(self, epoch: int, step: int) -> Batch:
        """Give one batch of one of the sources."""
        rng = np.random.default_rng([self.seed, 4, epoch, step])
        shares = np.asarray(self.shares, float)
        source = self.sources[int(rng.choice(len(shares), p=shares / shares.sum()))]
        # A source's own epochs may be shorter than the mixture's.
        round_of = epoch * self.steps + step
        return source.batch(round_of // source.steps, round_of % source.steps)
