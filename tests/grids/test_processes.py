import importlib
import os
import signal
import sys

import pytest

from napari_seamnet.frames import open_frame
from napari_seamnet.grids import GridError, Journal, SeamError, estimate_seams
from napari_seamnet.grids import runners as module
from napari_seamnet.layouts import Layout
from napari_seamnet.shifts import Cancelled


@pytest.fixture
def processes(monkeypatch):
    """Remembers the worker processes, to look at them and to kill them."""
    pools = []
    real = module.ProcessRunner._pool

    def remembered(runner):
        pools.append(real(runner))
        return pools[-1]

    monkeypatch.setattr(module.ProcessRunner, "_pool", remembered)
    return lambda: [pid for pool in pools for pid in (pool._processes or {})]


def test_processes_give_the_same_for_files_and_for_arrays(known, files, agree):
    serial = estimate_seams(known.layout, known.seams, "smoothed", max_shift=6)
    mixed = Layout.of_frames(
        [*files.layout.frames[:6], *known.layout.frames[6:]], known.layout.positions
    )
    found = estimate_seams(
        mixed, known.seams, "smoothed", max_shift=6, executor="processes", workers=2
    )
    assert agree(found, serial)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_process_costs_nothing_but_time(files, agree, processes, tmp_path):
    killed = []

    def on_result(index, estimate):
        if not killed:
            killed.append(processes()[0])
            os.kill(killed[0], signal.SIGKILL)

    found = estimate_seams(
        files.layout,
        files.seams,
        "smoothed",
        max_shift=6,
        executor="processes",
        workers=2,
        on_result=on_result,
        journal=tmp_path / "a.seams.sqlite",
    )
    assert killed
    assert agree(found, estimate_seams(files.layout, files.seams, "smoothed", max_shift=6))


DEADLY = """
import os

class Deadly:
    name = "deadly"
    wants_margin = False

    def estimate(self, overlap, *, max_shift=15, progress=None):
        os._exit(1)
"""


def test_a_seam_that_kills_each_worker_is_given_up(files, monkeypatch, tmp_path):
    (tmp_path / "deadly_method.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "DEATHS", 2)
    method = importlib.import_module("deadly_method").Deadly()
    with pytest.raises(GridError, match=r"died 2 times at the same seam.*__main__"):
        estimate_seams(files.layout, files.seams[:1], method, executor="processes")


def test_cancelling_ends_the_processes(files, processes, tmp_path):
    pids = []

    def progress(done, total, what):
        if done >= 3:
            pids.extend(processes())
            raise Cancelled

    with pytest.raises(Cancelled):
        estimate_seams(
            files.layout,
            files.seams,
            "smoothed",
            executor="processes",
            workers=1,
            progress=progress,
            journal=tmp_path / "a.seams.sqlite",
        )
    with Journal(tmp_path / "a.seams.sqlite") as journal:
        assert len(journal) == 3
    assert pids
    for pid in pids:
        with pytest.raises(OSError):  # noqa: PT011
            os.kill(pid, 0)


def test_a_damaged_file_is_named_by_the_worker_that_reads_it(files, tmp_path):
    path = files.layout[0].frame.path
    path.write_bytes(path.read_bytes()[:3000])
    layout = Layout.of_frames(
        [open_frame(frame.path) for frame in files.layout.frames], files.layout.positions
    )
    with pytest.raises(SeamError, match=r"chip_r0_c0\.png cannot be read"):
        estimate_seams(
            layout,
            files.seams[:3],
            "smoothed",
            executor="processes",
            workers=1,
            journal=tmp_path / "a.seams.sqlite",
        )
