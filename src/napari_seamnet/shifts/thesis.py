"""The source's way: a network answers for every square of a seam, and the mean is trimmed.

Squares and greys are prepared here, and an answer is put to the test. The networks are in
`nets/thesis.py`, running them in `nets/squares.py`, the trimmed mean in `consensus.py`. torch is
imported at the first estimate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Shift
from ..nets.build import bundled_weights
from ..nets.cards import square_size
from ..seams import Overlap, cut_squares
from .consensus import agree
from .correlation import no_evidence
from .estimate import Alternative, Estimate, Status, undetermined
from .posterior import judge

if TYPE_CHECKING:
    from pathlib import Path

    from .estimate import Progress

BLACK, WHITE = 0.1, 99.9
"""Percentiles of a seam's two crops that become 0 and 1 where they have more than 8 bits: those
that training tiles are made with (`learning/tile_cut.py`)."""
SQUARE_CONFIDENCE = 0.5
"""Confidence of one square by itself. A regression has none; the source's best network is 2.4 px
off on average, on squares it has not seen, so that one answer in two is not within 1 px."""
TESTED_BY = 5
"""px each way that the second crop is moved to see whether the answer follows."""
FOLLOWS = 1.0
"""px: an answer that follows nearer than this is believed; one that lags by more is the less so.
At 5 px it lags so far where a network gives back less than four fifths of a shift."""
STEPS = 3


class NarrowSeamError(ValueError):
    """An overlap is narrower than the squares that a network takes; the message names both."""


class ThesisMethod:
    """A network of the source on every square of a seam, and the trimmed mean of its answers.

    Parameters
    ----------
    name : str
        Name for the estimates, and of the bundled weights if none are given.
    device : {"auto", "cpu", "cuda", "mps"}
        Where the network runs; "auto" takes the fastest there is.
    weights : Path, optional
        A ``.safetensors`` file with its card beside it; the bundled weights by default.

    Notes
    -----
    Source: thesis, squares, network, consensus of a pair; the shift is exactly that. The
    confidence is not in the source. It is that of `agree`, by how the squares' answers scatter,
    times what a test gives: squares can agree without having seen anything, since a regression
    that sees only noise answers every square alike, near (0, 0). So all are asked again with the
    second crop moved by `TESTED_BY` px on both axes, and an answer that does not follow is no
    answer. That costs as much again. A regular structure, whose next period fits as well, passes
    both: neither can see it.
    """

    wants_margin = False

    def __init__(self, name: str, device: str = "auto", weights: Path | None = None) -> None:
        self.name = name
        self.device = device
        self.weights = weights or bundled_weights(name)

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam.

        Parameters
        ----------
        overlap : Overlap
            Two crops. Where they are wider than the network's squares, squares of its size are cut
            along the middle of the seam.
        max_shift : int
            What lies beyond ±`max_shift` px is ``undetermined``; the network itself can answer no
            farther than it was trained for.
        progress : callable, optional
            Called as ``progress(done, total, what)`` between steps; may raise `Cancelled`.

        Returns
        -------
        Estimate
            Without a map. Never ``certain`` for fewer than three squares.

        Raises
        ------
        NarrowSeamError
            If the seam is narrower than the network's squares.
        DeviceError
            If the device asked for is not there.
        WeightsError
            If the weights cannot be used.
        """

        def tell(done: int, what: str) -> None:
            if progress is not None:
                progress(done, STEPS, f"{self.name}: {what}")

        if self.device not in ("auto", "cpu"):  # a wrong setting is told even of a blank seam
            from ..nets.device import choose_device

            choose_device(self.device)
        crops = overlap.nominal()
        reason = no_evidence(crops.first, crops.second)
        if reason:
            return undetermined(self.name, reason)
        size = square_size(self.weights)
        width = min(crops.first.shape)
        if width < size:
            raise NarrowSeamError(
                f"{self.name} looks at squares of {size} px, but this overlap is only {width} px "
                "wide; choose another method, or train the network on tiles of that size "
                f"(`napari-seamnet tiles generate --size {width}`)"
            )
        tell(0, "loading the network")
        from ..nets.squares import shifts_of_squares

        greys = to_unit(crops.first, crops.second)
        squares = squares_of(*greys, size)
        tell(1, f"{len(squares)} squares")
        shifts, device = shifts_of_squares(squares, self.weights, self.device)
        found = replace(agree(self._answers(shifts, squares), self.name), device=device)
        if found.status is Status.UNDETERMINED:
            return found
        tell(2, "does the answer follow a known shift?")
        # Towards (0, 0), so that it stays within what the network was trained for.
        moved_by = [-TESTED_BY if part > 0 else TESTED_BY for part in found.shift]
        moved = squares_of(greys[0], move(greys[1], *moved_by), size)
        shifts, _ = shifts_of_squares(moved, self.weights, self.device)
        again = agree(self._answers(shifts, squares), self.name)
        tell(STEPS, "done")
        return self._judge(found, again, moved_by, max_shift)

    def _answers(self, shifts: np.ndarray, squares: np.ndarray) -> list[Estimate]:
        """The squares' answers; a square without contrast on one side has no say."""
        return [
            undetermined(self.name, "a blank square")
            if np.ptp(first) == 0 or np.ptp(second) == 0 or not np.isfinite(shift).all()
            else Estimate(Shift(*map(float, shift)), Status.DOUBTFUL, SQUARE_CONFIDENCE)
            for shift, (first, second) in zip(shifts, squares, strict=True)
        ]

    def _judge(
        self, found: Estimate, again: Estimate, moved_by: list[int], max_shift: int
    ) -> Estimate:
        dy, dx = found.shift
        expected = Shift(dy + moved_by[0], dx + moved_by[1])
        lag = max(abs(a - b) for a, b in zip(expected, again.shift, strict=True))
        confidence = found.confidence
        if lag > FOLLOWS:
            confidence *= max(0.0, 1 - lag / TESTED_BY)
        if max(abs(dy), abs(dx)) > max_shift:
            return replace(
                undetermined(
                    self.name,
                    f"the network's answer, ({dy:.1f}, {dx:.1f}), lies outside the range of "
                    f"±{max_shift} px",
                ),
                alternatives=(Alternative(found.shift, confidence),),
                device=found.device,
            )
        status, reason = judge(confidence, ())
        if lag > FOLLOWS:
            reason = f"the answer lags by {lag:.1f} px where the picture is moved; {reason}"
        return replace(found, confidence=confidence, status=status, reason=reason)


