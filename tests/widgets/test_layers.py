"""Layers and frames: positions in px whatever the scale, and refusal of what cannot be."""

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image

from napari_seamnet.geometry import Box
from napari_seamnet.widgets._layers import (
    LayerError,
    LayerFrames,
    Look,
    check_same_pixels,
    pixel_size,
    place,
    position,
    unit_name,
)

PIXELS = np.arange(30 * 40, dtype=np.uint16).reshape(30, 40)


def test_a_position_is_in_pixels_of_the_layer():
    layer = Image(PIXELS, scale=(0.5, 0.25), translate=(2, 3))
    assert pixel_size(layer) == (0.5, 0.25)
    assert position(layer) == (4.0, 12.0)


def test_moving_by_pixels_moves_by_pixels_times_scale():
    layer = Image(PIXELS, scale=(0.5, 0.5), translate=(2, 3))
    y, x = position(layer)
    place(layer, (y + 3, x - 2))
    np.testing.assert_allclose(layer.translate, (3.5, 2))


def test_napari_transform_mode_writes_the_affine_and_it_counts():
    layer = Image(PIXELS, translate=(10, 20), affine=[[1, 0, 0.5], [0, 1, -7], [0, 0, 1]])
    assert position(layer) == (10.5, 13.0)
    place(layer, (1.0, 2.0))
    assert position(layer) == (1.0, 2.0)
    np.testing.assert_allclose(layer.affine.translate, (0.5, -7), err_msg="only translate moves")


@given(
    scale=st.tuples(*[st.floats(0.01, 50)] * 2),
    stretch=st.tuples(*[st.floats(0.1, 10)] * 2),
    at=st.tuples(*[st.integers(-5000, 5000)] * 2),
)
def test_what_was_placed_lies_there(scale, stretch, at):
    affine = np.diag([*stretch, 1.0])
    layer = Image(PIXELS, scale=scale, translate=(1, -1), affine=affine)
    place(layer, at)
    np.testing.assert_allclose(position(layer), at, atol=1e-6)


@pytest.mark.parametrize(
    "transform",
    [{"rotate": 10}, {"shear": [0.2]}, {"affine": [[0, 1, 0], [1, 0, 0], [0, 0, 1]]}],
)
def test_what_would_need_resampling_is_refused(transform):
    layer = Image(PIXELS, name="tilted", **transform)
    with pytest.raises(LayerError, match=r"'tilted' is rotated, sheared or mirrored"):
        position(layer)


def test_different_pixel_sizes_are_refused_and_both_are_named():
    one, other = Image(PIXELS, name="a"), Image(PIXELS, name="b", scale=(2, 2))
    with pytest.raises(LayerError, match=r"'a' is 1 x 1 large, one of 'b' 2 x 2"):
        check_same_pixels(one, other)


def test_a_stack_is_refused_and_its_shape_told():
    with pytest.raises(LayerError, match=r"stack \(5 x 30 x 40\)"):
        LayerFrames().frame(Image(np.zeros((5, 30, 40))))


def test_a_stack_of_one_plane_is_a_frame_and_lies_where_it_lies():
    layer = Image(PIXELS[None, None], scale=(9, 9, 0.5, 0.5), translate=(1, 1, 4, 5))
    frame = LayerFrames().frame(layer)
    np.testing.assert_array_equal(frame.read(), PIXELS)
    assert position(layer) == (8.0, 10.0)
    place(layer, (0.0, 0.0))
    np.testing.assert_allclose(layer.translate, (1, 1, 0, 0))


def test_a_pyramids_frame_is_its_finest_level():
    layer = Image([PIXELS, PIXELS[::2, ::2]], multiscale=True)
    assert LayerFrames().frame(layer).shape == (30, 40)


def test_a_coloured_layer_is_a_frame():
    layer = Image(np.dstack([PIXELS, PIXELS, PIXELS]).astype(np.uint8), rgb=True)
    assert LayerFrames().frame(layer).shape == (30, 40)


def test_only_the_part_asked_for_is_computed():
    def chunk(block_info=None):
        places = block_info[None]["array-location"]
        asked.append(tuple(start for start, _ in places))
        return PIXELS[tuple(slice(*place) for place in places)]

    asked = []
    data = da.map_blocks(chunk, chunks=((10, 10, 10), (20, 20)), dtype=np.uint16)
    layer = Image(data, contrast_limits=(0, 1))
    frame = LayerFrames().frame(layer)
    asked.clear()
    np.testing.assert_array_equal(frame.read(Box(21, 2, 5, 6)), PIXELS[21:26, 2:8])
    assert set(asked) == {(20, 0)}


def test_a_layer_keeps_its_frame_until_its_pixels_are_others():
    frames, layer = LayerFrames(), Image(PIXELS)
    frame = frames.frame(layer)
    layer.translate = (5, 5)
    assert frames.frame(layer) is frame
    assert frames.layer(frame) is layer
    layer.data = PIXELS + 1
    assert frames.frame(layer) is not frame
    assert frames.layer(frame) is None


def test_a_new_layer_can_copy_size_units_and_labels():
    layer = Image(PIXELS, scale=(0.5, 0.5), units=("um", "um"), axis_labels=("down", "across"))
    look = Look.of(layer)
    assert look.scale == (0.5, 0.5)
    assert look.axis_labels == ("down", "across")
    assert [str(unit) for unit in look.units] == ["micrometer", "micrometer"]
    assert look.translate((2, 3)) == (1.0, 1.5)


@pytest.mark.parametrize(("unit", "name"), [("um", "µm"), ("nm", "nm"), ("pixel", "")])
def test_units_are_named_as_people_write_them(unit, name):
    assert unit_name(Image(PIXELS, units=(unit, unit))) == name
