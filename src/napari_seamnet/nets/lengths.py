"""Lengths at which Fourier transforms are quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.fft import next_fast_len

if TYPE_CHECKING:
    from collections.abc import Iterable


def fast_size(shape: Iterable[int]) -> tuple[int, int]:
    """At least as many rows and columns, and such that a real transform of float32 is quick.

    Small factors alone do not make it so: of an odd number of columns it takes twice as long.
    """
    rows, columns = shape
    return next_fast_len(rows, real=True), 2 * next_fast_len((columns + 1) // 2, real=True)
