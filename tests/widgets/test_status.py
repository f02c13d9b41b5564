"""The signs of the statuses: each has a word, a colour and a shape of its own."""

import itertools

import pytest

from napari_seamnet.shifts import Status
from napari_seamnet.widgets._status import COLOURS, WORDS, StatusSign


def test_every_status_has_a_word_and_a_colour_of_its_own():
    assert set(WORDS) == set(COLOURS) == set(Status)
    assert len(set(WORDS.values())) == len(set(COLOURS.values())) == len(Status)


def shape(qtbot, status):
    """Which pixels of a sign are painted, whatever their colour."""
    sign = StatusSign()
    qtbot.addWidget(sign)
    empty = sign.grab().toImage()
    sign.show_status(status)
    image = sign.grab().toImage()
    return {
        (x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixel(x, y) != empty.pixel(x, y)
    }


def test_the_shapes_differ_even_without_colour(qtbot):
    shapes = {status: shape(qtbot, status) for status in Status}
    for one, other in itertools.combinations(Status, 2):
        assert len(shapes[one] ^ shapes[other]) > 20, (one, other)


@pytest.mark.parametrize("status", Status)
def test_a_sign_says_its_word_to_those_who_cannot_see_it(qtbot, status):
    sign = StatusSign()
    qtbot.addWidget(sign)
    sign.show_status(status)
    assert sign.toolTip() == WORDS[status]
