"""The method ``seamnet``: the bundled network, from two crops to an estimate.

Preparing the crops is here. The network is in `nets/seamnet.py`, running it in
`nets/inference.py`, what becomes of a log-likelihood in `posterior.py`. torch is imported at the
first estimate.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..seams import Overlap
from .coarse_to_fine import FAR, MOST_LOOKS, WIDE, compare_wide
from .correlation import no_evidence
from .estimate import Estimate, Status, undetermined
from .flicker import without_flicker
from .lattice import find_lattice
from .odds import by_width, sobered
from .parts import Parts, by_parts
from .posterior import FINE_AGREEMENT, estimate_from_map
from .repeats import estimate_with_repeats, rival_in
from .second_opinion import by_least_squares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..geometry import Shift
    from ..nets.inference import Comparison
    from .estimate import Progress


PART_RANGE = 15
"""px that a part of a seam may lie from its shift: one degree over 1,700 px, from end to end."""


class SeamNetMethod:
    """Joint evidence of a whole seam, weighed by a small CNN.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}
        Where the network runs; "auto" takes the fastest there is.
    weights : Path, optional
        A ``.safetensors`` file with its card beside it; the bundled weights by default.
    name : str, default "seamnet"
        Name for the estimates, such as that of a person's own weights.

    Notes
    -----
    The evidence of all places of the seam is joint because covariances add: each channel's map is
    the correlation over all pixels that lie on each other, which is what summing the squares'
    covariances gives, without the pixels that squares lose at their borders.
    """

    wants_margin = True

    def __init__(
        self, device: str = "auto", weights: Path | None = None, name: str = "seamnet"
    ) -> None:
        self.name = name
        self.device = device
        self.weights = weights

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis.

        Parameters
        ----------
        overlap : Overlap
            Two crops, with or without a margin.
        max_shift : int
            Search range, in px each way; free at run time.
        progress : callable, optional
            Called as ``progress(done, total, what)`` between steps; may raise `Cancelled`.

        Returns
        -------
        Estimate
            Its map holds log-probabilities.

        Raises
        ------
        DeviceError
            If the device asked for is not there.
        WeightsError
            If the weights cannot be used.
        """
        if self.device not in ("auto", "cpu"):  # a wrong setting is told even of a blank seam
            from ..nets.device import choose_device

            choose_device(self.device)
        if reason := no_evidence(overlap.first, overlap.second):
            return undetermined(self.name, reason)
        return self._answer(_prepared(overlap, max_shift), max_shift, progress)

    def estimate_many(self, overlaps: Sequence[Overlap], *, max_shift: int = 15) -> list[Estimate]:
        """Estimate many seams in one batch, as it suits a GPU.

        Parameters
        ----------
        overlaps : sequence of Overlap
            All of equal sizes and with equal origins.
        max_shift : int
            Search range, in px each way.

        Returns
        -------
        list of Estimate
            What `estimate` gives one by one; log-probabilities differ by less than 1e-3.

        Raises
        ------
        ValueError
            If the overlaps are of different sizes.
        DeviceError, WeightsError
            As `estimate`.
        """
        kinds = {(one.first.shape, one.second.shape, one.origin) for one in overlaps}
        if len(kinds) > 1:
            raise ValueError(f"overlaps of {len(kinds)} different sizes do not fit in one batch")
        reasons = [no_evidence(one.first, one.second) for one in overlaps]
        found = [undetermined(self.name, reason) if reason else None for reason in reasons]
        told = [index for index, reason in enumerate(reasons) if not reason]
        if max_shift > WIDE:
            for index in told:
                found[index] = self.estimate(overlaps[index], max_shift=max_shift)
        elif told:
            filled = {index: _prepared(overlaps[index], max_shift) for index in told}
            for in_full in (False, True):
                for index, seen in self._seen(filled, max_shift, in_full):
                    estimate = self._read(seen, filled[index])
                    found[index] = estimate
                    if estimate.status is Status.CERTAIN or not seen.is_first_look:
                        del filled[index]
        return [estimate for estimate in found if estimate is not None]

    def votes(
        self, overlap: Overlap, chosen: Shift, rival: Shift, *, max_shift: int = 15
    ) -> np.ndarray:
        """What each place of a seam says to one shift against another.

        Parameters
        ----------
        overlap : Overlap
            Two crops, as `estimate` takes them.
        chosen, rival : Shift
            Within the range; rounded to whole pixels.
        max_shift : int
            Search range, in px each way: what the network makes of a seam depends on it a little.

        Returns
        -------
        (H, W) float32 array
            For each pixel of the second crop, in nats: positive where it speaks for `chosen`.

        Raises
        ------
        ValueError
            If a shift is out of the range, or a crop is blank.
        DeviceError, WeightsError
            As `estimate`.
        """
        if reason := no_evidence(overlap.first, overlap.second):
            raise ValueError(f"no place of this seam votes for anything: {reason}")
        wholes = chosen.whole(), rival.whole()
        if max(abs(part) for whole in wholes for part in whole) > max_shift:
            raise ValueError(f"shifts beyond the range of ±{max_shift} px cannot be compared")
        filled = _prepared(overlap, max_shift)
        from ..nets.preload import preload_libraries

        preload_libraries()
        from ..nets.votes import votes

        return votes(
            filled.first,
            filled.second,
            filled.origin,
            max_shift,
            *wholes,
            device=self.device,
            weights=self.weights,
        )

    def _answer(self, filled: Overlap, max_shift: int, progress: Progress | None) -> Estimate:
        """Compare two crops, and read the estimate; coarse to fine, if the range is wide."""
        from ..nets.preload import preload_libraries

        preload_libraries()  # or a window would stand still while torch is imported
        from ..nets.inference import STEPS, compare

        looks, was_brief = 0, False
        is_wide = max_shift > WIDE
        most = 2 * (MOST_LOOKS if is_wide else 1)

        def tell(done: int, total: int, what: str) -> None:
            if progress is not None:
                progress(looks * total + done, most * total, what)

        def look(
            first: np.ndarray,
            second: np.ndarray,
            origin: tuple[int, int],
            reach: int,
            in_full: bool,
        ) -> Comparison:
            nonlocal looks, was_brief
            seen = compare(
                first, second, origin, reach, in_full=in_full,
                device=self.device, weights=self.weights, report=tell,
            )  # fmt: skip
            looks += 1
            was_brief |= seen.is_first_look
            return seen

        crops = filled.first, filled.second, filled.origin, max_shift
        coarse: np.ndarray | float = 0.0
        for in_full in (False, True):
            this_time = partial(look, in_full=in_full)
            seen = None
            if is_wide and not (in_full and max_shift <= FAR):
                seen, coarse = compare_wide(this_time, *crops)
            if seen is not None:
                is_all = max_shift > FAR and not was_brief
            else:  # what looks here and there leave open, one everywhere may tell
                seen = this_time(*crops)
                seen = replace(seen, logits=seen.logits + coarse)
                is_all = not seen.is_first_look
            found = self._read(seen, filled)
            if found.status is Status.CERTAIN or is_all:
                break
        if progress is not None:
            progress(most * STEPS, most * STEPS, "done")
        return found

    def _seen(
        self, filled: dict[int, Overlap], max_shift: int, in_full: bool
    ) -> list[tuple[int, Comparison]]:
        """Compare crops of equal size, each by its number."""
        if not filled:
            return []
        from ..nets.inference import compare_many

        crops = list(filled.values())
        seen = compare_many(
            np.stack([one.first for one in crops]),
            np.stack([one.second for one in crops]),
            crops[0].origin,
            max_shift,
            in_full=in_full,
            device=self.device,
            weights=self.weights,
        )
        return list(zip(filled, seen, strict=True))

    def _read(self, seen: Comparison, filled: Overlap) -> Estimate:
        def read(logits: np.ndarray) -> Estimate:
            return estimate_from_map(
                logits,
                method=self.name,
                peaks_of=seen.fine,
                agreement=1.0 if seen.is_warped or seen.is_first_look else FINE_AGREEMENT,
                device=seen.device,
            )

        lattice = None
        if not seen.is_first_look and rival_in(seen.fine):  # or it would not have been enough
            lattice = find_lattice(filled.first, filled.second, seen.fine.shape[0] // 2)
        if lattice is None:
            found = read(seen.logits)
        else:
            found = estimate_with_repeats(filled, lattice, seen.logits, read)
        if found.status is Status.DOUBTFUL:
            found = sobered(found)
        if found.status is Status.UNDETERMINED:
            return found
        if not seen.is_warped:
            found = by_least_squares(found, filled, is_first_look=seen.is_first_look)
        if found.status is Status.CERTAIN:
            found = by_width(found, filled)
        if seen.is_first_look or found.status is Status.AMBIGUOUS:  # or its parts were asked
            return found
        return self._ask_parts(found, filled)

    def _ask_parts(self, found: Estimate, filled: Overlap) -> Estimate:
        from ..nets.inference import look_at_parts

        dy, dx = found.shift.whole()
        origin = filled.origin[0] + dy, filled.origin[1] + dx
        seen = look_at_parts(
            filled.first, filled.second, origin, PART_RANGE,
            device=self.device, weights=self.weights,
        )  # fmt: skip
        if seen is None:
            return found
        return by_parts(found, Parts(seen[0] + (dy, dx), seen[1]))


def _prepared(overlap: Overlap, max_shift: int) -> Overlap:
    """The same seam with both crops filled, and without flicker."""
    filled = Overlap(fill(overlap.first), fill(overlap.second), overlap.origin)
    return without_flicker(filled, max_shift)


def fill(crop: np.ndarray) -> np.ndarray:
    """Bring a crop to float32, less its smallest value, with the mean where it is not finite."""
    filled = crop.astype(np.float64)
    finite = np.isfinite(filled)
    if not finite.all():
        filled = np.where(finite, filled, filled[finite].mean())
    # In double precision first: a small contrast on a large pedestal would be lost in float32.
    return (filled - filled.min()).astype(np.float32)
