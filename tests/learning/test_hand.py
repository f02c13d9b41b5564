"""Decisions in a file: what is recorded is what is read, whatever happens in between."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet import __version__
from napari_seamnet.frames import FrameError, FrameNotFoundError, as_frame, open_frame
from napari_seamnet.geometry import Offset, OverlapError, Shift, Side
from napari_seamnet.learning.hand import (
    Decided,
    FrameFile,
    HandAlignment,
    HandFileError,
    annotate,
    correct,
    delete,
    find,
    open_frames,
    overlap_of,
    read_decisions,
    read_hand,
    record,
    record_frames,
)
from napari_seamnet.learning.hand_alignment import from_line, to_line

SCENE = np.random.default_rng(1).integers(0, 256, (120, 160), np.uint8)
NOMINAL, SHIFT = Offset(0, 50), Shift(2, -3)
"""Of the second of two frames of 60 x 70 px; the true offset is (2, 47)."""


def arrays():
    return SCENE[20:80, 10:80], SCENE[22:82, 57:127]


@pytest.fixture
def frames(tmp_path):
    """Two frames with files in tmp_path / "frames"."""
    (tmp_path / "frames").mkdir()
    paths = [tmp_path / "frames" / f"{name}.tif" for name in ("r0_c0", "r0_c1")]
    for path, pixels in zip(paths, arrays(), strict=True):
        tifffile.imwrite(path, pixels)
    return tuple(open_frame(path) for path in paths)


@pytest.fixture
def one(frames):
    return HandAlignment.make(*frames, NOMINAL, SHIFT, Decided.HAND, "first try")


# ---- the noun --------------------------------------------------------------------------------


def test_a_decision_knows_its_frames_its_side_and_when_it_was_made(one, frames):
    assert one.name == "r0_c0 - r0_c1"
    assert (one.side, one.overlap) == (Side.RIGHT, 20)
    assert one.offset == Offset(2, 47)
    assert one.first.shape == (60, 70)
    assert one.first.path == frames[0].path
    assert one.version == __version__
    assert one.time.endswith("+00:00")


@pytest.mark.parametrize(
    ("nominal", "side", "overlap"),
    [
        (Offset(-3, 50), Side.RIGHT, 20),
        (Offset(3, -58), Side.LEFT, 12),
        (Offset(45, 2), Side.BELOW, 15),
        (Offset(-40, 0), Side.ABOVE, 20),
    ],
)
def test_side_and_overlap_follow_from_the_nominal_offset(frames, nominal, side, overlap):
    one = HandAlignment.make(*frames, nominal, Shift(0, 0), Decided.HAND)
    assert (one.side, one.overlap) == (side, overlap)


def test_a_nominal_offset_between_pixels_is_refused(frames):
    with pytest.raises(ValueError, match=r"whole px, not \(0, 50\.5\)"):
        HandAlignment.make(*frames, Offset(0, 50.5), SHIFT, Decided.HAND)


@pytest.mark.parametrize("shift", [Shift(0, 20), Shift(60, 0)])
def test_a_decision_without_any_overlap_is_refused(frames, shift):
    with pytest.raises(OverlapError, match="do not overlap"):
        HandAlignment.make(*frames, NOMINAL, shift, Decided.HAND)


def test_a_frame_without_a_file_needs_to_be_saved(frames):
    with pytest.raises(HandFileError, match=r"layer comes from no file; .*record_frames"):
        HandAlignment.make(frames[0], as_frame(SCENE, "layer"), NOMINAL, SHIFT, Decided.HAND)


@given(
    dy=st.integers(-30, 30),
    dx=st.integers(-30, 30),
    shift=st.tuples(*[st.floats(-25, 25)] * 2),
    decided=st.sampled_from(Decided),
    note=st.text(),
    page=st.none() | st.integers(0, 9),
    inside=st.booleans(),
)
def test_a_line_says_every_decision_exactly(
    tmp_path_factory, dy, dx, shift, decided, note, page, inside
):
    folder = tmp_path_factory.getbasetemp()
    files = [
        FrameFile(where / f"{name}.tif", page, digit * 64, (100, 100))
        for where, name, digit in (
            (folder if inside else folder.parent / "other", "é 1", "a"),
            (folder, "b", "0"),
        )
    ]
    one = HandAlignment.of_files(files, Offset(dy, dx), Shift(*shift), decided, note)
    assert from_line(json.loads(json.dumps(to_line(one, folder))), folder) == one


# ---- record and read -------------------------------------------------------------------------


def test_what_was_recorded_is_read_again(one, tmp_path):
    other = replace(one, id="other", decided=Decided.CONFIRMED)
    record(tmp_path / "hand.jsonl", one)
    record(tmp_path / "hand.jsonl", other)
    assert read_hand(tmp_path / "hand.jsonl") == [one, other]
    assert (tmp_path / "hand.jsonl").read_bytes().count(b"\n") == 2


def test_a_folder_can_be_moved_with_its_frames(one, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "frames").rename(tmp_path / "here" / "frames")
    inside = tmp_path / "here" / "frames"
    moved = replace(
        one,
        first=replace(one.first, path=inside / "r0_c0.tif"),
        second=replace(one.second, path=inside / "r0_c1.tif"),
    )
    record(tmp_path / "here" / "hand.jsonl", moved)
    (tmp_path / "here").rename(tmp_path / "there")
    [again] = read_hand(tmp_path / "there" / "hand.jsonl")
    assert again.first.path == tmp_path / "there" / "frames" / "r0_c0.tif"
    np.testing.assert_array_equal(open_frames(again)[1].read(), arrays()[1])


def test_frames_elsewhere_are_named_absolutely(one, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    record(tmp_path / "elsewhere" / "hand.jsonl", one)
    line = json.loads((tmp_path / "elsewhere" / "hand.jsonl").read_text())
    assert line["first"]["file"] == (tmp_path / "frames" / "r0_c0.tif").as_posix()


def test_a_file_named_relative_to_the_current_folder_does(one, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record("hand.jsonl", one)
    assert json.loads((tmp_path / "hand.jsonl").read_text())["first"]["file"] == "frames/r0_c0.tif"
    assert read_hand("hand.jsonl") == [one]


def test_a_file_that_is_not_there_or_not_ours_is_named(tmp_path):
    with pytest.raises(HandFileError, match=r"none\.jsonl: there is no such file"):
        read_hand(tmp_path / "none.jsonl")
    (tmp_path / "pairs.csv").write_text("first,second\na,b\n")
    with pytest.raises(HandFileError, match=r"pairs\.csv line 1 is no line of hand alignments"):
        read_hand(tmp_path / "pairs.csv")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("decided", "fate", "fate"),
        ("shift", [1, None], "NoneType"),
        ("nominal", [0.5, 1], "whole px"),
        ("first", {"file": "a.tif"}, "shape"),
        ("time", "yesterday", "yesterday"),
    ],
)
def test_a_whole_line_with_a_wrong_value_is_named(one, tmp_path, key, value, said):
    line = to_line(one, tmp_path) | {key: value}
    (tmp_path / "hand.jsonl").write_text(json.dumps(line) + "\n")
    where = r"hand\.jsonl line 1 is no hand alignment: .*"
    with pytest.raises(HandFileError, match=where + said):
        read_hand(tmp_path / "hand.jsonl")


# ---- crashes ---------------------------------------------------------------------------------


def test_a_line_torn_at_any_byte_costs_itself_alone(one, tmp_path):
    path = tmp_path / "hand.jsonl"
    first, torn, after = (replace(one, id=name, note="µm") for name in ("first", "torn", "after"))
    record(path, first)
    start = path.stat().st_size
    record(path, torn)
    content = path.read_bytes()
    for end in range(start, len(content)):
        path.write_bytes(content[:end])
        # Without its newline only, a line is whole: nothing of the decision is missing.
        whole = [first, torn] if end == len(content) - 1 else [first]
        assert read_hand(path) == whole, end
        record(path, after)
        assert read_hand(path) == [*whole, after], end
        record(path, torn)  # said again, it stands
        assert {other.id for other in read_hand(path)} == {"first", "torn", "after"}


def test_zeros_at_the_end_as_a_power_cut_leaves_them_cost_nothing_else(one, tmp_path):
    path = tmp_path / "hand.jsonl"
    record(path, one)
    with path.open("ab") as file:
        file.write(b'{"id": "lost"' + bytes(300))
    other = replace(one, id="other")
    record(path, other)
    assert read_hand(path) == [one, other]


RECORD_FOR_EVER = """
import sys
from dataclasses import replace
from pathlib import Path
from napari_seamnet.learning.hand import read_hand, record
path = Path(sys.argv[1])
[one] = read_hand(path)
n = 0
while True:
    record(path, replace(one, id=f"n{n}", note="x" * 5000))
    print(n, flush=True)
    n += 1
