import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.geometry import Box
from napari_seamnet.mosaic.export import Picture
from napari_seamnet.mosaic.export.drawing import Counter, drawing, snake

PIXELS = np.arange(3000, dtype=np.uint16).reshape(50, 60)


def nothing():
    """Let it go on."""


@given(st.tuples(st.integers(1, 90), st.integers(1, 90)), st.integers(1, 40), st.integers(1, 40))
def test_the_blocks_cover_every_pixel_once_and_each_touches_the_one_before(shape, height, width):
    times, last = np.zeros(shape, int), None
    for box in snake(shape, height, width):
        times[box.slices] += 1
        assert (box.y % height, box.x % width) == (0, 0)
        assert last is None or not box.grown(1).meet(last).is_empty
        last = box
    assert (times == 1).all()


def test_all_blocks_are_drawn_and_only_a_few_at_once():
    now, most, lock = set(), [], threading.Lock()

    def read(box):
        with lock:
            now.add(threading.get_ident())
            most.append(len(now))
        pixels = PIXELS[box.slices]
        with lock:
            now.discard(threading.get_ident())
        return pixels

    out = np.zeros_like(PIXELS)
    with drawing(Picture(read, PIXELS.shape, PIXELS.dtype), nothing) as threads:

        def work(box):
            out[box.slices] = threads.draw(box)

        threads.each(snake(PIXELS.shape, 7, 9), work)
    np.testing.assert_array_equal(out, PIXELS)
    assert max(most) <= 4


def test_what_goes_wrong_in_a_thread_comes_out_and_ends_the_rest():
    begun = []

    def work(box):
        begun.append(box)
        raise ValueError("this frame is damaged")

    with (
        pytest.raises(ValueError, match="this frame is damaged"),
        drawing(Picture.of_array(PIXELS), nothing) as threads,
    ):
        threads.each(snake(PIXELS.shape, 2, 2), work)
    assert len(begun) < 20


def test_the_progress_is_told_from_the_thread_that_asked_and_may_end_it():
    told = []

    def progress(done, total, what):
        told.append((threading.get_ident(), done, total, what))
        if done >= 500:
            raise KeyboardInterrupt

    counter = Counter(progress, 3000, "saving")
    with (
        pytest.raises(KeyboardInterrupt),
        drawing(Picture.of_array(PIXELS), counter.tell) as threads,
    ):
        threads.each(snake(PIXELS.shape, 10, 10), lambda box: counter.add(100))
    assert {one[0] for one in told} == {threading.get_ident()}
    assert {one[2:] for one in told} == {(3000, "saving")}


def test_a_box_is_drawn_into_a_part_of_a_larger_array():
    out = np.zeros((60, 70), np.uint16)
    with drawing(Picture.of_array(PIXELS), nothing) as threads:
        threads.draw(Box(3, 4, 20, 30), out[5:25, 6:36])
    np.testing.assert_array_equal(out[5:25, 6:36], PIXELS[3:23, 4:34])
    assert np.count_nonzero(out) == 600
