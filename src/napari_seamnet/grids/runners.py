"""Who estimates seams: threads of this process, or processes of this machine.

Each runner takes tasks and puts what became of them on a queue, in any order. Machines of a dask
cluster are in `cluster.py`, what goes into the runners and out of them is directed by `flow.py`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ..shifts import Cancelled
from ..shifts.registry import runs_on_device
from .errors import GridError
from .task import Answer, Recipe, Task, do_by_recipe, do_task, do_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from queue import SimpleQueue

    from ..shifts import Estimate, Method

Ticket = tuple[int, ...]
"""Indices of the seams of a task, or of a batch of tasks."""
DEATHS = 3
"""How many workers a seam may cost before it is given up."""


class Runner(Protocol):
    """Estimates seams somewhere."""

    shares: int
    """How many runs of neighbouring seams are worked off side by side, each in a place of its own
    memory."""
    per_share: int
    """How many seams of each may be under way."""
    reads_files: bool
    """Whether the workers read the files themselves; else they are given crops."""

    def submit(self, ticket: Ticket, tasks: list[Task], share: int) -> None:
        """Begin; when it is done, ``(ticket, future)`` is put on the queue."""
        ...

    def outcome(self, ticket: Ticket, future: Any) -> list[Answer] | None:
        """The answers; None if the tasks had to be begun anew. Raises what the work raised."""
        ...

    def close(self) -> None:
        """Stop what is under way, soon, and let go of the workers."""
        ...


def count_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def uses_torch(recipe: Recipe) -> bool:
    """Whether a recipe's method is one of our networks."""
    if isinstance(recipe.method, str):
        return runs_on_device(recipe.method)
    return hasattr(recipe.method, "device")