def squares_of(first: np.ndarray, second: np.ndarray, size: int) -> np.ndarray:
    """Cut squares of a size along the middle of a seam.

    Parameters
    ----------
    first, second : (H, W) array
        Crops of equal shape, none of their sides shorter than `size`.
    size : int
        Side of the squares, in px.

    Returns
    -------
    (n, 2, size, size) array
        First and second crop's squares, in the order of the long side.

    Examples
    --------
    >>> import numpy as np
    >>> squares_of(np.zeros((1688, 180)), np.zeros((1688, 180)), 150).shape
    (11, 2, 150, 150)
    """
    height, width = first.shape
    spare = (min(height, width) - size) // 2
    band = np.s_[:, spare : spare + size] if height >= width else np.s_[spare : spare + size]
    return np.stack([cut_squares(crop[band]) for crop in (first, second)], axis=1)


def move(crop: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Move what the second crop shows, so that its shift grows by (dy, dx) px.

    Pixels that come in at a border repeat that border's.

    Examples
    --------
    >>> import numpy as np
    >>> move(np.array([[1, 2, 3], [4, 5, 6]]), 0, 1)
    array([[2, 3, 3],
           [5, 6, 6]])
    """
    rows, columns = (
        np.clip(np.arange(n) + step, 0, n - 1)
        for n, step in zip(crop.shape, (dy, dx), strict=True)
    )
    return crop[np.ix_(rows, columns)]


def to_unit(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale two crops to 0..1, as the network knows it from its training tiles.

    Parameters
    ----------
    first, second : (H, W) array
        Crops of one seam, of any real dtype.

    Returns
    -------
    first, second : (H, W) float32 array
        uint8 is divided by 255, as in the source. Of everything else few files fill the range that
        their dtype has (a camera's 12 bits in uint16), so the `BLACK` and `WHITE` percentiles of
        the two crops' finite pixels together become 0 and 1, and what lies beyond is cut off: one
        scale for both, since equal greys must stay equal. Pixels that are not finite get the mean
        of their crop's finite ones.
    """
    if first.dtype == second.dtype == np.uint8:
        return tuple(crop.astype(np.float32) / 255 for crop in (first, second))  # type: ignore[return-value]
    known = [crop[np.isfinite(crop)].astype(float) for crop in (first, second)]
    low, high = np.percentile(np.concatenate(known), [BLACK, WHITE])
    scaled = []
    for crop, finite in zip((first, second), known, strict=True):
        filled = np.where(np.isfinite(crop), crop, finite.mean()).astype(float)
        scaled.append(np.clip((filled - low) / (high - low or 1.0), 0, 1).astype(np.float32))
    return scaled[0], scaled[1]
