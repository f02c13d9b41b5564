import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.layouts import LayoutError
from napari_seamnet.layouts.guess import guess_pattern


def grid(text, rows=3, cols=4, row0=0, col0=0):
    """Names of a grid; {r}, {c} and {n} are its row, column and serial number."""
    return [
        text.format(r=r + row0, c=c + col0, n=r * cols + c)
        for r, c in itertools.product(range(rows), range(cols))
    ]


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (grid("tile_r{r:02}_c{c:02}.tif"), "tile_r{row}_c{col}.tif"),
        (grid("R{r:03}_C{c:03}.png", row0=1, col0=1), "R{row}_C{col}.png"),
        (grid("c{c}r{r}.jpg"), "c{col}r{row}.jpg"),
        (grid("img_row{r}_col{c}.tif"), "img_row{row}_col{col}.tif"),
        (grid("tileRow{r}Col{c}_ch00.tif"), "tileRow{row}Col{col}_ch00.tif"),
        (grid("scan7_Row {r} Column {c}.tif"), "scan7_Row {row} Column {col}.tif"),
        (grid("stitch2d_ex[Grid@{c} {r}].jpg"), "stitch2d_ex[Grid@{col} {row}].jpg"),
        (grid("Grid@{c} {r}.tif"), "Grid@{col} {row}.tif"),
        (grid("img{n:03}_row{r}_col{c}.tif"), "img{serial}_row{row}_col{col}.tif"),
        (grid("IMG_{n:04}.tif"), "IMG_{serial}.tif"),
        (grid("LF-16-361-{n}.jpg"), "LF-16-361-{serial}.jpg"),
        (grid("1-0{n:02}.jpg"), "1-{serial}.jpg"),
        (grid("x100_11x11_A{n:02}_I.tif"), "x100_11x11_A{serial}_I.tif"),
        (grid("x{c:04}_y{r:04}.tif"), "x{col}_y{row}.tif"),
        (grid("a_r{r}_c{c}.tif", rows=1), "a_r{row}_c{col}.tif"),
        (grid("a_r{r}_c{c}.tif", cols=1), "a_r{row}_c{col}.tif"),
        (grid("a{{1}}_{n}.tif"), "a{{1}}_{serial}.tif"),
        (grid("2_{r}_{c}.png", row0=1, col0=1), "2_{row}_{col}.png"),
    ],
)
def test_common_ways_of_naming_are_understood(names, pattern):
    guess = guess_pattern(names)
    assert guess.pattern.text == pattern
    assert guess.names == tuple(names)
    assert not guess.left_out


@given(
    st.sampled_from(["tile_r{r}_c{c}.tif", "x{c:03}_y{r:03}.png", "Row{r:02}Col{c:02}.jpg"]),
    st.integers(2, 6),
    st.integers(2, 6),
    st.integers(-1, 5),  # 0 among them: see the next test
    st.integers(-1, 5),
    st.randoms(use_true_random=False),
)
def test_the_guessed_pattern_reads_back_what_made_the_names(text, rows, cols, row0, col0, random):
    names = grid(text, rows, cols, row0, col0)
    truth = [*itertools.product(range(row0, row0 + rows), range(col0, col0 + cols))]
    shuffled = random.sample([*zip(names, truth, strict=True)], len(names))
    guess = guess_pattern([name for name, _ in shuffled])
    for name, (row, col) in shuffled:
        assert guess.pattern.match(name) == {"row": row, "col": col}


def test_a_minus_before_all_numbers_may_be_a_hyphen_which_is_said():
    guess = guess_pattern(grid("t_r{r}_c{c}.tif", row0=-5))
    assert guess.pattern.text == "t_r-{row}_c{col}.tif"
    assert "turn the axis round" in guess.notes[0]
    assert not guess_pattern(grid("t_r-{r}_c-{c}.tif")).notes  # nobody writes minus nought


