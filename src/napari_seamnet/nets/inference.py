"""Run SeamNet on one seam: numpy in, numpy out, on whatever device there is.

Loading once, moving to the device, and falling back to the CPU are here; what the maps mean is
`shifts/seamnet.py`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..geometry import Box
from .correlation import correlation_maps
from .device import FAILURES, choose_device, convolves_in, is_at_fault, with_cpu_behind
from .first_look import PARTS, REPEATS_IN, first_look, levelled_map
from .seamnet import FINE_AT_FIRST, SeamNet, blended, weighted
from .second_peak import PEAK, two_heights
from .threads import limited_threads
from .weights import BUNDLED, WeightsError, loaded_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENOUGH = 0.9995
"""Probability of a peak from which on a first look settles which one it is; most clear seams have
0.9999 and more."""
DISSENT, OF_HEIGHT = 1.0, 0.1
"""Log-probability by which a part of a seam may prefer another shift, and what that may be of its
preference for any: of wires that run along it, a part can hardly tell."""
NEARLY_REPEATS = 0.75
"""Height of a second peak, as a share of the best's, from which on a first look is not enough: of
2,000 memory arrays six were off by a cell then, with 0.76 and more. Seen where all frequencies
count alike: elsewhere wires as wide as their gaps seem to repeat, and do not."""
SELDOM_REPEATS = 0.3
"""The same from which on `levelled_map` is asked, too: it takes as long as half a first look."""
LEAST_PIXELS = 40_000
"""Smaller seams have no first look: the network is quick there, and plain pictures err sooner."""
LEAST_ACROSS = 60
"""px across, at shift 0, from which on there is a first look. Of narrower seams it errs more often
than the network does, most of all where one side is dark in a part, or was moved."""
STEPS = 4
"""How many steps `compare` takes, and reports as it begins them."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the network makes of one seam.

    Parameters
    ----------
    logits : (2R+1, 2R+1) float64 array
        Their softmax is the posterior over shifts.
    fine : (2R+1, 2R+1) float64 array
        Correlation whose peak is read to a fraction of a pixel.
    is_warped : bool
        Whether no single shift fits all of the seam (`SeamNet.is_warped`).
    is_first_look : bool
        Whether plain pictures were enough.
    device : str
        Where it was computed.
    """

    logits: np.ndarray
    fine: np.ndarray
    is_warped: bool
    is_first_look: bool
    device: str


def compare(
    first: np.ndarray,
    second: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    *,
    in_full: bool = False,
    device: str = "auto",
    weights: Path | None = None,
    report: Callable[[int, int, str], None] | None = None,
) -> Comparison:
    """Compare two crops at every shift.

    Parameters
    ----------
    first, second : (H, W) float32 array
        Crops in any intensities, finite and not constant; sizes may differ.
    origin : (y, x)
        Where second's pixel (0, 0) lies in first at shift (0, 0).
    max_shift : int
        Search range R, in px each way.
    in_full : bool
        Whether the network looks in any case; else plain pictures may be enough.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to run. A GPU that runs out of memory hands over to the CPU, with a warning.
    weights : Path, optional
        A ``.safetensors`` file with its card; the bundled weights by default.
    report : callable, optional
        Called as ``report(done, total, what)`` before each step; what it raises stops the work.

    Returns
    -------
    Comparison

    Raises
    ------
    DeviceError
        If the device asked for is not there.
    WeightsError
        If the weights cannot be used.
    """
    return with_cpu_behind(
        choose_device(device),
        lambda target: _compare_on(
            target, first, second, origin, max_shift, in_full, weights, report
        ),
        seam_of(first),
    )


def compare_many(
    firsts: np.ndarray,
    seconds: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    *,
    in_full: bool = False,
    device: str = "auto",
    weights: Path | None = None,
) -> list[Comparison]:
    """Compare many pairs of crops of equal size in one batch, which keeps a GPU busy.

    Parameters
    ----------
    firsts : (B, H1, W1) float32 array
        First crops, in any intensities, finite and not constant.
    seconds : (B, H2, W2) float32 array
        Second crops.
    origin, max_shift, in_full, device, weights
        As for `compare`; the same for all.

    Returns
    -------
    list of Comparison
        What `compare` gives one by one, to 1e-3. A GPU that runs out of memory gets half the batch
        at a time, and hands over to the CPU where it has no room for a single pair.

    Raises
    ------
    DeviceError, WeightsError
        As `compare`.
    """
    chosen = choose_device(device)
    if len(firsts) <= 1:
        return [
            compare(
                first, second, origin, max_shift, in_full=in_full, device=device, weights=weights
            )
            for first, second in zip(firsts, seconds, strict=True)
        ]
    try:
        return _compare_batch_on(chosen, firsts, seconds, origin, max_shift, in_full, weights)
    except FAILURES as error:
        if not is_at_fault(chosen, error):
            raise
    # Outside the handler: inside, its traceback would keep the tensors that there was no room for.
    half = (len(firsts) + 1) // 2
    return [
        seen
        for part in (slice(None, half), slice(half, None))
        for seen in compare_many(
            firsts[part], seconds[part], origin, max_shift,
            in_full=in_full, device=device, weights=weights,
        )
    ]  # fmt: skip


def _compare_batch_on(
    device: torch.device,
    firsts: np.ndarray,
    seconds: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    in_full: bool,
    weights: Path | None,
) -> list[Comparison]:
    network = loaded(weights, device.type)
    with torch.inference_mode():
        crops = [torch.from_numpy(side).to(device)[:, None] for side in (firsts, seconds)]
        seen: list[Comparison | None] = [None] * len(firsts)
        if not in_full:
            seen = _first_looks(network, crops, origin, max_shift)
        left = [index for index, each in enumerate(seen) if each is None]
        if left:
            maps, n_pixels = network.maps(crops[0][left], crops[1][left], max_shift, origin)
            told = network.weigh(maps, n_pixels), network.fine_map(maps), network.is_warped(maps)
            for index, logits, fine, is_warped in zip(left, *(t.cpu() for t in told), strict=True):
                seen[index] = _comparison(logits, fine, device, is_warped=bool(is_warped))
    return [each for each in seen if each is not None]


def _compare_on(
    device: torch.device,
    first: np.ndarray,
    second: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    in_full: bool,
    weights: Path | None,
    report: Callable[[int, int, str], None] | None,
) -> Comparison:
    def tell(done: int, what: str) -> None:
        if report:
            report(done, STEPS, what)

    tell(0, "loading the network")
    network = loaded(weights, device.type)
    with torch.inference_mode():
        crops = [torch.from_numpy(crop).to(device)[None, None] for crop in (first, second)]
        tell(1, "comparing plain pictures")
        seen = None if in_full else _first_looks(network, crops, origin, max_shift)[0]
        if seen is None:
            plain, n_pixels = network.plain_maps(crops[0], crops[1], max_shift, origin)
            tell(2, "looking at the first frame")
            learned_first = network.encode(crops[0])
            tell(3, "looking at the second frame")
            learned_second = network.encode(crops[1])
            learned, _ = correlation_maps(learned_first, learned_second, max_shift, origin)
            maps = network.joined(learned, plain)
            seen = _comparison(
                network.weigh(maps, n_pixels)[0],
                network.fine_map(maps)[0],
                device,
                is_warped=bool(network.is_warped(maps)[0]),
            )
    return seen


def _comparison(
    logits: torch.Tensor,
    fine: torch.Tensor,
    device: torch.device,
    *,
    is_warped: bool = False,
    is_first_look: bool = False,
) -> Comparison:
    told, exact = (each.double().cpu().numpy() for each in (logits, fine))
    return Comparison(told, exact, is_warped, is_first_look, device.type)


def _first_looks(
    network: SeamNet, crops: list[torch.Tensor], origin: tuple[int, int], max_shift: int
) -> list[Comparison | None]:
    """What plain pictures tell of each seam; None where they do not settle it, or it is small."""
    nothing: list[Comparison | None] = [None] * len(crops[1])
    if crops[1][0].numel() < LEAST_PIXELS or _across(crops, origin) < LEAST_ACROSS:
        return nothing
    # Its steps are too small for more threads, which then wait actively for the next one.
    with limited_threads(1):
        looks = first_look(crops[0], crops[1], max_shift, origin)
        if looks is None:
            return nothing
        joint = looks.joint
        worth = network.first_weigher(joint, joint.new_full((len(joint),), looks.area))
        of_parts = weighted(looks.maps.flatten(0, 1), worth.repeat_interleave(PARTS, 0))
        # All at once: to read a number off a GPU is to wait for it.
        logits, of_parts, alike, fine = (
            each.cpu()
            for each in (
                weighted(joint, worth),
                of_parts.unflatten(0, (-1, PARTS)),
                joint[:, REPEATS_IN],
                blended(joint, FINE_AT_FIRST),
            )
        )
        best = [divmod(int(each.argmax()), each.shape[-1]) for each in logits]
        second = {
            index: _second_peak(alike[index], at, PEAK)
            for index, at in enumerate(best)
            if _peak_mass(logits[index]) >= ENOUGH and _agree(of_parts[index], at)
        }
        asked = [index for index, height in second.items() if height >= SELDOM_REPEATS]
        if asked:
            levelled = levelled_map(crops[0][asked], crops[1][asked], max_shift, origin).cpu()
            for index, map_ in zip(asked, levelled, strict=True):
                # At half size a peak is half as wide.
                y, x = (len(map_) // 2 + round((part - max_shift) / 2) for part in best[index])
                second[index] = max(second[index], _second_peak(map_, (y, x), PEAK // 2))
    return [
        _comparison(logits[index], fine[index], crops[0].device, is_first_look=True)
        if index in second and second[index] < NEARLY_REPEATS
        else None
        for index in range(len(best))
    ]


def _across(crops: list[torch.Tensor], origin: tuple[int, int]) -> int:
    """How many px two crops share at shift 0 where that is least."""
    first, second = (Box.of_shape(tuple(side.shape[-2:])) for side in crops)
    return min(first.meet(second.moved(*origin)).shape)


def _agree(of_parts: torch.Tensor, best: tuple[int, int]) -> bool:
    """Whether no part tells a shift over 1 px off, or none: those of a bent seam do."""
    rows, cols = _around(*best, 1)
    here = of_parts[:, rows, cols].flatten(1).amax(1)
    every = of_parts.flatten(1)
    top = every.amax(1)
    height = top - every.median(1).values
    return bool((top - here <= (OF_HEIGHT * height).clamp(max=DISSENT)).all())


def _second_peak(map_: torch.Tensor, best: tuple[int, int], peak: int) -> float:
    """Height of the best maximum beyond `peak` px of a shift, as a share of that shift's own."""
    own, other = two_heights(map_.numpy(), best, peak)
    return other / max(own, 1e-6)


