"""Seams through the pipeline: read ahead, looked up, estimated; never many at once.

Only what is done when is directed here. Reading is in `crops.py`, estimating in `runners.py`.
"""

from __future__ import annotations

import queue
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from ..frames import FrameError
from ..shifts import Estimate
from .runners import count_cores
from .task import Answer, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from .runners import Runner, Ticket

POLL_S = 0.25
"""How often the caller gets a chance to stop while nothing is finished."""
READERS = 4
"""Threads that read ahead; decoders let other threads run meanwhile."""

Event = tuple[int, Estimate | Answer | Exception] | None
"""What became of a seam: looked up, computed, or failed; None where nothing happened meanwhile."""


def flow(
    runs: Sequence[Sequence[int]],
    prepare: Callable[[int], Estimate | Task],
    runner: Runner,
    done: queue.SimpleQueue[Any],
    batch: int = 1,
) -> Generator[Event, None, None]:
    """Take seams through reading and estimating.

    Parameters
    ----------
    runs : sequences of int
        Indices of seams, one run for each of the runner's shares, in the order to take them.
    prepare : callable
        Called in a reading thread; gives what to do, or the estimate if it is known already.
    runner : Runner
        Estimates them; closed at the end, whatever happens.
    done : SimpleQueue
        That the runner puts finished futures on.
    batch : int
        Most seams of equal size to estimate together.

    Yields
    ------
    (index, Estimate or Answer or Exception), or None
        In the order of finishing. At most `runner.per_share` seams of a run are under way at a
        time, so that memory stays bounded. Close the generator to stop.
    """
    readers = ThreadPoolExecutor(min(READERS, count_cores() + 1), "reading")
    try:
        yield from _Flow(runs, prepare, runner, done, batch, readers)
    finally:
        readers.shutdown(wait=False, cancel_futures=True)
        runner.close()
        readers.shutdown(wait=True)


class _Flow:
    """The state of one flow; iterating it is the flow."""

    def __init__(
        self,
        runs: Sequence[Sequence[int]],
        prepare: Callable[[int], Estimate | Task],
        runner: Runner,
        done: queue.SimpleQueue[Any],
        batch: int,
        readers: ThreadPoolExecutor,
    ) -> None:
        self._runs = [deque(run) for run in runs]
        self._under_way = [0] * len(self._runs)
        self._share_of: dict[int, int] = {}
        self._prepare = prepare
        self._runner = runner
        self._done = done
        self._batch = batch
        self._readers = readers
        self._reading = 0
        self._estimating = 0
        # Seams read and waiting for others of their size, to go in one batch.
        self._waiting: dict[tuple[Any, ...], list[tuple[int, Task]]] = {}

    def __iter__(self) -> Iterator[Event]:
        self._top_up()
        while self._share_of:
            if not self._reading and not self._estimating:
                self._send_fullest()
            try:
                ticket, future = self._done.get(timeout=POLL_S)
            except queue.Empty:
                yield None
                continue
            if ticket is None:
                yield from self._read(*future)
            else:
                yield from self._estimated(ticket, future)
            self._top_up()

    def _top_up(self) -> None:
        """Begin reading as many seams as may be under way, the emptiest share first."""
        while any(self._runs):
            share = min(range(len(self._runs)), key=self._under_way.__getitem__)
            if self._under_way[share] >= self._runner.per_share:
                return
            if self._runs[share]:
                index = self._runs[share].popleft()
            else:  # help the share that has most to do, from its far end
                index = max(self._runs, key=len).pop()
            self._share_of[index] = share
            self._under_way[share] += 1
            self._reading += 1
            future = self._readers.submit(self._prepare, index)
            future.add_done_callback(partial(self._put_read, index))

    def _put_read(self, index: int, future: Future[Estimate | Task]) -> None:
        self._done.put((None, (index, future)))

    def _read(self, index: int, future: Future[Estimate | Task]) -> Iterator[Event]:
        self._reading -= 1
        error = future.exception()
        if isinstance(error, Exception):
            yield self._end(index, error)
            return
        prepared = future.result()
        if isinstance(prepared, Estimate):
            yield self._end(index, prepared)
        elif self._batch == 1 or prepared.overlap is None:
            self._send([(index, prepared)])
        else:
            overlap = prepared.overlap
            kind = (overlap.first.shape, overlap.second.shape, overlap.origin)
            alike = self._waiting.setdefault(kind, [])
            alike.append((index, prepared))
            if len(alike) >= self._batch:
                self._send(self._waiting.pop(kind))

    def _estimated(self, ticket: Ticket, future: Any) -> Iterator[Event]:
        try:
            answers = self._runner.outcome(ticket, future)
        except (FrameError, OSError) as error:  # of one seam; all others go on
            self._estimating -= len(ticket)
            for index in ticket:
                yield self._end(index, error)
            return
        if answers is not None:
            self._estimating -= len(ticket)
            for index, answer in zip(ticket, answers, strict=True):
                yield self._end(index, answer)

    def _send_fullest(self) -> None:
        """Nothing more can come: what waits for company goes without."""
        if self._waiting:
            fullest = max(self._waiting, key=lambda kind: len(self._waiting[kind]))
            self._send(self._waiting.pop(fullest))

    def _send(self, group: list[tuple[int, Task]]) -> None:
        ticket = tuple(index for index, _ in group)
        self._estimating += len(ticket)
        self._runner.submit(ticket, [task for _, task in group], self._share_of[ticket[0]])

    def _end(self, index: int, what: Estimate | Answer | Exception) -> Event:
        self._under_way[self._share_of.pop(index)] -= 1
        return index, what
