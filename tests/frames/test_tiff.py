"""Every kind of TIFF gives exactly the pixels that were written, whole and in part."""

import builtins
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile

from napari_seamnet.frames import PageError, UnsupportedFrameError, open_frame
from napari_seamnet.frames import tiff as tiff_module
from napari_seamnet.geometry import Box


def numbered(*shape, dtype=np.uint16):
    """Neighbouring pixels differ, and for 16 bits and more, all pixels do."""
    return (np.arange(np.prod(shape)) * 7919 % 65521).astype(dtype).reshape(shape)


BOXES = [Box(0, 0, 50, 70), Box(3, 5, 40, 9), Box(49, 69, 1, 1), Box(10, 60, 33, 10)]
LAYOUTS = {
    "plain": {},
    "strips": {"rowsperstrip": 7},
    "deflate strips": {"compression": "zlib", "rowsperstrip": 7},
    "deflate, one strip": {"compression": "zlib", "rowsperstrip": 50},
    "LZW with predictor": {"compression": "lzw", "predictor": True, "rowsperstrip": 8},
    "tiles": {"tile": (16, 32)},
    "deflate tiles": {"compression": "zlib", "tile": (16, 32)},
    "zstd": {"compression": "zstd"},
    "BigTIFF": {"bigtiff": True},
    "big-endian": {"byteorder": ">"},
    "big-endian deflate": {"byteorder": ">", "compression": "zlib", "rowsperstrip": 7},
}
DTYPES = ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


def write(path, pixels, byteorder=None, bigtiff=False, **options):
    tifffile.imwrite(path, pixels, byteorder=byteorder, bigtiff=bigtiff, **options)
    return path


def check(frame, pixels):
    """The frame is the picture, in whole, in part, and thinned out."""
    assert frame.shape == pixels.shape[:2]
    assert frame.dtype == pixels.dtype
    np.testing.assert_array_equal(frame.read(), pixels)
    for box in BOXES:
        part = frame.read(box)
        assert part.dtype == pixels.dtype
        np.testing.assert_array_equal(part, pixels[box.slices])
        np.testing.assert_array_equal(frame.read(box, step=3), pixels[box.slices][::3, ::3])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_grey_pixels_come_back_exactly(tmp_path, layout, dtype):
    pixels = numbered(50, 70, dtype=dtype)
    frame = open_frame(write(tmp_path / "a.tif", pixels, **LAYOUTS[layout]))
    assert frame.channels == 0
    check(frame, pixels)


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("layout", ["plain", "deflate strips", "deflate, one strip", "tiles"])
def test_colour_comes_back_in_channels_last_however_it_is_stored(
    tmp_path, layout, channels, planarconfig
):
    pixels = numbered(50, 70, channels)
    stored = pixels if planarconfig == "contig" else np.moveaxis(pixels, -1, 0)
    extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    options = {"photometric": "rgb", "planarconfig": planarconfig, **extra, **LAYOUTS[layout]}
    frame = open_frame(write(tmp_path / "a.tif", stored, **options))
    assert frame.channels == channels
    check(frame, pixels)


def test_jpeg_inside_tiff_is_what_tifffile_decodes(tmp_path):
    smooth = np.add.outer(np.arange(64), np.arange(80)).astype(np.uint8)
    colour = np.stack([smooth, smooth[::-1], smooth[:, ::-1]], -1)
    path = write(tmp_path / "a.tif", colour, compression="jpeg", tile=(32, 32), photometric="rgb")
    np.testing.assert_array_equal(open_frame(path).read(), tifffile.imread(path))


@pytest.mark.parametrize("metadata", [{"axes": "CYX"}, {"axes": "ZYX"}, {"axes": "TYX"}])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}])
def test_ome_planes_are_chosen_by_page(tmp_path, metadata, options):
    stack = numbered(3, 50, 70)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, stack, ome=True, metadata=metadata, photometric="minisblack", **options)
    for page in range(3):
        check(open_frame(path, page), stack[page])


def test_pages_of_a_five_dimensional_ome_tiff_count_through_all_its_planes(tmp_path):
    stack = numbered(2, 3, 4, 50, 70)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, stack, ome=True, metadata={"axes": "TCZYX"}, photometric="minisblack")
    for page, plane in enumerate(stack.reshape(-1, 50, 70)):
        np.testing.assert_array_equal(open_frame(path, page).read(), plane)


def test_planes_of_an_imagej_stack_in_one_directory_are_found(tmp_path):
    stack = numbered(4, 50, 70)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "ZYX"}, truncate=True)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 1
    for page in range(4):
        check(open_frame(path, page), stack[page])


def test_colour_planes_of_an_ome_stack_count_once_each(tmp_path):
    stack = numbered(2, 50, 70, 3, dtype=np.uint8)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, stack, ome=True, metadata={"axes": "ZYXS"}, photometric="rgb")
    check(open_frame(path, 1), stack[1])


def test_a_stack_without_a_chosen_page_says_how_to_choose(tmp_path):
    path = write(tmp_path / "a.tif", numbered(3, 50, 70), photometric="minisblack")
    with pytest.raises(
        PageError, match=r"a\.tif holds 3 planes; choose one with page=0 to page=2"
    ):
        open_frame(path)


@pytest.mark.parametrize("page", [-1, 3, 100])
def test_a_page_out_of_range_is_named_with_those_there_are(tmp_path, page):
    path = write(tmp_path / "a.tif", numbered(3, 50, 70), photometric="minisblack")
    with pytest.raises(PageError, match=rf"no page {page}: it holds 3; choose from 0 to 2"):
        open_frame(path, page)


