"""Sieved sets: even, within the largest shift, and copied as they were."""

import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.sieve import copy_sieved, histogram, sieve
from napari_seamnet.learning.tile_files import (
    TileError,
    TileFolder,
    Tiles,
    only_writer,
    open_tiles,
    write_compact,
    write_index,
)
from napari_seamnet.learning.tile_png import write_tile
from napari_seamnet.locking import LockedError
from napari_seamnet.shifts import Cancelled


def tiles_of(shifts, splits=None):
    """Tiles of which only the labels matter."""
    shifts = np.asarray(shifts, np.int16).reshape(-1, 2)
    n = len(shifts)
    splits = np.zeros(n, bool) if splits is None else np.asarray(splits)
    return Tiles(shifts, np.zeros(n, np.int32), splits, 8, None, np.arange(n))


def every_shift(reach, times):
    line = np.arange(-reach, reach + 1)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.tile(grid, (times, 1))


def test_the_histogram_counts_the_larger_of_both_axes():
    assert histogram(every_shift(3, 2)).tolist() == [2, 16, 32, 48]
    assert histogram(every_shift(3, 2), 5).tolist() == [2, 16, 32, 48, 0, 0]
    assert histogram(every_shift(3, 2), 1).tolist() == [2, 16]
    assert histogram(np.zeros((0, 2), np.int16)).tolist() == [0]


def test_every_largest_shift_is_taken_equally_often():
    tiles = tiles_of(every_shift(4, 10))
    chosen = sieve(tiles)
    assert histogram(tiles.shifts[chosen]).tolist() == [10] * 5
    assert (np.diff(chosen) > 0).all()


def test_within_one_largest_shift_every_shift_is_taken_equally_often():
    tiles = tiles_of(every_shift(2, 16))
    taken = tiles.shifts[sieve(tiles)]
    _, counts = np.unique(taken[np.abs(taken).max(axis=1) == 2], axis=0, return_counts=True)
    assert counts.tolist() == [1] * 16


def test_more_than_can_be_even_is_as_even_as_it_can_be():
    tiles = tiles_of(every_shift(4, 10))  # 10, 80, 160, 240, 320
    counts = histogram(tiles.shifts[sieve(tiles, count=400)]).tolist()
    assert counts[:2] == [10, 80]
    assert sum(counts) == 400
    assert max(counts[2:]) - min(counts[2:]) <= 1


def test_larger_shifts_are_left_out_and_nothing_else():
    tiles = tiles_of(every_shift(4, 3))
    chosen = sieve(tiles, largest=2, even=False)
    assert histogram(tiles.shifts[chosen], 4).tolist() == [3, 24, 48, 0, 0]


def test_both_splits_are_even_and_keep_their_ratio():
    shifts = every_shift(2, 8)
    tiles = tiles_of(shifts, np.arange(len(shifts)) >= len(shifts) // 4)
    chosen = sieve(tiles)
    for held in (False, True):
        here = histogram(tiles.shifts[chosen[tiles.splits[chosen] == held]])
        assert len(set(here)) == 1
    counted = sieve(tiles, count=40, even=False)
    assert (len(counted), int(tiles.splits[counted].sum())) == (40, 30)


@given(
    shifts=st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=1),
    held=st.integers(0, 50),
    share=st.floats(0.01, 1),
    even=st.booleans(),
    seed=st.integers(0, 5),
)
def test_exactly_as_many_as_asked_for_are_chosen_once_each(shifts, held, share, even, seed):
    tiles = tiles_of(shifts, np.arange(len(shifts)) < held)
    count = max(1, int(share * len(shifts)))
    chosen = sieve(tiles, even=even, count=count, seed=seed)
    assert len(chosen) == count
    assert len(set(chosen.tolist())) == count
    np.testing.assert_array_equal(chosen, sieve(tiles, even=even, count=count, seed=seed))


def test_more_than_there_are_is_refused():
    tiles = tiles_of(every_shift(2, 1))
    with pytest.raises(TileError, match="26 tiles cannot be chosen from 25"):
        sieve(tiles, count=26)
    with pytest.raises(TileError, match="up to 1 px"):
        sieve(tiles, largest=1, count=10)


@pytest.fixture
def folder(tmp_path):
    """50 tiles of shifts within 2 px, every fifth for validation, in oddly named folders."""
    made = tmp_path / "set"
    rng, lines = np.random.default_rng(0), []
    for row, (dy, dx) in enumerate(every_shift(2, 2)):
        split = "validation" if row % 5 == 0 else "train"
        name = f"day 1/{split}/{row:02}.png"
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        write_tile(made / name, *rng.integers(0, 256, (2, 8, 8), np.uint8), Shift(dy, dx))
        lines.append([name, split, row % 3, dy, dx, row, 7, 1])
    write_index(made, lines)
    return made


