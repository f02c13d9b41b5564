import os
import shutil

import numpy as np
import pytest
import tifffile

from napari_seamnet.frames import FrameError, as_frame, open_frame
from napari_seamnet.geometry import Offset
from napari_seamnet.grids import identity as module
from napari_seamnet.grids.identity import Identities, hash_file, method_settings, seam_key
from napari_seamnet.grids.journal import Journal
from napari_seamnet.shifts import get_method


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "a.seams.sqlite") as journal:
        yield journal


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.arange(60, dtype=np.uint8).reshape(6, 10))
    return path


def test_a_file_is_hashed_once_as_long_as_size_and_time_stay(journal, picture, monkeypatch):
    assert Identities(journal).known(open_frame(picture)) is None
    identity = Identities(journal).of(open_frame(picture))

    def refuse(path):
        raise AssertionError("read again")

    monkeypatch.setattr(module, "hash_file", refuse)
    assert Identities(journal).known(open_frame(picture)) == identity
    assert Identities(journal).of(open_frame(picture)) == identity


def test_a_touched_a_moved_and_a_copied_file_stay_the_same(journal, picture, tmp_path):
    identity = Identities(journal).of(open_frame(picture))
    os.utime(picture, ns=(1, 1))
    assert Identities(journal).known(open_frame(picture)) is None
    assert Identities(journal).of(open_frame(picture)) == identity
    copy = tmp_path / "elsewhere.tif"
    shutil.copy(picture, copy)
    assert Identities(journal).of(open_frame(copy)) == identity


def test_a_file_written_anew_is_another(journal, picture):
    identity = Identities(journal).of(open_frame(picture))
    tifffile.imwrite(picture, np.arange(60, dtype=np.uint8).reshape(6, 10)[::-1])
    os.utime(picture, ns=(1, 1))  # not even its time tells: its size is the same, too
    assert Identities(journal).of(open_frame(picture)) != identity


def test_a_file_that_changed_since_it_was_opened_is_told(journal, picture):
    frame = open_frame(picture)
    os.utime(picture, ns=(1, 1))
    with pytest.raises(FrameError, match=r"a\.tif has changed since it was opened; open the"):
        Identities(journal).of(frame)


def test_planes_of_one_file_are_different_frames(journal, tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.zeros((3, 8, 8), np.uint8), photometric="minisblack")
    frames = [open_frame(path, page) for page in range(3)]
    assert len({Identities(journal).of(frame) for frame in frames}) == 3


def test_arrays_are_known_by_their_pixels(journal):
    pixels = np.arange(60, dtype=np.uint8).reshape(6, 10)
    names = [Identities(journal).known(as_frame(p)) for p in (pixels, pixels.copy(), pixels + 1)]
    assert names[0] == names[1] != names[2]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FrameError, match=r"gone\.tif: there is no such file"):
        hash_file(tmp_path / "gone.tif")


def settings(name, **more):
    return method_settings(get_method(name, **more))


def test_settings_of_a_method_count_but_not_the_device():
    assert settings("median", size=3) != settings("median", size=5)
    assert settings("smoothed") != settings("search")
    assert settings("seamnet", device="cpu") == settings("seamnet", device="auto")
    assert len(settings("seamnet")["weights"]) == 64


def test_weights_count_by_their_content_wherever_they_lie(tmp_path):
    bundled = module_weights()
    for ending in (".safetensors", ".json"):
        shutil.copy(bundled.with_suffix(ending), tmp_path / f"copy{ending}")
    copy = settings("seamnet", weights=tmp_path / "copy.safetensors")
    assert copy == settings("seamnet")


def module_weights():
    from napari_seamnet.nets.build import bundled_weights

    return bundled_weights("seamnet")


def test_every_part_of_a_seam_makes_another_key():
    given = ("a", "b", Offset(1, 2), {"kind": "x"}, 15)
    others = (("c", "a")[0], "c", Offset(1, 3), {"kind": "y"}, 16)
    keys = {seam_key(*given)}
    for place, other in enumerate(others):
        keys.add(seam_key(*given[:place], other, *given[place + 1 :]))
    assert len(keys) == 6
    assert seam_key("a", "b", Offset(1.2, 2.4), {"kind": "x"}, 15) in keys
