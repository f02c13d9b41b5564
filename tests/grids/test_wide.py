"""Stage errors of up to 120 px between neighbours, on simulated and on real frames."""

import csv

import numpy as np
import pytest

from napari_seamnet.frames import as_frame, open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.grids import coarse_offsets, estimate_seams, wide_shift
from napari_seamnet.grids.coarse import CoarseMethod, reduce
from napari_seamnet.grids.wide import Told, is_clear, refer
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams import Overlap
from napari_seamnet.seams.seam import Seam, find_seams
from napari_seamnet.shifts.estimate import Alternative, Estimate, ShiftMap, Status

REACH = 125


@pytest.fixture(scope="module")
def off():
    """Each frame lies up to 60 px from where the stage believes it, so neighbours up to 120."""
    grid = chip_grid(3, 4, size=600, overlap=150, jitter=60, seed=1)
    sites = (
        Site(frame, at, *divmod(index, 4))
        for index, (frame, at) in enumerate(zip(grid.frames, grid.nominal, strict=True))
    )
    layout = Layout(tuple(sites))
    seams = find_seams(layout)
    truth = [
        Shift(
            *map(float, np.subtract(grid.truth[s.second], grid.truth[s.first]) - tuple(s.nominal))
        )
        for s in seams
    ]
    assert max(max(map(abs, shift)) for shift in truth) > 90
    return layout, seams, truth


def test_coarse_offsets_are_good_to_a_few_px_and_agree_with_a_layout(off):
    layout, seams, truth = off
    coarse = coarse_offsets(layout, seams, REACH)
    assert Told.STAGE not in coarse.told
    for seam, offset, shift in zip(seams, coarse.offsets, truth, strict=True):
        assert (offset - seam.nominal).distance(shift) <= 8
        (y0, x0), (y1, x1) = (coarse.layout[index].position for index in seam.pair)
        assert (Offset(y1 - y0, x1 - x0) - seam.nominal).distance(shift) <= 10


def test_the_fine_estimate_is_around_the_coarse_one_and_relative_to_nominal(off, tmp_path):
    layout, seams, truth = off
    told = []
    found = estimate_seams(
        layout,
        seams,
        "smoothed",
        max_shift=12,
        wide=REACH,
        journal=tmp_path / "a.seams.sqlite",
        progress=lambda done, total, what: told.append((done, total)),
    )
    for one, shift in zip(found, truth, strict=True):
        assert one.shift.distance(shift) <= 2
        assert one.map.at(one.shift) == np.nanmax(one.map.values)
    assert told[-1] == (2 * len(seams), 2 * len(seams))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    results = {}
    again = estimate_seams(
        layout,
        seams,
        "smoothed",
        max_shift=12,
        wide=REACH,
        journal=tmp_path / "a.seams.sqlite",
        on_result=lambda index, estimate: results.update({index: estimate}),
    )
    assert [one.shift for one in again] == [one.shift for one in found]
    assert [results[index].shift for index in range(len(seams))] == [one.shift for one in found]


def test_one_pair_alone_tells_where_it_lies(off):
    layout, seams, truth = off
    right = 0
    for seam, shift in zip(seams, truth, strict=True):
        frames = (layout[index].frame for index in seam.pair)
        offset, estimate = wide_shift(*frames, seam.nominal, REACH)
        near = (offset - seam.nominal).distance(shift) <= 8
        right += near
        # What is believed by itself is right; what is not leaves the nominal offset.
        assert near or not is_clear(estimate)
    assert right >= 0.7 * len(seams)


def test_a_seam_that_tells_nothing_is_placed_by_its_neighbours(off):
    layout, seams, truth = off
    blank = next(n for n, seam in enumerate(seams) if seam.pair == (5, 6))

    class Silent(CoarseMethod):
        def estimate(self, overlap, **settings):
            found = super().estimate(overlap, **settings)
            return found if not is_blank(overlap) else Estimate(Shift(0, 0), "undetermined", 0.0)

    cut = Overlap.cut(*(layout[i].frame for i in (5, 6)), seams[blank].nominal, REACH)

    def is_blank(overlap):
        return overlap.first.shape == cut.first.shape and (overlap.first == cut.first).all()

    from napari_seamnet.grids import wide

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wide, "CoarseMethod", Silent)
        coarse = coarse_offsets(layout, seams, REACH)
    assert coarse.told[blank] is Told.NEIGHBOURS
    assert (coarse.offsets[blank] - seams[blank].nominal).distance(truth[blank]) <= 10


def test_where_nothing_tells_the_stage_stands():
    frames = [as_frame(np.full((90, 90), n, np.uint8)) for n in range(3)]
    layout = Layout.of_frames(frames, [(0, 0), (0, 60), (0, 120)])
    seams = find_seams(layout)
    coarse = coarse_offsets(layout, seams, 40)
    assert coarse.told == (Told.STAGE, Told.STAGE)
    assert coarse.offsets == tuple(seam.nominal for seam in seams)
    assert coarse.layout.positions == layout.positions
    assert all(one.status is Status.UNDETERMINED for one in coarse.estimates)
    assert coarse_offsets(layout, (), 40).offsets == ()


