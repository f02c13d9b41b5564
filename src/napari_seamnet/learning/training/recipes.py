"""By which numbers a network is trained on tiles, seams and simulated pairs.

The source's recipe for its six networks, and ours for SeamNet on somebody's own microscope, are
files of `learning/recipes/`. How a recipe is followed is in `fit.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ...nets.build import NETWORKS
from ..augment import Augmentation
from .simulated import RecipeError, read_settings

FOLDER = Path(__file__).parents[1] / "recipes"
SOURCE = FOLDER / "source.toml"
FINE_TUNE = FOLDER / "fine-tune.toml"
SCHEDULES = ("plateau", "cosine")


@dataclass(frozen=True)
class FitRecipe:
    """All numbers of a training, but for its data.

    Parameters
    ----------
    network : str
        One of `nets.NETWORKS`.
    settings : mapping
        What differs from the plan of that name, see `nets.build`.
    starts_from_weights : bool
        Whether to go on from weights that are there, so that they are the ones to beat.
    seed : int
        Decides first weights, order and augmentation.
    epochs : int
        How often all tiles are seen.
    steps : int
        Batches an epoch, where the data has no end of its own (seams, simulated pairs, mixtures).
    batch : int
        Tiles a batch.
    learning_rate : float
        Of Adam, at the beginning.
    schedule : {"plateau", "cosine"}
        Lower the learning rate when the validation loss stays, or down to nearly nothing over all
        epochs.
    patience, improvement, factor, least_rate : int, float, float, float
        Of the plateau: the rate is multiplied by `factor`, down to `least_rate`, after `patience`
        epochs in a row without an improvement of at least `improvement` in validation loss.
    clip : float
        Largest norm of the gradients; 0 for none.
    reach : int
        Largest shift of SeamNet's windows and of simulated squares, in px.
    augmentation : mapping
        Strengths, see `learning.augment.Augmentation`; empty for tiles as they are.
    validation : float
        Share of hand alignments that is held out, where these are given and not tiles.
    validation_steps : int
        Batches that the held-out hand alignments, or simulated squares, are looked at in.
    """

    network: str = "final"
    settings: dict[str, Any] = field(default_factory=dict)
    starts_from_weights: bool = False
    seed: int = 1
    epochs: int = 30
    steps: int = 200
    batch: int = 16
    learning_rate: float = 1e-3
    schedule: str = "plateau"
    patience: int = 3
    improvement: float = 0.1
    factor: float = 0.1
    least_rate: float = 1e-8
    clip: float = 0.0
    reach: int = 10
    augmentation: dict[str, Any] = field(default_factory=dict)
    validation: float = 0.25
    validation_steps: int = 24

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise ValueError(
                f"there is no network {self.network!r}; choose one of {', '.join(NETWORKS)}"
            )
        if self.schedule not in SCHEDULES:
            raise ValueError(
                f"there is no schedule {self.schedule!r}; choose one of {', '.join(SCHEDULES)}"
            )
        for name in ("epochs", "steps", "batch", "reach", "validation_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        if not self.learning_rate > 0:
            raise ValueError(f"a learning rate is above 0, not {self.learning_rate}")
        if not 0 < self.validation < 1:
            raise ValueError(f"validation is a share between 0 and 1, not {self.validation}")
        self.augmented()

    def augmented(self) -> Augmentation | None:
        """What happens to tiles on the way; None if nothing does."""
        if not self.augmentation:
            return None
        strengths: dict[str, Any] = {f.name: 0 for f in fields(Augmentation)}
        strengths.update(flips=False, transpose=False)
        return Augmentation(**{**strengths, **self.augmentation})

    def rate(self, epoch: int, now: float) -> float:
        """Learning rate of an epoch, given the present one."""
        if self.schedule == "plateau":
            return now
        return self.learning_rate * 0.5 * (1.02 + 0.98 * math.cos(math.pi * epoch / self.epochs))

    @classmethod
    def read(cls, path: Path, **changes: Any) -> FitRecipe:
        """Read a recipe from a TOML file, with changes.

        Raises
        ------
        RecipeError
            If the file is not TOML, or holds a setting that there is not, or one out of range.
        """
        found = read_settings(path, cls)
        try:
            return cls(**{**found, **{k: v for k, v in changes.items() if v is not None}})
        except (TypeError, ValueError) as error:
            raise RecipeError(f"the recipe {path} cannot be followed: {error}") from error
