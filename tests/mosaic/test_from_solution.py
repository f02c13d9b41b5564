import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.layouts import Layout
from napari_seamnet.mosaic import MosaicError, mosaic_of
from napari_seamnet.shifts import Status
from napari_seamnet.solve import Solution, SolvedFrame

SCENE = np.random.default_rng(3).permutation(90 * 150).astype(np.uint16).reshape(90, 150)


def solved(frames, positions, **of_last):
    layout = Layout.of_frames(frames, [(0, 0)] * len(frames))
    found = [SolvedFrame(p, (round(p[0]), round(p[1])), 0.9, 0.1) for p in positions[:-1]]
    y, x = positions[-1]
    found.append(SolvedFrame((y, x), (round(y), round(x)), 0.4, 3.0, **of_last))
    return Solution(layout, (), (), tuple(found), ())


def test_frames_lie_where_they_were_solved_to_lie_and_the_picture_is_whole():
    places = [(10, 7), (12, 60), (5, 100)]
    frames = [as_frame(SCENE[y : y + 60, x : x + 50], f"{y}") for y, x in places]
    mosaic = mosaic_of(
        solved(
            frames,
            [(10.3, 6.8), (11.6, 60.4), (5.0, 100.0)],
            status=Status.AMBIGUOUS,
            reason="two cells fit",
        )
    )
    assert mosaic.positions() == tuple(places)
    assert [p.frame for p in mosaic.placements] == frames
    assert [p.status for p in mosaic.placements] == [
        Status.CERTAIN, Status.CERTAIN, Status.AMBIGUOUS,
    ]  # fmt: skip
    assert [p.note for p in mosaic.placements] == ["", "", "two cells fit"]
    picture, owner = mosaic.array().compute(), mosaic.provenance().compute()
    shown = SCENE[mosaic.bounds.slices]
    np.testing.assert_array_equal(picture[owner >= 0], shown[owner >= 0])


def test_frames_that_cannot_be_shown_together_are_refused_by_name():
    frames = [
        as_frame(np.zeros((4, 6), np.uint8), "a"),
        as_frame(np.zeros((4, 6, 3), np.uint8), "b"),
    ]
    with pytest.raises(MosaicError, match="b is RGB, but the mosaic is grey"):
        mosaic_of(solved(frames, [(0, 0), (0, 5)]))
