"""Files of hand alignments among each other: nothing twice, nothing lost, on any machine."""

import shutil

import numpy as np
import pytest
import tifffile

from napari_seamnet.frames import FrameNotFoundError, as_frame, open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.hand import (
    Decided,
    HandAlignment,
    HandFileError,
    annotate,
    correct,
    delete,
    open_frames,
    overlap_of,
    read_hand,
    record,
    record_frames,
)
from napari_seamnet.learning.hand_files import export_folder, import_folder, merge, record_new
from napari_seamnet.shifts import Cancelled

SCENE = np.random.default_rng(2).integers(0, 256, (120, 200), np.uint8)


@pytest.fixture
def monday(tmp_path):
    """A file with two decisions: one about files elsewhere, one about layers saved beside it."""
    for day in ("a", "b"):
        (tmp_path / day).mkdir()
    # Two different pictures of the same name.
    paths = tmp_path / "a" / "frame.tif", tmp_path / "b" / "frame.tif"
    for path, left in zip(paths, (0, 47), strict=True):
        tifffile.imwrite(path, SCENE[10:80, left : left + 60])
    file = tmp_path / "monday.jsonl"
    frames = [open_frame(path) for path in paths]
    record(file, HandAlignment.make(*frames, Offset(0, 50), Shift(0, -3), Decided.HAND))
    layers = [as_frame(SCENE[10:80, left : left + 60], f"layer {left}") for left in (80, 130)]
    record_frames(file, *layers, Offset(0, 52), Shift(0, -2), Decided.CONFIRMED)
    return file


def check_pixels(file, n=2):
    found = read_hand(file)
    assert len(found) == n
    for one in found:
        overlap = overlap_of(one)
        np.testing.assert_array_equal(overlap.first, overlap.second)


# ---- merge -----------------------------------------------------------------------------------


def test_merging_again_adds_nothing(monday, tmp_path):
    out = tmp_path / "all.jsonl"
    assert merge([monday], out) == 2
    content = out.read_bytes()
    assert merge([monday, monday, out], out) == 0
    assert out.read_bytes() == content
    assert read_hand(out) == read_hand(monday)


def test_of_one_decision_the_latest_word_counts_whichever_file_is_named_first(monday, tmp_path):
    tuesday = tmp_path / "tuesday.jsonl"
    merge([monday], tuesday)
    first, second = read_hand(monday)
    corrected = correct(tuesday, first.id, Shift(1, 1), Decided.HAND)
    annotated = annotate(monday, second.id, "blurred")
    for n, paths in enumerate([(monday, tuesday), (tuesday, monday)]):
        out = tmp_path / f"{n}.jsonl"
        assert merge(paths, out) == 2
        assert sorted(read_hand(out), key=lambda one: one.time) == [corrected, annotated]
    assert merge([tuesday], monday) == 1
    assert {*read_hand(monday)} == {corrected, annotated}


def test_what_was_deleted_does_not_come_back_with_an_older_file(monday, tmp_path):
    old = tmp_path / "old.jsonl"
    shutil.copy(monday, old)
    first, second = read_hand(monday)
    delete(monday, first.id)
    assert merge([old], monday) == 0
    assert read_hand(monday) == [second]
    out = tmp_path / "all.jsonl"
    merge([monday, old], out)
    assert read_hand(out) == [second]


def test_what_was_recorded_once_is_not_recorded_over_later_words(monday, tmp_path):
    out = tmp_path / "all.jsonl"
    first, second = read_hand(monday)
    assert record_new(out, [first]) == 1
    corrected = correct(out, first.id, Shift(1, 1), Decided.HAND)
    assert record_new(out, [first, second, second]) == 1
    assert read_hand(out) == [corrected, second]
    delete(out, second.id)
    assert record_new(out, [first, second]) == 0
    assert read_hand(out) == [corrected]


# ---- export and import -----------------------------------------------------------------------


def test_an_exported_folder_is_moved_and_merged_elsewhere(monday, tmp_path):
    delete(monday, record_frames_again(monday).id)
    before = read_hand(monday)
    made = export_folder(monday, tmp_path / "export")
    assert made == tmp_path / "export" / "hand.jsonl"
    (tmp_path / "export").rename(tmp_path / "moved")
    for gone in ("a", "b", "monday_frames"):
        shutil.rmtree(tmp_path / gone)
    (tmp_path / "there").mkdir()
    hand = tmp_path / "there" / "mine.jsonl"
    assert import_folder(tmp_path / "moved", hand) == 2
    check_pixels(hand)
    assert [(one.id, one.time, one.shift) for one in read_hand(hand)] == [
        (one.id, one.time, one.shift) for one in before
    ]
    assert import_folder(tmp_path / "moved", hand) == 0


def record_frames_again(file):
    """One more decision, about frames of its own."""
    layers = [as_frame(SCENE[:20, left : left + 60], f"extra {left}") for left in (0, 40)]
    return record_frames(file, *layers, Offset(0, 40), Shift(0, 0), Decided.HAND)


