"""Tables of known offsets: which rows are taken, and that (x, y) becomes (y, x)."""

import os

import numpy as np
import pytest
import tifffile

from napari_seamnet.geometry import Offset, Shift, Side
from napari_seamnet.learning.hand import Decided, HandFileError, overlap_of
from napari_seamnet.learning.hand_files import (
    from_pairs_csv,
    from_seams_csv,
    from_table,
    from_truth_csv,
)
from napari_seamnet.pair_files import PairsFileError, read_pairs, write_pairs
from napari_seamnet.shifts import Estimate, Status

SCENE = np.random.default_rng(3).integers(0, 256, (200, 260), np.uint8)
PLACES = {"a.tif": (20, 10), "b.tif": (23, 54), "c.tif": (66, 8)}
"""Positions in the scene of frames of 60 x 70 px: b lies right of a, c below."""


@pytest.fixture(autouse=True)
def folder(tmp_path):
    for name, (y, x) in PLACES.items():
        tifffile.imwrite(tmp_path / name, SCENE[y : y + 60, x : x + 70])
    return tmp_path


def table(folder, *rows, name="table.csv"):
    (folder / name).write_text("\n".join(rows) + "\n")
    return folder / name


def aligned(one):
    """Whether both crops show the same."""
    overlap = overlap_of(one)
    return np.array_equal(overlap.first, overlap.second)


