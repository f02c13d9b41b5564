"""Labelled seams: seams whose true shift is known, wherever they come from.

Tiles, hand alignments, files of measured offsets and the simulator all become the same noun here,
so that one evaluation serves them all. Methods are run in `evaluate.py`; no noise is added to
anything unless `spoiled` is asked for it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Offset, Shift
from ..seams import Overlap
from .spoiling import spoil
from .truth_files import TruePair, is_truth_file, read_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..frames import Frame
    from ..shifts.estimate import Progress
    from .hand import HandAlignment
    from .simulator import Simulator
    from .tile_files import Tiles

JITTER = 10
"""px; how far a nominal offset is moved off the truth, as far as the source's tiles are."""


class LabelledError(ValueError):
    """There are no labelled seams where they were looked for; the message says what is there."""


@dataclass(frozen=True, eq=False)
class LabelledSeam:
    """A seam and its true shift.

    Parameters
    ----------
    name : str
        Names the seam within its group.
    truth : Shift
        True shift, in px, by the conventions of `geometry.py`.
    cut : callable
        ``cut(margin)`` gives the seam's `Overlap`, with up to `margin` px more on each side where
        the source has them. Pixels are read when it is called, and not kept.
    group : str
        What tables tell apart: a split, a set, a kind of scene.
    noise : float
        Noise that `spoiled` added, as a share of the full range; 0 for the pixels as they are.
    """

    name: str
    truth: Shift
    cut: Callable[[int], Overlap] = field(repr=False)
    group: str = ""
    noise: float = 0.0


def from_tiles(source: Path | Tiles, split: str | None = None) -> list[LabelledSeam]:
    """Take tiles as seams of one square; their labels are the truth.

    Parameters
    ----------
    source : Path or Tiles
        A folder of tiles, a compact file, or what `tile_files.open_tiles` made of one.
    split : {"train", "validation"}, optional
        Only these; all by default.

    Returns
    -------
    list of LabelledSeam
        In the tiles' order; the group is the split. A tile has no pixels beyond its square, so a
        margin changes nothing.

    Raises
    ------
    TileError
        If there are no tiles to be read.
    LabelledError
        If none is of the split that was asked for.
    """
    from .tile_files import Tiles, open_tiles

    tiles = source if isinstance(source, Tiles) else open_tiles(source)

    def square(index: int) -> Callable[[int], Overlap]:
        def cut(margin: int) -> Overlap:
            first, second = tiles.pixels([index])[0]
            return Overlap(first, second)

        return cut

    seams = []
    for index, (dy, dx) in enumerate(tiles.shifts.tolist()):
        group = "validation" if tiles.splits[index] else "train"
        if split in (None, group):
            seams.append(LabelledSeam(f"tile {index}", Shift(dy, dx), square(index), group))
    if not seams:
        raise LabelledError(f"none of the {len(tiles)} tiles is of the split {split!r}")
    return seams


def from_hand(path: Path, jitter: int = JITTER, seed: int = 0) -> list[LabelledSeam]:
    """Take hand alignments as seams; what the person decided is the truth.

    Parameters
    ----------
    path : Path
        A file of hand alignments.
    jitter : int, default 10
        The nominal offset is the hand-decided one, rounded, moved by a random number of whole
        pixels within ±`jitter` on each axis: a method must find its way back.
    seed : int, default 0
        Decides the jitter, together with each alignment's frames: others may come and go.

    Returns
    -------
    list of LabelledSeam
        The group is the file's name without its ending.

    Raises
    ------
    HandFileError
        If the file cannot be read.
    LabelledError
        If it holds no alignment.
    """
    from .hand import read_hand

    return from_alignments(read_hand(path), jitter, seed, group=path.stem, where=str(path))


def from_alignments(
    alignments: Sequence[HandAlignment],
    jitter: int = JITTER,
    seed: int = 0,
    group: str = "",
    where: str = "the list",
) -> list[LabelledSeam]:
    """As `from_hand`, of alignments that were read already.

    Parameters
    ----------
    alignments : sequence of HandAlignment
        At least one.
    jitter, seed
        As for `from_hand`.
    group : str
        Group of all of them.
    where : str
        Where they come from, for the error.

    Raises
    ------
    LabelledError
        If there is none.
    """
    from .hand import open_frames

    if not alignments:
        raise LabelledError(f"{where} holds no hand alignment; record some first")

    def frames(alignment: HandAlignment) -> Callable[[], tuple[Frame, Frame]]:
        return lambda: open_frames(alignment)

    return [
        _jittered(alignment.name, alignment.offset, frames(alignment), jitter, seed, group)
        for alignment in alignments
    ]


