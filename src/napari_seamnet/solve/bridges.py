"""Bridges of a graph of seams: what hangs by one seam alone, so that no loop can contradict it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def find_bridges(n: int, pairs: Sequence[tuple[int, int]]) -> set[int]:
    """Find the pairs without which two frames would no longer hang together.

    Parameters
    ----------
    n : int
        Number of frames.
    pairs : sequence of (int, int)
        Frames that are tied to each other; some may be there twice.

    Returns
    -------
    set of int
        Indices of those pairs.

    Notes
    -----
    R. E. Tarjan, A note on finding the bridges of a graph (Inf. Process. Lett. 2, 1974), with a
    stack of its own: a strip of a thousand frames is deeper than Python's.
    """
    beside: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    for k, (one, two) in enumerate(pairs):
        beside[one].append((two, k))
        beside[two].append((one, k))
    entered = [-1] * n
    lowest = [0] * n
    bridges: set[int] = set()
    count = 0
    for root in range(n):
        if entered[root] >= 0:
            continue
        entered[root] = lowest[root] = count
        count += 1
        stack = [(root, -1, iter(beside[root]))]
        while stack:
            node, by, others = stack[-1]
            for other, k in others:
                if k == by:
                    continue
                if entered[other] >= 0:
                    lowest[node] = min(lowest[node], entered[other])
                    continue
                entered[other] = lowest[other] = count
                count += 1
                stack.append((other, k, iter(beside[other])))
                break
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                    if lowest[node] > entered[above]:
                        bridges.add(by)
    return bridges
