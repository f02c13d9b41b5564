"""Work in the background: results, progress, cancelling, failures."""

import threading
import time

import pytest
from qtpy.QtCore import QObject

from napari_seamnet.shifts import Cancelled
from napari_seamnet.widgets._work import Work


@pytest.fixture
def parent(qapp):
    return QObject()


@pytest.fixture
def work(parent):
    return Work(parent)


class Heard:
    """What came back from a job."""

    def __init__(self):
        self.results, self.failures = [], []

    def start(self, work, job):
        work.start(job, self.results.append, self.failures.append)


def test_a_result_and_all_reports_come_back_to_the_main_thread(work, qtbot):
    def job(progress):
        yield "loading"
        where.append(threading.current_thread())
        progress(1, 3, "halfway")
        return 42

    where, reports, heard = [], [], Heard()
    work.progressed.connect(lambda *report: reports.append(report))
    with qtbot.waitSignal(work.ended, timeout=5000):
        heard.start(work, job)
        assert work.is_busy
    qtbot.wait(20)
    assert heard.results == [42]
    assert reports == [(0, 0, "starting"), (0, 0, "loading"), (1, 3, "halfway")]
    assert where != [threading.main_thread()]
    assert not work.is_busy


def test_cancelling_raises_in_the_job_and_frees_the_caller_at_once(work, qtbot):
    def job(progress):
        yield "on and on"
        try:
            for step in range(1000):
                progress(step, 1000, "step")
                time.sleep(0.005)
        except Cancelled:
            stopped.set()
            raise
        return "too late"

    stopped, heard = threading.Event(), Heard()
    heard.start(work, job)
    qtbot.wait(60)
    work.cancel()
    assert not work.is_busy
    assert stopped.wait(5)
    qtbot.wait(50)
    assert (heard.results, heard.failures) == ([], [])


def test_a_new_job_takes_over_from_the_one_before(work, qtbot):
    def slow(progress):
        yield "slow"
        release.wait(5)
        return "old"

    def quick(progress):
        yield "quick"
        return "new"

    release, heard = threading.Event(), Heard()
    heard.start(work, slow)
    qtbot.wait(30)
    heard.start(work, quick)
    qtbot.waitUntil(lambda: heard.results == ["new"], timeout=5000)
    release.set()
    qtbot.wait(100)
    assert heard.results == ["new"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("the overlap is empty; give a larger one"), "the overlap is empty; give a"),
        (RuntimeError("CUDA is out of sorts"), "CUDA is out of sorts"),
        (MemoryError(), "MemoryError"),
        (KeyError("gone"), "unexpectedly (KeyError: 'gone')"),
    ],
)
def test_a_failure_is_told_in_words(work, qtbot, error, said):
    def job(progress):
        yield "trying"
        raise error

    heard = Heard()
    with qtbot.waitSignal(work.ended, timeout=5000):
        heard.start(work, job)
    qtbot.wait(20)
    assert heard.results == []
    assert said in heard.failures[0]


def test_the_end_of_the_parent_ends_the_job(qtbot):
    def job(progress):
        yield "on and on"
        try:
            while True:
                progress(0, 0, "step")
                time.sleep(0.005)
        finally:
            stopped.set()

    stopped, parent = threading.Event(), QObject()
    work = Work(parent)
    work.start(job, lambda result: None, lambda error: None)
    qtbot.wait(50)
    with qtbot.waitSignal(work.destroyed):
        parent.deleteLater()
    assert stopped.wait(5)
