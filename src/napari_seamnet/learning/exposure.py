"""Exposures: what a microscope makes of a scene, twice, so that a seam comes out of it.

Geometry first (shift, slow distortion, lines that jitter or are knocked away), then light (blur,
gain, gamma, shading, charging, darkening), then noise. The scenes are drawn in `scenes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..geometry import Shift

BORDER = 48
"""Pixels of scene needed around a crop, for shifts, distortion and knocked lines."""


@dataclass(frozen=True)
class Conditions:
    """How bad the microscope may be; each pair draws its own values below these.

    Parameters
    ----------
    noise : float
        Most Gaussian noise, as a standard deviation in grey levels of 0..255.
    photons : float
        Least number of photons at white, for Poisson noise; fewer is worse.
    distortion : float
        Most slow distortion, in px.
    drift : float
        Most relative change of gain and offset between the two exposures, and of shading.
    defects : float
        Probability (0..1) of each kind of defect: knocked, missing and jittering lines,
        charging, darkening, dust.
    reversal : float
        Probability (0..1) that a side is of another detector, which shows dark what is bright.
    """

    noise: float = 75.0
    photons: float = 5.0
    distortion: float = 2.0
    drift: float = 0.5
    defects: float = 0.25
    reversal: float = 0.0


@dataclass(frozen=True, eq=False)
class SimulatedPair:
    """Two crops of one seam and the shift between them; content is the scene's name."""

    first: np.ndarray
    second: np.ndarray
    shift: Shift
    content: str = ""


def expose_pair(
    scene: np.ndarray,
    shape: tuple[int, int],
    max_shift: float,
    rng: np.random.Generator,
    conditions: Conditions,
    content: str = "",
) -> SimulatedPair:
    """Cut two crops out of a scene, a random shift apart, and spoil each in its own way.

    Parameters
    ----------
    scene : (N, M) float array
        Grey levels 0..255; at least `BORDER` px larger than `shape` on each side.
    shape : (H, W)
        Size of both crops, in px.
    max_shift : float
        The shift is drawn evenly from ±`max_shift` px on each axis, with fractions.
    rng : numpy.random.Generator
        Decides everything.
    conditions : Conditions
        How bad it may get.
    content : str
        Name of the scene, kept for tables.

    Returns
    -------
    SimulatedPair
        Crops as uint8 (as most detectors give), shift by the conventions of `geometry.py`: on
        average over the crop ``first[y + dy, x + dx]`` shows what ``second[y, x]`` shows.
    """
    dy, dx = rng.uniform(-max_shift, max_shift, 2)
    reach = BORDER + max_shift
    y = rng.uniform(reach, scene.shape[0] - shape[0] - reach)
    x = rng.uniform(reach, scene.shape[1] - shape[1] - reach)
    bend = _distortion(shape, conditions.distortion * rng.random() ** 2, rng)
    severity = rng.random() ** 1.3  # from clean to as bad as it gets, more of the former
    noise = (
        conditions.noise * severity * rng.random(),
        conditions.photons * 40.0 ** (1 - severity) * 2.0 ** rng.uniform(0, 6),
    )
    # The second crop sees the scene's (y + dy, x + dx): then first[y + dy] shows second[y].
    crops = [
        expose(scene, (top, left), shape, rng, conditions, noise, sign * bend)
        for top, left, sign in ((y, x, -0.5), (y + dy, x + dx, 0.5))
    ]
    return SimulatedPair(crops[0], crops[1], Shift(float(dy), float(dx)), content)


def expose(
    scene: np.ndarray,
    position: tuple[float, float],
    shape: tuple[int, int],
    rng: np.random.Generator,
    conditions: Conditions,
    noise: tuple[float, float],
    bend: np.ndarray | None = None,
) -> np.ndarray:
    """Take one frame of a scene.

    Parameters
    ----------
    scene : (N, M) float array
        Grey levels 0..255.
    position : (y, x)
        The frame's top-left pixel in the scene; fractions are reached by cubic interpolation.
    shape : (H, W)
        Size of the frame, in px.
    rng : numpy.random.Generator
        Decides light, lines and noise.
    conditions : Conditions
        How bad drift and defects may get.
    noise : (sigma, photons)
        Gaussian noise in grey levels, and photons at white.
    bend : (2, H, W) float32 array, optional
        Displacement of each pixel, in px.

    Returns
    -------
    (H, W) uint8 array
    """
    field = np.zeros((2, 1, 1), np.float32) if bend is None else bend
    lines = _line_shifts(shape[0], rng, conditions)  # beams write their lines along x
    picture = _sample(scene, position[0], position[1], shape, field, lines)
    return _detect(_light(picture, rng, conditions), noise, rng, conditions)


