"""Sets of tiles: whatever is written comes back, and what is no tile is refused by name."""

import io
import json
import pickle
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from napari_seamnet.geometry import Shift
from napari_seamnet.learning import tile_png
from napari_seamnet.learning.tile_compact import compact_start
from napari_seamnet.learning.tile_files import (
    TileError,
    open_tiles,
    write_compact,
    write_index,
)
from napari_seamnet.learning.tile_label import tile_picture
from napari_seamnet.learning.tile_png import write_tile
from napari_seamnet.shifts import Cancelled

SIZE = 12
SHIFTS = [(0, 0), (-10, 10), (10, -10), (3, 0), (0, -7), (-1, -1), (9, 9)]


def squares():
    return np.random.default_rng(5).integers(0, 256, (len(SHIFTS), 2, SIZE, SIZE), np.uint8)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Seven tiles, the last two for validation."""
    made = tmp_path / "set"
    (made / "train").mkdir(parents=True)
    (made / "validation").mkdir()
    lines = []
    for row, (pixels, shift) in enumerate(zip(squares(), SHIFTS, strict=True)):
        split = "validation" if row > 4 else "train"
        name = f"{split}/{row:03}.png"
        write_tile(made / name, *pixels, Shift(*shift))
        lines.append([name, split, row // 2, *shift, 40, 50, 0])
    write_index(made, lines)
    return made


def test_a_folder_comes_back_as_it_was_written(folder):
    tiles = open_tiles(folder)
    assert tiles.shifts.tolist() == [list(shift) for shift in SHIFTS]
    assert tiles.pairs.tolist() == [0, 0, 1, 1, 2, 2, 3]
    assert tiles.splits.tolist() == [False] * 5 + [True] * 2
    assert (tiles.size, len(tiles)) == (SIZE, 7)
    np.testing.assert_array_equal(tiles.pixels(np.arange(7)), squares())


def test_any_tiles_in_any_order_can_be_asked_for(folder, tmp_path):
    write_compact(open_tiles(folder), tmp_path / "set.safetensors")
    for tiles in (open_tiles(folder), open_tiles(tmp_path / "set.safetensors")):
        np.testing.assert_array_equal(tiles.pixels([5, 0, 5]), squares()[[5, 0, 5]])
        np.testing.assert_array_equal(tiles.pixels(slice(2, 4)), squares()[2:4])
        assert tiles.pixels([]).shape == (0, 2, SIZE, SIZE)


def test_the_splits_are_sets_of_their_own(folder):
    held = open_tiles(folder).of_split("validation")
    assert held.shifts.tolist() == [[-1, -1], [9, 9]]
    np.testing.assert_array_equal(held.pixels([1, 0]), squares()[[6, 5]])
    assert len(open_tiles(folder).of_split("train")) == 5
    with pytest.raises(TileError, match="'test'"):
        held.of_split("test")


def test_pixels_may_be_changed_without_changing_the_set(folder, tmp_path):
    write_compact(open_tiles(folder), tmp_path / "set.safetensors")
    for tiles in (open_tiles(folder), open_tiles(tmp_path / "set.safetensors")):
        tiles.pixels([0])[...] = 0
        np.testing.assert_array_equal(tiles.pixels([0]), squares()[:1])


def test_a_plain_folder_without_side_files_is_all_training(tmp_path):
    for row, (pixels, shift) in enumerate(zip(squares(), SHIFTS, strict=True)):
        Image.fromarray(tile_picture(*pixels, Shift(*shift))).save(tmp_path / f"{row}.PNG")
    tiles = open_tiles(tmp_path)
    assert tiles.shifts.tolist() == [list(shift) for shift in SHIFTS]
    assert not tiles.splits.any()
    assert (tiles.pairs == -1).all()


def test_the_picture_is_the_truth_and_not_the_index(folder):
    index = (folder / "tiles.csv").read_text().replace("-10,10", "4,4")
    (folder / "tiles.csv").write_text(index)
    assert open_tiles(folder).shifts[1].tolist() == [-10, 10]


def test_hidden_and_half_written_files_are_no_tiles(folder):
    (folder / "train" / ".part-7-000.png").write_bytes(b"half")
    assert len(open_tiles(folder)) == 7


@pytest.mark.parametrize("kind", range(5))
def test_labels_are_read_whatever_filter_the_first_row_has(tmp_path, kind):
    picture = tile_picture(*squares()[0], Shift(-10, 7))
    (tmp_path / "tile.png").write_bytes(png_with_filter(picture, kind))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "tile.png")), picture)
    tiles = open_tiles(tmp_path)
    assert tiles.shifts.tolist() == [[-10, 7]]
    np.testing.assert_array_equal(tiles.pixels([0])[0], squares()[0])


def test_labels_are_read_behind_long_metadata(tmp_path):
    data = imagecodecs.png_encode(tile_picture(*squares()[0], Shift(2, -3)))
    text = chunk(b"tEXt", b"Comment\0" + b"x" * 9000)
    (tmp_path / "tile.png").write_bytes(data[:33] + text + data[33:])
    assert open_tiles(tmp_path).shifts.tolist() == [[2, -3]]


def test_opening_a_folder_decodes_no_picture(folder, monkeypatch):
    monkeypatch.setattr(tile_png, "read_picture", lambda path: pytest.fail(f"decoded {path}"))
    assert len(open_tiles(folder)) == 7


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((8, 9, 3), np.uint8), "square RGB"),
        (np.zeros((8, 8), np.uint8), "square RGB"),
        (np.zeros((8, 8, 4), np.uint8), "square RGB"),
        (np.zeros((8, 8, 3), np.uint16), "square RGB"),
        (np.zeros((9, 9, 3), np.uint8), "not of one size"),
    ],
)
def test_a_picture_that_does_not_belong_is_named(folder, picture, said):
    (folder / "train" / "odd.png").write_bytes(imagecodecs.png_encode(picture))
    with pytest.raises(TileError, match=rf"(?s)odd\.png.*{said}|{said}.*odd\.png"):
        open_tiles(folder)


def test_a_file_that_is_no_picture_is_named(folder):
    (folder / "train" / "odd.png").write_bytes(b"GIF89a, or so")
    with pytest.raises(TileError, match=r"odd\.png is no PNG"):
        open_tiles(folder)


@pytest.mark.parametrize("kept", [40, 60, 300])
def test_a_picture_that_is_cut_short_is_named_at_the_latest_when_it_is_read(folder, kept):
    path = folder / "train" / "000.png"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(TileError, match=r"000\.png is damaged"):
        open_tiles(folder).pixels([0])


def test_what_is_no_set_is_refused(tmp_path):
    with pytest.raises(TileError, match="there is no"):
        open_tiles(tmp_path / "nothing")
    with pytest.raises(TileError, match="holds no PNG tile"):
        open_tiles(tmp_path)
    (tmp_path / "a.txt").write_text("tiles")
    with pytest.raises(TileError, match="no set of tiles"):
        open_tiles(tmp_path / "a.txt")


def test_an_unfinished_set_is_refused_until_its_plan_is_deleted(folder):
    (folder / "tiles.json").write_text(json.dumps({"complete": False}))
    with pytest.raises(TileError, match="not finished"):
        open_tiles(folder)
    (folder / "tiles.json").unlink()
    assert len(open_tiles(folder)) == 7


def test_safetensors_itself_reads_the_compact_file(folder, tmp_path):
    path = tmp_path / "set.safetensors"
    write_compact(open_tiles(folder), path)
    with safe_open(path, "np") as file:
        np.testing.assert_array_equal(file.get_tensor("pixels"), squares())
        assert file.get_tensor("shifts").tolist() == [list(shift) for shift in SHIFTS]
        assert file.get_tensor("pairs").tolist() == [0, 0, 1, 1, 2, 2, 3]
        assert file.get_tensor("validation").tolist() == [False] * 5 + [True] * 2
        assert file.metadata()["format"].startswith("napari-seamnet tiles")


def test_a_compact_file_comes_back_as_it_was_written(folder, tmp_path):
    write_compact(open_tiles(folder).select([6, 2]), tmp_path / "set.safetensors")
    tiles = open_tiles(tmp_path / "set.safetensors")
    assert tiles.shifts.tolist() == [[9, 9], [10, -10]]
    assert tiles.splits.tolist() == [True, False]
    np.testing.assert_array_equal(tiles.pixels([0, 1]), squares()[[6, 2]])


def test_a_compact_set_never_travels_with_its_pixels(folder, tmp_path):
    path = tmp_path / "big.safetensors"
    header = compact_start(
        np.zeros((50_000, 2), np.int16), np.zeros(50_000), np.zeros(50_000, bool), 150, {}
    )
    with path.open("wb") as file:  # 2.2 GB, of which nothing is stored
        file.write(header)
        file.truncate(len(header) + 50_000 * 2 * 150 * 150)
    tiles = open_tiles(path)
    assert tiles.pixels([49_999]).shape == (1, 2, 150, 150)
    again = pickle.dumps(tiles)
    assert len(again) < 2_000_000
    assert pickle.loads(again).pixels([7]).shape == (1, 2, 150, 150)


@pytest.mark.parametrize("kept", [4, 100, 500, 1000])
def test_a_compact_file_that_is_cut_short_is_refused(folder, tmp_path, kept):
    path = tmp_path / "set.safetensors"
    write_compact(open_tiles(folder), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(TileError, match=r"set\.safetensors"):
        open_tiles(path)


def test_a_compact_file_cut_short_after_opening_is_an_error_and_no_crash(folder, tmp_path):
    path = tmp_path / "set.safetensors"
    write_compact(open_tiles(folder), path)
    tiles = open_tiles(path)
    path.write_bytes(path.read_bytes()[:800])
    with pytest.raises(TileError, match="cut short"):
        tiles.pixels([6])


@pytest.mark.parametrize(
    "header",
    [
        {},
        [],
        {"pixels": {"dtype": "U8", "shape": [1, 2, 4, 5], "data_offsets": [0, 40]}},
        {"pixels": {"dtype": "F32", "shape": [1, 2, 4, 4], "data_offsets": [0, 128]}},
        {"pixels": {"dtype": "U8", "shape": [1, 2, 4, 4], "data_offsets": [0, 32]}},
        {"pixels": 7},
    ],
)
def test_a_safetensors_file_that_holds_no_tiles_is_refused(tmp_path, header):
    text = json.dumps(header).encode()
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(400))
    with pytest.raises(TileError, match=r"weights\.safetensors"):
        open_tiles(path)


def test_a_compact_file_is_written_whole_or_not_at_all(folder, tmp_path):
    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        write_compact(open_tiles(folder), tmp_path / "set.safetensors", stop)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    with pytest.raises(TileError, match=r"does not end in \.safetensors"):
        write_compact(open_tiles(folder), tmp_path / "set.zip")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with_filter(picture, kind):
    """Write a PNG whose every row has one filter (PNG specification, 9.2)."""
    height, width = picture.shape[:2]
    rows = np.zeros((height + 1, 3 * width + 3), int)
    rows[1:, 3:] = picture.reshape(height, -1)
    a, b, c = rows[1:, :-3], rows[:-1, 3:], rows[:-1, :-3]
    p = a + b - c
    near = np.stack([abs(p - a), abs(p - b), abs(p - c)]).argmin(axis=0)
    guess = [0 * a, a, b, (a + b) // 2, np.choose(near, [a, b, c])][kind]
    packed = np.empty((height, 1 + 3 * width), np.uint8)
    packed[:, 0] = kind
    packed[:, 1:] = (rows[1:, 3:] - guess) % 256
    out = io.BytesIO()
    out.write(b"\x89PNG\r\n\x1a\n")
    out.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
    out.write(chunk(b"IDAT", zlib.compress(packed.tobytes())) + chunk(b"IEND", b""))
    return out.getvalue()