"""


def test_a_process_killed_while_recording_loses_nothing_that_it_had_recorded(one, tmp_path):
    path = tmp_path / "hand.jsonl"
    record(path, one)
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    said = [process.stdout.readline() for _ in range(25)]
    process.kill()
    said += process.stdout.readlines()
    assert process.wait() == -signal.SIGKILL
    last = max(int(number) for number in said if number.endswith("\n"))
    other = replace(one, id="afterwards")
    record(path, other)
    found = [each.id for each in read_hand(path)]
    assert found[: last + 2] == [one.id, *(f"n{n}" for n in range(last + 1))]
    assert len(found) <= last + 4  # at most the line in flight besides
    assert found[-1] == "afterwards"


# ---- frames ----------------------------------------------------------------------------------


def test_frames_without_a_file_are_saved_beside_it(tmp_path):
    first, second = arrays()
    colour = np.stack([second, second // 2, 255 - second], axis=-1)
    frames = as_frame(first, "left layer"), as_frame(da.from_array(colour), "a/b: c")
    one = record_frames(
        tmp_path / "hand.jsonl", *frames, NOMINAL, SHIFT, Decided.CONFIRMED, "by eye"
    )
    assert read_hand(tmp_path / "hand.jsonl") == [one]
    assert (one.note, one.decided) == ("by eye", Decided.CONFIRMED)
    again = open_frames(one)
    assert {frame.path.parent for frame in again} == {tmp_path / "hand_frames"}
    for frame, pixels in zip(again, (first, colour), strict=True):
        np.testing.assert_array_equal(frame.read(), pixels)


def test_frames_with_a_file_stay_where_they_are(frames, tmp_path):
    one = record_frames(tmp_path / "hand.jsonl", *frames, NOMINAL, SHIFT, Decided.HAND)
    assert [one.first.path, one.second.path] == [frame.path for frame in frames]
    assert not (tmp_path / "hand_frames").exists()


def test_a_changed_frame_is_told_when_it_is_opened(one):
    tifffile.imwrite(one.second.path, 255 - arrays()[1])
    with pytest.raises(HandFileError, match=r"r0_c1\.tif has changed since"):
        open_frames(one)


def test_a_missing_frame_is_told_when_it_is_opened(one):
    one.first.path.unlink()
    with pytest.raises(FrameNotFoundError, match=r"r0_c0\.tif"):
        open_frames(one)
    assert issubclass(FrameNotFoundError, FrameError)


@pytest.mark.parametrize("margin", [0, 6])
def test_the_overlap_is_cut_where_the_person_put_the_frame(one, margin):
    fraction = replace(one, shift=Shift(SHIFT.dy + 0.4, SHIFT.dx - 0.4))
    overlap = overlap_of(fraction, margin)
    aligned = overlap.nominal()
    np.testing.assert_array_equal(aligned.first, aligned.second)
    assert aligned.first.shape == (58, 23)
    # The first frame ends on the right and begins below: it grows to the left and up to 2 px up.
    assert overlap.first.shape == (58 + min(margin, 2), 23 + margin)


# ---- second thoughts -------------------------------------------------------------------------


@pytest.fixture
def three(one, tmp_path):
    """A file with three decisions; their ids begin with aa1, aa2 and bb."""
    path = tmp_path / "hand.jsonl"
    for name in ("aa1", "aa2", "bb"):
        record(path, replace(one, id=name * 8))
    return path


def test_a_note_is_replaced_and_everything_else_stays_in_its_place(three, one):
    annotate(three, "aa2", "charging, “bright”")
    found = read_hand(three)
    assert [each.note for each in found] == ["first try", "charging, “bright”", "first try"]
    assert replace(found[1], id=one.id, note=one.note, time=one.time) == one
    assert found[1].time > one.time


def test_a_correction_supersedes_and_the_old_line_stays(three, one):
    correct(three, "bb", Shift(1, 1.5), Decided.HAND)
    assert [each.shift for each in read_hand(three)] == [SHIFT, SHIFT, Shift(1, 1.5)]
    assert len(three.read_text().splitlines()) == 4


def test_a_correction_to_a_place_without_overlap_is_refused_and_not_written(three):
    with pytest.raises(OverlapError):
        correct(three, "bb", Shift(0, 30), Decided.HAND)
    assert len(three.read_text().splitlines()) == 3


def test_a_deletion_drops_and_recording_restores(three, one):
    gone = delete(three, "aa1")
    assert [each.id[:3] for each in read_hand(three)] == ["aa2", "bbb"]
    assert gone.id in read_decisions(three)
    record(three, gone)
    assert [each.id[:3] for each in read_hand(three)] == ["aa1", "aa2", "bbb"]


@pytest.mark.parametrize(("name", "said"), [("aa", "2 hand"), ("cc", "no hand"), ("", "no hand")])
def test_an_id_that_none_or_several_have_is_refused(three, name, said):
    with pytest.raises(HandFileError, match=f"{said} alignments? whose id begins with '{name}'"):
        delete(three, name)
    assert len(read_hand(three)) == 3


def test_a_clock_that_was_ahead_does_not_make_a_correction_look_older(one, tmp_path):
    path = tmp_path / "hand.jsonl"
    record(path, replace(one, time="2999-01-01T00:00:00+00:00"))
    annotate(path, one.id, "later")
    assert find(path, one.id).time > "2999-01-01T00:00:00+00:00"


def test_a_correction_is_by_the_software_of_today(one, tmp_path):
    record(tmp_path / "hand.jsonl", replace(one, version="0.0.1"))
    assert correct(tmp_path / "hand.jsonl", one.id, Shift(1, 1)).version == __version__


def test_a_decision_that_is_refused_leaves_no_file(tmp_path):
    first, second = (as_frame(pixels) for pixels in arrays())
    with pytest.raises(OverlapError):
        record_frames(tmp_path / "hand.jsonl", first, second, NOMINAL, Shift(0, 500), Decided.HAND)
    assert not list(tmp_path.iterdir())
