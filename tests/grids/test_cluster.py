"""On a real dask cluster of worker processes on this machine."""

import os
import signal
import sys

import pytest

from napari_seamnet.grids import ClusterError, Journal, SeamError, estimate_seams
from napari_seamnet.shifts import Cancelled

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path_factory.mktemp("dask")),
        silence_logs=50,
    ) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        yield client


@pytest.fixture
def serial(files):
    return estimate_seams(files.layout, files.seams, "smoothed", max_shift=6)


def test_a_cluster_gives_the_same_for_files_and_for_arrays(files, known, cluster, serial, agree):
    for grid in (files, known):
        found = estimate_seams(
            grid.layout,
            grid.seams,
            "smoothed",
            max_shift=6,
            scheduler=cluster.scheduler_address,
        )
        assert agree(found, serial)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_worker_killed_mid_run_changes_nothing(files, client, serial, agree, tmp_path):
    pids = client.run(os.getpid)
    killed = []

    def on_result(index, estimate):
        if len(killed) == 0 and index is not None:
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    found = estimate_seams(
        files.layout,
        files.seams,
        "smoothed",
        max_shift=6,
        client=client,
        on_result=on_result,
        journal=tmp_path / "a.seams.sqlite",
    )
    assert killed
    assert agree(found, serial)
    with Journal(tmp_path / "a.seams.sqlite") as journal:
        assert len(journal) == len(files.seams)
    assert client.submit(sum, [1, 2]).result() == 3  # a client that was lent stays open


def test_cancelling_leaves_the_cluster_idle(files, client):
    def progress(done, total, what):
        if done >= 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        estimate_seams(files.layout, files.seams, "smoothed", client=client, progress=progress)
    assert not client.futures


def test_seams_that_someone_else_cancels_are_told(files, client):
    def on_result(index, estimate):
        client.cancel([distributed.Future(key, client) for key in client.futures], force=True)

    with pytest.raises(ClusterError, match=r"scheduler has gone, or has cancelled the seams"):
        estimate_seams(files.layout, files.seams, "smoothed", client=client, on_result=on_result)


def test_a_file_that_a_worker_cannot_read_is_named(files, client, tmp_path):
    path = files.layout[0].frame.path
    path.rename(path.with_suffix(".gone"))
    with pytest.raises(SeamError, match=r"chip_r0_c0\.png: there is no such file"):
        estimate_seams(files.layout, files.seams[:2], "smoothed", client=client)


def test_a_scheduler_that_is_not_there_is_named(files, monkeypatch):
    monkeypatch.setattr("napari_seamnet.grids.cluster.CONNECT_S", 0.2)
    with pytest.raises(ClusterError, match=r"no dask scheduler answers at tcp://127.0.0.1:1"):
        estimate_seams(files.layout, files.seams, "smoothed", scheduler="tcp://127.0.0.1:1")


def test_without_distributed_the_way_to_it_is_told(files, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"needs the package `distributed`.*\[dask\]"):
        estimate_seams(files.layout, files.seams, "smoothed", scheduler="tcp://127.0.0.1:1")
