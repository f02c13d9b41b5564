import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.layouts import Layout
from napari_seamnet.report.doubtful import card, most_telling, other_fits, placed_shift
from napari_seamnet.report.pictures import data_of, for_the_eye
from napari_seamnet.report.shift_map import draw_shift_map
from napari_seamnet.seams import Overlap
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Alternative, Estimate, ShiftMap, Status
from napari_seamnet.solve import solve


def pixels_of(address):
    data = base64.b64decode(address.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)))


def pictures_in(html):
    return [pixels_of(address) for address in re.findall(r'<img[^>]*src="([^"]*)"', html)]


@pytest.fixture
def pair():
    """Two frames, the second 3 px lower and 2 px to the left of where it was expected."""
    scene = np.random.default_rng(5).integers(0, 256, (200, 400)).astype(np.uint8)
    scene = np.repeat(np.repeat(scene[:50, :100], 4, 0), 4, 1)
    first, second = scene[10:170, :200], scene[13:173, 138:338]
    layout = Layout.of_frames(
        [as_frame(first, "left"), as_frame(second, "right")], [(0, 0), (0, 140)]
    )
    estimate = Estimate(
        Shift(3.1, -2.1),
        Status.AMBIGUOUS,
        0.6,
        (Alternative(Shift(-6, 8), 0.3), Alternative(Shift(3, -1), 0.1)),
    )
    return solve(layout, find_seams(layout), [estimate])


def test_the_composite_as_placed_is_grey_where_the_frames_fit(pair):
    assert placed_shift(pair, 0) == (3, -2)
    first, other = pictures_in(card(pair, 0, 1))

    def colour(p):
        return np.abs(p[..., 0].astype(int) - p[..., 1]).mean()

    assert colour(first) < 12  # but for what JPEG leaves
    assert colour(other) > 40


def test_fits_near_the_placed_shift_are_no_others(pair):
    assert other_fits(pair, 0) == [Shift(-6, 8)]


def test_a_measured_shift_that_was_overruled_is_shown(pair):
    moved = replace(pair.frames[1], whole=(3 + 9, 138))
    overruled = replace(pair, frames=(pair.frames[0], moved))
    assert Shift(3.1, -2.1) in other_fits(overruled, 0)


def test_frames_placed_apart_are_said_to_share_nothing(pair):
    moved = replace(pair.frames[1], whole=(0, 900))
    html = card(replace(pair, frames=(pair.frames[0], moved)), 0, 1)
    assert "share nothing" in html or "No picture" in html


def test_the_most_telling_part_is_where_both_frames_have_structure():
    noise = np.random.default_rng(1).integers(0, 256, (900, 60)).astype(np.float32)
    first, second = np.zeros((900, 60), np.float32), np.zeros((900, 60), np.float32)
    first[100:300] = 9 * np.kron(noise[:50, :15], np.ones((4, 4)))  # in one frame only
    blocks = np.kron(noise[:40, :15], np.ones((4, 4), np.float32))
    first[600:760] = second[600:760] = blocks
    box = most_telling(Overlap(first, second), [(0, 0)])
    assert (box.height, box.width) == (176, 60)
    assert box.y <= 600
    assert box.y + box.height >= 760


def test_the_part_is_looked_for_where_the_frames_lie_on_each_other():
    blocks = np.kron(np.random.default_rng(3).integers(0, 256, (40, 15)), np.ones((4, 4)))
    first, second = np.zeros((900, 60), np.float32), np.zeros((900, 60), np.float32)
    first[100:260], first[600:760] = blocks, blocks
    second[350:510] = blocks  # fits the first one's lower blocks, at a shift of 250 px
    box = most_telling(Overlap(first, second), [(250, 0)])
    assert box.y <= 600
    assert box.y + box.height >= 760


def test_the_part_lies_within_what_all_shifts_share():
    crops = np.random.default_rng(2).integers(0, 256, (2, 300, 80), np.uint8)
    overlap = Overlap(crops[0], crops[1])
    box = most_telling(overlap, [(0, 0), (40, 10)], window=50)
    assert box.y >= 40
    assert box.x >= 10


@pytest.mark.parametrize("reach", [3, 15, 60])
def test_a_map_shows_its_peak_where_it_is(reach):
    values = np.full((2 * reach + 1,) * 2, -50.0)
    values[reach + 2, reach - 1] = 0.0
    values[0, 0] = np.nan
    svg = draw_shift_map(ShiftMap(values, "log-probability"), (2, -1), [Shift(2, -1.5)])
    pixels = pixels_of(re.search(r'href="(data:[^"]*)"', svg)[1]).astype(int)
    assert pixels.shape == (2 * reach + 1, 2 * reach + 1, 3)
    bright = pixels.sum(axis=2)
    assert np.unravel_index(bright.argmax(), bright.shape) == (reach + 2, reach - 1)
    assert len(set(pixels[0, 0])) == 1  # grey: it could not be compared
    assert svg.count('<circle cx="-1.50" cy="2.00"') == 2  # a ring and its rim: x, then y
    assert ">1</text>" in svg


def test_marks_beyond_the_range_are_left_out_and_the_cross_stays_inside():
    svg = draw_shift_map(ShiftMap(np.zeros((7, 7)), "correlation"), (50, 0), [Shift(9, 0)])
    assert "<circle" not in svg
    assert "M-1.5" not in svg.partition("stroke-width")[0]


def test_png_keeps_every_pixel():
    picture = np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8)
    np.testing.assert_array_equal(pixels_of(data_of(picture, "png")), picture)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_any_frame_can_be_shown(dtype):
    picture = np.linspace(0, 100, 600).reshape(20, 30).astype(dtype)
    shown = for_the_eye(picture)
    assert shown.dtype == np.uint8
    assert (shown.min(), shown.max()) == (0, 255)
    assert (for_the_eye(np.full((3, 3), 7, dtype)) == 128).all()


def test_what_is_not_shown_does_not_decide_about_the_contrast():
    picture = np.full((10, 10), 1000.0)
    picture[:, 5:] = np.linspace(0, 1, 50).reshape(10, 5)
    picture[0, 5] = np.nan
    shown = np.zeros((10, 10), bool)
    shown[:, 5:] = True
    stretched = for_the_eye(picture, shown)
    assert stretched[:, 5:].max() == 255
    assert stretched[0, 5] == 0
    assert np.median(stretched[:, 5:]) == pytest.approx(128, abs=15)


def test_cutting_needs_no_overlap_that_fits():
    overlap = Overlap.cut(
        as_frame(np.zeros((40, 40), np.uint8)),
        as_frame(np.ones((40, 40), np.uint8)),
        Offset(0, 30),
    )
    assert most_telling(overlap, [(0, 20)]).is_empty


def test_what_speaks_for_the_placed_shift_is_shown_blue(pair):
    assert 'class="votes"' not in card(pair, 0, 1)  # no network said anything of this seam
    shift_map = ShiftMap(np.zeros((21, 21)), "log-probability")
    seen = replace(pair.estimates[0], method="seamnet", map=shift_map)
    html = card(replace(pair, estimates=(seen,)), 0, 1)
    (address,) = re.findall(r'<figure class="votes">.*?src="([^"]*)"', html)
    picture = pixels_of(address).astype(int)
    blue, orange = picture[..., 2] - picture[..., 0], picture[..., 0] - picture[..., 2]
    assert (blue > 60).mean() > 0.05
    assert (blue > 60).mean() > 3 * (orange > 60).mean()
