import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.layouts import LayoutError, NamePattern
from napari_seamnet.layouts.names import escaped, natural_key


@pytest.mark.parametrize(
    ("pattern", "name", "values"),
    [
        ("tile_r{row}_c{col}.tif", "tile_r03_c12.tif", {"row": 3, "col": 12}),
        ("TILE_R{row}_C{col}.TIF", "tile_r3_c1.tif", {"row": 3, "col": 1}),
        ("{serial}.jpg", "0017.jpg", {"serial": 17}),
        ("x{x}_y{y}.png", "x-12.5_y+40.png", {"x": -12.5, "y": 40.0}),
        ("a_{any}_{row}_{col}.tif", "a_12_x_3_-4.tif", {"row": 3, "col": -4}),
        ("{row:02}{col:03}.tif", "12345.tif", {"row": 12, "col": 345}),
        ("[Grid@{col} {row}].tif", "[Grid@2 7].tif", {"col": 2, "row": 7}),
        ("{{{serial}}}.tif", "{5}.tif", {"serial": 5}),
        ("a-{row}-{col}.tif", "a-1-2.tif", {"row": 1, "col": 2}),
        ("r{row}.tif", "r5.tif", {"row": 5}),
    ],
)
def test_a_pattern_reads_its_numbers(pattern, name, values):
    assert NamePattern(pattern).match(name) == values


@pytest.mark.parametrize("name", ["tile_r03_c12.tiff", "atile_r03_c12.tif", "tile_r_c12.tif"])
def test_a_name_that_does_not_fit_says_nothing(name):
    assert NamePattern("tile_r{row}_c{col}.tif").match(name) is None


texts = st.text(st.characters(categories=["L", "P", "S"], exclude_characters="/+-"), max_size=6)


@given(texts, texts, texts, st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_a_pattern_formats_it_reads_again(before, between, after, row, col):
    pattern = NamePattern(
        escaped(before) + "{row}" + escaped(between) + "_{col:05}" + escaped(after)
    )
    assert pattern.match(pattern.format(row=row, col=col)) == {"row": row, "col": col}


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("tile.tif", "does not say where"),
        ("{z}_{row}.tif", "has {z} in it"),
        ("{row}_{row}.tif", "twice"),
        ("{y}.tif", "does not say where"),
        ("{y}_{col}.tif", "only one of {y} and {x}"),
        ("{row}{col}.tif", "two numbers touch"),
        ("{row:02}{col}.tif", "two numbers touch"),
        ("{row:x}_{col}.tif", "a width is written"),
        ("r{row", "cannot be read"),
        ("{}_{row}.tif", "has {} in it"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern, said):
    with pytest.raises(LayoutError) as error:
        NamePattern(pattern)
    assert said in str(error.value)


def test_names_sort_by_their_numbers():
    names = ["a10.tif", "a9.tif", "A1.tif", "b0.tif", "10.tif"]
    assert sorted(names, key=natural_key) == ["A1.tif", "a9.tif", "a10.tif", "b0.tif", "10.tif"]
