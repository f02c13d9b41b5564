"""Every mosaic pixel is one source pixel at the right place, or the fill value.

The reference below says so pixel by pixel, as plainly as it can be said.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Box
from napari_seamnet.mosaic import Mosaic, MosaicError, Ownership, Placement
from napari_seamnet.mosaic.ownership import owners, stack_boxes
from napari_seamnet.mosaic.render import render

FILL = 9


def reference_owner(placements, y, x, ownership):
    """Who owns the mosaic's pixel (y, x), or None."""
    here = []
    for index, placement in enumerate(placements):
        top, left = placement.position
        height, width = placement.frame.shape
        if top <= y < top + height and left <= x < left + width:
            centre_y, centre_x = top + (height - 1) / 2, left + (width - 1) / 2
            here.append((index, (y - centre_y) ** 2 + (x - centre_x) ** 2))
    if not here:
        return None
    if ownership == "first":
        return here[0][0]
    if ownership == "last":
        return here[-1][0]
    return min(here, key=lambda one: (one[1], one[0]))[0]


def reference_mosaic(placements, ownership):
    """The mosaic's pixels and their owners, from its top-left corner on."""
    top = min(p.position[0] for p in placements)
    left = min(p.position[1] for p in placements)
    bottom = max(p.position[0] + p.frame.shape[0] for p in placements)
    right = max(p.position[1] + p.frame.shape[1] for p in placements)
    channels = placements[0].frame.channels
    shape = (bottom - top, right - left)
    picture = np.full((*shape, channels) if channels else shape, FILL, placements[0].frame.dtype)
    who = np.full(shape, -1)
    for y in range(top, bottom):
        for x in range(left, right):
            owner = reference_owner(placements, y, x, ownership)
            if owner is not None:
                own_y, own_x = placements[owner].position
                picture[y - top, x - left] = placements[owner].frame.read()[y - own_y, x - own_x]
                who[y - top, x - left] = owner
    return picture, who


@st.composite
def some_placements(draw, most=5):
    """Frames of several sizes, all their pixels different from all others', anywhere."""
    channels = draw(st.sampled_from([(), (3,)]))
    n = draw(st.integers(1, most))
    placements, used = [], FILL + 1
    for index in range(n):
        shape = (draw(st.integers(1, 9)), draw(st.integers(1, 9)), *channels)
        count = int(np.prod(shape))
        pixels = np.arange(used, used + count, dtype=np.uint16).reshape(shape)
        used += count
        position = (draw(st.integers(-12, 12)), draw(st.integers(-12, 12)))
        placements.append(Placement(as_frame(pixels, f"frame {index}"), position))
    return tuple(placements)


@settings(deadline=None, max_examples=150)
@given(some_placements(), st.sampled_from(Ownership), st.integers(1, 20))
def test_every_pixel_is_its_owners_pixel_or_the_fill(placements, ownership, chunks):
    picture, who = reference_mosaic(placements, ownership)
    mosaic = Mosaic(placements)
    drawn = mosaic.array(ownership, fill=FILL, chunks=chunks)
    assert drawn.dtype == picture.dtype
    np.testing.assert_array_equal(drawn.compute(scheduler="sync"), picture)
    owner = mosaic.provenance(ownership, chunks=chunks)
    assert owner.dtype == np.int32
    np.testing.assert_array_equal(owner.compute(scheduler="sync"), who)


@settings(deadline=None, max_examples=100)
@given(some_placements(), st.sampled_from(Ownership), st.integers(1, 8))
def test_every_level_of_the_pyramid_is_every_second_pixel_of_the_one_before(
    placements, ownership, smallest
):
    mosaic = Mosaic(placements)
    whole = mosaic.array(ownership, FILL).compute(scheduler="sync")
    levels = mosaic.pyramid(ownership, FILL, chunks=5, smallest=smallest)
    for k, level in enumerate(levels):
        np.testing.assert_array_equal(
            level.compute(scheduler="sync"), whole[:: 2**k, :: 2**k], strict=True
        )
    assert max(levels[-1].shape[:2]) <= smallest
    assert all(max(level.shape[:2]) > smallest for level in levels[:-1])