def refused(read, path, *said):
    with pytest.raises(HandFileError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    for text in said:
        assert text in str(caught.value)
    return True


# ---- align --pairs ---------------------------------------------------------------------------


def test_known_offsets_are_truth(folder):
    path = table(folder, "first,second,dy,dx", "a.tif,b.tif,3,44", "a.tif,c.tif,46.2,-2.3")
    right, below = from_pairs_csv(path)
    assert (right.nominal, right.shift, right.side) == (Offset(3, 44), Shift(0, 0), Side.RIGHT)
    assert (below.nominal, below.shift, below.side) == (
        Offset(46, -2),
        Shift(0.2, -0.3),
        Side.BELOW,
    )
    assert right.decided is below.decided is Decided.TRUTH
    assert aligned(right)
    assert aligned(below)


def test_of_an_aligned_table_the_certain_and_hand_made_rows_are_taken(folder):
    path = table(folder, "first,second,dy,dx", *["a.tif,b.tif,0,50"] * 5)
    found = [
        Estimate(Shift(3, -6), status, 0.9)
        for status in (Status.CERTAIN, Status.DOUBTFUL, Status.HAND, Status.AMBIGUOUS)
    ]
    found.append(Estimate(Shift(0, 0), Status.UNDETERMINED, 0.0))
    write_pairs(folder / "out.csv", read_pairs(path), found)
    certain, by_hand = from_pairs_csv(folder / "out.csv")
    assert (certain.decided, by_hand.decided) == (Decided.TRUTH, Decided.HAND)
    for one in (certain, by_hand):
        assert (one.nominal, one.shift) == (Offset(0, 50), Shift(3, -6))
        assert aligned(one)


def test_a_fraction_of_the_nominal_offset_is_not_lost(folder):
    path = table(folder, "first,second,dy,dx,shift_dy,shift_dx", "a.tif,b.tif,0.6,49.7,2.4,-5.7")
    [one] = from_pairs_csv(path)
    assert (one.nominal, one.shift) == (Offset(1, 50), Shift(2, -6))


def test_a_row_whose_frames_are_missing_or_apart_is_named(folder):
    path = table(folder, "first,second,dy,dx", "a.tif,b.tif,3,44", "a.tif,none.tif,0,5")
    refused(from_pairs_csv, path, "row 3", "none.tif")
    refused(
        from_pairs_csv,
        table(folder, "first,second,dy,dx", "a.tif,b.tif,0,70"),
        "row 2",
        "do not overlap",
    )
    path = table(folder, "first,second,dy,dx,shift_dy,shift_dx", "a.tif,b.tif,3,44,1,much")
    refused(from_pairs_csv, path, "row 2", "shift_dy, shift_dx must be numbers", "1, much")
    with pytest.raises(PairsFileError, match="no column dx"):
        from_pairs_csv(table(folder, "first,second,dy", "a.tif,b.tif,3"))


def test_a_table_read_again_gives_the_same_decisions_and_a_changed_row_another(folder):
    path = table(folder, "first,second,dy,dx", "a.tif,b.tif,3,44", "a.tif,c.tif,46,-2")
    before = from_pairs_csv(path)
    os.utime(path, (1e9, 1e9))
    again = from_pairs_csv(path)
    assert [one.id for one in again] == [one.id for one in before]
    assert again[0].time == "2001-09-09T01:46:40.000000+00:00"
    table(folder, "first,second,dy,dx", "a.tif,b.tif,3,44", "a.tif,c.tif,46,-3")
    same, other = from_pairs_csv(path)
    assert same.id == before[0].id
    assert other.id != before[1].id


# ---- measured offsets ------------------------------------------------------------------------

TRUTH = "left_or_top_file,right_or_bottom_file,axis,nominal_overlap_px,dx,dy,ncc,loop_error"


def test_measured_offsets_are_turned_round_and_only_trusted_ones_taken(folder):
    path = table(
        folder,
        TRUTH,
        "a.tif,b.tif,h,20,44.2,2.9,0.9,0.3",
        "a.tif,c.tif,v,15,-2,46,0.9,",
        "a.tif,b.tif,h,20,44,3,0.9,1.3",
    )
    right, below = from_truth_csv(path)
    assert (right.side, right.overlap, right.nominal) == (Side.RIGHT, 20, Offset(0, 50))
    assert right.shift == Shift(2.9, -5.8)
    assert (below.side, below.overlap, below.nominal) == (Side.BELOW, 15, Offset(45, 0))
    assert below.shift == Shift(1, -2)
    assert right.decided is below.decided is Decided.TRUTH
    assert aligned(right)
    assert aligned(below)


def test_without_a_nominal_overlap_the_measured_offset_is_the_nominal_one(folder):
    path = table(folder, "left_or_top_file,right_or_bottom_file,dx,dy", "a.tif,b.tif,44.2,2.9")
    [one] = from_truth_csv(path)
    assert (one.nominal, one.shift) == (Offset(3, 44), Shift(-0.1, 0.2))


@pytest.mark.parametrize(("overlap", "nominal"), [(29, (31, 0)), (28, (48, 29))])
def test_a_layout_missed_by_more_than_the_overlap_is_none(folder, overlap, nominal):
    # Both layouts miss by 29 px, along the seam.
    tifffile.imwrite(folder / "d.tif", SCENE[68:128, 39:109])
    path = table(folder, TRUTH, f"a.tif,d.tif,v,{overlap},29,48,0.9,")
    [one] = from_truth_csv(path)
    assert tuple(one.nominal) == nominal
    assert one.offset == Offset(48, 29)
    assert aligned(one)


@pytest.mark.parametrize("values", ["x,20", "h,many", "h,90"])
def test_an_axis_or_overlap_that_means_nothing_is_named(folder, values):
    axis, overlap = values.split(",")
    path = table(folder, TRUTH, f"a.tif,b.tif,{values},44,3,0.9,")
    refused(from_truth_csv, path, "a - b", repr(axis), repr(overlap))


@pytest.mark.frames
def test_the_real_frames_truth_lies_within_the_frames_and_near_the_layout(real_frames):
    found = from_truth_csv(real_frames / "train" / "lscm_tensile_Ref" / "pairs.csv")
    assert len(found) == 24
    assert all(max(map(abs, one.shift)) < 20 for one in found)
    assert {one.side for one in found} == {Side.RIGHT, Side.BELOW}
    first, second = (
        crop.astype(float) for crop in (overlap_of(found[0]).first, overlap_of(found[0]).second)
    )
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.7  # the file says 0.80


# ---- seams of a stitched grid ----------------------------------------------------------------

SEAMS = "first,second,nominal_dy,nominal_dx,dy,dx,confidence,status,residual_dy,residual_dx,used"


def test_seams_that_a_person_corrected_are_taken(folder):
    path = table(
        folder,
        SEAMS,
        "a.tif,b.tif,0,50,3,44,1,hand,0,0,1",
        "a.tif,c.tif,45,0,46,-2,0.99,certain,0,0,1",
    )
    [one] = from_seams_csv(path)
    assert (one.nominal, one.shift, one.decided) == (Offset(0, 50), Shift(3, -6), Decided.HAND)
    assert aligned(one)


def test_the_frames_of_seams_may_lie_in_another_folder(folder):
    (folder / "out").mkdir()
    path = table(folder, SEAMS, "a.tif,b.tif,0,50,3,44,1,hand,0,0,1", name="out/seams.csv")
    refused(from_seams_csv, path, "row 2", "a.tif")
    [one] = from_seams_csv(path, folder)
    assert one.first.path == folder / "a.tif"


def test_a_broken_table_of_seams_is_named(folder):
    refused(from_seams_csv, table(folder, "first,second", "a,b"), "no column nominal_dy")
    refused(from_seams_csv, folder / "none.csv", "cannot be read")
    refused(from_seams_csv, table(folder, SEAMS, "a.tif,b.tif,0,50"), "row 2", "as many values")
    path = table(folder, SEAMS, "a.tif,b.tif,0,50,3,,1,hand,0,0,1")
    refused(from_seams_csv, path, "row 2", "dy, dx must be numbers")
    (folder / "table.csv").write_bytes(b"first,\xff\n")
    refused(from_seams_csv, folder / "table.csv", "UTF-8")


def test_the_kind_of_a_table_is_told_by_its_columns(folder):
    row = "a.tif,b.tif,0,50,3,44,1,hand,0,0,1"
    by_kind = [
        table(folder, "first,second,dy,dx", "a.tif,b.tif,3,44"),
        table(folder, TRUTH, "a.tif,b.tif,h,20,44,3,0.9,", name="truth.csv"),
        table(folder, SEAMS, row, row.replace("hand", "certain"), name="seams.csv"),
    ]
    for path, nominal in zip(by_kind, [(3, 44), (0, 50), (0, 50)], strict=True):
        [one] = from_table(path)
        assert tuple(one.nominal) == nominal
        assert one.offset == Offset(3, 44)


# ---- elsewhere, and pages --------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        ("first,second,dy,dx", "a.tif,b.tif,3,44"),
        ("first,second,nominal_dy,nominal_dx,dy,dx,status", "a.tif,b.tif,0,42,3,44,hand"),
        (
            "left_or_top_file,right_or_bottom_file,axis,dx,dy,nominal_overlap_px,loop_error",
            "a.tif,b.tif,h,44,3,20,0.1",
        ),
    ],
)
def test_the_frames_of_any_table_may_lie_elsewhere_and_be_pages(folder, rows):
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    for name, (y, x) in PLACES.items():
        (folder / name).unlink()
        pages = np.stack([np.zeros((60, 70), np.uint8), SCENE[y : y + 60, x : x + 70]])
        tifffile.imwrite(elsewhere / name, pages, photometric="minisblack")
    path = table(folder, *rows)
    (one,) = from_table(path, page=1, folder=elsewhere)
    assert one.nominal + one.shift == Offset(3, 44)
    assert aligned(one)
    with pytest.raises(Exception, match=r"a\.tif"):
        from_table(path, page=1)
