import numpy as np
import pytest

from napari_seamnet.seams.squares import cut_squares


def numbered(*shape):
    """Every pixel has its own value, so any mix-up shows."""
    return np.arange(np.prod(shape), dtype=np.uint32).reshape(shape)


@pytest.mark.parametrize(("shape", "n"), [((1688, 150), 11), ((150, 300), 2), ((7, 7), 1)])
def test_number_of_squares_follows_the_thesis(shape, n):
    assert cut_squares(numbered(*shape)).shape == (n, min(shape), min(shape))


def test_squares_side_by_side_are_the_strip_without_its_remainder():
    strip = numbered(4, 14)
    np.testing.assert_array_equal(np.hstack(list(cut_squares(strip))), strip[:, :12])
    np.testing.assert_array_equal(np.vstack(list(cut_squares(strip.T))), strip.T[:12])


@pytest.mark.parametrize("overlap", [np.s_[:, -5:], np.s_[-5:, :]])
def test_squares_share_the_frames_memory(overlap):
    frame = numbered(31, 47)
    assert np.shares_memory(cut_squares(frame[overlap]), frame)


@pytest.mark.parametrize("shape", [(9,), (0, 9), (3, 9, 9)])
def test_wrong_shape_is_refused_and_named(shape):
    with pytest.raises(ValueError, match=r"2-D and not empty.*shape"):
        cut_squares(np.zeros(shape))
