"""Estimating in threads of this process; others are in test_processes.py and test_cluster.py."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from napari_seamnet.frames import as_frame, cache, open_frame, picture
from napari_seamnet.geometry import Offset, OverlapError
from napari_seamnet.grids import Journal, SeamError, estimate_seams
from napari_seamnet.grids.errors import GridError
from napari_seamnet.layouts import Layout
from napari_seamnet.pairs import align_pair
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams.seam import Seam
from napari_seamnet.shifts import Cancelled, UnknownMethodError


def one_by_one(known, method, max_shift=8):
    return [
        align_pair(
            *(known.layout[index].frame for index in seam.pair),
            offset=seam.nominal,
            method=method,
            max_shift=max_shift,
            device="cpu",
        )
        for seam in known.seams
    ]


@pytest.mark.parametrize("workers", [1, 3])
def test_estimates_are_those_of_the_pairs_in_the_order_of_the_seams(known, agree, workers):
    seams = known.seams[::-1]
    found = estimate_seams(known.layout, seams, "smoothed", max_shift=8, workers=workers)
    assert agree(found[::-1], one_by_one(known, "smoothed"))
    right = [one.shift.distance(known.truth(n)) < 1 for n, one in enumerate(found[::-1])]
    assert np.mean(right) > 0.8


def test_a_network_gives_the_same_in_several_threads_and_in_batches(known, agree):
    seams = known.seams[:6]
    settings = {"max_shift": 6, "device": "cpu"}
    found = estimate_seams(known.layout, seams, "seamnet", workers=2, **settings)
    batches = estimate_seams(known.layout, seams, "seamnet", batch=4, **settings)
    for one, other in zip(found, batches, strict=True):
        assert one.shift.distance(other.shift) < 1e-3
        assert one.status == other.status
        np.testing.assert_allclose(one.map.values, other.map.values, atol=1e-3)


def test_no_seams_are_no_work(known):
    assert estimate_seams(known.layout, [], "smoothed") == ()


def test_files_are_read_as_arrays_are(known, files, agree):
    found = [
        estimate_seams(one.layout, one.seams, "smoothed", max_shift=6) for one in (known, files)
    ]
    assert agree(*found)


def test_progress_and_results_come_from_the_calling_thread_seam_by_seam(known, counting):
    told, results = [], {}

    def progress(done, total, what):
        assert threading.current_thread() is threading.main_thread()
        told.append((done, total, what))

    def on_result(index, estimate):
        assert threading.current_thread() is threading.main_thread()
        results[index] = estimate

    found = estimate_seams(
        known.layout, known.seams, counting(), progress=progress, on_result=on_result, workers=2
    )
    n = len(known.seams)
    assert [done for done, _, _ in told] == list(range(1, n + 1))
    assert {total for _, total, _ in told} == {n}
    assert told[0][2].startswith("chip_r0_c0 - chip_r")
    assert results == dict(enumerate(found))


def test_a_known_seam_is_not_computed_again(files, counting, tmp_path, agree):
    path = tmp_path / "a.seams.sqlite"
    first = estimate_seams(files.layout, files.seams[:5], counting(), journal=path)
    method = counting()
    second = estimate_seams(files.layout, files.seams, method, journal=path)
    assert method.n == len(files.seams) - 5
    assert agree(first, second[:5])
    method = counting()
    assert agree(second, estimate_seams(files.layout, files.seams, method, journal=path))
    assert method.n == 0


def test_an_interrupted_run_gives_what_an_uninterrupted_one_gives(files, tmp_path):
    """To the last bit, though the journal rounds maps."""
    runs = []
    for parts, name in (((len(files.seams),), "a"), ((4, 11, len(files.seams)), "b")):
        for n in parts:
            run = estimate_seams(
                files.layout, files.seams[:n], "smoothed", max_shift=5, journal=tmp_path / name
            )
        runs.append(run)
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one.map.values, other.map.values)


def test_a_setting_recomputes_only_what_it_affects_and_is_found_when_put_back(
    files, counting, tmp_path
):
    path = tmp_path / "a.seams.sqlite"

    def computed(layout=files.layout, seams=files.seams, size=1, max_shift=15):
        method = counting(size)
        estimate_seams(layout, seams, method, max_shift=max_shift, journal=path)
        return method.n

    n = len(files.seams)
    assert computed() == n
    assert computed(size=2) == n
    assert computed(max_shift=10) == n
    assert computed(size=2) == 0
    assert computed() == 0
    # One frame elsewhere: its seams only.
    moved = [
        Seam(seam.first, seam.second, Offset(seam.nominal.dy + 1, seam.nominal.dx))
        if 5 in seam.pair
        else seam
        for seam in files.seams
    ]
    assert computed(seams=moved) == 4
    assert computed(seams=files.seams[::-1]) == 0
    with Journal(path) as journal:
        assert len(journal) == 3 * n + 4


def test_changed_files_are_noticed_touched_ones_are_not_computed_again(files, counting, tmp_path):
    path = tmp_path / "a.seams.sqlite"
    estimate_seams(files.layout, files.seams, counting(), journal=path)
    frames = list(files.layout.frames)
    content = frames[5].path.read_bytes()
    time.sleep(0.01)
    frames[5].path.write_bytes(content)

    def computed():
        opened = [open_frame(frame.path) for frame in frames]
        method = counting()
        layout = Layout.of_frames(opened, files.layout.positions)
        estimate_seams(layout, files.seams, method, journal=path)
        return method.n

    assert computed() == 0
    frames[5].path.write_bytes(frames[6].path.read_bytes())
    assert computed() == 4
    frames[5].path.write_bytes(content)
    assert computed() == 0


def test_a_grid_larger_than_the_memory_is_decoded_once(files, monkeypatch, counting):
    decoded = []
    real = picture.PictureSource._decode

    def counted(source):
        decoded.append(source.path.name)
        return real(source)

    monkeypatch.setattr(picture.PictureSource, "_decode", counted)
    monkeypatch.setattr(picture, "decoded", cache.DecodedCache(2 * 160 * 160))
    estimate_seams(files.layout, files.seams, counting(), workers=2)
    assert len(decoded) <= 1.1 * len(files.layout)
    assert set(decoded) == {site.name for site in files.layout}


def test_few_seams_are_in_memory_at_a_time(known, counting):
    going = threading.Event()
    open_now, most = [], []

    def at_each(n, progress):
        open_now.append(n)
        most.append(len(open_now))
        time.sleep(0.002)
        open_now.pop()

    method = counting(at_each=at_each)
    read = []

    class Watched:
        def __init__(self, array):
            self.array, self.shape, self.dtype = array, array.shape, array.dtype

        def __getitem__(self, index):
            read.append(method.n)
            return self.array[index]

    frames = [as_frame(Watched(frame.read()), frame.name) for frame in known.layout.frames]
    layout = Layout.of_frames(frames, known.layout.positions)
    estimate_seams(layout, known.seams, method, workers=1)
    going.set()
    assert max(most) == 1
    # The last frame is read only when most seams are done: four may be under way.
    assert read[-1] >= len(known.seams) - 6


def test_what_progress_raises_stops_soon_and_keeps_what_is_finished(files, counting, tmp_path):
    def progress(done, total, what):
        if done >= 4:
            raise Cancelled

    method = counting()
    with pytest.raises(Cancelled):
        estimate_seams(
            files.layout,
            files.seams,
            method,
            workers=1,
            progress=progress,
            journal=tmp_path / "a.seams.sqlite",
        )
    with Journal(tmp_path / "a.seams.sqlite") as journal:
        kept = len(journal)
    assert 4 <= kept <= method.n <= 10
    again = counting()
    estimate_seams(files.layout, files.seams, again, journal=tmp_path / "a.seams.sqlite")
    assert again.n == len(files.seams) - kept
    assert not [t for t in threading.enumerate() if t.name.startswith(("seams", "reading"))]


def test_a_long_seam_is_stopped_at_its_next_step(known, counting):
    started = threading.Event()

    def at_each(n, progress):
        started.set()
        for step in range(1000):
            time.sleep(0.01)
            progress(step, 1000, "slow")

    def stop(done, total, what):
        if started.is_set():
            raise Cancelled

    start = time.perf_counter()
    with pytest.raises(Cancelled):
        estimate_seams(known.layout, known.seams, counting(at_each=at_each), progress=stop)
    assert time.perf_counter() - start < 2


def test_a_file_damaged_later_on_is_named_and_the_others_are_kept(files, counting, tmp_path):
    path = files.layout[5].frame.path
    path.write_bytes(path.read_bytes()[:3000])
    layout = Layout.of_frames(
        [open_frame(frame.path) for frame in files.layout.frames], files.layout.positions
    )
    with pytest.raises(
        SeamError, match=r"^seam chip_r0_c1\.png - chip_r1_c1\.png: .*chip_r1_c1\.png cannot be"
    ) as told:
        estimate_seams(layout, files.seams, counting(), journal=tmp_path / "a.seams.sqlite")
    assert f"the other {len(files.seams) - 4} are in the journal" in str(told.value)
    assert "so do the seams chip_r1_c0.png - chip_r1_c1.png" in str(told.value)
    with Journal(tmp_path / "a.seams.sqlite") as journal:
        assert len(journal) == len(files.seams) - 4
    with pytest.raises(SeamError, match=r"chip_r1_c1\.png cannot be read"):
        estimate_seams(layout, files.seams, counting())


def test_a_methods_own_error_comes_as_it_is(known, counting):
    def fail(n, progress):
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        estimate_seams(known.layout, known.seams, counting(at_each=fail))


def test_wrong_questions_are_refused_before_any_work(known):
    layout, seams = known.layout, known.seams
    with pytest.raises(UnknownMethodError, match="there is no method 'magic'"):
        estimate_seams(layout, seams, "magic")
    with pytest.raises(ValueError, match="from 1 on, not 0"):
        estimate_seams(layout, seams, max_shift=0)
    with pytest.raises(GridError, match="threads or processes"):
        estimate_seams(layout, seams, executor="fibres")
    with pytest.raises(GridError, match="workers is at least 1, not 0"):
        estimate_seams(layout, seams, workers=0)
    with pytest.raises(OverlapError, match="do not overlap"):
        estimate_seams(layout, [Seam(0, 1, Offset(0, 500))], "smoothed")


def test_blank_frames_are_undetermined_not_an_error():
    grid = chip_grid(1, 2, size=120, overlap=40, jitter=2)
    frames = [grid.frames[0], as_frame(np.full((120, 120), 7, np.uint8))]
    layout = Layout.of_frames(frames, grid.nominal)
    (found,) = estimate_seams(layout, [Seam(0, 1, Offset(0, 80))], "smoothed")
    assert found.status == "undetermined"


def test_grids_load_neither_torch_nor_distributed_before_they_are_asked_for():
    code = "import napari_seamnet.grids, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"torch", "distributed", "napari", "qtpy"}.isdisjoint(loaded)
    assert "napari_seamnet.grids.estimate" in loaded
