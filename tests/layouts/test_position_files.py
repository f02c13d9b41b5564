"""The three dialects of positions in plain text: what one writes, it reads; and their oddities."""

import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_seamnet.layouts import (
    LayoutError,
    mist,
    open_layout,
    table,
    tile_configuration,
)
from napari_seamnet.saving import SavingError

DIALECTS = pytest.mark.parametrize("dialect", [tile_configuration, mist, table])
# Anything a file may be called, but for line breaks and blanks at the end, which are refused.
names = (
    st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="/\\\0"),
        min_size=1,
        max_size=20,
    )
    .map(str.rstrip)
    .filter(lambda name: name and name.strip(".") and not name.startswith("./"))
)
numbers = st.floats(-1e7, 1e7, allow_nan=False) | st.integers(-(10**6), 10**6).map(float)
listings = st.lists(st.tuples(names, numbers, numbers), min_size=1, unique_by=lambda row: row[0])
anywhere = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@DIALECTS
@anywhere
@given(rows=listings)
def test_whatever_is_written_is_read_again(dialect, rows, tmp_path):
    path = tmp_path / "positions.txt"
    files, positions = [row[0] for row in rows], [row[1:] for row in rows]
    dialect.write(path, files, positions)
    listing = dialect.read(path)
    assert [entry.file for entry in listing.entries] == files
    assert [entry.position for entry in listing.entries] == positions
    assert listing.folder == tmp_path


@DIALECTS
def test_a_layout_is_written_with_paths_that_lead_back_to_its_frames(
    dialect, make_frames, tmp_path
):
    folder = make_frames(["a; r0 c0.tif", "a; r0 c1.tif", "a; r1 c0.tif"])
    layout = open_layout(folder, overlap=(3, 4.5))
    (tmp_path / "out").mkdir()
    for path in (tmp_path / "here.txt", tmp_path / "out" / "there.txt"):
        dialect.write(path, layout)
        again = open_layout(path)
        assert again.positions == layout.positions
        assert [site.frame.path.resolve() for site in again] == [
            site.frame.path.resolve() for site in layout
        ]
        assert [(s.row, s.col) for s in again] == [(0, 0), (0, 1), (1, 0)]


@DIALECTS
def test_other_positions_of_a_layout_can_be_written(dialect, make_frames, tmp_path):
    layout = open_layout(make_frames(["r0.tif", "r1.tif"]), overlap=5)
    dialect.write(tmp_path / "p.txt", layout, [(0, 0), (16, -2)])
    assert [e.position for e in dialect.read(tmp_path / "p.txt").entries] == [(0, 0), (16, -2)]


@DIALECTS
def test_what_cannot_be_written_is_refused_and_leaves_nothing(dialect, tmp_path):
    path = tmp_path / "p.txt"
    for files, positions, said in [
        (["a.tif"], [(0, 0), (1, 1)], "1 frames and 2 positions"),
        (["a\nb.tif"], [(0, 0)], "line break"),
        (["a.tif "], [(0, 0)], "ends in a blank"),
        (["a.tif"], None, "give the positions"),
    ]:
        with pytest.raises(LayoutError, match=said):
            dialect.write(path, files, positions)
    with pytest.raises(SavingError, match="there is no folder"):
        dialect.write(tmp_path / "not" / "p.txt", ["a.tif"], [(0, 0)])
    assert not [*tmp_path.iterdir()]


@DIALECTS
def test_a_file_that_is_not_there_is_named(dialect, tmp_path):
    with pytest.raises(LayoutError, match=r"gone\.txt"):
        dialect.read(tmp_path / "gone.txt")


@DIALECTS
def test_an_empty_file_is_refused(dialect, tmp_path):
    (tmp_path / "p.csv").write_text("file,y,x\n" if dialect is table else "\n\n")
    with pytest.raises(LayoutError, match="names no frame"):
        dialect.read(tmp_path / "p.csv")


# ---- TileConfiguration -----------------------------------------------------------------------

REGISTERED = """\
# Define the number of dimensions we are working on
dim = 2

# Define the image coordinates
tile one.tif; ; (-0.006607, 1.5e1)

 a;b (2).tif ;  ; (920.87,-3)
c.tif;;(1,2)
"""


def read_text(reader, tmp_path, text, name="p.txt", **how):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(**how))
    return reader.read(path)


