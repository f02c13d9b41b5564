import csv
import json

import numpy as np
import pytest
import tifffile

from napari_seamnet.frames import FrameError
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.pair_files import (
    PairRow,
    PairsFileError,
    align_pairs,
    open_frames,
    read_pairs,
    result_columns,
    rounded,
    write_pairs,
)
from napari_seamnet.shifts import Alternative, Estimate, Status, get_method

HEADER = "first,second,dy,dx\n"


@pytest.fixture
def pairs_csv(tmp_path):
    """Write a file of pairs; call it with the file's text."""

    def write(text, encoding="utf-8"):
        path = tmp_path / "pairs.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def two_frames(tmp_path):
    """Two frames of one scene; the second lies at (-3, 64) of the first."""
    scene = np.random.default_rng(1).integers(0, 256, (90, 160), np.uint8)
    (tmp_path / "frames").mkdir()
    tifffile.imwrite(tmp_path / "frames" / "a.tif", scene[3:83, :80])
    tifffile.imwrite(tmp_path / "frames" / "b.tif", scene[:80, 64:144])


def test_names_of_frames_are_relative_to_the_files_folder(pairs_csv, tmp_path):
    (row,) = read_pairs(pairs_csv(HEADER + "frames/a.tif,../b.tif,-2,64\n"))
    assert row.first == tmp_path / "frames" / "a.tif"
    assert row.second == tmp_path / ".." / "b.tif"
    assert row.nominal == Offset(-2, 64)


def test_an_absolute_name_stays_absolute(pairs_csv, tmp_path):
    (row,) = read_pairs(pairs_csv(HEADER + f"{tmp_path}/else/a.tif,b.tif,0,64\n"))
    assert row.first == tmp_path / "else" / "a.tif"


def test_columns_may_stand_in_any_order_with_others_and_a_byte_order_mark(pairs_csv):
    (row,) = read_pairs(pairs_csv("note,dx,dy,second,first\nhi,5,6,b,a\n", "utf-8-sig"))
    assert row.nominal == Offset(6, 5)
    assert (row.first.name, row.second.name) == ("a", "b")
    assert row.columns["note"] == "hi"


def test_a_file_without_pairs_is_an_empty_list(pairs_csv):
    assert read_pairs(pairs_csv(HEADER)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column first, second, dy, dx"),
        ("first,second,dy\n", "has no column dx"),
        ("first;second;dy;dx\na;b;0;1\n", "columns first,second,dy,dx, with commas between"),
        ("first,second,dy,dx,dx\na,b,0,1,2\n", "names the column dx twice; name each once"),
        (HEADER + "a,b,0,1\na,b,three,4\n", "row 3: dy must be a number of pixels, not 'three'"),
        (HEADER + "a,b,0,nan\n", "row 2: an offset must be finite"),
        (HEADER + "a,b,0\n", "row 2 has not as many values"),
        (HEADER + "a,b,0,1,2\n", "row 2 has not as many values"),
        (HEADER + "a,,0,1\n", "row 2: second names no file"),
        (HEADER + 'a,"b,0,1\n', "is not a CSV file"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_row(pairs_csv, text, message):
    with pytest.raises(PairsFileError, match=message):
        read_pairs(pairs_csv(text))


def test_a_picture_given_as_a_file_of_pairs_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((9, 9), 200, np.uint8))
    with pytest.raises(PairsFileError, match=r"a\.tif"):
        read_pairs(tmp_path / "a.tif")


def test_a_missing_file_of_pairs_is_named(tmp_path):
    with pytest.raises(PairsFileError, match=r"nowhere\.csv cannot be read: No such file"):
        read_pairs(tmp_path / "nowhere.csv")


@pytest.mark.usefixtures("two_frames")
def test_each_frame_is_opened_once(pairs_csv, tmp_path):
    line = "frames/a.tif,frames/b.tif,0,64\n"
    frames = open_frames(read_pairs(pairs_csv(HEADER + line + line)))
    assert sorted(frames) == [tmp_path / "frames" / "a.tif", tmp_path / "frames" / "b.tif"]


@pytest.mark.usefixtures("two_frames")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("frames/a.tif,frames/c.tif,0,64", r"row 3: there is no file .*c\.tif"),
        ("frames/a.tif,frames,0,64", r"row 3: there is no file .*frames"),
        ("frames/a.tif,frames/b.tif,0,80", "row 3: frames of 80 x 80 .* do not overlap"),
        ("frames/a.tif,pairs.csv,0,64", r"row 3: .*pairs\.csv cannot be read"),
    ],
)
def test_a_pair_that_cannot_be_aligned_is_named_before_the_work(pairs_csv, line, message):
    rows = read_pairs(pairs_csv(HEADER + "frames/a.tif,frames/b.tif,0,64\n" + line + "\n"))
    with pytest.raises(PairsFileError, match=message):
        open_frames(rows)


