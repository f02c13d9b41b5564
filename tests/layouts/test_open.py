import os
import time

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from napari_seamnet.frames import as_frame, open_frame
from napari_seamnet.layouts import (
    Layout,
    LayoutError,
    Site,
    entries,
    open_layout,
    tile_configuration,
)
from napari_seamnet.layouts.entries import open_entries

from .conftest import numbered


def places(layout):
    return {site.name: (site.row, site.col) for site in layout}


# ---- a folder of names -----------------------------------------------------------------------


def test_a_folder_is_laid_out_by_its_names(make_frames):
    folder = make_frames(["t_r01_c01.tif", "t_r01_c02.tif", "t_r02_c02.tif"])
    layout = open_layout(folder, overlap=(3, "10%"))
    assert places(layout) == {
        "t_r01_c01.tif": (0, 0),
        "t_r01_c02.tif": (0, 1),
        "t_r02_c02.tif": (1, 1),
    }
    assert [*layout.positions] == [(0, 0), (0, 27), (17, 27)]
    assert layout.missing == ((1, 0),)
    assert layout.source.startswith("names like t_r{row}_c{col}.tif in ")
    np.testing.assert_array_equal(layout[2].frame.read(), numbered(20, 30, 20_000))


def test_an_overlap_that_nobody_gave_is_assumed_and_that_is_said(make_frames):
    folder = make_frames(["r0.tif", "r1.tif"])
    layout = open_layout(folder)
    assert layout.overlap_assumed
    assert layout[1].position == (18, 0)
    assert not open_layout(folder, overlap="10%").overlap_assumed
    assert not layout.moved([(0, 0), (15, 0)]).overlap_assumed


def test_what_does_not_fit_the_names_is_left_out_and_told(make_frames):
    folder = make_frames(["r0.tif", "r1.tif", "r2.tif", "overview.tif", ".hidden_r3.tif"])
    (folder / "notes.txt").write_text("r7.tif is fine")
    layout = open_layout(folder, overlap=5)
    assert len(layout) == 3
    assert [note for note in layout.notes if "overview.tif" in note]
    assert not [note for note in layout.notes if "notes.txt" in note or "hidden" in note]


def test_a_pattern_decides_which_files_are_frames(make_frames):
    folder = make_frames([f"{ch}_{r}_{c}.tif" for ch in "ab" for r in "01" for c in "012"])
    with pytest.raises(LayoutError, match="several patterns"):
        open_layout(folder)
    layout = open_layout(folder, pattern="b_{col}_{row}.tif", overlap=5)
    assert places(layout)["b_1_2.tif"] == (2, 1)
    assert len(layout) == 6


def test_a_pattern_that_nothing_fits_shows_a_name(make_frames):
    with pytest.raises(LayoutError, match=r"there is, for example, r0\.tif"):
        open_layout(make_frames(["r0.tif"]), pattern="row{row}.tif")


def test_a_pattern_may_look_into_folders(make_frames):
    folder = make_frames(["row1/t1.tif", "row1/t2.tif", "row2/t1.tif", "row2/t2.tif"])
    layout = open_layout(folder, pattern="row{row}/t{col}.tif", overlap=5)
    assert places(layout) == {
        "row1/t1.tif": (0, 0),
        "row1/t2.tif": (0, 1),
        "row2/t1.tif": (1, 0),
        "row2/t2.tif": (1, 1),
    }


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ({}, [(0, 0), (0, 1), (0, 2), (1, 0)]),
        ({"flip_y": True}, [(1, 0), (1, 1), (1, 2), (0, 0)]),
        ({"flip_x": True}, [(0, 2), (0, 1), (0, 0), (1, 2)]),
        ({"swap_yx": True}, [(0, 0), (1, 0), (2, 0), (0, 1)]),
        ({"swap_yx": True, "flip_y": True}, [(2, 0), (1, 0), (0, 0), (2, 1)]),
    ],
)
def test_rows_and_columns_are_turned(make_frames, turn, expected):
    folder = make_frames(["r0_c0.tif", "r0_c1.tif", "r0_c2.tif", "r1_c0.tif"])
    layout = open_layout(folder, overlap=(5, 10), **turn)
    assert [(site.row, site.col) for site in layout] == expected
    assert [*layout.positions] == [(15 * row, 20 * col) for row, col in expected]


def test_two_files_of_one_place_are_both_named(make_frames):
    folder = make_frames(["r0_c1.tif", "r0_c01.tif", "r1_c1.tif"])
    with pytest.raises(LayoutError, match=r"r0_c01\.tif and r0_c1\.tif bear the same row"):
        open_layout(folder, pattern="r{row}_c{col}.tif")