@settings(deadline=None, max_examples=100)
@given(
    some_placements(),
    st.sampled_from(Ownership),
    st.builds(
        Box, st.integers(-20, 15), st.integers(-20, 15), st.integers(0, 25), st.integers(0, 25)
    ),
    st.integers(1, 7),
)
def test_any_region_is_the_same_part_of_the_whole(placements, ownership, region, step):
    table = stack_boxes(placements)
    wide = Box(-30, -30, 70, 70)
    whole = render(placements, table, wide, ownership, FILL)
    part = region.moved(30, 30).slices
    expected = whole[part][::step, ::step]
    np.testing.assert_array_equal(
        render(placements, table, region, ownership, FILL, step), expected
    )
    np.testing.assert_array_equal(
        owners(table, region, ownership, step),
        owners(table, wide, ownership)[part][::step, ::step],
    )


def test_the_cut_runs_where_the_two_centres_are_equally_far_and_a_tie_is_the_earliers():
    one, two = as_frame(np.full((5, 10), 1, np.uint8)), as_frame(np.full((5, 10), 2, np.uint8))
    odd = Mosaic.start(one).place(two, (0, 6))  # centres at 4.5 and 10.5, so 7.5 is between them
    np.testing.assert_array_equal(odd.array()[2].compute(), [1] * 8 + [2] * 8)
    even = Mosaic.start(one).place(
        two, (0, 5)
    )  # centres at 4.5 and 9.5: column 7 is in the middle
    np.testing.assert_array_equal(even.array()[2].compute(), [1] * 8 + [2] * 7)
    swapped = Mosaic.start(two, (0, 5)).place(one, (0, 0))
    np.testing.assert_array_equal(swapped.array()[2].compute(), [1] * 7 + [2] * 8)


def test_far_from_the_origin_the_cut_is_still_exact():
    one, two = as_frame(np.full((5, 10), 1, np.uint8)), as_frame(np.full((5, 10), 2, np.uint8))
    far = 10**8
    mosaic = Mosaic.start(one, (far, -far)).place(two, (far, 5 - far))
    np.testing.assert_array_equal(mosaic.array()[2].compute(), [1] * 8 + [2] * 7)


def test_only_frames_that_own_a_pixel_are_read_and_only_around_it():
    class Watched:
        def __init__(self, value):
            self.pixels, self.read = np.full((100, 100), value, np.uint8), []
            self.shape, self.dtype = self.pixels.shape, self.pixels.dtype

        def __getitem__(self, key):
            self.read.append(tuple((s.start, s.stop) for s in key))
            return self.pixels[key]

    sources = [Watched(value) for value in (1, 2, 3)]
    positions = [(0, 0), (0, 80), (500, 500)]
    placements = [Placement(as_frame(s), p) for s, p in zip(sources, positions, strict=True)]
    region = Box(10, 70, 20, 50)
    drawn = render(placements, stack_boxes(placements), region)
    np.testing.assert_array_equal(drawn[0], [1] * 20 + [2] * 30)
    assert sources[0].read == [((10, 30), (70, 90))]
    assert sources[1].read == [((10, 30), (10, 40))]
    assert sources[2].read == []


def test_an_unknown_ownership_names_those_there_are():
    mosaic = Mosaic.start(np.zeros((3, 3), np.uint8))
    for ask in (mosaic.array, mosaic.pyramid, mosaic.provenance):
        with pytest.raises(MosaicError, match=r"no ownership 'blend'.*'nearest centre', 'first'"):
            ask("blend")


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [("uint8", -1), ("uint8", 256), ("uint8", 0.5), ("uint16", float("nan")), ("int16", 10**30),
     ("uint8", "black"), ("uint8", [1, 2])],
)  # fmt: skip
def test_a_fill_value_that_pixels_cannot_show_is_refused(dtype, fill):
    mosaic = Mosaic.start(np.zeros((3, 3), dtype))
    with pytest.raises(MosaicError, match=f"{dtype} pixels cannot show the fill value"):
        mosaic.array(fill=fill)


def test_nan_fills_a_mosaic_of_floats():
    mosaic = Mosaic.start(np.ones((1, 1), np.float32)).place(np.ones((1, 1), np.float32), (0, 2))
    np.testing.assert_array_equal(mosaic.array(fill=float("nan")).compute(), [[1, np.nan, 1]])