@pytest.mark.parametrize("origin", [(0, 35), (3, -38), (17, 2), (-30, 30)])
def test_the_coarse_method_finds_a_shift_whatever_the_crops_corner(origin):
    rng = np.random.default_rng(0)
    scene = np.kron(rng.integers(0, 255, (60, 60)), np.ones((8, 8))).astype(np.uint8)
    y, x = 120, 120
    first = scene[y : y + 200, x : x + 180]
    dy, dx = 52 + origin[0], -37 + origin[1]
    second = scene[y + dy : y + dy + 190, x + dx : x + dx + 200]
    found = CoarseMethod().estimate(Overlap(first, second, origin), max_shift=80)
    assert found.shift.distance(Shift(52, -37)) <= 2
    assert found.map is None


def test_a_best_fit_beyond_the_reach_is_no_answer():
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 255, (300, 300), np.uint8)
    overlap = Overlap(scene[:200, :200], scene[46:246, :200])
    found = CoarseMethod().estimate(overlap, max_shift=40)
    assert found.status is Status.UNDETERMINED


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_blocks_are_reduced_to_their_means_less_the_mean_of_all(dtype):
    crop = np.arange(7 * 9).reshape(7, 9).astype(dtype) + 1000 * (dtype != np.uint8)
    small = reduce(crop, 3)
    assert small.shape == (2, 3)
    wanted = crop[:6].reshape(2, 3, 3, 3).mean(axis=(1, 3), dtype=float)
    np.testing.assert_allclose(small, wanted - wanted.mean(), atol=1e-3)


def test_an_estimate_is_referred_with_its_alternatives_and_its_map():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 5))
    found = Estimate(
        Shift(1, -0.5),
        Status.AMBIGUOUS,
        0.6,
        (Alternative(Shift(-2, 0), 0.3),),
        ShiftMap(values, "x"),
    )
    there = refer(found, Shift(10, -30))
    assert there.shift == Shift(11, -30.5)
    assert there.alternatives == (Alternative(Shift(8, -30), 0.3),)
    assert there.map.max_shift == 32
    assert there.map.at(Shift(8, -30)) == found.map.at(Shift(-2, 0))
    assert np.isfinite(there.map.values).sum() == 25
    assert refer(found, Shift(0, 0)) is found


def test_without_evidence_the_nominal_offset_stands():
    nothing = Estimate(Shift(0, 0), Status.UNDETERMINED, 0.0)
    assert refer(nothing, Shift(50, 0)).shift == Shift(0, 0)


@pytest.mark.frames
@pytest.mark.parametrize("folder", ["train/lscm_tensile_Ref", "test/stitch2d"])
def test_real_frames_laid_out_wrong_are_found(real_frames, folder):
    """Nominal positions off by up to 120 px between neighbours; the truth is measured."""
    rows = list(csv.DictReader((real_frames / folder / "pairs.csv").open()))
    names = sorted({row[k] for row in rows for k in ("left_or_top_file", "right_or_bottom_file")})
    frames = [open_frame(real_frames / folder / name) for name in names]
    reach = 125 if frames[0].shape[0] > 600 else 40
    rng = np.random.default_rng(0)
    error = rng.integers(-reach // 2 + 3, reach // 2 - 3, (len(names), 2))
    layout = Layout.of_frames(frames, error)  # positions are not looked at, offsets are
    seams, truth = [], []
    for row in rows:
        first, second = (names.index(row[k]) for k in ("left_or_top_file", "right_or_bottom_file"))
        true = Offset(float(row["dy"]), float(row["dx"]))
        off = error[second] - error[first]
        seams.append(Seam(first, second, Offset(*(np.array(true.whole()) + off))))
        truth.append(true)
    found = estimate_seams(layout, seams, "smoothed", max_shift=12, wide=reach)
    wrong = [
        one.shift.distance(true - seam.nominal)
        for one, true, seam in zip(found, truth, seams, strict=True)
    ]
    assert max(wrong) < 2


@pytest.mark.frames
def test_columns_that_are_not_level_are_levelled(real_frames):
    """Two columns of six; the second begins level with the first, and ends 480 px lower."""
    folder = real_frames / "train" / "dendritic_A"
    rows = list(csv.DictReader((folder / "pairs.csv").open()))
    truth = {
        (row["left_or_top_file"], row["right_or_bottom_file"]): Offset(
            float(row["dy"]), float(row["dx"])
        )
        for row in rows
    }
    numbers = [(30, 29, 28, 27, 26, 25), (31, 32, 33, 34, 35, 36)]
    sites = [
        Site(open_frame(folder / f"1-{number:03}.jpg"), (1786 * row, 2414 * col), row, col)
        for col, column in enumerate(numbers)
        for row, number in enumerate(column)
    ]
    layout = Layout(tuple(sites))
    seams = find_seams(layout)
    coarse = coarse_offsets(layout, seams, 520)
    for seam, offset in zip(seams, coarse.offsets, strict=True):
        names = tuple(layout[index].name for index in seam.pair)
        assert (offset - truth[names]).dy == pytest.approx(0, abs=3)
        assert (offset - truth[names]).dx == pytest.approx(0, abs=3)
    levelled = find_seams(coarse.layout)
    assert [seam.pair for seam in levelled] == [seam.pair for seam in seams]