def test_two_files_of_one_number_are_both_named(make_frames):
    folder = make_frames(["i1.tif", "i01.tif", "i2.tif"])
    with pytest.raises(LayoutError, match=r"i01\.tif and i1\.tif bear the same number"):
        open_layout(folder, pattern="i{serial}.tif", rows=1)


def test_rows_numbered_in_steps_are_counted(make_frames):
    layout = open_layout(make_frames(["r10.tif", "r20.tif", "r40.tif"]), overlap=5)
    assert [site.row for site in layout] == [0, 1, 3]
    assert layout.missing == ((2, 0),)
    assert "steps of 10" in " ".join(layout.notes)


def test_rows_that_contradict_the_names_are_refused_and_more_are_gaps(make_frames):
    folder = make_frames(["r0.tif", "r1.tif", "r2.tif"])
    with pytest.raises(LayoutError, match="there are 3 rows, not 2"):
        open_layout(folder, rows=2)
    assert open_layout(folder, rows=4, overlap=5).missing == ((3, 0),)


def test_positions_in_names_are_px_or_um_with_a_pixel_size(make_frames):
    folder = make_frames(["x-10_y0.tif", "x15_y0.tif", "x-10_y17.tif", "x15_y17.tif"])
    in_px = open_layout(folder)
    assert {site.name: site.position for site in in_px} == {
        "x-10_y0.tif": (0, 0),
        "x15_y0.tif": (0, 25),
        "x-10_y17.tif": (17, 0),
        "x15_y17.tif": (17, 25),
    }
    assert places(in_px)["x15_y0.tif"] == (0, 1)
    in_um = open_layout(folder, pixel_size=(0.5, 1))
    assert {site.position for site in in_um} == {(0, 0), (0, 25), (34, 0), (34, 25)}
    assert open_layout(folder, pixel_size=(0.5, 1), unit="px").positions == in_px.positions


def test_frames_that_do_not_touch_are_told_of(make_frames):
    folder = make_frames(["x0_y0.tif", "x40_y0.tif", "x80_y0.tif"])
    assert "10 px apart: check the overlap, the unit" in " ".join(open_layout(folder).notes)


def test_positions_beside_the_frames_are_told_of_and_not_used(make_frames):
    folder = make_frames(["r0.tif", "r1.tif"])
    tile_configuration.write(folder / "TileConfiguration.txt", ["r0.tif", "r1.tif"], [(0, 0)] * 2)
    (folder / "pos.csv").write_text("file,y,x\n")
    (folder / "pairs.csv").write_text("first,second,dy,dx\n")
    notes = " ".join(open_layout(folder, overlap=5).notes)
    assert "TileConfiguration.txt lies in the folder and was not used" in notes
    assert "pos.csv lies" in notes
    assert "pairs.csv" not in notes


@pytest.mark.parametrize("name", ["", "empty", "gone"])
def test_a_folder_without_pictures_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LayoutError, match=r"holds no picture|no such file or folder"):
        open_layout(tmp_path / name)


def test_a_single_frame_is_a_layout_of_one(make_frames):
    folder = make_frames(["only.tif"])
    for source in (folder, folder / "only.tif", [folder / "only.tif"]):
        layout = open_layout(source)
        assert len(layout) == 1
        assert layout[0].position == (0, 0)
        assert not layout.overlap_assumed


# ---- a series --------------------------------------------------------------------------------


def test_a_series_asks_for_rows_or_columns_and_names_what_would_fit(make_frames):
    with pytest.raises(LayoutError, match="2 x 6, 3 x 4, 4 x 3, 6 x 2 would fit"):
        open_layout(make_frames([f"i{k}.tif" for k in range(12)]))


def test_a_series_goes_by_its_numbers_not_by_the_alphabet(make_frames):
    layout = open_layout(make_frames([f"i{k}.tif" for k in (10, 9, 8, 11)]), rows=2, overlap=5)
    assert places(layout) == {
        "i8.tif": (0, 0),
        "i9.tif": (0, 1),
        "i10.tif": (1, 1),
        "i11.tif": (1, 0),
    }
    assert [site.number for site in layout] == [0, 1, 2, 3]
    assert "2 x 2, snake along rows, from the top left" in layout.source


