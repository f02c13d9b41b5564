import numpy as np

from napari_seamnet.learning.spoiling import spoil
from napari_seamnet.seams import Overlap


def test_flicker_is_alike_along_each_row_and_other_in_each_crop():
    grey = np.full((2, 60, 40), 128.0)
    grey[:, 0, :2] = 0, 255  # the range of floats is what they hold
    seam = Overlap(*grey)
    seen = spoil(seam, 0.0, np.random.default_rng(0), flicker=0.1)
    rows = []
    for crop, was in ((seen.first, seam.first), (seen.second, 127.5 + (seam.second - 127.5) / 2)):
        off = (crop - was)[1:]
        assert np.ptp(off, axis=1).max() < 1e-9
        rows.append(off[:, 0])
    assert np.std(rows, axis=1).min() > 15
    assert abs(np.corrcoef(rows)[0, 1]) < 0.5


def test_without_flicker_the_noise_is_what_it_was():
    seam = Overlap(*np.random.default_rng(1).integers(60, 190, (2, 50, 50)).astype(np.uint8))
    rng = np.random.default_rng(2)
    plain = spoil(seam, 0.1, rng)
    drawn = np.random.default_rng(2)
    first, _ = (drawn.normal(0.0, 0.1 * 255, crop.shape) for crop in (seam.first, seam.second))
    wanted = np.clip(np.rint(seam.first + first), 0, 255)
    np.testing.assert_array_equal(plain.first, wanted)
    assert rng.random() == drawn.random(), "nothing more was drawn"
    other = spoil(seam, 0.1, np.random.default_rng(2), 0.2)
    off = other.first.astype(float) - plain.first
    assert np.median(np.ptp(off, axis=1)) <= 1  # rounding; rows that are cut off differ by more
