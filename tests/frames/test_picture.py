"""PNG, JPEG, BMP and their like."""

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from napari_seamnet.frames import PageError, UnsupportedFrameError, open_frame
from napari_seamnet.frames import picture as picture_module
from napari_seamnet.geometry import Box


def numbered(*shape, dtype=np.uint8):
    return (np.arange(np.prod(shape)) * 7919 % 65521).astype(dtype).reshape(shape)


def check(frame, pixels):
    assert (frame.shape, frame.dtype) == (pixels.shape[:2], pixels.dtype)
    assert frame.channels == (pixels.shape[2] if pixels.ndim == 3 else 0)
    np.testing.assert_array_equal(frame.read(), pixels)
    box = Box(2, 5, 17, 11)
    np.testing.assert_array_equal(frame.read(box), pixels[box.slices])
    np.testing.assert_array_equal(frame.read(box, step=4), pixels[box.slices][::4, ::4])


@pytest.mark.parametrize(
    ("ending", "channels"),
    [("png", ()), ("png", (3,)), ("png", (4,)), ("bmp", ()), ("bmp", (3,))],
)
def test_8_bit_pixels_come_back_exactly(tmp_path, ending, channels):
    pixels = numbered(23, 31, *channels)
    Image.fromarray(pixels).save(tmp_path / f"a.{ending}")
    check(open_frame(tmp_path / f"a.{ending}"), pixels)


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_16_bit_png_keeps_its_16_bits_in_colour_too(tmp_path, channels):
    pixels = numbered(23, 31, *channels, dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    check(open_frame(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_beside_grey_is_dropped(tmp_path, dtype):
    pixels = numbered(23, 31, 2, dtype=dtype)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    check(open_frame(tmp_path / "a.png"), pixels[..., 0])


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_gives_what_the_decoder_gives(tmp_path, mode):
    smooth = np.add.outer(np.arange(23), np.arange(31)).astype(np.uint8) * 3
    Image.fromarray(smooth).convert(mode).save(tmp_path / "a.jpg", quality=90)
    check(open_frame(tmp_path / "a.jpg"), np.asarray(Image.open(tmp_path / "a.jpg")))


def test_the_orientation_tag_turns_no_pixel(tmp_path):
    pixels = numbered(23, 31)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    check(open_frame(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_one_bit_pictures_become_0_and_255(tmp_path, ending):
    bits = numbered(23, 31) % 3 == 0
    Image.fromarray(bits).save(tmp_path / f"a.{ending}")
    check(open_frame(tmp_path / f"a.{ending}"), bits * np.uint8(255))


@pytest.mark.parametrize("ending", ["png", "bmp", "gif"])
@pytest.mark.parametrize("is_grey", [False, True])
def test_palette_pictures_become_rgb_and_palettes_of_greys_grey(tmp_path, ending, is_grey):
    indices = numbered(23, 31)
    table = np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8)
    table = table[:, [0, 0, 0]] if is_grey else table
    picture = Image.fromarray(indices).convert("P")
    picture.putdata(indices.ravel())
    picture.putpalette(table.tobytes())
    picture.save(tmp_path / f"a.{ending}", **({"optimize": False} if ending == "gif" else {}))
    expected = table[indices]
    check(open_frame(tmp_path / f"a.{ending}"), expected[..., 0] if is_grey else expected)


def test_print_colours_are_refused_and_not_taken_for_rgb_with_alpha(tmp_path):
    Image.fromarray(numbered(23, 31, 4), "RGBA").convert("RGB").convert("CMYK").save(
        tmp_path / "print.jpg"
    )
    with pytest.raises(UnsupportedFrameError, match=r"print\.jpg is a CMYK picture; save it as"):
        open_frame(tmp_path / "print.jpg")


def test_an_animation_needs_a_page(tmp_path):
    stack = [Image.fromarray(np.roll(numbered(23, 31), k)) for k in range(3)]
    stack[0].save(tmp_path / "a.gif", save_all=True, append_images=stack[1:])
    with pytest.raises(PageError, match="3 pictures; choose one with page=0 to page=2"):
        open_frame(tmp_path / "a.gif")
    with pytest.raises(PageError, match="no page 3"):
        open_frame(tmp_path / "a.gif", 3)
    for page in (2, 0, 1):
        # Pillow gives an animation's later pictures in colour.
        np.testing.assert_array_equal(open_frame(tmp_path / "a.gif", page).grey(), stack[page])


def test_a_page_of_a_single_picture_is_0_or_an_error(tmp_path):
    Image.fromarray(numbered(23, 31)).save(tmp_path / "a.png")
    check(open_frame(tmp_path / "a.png", 0), numbered(23, 31))
    with pytest.raises(PageError, match="no page 1"):
        open_frame(tmp_path / "a.png", 1)


def test_a_picture_is_decoded_on_first_use_and_only_once(tmp_path, monkeypatch):
    calls = []
    real = picture_module.PictureSource._decode
    monkeypatch.setattr(
        picture_module.PictureSource, "_decode", lambda self: calls.append(1) or real(self)
    )
    Image.fromarray(numbered(23, 31)).save(tmp_path / "a.png")
    frame = open_frame(tmp_path / "a.png")
    assert calls == []
    for y in range(5):
        frame.read(Box(y, 0, 3, 3))
    assert calls == [1]


def test_a_rewritten_file_is_decoded_again(tmp_path):
    path = tmp_path / "a.bmp"
    Image.fromarray(numbered(23, 31)).save(path)
    check(open_frame(path), numbered(23, 31))
    Image.fromarray(numbered(23, 32)).save(path)
    check(open_frame(path), numbered(23, 32))
