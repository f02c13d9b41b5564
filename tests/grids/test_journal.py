import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.grids import journal as module
from napari_seamnet.grids.errors import JournalError
from napari_seamnet.grids.journal import Journal
from napari_seamnet.shifts.estimate import Estimate, ShiftMap, Status


def estimate(value=1.5):
    values = np.random.default_rng(0).normal(size=(5, 5))
    shift_map = ShiftMap(values, "log-probability")
    return Estimate(Shift(value, -value), Status.CERTAIN, 0.999, (), shift_map, "seamnet")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "grid.seams.sqlite"


def test_what_was_put_is_there_when_the_journal_is_opened_again(path):
    with Journal(path) as journal:
        assert journal.get("a") is None
        journal.put("a", estimate(0.1), names=("one.png", "two.png"), seconds=0.5)
        journal.put("b", estimate(0.2))
        journal.put("a", estimate(0.3))
        assert len(journal) == 2
    with Journal(path) as journal:
        assert journal.get("a").shift == Shift(0.3, -0.3)
        assert "b" in journal
        assert "c" not in journal
        assert journal.keys() == {"a", "b"}
    assert not path.with_name(path.name + "-wal").exists()


def test_a_seams_notes_say_who_when_and_how_long(path):
    with Journal(path) as journal:
        journal.put("a", estimate(), names=("one.png", "two.png"), seconds=0.5)
        about = journal.about("a")
        assert (about["first"], about["second"], about["seconds"]) == ("one.png", "two.png", 0.5)
        assert about["date"].endswith("+00:00")
        assert journal.about("b") is None


def test_others_can_look_while_it_is_written(path):
    with Journal(path) as writer:
        writer.put("a", estimate())
        with Journal(path, read_only=True) as reader:
            writer.put("b", estimate())
            assert len(reader) == 2
            with pytest.raises(JournalError, match="cannot be read"):
                reader.put("c", estimate())


def test_pruning_forgets_all_but_what_is_kept_and_gives_the_space_back(path):
    with Journal(path) as journal:
        for n in range(300):
            journal.put(f"k{n}", estimate(float(n)))
        journal.compact()
        before = path.stat().st_size
        assert journal.prune({"k7", "other"}) == 299
        assert journal.keys() == {"k7"}
        assert journal.get("k7").shift.dy == 7
    assert path.stat().st_size < before / 3


def test_threads_share_a_journal(path):
    with Journal(path) as journal:

        def work(name):
            for n in range(20):
                journal.put(f"{name}{n}", estimate(float(n)))
                assert journal.get(f"{name}{n}").shift.dy == n

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(journal) == 80


WRITER = """
import sys
from napari_seamnet.geometry import Shift
from napari_seamnet.grids.journal import Journal
from napari_seamnet.shifts.estimate import Estimate, Status
with Journal(sys.argv[1]) as journal:
    print("ready", flush=True)
    for n in range(150):
        shift = Shift(float(n), 0.0)
        journal.put(f"{sys.argv[2]}{n}", Estimate(shift, Status.DOUBTFUL, 0.5))
        journal.put("both", Estimate(shift, Status.DOUBTFUL, 0.5))
"""


def test_two_processes_write_one_journal(path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with Journal(path) as journal:
        assert len(journal) == 301
        assert journal.get("both").shift.dy == 149
        assert whole(path)


def test_a_journal_that_another_process_is_just_making_is_no_stranger(path, monkeypatch):
    """Between looking whose it is and looking for tables, another process makes them."""
    look, made = Journal._pragma, []

    def slow_look(self, name):
        found = look(self, name)
        if name == "user_version" and not made:
            made.append(True)
            other = sqlite3.connect(path, isolation_level=None, timeout=0.1)
            try:
                other.execute("CREATE TABLE seams (key TEXT)")
            except sqlite3.OperationalError:
                made.append("had to wait")
            other.close()
        return found

    monkeypatch.setattr(Journal, "_pragma", slow_look)
    with Journal(path) as journal:
        assert len(journal) == 0
    assert made == [True, "had to wait"]


def whole(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        connection.close()


def test_a_journal_that_another_process_holds_is_waited_for_then_named(path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with Journal(path) as journal:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match=r"grid.*another process has been writing.*name"):
            journal.put("a", estimate())
        other.execute("COMMIT")
        other.close()
        journal.put("a", estimate())


def test_a_database_of_another_program_is_left_alone(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"grid.*of another program.*another name"):
        Journal(path)
    assert path.read_bytes() == before


def test_a_newer_journal_is_left_alone(path):
    Journal(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(JournalError, match=r"version 99.*knows 1.*update"):
        Journal(path)


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"x" * 4000])
def test_a_file_that_is_none_is_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"grid.*move it away"):
        Journal(path)
    assert path.read_bytes() == content


def test_a_damaged_journal_is_told_and_kept(path):
    with Journal(path) as journal:
        for n in range(200):
            journal.put(f"k{n}", estimate())
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = b"\x55" * (len(content) // 2 - 4096)
    path.write_bytes(content)

    def read_all():
        with Journal(path) as journal:
            return [journal.get(f"k{n}") for n in range(200)]

    with pytest.raises(JournalError, match=r"grid.*damaged.*move it away"):
        read_all()
    assert path.is_file()


def test_places_where_none_can_be_are_named(tmp_path):
    with pytest.raises(JournalError, match="no folder"):
        Journal(tmp_path / "nowhere" / "a.seams.sqlite")
    with pytest.raises(JournalError, match="is a folder"):
        Journal(tmp_path)
    with pytest.raises(JournalError, match="there is no journal"):
        Journal(tmp_path / "a", read_only=True)


def test_a_closed_journal_says_so(path):
    journal = Journal(path)
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.get("a")
