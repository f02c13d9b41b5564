"""Seams on the workers of a dask cluster. Only here is `distributed` known.

The same task runs on any worker, as often as need be: if a worker dies, dask begins its seams anew
on another. Files are read by the workers, so they must see them under the same paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..frames import FrameError
from .errors import ClusterError
from .task import Answer, Recipe, Task, do_by_recipe

if TYPE_CHECKING:
    from queue import SimpleQueue

    from .runners import Ticket

CONNECT_S = 10
"""Seconds to wait for a scheduler."""


class DaskRunner:
    """Workers of a dask cluster, each preferably with a run of neighbouring seams.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    done : SimpleQueue
        Where finished futures go.
    scheduler : str, optional
        Address of a scheduler, "tcp://host:8786".
    client : distributed.Client, optional
        Of a cluster; it is used, and left open.

    Raises
    ------
    ClusterError
        If `distributed` is not installed, no scheduler answers, or it has no workers.
    """

    reads_files = True

    def __init__(
        self,
        recipe: Recipe,
        done: SimpleQueue[Any],
        scheduler: str | None = None,
        client: Any = None,
    ) -> None:
        self._recipe = recipe
        self._done = done
        self._ours = client is None
        self._client = client if client is not None else _connect(str(scheduler))
        workers = self._workers()
        if not workers:
            where = scheduler or "the cluster"
            self._let_go()
            raise ClusterError(f"{where} has no workers; start some, then try again")
        # Only a preference: a run whose worker has gone is taken over by the others.
        self._preferred = list(workers)
        self.shares = len(workers)
        self.per_share = 2 * max(workers.values()) + 1
        self._open: dict[Ticket, Any] = {}

    def _workers(self) -> dict[str, int]:
        """Addresses of the workers, and their threads."""
        info = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address: int(about["nthreads"]) for address, about in info.items()}

    def submit(self, ticket: Ticket, tasks: list[Task], share: int) -> None:
        """Begin; see `runners.Runner`."""
        future = self._client.submit(
            _work_on_worker,
            tasks,
            self._recipe,
            pure=False,
            workers=[self._preferred[share]],
            allow_other_workers=True,
        )
        self._open[ticket] = future
        future.add_done_callback(lambda finished: self._done.put((ticket, finished)))

    def outcome(self, ticket: Ticket, future: Any) -> list[Answer] | None:
        """The answers; see `runners.Runner`."""
        from distributed import CancelledError, KilledWorker

        self._open.pop(ticket)
        try:
            # An answer whose worker dies before it is fetched is "lost": dask computes it again,
            # and this waits for it.
            answers: list[Answer] | str = future.result()
        except CancelledError as error:
            raise ClusterError(
                "the dask scheduler has gone, or has cancelled the seams; start it again, and "
                "then this: what the journal holds is not computed again"
            ) from error
        except KilledWorker as error:
            raise ClusterError(
                f"dask gave a seam up, since workers died of it: {error}; give the workers more "
                "memory"
            ) from error
        if isinstance(answers, str):
            raise FrameError(answers)
        return answers

    def close(self) -> None:
        """Cancel what is under way; the cluster stays as it is."""
        self._client.cancel(list(self._open.values()))
        self._let_go()

    def _let_go(self) -> None:
        if self._ours:
            self._client.close()


def _connect(scheduler: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            "a dask cluster needs the package `distributed`; install it with "
            "`pip install napari-seamnet[dask]`"
        ) from error
    try:
        return Client(scheduler, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no dask scheduler answers at {scheduler} ({error}); start one with `dask "
            "scheduler`, and give its address like tcp://host:8786"
        ) from error


def _work_on_worker(tasks: list[Task], recipe: Recipe) -> list[Answer] | str:
    """The answers, or in words why a file cannot be read: dask does not send such errors whole."""
    try:
        return [do_by_recipe(task, recipe) for task in tasks]
    except (FrameError, OSError) as error:
        return str(error)
