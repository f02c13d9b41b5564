"""A second opinion on an estimate: what least squares over the same pixels say.

They give the last fraction of a pixel, find seams that are bent, and tell how exactly the shift is
known once the peak is. They know nothing of other peaks, which is what a map over shifts is for.
The squares themselves are in `refine.py` and `bend.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from ..geometry import Shift
from ..nets.second_peak import PEAK
from .bend import STEADY, find_bend, is_even
from .estimate import Estimate, Status
from .patches import edges_of, patches_of
from .posterior import judge, to_probability
from .refine import refine_and_parts

if TYPE_CHECKING:
    from ..seams import Overlap
    from .bend import Bend
    from .patches import Patches
    from .refine import Fit

PARABOLA = 0.06
"""px; the parabola through a map's peak is seldom off by more where there is hardly any noise.
What the least squares say farther away mostly follows noise, or a part of a bent seam."""
SLOPE, EXACT = 0.3, 0.05
"""px; how far the least squares may lead where neither is the case, and their standard deviation
then. Such flat peaks are of detail that runs along the seam."""
BY_EDGES = ((0.1, 0.6), (0.2, 0.3))
"""px; standard deviations up to which edges are believed where plain pixels are lost, and how far
they may lead then. So 44.7 % of simulated seams with reversed contrast are within 0.25 px, and not
42.4 % (`benchmarks/cells.py --seams 12 --seed 61000001`)."""
SHARP = 0.2
"""px; standard deviation of least squares that may make an estimate more certain."""
LONE_SHARE = 0.8
"""Where one part of a seam tells more than that share of all that is told, it speaks alone."""
ONE_SIDED, FARTHEST_MIDDLE = 0.5, 1.0
"""px; where the mean of a bent seam's parts is farther away than the first, one part has spoken
for all, and the mean counts; farther than the second, it is another shift than the map's."""
BENT = 0.95
"""Most that a bent seam may claim then, or where some of its parts tell nothing; of such seams
97 % were within 1 px."""
LONE = 0.9
"""The same where one part speaks alone; of such seams 93 % were right."""
CONFIRMED, MOST_SILENT = 0.5, 1
"""px that least squares may lead away from a first look that they confirm, and how many of
its parts may say nothing then."""
UNCONFIRMED = "the pixels of the seam do not confirm its shift"


def by_least_squares(
    found: Estimate, overlap: Overlap, *, is_first_look: bool = False
) -> Estimate:
    """Ask the pixels themselves about an estimate that was read from a map.

    Parameters
    ----------
    found : Estimate
        With its map of log-probabilities; not undetermined.
    overlap : Overlap
        The two crops, finite.
    is_first_look : bool
        Whether the estimate is doubtful unless the pixels confirm it. Plain pictures, where one is
        brighter in a part, may be off by a px and more, and do not know.

    Returns
    -------
    Estimate
        Its shift is more exact, or, where the seam is bent, the mean of its parts'. It is less
        confident where some parts of the seam say something else; more confident where all say
        the same, and the map is merely flat. The map stays as it is: a grid's solver has loops for
        a second opinion.
    """
    whole = found.shift.whole()
    patches = patches_of(overlap, whole)
    if patches is None or found.map is None:
        return _doubted(found, UNCONFIRMED, BENT) if is_first_look else found
    off = np.subtract(tuple(found.shift), whole)
    told = _ask(patches, off)
    at, by_edges = off, False
    if told.farther <= PARABOLA or (told.is_alike and told.spread <= EXACT):
        at = told.off
    if told.is_lost and (steepness := edges_of(overlap, whole)) is not None:
        edges = _ask(steepness, off)
        by_edges = edges.is_even and any(
            edges.spread <= spread and edges.farther <= farther for spread, farther in BY_EDGES
        )
        if by_edges:
            told, at = edges, edges.off
    bend = find_bend(told.patches, told.off, told.parts)
    reason, most = _doubt(told.parts, bend, at)
    if bend is not None and not reason and np.abs(bend.middle - at).max() > ONE_SIDED:
        at = bend.middle
    if is_first_look and not reason and not told.confirms:
        reason, most = UNCONFIRMED, BENT
    dy, dx = np.clip(np.add(whole, at), -found.map.max_shift, found.map.max_shift)
    seen = replace(found, shift=Shift(float(dy), float(dx)))
    if reason:
        return _doubted(seen, reason, most)
    if told.is_alike and not by_edges and told.spread <= SHARP:
        within = float(special.erf((1 - told.farther) / told.spread / np.sqrt(2)))
        return _confirmed(seen, within)
    return seen