def from_truth(path: Path, jitter: int = JITTER, seed: int = 0) -> list[LabelledSeam]:
    """Take pairs of frames whose offset was measured.

    Parameters
    ----------
    path : Path
        A CSV of known offsets, or a folder with a ``pairs.csv``, or a folder of such folders. The
        columns are ``left_or_top_file,right_or_bottom_file,dx,dy`` and, if known, ``loop_error``;
        or ``first,second,dy,dx`` as ``align --pairs`` has them.
    jitter, seed
        As for `from_hand`.

    Returns
    -------
    list of LabelledSeam
        The group is the folder's name. Measured offsets that cannot be trusted are left out, see
        `truth_files.read_truth`.

    Raises
    ------
    LabelledError
        If there is no such file, or no pair in it that can be trusted.
    TruthFileError
        If a file of measured offsets cannot be read.
    HandFileError
        If a file in the format of ``align --pairs`` cannot be used.
    """
    files = [path]
    if path.is_dir():
        files = [path / "pairs.csv"]
        if not files[0].is_file():
            files = sorted(path.glob("*/pairs.csv"))
    if not files or not files[0].is_file():
        missing = path / "pairs.csv" if path.is_dir() else path
        raise LabelledError(
            f"there is no {missing}; give a CSV of known offsets, or a folder with a pairs.csv"
        )
    seams = [seam for file in files for seam in _from_truth_file(file, jitter, seed)]
    if not seams:
        raise LabelledError(f"{path} holds no pair whose offset can be trusted")
    return seams


def from_simulator(
    n: int,
    shape: tuple[int, int] = (150, 150),
    max_shift: float = JITTER,
    seed: int = 0,
    simulator: Simulator | None = None,
    progress: Progress | None = None,
) -> list[LabelledSeam]:
    """Simulate seams.

    Parameters
    ----------
    n : int
        How many.
    shape : (H, W), default (150, 150)
        Size of each crop, in px.
    max_shift : float, default 10
        Shifts are drawn evenly from ±`max_shift` px on each axis, with fractions.
    seed : int, default 0
        The same seed gives the same seams; more of them begin with the same ones. Training draws
        from other streams.
    simulator : Simulator, optional
        What is drawn and how bad the microscope is.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Returns
    -------
    list of LabelledSeam
        The group is the kind of scene. A margin changes nothing.

    Raises
    ------
    LabelledError
        If `n` is less than 1.
    """
    from .simulator import Simulator

    if n < 1:
        raise LabelledError(f"at least 1 seam must be simulated, not {n}")
    simulator = simulator or Simulator()

    def always(overlap: Overlap) -> Callable[[int], Overlap]:
        return lambda margin: overlap

    seams = []
    for k in range(n):
        if progress is not None:
            progress(k, n, "simulating")
        rng = np.random.default_rng([seed, zlib.crc32(b"evaluation"), k])
        (pair,) = simulator.pairs(1, shape, max_shift, rng)
        overlap = Overlap(pair.first, pair.second)
        name = f"simulated {k}"
        seams.append(LabelledSeam(name, pair.shift, always(overlap), pair.content))
    return seams


def spoiled(seam: LabelledSeam, sigma: float, seed: int = 0) -> LabelledSeam:
    """Make a seam harder: less contrast in the second crop, noise in both.

    Parameters
    ----------
    seam : LabelledSeam
        The seam as it is.
    sigma : float
        As for `spoiling.spoil`; 0 leaves the seam as it is.
    seed : int, default 0
        Decides the noise, together with the seam's name. The same margin gives the same pixels.

    Returns
    -------
    LabelledSeam
        With `noise` set; its crops are spoiled when they are cut.
    """
    if sigma < 0:
        raise ValueError(f"a noise cannot be negative, but is {sigma}")
    if sigma == 0:
        return seam

    def cut(margin: int) -> Overlap:
        rng = _random(seed, seam.group, seam.name, f"{sigma:.4f}")
        return spoil(seam.cut(margin), sigma, rng)

    return replace(seam, cut=cut, noise=sigma)


def some(seams: Sequence[LabelledSeam], count: int, seed: int = 0) -> list[LabelledSeam]:
    """Draw `count` seams at random, all of them if there are fewer; their order stays."""
    if count >= len(seams):
        return list(seams)
    drawn = np.random.default_rng(seed).choice(len(seams), count, replace=False)
    return [seams[index] for index in sorted(drawn)]


def _jittered(
    name: str,
    offset: Offset,
    frames: Callable[[], tuple[Frame, Frame]],
    jitter: int,
    seed: int,
    group: str,
) -> LabelledSeam:
    """A seam whose nominal offset is the known one, moved at random by whole pixels."""
    dy, dx = offset.whole()
    rng = _random(seed, name, f"{dy} {dx}")
    moved_y, moved_x = (int(step) for step in rng.integers(-jitter, jitter + 1, 2))
    nominal = Offset(dy + moved_y, dx + moved_x)

    def cut(margin: int) -> Overlap:
        first, second = frames()
        return Overlap.cut(first, second, nominal, margin)

    return LabelledSeam(name, offset - nominal, cut, group)


def _from_truth_file(path: Path, jitter: int, seed: int) -> list[LabelledSeam]:
    from ..frames import open_frame

    group = path.parent.name if path.name == "pairs.csv" else path.stem
    if not is_truth_file(path):
        from .hand_files import from_pairs_csv

        return from_alignments(from_pairs_csv(path), jitter, seed, group, str(path))

    def frames(pair: TruePair) -> Callable[[], tuple[Frame, Frame]]:
        return lambda: (open_frame(pair.first), open_frame(pair.second))

    return [
        _jittered(pair.name, pair.offset, frames(pair), jitter, seed, group)
        for pair in read_truth(path)
    ]


def _random(seed: int, *words: str) -> np.random.Generator:
    """A generator of its own for every seam, so that no seam's draw depends on the others."""
    return np.random.default_rng([seed, zlib.crc32("\n".join(words).encode())])