def test_frames_are_copied_beside_the_file_if_asked(monday, tmp_path):
    export_folder(monday, tmp_path / "export")
    (tmp_path / "there").mkdir()
    hand = tmp_path / "there" / "mine.jsonl"
    steps = []
    import_folder(
        tmp_path / "export", hand, copy=True, progress=lambda *step: steps.append(step[:2])
    )
    assert steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    shutil.rmtree(tmp_path / "export")
    (tmp_path / "there").rename(tmp_path / "further")
    check_pixels(tmp_path / "further" / "mine.jsonl")


def test_a_folder_that_was_moved_after_its_import_is_found_by_importing_again(monday, tmp_path):
    export_folder(monday, tmp_path / "export")
    (tmp_path / "there").mkdir()
    hand = tmp_path / "there" / "mine.jsonl"
    import_folder(tmp_path / "export", hand)
    (tmp_path / "export").rename(tmp_path / "moved")
    with pytest.raises(FrameNotFoundError):
        open_frames(read_hand(hand)[0])
    assert import_folder(tmp_path / "moved", hand) == 2
    check_pixels(hand)


def test_a_cancelled_export_leaves_no_file_and_goes_on_when_called_again(monday, tmp_path):
    def stop(done, total, what):
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        export_folder(monday, tmp_path / "export", stop)
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["frames"]
    there = {p: p.stat().st_mtime_ns for p in (tmp_path / "export" / "frames").iterdir()}
    assert len(there) == 2
    check_pixels(export_folder(monday, tmp_path / "export"))
    assert all(path.stat().st_mtime_ns == time for path, time in there.items())
    assert len([*(tmp_path / "export" / "frames").iterdir()]) == 4


def test_an_export_never_replaces_another(monday, tmp_path):
    working = tmp_path / "hand.jsonl"
    shutil.copy(monday, working)
    content = working.read_bytes()
    with pytest.raises(HandFileError, match=r"hand\.jsonl is there already"):
        export_folder(monday, tmp_path)
    assert working.read_bytes() == content


def test_an_export_of_nothing_or_of_changed_frames_is_refused(monday, tmp_path):
    tifffile.imwrite(tmp_path / "a" / "frame.tif", SCENE)
    with pytest.raises(HandFileError, match="has changed since"):
        export_folder(monday, tmp_path / "export")
    assert not (tmp_path / "export" / "hand.jsonl").exists()
    for one in read_hand(monday):
        delete(monday, one.id)
    with pytest.raises(HandFileError, match="no hand alignment to export"):
        export_folder(monday, tmp_path / "export")


def test_a_spoiled_or_foreign_folder_is_refused_and_nothing_is_added(monday, tmp_path):
    hand = tmp_path / "mine.jsonl"
    with pytest.raises(HandFileError, match=r"is no exported folder: there is no hand\.jsonl"):
        import_folder(tmp_path / "a", hand)
    export_folder(monday, tmp_path / "export")
    tifffile.imwrite(tmp_path / "export" / "frames" / "frame.tif", SCENE)
    with pytest.raises(HandFileError, match="has changed since"):
        import_folder(tmp_path / "export", hand)
    assert not hand.exists()


def test_one_picture_of_a_set_of_files_is_exported_as_a_picture_of_its_own(tmp_path):
    # An OME set: the first file's header says that the second plane lies in the second file.
    name = (
        '<TiffData FirstC="{c}" IFD="0" PlaneCount="1">'
        '<UUID FileName="{f}">urn:uuid:{u}</UUID></TiffData>'
    )
    uuids = [f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2)]
    planes = [SCENE[10:80, :60], SCENE[10:80, 47:107]]
    files = "".join(name.format(c=n, f=f"set{n}.ome.tif", u=uuid) for n, uuid in enumerate(uuids))
    for n, (plane, uuid) in enumerate(zip(planes, uuids, strict=True)):
        about = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{uuid}"><Image ID="Image:0" Name="i"><Pixels ID="Pixels:0" '
            'DimensionOrder="XYCZT" Type="uint8" SizeX="60" SizeY="70" SizeC="2" SizeZ="1" '
            f'SizeT="1"><Channel ID="Channel:0:0"/><Channel ID="Channel:0:1"/>{files}'
            "</Pixels></Image></OME>"
        )
        tifffile.imwrite(tmp_path / f"set{n}.ome.tif", plane, description=about, metadata=None)
    frames = [open_frame(tmp_path / "set0.ome.tif", page) for page in (0, 1)]
    np.testing.assert_array_equal(frames[1].read(), planes[1])
    one = HandAlignment.make(*frames, Offset(0, 47), Shift(0, 0), Decided.HAND)
    record(tmp_path / "hand.jsonl", one)
    export_folder(tmp_path / "hand.jsonl", tmp_path / "export")
    for path in tmp_path.glob("set*"):
        path.unlink()
    check_pixels(tmp_path / "export" / "hand.jsonl", 1)