@pytest.mark.usefixtures("two_frames")
def test_damage_that_shows_only_in_the_pixels_names_the_row(pairs_csv, tmp_path):
    whole = (tmp_path / "frames" / "b.tif").read_bytes()
    (tmp_path / "frames" / "b.tif").write_bytes(whole[:-3000])
    rows = read_pairs(pairs_csv(HEADER + "frames/a.tif,frames/b.tif,0,64\n"))
    with pytest.raises(PairsFileError, match=r"row 2: .*b\.tif") as caught:
        align_pairs(rows, open_frames(rows), get_method("search"), max_shift=5)
    assert isinstance(caught.value.__cause__, FrameError)


@pytest.mark.usefixtures("two_frames")
def test_pairs_are_aligned_in_order_and_progress_is_told(pairs_csv):
    text = HEADER + "frames/a.tif,frames/b.tif,0,62\nframes/b.tif,frames/a.tif,1,-60\n"
    rows = read_pairs(pairs_csv(text))
    told = []
    estimates = align_pairs(
        rows,
        open_frames(rows),
        get_method("search"),
        max_shift=6,
        progress=lambda done, total, what: told.append((done, total, what)),
    )
    assert [e.shift.whole() for e in estimates] == [(-3, 2), (2, -4)]
    assert told == [(0, 2, "a.tif - b.tif"), (1, 2, "b.tif - a.tif"), (2, 2, "")]


def row_of(columns, nominal):
    return PairRow(2, columns, None, None, nominal)


def test_the_rows_are_repeated_and_the_results_added(tmp_path):
    found = Estimate(
        Shift(-3.25, 7.1234), Status.AMBIGUOUS, 0.6, (Alternative(Shift(-3, 47), 0.39999),)
    )
    row = row_of(
        {"first": "a", "second": "b", "dy": "0", "dx": "64", "note": "x,y"}, Offset(0, 64)
    )
    write_pairs(tmp_path / "out.csv", [row], [found])
    text = (tmp_path / "out.csv").read_text()
    assert text.splitlines()[0] == (
        "first,second,dy,dx,note,shift_dy,shift_dx,confidence,status,alternatives"
    )
    (back,) = csv.DictReader(text.splitlines())
    assert back["note"] == "x,y"
    assert (back["dy"], back["dx"]) == ("0", "64")
    assert (back["shift_dy"], back["shift_dx"]) == ("-3.25", "7.123")
    assert (back["confidence"], back["status"]) == ("0.6", "ambiguous")
    assert json.loads(back["alternatives"]) == [{"dy": -3.0, "dx": 47.0, "probability": 0.4}]


def test_results_that_are_there_already_are_replaced(tmp_path):
    columns = dict.fromkeys(["first", "second", "dy", "dx", "shift_dy", "shift_dx"], "9")
    found = Estimate(Shift(1, 2), Status.CERTAIN, 1.0)
    write_pairs(tmp_path / "out.csv", [row_of(columns, Offset(9, 9))], [found])
    (back,) = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert (back["shift_dy"], back["shift_dx"], back["dy"]) == ("1.0", "2.0", "9")


def test_no_pairs_give_the_columns_alone(tmp_path):
    write_pairs(tmp_path / "out.csv", [], [])
    assert (tmp_path / "out.csv").read_text() == (
        "first,second,dy,dx,shift_dy,shift_dx,confidence,status,alternatives\n"
    )


def test_a_shift_refers_to_the_nominal_offset_as_it_was_given():
    # Cut at (1, 64), found 2 px further down: true offset (3, 64), which is (2.3, -0.4) from it.
    columns = result_columns(Estimate(Shift(2, 0), Status.CERTAIN, 1.0), Offset(0.7, 64.4))
    assert (columns["shift_dy"], columns["shift_dx"]) == ("2.3", "-0.4")


def test_without_evidence_the_nominal_offset_stands_fraction_and_all():
    columns = result_columns(Estimate(Shift(0, 0), Status.UNDETERMINED, 0.0), Offset(0.7, 64.4))
    assert (columns["shift_dy"], columns["shift_dx"]) == ("0.0", "0.0")


def test_rounding_leaves_no_minus_zero():
    assert str(rounded(-0.0001)) == "0.0"
    assert rounded(1.23456) == 1.235
