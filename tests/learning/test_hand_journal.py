"""Lines on the disk: what a reader finds, and what it passes over."""

import multiprocessing
import os

import pytest

from napari_seamnet.learning.hand_journal import HandFileError, append, read_journal


def test_lines_keep_their_numbers_and_torn_ones_are_counted(tmp_path):
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": \n\n{"n": "\xc3\n\0\0\0{"n": 4}\r\n{"n": 5}')
    journal = read_journal(path)
    assert journal.lines == ((1, {"n": 1}), (5, {"n": 4}), (6, {"n": 5}))
    assert journal.torn == (2, 4)


def test_a_line_that_no_crash_makes_is_refused(tmp_path):
    path = tmp_path / "j.jsonl"
    path.write_text('{"n": 1}\n[1, 2]\n')
    with pytest.raises(HandFileError, match=r"j\.jsonl line 2 is .*not a JSON object"):
        read_journal(path)


def test_nothing_to_append_makes_no_file(tmp_path):
    append(tmp_path / "j.jsonl", [])
    assert not (tmp_path / "j.jsonl").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(HandFileError, match=r"none.j\.jsonl cannot be written: No such file"):
        append(tmp_path / "none" / "j.jsonl", [{"n": 1}])


@pytest.mark.skipif(os.name != "posix" or not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_told():
    from pathlib import Path

    with pytest.raises(HandFileError, match="cannot be written: No space left"):
        append(Path("/dev/full"), [{"n": 1}])


def _append_many(path, name):
    for n in range(30):
        append(path, [{"who": name, "n": n, "text": "x" * 3000}])


def test_lines_of_two_programs_do_not_mix(tmp_path):
    path = tmp_path / "j.jsonl"
    fresh = multiprocessing.get_context("spawn")
    programs = [fresh.Process(target=_append_many, args=(path, who)) for who in "ab"]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
        assert program.exitcode == 0
    journal = read_journal(path)
    assert journal.torn == ()
    for who in "ab":
        assert [line["n"] for _, line in journal.lines if line["who"] == who] == [*range(30)]