def test_a_lost_number_is_a_gap_if_there_is_a_place_for_it(make_frames):
    folder = make_frames([f"i{k}.tif" for k in (1, 2, 4, 5, 6)])
    layout = open_layout(folder, rows=2, cols=3, order="raster", overlap=5)
    assert layout.missing == ((0, 2),)
    assert "1 of the numbers from 1 to 6 are left out" in " ".join(layout.notes)
    full = open_layout(folder, rows=1, cols=5, overlap=5)
    assert full.missing == ()
    assert "only their order counts" in " ".join(full.notes)


def test_missing_places_and_a_last_line_cut_short(make_frames):
    folder = make_frames([f"i{k}.tif" for k in range(4)])
    layout = open_layout(folder, cols=3, missing=[(0, 1)], overlap=5)
    assert [(s.row, s.col) for s in layout] == [(0, 0), (0, 2), (1, 2), (1, 1)]
    assert layout.missing == ((0, 1), (1, 0))


@given(st.integers(1, 12), st.integers(1, 4), st.booleans(), st.booleans())
def test_a_turned_series_keeps_every_frame_and_gap(n, rows, flip_y, flip_x):
    frames = [numbered(20, 30, k) for k in range(n)]
    plain = open_layout(frames, rows=rows, overlap=5)
    turned = open_layout(frames, rows=rows, overlap=5, flip_y=flip_y, flip_x=flip_x)
    last_row, last_col = plain.rows - 1, max(plain.cols, n // rows + bool(n % rows)) - 1
    for one, two in zip(plain, turned, strict=True):
        assert two.row == (rows - 1 - one.row if flip_y else one.row)
        assert two.col == (last_col - one.col if flip_x else one.col)
    assert len(turned.missing) == len(plain.missing)
    assert last_row < rows


def test_names_without_any_order_are_taken_as_they_sort(make_frames):
    layout = open_layout(make_frames(["b.tif", "a.tif", "c.tif"]), rows=1, overlap=5)
    assert [site.name for site in layout] == ["a.tif", "b.tif", "c.tif"]
    assert "taken as they are sorted" in " ".join(layout.notes)


def test_names_in_doubt_are_not_taken_as_they_sort(make_frames):
    folder = make_frames([f"{k}_{channel}.tif" for k in range(4) for channel in "ab"])
    with pytest.raises(LayoutError, match="several patterns"):
        open_layout(folder, rows=2)
    assert len(open_layout(folder, rows=2, pattern="{serial}_b.tif", overlap=5)) == 4


def test_places_in_names_leave_no_room_for_missing_ones(make_frames):
    with pytest.raises(LayoutError, match="leave missing out"):
        open_layout(make_frames(["r0_c0.tif", "r1_c0.tif"]), missing=[(0, 1)])


def test_numbers_beside_rows_and_columns_give_the_path(make_frames):
    folder = make_frames(["7_r0_c1.tif", "8_r0_c0.tif", "6_r1_c0.tif"])
    layout = open_layout(folder, overlap=5)
    assert {site.name: site.number for site in layout} == {
        "7_r0_c1.tif": 1,
        "8_r0_c0.tif": 2,
        "6_r1_c0.tif": 0,
    }


def test_pages_of_one_file_are_a_series(tmp_path):
    pages = np.stack([numbered(20, 30, 1000 * k) for k in range(6)]).astype(np.float32)
    tifffile.imwrite(tmp_path / "stack.tif", pages, imagej=True)
    layout = open_layout(tmp_path / "stack.tif", rows=2, overlap=5)
    assert [site.frame.read()[0, 0] for site in layout] == [1000 * k for k in range(6)]
    assert layout[3].name == "stack.tif[3]"
    assert (layout[3].row, layout[3].col, layout[3].page) == (1, 2, 3)
    with pytest.raises(LayoutError, match="6 pages and no positions"):
        open_layout(tmp_path / "stack.tif")


# ---- lists -----------------------------------------------------------------------------------


def test_arrays_and_frames_are_a_series_in_their_order():
    frames = [numbered(20, 30, k) for k in range(3)] + [as_frame(numbered(20, 30, 3), "last")]
    layout = open_layout(frames, cols=2, overlap=5)
    assert [(s.row, s.col) for s in layout] == [(0, 0), (0, 1), (1, 1), (1, 0)]
    assert layout[3].name == "last 3"
    assert len({site.name for site in layout}) == 4


def test_paths_are_laid_out_by_their_names(make_frames):
    folder = make_frames(["r0_c0.tif", "r0_c1.tif", "r1_c0.tif"])
    layout = open_layout([folder / "r0_c1.tif", str(folder / "r1_c0.tif")], overlap=5)
    assert places(layout) == {"r0_c1.tif": (0, 1), "r1_c0.tif": (1, 0)}


def test_an_empty_list_is_refused():
    with pytest.raises(LayoutError, match="empty list"):
        open_layout([])


# ---- the frames themselves -------------------------------------------------------------------


def test_sizes_that_differ_are_told_and_the_step_is_that_of_most(make_frames):
    make_frames(["r0_c0.tif", "r0_c1.tif", "r1_c0.tif"])
    folder = make_frames(["r1_c1.tif"], shape=(20, 12))
    layout = open_layout(folder, overlap=5)
    assert layout[3].position == (15, 25)
    assert "3 of 20 x 30 px, 1 of others, such as r1_c1.tif with 20 x 12" in " ".join(layout.notes)


def test_kinds_that_do_not_mix_are_told(make_frames):
    folder = make_frames(["r0.tif"])
    tifffile.imwrite(folder / "r1.tif", np.zeros((20, 30, 3), np.uint8))
    assert "do not mix: uint32, grey; uint8, RGB" in " ".join(open_layout(folder).notes)


def test_a_missing_frame_is_named_with_the_way_out(make_frames):
    folder = make_frames(["a.tif"])
    path = folder / "TileConfiguration.txt"
    tile_configuration.write(path, ["a.tif", "b.tif", "c.tif"], [(0, 0), (0, 9), (0, 18)])
    with pytest.raises(LayoutError, match=r"2 of 3 frames are not there, .*b\.tif first"):
        open_layout(path)
    tile_configuration.write(path, ["a.tif", "b.tif"], [(0, 0), (0, 9)])
    with pytest.raises(LayoutError, match=r"b\.tif: there is no such file; put it there"):
        open_layout(path)


def test_a_broken_frame_is_named(make_frames):
    folder = make_frames(["r0.tif", "r1.tif"])
    (folder / "r1.tif").write_bytes(b"II*\0garbage")
    with pytest.raises(LayoutError, match=r"r1\.tif holds no picture.* leave it out"):
        open_layout(folder)


def test_files_of_several_pages_ask_for_one(tmp_path):
    for k in range(2):
        pages = np.stack([numbered(20, 30, 1000 * k + 100 * p) for p in range(3)])
        tifffile.imwrite(tmp_path / f"r{k}.tif", pages, photometric="minisblack")
    with pytest.raises(LayoutError, match="choose one with page=0 to page=2"):
        open_layout(tmp_path)
    layout = open_layout(tmp_path, page=2, overlap=5)
    assert [site.frame.read()[0, 0] for site in layout] == [200, 1200]


def test_pngs_are_frames_too(tmp_path):
    for k in range(2):
        Image.fromarray(numbered(20, 12, k).astype(np.uint8)).save(tmp_path / f"r{k}.PNG")
    assert len(open_layout(tmp_path, overlap=5)) == 2
    assert len(open_layout(tmp_path / "r0.PNG")) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"overlap": 5}, "leave the overlap out"),
        ({"rows": 1}, "leave rows, cols and missing out"),
        ({"missing": [(0, 0)]}, "leave rows, cols and missing out"),
        ({"pattern": "r{row}.tif"}, "no pattern is needed"),
        ({"unit": "inch"}, "no unit 'inch'"),
        ({"pixel_size": 0}, "a pixel cannot be 0 x 0"),
        ({"unit": "um"}, "give the pixel size"),
    ],
)
def test_what_contradicts_a_file_of_positions_is_refused(make_frames, options, said):
    folder = make_frames(["a.tif", "b.tif"])
    tile_configuration.write(folder / "t.txt", ["a.tif", "b.tif"], [(0, 0), (0, 25)])
    with pytest.raises(LayoutError, match=said):
        open_layout(folder / "t.txt", **options)