def _distortion(shape: tuple[int, int], amplitude: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth field of displacements, (2, H, W), in px: mean zero, at most `amplitude`."""
    if amplitude < 0.02:
        return np.zeros((2, *shape), np.float32)
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    fields = []
    for _ in range(2):
        a, b, c, d, e = rng.normal(0, 1, 5)
        phase = rng.uniform(0, 6.28)
        field = a * y[:, None] + b * x + c * y[:, None] * x + d * y[:, None] ** 2
        field = field + e * np.sin(rng.uniform(1, 4) * y[:, None] + phase)
        fields.append(field - field.mean())
    bend = np.stack(fields)
    return (bend * (amplitude / np.abs(bend).max())).astype(np.float32)


def _line_shifts(height: int, rng: np.random.Generator, conditions: Conditions) -> np.ndarray:
    """Sideways displacement of every scan line, in px; on average zero, but for knocked ones."""
    shifts = np.zeros(height, np.float32)
    if rng.random() < conditions.defects:
        jitter = rng.standard_normal(height).astype(np.float32) * rng.uniform(0.2, 1.2)
        shifts += jitter - jitter.mean()
    if rng.random() < conditions.defects:
        for _ in range(int(rng.integers(1, 6))):
            start, n = int(rng.integers(height)), int(rng.integers(1, 5))
            shifts[start : start + n] += rng.choice([-1, 1]) * rng.uniform(3, 20)
    return shifts


def _sample(
    scene: np.ndarray,
    top: float,
    left: float,
    shape: tuple[int, int],
    field: np.ndarray,
    lines: np.ndarray,
) -> np.ndarray:
    """Look at the scene between its pixels, by cubic interpolation."""
    y0, x0 = int(top) - BORDER // 2, int(left) - BORDER // 2
    window = scene[
        max(0, y0) : y0 + shape[0] + BORDER + 1, max(0, x0) : x0 + shape[1] + BORDER + 1
    ]
    y = np.arange(shape[0], dtype=np.float32)[:, None] + np.float32(top - max(0, y0)) + field[0]
    x = np.arange(shape[1], dtype=np.float32) + np.float32(left - max(0, x0)) + field[1]
    y, x = np.broadcast_arrays(y, x + lines[:, None])
    return ndimage.map_coordinates(window, [y, x], order=3, mode="nearest", output=np.float32)


def _light(picture: np.ndarray, rng: np.random.Generator, conditions: Conditions) -> np.ndarray:
    """Blur, gain, gamma, shading, drift from line to line, charging, darkening, dust."""
    height, width = picture.shape
    if rng.random() < 0.5:
        picture = ndimage.gaussian_filter(picture, rng.uniform(0.2, 1.0))
    if rng.random() < 0.3:
        gamma = np.exp(rng.uniform(-0.5, 0.5))
        picture = 255 * (np.clip(picture, 0, 255) / 255) ** gamma
    # Asked first: without reversal, chance goes its way as it did before there was any.
    if conditions.reversal and rng.random() < conditions.reversal:
        picture = reversed_above(picture, float(rng.uniform(10, 90)))
    drift = conditions.drift * rng.random()
    if rng.random() < 0.25:  # a weak detector: little of the range is used
        middle = picture.mean()
        picture = middle + (picture - middle) * rng.uniform(0.2, 0.8)
    picture = picture * (1 + drift * rng.uniform(-1, 1)) + 80 * drift * rng.uniform(-1, 1)
    ramp_y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    ramp_x = np.linspace(-1, 1, width, dtype=np.float32)
    picture = picture + 60 * drift * (rng.uniform(-1, 1) * ramp_y + rng.uniform(-1, 1) * ramp_x)
    if rng.random() < conditions.defects:
        steps = ndimage.gaussian_filter1d(rng.standard_normal(height), rng.uniform(0.5, 20))
        picture = picture + (rng.uniform(2, 25) * steps / (steps.std() + 1e-6))[:, None]
    if rng.random() < conditions.defects / 2:  # charging: bright things leave a trail along x
        decay = np.exp(-np.arange(60) / rng.uniform(5, 25))
        bright = np.clip(picture - np.percentile(picture, 80), 0, None)
        trail = ndimage.convolve1d(bright, decay / decay.sum(), axis=1, origin=-30)
        picture = picture - rng.uniform(0.5, 2.5) * trail
    if rng.random() < conditions.defects:  # exposed twice: darker and flatter up to some line
        edge = int(rng.integers(width // 4, width + 1))
        part = np.s_[:, :edge] if rng.random() < 0.5 else np.s_[:, width - edge :]
        picture = picture.copy()
        kept = rng.uniform(0.4, 0.95)
        picture[part] = picture[part] * kept + rng.uniform(-10, 10)
    if rng.random() < conditions.defects:  # dust, on this side only
        picture = picture.copy()
        for _ in range(int(rng.integers(1, 6))):
            cy, cx = int(rng.integers(height)), int(rng.integers(width))
            ry, rx = (int(r) for r in rng.integers(2, 14, 2))
            grey = rng.choice([0.0, 255.0, float(picture.mean())])
            picture[max(0, cy - ry) : cy + ry, max(0, cx - rx) : cx + rx] = grey
    return picture


def reversed_above(picture: np.ndarray, percentile: float) -> np.ndarray:
    """Show what is brighter than a percentile (0..100) of a picture the darker, the brighter."""
    edge = np.percentile(picture, percentile)
    return np.where(picture > edge, 2 * edge - picture, picture)


def _detect(
    picture: np.ndarray,
    noise: tuple[float, float],
    rng: np.random.Generator,
    conditions: Conditions,
) -> np.ndarray:
    """Photon noise, electronic noise, missing lines, eight bits."""
    sigma, photons = noise
    if photons < 3000:
        picture = rng.poisson(np.clip(picture, 0, None) * (photons / 255)) * (255 / photons)
    if sigma > 0:
        picture = picture + sigma * rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < conditions.defects / 2:
        picture = picture.copy()
        for _ in range(int(rng.integers(1, 5))):
            start, n = int(rng.integers(picture.shape[0])), int(rng.integers(1, 4))
            picture[start : start + n] = rng.choice([0.0, 255.0, float(picture.mean())])
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
