import numpy as np

from napari_seamnet.learning.training.examples import GAP, draw_examples


def test_an_aligned_pair_is_grey_below_and_fringed_above():
    picture = np.random.default_rng(0).integers(0, 256, (90, 90), np.uint8)
    pair = np.stack([picture[10:70, 10:70], picture[13:73, 6:66]])  # the true shift is (3, -4)
    sheet = draw_examples([pair], np.array([[0.0, 0.0]]), np.array([[3.0, -4.0]]))
    assert sheet.shape == (120 + GAP, 60, 3)
    above, below = sheet[:60].astype(int), sheet[60 + GAP :].astype(int)
    assert np.abs(above[..., 0] - above[..., 1]).max() > 100
    assert np.abs(below[..., 0] - below[..., 1]).max() <= 20  # the two contrasts differ a little


def test_pairs_of_different_sizes_stand_side_by_side():
    rng = np.random.default_rng(1)
    pairs = [rng.integers(0, 256, (2, *shape), np.uint8) for shape in ((400, 60), (60, 400))]
    sheet = draw_examples(pairs, np.zeros((2, 2)), np.zeros((2, 2)))
    assert sheet.shape == (300 + GAP, 300 + GAP, 3)
    assert sheet[:150, :60].any()
    assert not sheet[:150, 60:150].any()
    assert sheet[:60, 150 + GAP :].any()
