"""Growing, undoing and naming mosaics. Their pixels are tested in test_render.py."""

import pickle
import time

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Box, Offset, Shift, Side, nominal_offset
from napari_seamnet.mosaic import Mosaic, MosaicError, Placement
from napari_seamnet.shifts import Status

SAMPLE = np.random.default_rng(5).permutation(300 * 320).astype(np.uint32).reshape(300, 320)


def frame(value=1, shape=(4, 6), dtype=np.uint8):
    return as_frame(np.full(shape, value, dtype), f"f{value}")


@pytest.mark.parametrize("side", Side)
def test_appended_at_its_true_offset_a_frame_continues_the_picture(side):
    first = Box(100, 110, 60, 80)
    nominal, shift = nominal_offset(first.shape, (60, 80), side, 20), Shift(3, -4)
    second = first.moved(*(nominal + shift).whole())
    mosaic = Mosaic.start(SAMPLE[first.slices], (first.y, first.x)).append(
        SAMPLE[second.slices], nominal, shift=shift
    )
    assert mosaic.bounds == first.hull(second)
    picture, owner = mosaic.array().compute(), mosaic.provenance().compute()
    shown = SAMPLE[mosaic.bounds.slices]
    np.testing.assert_array_equal(picture, np.where(owner >= 0, shown, 0))
    assert set(np.unique(owner)) == {-1, 0, 1}


def test_ten_frames_in_a_walk_give_the_picture_back():
    y, x = 100, 100
    mosaic = Mosaic.start(SAMPLE[y : y + 50, x : x + 60], (y, x))
    walk = [
        (0, 45),
        (0, 40),
        (38, 3),
        (40, -2),
        (-1, -44),
        (2, -46),
        (-5, -47),
        (-39, 0),
        (-41, 1),
    ]
    for dy, dx in walk:
        y, x = y + dy, x + dx
        nominal, shift = Offset(dy + 2, dx - 3), Shift(-2.3, 3.4)
        mosaic = mosaic.append(SAMPLE[y : y + 50, x : x + 60], nominal, shift=shift)
    assert len(mosaic) == 10
    picture, owner = mosaic.array(chunks=37).compute(), mosaic.provenance(chunks=41).compute()
    shown = SAMPLE[mosaic.bounds.slices]
    np.testing.assert_array_equal(picture[owner >= 0], shown[owner >= 0])
    assert (picture[owner < 0] == 0).all()


def test_a_frame_is_placed_against_the_one_it_was_aligned_with():
    mosaic = Mosaic.start(frame(1), (10, 20)).append(frame(2), Offset(0, 5))
    assert mosaic.append(frame(3), Offset(3, 0), against=0).positions()[-1] == (13, 20)
    assert mosaic.append(frame(3), Offset(3, 0)).positions()[-1] == (13, 25)
    assert mosaic.append(frame(3), Offset(3, 0), against=-2).positions()[-1] == (13, 20)


@pytest.mark.parametrize("against", [2, -3, 17])
def test_aligning_against_a_frame_that_is_not_there_is_refused(against):
    mosaic = Mosaic.start(frame(1)).append(frame(2), Offset(0, 5))
    with pytest.raises(MosaicError, match=f"no placement {against}: the mosaic has 2.*0 to 1"):
        mosaic.append(frame(3), Offset(0, 5), against)


def test_offset_and_shift_are_rounded_once_and_together():
    mosaic = Mosaic.start(frame()).append(frame(), Offset(0.4, 5.4), shift=Shift(0.4, -0.8))
    assert mosaic.positions() == ((0, 0), (1, 5))


def test_pairs_of_numbers_do_for_offset_and_shift():
    mosaic = Mosaic.start(frame()).append(frame(), (0, 5), shift=(1, -1))
    assert mosaic.positions() == ((0, 0), (1, 4))


def test_the_mosaic_grows_up_and_left():
    mosaic = Mosaic.start(frame(1)).append(frame(2), Offset(-3, -5))
    assert mosaic.bounds == Box(-3, -5, 7, 11)
    assert (mosaic.origin, mosaic.shape) == ((-3, -5), (7, 11))
    picture = mosaic.array("first").compute()
    assert (picture[0, 0], picture[3, 5], picture[0, 10]) == (2, 1, 0)


