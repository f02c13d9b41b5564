"""The pieces of a region; that owners and pixels are right is tested in test_render.py."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.geometry import Box
from napari_seamnet.mosaic import ownership as ownership_module
from napari_seamnet.mosaic.ownership import Ownership, owners, pieces

BOXES = st.builds(
    Box, st.integers(-40, 90), st.integers(-40, 90), st.integers(1, 80), st.integers(1, 80)
)


def table_of(boxes):
    return np.array([(b.y, b.x, b.y + b.height, b.x + b.width) for b in boxes], np.int64)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(BOXES, max_size=9),
    BOXES,
    st.sampled_from(Ownership),
    st.integers(1, 9),
    st.sampled_from([0, 100, 64 * 64]),
)
def test_the_pieces_tell_every_pixels_owner_once(boxes, region, ownership, step, small):
    h, w = -(-region.height // step), -(-region.width // step)
    times, who = np.zeros((h, w), int), np.full((h, w), -1)
    table = table_of(boxes).reshape(-1, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ownership_module, "SMALL", small)
        for rows, columns, owner, owned in pieces(table, region, ownership, step):
            mask = np.ones(times[rows, columns].shape, bool) if owned is None else owned
            assert mask.size
            times[rows, columns] += mask
            who[rows, columns][mask] = owner
    ys = region.y + step * np.arange(h)[:, None]
    xs = region.x + step * np.arange(w)[None, :]
    rank = np.full((len(boxes) + 1, h, w), np.inf)
    for index, b in enumerate(boxes):
        inside = (ys >= b.y) & (ys < b.y + b.height) & (xs >= b.x) & (xs < b.x + b.width)
        far = (ys - b.centre[0]) ** 2 + (xs - b.centre[1]) ** 2
        order = {"first": index, "last": -index}.get(str(ownership), far)
        rank[index] = np.where(inside, order, np.inf)
    nobody = np.isinf(rank.min(axis=0))
    assert (times == ~nobody).all()
    np.testing.assert_array_equal(who, np.where(nobody, -1, rank.argmin(axis=0)))


def test_most_of_a_grid_is_whole_rectangles():
    rng = np.random.default_rng(0)
    corners = 1850 * np.argwhere(np.ones((6, 6))) + rng.integers(-8, 9, (36, 2))
    table = table_of([Box(int(y), int(x), 2000, 2000) for y, x in corners])
    got = list(pieces(table, Box(1000, 1000, 6000, 6000)))
    computed = sum(piece.owned.size for piece in got if piece.owned is not None)
    assert len(got) < 400
    assert computed < 2 * 0.16 * 6000**2  # each pixel of an overlap for two frames


def test_a_tie_is_the_earliers_where_two_frames_cover_all_and_where_they_do_not():
    table = table_of([Box(0, 0, 300, 300), Box(0, 5, 300, 300), Box(0, 5, 300, 300)])
    # Centres at column 149.5, 154.5 and 154.5: column 152 is in the middle.
    who = owners(table, Box(0, 100, 300, 100))
    assert (who == np.where(np.arange(100, 200) <= 152, 0, 1)).all()
    pair = owners(table[[1, 0]], Box(0, 100, 300, 100))
    assert (pair == np.where(np.arange(100, 200) < 152, 1, 0)).all()


def test_boxes_that_a_step_passes_by_own_nothing():
    table = table_of([Box(0, 0, 100, 100), Box(5, 5, 2, 2)])
    assert (owners(table, Box(0, 0, 100, 100), Ownership.LAST, 10) == 0).all()


@pytest.mark.parametrize("ownership", Ownership)
def test_a_heap_of_frames_on_one_spot_is_told_in_bearable_time(ownership):
    rng = np.random.default_rng(0)
    table = table_of([Box(int(y), int(x), 500, 500) for y, x in rng.integers(-60, 60, (300, 2))])
    start = time.perf_counter()
    who = owners(table, Box(0, 0, 500, 500), ownership)
    assert time.perf_counter() - start < 5  # 0.4 s on two cores
    assert (who >= 0).mean() > 0.9