def _peak_mass(logits: torch.Tensor) -> float:
    """Probability within `PEAK` px of the best shift."""
    posterior = torch.softmax(logits.flatten(), 0).view_as(logits)
    best = divmod(int(logits.argmax()), logits.shape[-1])
    return float(posterior[_around(*best, PEAK)].sum())


def _around(y: int, x: int, by: int) -> tuple[slice, slice]:
    """Rows and columns of a map up to `by` px from one of its pixels."""
    return slice(max(0, y - by), y + by + 1), slice(max(0, x - by), x + by + 1)


def look_at_parts(
    first: np.ndarray,
    second: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    *,
    device: str = "auto",
    weights: Path | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Ask each part along a seam for itself, by plain pictures.

    Parameters
    ----------
    first, second, origin, device, weights
        As for `compare`.
    max_shift : int
        Search range, in px each way.

    Returns
    -------
    shifts : (PARTS, 2) float64 array
        Mean (dy, dx) of each part's peak, in px.
    sure : (PARTS,) float64 array
        Probability of that peak, 0..1. None instead of both where the seam is too short for parts.

    Raises
    ------
    DeviceError, WeightsError
        As `compare`.
    """

    def posteriors_on(target: torch.device) -> np.ndarray | None:
        network = loaded(weights, target.type)
        with torch.inference_mode(), limited_threads(1):
            crops = [torch.from_numpy(crop).to(target)[None, None] for crop in (first, second)]
            seen = first_look(crops[0], crops[1], max_shift, origin)
            if seen is None:
                return None
            maps = seen.maps[0]
            areas = maps.new_full((PARTS,), seen.area / PARTS)
            logits = weighted(maps, network.first_weigher(maps, areas))
            told = torch.softmax(logits.flatten(1), 1).view_as(logits)
            return told.double().cpu().numpy()

    posteriors = with_cpu_behind(choose_device(device), posteriors_on, seam_of(first))
    if posteriors is None:
        return None
    steps = np.arange(-max_shift, max_shift + 1)
    shifts, sure = np.empty((PARTS, 2)), np.empty(PARTS)
    for k, posterior in enumerate(posteriors):
        rows, cols = _around(*divmod(int(posterior.argmax()), len(steps)), PEAK)
        peak = posterior[rows, cols]
        sure[k] = peak.sum()
        shifts[k] = peak.sum(1) @ steps[rows] / sure[k], peak.sum(0) @ steps[cols] / sure[k]
    return shifts, sure


def seam_of(first: np.ndarray) -> str:
    """Name a seam by its first crop, for a warning."""
    return f"a seam of {first.shape[0]} x {first.shape[1]} px"


def loaded(weights: Path | None, device: str) -> SeamNet:
    """The network on a device, loaded once however many threads ask for it at the same time.

    Raises
    ------
    WeightsError
        If the weights cannot be used, or are of another network.
    """
    network = loaded_network(weights or BUNDLED, device)
    if not isinstance(network, SeamNet):
        raise WeightsError(f"the weights {weights} do not fit a SeamNet; choose others")
    dtype = convolves_in(device)
    if network.encoder.convolves_in is not dtype:
        network.encoder.convolves_in = dtype
        network.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def warm_up(device: str = "auto") -> None:
    """Load the bundled network, and let torch do what it does but once, on a few noisy pixels."""
    noise = np.random.default_rng(0).random((2, 48, 48), np.float32)
    compare(noise[0], noise[1], (0, 0), 2, device=device)