def test_every_operation_leaves_the_old_mosaic_as_it_was():
    one = Mosaic.start(frame(1))
    two = one.append(frame(2), Offset(0, 5), status=Status.HAND, note="by eye")
    assert (len(one), len(two)) == (1, 2)
    assert two.remove_last().placements == one.placements
    assert (two.placements[1].status, two.placements[1].note) == (Status.HAND, "by eye")
    assert two.remove_last().array().name == one.array().name


def test_the_only_frame_cannot_be_removed():
    with pytest.raises(MosaicError, match="only one frame left; begin a new one"):
        Mosaic.start(frame()).remove_last()
    with pytest.raises(MosaicError, match="at least one frame"):
        Mosaic(())


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (frame(2, dtype=np.uint16), "f2 is uint16, but the mosaic is uint8; convert one"),
        (frame(3, (4, 6, 3)), "f3 is RGB, but the mosaic is grey; convert one"),
    ],
)
def test_frames_of_another_kind_are_refused_by_name(other, words):
    with pytest.raises(MosaicError, match=words):
        Mosaic.start(frame()).append(other, Offset(0, 5))


def test_colour_with_and_without_alpha_does_not_mix():
    with pytest.raises(MosaicError, match="is RGBA, but the mosaic is RGB"):
        Mosaic.start(frame(1, (4, 6, 3))).place(frame(2, (4, 6, 4)), (0, 0))


def test_equal_mosaics_share_a_name_and_every_change_gives_a_new_one(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", SAMPLE)

    def build(value=2, at=(0, 5)):
        return Mosaic.start(tmp_path / "a.tif").place(np.full((4, 6), value, np.uint32), at)

    def names(mosaic):
        return (
            mosaic.array().name, mosaic.array("first").name, mosaic.array(fill=1).name,
            mosaic.array(chunks=99).name, *(one.name for one in mosaic.pyramid(smallest=9)[1:]),
            mosaic.provenance().name, mosaic.provenance("last").name,
        )  # fmt: skip

    first = names(build())
    assert len(set(first)) == len(first)
    assert names(build()) == first
    picture = build().array().name
    assert picture not in {
        build(value=3).array().name,
        build(at=(0, 6)).array().name,
        build().remove_last().array().name,
    }
    tifffile.imwrite(tmp_path / "a.tif", SAMPLE[:-1])
    assert build().array().name != picture


def test_a_mosaic_can_be_sent_to_another_process():
    mosaic = Mosaic.start(SAMPLE[:50, :60]).place(SAMPLE[:50, 40:100], (0, 40))
    twin = pickle.loads(pickle.dumps(mosaic))
    np.testing.assert_array_equal(twin.array().compute(), SAMPLE[:50, :100])
    lazy = pickle.loads(pickle.dumps(mosaic.array()))
    np.testing.assert_array_equal(lazy.compute(), SAMPLE[:50, :100])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=1, max_size=6))
def test_bounds_are_the_hull_of_all_frames_in_any_order(positions):
    mosaic = Mosaic.start(frame(), positions[0])
    hull = Box.of_shape((4, 6), at=positions[0])
    for position in positions[1:]:
        mosaic = mosaic.place(frame(), position)
        hull = hull.hull(Box.of_shape((4, 6), at=position))
    assert mosaic.bounds == hull
    assert mosaic.array().shape == mosaic.shape == hull.shape
    assert mosaic.positions() == tuple(positions)


def test_among_a_thousand_frames_a_chunk_reads_only_its_own():
    read = []

    class Watched:
        shape, dtype = (1000, 1000), np.dtype(np.uint8)

        def __init__(self, index):
            self.index = index

        def __getitem__(self, key):
            read.append(self.index)
            return np.broadcast_to(np.uint8(self.index), self.shape)[key]

        def __dask_tokenize__(self):
            return ("watched", self.index)

    places = [(850 * row, 850 * column) for row in range(32) for column in range(32)]
    mosaic = Mosaic.start(Watched(0))
    start = time.perf_counter()
    for index, place in enumerate(places[1:], 1):
        mosaic = mosaic.place(Watched(index), place)
    lazy = mosaic.array()
    made = time.perf_counter() - start
    part = lazy[5000:5100, 7000:7100].compute()
    assert part.shape == (100, 100)
    assert 1 <= len(read) <= 4
    assert made < 5
    levels = mosaic.pyramid()
    assert read == read[:4]
    assert max(levels[-1].shape) <= 512