@dataclass(frozen=True, eq=False)
class _Told:
    """What the least squares of some patches say.

    Parameters
    ----------
    patches : Patches
        Whose.
    off : (2,) float array
        Where they lead, in px beside the patches' own shift; where they began if nowhere.
    farther, spread : float
        How far from where they began, and their standard deviation, in px; infinite if nowhere.
    parts : list of Fit or None
        What each part of the seam says.
    """

    patches: Patches
    off: np.ndarray
    farther: float
    spread: float
    parts: list[Fit | None]

    @property
    def is_even(self) -> bool:
        """Whether all parts say the same."""
        return is_even(self.parts)

    @property
    def is_alike(self) -> bool:
        """Whether all of the seam says nearly what it was asked about."""
        return self.farther <= SLOPE and self.is_even

    @property
    def is_lost(self) -> bool:
        """Whether the pixels follow something else, all or those of a part."""
        return self.farther > SLOPE or None in self.parts

    @property
    def confirms(self) -> bool:
        """Whether most of the seam says something that is not far from it."""
        silent = sum(part is None for part in self.parts)
        return bool(self.parts) and silent <= MOST_SILENT and self.farther <= CONFIRMED


def _ask(patches: Patches, off: np.ndarray) -> _Told:
    """Ask the least squares of some patches, beginning `off` px beside their own shift."""
    fit, parts = refine_and_parts(patches, off)
    if fit is None:
        return _Told(patches, off, np.inf, np.inf, parts)
    farther, spread = float(np.abs(fit.off - off).max()), max(fit.spread, STEADY)
    return _Told(patches, fit.off, farther, spread, parts)


def _doubt(parts: list[Fit | None], bend: Bend | None, at: np.ndarray) -> tuple[str, float]:
    """Why the parts of a seam make its shift doubtful, and what it may claim at most."""
    if bend is not None:
        aside = float(np.abs(bend.middle - at).max())
        if not bend.is_known or aside > FARTHEST_MIDDLE:
            return f"parts of the seam lie {bend.apart:.1f} px apart", BENT
    told = [1 / max(part.spread, STEADY) ** 2 for part in parts if part is not None]
    if told and max(told) > LONE_SHARE * sum(told):
        return "only one part of the seam tells its shift", LONE
    return "", 1.0


def _doubted(found: Estimate, reason: str, most: float) -> Estimate:
    """The same, if it was certain, with no more confidence than `most`."""
    if found.status is not Status.CERTAIN:
        return found
    confidence = min(found.confidence, most)
    return replace(found, status=Status.DOUBTFUL, confidence=confidence, reason=reason)


def _confirmed(found: Estimate, within: float) -> Estimate:
    """The same, if it was doubtful, with the probability of its whole peak times `within`."""
    if found.status is not Status.DOUBTFUL or found.map is None:
        return found
    probability = to_probability(found.map.values)
    y, x = (part + found.map.max_shift for part in found.shift.whole())
    around = probability[max(0, y - PEAK) : y + PEAK + 1, max(0, x - PEAK) : x + PEAK + 1]
    others = sum(other.probability for other in found.alternatives)
    confidence = min(float(around.sum()), 1 - others) * within
    if confidence <= found.confidence:
        return found
    status, reason = judge(confidence, found.alternatives)
    return replace(found, confidence=confidence, status=status, reason=reason)
