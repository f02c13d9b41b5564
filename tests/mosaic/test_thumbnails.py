"""Frames for the screen: from memory where they are far, from the file where they are near."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Box
from napari_seamnet.mosaic import Mosaic, Placement
from napari_seamnet.mosaic.levelling import gains_of
from napari_seamnet.mosaic.thumbnails import Thumbnails


def frames_of(n, shape=(60, 70), dtype=np.uint16):
    pixels = np.arange(n * shape[0] * shape[1], dtype=dtype).reshape(n, *shape)
    return [as_frame(one, name=str(k)) for k, one in enumerate(pixels)]


def test_near_views_are_the_files_own_pixels():
    frames = frames_of(2)
    thumbnails = Thumbnails(frames)
    for shown, frame in zip(thumbnails.shown(), frames, strict=True):
        assert (shown.read(Box(3, 4, 20, 30)) == frame.read(Box(3, 4, 20, 30))).all()


def test_a_far_view_is_black_until_it_is_loaded_and_then_comes_from_memory():
    frames = frames_of(2)
    thumbnails = Thumbnails(frames)
    shown = thumbnails.shown()[1]
    step = 2 * thumbnails.step
    assert thumbnails.n_loaded == 0
    assert not shown.read(step=step).any()
    thumbnails.load(1)
    assert thumbnails.n_loaded == 1
    assert (shown.read(step=step) == frames[1].read(step=step)).all()


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 59),
    st.integers(0, 69),
    st.integers(1, 60),
    st.integers(1, 70),
    st.sampled_from([1, 2, 3, 4, 8, 16]),
)
def test_what_is_shown_is_a_frames_pixel_less_than_a_step_away(y, x, height, width, step):
    (frame,) = frames_of(1)
    thumbnails = Thumbnails([frame])
    thumbnails.load(0)
    box = Box(y, x, min(height, 60 - y), min(width, 70 - x))
    got = thumbnails.shown()[0].read(box, step)
    exact = frame.read(box, step)
    assert got.shape == exact.shape
    off = exact.astype(int) - got  # pixels are numbered row by row
    assert ((off // 70 < step) & (off % 70 < step) & (off >= 0)).all()


def test_many_large_frames_take_no_more_room_than_they_may():
    frames = frames_of(8, (200, 200))
    thumbnails = Thumbnails(frames, room=20_000)
    for k in range(8):
        thumbnails.load(k)
    assert sum(thumbnails.small(k).nbytes for k in range(8)) <= 20_000
    assert thumbnails.step == 8


def test_a_mosaic_of_shown_frames_is_that_of_the_frames():
    frames = frames_of(3)
    places = [(0, 0), (3, 62), (57, -4)]
    thumbnails = Thumbnails(frames)
    for k in range(3):
        thumbnails.load(k)
    real = Mosaic(tuple(map(Placement, frames, places)))
    shown = Mosaic(tuple(map(Placement, thumbnails.shown(), places)))
    assert (np.asarray(real.array()) == np.asarray(shown.array())).all()


def test_limits_come_from_what_is_loaded():
    thumbnails = Thumbnails(frames_of(2))
    assert thumbnails.limits() is None
    thumbnails.load(0)
    low, high = thumbnails.limits()
    assert 0 <= low < high < 60 * 70
    flat = Thumbnails([as_frame(np.full((20, 20), 7, np.uint8), name="flat")])
    flat.load(0)
    assert flat.limits() == (7, 8)


def uneven(gains, dtype=np.uint8):
    """Four frames of one scene in a row, each of another brightness."""
    rng = np.random.default_rng(3)
    scene = rng.uniform(60, 120, (80, 400))
    positions = [(0, 90 * k) for k in range(4)]
    frames = [
        as_frame(np.rint(scene[:, x : x + 120] * gain).astype(dtype), name=str(k))
        for k, ((_, x), gain) in enumerate(zip(positions, gains, strict=True))
    ]
    return Thumbnails(frames), positions, [(0, 1), (1, 2), (2, 3)]


def test_gains_undo_what_the_lamp_did():
    lamp = np.array([1.0, 1.4, 0.7, 1.2])
    thumbnails, positions, pairs = uneven(lamp)
    for k in range(4):
        thumbnails.load(k)
    gains = gains_of(thumbnails, positions, pairs)
    even = lamp * gains
    assert even.max() / even.min() == pytest.approx(1, abs=0.03)
    assert np.exp(np.mean(np.log(gains))) == pytest.approx(1, abs=1e-6)
    assert gains_of(thumbnails, positions, []) == [1, 1, 1, 1]


def test_levelled_pixels_stay_within_their_dtype_and_the_frames_stay_as_they_are():
    thumbnails, *_ = uneven([1, 1, 1, 1])
    for k in range(4):
        thumbnails.load(k)
    before = thumbnails.frames[0].read().copy()
    bright = thumbnails.shown([4.0, 1, 1, 1])[0]
    assert bright.read().dtype == np.uint8
    assert bright.read().max() == 255
    assert (bright.read() == np.clip(before * 4.0, 0, 255)).all()
    assert (thumbnails.frames[0].read() == before).all()
    assert thumbnails.shown()[0].token != bright.token


def test_a_blank_frame_is_not_levelled():
    thumbnails, positions, pairs = uneven([1, 0, 1, 1])
    for k in range(4):
        thumbnails.load(k)
    assert gains_of(thumbnails, positions, pairs)[1] == pytest.approx(1, abs=0.01)


def test_the_same_frames_elsewhere_are_not_read_again():
    frames = frames_of(3)
    before = Thumbnails(frames)
    before.load(1)
    after = Thumbnails([frames[1], *frames_of(1, (30, 30))], like=before)
    assert after.small(0) is before.small(1)
    assert after.small(1) is None
