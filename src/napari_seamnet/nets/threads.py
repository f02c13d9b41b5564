"""How many threads torch uses by itself, when several seams are estimated at the same time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


def limit_threads(n: int) -> None:
    """Let torch use `n` threads for one operation, in this thread and in those begun later."""
    if torch.get_num_threads() != n:
        torch.set_num_threads(n)


@contextmanager
def limited_threads(n: int) -> Iterator[None]:
    """Let torch use `n` threads for one operation inside the block.

    Threads that ask for more than there are cores wait for each other: four workers of two torch
    threads each are slower on four cores than four of one.
    """
    before = torch.get_num_threads()
    limit_threads(n)
    try:
        yield
    finally:
        limit_threads(before)
