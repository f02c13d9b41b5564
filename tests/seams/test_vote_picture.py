import numpy as np
import pytest

from napari_seamnet.seams.vote_picture import AGAINST, FOR, draw_votes


def test_places_are_blue_where_they_speak_for_a_shift_and_orange_where_against():
    votes = np.zeros((60, 80))
    votes[10:25, 10:25], votes[35:50, 50:65] = 1.0, -1.0
    picture = draw_votes(np.full((60, 80), 7, np.uint16), votes)
    assert picture.dtype == np.uint8
    assert np.abs(picture[17, 17].astype(int) - FOR).max() < 30
    assert np.abs(picture[42, 57].astype(int) - AGAINST).max() < 30
    assert picture[55, 5].max() < 10


def test_without_votes_the_picture_is_grey():
    crop = np.random.default_rng(0).integers(0, 4000, (40, 50))
    picture = draw_votes(crop, np.zeros((40, 50)))
    assert np.array_equal(picture[..., 0], picture[..., 2])
    assert picture.std() > 10


def test_votes_about_another_picture_are_refused():
    with pytest.raises(ValueError, match="not about"):
        draw_votes(np.zeros((4, 5)), np.zeros((5, 4)))
