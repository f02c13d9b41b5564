"""Seams with true shifts by construction: both crops are cut from one picture."""

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.seams import Overlap

MIDDLE = (60, 50)


def band_limited(shape, sigma, seed):
    """Random smooth structure, the same over the border as within, of mean 0 and deviation 1."""
    noise = np.random.default_rng(seed).normal(size=shape)
    picture = ndimage.gaussian_filter(noise, sigma, mode="wrap")
    return picture / picture.std()


def shifted_by_fourier(picture, dy, dx):
    """The exact values of a periodic, band-limited picture between its pixels."""
    fy, fx = (np.fft.fftfreq(n) for n in picture.shape)
    turn = np.exp(2j * np.pi * (fy[:, None] * dy + fx[None, :] * dx))
    return np.fft.ifft2(np.fft.fft2(picture) * turn).real


@pytest.fixture(scope="session")
def scene():
    """(300, 240) uint8: coarse structure and fine texture at every place, no two alike."""
    coarse, fine = (band_limited((300, 240), sigma, seed=4) for sigma in (2.5, 0.6))
    return np.clip(coarse * 40 + fine * 25 + 128, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def cut(scene):
    """Cut an overlap from a scene: ``cut(dy, dx, ...)`` has the true shift (dy, dx)."""

    def cut_from(dy, dx, height=140, width=60, origin=(0, 0), second_size=None, scene=scene):
        y, x = MIDDLE
        h2, w2 = second_size or (height, width)
        top, left = y + origin[0] + dy, x + origin[1] + dx
        return Overlap(
            scene[y : y + height, x : x + width],
            scene[top : top + h2, left : left + w2],
            origin,
        )

    return cut_from


@pytest.fixture(scope="session")
def cut_between_pixels():
    """Cut an overlap whose true shift is a fraction: ``cut_between_pixels(dy, dx)``."""

    def cut_from(dy, dx, height=160, width=80, sigma=2.0):
        picture = band_limited((256, 192), sigma, seed=9)
        moved = shifted_by_fourier(picture, dy, dx)
        y, x = 40, 50
        return Overlap(
            picture[y : y + height, x : x + width], moved[y : y + height, x : x + width]
        )

    return cut_from
