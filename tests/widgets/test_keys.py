"""Keys and drag on a layer: bound, used, given back. No window is needed."""

import numpy as np
import pytest
from napari.layers import Image
from napari.utils._test_utils import read_only_mouse_event
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)

from napari_seamnet.widgets._keys import Keys


@pytest.fixture
def layer():
    return Image(np.zeros((20, 30)), scale=(0.5, 0.5), translate=(10, 10))


@pytest.fixture
def moves():
    return []


@pytest.fixture
def keys(moves):
    made = Keys({"Left": lambda: None}, {}, lambda dy, dx: moves.append((dy, dx)))
    yield made
    made.let_go()


def event(kind, at, **more):
    return read_only_mouse_event(
        type=kind, is_dragging=kind == "mouse_move", button=1, position=at, **more
    )


def drag(layer, start, end, **more):
    pans = []
    mouse_press_callbacks(layer, event("mouse_press", start, **more))
    pans.append(layer.mouse_pan)
    mouse_move_callbacks(layer, event("mouse_move", end, **more))
    mouse_release_callbacks(layer, event("mouse_release", end, **more))
    pans.append(layer.mouse_pan)
    return pans


def test_a_drag_is_told_in_whole_pixels_of_the_layer(keys, layer, moves):
    keys.bind(layer)
    assert drag(layer, (15, 15), (16.6, 13.9)) == [False, True]
    assert moves == [(3, -2), (None, None)]


def test_a_press_without_a_move_moves_nothing(keys, layer, moves):
    keys.bind(layer)
    mouse_press_callbacks(layer, event("mouse_press", (15, 15)))
    mouse_release_callbacks(layer, event("mouse_release", (15, 15)))
    assert moves == [(None, None)]
    assert layer.mouse_pan


@pytest.mark.parametrize(
    ("start", "more"),
    [((5, 15), {}), ((15, 26), {}), ((15, 15), {"modifiers": ["Alt"]})],
)
def test_elsewhere_or_with_a_modifier_napari_pans(keys, layer, moves, start, more):
    keys.bind(layer)
    assert drag(layer, start, (17, 17), **more) == [True, True]
    assert moves == []


def test_dragging_can_be_switched_off(keys, layer, moves):
    keys.bind(layer)
    keys.drags = False
    assert drag(layer, (15, 15), (17, 17)) == [True, True]
    assert moves == []


def test_letting_go_leaves_the_layer_as_it_was(keys, layer):
    def mine(layer):
        """A key of the user's own."""

    layer.bind_key("Left", mine)
    before = dict(layer.keymap), list(layer.mouse_drag_callbacks)
    keys.bind(layer)
    keys.bind(layer)
    assert dict(layer.keymap) != before[0]
    keys.let_go()
    keys.let_go()
    assert (dict(layer.keymap), list(layer.mouse_drag_callbacks)) == before


def test_another_layer_frees_the_first(keys, layer):
    other = Image(np.zeros((4, 4)))
    keys.bind(layer)
    keys.bind(other)
    assert not layer.keymap
    assert keys.layer is other
    assert other.keymap
