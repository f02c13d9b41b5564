"""Work in the background: one job at a time, with progress, Cancel, and one sentence on failure.

What a job does is said by whoever starts it; nothing here knows pairs, methods or layers.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Signal

from ..shifts import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..shifts.estimate import Progress


_EXPECTED = (ValueError, RuntimeError, OSError, MemoryError, ImportError)
_log = logging.getLogger(__name__)


class Work(QObject):
    """Runs jobs in a thread. Whatever a cancelled job still gives is thrown away.

    Parameters
    ----------
    parent : QObject
        Its end cancels the job.
    """

    progressed = Signal(int, int, str)
    """done, total (0 where it is not known), what"""
    ended = Signal()
    """The job is over, one way or another; emitted before its result is handed on."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._run: _Run | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a job is running."""
        return self._run is not None

    def start(
        self,
        job: Callable[[Progress], Generator[str, None, Any]],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        """Run a job; a job that is still running is cancelled first.

        Parameters
        ----------
        job : generator function
            Called in the thread with a progress callback.
        done : callable
            Called in the main thread with what the job returned.
        failed : callable
            Called in the main thread with one sentence.
        """
        self.cancel()
        run = self._run = _Run(self, job, done, failed)
        self.progressed.emit(0, 0, "starting")
        run.start()

    def cancel(self) -> None:
        """Stop waiting for the job at once; its thread ends at its next report."""
        run, self._run = self._run, None
        if run is not None:
            run.cancel()
            self.ended.emit()


class _Run(QObject):
    """One job's thread, and its way back to the main thread."""

    reported = Signal(int, int, str)

    def __init__(self, work: Work, job: Callable, done: Callable, failed: Callable) -> None:
        super().__init__(work)
        self._work, self._job, self._done, self._failed = work, job, done, failed
        self._cancelled = False
        self.reported.connect(self._on_report)
        # napari would show a traceback; ours is one sentence.
        self.worker = create_worker(self._steps, _start_thread=False, _ignore_errors=True)
        self.worker.yielded.connect(self._on_step)
        self.worker.returned.connect(self._on_return)
        self.worker.errored.connect(self._on_error)
        self.worker.finished.connect(self.deleteLater)
        work.destroyed.connect(self._abandon)

    def start(self) -> None:
        self.worker.start()

    def cancel(self) -> None:
        self._cancelled = True
        self.worker.quit()

    def _abandon(self) -> None:
        self._cancelled = True

    # -- in the thread ------------------------------------------------------------------------

    def _steps(self) -> Generator[str, None, Any]:
        try:
            return (yield from self._job(self._report))
        except Cancelled:
            return None
        except _EXPECTED as error:
            _log.info("the job failed", exc_info=True)
            return _Failure(str(error) or type(error).__name__)

    def _report(self, done: int, total: int, what: str) -> None:
        if self._cancelled:
            raise Cancelled
        self.reported.emit(done, total, what)

    # -- in the main thread -------------------------------------------------------------------

    def _on_step(self, what: str) -> None:
        self._on_report(0, 0, what)

    def _on_report(self, done: int, total: int, what: str) -> None:
        if self._is_current():
            self._work.progressed.emit(done, total, what)

    def _on_return(self, result: object) -> None:
        if not self._is_current():
            return
        self._over()
        if isinstance(result, _Failure):
            self._failed(str(result))
        else:
            self._done(result)

    def _on_error(self, error: Exception) -> None:
        _log.error("the job failed", exc_info=error)
        if self._is_current():
            self._over()
            self._failed(f"this failed unexpectedly ({type(error).__name__}: {error})")

    def _is_current(self) -> bool:
        return not self._cancelled and self._work._run is self

    def _over(self) -> None:
        self._work._run = None
        self._work.ended.emit()


class _Failure(str):
    """Why a job failed, in one sentence."""

    __slots__ = ()
