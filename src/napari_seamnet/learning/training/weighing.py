"""Teach SeamNet's weighers alone: how much each map is worth, on seams of every kind.

The features stay as they are, so each seam is looked at once, and its maps are kept: then a
weigher can see them as often as it likes, in minutes. A first look has maps and a weigher of its
own. What the seams look like is decided in `seam_kinds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ...nets.first_look import first_look
from ...nets.seamnet import weighted
from ...shifts.seamnet import fill
from .. import scenes
from ..seam_kinds import Difference, simulate_seam
from .losses import learning_rate, leave_ctrl_c_to_the_parent, peaks, shift_loss

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ...nets.seamnet import SeamNet, Weigher
    from ...shifts.estimate import Progress

DIFFERENCES = {
    Difference.SAME: 0.25,
    Difference.DRIFT: 0.25,
    Difference.REVERSED: 0.12,
    Difference.DARKENED: 0.14,
    Difference.KNOCKED: 0.12,
    Difference.WARPED: 0.12,
}
"""Share of each difference between the exposures."""
NOISES = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.1), (0.05, 0.3), (0.2, 0.6))
"""From these ranges of noise, equally often, each seam draws its own."""
REACHES = (10, 15, 15, 20, 28)
LENGTHS = (120, 200, 400, 400, 700)
WIDTHS = (16, 320)
LONG_LENGTHS, LONG_WIDTHS = (300, 400, 400, 700), (24, 260)
"""The same for a first look, which only long seams get."""
PICTURES_SHARE = 1 / 3
BATCH = 64
PEAK_RATE = 3e-3


@dataclass(frozen=True, eq=False)
class SeamMaps:
    """Maps of many seams of one search range.

    Parameters
    ----------
    maps : (M, C, 2R+1, 2R+1) float16 tensor
        As `SeamNet.maps` gives them.
    areas : (M,) float32 tensor
        Pixels of each seam.
    shifts : (M, 2) float32 tensor
        True (dy, dx), in px.
    """

    maps: torch.Tensor
    areas: torch.Tensor
    shifts: torch.Tensor


class KindsOfSeams(Dataset):
    """Seam k of a seed; the same whichever process draws it.

    Parameters
    ----------
    n : int
        How many.
    seed : int
        Decides everything.
    folders : tuple of Path
        Folders of real pictures.
    are_long : bool
        Whether they are of `LONG_LENGTHS` and `LONG_WIDTHS`.
    """

    def __init__(
        self, n: int, seed: int, folders: tuple[Path, ...], are_long: bool = False
    ) -> None:
        self.n, self.seed = n, seed
        self.draws = 79 if are_long else 77
        self.lengths = LONG_LENGTHS if are_long else LENGTHS
        self.widths = LONG_WIDTHS if are_long else WIDTHS
        self.drawn = {
            "wires": scenes.chip_scene,
            "sparse arrays": scenes.sparse_array_scene,
            "arrays": scenes.array_scene,
            "lattices": scenes.lattice_scene,
            "vias": scenes.via_scene,
            "specks": scenes.speck_scene,
            "texture": scenes.texture_scene,
            "tissue": scenes.grain_scene,
        }
        self.pictures = scenes.Pictures(folders, 0.3)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, k: int) -> tuple[np.ndarray, np.ndarray, tuple[float, float], int]:
        rng = np.random.default_rng([self.seed, self.draws, k])
        while True:
            is_picture = rng.random() < PICTURES_SHARE
            name = list(self.drawn)[int(rng.integers(len(self.drawn)))]
            low, high = NOISES[int(rng.integers(len(NOISES)))]
            noise = float(rng.uniform(low, high))
            width = int(np.exp(rng.uniform(*np.log(self.widths))))
            length = int(rng.choice(self.lengths))
            reach = int(rng.choice(REACHES))
            shape = (length, width) if rng.random() < 0.5 else (width, length)
            difference = list(DIFFERENCES)[
                int(rng.choice(len(DIFFERENCES), p=list(DIFFERENCES.values())))
            ]
            draw = self.pictures if is_picture else self.drawn[name]
            pair = simulate_seam(draw, shape, reach - 2, noise, difference, rng, name)
            if pair.first.std() > 0.01 and pair.second.std() > 0.01:
                shift = pair.shift.dy, pair.shift.dx
                return fill(pair.first), fill(pair.second), shift, reach


def collect_seams(
    network: SeamNet,
    n: int,
    seed: int,
    folders: tuple[Path, ...],
    *,
    progress: Progress | None = None,
    workers: int = 1,
) -> dict[int, SeamMaps]:
    """Look at many simulated seams, each once.

    Parameters
    ----------
    network : SeamNet
        Its features are used, its weigher is not.
    n : int
        How many seams.
    seed : int
        Decides which.
    folders : tuple of Path
        Folders of real pictures.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.
    workers : int
        Processes that simulate.

    Returns
    -------
    dict of int to SeamMaps
        By search range.
    """
    device = network.sharpness.device

    def look(first: np.ndarray, second: np.ndarray, reach: int) -> tuple[torch.Tensor, float]:
        crops = [torch.as_tensor(crop, device=device)[None, None] for crop in (first, second)]
        maps, n_pixels = network.maps(crops[0], crops[1], reach)
        return maps[0], float(n_pixels.max())

    return _looked_at(KindsOfSeams(n, seed, folders), look, progress, workers)


def collect_first_looks(
    n: int,
    seed: int,
    folders: tuple[Path, ...],
    *,
    progress: Progress | None = None,
    workers: int = 1,
) -> dict[int, SeamMaps]:
    """Take a first look at many long simulated seams; parameters as for `collect_seams`.

    Returns
    -------
    dict of int to SeamMaps
        By search range; their maps are those of all parts of a `first_look` together.
    """

    def look(first: np.ndarray, second: np.ndarray, reach: int) -> tuple[torch.Tensor, float]:
        crops = [torch.as_tensor(crop)[None, None] for crop in (first, second)]
        seen = first_look(crops[0], crops[1], reach)
        if seen is None:
            raise ValueError("a seam is too short for a first look")
        return seen.joint[0], float(seen.area)

    return _looked_at(KindsOfSeams(n, seed, folders, are_long=True), look, progress, workers)


def _looked_at(
    seams: KindsOfSeams,
    look: Callable[[np.ndarray, np.ndarray, int], tuple[torch.Tensor, float]],
    progress: Progress | None,
    workers: int,
) -> dict[int, SeamMaps]:
    found: dict[int, list[tuple[torch.Tensor, float, tuple[float, float]]]] = {}
    loader = DataLoader(
        seams,
        batch_size=None,
        num_workers=workers,
        worker_init_fn=leave_ctrl_c_to_the_parent if workers else None,
    )
    for k, (first, second, shift, reach) in enumerate(loader):
        if progress is not None and k % 20 == 0:
            # The first half of this part's bar; fitting is the second.
            progress(k, 2 * len(seams), "looking at seams")
        with torch.inference_mode():
            maps, area = look(np.asarray(first), np.asarray(second), int(reach))
        true = float(shift[0]), float(shift[1])
        found.setdefault(int(reach), []).append((maps.half().cpu().clone(), area, true))
    return {
        reach: SeamMaps(
            torch.stack([maps for maps, _, _ in of]),
            torch.tensor([area for _, area, _ in of]),
            torch.tensor([shift for _, _, shift in of]),
        )
        for reach, of in sorted(found.items())
    }


def fit_weigher(
    weigher: Weigher,
    seams: dict[int, SeamMaps],
    epochs: int,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Train a weigher on maps that were collected.

    Parameters
    ----------
    weigher : Weigher
        Changed in place, from where it is.
    seams : dict of int to SeamMaps
        By search range; seen mirrored and turned at random.
    epochs : int
        How often each is seen.
    seed : int
        Decides the order.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Returns
    -------
    dict of str to float
        Loss and share within 1 px in the last epoch.
    """
    rng = np.random.default_rng([seed, 78])
    device = weigher.out.weight.device
    optimiser = torch.optim.AdamW(weigher.parameters(), PEAK_RATE, weight_decay=1e-4)
    starts = [
        (reach, start) for reach, of in seams.items() for start in range(0, len(of.shifts), BATCH)
    ]
    steps = epochs * len(starts)
    step, loss, near = 0, float("nan"), float("nan")
    for _ in range(epochs):
        orders = {reach: rng.permutation(len(of.shifts)) for reach, of in seams.items()}
        losses, nears = [], []
        for index in rng.permutation(len(starts)):
            reach, start = starts[index]
            chosen = torch.from_numpy(orders[reach][start : start + BATCH])
            of = seams[reach]
            maps, shifts = _turned(of.maps[chosen].float(), of.shifts[chosen], rng)
            maps, shifts, areas = (x.to(device) for x in (maps, shifts, of.areas[chosen]))
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, PEAK_RATE)
            optimiser.zero_grad()
            logits = weighted(maps, weigher(maps, areas))
            mean = shift_loss(logits, shifts).mean()
            mean.backward()
            torch.nn.utils.clip_grad_norm_(weigher.parameters(), 1.0)
            optimiser.step()
            step += 1
            losses.append(float(mean.detach()))
            off = (peaks(logits.detach()) - shifts).abs().amax(-1)
            nears.append(float((off <= 1).float().mean()))
        loss, near = float(np.mean(losses)), float(np.mean(nears))
        if progress is not None:
            progress(steps + step, 2 * steps, f"loss {loss:.3f}, within 1 px {near:.1%}")
    return {"loss": loss, "within_1_px": near}


def _turned(
    maps: torch.Tensor, shifts: torch.Tensor, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirror and turn maps, and the shifts with them: a seam may lie any way."""
    shifts = shifts.clone()
    for axis in (0, 1):
        if rng.random() < 0.5:
            maps = maps.flip(axis - 2)
            shifts[:, axis] *= -1
    if rng.random() < 0.5:
        maps, shifts = maps.transpose(-2, -1), shifts.flip(1)
    return maps, shifts