def test_a_name_may_come_in_capitals():
    guess = guess_pattern(["A_r0_c0.TIF", "a_r0_c1.tif", "a_r1_c0.tif"])
    assert guess.pattern.match("A_r0_c0.TIF") == {"row": 0, "col": 0}
    assert len(guess.names) == 3


@pytest.mark.parametrize(
    ("names", "unit", "first"),
    [
        ([f"x{x}_y{y}um.tif" for y in (0, 880) for x in (-900, 0)], "µm", (0.0, -900.0)),
        ([f"s_x{x}_y{y}.tif" for y in (0.5, 9.5) for x in (0.25, 9.0)], None, (0.5, 0.25)),
        ([f"y{y}px_x{x}px.tif" for y in (0, 880) for x in (0, 900)], "px", (0.0, 0.0)),
        ([f"x{x}_y0.tif" for x in (0, 900, 1800)], None, (0.0, 0.0)),
    ],
)
def test_large_steps_behind_x_and_y_are_positions(names, unit, first):
    guess = guess_pattern(names)
    assert guess.pattern.fields == {"y", "x"}
    assert guess.unit == unit
    found = guess.pattern.match(names[0])
    assert (found["y"], found["x"]) == first


def test_a_sign_is_a_sign_only_where_some_have_none():
    assert guess_pattern([*grid("t_{n}.tif"), "t_-1.tif"]).pattern.match("t_-1.tif") == {
        "serial": -1
    }
    assert guess_pattern(grid("t-{n}.tif")).pattern.match("t-3.tif") == {"serial": 3}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (grid("2_{r}_{c}.png"), "nothing in the names says which number is the row"),
        (grid("run7_r{r}_{c}.tif"), "'r' says row; the other number"),
        (grid("x{c}_y{r}.tif"), "count frames here"),
        ([f"I_{n:04}_1345{7 * n:02}.tif" for n in range(6)], "say nothing of the place: 134500"),
        (grid("z{n}.tif"), "often count planes"),
        (grid("a{r}_{n}.tif"), "say nothing of the place: 0 behind 'a'"),
    ],
)
def test_what_was_taken_without_proof_is_said(names, said):
    assert said in " ".join(guess_pattern(names).notes)


def test_files_that_do_not_fit_are_left_out_and_named():
    guess = guess_pattern([*grid("t_r{r}_c{c}.tif"), "overview.tif", "before.png"])
    assert guess.left_out == ("overview.tif", "before.png")
    assert len(guess.names) == 12


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (grid("r{r}_z{c}.tif"), "such as r{row}_z0.tif"),
        (
            [f"r{r}_c{c}_ch{h}.tif" for r in range(2) for c in range(3) for h in range(2)],
            "such as r{row}_c{col}_ch0.tif",
        ),
        (grid("t_{n}_DAPI.tif") + grid("t_{n}_GFP.tif"), "follow several patterns"),
        (["left.tif", "right.tif"], "follow several patterns"),
        ([f"a{n % 3}_{7 * n}_{n % 2}.tif" for n in range(6)], "nothing says which is what"),
        ([f"s{n}_{97 * n}.tif" for n in (1, 20, 300)], "do not look like row and column"),
        (["r1_r2_c3.tif", "r2_r1_c3.tif"], "several numbers may be the row"),
        (["a01.tif", "a1.tif"], "bear the same number"),
        ([f"x{x}_y{y}.tif" for x in (0, 100) for y in (0, 1)], "may be positions, or count"),
    ],
)
def test_where_two_readings_are_as_likely_a_person_is_asked(names, said):
    with pytest.raises(LayoutError) as error:
        guess_pattern(names)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), unique=True))
def test_any_names_are_guessed_or_refused_but_never_crash(names):
    try:
        guess = guess_pattern(names)
    except LayoutError:
        return
    assert sorted([*guess.names, *guess.left_out]) == sorted(names)
    assert all(guess.pattern.match(name) is not None for name in guess.names)