@pytest.mark.parametrize("text", [REGISTERED, REGISTERED.replace("\n", "\r\n"), "﻿" + REGISTERED])
def test_fijis_comments_blanks_and_spaces_are_read(tmp_path, text):
    listing = read_text(tile_configuration, tmp_path, text)
    assert [(e.file, e.position) for e in listing.entries] == [
        ("tile one.tif", (15.0, -0.006607)),
        ("a;b (2).tif", (-3.0, 920.87)),
        ("c.tif", (2.0, 1.0)),
    ]


def test_a_third_dimension_that_is_everywhere_the_same_is_dropped(tmp_path):
    text = "dim = 3\na.tif; ; (1, 2, 0.0)\nb.tif; ; (3, 4, 0)\n"
    listing = read_text(tile_configuration, tmp_path, text)
    assert [e.position for e in listing.entries] == [(2.0, 1.0), (4.0, 3.0)]
    with pytest.raises(LayoutError, match="several depths, z from 0 to 7"):
        read_text(tile_configuration, tmp_path, text.replace("4, 0", "4, 7"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dim = 2\nmultiSeries = true\na.czi; 0; (0, 0)\na.czi; 1; (9, 0)\n", "multiSeries"),
        ("dim = 2\na.tif; ; (0, 0)\na.tif; ; (5, 5)\n", r"names a\.tif twice"),
        ("dim = 2\na.tif; ; (0, 0, 0)\n", "line 2: 3 coordinates where the file says dim = 2"),
        ("dim = 4\n", "line 1: 4 dimensions"),
        ("dim = 2\na.tif; ; (0, x)\n", "line 2: 'a.tif; ; .0, x.' cannot be read"),
        ("dim = 2\na.tif; (0, 0)\n", "line 2"),
        ("dim = 2\na.tif; ; (7)\n", "line 2: 1 coordinates"),
    ],
)
def test_what_fiji_would_not_read_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(LayoutError, match=said):
        read_text(tile_configuration, tmp_path, text)


def test_multiseries_set_to_false_is_an_ordinary_file(tmp_path):
    text = "dim = 2\nmultiSeries = false\na.tif; ; (0, 0)\n"
    assert len(read_text(tile_configuration, tmp_path, text).entries) == 1


def test_fiji_can_read_what_is_written(tmp_path):
    """As Fiji does it: lines split at semicolons in three, the last in brackets."""
    path = tmp_path / "TileConfiguration.registered.txt"
    tile_configuration.write(path, ["dim1.tif", "#a.tif", "b c.tif"], [(1, 2), (-3.5, 4), (5, 6)])
    lines = path.read_text().splitlines()
    assert lines[:4] == [
        "# Define the number of dimensions we are working on",
        "dim = 2",
        "",
        "# Define the image coordinates",
    ]
    read = []
    for line in lines[4:]:
        assert not line.startswith(("#", "dim"))
        name, _, at = (part.strip() for part in line.split(";"))
        assert at.startswith("(")
        assert at.endswith(")")
        read.append(((tmp_path / name).name, tuple(float(v) for v in at[1:-1].split(","))))
    assert read == [("dim1.tif", (2, 1)), ("#a.tif", (4, -3.5)), ("b c.tif", (6, 5))]


def test_a_name_that_fiji_would_split_is_warned_of_in_the_file(tmp_path):
    tile_configuration.write(tmp_path / "p.txt", ["a;b.tif"], [(0, 0)])
    assert "# Fiji cannot open names with a semicolon" in (tmp_path / "p.txt").read_text()


def test_names_of_an_older_windows_program_are_read(tmp_path):
    text = "dim = 2\nsub\\Größe.tif; ; (0, 0)\n"
    listing = read_text(tile_configuration, tmp_path, text, encoding="latin-1")
    assert listing.entries[0].file == "sub/Größe.tif"


# ---- MIST ------------------------------------------------------------------------------------

MIST = """\
file: img_r001_c001.tif; corr: 0.9994; position: (0, 0); grid: (0, 0);
file: img_r001_c002.tif; corr: NaN; position: (1280, -3); grid: (1, 0);
file: img_r002_c001.tif; corr: -1.0; position: (2, 950); grid: (0, 1);
"""


