import numpy as np
import pytest

from napari_seamnet.frames import as_frame, cache, picture
from napari_seamnet.grids.crops import CropReader
from napari_seamnet.layouts import Layout
from napari_seamnet.seams import Overlap
from napari_seamnet.seams.seam import find_seams


@pytest.mark.parametrize("margin", [0, 15])
def test_crops_are_those_of_the_overlap_in_any_order(files, margin):
    reader = CropReader(files.layout, files.seams, margin)
    for seam in reversed(files.seams):
        first, second = (files.layout[index].frame for index in seam.pair)
        wanted = Overlap.cut(first, second, seam.nominal, margin)
        got = reader.cut(seam)
        np.testing.assert_array_equal(got.first, wanted.first)
        np.testing.assert_array_equal(got.second, wanted.second)
        assert got.origin == wanted.origin
        assert all(crop.base is None for crop in (got.first, got.second))
    assert reader.n_bytes == 0


def test_a_skipped_seams_crops_are_not_read_nor_kept(files):
    reader = CropReader(files.layout, files.seams, 0)
    for seam in files.seams[1:]:
        reader.skip(seam)
    overlap = reader.cut(files.seams[0])
    assert overlap.first.shape == (160, 50)
    assert reader.n_bytes == 0


def test_crops_wait_until_their_seam_is_cut(files):
    reader = CropReader(files.layout, files.seams, 0)
    reader.cut(files.seams[0])
    held = reader.n_bytes
    assert 0 < held < 160 * 160
    for seam in files.seams[1:]:
        reader.cut(seam)
    assert reader.n_bytes == 0


def test_a_frame_is_decoded_once_without_any_cache(files, monkeypatch):
    decoded = []
    real = picture.PictureSource._decode

    def counted(source):
        decoded.append(source.path.name)
        return real(source)

    monkeypatch.setattr(picture.PictureSource, "_decode", counted)
    monkeypatch.setattr(picture, "decoded", cache.DecodedCache(160 * 160))
    reader = CropReader(files.layout, files.seams, 10)
    for seam in files.seams:
        reader.cut(seam)
    assert sorted(decoded) == sorted(site.name for site in files.layout)


def test_views_of_an_array_are_not_copied():
    pixels = np.random.default_rng(0).integers(0, 255, (2, 40, 60), np.uint8)
    layout = Layout.of_frames([as_frame(p) for p in pixels], [(0, 0), (0, 45)])
    (seam,) = find_seams(layout)
    overlap = CropReader(layout, [seam], 0).cut(seam)
    assert np.shares_memory(overlap.first, pixels)
