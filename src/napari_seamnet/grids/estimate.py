"""Every seam of a layout estimated: in parallel, in bounded memory, and never twice.

The one call is here: what it is asked is checked, and what comes of it put together. Who does the
work is in `runners.py` and `cluster.py`, how it flows in `flow.py`, what is known already in
`ledger.py`.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from numbers import Integral
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ..frames import FrameError
from ..frames.cache import decoded
from ..pairs import DEFAULT_MAX_SHIFT
from ..shifts import DEFAULT_METHOD, Estimate
from .cluster import DaskRunner
from .crops import CropReader
from .errors import GridError, SeamError
from .flow import flow
from .journal import Journal
from .ledger import Ledger
from .order import order_seams, split
from .runners import ProcessRunner, Runner, ThreadRunner, count_cores, uses_torch
from .task import Answer, Recipe, Task, margin_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Method
    from ..shifts.estimate import Progress

EXECUTORS = ("threads", "processes")
HELD_BYTES = 256 * 2**20
"""Most that crops which wait for the row below should take, in this process."""
GPU_BATCH = 16
"""Seams in one batch on a GPU: of 1000 x 165 px, they take some 2 GB there, by reckoning."""


def estimate_seams(
    layout: Layout,
    seams: Sequence[Seam],
    method: str | Method = DEFAULT_METHOD,
    *,
    max_shift: int = DEFAULT_MAX_SHIFT,
    device: str = "auto",
    workers: int | None = None,
    executor: str = "threads",
    scheduler: str | None = None,
    client: Any = None,
    batch: int | None = None,
    journal: Journal | str | os.PathLike[str] | None = None,
    wide: int | None = None,
    progress: Progress | None = None,
    on_result: Callable[[int, Estimate], None] | None = None,
) -> tuple[Estimate, ...]:
    """Estimate the shift of every seam of a layout.

    Parameters
    ----------
    layout : Layout
        The frames, and where they are expected.
    seams : sequence of Seam
        As `find_seams` gives them, or some of them.
    method : str or Method, default "seamnet"
        A name of `napari_seamnet.shifts.method_names`, or a method.
    max_shift : int, default 15
        Search range, in px each way on each axis.
    device : {"auto", "cpu", "cuda", "mps"}
        Where a network runs.
    workers : int, optional
        Threads or processes; by default as many as there are cores. A network needs some 150 MB in
        each, for seams of 1000 x 150 px.
    executor : {"threads", "processes"}
        Processes are of use for methods that hold Python's lock; each reads its own frames. A
        script that asks for them begins with ``if __name__ == "__main__":``.
    scheduler : str, optional
        Address of a dask scheduler, "tcp://host:8786"; its workers do the work. They read the
        files, so they must see them under the same paths.
    client : distributed.Client, optional
        The same, for a client that is there already.
    batch : int, optional
        Most seams of equal size to put through a network at once, in threads only; by default 16
        on a GPU, and 1 elsewhere.
    journal : Journal or path, optional
        Every finished seam is kept in it at once, and what it holds already is not computed again.
    wide : int, optional
        Look for a coarse offset within this many px first (see `coarse_offsets`), then within
        ±`max_shift` px around that.
    progress : callable, optional
        Called as ``progress(done, total, what)`` from the calling thread for each finished seam,
        and, with the same numbers again, a few times a second; what it raises (`Cancelled`) stops
        the work. What is finished by then is in the journal.
    on_result : callable, optional
        Called as ``on_result(index, estimate)`` from the calling thread, for each seam as soon as
        it is there; `index` is that in `seams`.

    Returns
    -------
    tuple of Estimate
        In the order of `seams`; each shift is relative to its seam's nominal offset. With `wide`,
        so are maps: they are as large as the farthest coarse offset asks for, and NaN (unknown)
        outside ±`max_shift` px around it.

    Raises
    ------
    SeamError
        If a file turned out to be damaged or gone; it names the file and the seams. With a journal
        all other seams are estimated and kept first.
    GridError
        If there is no such executor or cluster, or worker processes die.
    JournalError
        If the journal cannot be used.
    OverlapError
        If two frames do not overlap at their nominal offset.
    ValueError
        If there is no such method or device, or the search range is less than 1 px.

    Notes
    -----
    Only overlaps are read, each frame as a rule once, and a bounded number of seams is in memory.
    With a journal, files are hashed too, so that a changed file is noticed.

    Examples
    --------
    >>> from napari_seamnet.layouts import Layout
    >>> from napari_seamnet.sample_data import chip_grid
    >>> from napari_seamnet.seams.seam import find_seams
    >>> grid = chip_grid(1, 2, size=300, overlap=80, jitter=4)
    >>> layout = Layout.of_frames(grid.frames, grid.nominal)
    >>> (found,) = estimate_seams(layout, find_seams(layout), "smoothed")
    >>> found.shift.whole() == (grid.truth[1][0], grid.truth[1][1] - 220)
    True
    """
    _check(max_shift, workers, executor, batch)
    if wide is not None:
        from .wide import estimate_wide

        return estimate_wide(
            layout,
            seams,
            method,
            reach=wide,
            max_shift=max_shift,
            progress=progress,
            on_result=on_result,
            device=device,
            workers=workers,
            executor=executor,
            scheduler=scheduler,
            client=client,
            batch=batch,
            journal=journal,
        )
    seams = tuple(seams)
    recipe = Recipe(method, device, max_shift)
    on_cluster = scheduler is not None or client is not None
    here = executor == "threads" and not on_cluster
    margin = margin_of(recipe.make(), max_shift)
    reader = CropReader(layout, seams, margin)  # raises, before any work, where frames are apart
    batch = _batch(recipe, batch) if here else 1
    found: dict[int, Estimate] = {}

    with ExitStack() as stack:
        if journal is not None and not isinstance(journal, Journal):
            journal = stack.enter_context(Journal(journal))
        ledger = Ledger(journal, layout, seams, recipe)
        report = _Report(layout, seams, found, progress, on_result)
        for index in range(len(seams)):
            if (estimate := ledger.known(index)) is not None:
                report.finished(index, estimate)
                reader.skip(seams[index])
        todo = [index for index in range(len(seams)) if index not in found]
        if not todo:
            return tuple(found[index] for index in range(len(seams)))

        done: SimpleQueue[Any] = SimpleQueue()
        runner: Runner
        if on_cluster:
            runner = DaskRunner(recipe, done, scheduler, client)
        elif here:
            # One thread feeds a GPU: batches, not threads, keep it busy.
            n = workers or (1 if batch > 1 else min(count_cores(), len(todo)))
            runner = ThreadRunner(recipe, n, done, ledger.keep, batch)
        else:
            runner = ProcessRunner(recipe, workers or min(count_cores(), len(todo)), done)
        left = [seams[index] for index in todo]
        band = _band(layout, left, margin, here=here)
        order = [todo[n] for n in order_seams(layout, left, band)]

        def prepare(index: int) -> Estimate | Task:
            seam = seams[index]
            if (estimate := ledger.find(index)) is not None:
                reader.skip(seam)
                return estimate
            first, second = (layout[frame].frame for frame in seam.pair)
            # Arrays of this process are no headers: only crops of them are sent.
            if runner.reads_files and first.path is not None and second.path is not None:
                return Task(seam.nominal, frames=(first, second))
            return Task(seam.nominal, overlap=reader.cut(seam))

        failed: dict[int, Exception] = {}
        events = flow(split(order, runner.shares), prepare, runner, done, batch)
        with closing(events):
            for event in events:
                if event is None:
                    report.again()
                    continue
                index, what = event
                if isinstance(what, FrameError | OSError):
                    failed[index] = what
                    if journal is None:
                        break
                elif isinstance(what, Exception):
                    raise what
                elif isinstance(what, Answer):
                    estimate = what.estimate if what.is_kept else ledger.keep(index, what)
                    report.finished(index, estimate)
                else:
                    report.finished(index, what)
    if failed:
        raise _failure(layout, seams, failed, kept=len(found) if journal is not None else None)
    return tuple(found[index] for index in range(len(seams)))


class _Report:
    """Tells the caller what is finished, and remembers it in `found`."""

    def __init__(
        self,
        layout: Layout,
        seams: Sequence[Seam],
        found: dict[int, Estimate],
        progress: Progress | None,
        on_result: Callable[[int, Estimate], None] | None,
    ) -> None:
        self._layout = layout
        self._seams = seams
        self._found = found
        self._progress = progress
        self._on_result = on_result
        self._what = ""

    def finished(self, index: int, estimate: Estimate) -> None:
        self._found[index] = estimate
        self._what = _name(self._layout, self._seams[index])
        if self._on_result is not None:
            self._on_result(index, estimate)
        self.again()

    def again(self) -> None:
        if self._progress is not None:
            self._progress(len(self._found), len(self._seams), self._what)


def _check(max_shift: int, workers: int | None, executor: str, batch: int | None) -> None:
    if not isinstance(max_shift, Integral) or max_shift < 1:
        raise ValueError(f"a search range is a whole number of px from 1 on, not {max_shift}")
    if executor not in EXECUTORS:
        raise GridError(f"there is no executor {executor!r}; choose {' or '.join(EXECUTORS)}")
    for name, value in (("workers", workers), ("batch", batch)):
        if value is not None and value < 1:
            raise GridError(f"{name} is at least 1, not {value}")


def _batch(recipe: Recipe, wanted: int | None) -> int:
    """How many seams go through the method at once."""
    method = recipe.make()
    if not hasattr(method, "estimate_many"):
        return 1
    if wanted is not None or not uses_torch(recipe):
        return wanted or 1
    from ..nets.device import choose_device

    return 1 if choose_device(recipe.device).type == "cpu" else GPU_BATCH


def _band(layout: Layout, seams: Sequence[Seam], margin: int, *, here: bool) -> int:
    """How many frames side by side can be remembered until the row below is done."""
    sizes = []
    for seam in seams[:100]:
        frame = layout[seam.first].frame
        whole = frame.shape[0] * frame.shape[1] * frame.dtype.itemsize
        if here:  # crops wait, not frames
            long, short = max(frame.shape), min(frame.shape)
            side = abs(seam.nominal.dx if seam.is_horizontal else seam.nominal.dy)
            overlap = frame.shape[1 if seam.is_horizontal else 0] - side
            sizes.append(long * min(short, overlap + 2 * margin) * frame.dtype.itemsize)
        else:
            sizes.append(whole * max(1, frame.channels))
    if here:
        return max(1, int(HELD_BYTES // max(sizes)))
    return max(1, int(decoded.limit // max(sizes)) // 2 - 1)


def _name(layout: Layout, seam: Seam) -> str:
    return f"{layout[seam.first].name} - {layout[seam.second].name}"


def _failure(
    layout: Layout, seams: Sequence[Seam], failed: dict[int, Exception], kept: int | None
) -> SeamError:
    index, error = min(failed.items())
    others = [_name(layout, seams[other]) for other in sorted(failed) if other != index]
    message = f"seam {_name(layout, seams[index])}: {error}"
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        message += f"; so do the seams {', '.join(others[:3])}{more} fail"
    if kept is not None:
        message += f"; the other {kept} are in the journal, and will not be computed again"
    return SeamError(message)