def test_mists_column_stands_before_its_row_and_x_before_y(tmp_path):
    listing = read_text(mist, tmp_path, MIST)
    assert [(e.file, e.position, e.row, e.col) for e in listing.entries] == [
        ("img_r001_c001.tif", (0, 0), 0, 0),
        ("img_r001_c002.tif", (-3, 1280), 0, 1),
        ("img_r002_c001.tif", (950, 2), 1, 0),
    ]


def test_mist_reads_line_by_line_what_is_written(tmp_path):
    mist.write(
        tmp_path / "p.txt",
        ["a.tif", "b.tif"],
        [(0, 0), (-3, 1280)],
        places=[(0, 0), (0, 1)],
        correlations=[0.9994, math.nan],
    )
    assert (tmp_path / "p.txt").read_text() == (
        "file: a.tif; corr: 0.9994; position: (0, 0); grid: (0, 0);\n"
        "file: b.tif; corr: -1; position: (1280, -3); grid: (1, 0);\n"
    )


def test_a_broken_line_of_mist_is_named(tmp_path):
    with pytest.raises(LayoutError, match="line 2"):
        read_text(mist, tmp_path, MIST.replace("(1280, -3)", "1280, -3"))


# ---- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "file,row,col,y,x,status\na b.tif,0,1,2.5,-3,certain\n",
        "X;Y;File;col;row\n-3;2,5;a b.tif;1;0\n",
        '﻿file\ty\tx\trow\tcol\r\n"a b.tif"\t2.5\t-3\t0\t1\r\n\r\n',
    ],
)
def test_columns_may_stand_in_any_order_and_with_any_separator(tmp_path, text):
    entry = read_text(table, tmp_path, text, "p.csv").entries[0]
    assert (entry.file, entry.position) == ("a b.tif", (2.5, -3.0))
    assert (entry.row, entry.col) == (0, 1)


def test_the_projects_own_columns_are_written_in_their_order(make_frames, tmp_path):
    layout = open_layout(make_frames(["r0_c0.tif", "r0_c1.tif"]), overlap=5)
    path = tmp_path / "pos.csv"
    table.write(path, layout, [(0, 0), (1, 26)], statuses=["certain", "doubtful"])
    assert path.read_text() == (
        "file,row,col,y,x,status\nr0_c0.tif,0,0,0,0,certain\nr0_c1.tif,0,1,1,26,doubtful\n"
    )


def test_number_and_row_and_column_survive(make_frames, tmp_path):
    layout = open_layout(make_frames([f"{k}.tif" for k in range(6)]), cols=3, overlap=5)
    table.write(tmp_path / "pos.csv", layout)
    again = open_layout(tmp_path / "pos.csv")
    for old, new in zip(layout, again, strict=True):
        assert (new.name, new.position, new.row, new.col, new.number) == (
            old.name,
            old.position,
            old.row,
            old.col,
            old.number,
        )


def test_places_alone_are_enough_with_an_overlap(make_frames, tmp_path):
    folder = make_frames(["a.tif", "b.tif"])
    (folder / "p.csv").write_text("file,row,col\na.tif,1,1\nb.tif,2,1\n")
    layout = open_layout(folder / "p.csv", overlap=4)
    assert [(s.row, s.col, s.position) for s in layout] == [(0, 0, (0, 0)), (1, 0, (16, 0))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,y,x\na.tif,0,0\n", "columns name, y, x; it needs file"),
        ("file,y\na.tif,0\n", "it needs file, and y and x"),
        ("file,y,x\na.tif,0,?\n", r"line 2: x is '\?'"),
        ("file,y,x\na.tif,0\n", "line 2: x is ''"),
        ("file,y,x\n,0,0\n", "line 2: no file is named"),
        ("file,row,col\na.tif,1,\n", "without row or col"),
        ("file,row,col\na.tif,1.5,2\n", "row is '1.5'; give a whole number"),
        ("", "it needs file"),
        (b"file,y,x\n\0\0\0\n", "line 2"),
    ],
)
def test_a_table_that_lacks_something_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(LayoutError, match=said):
        read_text(table, tmp_path, text, "p.csv")


def test_nothing_is_left_when_writing_fails_half_way(tmp_path, monkeypatch):
    path = tmp_path / "p.csv"
    path.write_text("kept")

    def fail(self, text, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="disk full"):
        tile_configuration.write(path, ["a.tif"], [(0, 0)])
    assert path.read_bytes() == b"kept"
    assert [one.name for one in tmp_path.iterdir()] == ["p.csv"]
