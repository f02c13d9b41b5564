"""Draw many blocks at once, in bounded memory, and stop soon when asked to.

What a block is for is the caller's business. The main thread only waits: it tells the progress
and takes Ctrl-C, while other threads draw and write.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ...geometry import Box
from ...shifts.estimate import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from ...shifts.estimate import Progress
    from .picture import Picture

WORKERS = min(4, os.cpu_count() or 1)
"""Threads that draw: more of them only wait for the disk, and each holds a block."""
PART_ROWS = 1024
"""Rows that are drawn between two looks at whether to stop."""
PATIENCE = 0.2
"""Seconds between two calls of the progress while nothing is finished."""


def snake(shape: tuple[int, ...], height: int, width: int) -> Iterator[Box]:
    """Cut a picture into blocks, row by row, there and back.

    At a turn the frames that were decoded last are those that are needed next, so that few are
    decoded twice.
    """
    for number, y in enumerate(range(0, shape[0], height)):
        row = [
            Box(y, x, min(height, shape[0] - y), min(width, shape[1] - x))
            for x in range(0, shape[1], width)
        ]
        yield from row if number % 2 == 0 else reversed(row)


class Drawing:
    """Threads that draw parts of one picture; made by `drawing`.

    Parameters
    ----------
    picture : Picture
        What is drawn.
    tick : callable
        Called now and then while the main thread waits; what it raises ends the drawing.
    """

    def __init__(self, picture: Picture, tick: Callable[[], None]) -> None:
        self.picture = picture
        self._tick = tick
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="mosaic export")
        self._stopped = threading.Event()

    def draw(self, box: Box, out: np.ndarray | None = None) -> np.ndarray:
        """Draw a box, into `out` if given, in this thread."""
        if out is None:
            out = np.empty((*box.shape, *self.picture.shape[2:]), self.picture.dtype)
        for top in range(0, box.height, PART_ROWS):
            if self._stopped.is_set():
                raise Cancelled
            rows = min(PART_ROWS, box.height - top)
            part = Box(box.y + top, box.x, rows, box.width)
            out[top : top + rows] = self.picture.read(part)
        return out

    def start(self, work: Callable[..., None], *arguments: object) -> Future[None]:
        """Do some work in another thread."""
        return self._pool.submit(work, *arguments)

    def finish(self, futures: Iterable[Future[None]]) -> None:
        """Wait for some work; what it raises comes out here."""
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, PATIENCE, FIRST_COMPLETED)
            for future in done:
                future.result()
            self._tick()

    def each(self, boxes: Iterable[Box], work: Callable[[Box], None]) -> None:
        """Do the same for every box, a few at once, in about this order."""
        running: deque[Future[None]] = deque()
        for box in boxes:
            if len(running) >= WORKERS + 1:  # one waits, so that no thread does
                self.finish([running.popleft()])
            running.append(self.start(work, box))
        self.finish(running)

    def stop(self) -> None:
        """End all work at the next part; returns when no thread works any more."""
        self._stopped.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def drawing(picture: Picture, tick: Callable[[], None]) -> Iterator[Drawing]:
    """Give threads to draw with; none of them works any more when the block ends."""
    threads = Drawing(picture, tick)
    try:
        yield threads
    finally:
        threads.stop()


class Counter:
    """Counts pixels from several threads, and tells the progress from one.

    Parameters
    ----------
    progress : callable or None
        See `Progress`; whatever it raises passes through `tell`.
    total : int
        All pixels, of all levels.
    what : str
        What is being done.
    """

    def __init__(self, progress: Progress | None, total: int, what: str) -> None:
        self._progress, self._total, self._what = progress, total, what
        self._done = 0
        self._lock = threading.Lock()

    def add(self, pixels: int) -> None:
        """Count pixels that are written."""
        with self._lock:
            self._done += pixels

    def tell(self) -> None:
        """Tell the progress how far it is: the chance to cancel."""
        if self._progress is not None:
            self._progress(self._done, self._total, self._what)
