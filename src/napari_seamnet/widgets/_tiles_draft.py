"""A look ahead at tiles before they are made: how many, how large, six of them.

Only calls of what makes the tiles; no widget is here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..learning.hand import HandAlignment
    from ..learning.tiles import PlannedTiles, TilePlan
    from ..shifts.estimate import Progress

SHOWN = 6


@dataclass(frozen=True, eq=False)
class Draft:
    """What a plan would make.

    Parameters
    ----------
    train, validation : int
        Tiles of each split.
    pairs, held : int
        Seed pairs in all, and those for validation.
    even : bool
        Whether the plan is sieved.
    before, after : (reach + 1,) int array
        Tiles of each largest shift without the sieve, and with it.
    pictures : sequence of ((S, S, 3) uint8 array, Shift)
        Some tiles, as the files show them.
    compact, folder : int
        Bytes of a compact file, and about those of a folder.
    """

    train: int
    validation: int
    pairs: int
    held: int
    even: bool
    before: np.ndarray
    after: np.ndarray
    pictures: Sequence[tuple[np.ndarray, Shift]]
    compact: int
    folder: int


def draft(
    alignments: Sequence[HandAlignment],
    plan: TilePlan,
    draw: int,
    augmented: bool,
    progress: Progress,
) -> Draft:
    """Plan tiles, and cut some of them.

    Parameters
    ----------
    alignments : sequence of HandAlignment
        The seed pairs.
    plan : TilePlan
        What is wanted.
    draw : int
        Decides which tiles are shown, and how they are augmented.
    augmented : bool
        Whether to show them augmented.
    progress : callable
        See `Progress`.

    Raises
    ------
    TileError, FrameError, HandFileError
        As `generate_tiles`.
    """
    import imagecodecs

    from ..learning.augment import augment
    from ..learning.sieve import histogram
    from ..learning.tile_png import LEVEL
    from ..learning.tiles import plan_tiles

    plans = {even: plan_tiles(alignments, replace(plan, even_max=even)) for even in (False, True)}
    planned = plans[plan.even_max]
    before, after = (
        histogram(np.stack([plans[even].dy, plans[even].dx], axis=-1), plan.reach)
        for even in (False, True)
    )
    rng = np.random.default_rng(draw)
    rows = rng.choice(len(planned), min(SHOWN, len(planned)), replace=False)
    pixels = cut(alignments, plan, planned, rows, progress)
    shifts = np.stack([planned.dy[rows], planned.dx[rows]], axis=-1)
    plain = _pictures(pixels, shifts)
    each = np.mean([len(imagecodecs.png_encode(picture, level=LEVEL)) for picture, _ in plain])
    held = int(planned.validation.sum())
    return Draft(
        train=len(planned) - held,
        validation=held,
        pairs=len(alignments),
        held=len(set(planned.pair[planned.validation].tolist())),
        even=plan.even_max,
        before=before,
        after=after,
        pictures=_pictures(*augment(pixels, shifts, rng)) if augmented else plain,
        compact=len(planned) * 2 * plan.size**2,
        folder=int(len(planned) * each),
    )


def cut(
    alignments: Sequence[HandAlignment],
    plan: TilePlan,
    planned: PlannedTiles,
    rows: np.ndarray,
    progress: Progress,
) -> np.ndarray:
    """Cut some of the planned tiles.

    Returns
    -------
    (n, 2, S, S) uint8 array
    """
    from ..learning.hand import open_frames
    from ..learning.tile_cut import Strips

    pixels = np.empty((len(rows), 2, plan.size, plan.size), np.uint8)
    for pair in np.unique(planned.pair[rows]).tolist():
        one = alignments[pair]
        progress(0, 0, f"tiles of {one.name}")
        strips = Strips.read(*open_frames(one), one.offset.whole(), plan.reach)
        for at in np.flatnonzero(planned.pair[rows] == pair):
            row = rows[at]
            y, x, dy, dx = (int(v[row]) for v in (planned.y, planned.x, planned.dy, planned.dx))
            pixels[at] = strips.cut(y, x, dy, dx, plan.size, bool(planned.swapped[row]))
    return pixels


def _pictures(pixels: np.ndarray, shifts: np.ndarray) -> list[tuple[np.ndarray, Shift]]:
    from ..learning.tile_label import tile_picture

    labels = [Shift(*shift) for shift in shifts.tolist()]
    pairs = zip(pixels, labels, strict=True)
    return [(tile_picture(first, second, label), label) for (first, second), label in pairs]


def size_in_words(n: int) -> str:
    """Put a number of bytes into words.

    Examples
    --------
    >>> size_in_words(1_350_000_000), size_in_words(42_000)
    ('1.4 GB', '42 kB')
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if n >= factor:
            return f"{n / factor:.1f} {unit}" if n < 10 * factor else f"{n / factor:.0f} {unit}"
    return f"{n / 1000:.0f} kB"