def test_listed_positions_stay_as_they_are_unless_they_are_turned(make_frames):
    folder = make_frames(["a.tif", "b.tif"])
    tile_configuration.write(folder / "t.txt", ["a.tif", "b.tif"], [(-7.5, 100), (-7, 125.25)])
    assert [*open_layout(folder / "t.txt").positions] == [(-7.5, 100), (-7, 125.25)]
    assert [*open_layout(folder / "t.txt", flip_x=True).positions] == [(0, 25.25), (0.5, 0)]
    assert open_layout(folder / "t.txt", pixel_size=0.5).pixel_size == (0.5, 0.5)


def test_positions_of_no_grid_give_no_rows(make_frames):
    names = [f"{k}.tif" for k in range(7)]
    folder = make_frames(names)
    brickwork = [(0, 0), (10, 26), (20, 0), (30, 26), (40, 0), (50, 26), (60, 0)]
    tile_configuration.write(folder / "t.txt", names, brickwork)
    layout = open_layout(folder / "t.txt")
    assert not layout.is_grid
    assert "not those of a grid" in " ".join(layout.notes)


def test_a_text_that_is_no_file_of_positions_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("bring milk")
    with pytest.raises(LayoutError, match="neither TileConfiguration, MIST"):
        open_layout(tmp_path / "notes.txt")


