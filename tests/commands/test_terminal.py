import re

import pytest

from napari_seamnet.commands import terminal


def test_where_there_is_no_terminal_a_line_says_now_and_then_how_far_it_is(capsys, monkeypatch):
    now = 100.0
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now)
    with terminal.progress_bar("estimating") as progress:
        for done in range(0, 400, 10):
            now += 1
            progress(done, 400, "r0_c0 - r0_c1")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert re.fullmatch(r"estimating: \d+ of 400, \d+ s left", lines[0])
    assert [int(line.split()[1]) for line in lines] == [90, 190, 290, 390]


@pytest.mark.parametrize(("seconds", "said"), [(1, ", 15 s left"), (20, ", 5 min left")])
def test_the_time_left_is_in_seconds_or_minutes(capsys, monkeypatch, seconds, said):
    now = 0.0
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now)
    with terminal.progress_bar("solving") as progress:
        for done in range(1, 16):
            now += seconds
            progress(done, 30, "")
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("solving: ")
    assert said.split()[-2:] == last.split()[-2:]


def test_a_second_pass_has_a_time_of_its_own(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now)
    with terminal.progress_bar("solving") as progress:
        for done in range(1, 11):
            now += 100
            progress(done, 10, "")
        for done in range(1, 11):
            now += 2
            progress(done, 10, "")
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == ["solving: 5 of 10, 8 s left", "solving: 10 of 10, 0 s left"]


def test_quick_work_says_nothing_there(capsys):
    with terminal.progress_bar("solving") as progress:
        for done in range(100):
            progress(done, 100, "")
    assert capsys.readouterr().err == ""
