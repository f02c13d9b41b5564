"""Which names frames get, and which way they are opened."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_seamnet.frames import as_frame, is_untouched, open_frame

PIXELS = np.arange(20, dtype=np.uint8).reshape(4, 5)


def test_a_frame_from_a_file_bears_its_name_and_path(tmp_path):
    path = tmp_path / "tile one.png"
    Image.fromarray(PIXELS).save(path)
    for given in (path, str(path)):
        frame = as_frame(given)
        assert (frame.name, frame.path) == ("tile one.png", path)


def test_an_array_is_called_as_told(tmp_path):
    assert as_frame(PIXELS).name == "array"
    frame = as_frame(PIXELS, "r0c1")
    assert (frame.name, frame.path) == ("r0c1", None)


def test_a_frame_stays_itself_unless_it_is_renamed():
    frame = as_frame(PIXELS, "r0c1")
    assert as_frame(frame) is frame
    renamed = as_frame(frame, "r0c2")
    assert (frame.name, renamed.name) == ("r0c1", "r0c2")
    assert renamed.token == frame.token


def test_content_decides_and_not_the_ending(tmp_path):
    tifffile.imwrite(tmp_path / "a.png", PIXELS)
    Image.fromarray(PIXELS).save(tmp_path / "b.tif", format="PNG")
    for name in ("a.png", "b.tif"):
        np.testing.assert_array_equal(open_frame(tmp_path / name).read(), PIXELS)


def test_tokens_follow_the_file(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PIXELS)
    before = open_frame(path)
    assert open_frame(path).token == before.token
    tifffile.imwrite(path, PIXELS.astype(np.uint16))
    assert open_frame(path).token != before.token


@pytest.mark.frames
def test_real_frames_open_and_are_what_their_own_readers_say(real_frames):
    kinds = {}
    for path in sorted(Path(real_frames).rglob("*")):
        if path.suffix.lower() in {".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp"}:
            kinds.setdefault((path.parent, path.suffix), path)
    assert kinds
    for path in kinds.values():
        is_tiff = path.suffix.lower().startswith(".tif")
        expected = tifffile.imread(path) if is_tiff else np.asarray(Image.open(path))
        np.testing.assert_array_equal(open_frame(path).read(), expected)


def test_a_file_is_untouched_until_somebody_writes_to_it(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.arange(12, dtype=np.uint8).reshape(3, 4))
    frame = open_frame(path)
    assert is_untouched(frame)
    monkeypatch.chdir(tmp_path)
    assert is_untouched(open_frame("a.tif"))
    tifffile.imwrite(path, np.arange(20, dtype=np.uint8).reshape(4, 5))
    assert not is_untouched(frame)
    assert is_untouched(open_frame(path))
    frame = open_frame(path)
    path.unlink()
    assert not is_untouched(frame)
    assert not is_untouched(as_frame(np.zeros((3, 4), np.uint8)))