def test_a_thumbnail_of_another_size_is_no_reason_to_ask_for_a_page(tmp_path):
    pixels = numbered(50, 70)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pixels, metadata=None)
        file.write(numbered(5, 7), metadata=None)
    check(open_frame(tmp_path / "a.tif"), pixels)
    np.testing.assert_array_equal(open_frame(tmp_path / "a.tif", 1).read(), numbered(5, 7))


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_one_bit_pictures_become_0_and_255_with_white_white(tmp_path, photometric):
    bits = numbered(50, 70) % 3 == 0
    path = write(tmp_path / "a.tif", bits, photometric=photometric)
    white = bits if photometric == "minisblack" else ~bits
    check(open_frame(path), np.where(white, np.uint8(255), np.uint8(0)))


@pytest.mark.parametrize("is_grey", [False, True])
def test_palette_pictures_become_rgb_and_palettes_of_greys_grey(tmp_path, is_grey):
    indices = numbered(50, 70, dtype=np.uint8)
    table = np.random.default_rng(0).permuted(np.tile(np.arange(256), (3, 1)), axis=1)
    table = np.tile(table[:1], (3, 1)) if is_grey else table
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, indices, photometric="palette", colormap=(table * 257).astype(np.uint16)
    )
    expected = table.T.astype(np.uint8)[indices]
    check(open_frame(path), expected[..., 0] if is_grey else expected)


def test_alpha_beside_grey_is_dropped(tmp_path):
    pixels = numbered(50, 70, 2)
    path = write(
        tmp_path / "a.tif",
        pixels,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
    )
    check(open_frame(path), pixels[..., 0])


@pytest.mark.parametrize(
    ("pixels", "options", "reason"),
    [
        (numbered(9, 9).astype(np.complex64), {}, "complex64.*numpy.abs"),
        (numbered(9, 9, 4), {"photometric": "separated"}, "SEPARATED; save it as grey or RGB"),
        (numbered(9, 9, 6), {"photometric": "minisblack", "planarconfig": "contig"}, "6 samples"),
        (numbered(9, 9, 2), {"photometric": "minisblack", "planarconfig": "contig"}, "2 samples"),
    ],
)
def test_what_is_no_grey_or_rgb_picture_is_refused_and_named(tmp_path, pixels, options, reason):
    path = write(tmp_path / "odd.tif", pixels, **options)
    with pytest.raises(UnsupportedFrameError, match=rf"odd\.tif.*{reason}"):
        open_frame(path)


@pytest.mark.parametrize("layout", ["deflate strips", "deflate tiles"])
def test_only_the_segments_that_meet_the_box_are_decoded(tmp_path, layout, monkeypatch):
    options = LAYOUTS[layout]
    frame = open_frame(write(tmp_path / "a.tif", numbered(256, 512), **options))
    decoded = []
    real = tifffile.TiffPage.decode.func

    def counting(page):
        decode = real(page)

        def count(data, index, **tables):
            decoded.append(index)
            return decode(data, index, **tables)

        return count

    monkeypatch.setattr(tifffile.TiffPage, "decode", property(counting))
    frame.read(Box(128, 480, 14, 32))
    expected = {"deflate strips": [18, 19, 20], "deflate tiles": [8 * 16 + 15]}
    assert decoded == expected[layout]


def test_opening_reads_the_header_only(tmp_path, monkeypatch):
    path = write(tmp_path / "a.tif", numbered(1000, 1000), compression="zlib", rowsperstrip=10)
    read = []
    real = tifffile.FileHandle.read

    def counting(handle, size=-1):
        data = real(handle, size)
        read.append(len(data))
        return data

    monkeypatch.setattr(tifffile.FileHandle, "read", counting)
    open_frame(path)
    assert 0 < sum(read) < path.stat().st_size / 50


def test_no_file_stays_open(tmp_path, monkeypatch):
    opened = []
    real = builtins.open

    def remember(*args, **options):
        opened.append(real(*args, **options))
        return opened[-1]

    path = write(tmp_path / "a.tif", numbered(50, 70), compression="zlib", rowsperstrip=7)
    monkeypatch.setattr(builtins, "open", remember)
    open_frame(path).read(BOXES[1])
    assert opened
    assert all(file.closed for file in opened)


@pytest.mark.parametrize("layout", ["plain", "deflate tiles", "deflate, one strip"])
def test_many_threads_read_the_same_frame_rightly(tmp_path, layout):
    pixels = numbered(50, 70)
    frame = open_frame(write(tmp_path / "a.tif", pixels, **LAYOUTS[layout]))
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(frame.read, BOXES * 20))
    for box, part in zip(BOXES * 20, parts, strict=True):
        np.testing.assert_array_equal(part, pixels[box.slices])


def test_a_single_compressed_strip_is_decoded_once_for_many_boxes(tmp_path, monkeypatch):
    frame = open_frame(
        write(tmp_path / "a.tif", numbered(50, 70), compression="zlib", rowsperstrip=50)
    )
    calls = []
    real = tiff_module.TiffSource._decoded
    monkeypatch.setattr(
        tiff_module.TiffSource,
        "_decoded",
        lambda self, page, box: calls.append(box) or real(self, page, box),
    )
    for box in BOXES:
        frame.read(box)
    assert calls == [Box(0, 0, 50, 70)]
