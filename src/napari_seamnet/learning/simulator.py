"""The simulator: endless pairs of crops with known shift, for training and for benchmarks.

Scenes (`scenes.py`) times exposures (`exposure.py`). A pair depends on the seed and its number
alone, never on how many processes draw pairs or in which order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from .exposure import BORDER, Conditions, SimulatedPair, expose_pair
from .scenes import DRAWN, Pictures

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_MIXTURE = {
    "pictures": 0.3,
    "chip": 0.2,
    "array": 0.17,
    "texture": 0.15,
    "grain": 0.08,
    "speck": 0.1,
}


@dataclass(frozen=True)
class Simulator:
    """What is drawn, how often, and how bad the microscope is.

    Parameters
    ----------
    mixture : mapping of str to float
        Share of each kind of scene: those of `scenes.DRAWN`, and ``"pictures"``.
    conditions : Conditions
        How bad exposures may get.
    folders : tuple of Path
        Folders of real pictures.
    bundled : float
        Share (0..1) of scikit-image's pictures among the real ones.
    """

    mixture: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_MIXTURE))
    conditions: Conditions = field(default_factory=Conditions)
    folders: tuple[Path, ...] = ()
    bundled: float = 0.25

    def __post_init__(self) -> None:
        unknown = set(self.mixture) - set(DRAWN) - {"pictures"}
        if unknown:
            known = ", ".join([*DRAWN, "pictures"])
            raise ValueError(f"unknown kinds of scene {sorted(unknown)}; choose from {known}")

    def harsher(self, factor: float) -> Simulator:
        """The same with `factor` times the noise (limited to 0.6..2), photons to match."""
        factor = min(2.0, max(0.6, factor))
        noise, photons = self.conditions.noise * factor, self.conditions.photons / factor**2
        return replace(self, conditions=replace(self.conditions, noise=noise, photons=photons))

    def pairs(
        self, n: int, shape: tuple[int, int], max_shift: float, rng: np.random.Generator
    ) -> list[SimulatedPair]:
        """Simulate pairs of one size.

        Parameters
        ----------
        n : int
            How many.
        shape : (H, W)
            Size of each crop, in px.
        max_shift : float
            Shifts are drawn evenly from ±`max_shift` px on each axis, with fractions.
        rng : numpy.random.Generator
            Decides everything.

        Returns
        -------
        list of SimulatedPair
        """
        kinds = sorted(self.mixture)
        shares = np.array([self.mixture[kind] for kind in kinds], float)
        pictures = Pictures(self.folders, self.bundled)
        size = max(shape) + 2 * (BORDER + int(np.ceil(max_shift))) + 4
        found = []
        for _ in range(n):
            kind = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
            draw = pictures if kind == "pictures" else DRAWN[kind]
            scene = draw(size, rng)
            found.append(expose_pair(scene, shape, max_shift, rng, self.conditions, kind))
        return found