class ThreadRunner:
    """Threads of this process, each with a method of its own; weights are in memory once.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    workers : int
        Threads.
    done : SimpleQueue
        Where finished futures go.
    keep : callable
        Called as ``keep(index, answer)`` in the thread that found it, before it begins anything
        else, so that a kill loses no more seams than there are threads.
    batch : int
        Most seams of a batch; 1 for none.
    """

    shares = 1
    reads_files = False

    def __init__(
        self,
        recipe: Recipe,
        workers: int,
        done: SimpleQueue[Any],
        keep: Callable[[int, Answer], Estimate],
        batch: int = 1,
    ) -> None:
        self.per_share = max(2 * workers + 2, 3 * batch)
        self._recipe = recipe
        self._done = done
        self._keep = keep
        self._stop = threading.Event()
        self._own = threading.local()
        self._stack = ExitStack()
        self._torch_threads = 0
        if uses_torch(recipe):
            from ..nets.threads import limited_threads

            self._torch_threads = max(1, count_cores() // workers)
            self._stack.enter_context(limited_threads(self._torch_threads))
        self._pool = ThreadPoolExecutor(workers, "seams")

    def submit(self, ticket: Ticket, tasks: list[Task], share: int) -> None:
        """Begin; see `Runner`."""
        future = self._pool.submit(self._work, ticket, tasks)
        future.add_done_callback(lambda finished: self._done.put((ticket, finished)))

    def outcome(self, ticket: Ticket, future: Future[list[Answer]]) -> list[Answer] | None:
        """The answers; see `Runner`."""
        return future.result()

    def close(self) -> None:
        """Stop at the next step of each method."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._stack.close()

    def _work(self, ticket: Ticket, tasks: list[Task]) -> list[Answer]:
        method, max_shift = self._method(), self._recipe.max_shift
        if len(tasks) > 1:
            answers = do_tasks(tasks, method, max_shift)
        else:
            answers = [do_task(task, method, max_shift, self._look_for_stop) for task in tasks]
        return [
            Answer(self._keep(index, answer), answer.seconds, is_kept=True)
            for index, answer in zip(ticket, answers, strict=True)
        ]

    def _method(self) -> Method:
        if not hasattr(self._own, "method"):
            if self._torch_threads:
                from ..nets.threads import limit_threads

                limit_threads(self._torch_threads)
            self._own.method = self._recipe.make()
        method: Method = self._own.method
        return method

    def _look_for_stop(self, done: int, total: int, what: str) -> None:
        if self._stop.is_set():
            raise Cancelled


class ProcessRunner:
    """Processes of this machine, each with a run of neighbouring seams and its own decoded frames.

    One pool a process: a process that dies, for want of memory or by a kill, takes nothing with it
    but the seams that it was at, and those are begun anew in another.

    Parameters
    ----------
    recipe : Recipe
        What to do; its method must be picklable.
    workers : int
        Processes.
    done : SimpleQueue
        Where finished futures go.
    """

    per_share = 3  # one in work, one waiting, one being prepared
    reads_files = True

    def __init__(self, recipe: Recipe, workers: int, done: SimpleQueue[Any]) -> None:
        self.shares = workers
        self._recipe = recipe
        self._done = done
        self._threads = max(1, count_cores() // workers) if uses_torch(recipe) else 0
        self._pools = [self._pool() for _ in range(workers)]
        self._at: dict[Ticket, tuple[ProcessPoolExecutor, list[Task], int]] = {}
        self._deaths: dict[Ticket, int] = {}

    def _pool(self) -> ProcessPoolExecutor:
        # Never a fork: threads of torch and of SQLite would be cut off in the middle of things.
        return ProcessPoolExecutor(
            1,
            multiprocessing.get_context("spawn"),
            initializer=_begin_process,
            initargs=(self._recipe, self._threads),
        )

    def submit(self, ticket: Ticket, tasks: list[Task], share: int) -> None:
        """Begin; see `Runner`."""
        with _deaf_to_ctrl_c():  # children inherit it: Ctrl-C is this process's to answer
            try:
                future = self._pools[share].submit(_work_in_process, tasks)
            except BrokenProcessPool:
                self._revive(share)
                future = self._pools[share].submit(_work_in_process, tasks)
        self._at[ticket] = (self._pools[share], tasks, share)
        future.add_done_callback(lambda finished: self._done.put((ticket, finished)))

    def outcome(self, ticket: Ticket, future: Future[list[Answer]]) -> list[Answer] | None:
        """The answers; see `Runner`."""
        pool, tasks, share = self._at.pop(ticket)
        error = future.exception()
        if not isinstance(error, BrokenProcessPool):
            return future.result()
        self._deaths[ticket] = self._deaths.get(ticket, 0) + 1
        if self._deaths[ticket] >= DEATHS:
            raise GridError(
                f"a worker process died {DEATHS} times at the same seam; use fewer workers if "
                'memory is short, or executor="threads", and in a script begin with '
                '`if __name__ == "__main__":`'
            ) from error
        if self._pools[share] is pool:  # all of its seams come here, but it is replaced once
            self._revive(share)
        self.submit(ticket, tasks, share)
        return None

    def _revive(self, share: int) -> None:
        self._pools[share].shutdown(wait=False, cancel_futures=True)
        self._pools[share] = self._pool()

    def close(self) -> None:
        """End all processes; those that are in the middle of something are not waited for."""
        if self._at:
            for pool in self._pools:
                # Of no public name before Python 3.14 (`terminate_workers`). Without it Ctrl-C
                # would wait for processes that are still importing torch.
                for process in list((getattr(pool, "_processes", None) or {}).values()):
                    process.terminate()
        # One after the other, though all stop at once: a pool that was told without waiting cannot
        # be waited for any more.
        for pool in self._pools:
            pool.shutdown(wait=True, cancel_futures=True)


_process_recipe: list[Recipe] = []


def _begin_process(recipe: Recipe, torch_threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _process_recipe[:] = [recipe]
    if torch_threads:
        from ..nets.threads import limit_threads

        limit_threads(torch_threads)


def _work_in_process(tasks: list[Task]) -> list[Answer]:
    return [do_by_recipe(task, _process_recipe[0]) for task in tasks]


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