def test_a_copied_folder_holds_the_same_files(folder, tmp_path):
    before, after = open_tiles(folder), copy_sieved(folder, tmp_path / "new", largest=1)
    assert histogram(after.of_split("train").shifts, 2).tolist()[2] == 0
    assert isinstance(after.source, TileFolder)
    for name in after.source.files:
        assert (tmp_path / "new" / name).read_bytes() == (folder / name).read_bytes()
    at = [before.source.files.index(name) for name in after.source.files]
    np.testing.assert_array_equal(after.pairs, before.pairs[at])
    np.testing.assert_array_equal(after.splits, before.splits[at])
    index = (tmp_path / "new" / "tiles.csv").read_text().splitlines()
    assert len(index) == len(after) + 1
    assert set(index) < set((folder / "tiles.csv").read_text().splitlines())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "set"]


def test_a_folder_becomes_a_compact_file_and_a_folder_again(folder, tmp_path):
    packed = copy_sieved(folder, tmp_path / "new.safetensors", even=False)
    opened = open_tiles(folder)
    np.testing.assert_array_equal(packed.pixels(slice(None)), opened.pixels(slice(None)))
    again = copy_sieved(tmp_path / "new.safetensors", tmp_path / "again", even=False)
    for split in ("train", "validation"):
        one, two = again.of_split(split), packed.of_split(split)
        np.testing.assert_array_equal(one.shifts, two.shifts)
        np.testing.assert_array_equal(one.pairs, two.pairs)
        np.testing.assert_array_equal(one.pixels(slice(None)), two.pixels(slice(None)))


def test_a_plain_folder_of_tiles_from_elsewhere_can_be_filtered(tmp_path):
    for row, shift in enumerate(every_shift(2, 1)):
        square = np.full((8, 8), row, np.uint8)
        write_tile(tmp_path / f"{row}.png", square, square, Shift(*shift))
    new = tmp_path.parent / f"{tmp_path.name} filtered"
    assert len(copy_sieved(tmp_path, new, largest=1, even=False)) == 9


def test_a_full_folder_is_not_written_into(folder, tmp_path):
    with pytest.raises(TileError, match="not empty"):
        copy_sieved(folder, folder)
    (tmp_path / "empty").mkdir()
    assert len(copy_sieved(folder, tmp_path / "empty", even=False)) == 50


def test_nothing_left_to_copy_is_said(tmp_path):
    write_tile(tmp_path / "a.png", *np.zeros((2, 8, 8), np.uint8), Shift(3, 0))
    with pytest.raises(TileError, match=r"no tile of .* up to 2 px"):
        copy_sieved(tmp_path, tmp_path / "new", largest=2)


def test_a_cancelled_copy_leaves_nothing(folder, tmp_path):
    write_compact(open_tiles(folder), tmp_path / "set.safetensors")

    def stop(done, total, what):
        if done:
            raise Cancelled

    for out in ("new", "new.safetensors"):
        with pytest.raises(Cancelled):
            copy_sieved(folder, tmp_path / out, even=False, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "set.safetensors"]


@pytest.mark.parametrize("name", ["new", "new.safetensors"])
def test_a_second_copy_to_the_same_place_is_refused_and_does_the_first_no_harm(
    folder, tmp_path, name
):
    out, refused = tmp_path / name, []
    write_compact(open_tiles(folder), tmp_path / "set.safetensors")

    def try_again(done, total, what):
        with pytest.raises(LockedError, match=rf"writing to .*{name} now; wait .* another name"):
            copy_sieved(tmp_path / "set.safetensors", out, largest=1)
        refused.append(done)

    made = copy_sieved(folder, out, even=False, progress=try_again)
    assert refused
    np.testing.assert_array_equal(made.pixels(slice(None)), open_tiles(folder).pixels(slice(None)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "set", "set.safetensors"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_two_names_of_one_folder_are_one_place(folder, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "new", target_is_directory=True)
    with (
        only_writer(tmp_path / "new"),
        pytest.raises(LockedError, match="link now"),
    ):
        copy_sieved(folder, tmp_path / "link")


def test_an_unfinished_set_is_not_copied(folder, tmp_path):
    (folder / "tiles.json").write_text(json.dumps({"complete": False}))
    with pytest.raises(TileError, match="not finished"):
        copy_sieved(folder, tmp_path / "new")
