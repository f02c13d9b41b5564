"""Locks: one at a time, and none left by the dead."""

import errno
import os
import subprocess
import sys
import threading

import pytest

from napari_seamnet import locking
from napari_seamnet.locking import LockedError, check_no_run, only_run


def test_a_second_run_is_refused_and_told_what_to_do(tmp_path):
    place, lock = tmp_path / "tiles", tmp_path / ".lock"
    with (
        only_run(place, lock),
        pytest.raises(LockedError, match=r"writing to .*tiles now; wait until it has ended"),
        only_run(place, lock),
    ):
        pytest.fail("two at once")


@pytest.mark.parametrize("stop", [None, ValueError, KeyboardInterrupt])
def test_when_the_first_has_ended_however_the_next_may_run_and_nothing_is_left(tmp_path, stop):
    lock = tmp_path / ".lock"

    def run(stop=None):
        with only_run(tmp_path / "tiles", lock):
            assert lock.exists()
            if stop:
                raise stop

    if stop:
        with pytest.raises(stop):
            run(stop)
    else:
        run()
    assert not lock.exists()
    run()
    assert not lock.exists()


def test_of_many_that_come_and_go_never_two_are_in_at_once(tmp_path):
    inside, most, turns = [], [], []

    def come_and_go():
        for _ in range(300):
            try:
                with only_run(tmp_path / "tiles", tmp_path / ".lock"):
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
                turns.append(1)
            except LockedError:
                continue

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert turns
    assert max(most) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_killed_run_holds_nothing(tmp_path):
    lock = tmp_path / ".lock"
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from napari_seamnet.locking import only_run\n"
        "with only_run(Path('x'), Path(sys.argv[1])):\n"
        "    print('in', flush=True)\n    time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code, lock], stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "in\n"
    with pytest.raises(LockedError), only_run(tmp_path / "tiles", lock):
        pytest.fail("two at once")
    run.kill()
    run.communicate()
    assert lock.exists()  # else nothing is shown by what follows
    with only_run(tmp_path / "tiles", lock):
        pass
    assert not lock.exists()


def test_a_reader_learns_of_a_run_and_neither_makes_nor_removes_a_lock(tmp_path):
    lock = tmp_path / ".lock"
    check_no_run(tmp_path / "tiles", lock)
    assert not lock.exists()
    with only_run(tmp_path / "tiles", lock):
        with pytest.raises(LockedError, match=r"writing to .*tiles now; wait until it has ended"):
            check_no_run(tmp_path / "tiles", lock)
        assert lock.exists()
    lock.touch()  # as a killed run leaves it
    for _ in range(2):
        check_no_run(tmp_path / "tiles", lock)
    assert lock.exists()
    with only_run(tmp_path / "tiles", lock):  # having looked, it holds nothing
        pass


def test_on_a_drive_without_locks_the_work_is_done_all_the_same(tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locking, "_lock", refuse)
    with only_run(tmp_path / "tiles", tmp_path / ".lock"):
        check_no_run(tmp_path / "tiles", tmp_path / ".lock")
    assert not (tmp_path / ".lock").exists()
