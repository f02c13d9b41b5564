"""Frames as files: found again, told apart when changed, and saved without a loss."""

import hashlib
import os
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import FrameNotFoundError, as_frame, open_frame
from napari_seamnet.learning.frame_file import FrameFile, save_frame, sha256_of
from napari_seamnet.learning.hand_journal import HandFileError

DTYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")


@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    channels=st.sampled_from([(), (3,), (4,)]),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_frame_is_saved_to_the_last_bit(tmp_path, dtype, shape, channels, seed):
    shape = (*shape, *channels)
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    # Random bits: among them infinities, and numbers that are none.
    pixels = np.frombuffer(np.random.default_rng(seed).bytes(n_bytes), dtype).reshape(shape)
    file = save_frame(as_frame(pixels, "layer"), tmp_path / "frames")
    again = file.open().read()
    assert (again.dtype, again.shape) == (pixels.dtype, pixels.shape)
    assert again.tobytes() == pixels.tobytes()


def test_the_same_pixels_are_saved_once_and_others_beside_them(tmp_path):
    pixels = np.arange(600, dtype=np.uint16).reshape(20, 30)
    one, again, other, wider = (
        save_frame(as_frame(array, "layer"), tmp_path)
        for array in (pixels, pixels.copy(), pixels[::-1], pixels.astype(np.int16))
    )
    assert one == again
    assert len({one.path, other.path, wider.path}) == len([*tmp_path.iterdir()]) == 3


@pytest.mark.parametrize("name", ["../../up", "a/b:c*?.tif", "Ünï kød 3", "...", "x" * 500])
def test_any_name_of_a_layer_gives_a_file_in_the_folder(tmp_path, name):
    file = save_frame(as_frame(np.eye(5), name), tmp_path / "frames")
    assert file.path.parent == tmp_path / "frames"
    assert file.path.suffix == ".tif"
    np.testing.assert_array_equal(file.open().read(), np.eye(5))


def test_a_folder_that_cannot_be_made_is_told_and_nothing_is_left(tmp_path):
    (tmp_path / "frames").write_text("in the way")
    with pytest.raises(HandFileError, match=r"layer cannot be saved as .*choose another place"):
        save_frame(as_frame(np.eye(5), "layer"), tmp_path / "frames")
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


def test_the_hash_is_that_of_the_whole_file_and_a_file_is_read_for_it_once(tmp_path, monkeypatch):
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * 4000)
    read = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *a: (read.append(1), real(*a))[1])
    for _ in range(3):
        assert sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(read) == 1
    path.write_bytes(b"another size")
    assert sha256_of(path) == hashlib.sha256(b"another size").hexdigest()
    path.write_bytes(b"ANOTHER SIZE")
    os.utime(path, ns=(1, 1))  # a later time even where the clock is coarse
    assert sha256_of(path) == hashlib.sha256(b"ANOTHER SIZE").hexdigest()
    assert len(read) == 3


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(FrameNotFoundError, match="gone"):
        sha256_of(tmp_path / "gone.tif")


@pytest.fixture
def stack(tmp_path):
    """Three planes in one file, no two alike."""
    pixels = np.arange(3 * 12 * 17, dtype=np.uint16).reshape(3, 12, 17)
    tifffile.imwrite(tmp_path / "stack.tif", pixels, photometric="minisblack")
    return pixels


@pytest.mark.parametrize("page", [0, 2])
def test_the_page_of_a_stack_is_found_again(stack, tmp_path, page):
    file = FrameFile.of(open_frame(tmp_path / "stack.tif", page))
    assert file.page == page
    np.testing.assert_array_equal(file.open().read(), stack[page])


def test_a_single_picture_needs_no_page(tmp_path):
    tifffile.imwrite(tmp_path / "one.tif", np.eye(9, dtype=np.uint8))
    assert FrameFile.of(open_frame(tmp_path / "one.tif", 0)).page is None


def test_a_thumbnail_that_was_chosen_is_not_mistaken_for_the_picture(tmp_path):
    with tifffile.TiffWriter(tmp_path / "both.tif") as file:
        file.write(np.zeros((40, 40), np.uint8))
        file.write(np.ones((5, 5), np.uint8))
    file = FrameFile.of(open_frame(tmp_path / "both.tif", 1))
    assert (file.page, file.shape) == (1, (5, 5))
    assert file.open().read().all()


def test_a_file_that_changed_under_an_open_frame_is_told(stack, tmp_path):
    frame = open_frame(tmp_path / "stack.tif", 2)
    tifffile.imwrite(tmp_path / "stack.tif", stack[:2] + 1, photometric="minisblack")
    with pytest.raises(HandFileError, match=r"stack\.tif has changed since it was opened"):
        FrameFile.of(frame)


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"shape": (12, 16)}])
def test_a_file_that_is_not_what_it_was_is_told(stack, tmp_path, change):
    file = FrameFile.of(open_frame(tmp_path / "stack.tif", 1))
    with pytest.raises(HandFileError, match="has changed since it was aligned by hand"):
        replace(file, **change).open()


@pytest.mark.parametrize("change", [{"sha256": "abc"}, {"shape": (0, 4)}, {"page": -1}])
def test_a_frame_file_that_cannot_be_is_refused(stack, tmp_path, change):
    file = FrameFile.of(open_frame(tmp_path / "stack.tif", 1))
    with pytest.raises(ValueError, match=r"stack\.tif"):
        replace(file, **change)