def test_ten_thousand_frames_are_placed_and_become_an_array_at_once():
    class Plain:
        shape, dtype = (2000, 2000), np.dtype(np.uint8)

        def __getitem__(self, key):
            return np.broadcast_to(np.uint8(3), self.shape)[key]

        def __dask_tokenize__(self):
            return "plain"

    one = as_frame(Plain())
    start = time.perf_counter()
    placements = [Placement(one, (1850 * (i // 100), 1850 * (i % 100))) for i in range(10_000)]
    mosaic = Mosaic(tuple(placements))
    levels = mosaic.pyramid()
    made = time.perf_counter() - start
    assert mosaic.shape == (185_150, 185_150)
    assert (levels[0][-3:, -3:].compute() == 3).all()
    assert made < 2  # 0.15 s on two cores


def test_growing_costs_the_same_for_each_frame():
    def growing(n):
        mosaic = Mosaic.start(frame())
        assert mosaic.bounds.shape == (4, 6)
        _ = mosaic.array().name
        start = time.perf_counter()
        for index in range(1, n):
            mosaic = mosaic.place(one, (0, index))
        return time.perf_counter() - start

    one = frame()
    growing(100)
    # Checked all over again at every step, 4000 frames took 2 s; now they take 0.05 s.
    assert min(growing(4000) for _ in range(2)) < 0.8


def test_a_mosaic_that_grew_is_the_same_as_one_made_at_once():
    placements = [Placement(frame(i + 1, (4 + i, 6)), (3 * i, -2 * i)) for i in range(6)]
    for known_before in (True, False):
        grown = Mosaic(tuple(placements[:2]))
        if known_before:
            assert (grown.bounds, grown.array().name) is not None
        for placement in placements[2:]:
            grown = grown.place(placement.frame, placement.position)
        at_once = Mosaic(tuple(placements))
        assert grown.bounds == at_once.bounds
        assert grown.array().name == at_once.array().name
        assert grown.provenance().name == at_once.provenance().name
        np.testing.assert_array_equal(grown.array().compute(), at_once.array().compute())


def test_the_reader_gives_parts_of_the_array_and_refuses_what_it_refuses():
    mosaic = Mosaic.start(SAMPLE[:50, :60], (-7, 3)).place(SAMPLE[:50, 40:100], (-4, 43))
    for ownership in ("first", "last", "nearest centre"):
        read, whole = mosaic.reader(ownership, 5), mosaic.array(ownership, 5).compute()
        for box in (Box(0, 0, *whole.shape), Box(3, 30, 20, 31), Box(9, 9, 0, 5)):
            np.testing.assert_array_equal(read(box), whole[box.slices], strict=True)
    with pytest.raises(MosaicError, match="no ownership"):
        mosaic.reader("both")
    with pytest.raises(MosaicError, match="fill value"):
        mosaic.reader(fill=-1)


def test_levels_of_the_provenance_show_every_second_pixel_of_the_one_before():
    frames = [np.full((40, 50), k, np.uint8) for k in range(4)]
    mosaic = Mosaic(
        tuple(
            Placement(as_frame(frame, name=str(k)), at)
            for k, (frame, at) in enumerate(
                zip(frames, [(0, 0), (3, 41), (33, -2), (35, 38)], strict=True)
            )
        )
    )
    whole, *smaller = mosaic.provenance_pyramid(smallest=16)
    assert (np.asarray(whole) == np.asarray(mosaic.provenance())).all()
    assert smaller
    for k, level in enumerate(smaller, 1):
        assert (np.asarray(level) == np.asarray(whole)[:: 2**k, :: 2**k]).all()