def test_opening_tells_its_progress_and_can_be_stopped(make_frames):
    folder = make_frames([f"r{k}.tif" for k in range(6)])
    told = []
    open_layout(folder, overlap=5, progress=lambda *what: told.append(what))
    assert told == [(k, 6, "opening frames") for k in range(1, 7)]

    class Stop(Exception):
        pass

    def stop(done, total, what):
        raise Stop

    with pytest.raises(Stop):
        open_layout(folder, overlap=5, progress=stop)


@pytest.mark.parametrize("ending", ["tif", "png"])
def test_frames_that_are_known_are_not_opened_again(make_frames, monkeypatch, ending):
    folder = make_frames([f"r{k}.{ending}" for k in range(4)])
    before = open_layout(folder, overlap=5)
    known = {site.frame.path: site.frame for site in before}
    opened = []
    monkeypatch.setattr(
        entries, "open_frame", lambda path, page: opened.append(path.name) or open_frame(path)
    )
    again = open_layout(folder, overlap=6, known=known)
    assert again.frames == before.frames
    assert opened == []
    assert again.positions != before.positions
    (folder / f"r1.{ending}").write_bytes((folder / f"r2.{ending}").read_bytes())
    os.utime(folder / f"r3.{ending}", ns=(1, 1))
    again = open_layout(folder, overlap=6, known=known)
    assert sorted(opened) == [f"r1.{ending}", f"r3.{ending}"]
    np.testing.assert_array_equal(again[1].frame.read(), before[2].frame.read())
    (folder / f"r0.{ending}").unlink()
    assert len(open_layout(folder, overlap=6, known=known)) == 3


def test_of_files_with_several_pages_none_is_known(tmp_path):
    for k in range(2):
        pixels = np.stack([np.full((20, 30), 10 * k + page, np.uint8) for page in range(2)])
        tifffile.imwrite(tmp_path / f"r{k}.tif", pixels, photometric="minisblack")
    first = open_layout(tmp_path, overlap=5, page=0)
    known = {site.frame.path: site.frame for site in first}
    second = open_layout(tmp_path, overlap=5, page=1, known=known)
    assert [site.frame.read()[0, 0] for site in second] == [1, 11]


def test_a_thousand_pages_of_one_file_are_opened_in_one_go(tmp_path):
    with tifffile.TiffWriter(tmp_path / "many.tif") as file:
        for k in range(1000):
            file.write(np.full((8, 8), k, np.uint16), contiguous=False)
    begin = time.perf_counter()
    layout = open_layout(tmp_path / "many.tif", rows=20, overlap=2)
    assert time.perf_counter() - begin < 5  # one by one it takes minutes
    assert layout[777].frame.read()[3, 3] == 777


def test_frames_of_equal_names_in_two_folders_keep_their_folders(make_frames, tmp_path):
    from napari_seamnet.layouts.entries import Entry

    make_frames(["a/1.tif", "b/1.tif", "a/2.tif"])
    entries = [Entry("a/1.tif"), Entry("b/1.tif"), Entry("a/2.tif")]
    frames = open_entries(entries, tmp_path)
    assert [frame.name for frame in frames] == ["a/1.tif", "b/1.tif", "2.tif"]


# ---- the nouns -------------------------------------------------------------------------------


def test_a_layout_without_a_frame_has_a_gap_there(make_frames):
    layout = open_layout(make_frames(["r0.tif", "r1.tif", "r2.tif"]), overlap=5)
    assert layout.without(1).missing == ((1, 0),)
    assert [site.row for site in layout.without(1)] == [0, 2]


@pytest.mark.parametrize("position", [(float("nan"), 0), (0, float("inf"))])
def test_a_site_has_a_finite_position(position):
    with pytest.raises(LayoutError, match="finite"):
        Site(as_frame(numbered(3, 4)), position)


def test_bounds_hold_all_frames():
    frames = [as_frame(numbered(20, 30)), as_frame(numbered(10, 5))]
    bounds = Layout.of_frames(frames, [(-3.2, 4), (30, -2)]).bounds
    assert (bounds.y, bounds.x, bounds.height, bounds.width) == (-3, -2, 43, 36)
