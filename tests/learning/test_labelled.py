import csv

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from scipy import ndimage

from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.hand import Decided, HandAlignment, record
from napari_seamnet.learning.labelled import (
    LabelledError,
    LabelledSeam,
    from_hand,
    from_simulator,
    from_tiles,
    from_truth,
    some,
    spoiled,
)
from napari_seamnet.learning.truth_files import TruthFileError, read_truth
from napari_seamnet.seams import Overlap
from napari_seamnet.seams.overlap import shared_pixels
from napari_seamnet.shifts import get_method

OFFSET = Offset(-4, 151)
"""Of the second frame of `folder`; both are 200 px wide and high."""


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(7)
    rough = ndimage.gaussian_filter(rng.normal(size=(260, 420)), 2)
    return (255 * (rough - rough.min()) / np.ptp(rough)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, scene):
    """A set as the real frames are kept: two frames, and pairs.csv in (x, y)."""
    home = tmp_path / "set_a"
    home.mkdir()
    tifffile.imwrite(home / "one.tif", scene[20:220, 10:210])
    top, left = 20 + OFFSET.dy, 10 + OFFSET.dx
    tifffile.imwrite(home / "two.tif", scene[top : top + 200, left : left + 200])
    write_truth(home, ["one.tif", "two.tif", OFFSET.dx, OFFSET.dy, "0.4"])
    return home


def write_truth(folder, *rows):
    with open(folder / "pairs.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["left_or_top_file", "right_or_bottom_file", "dx", "dy", "loop_error"])
        writer.writerows(rows)


def is_true_of(seam, margin=0):
    """Whether the pixels that lie on each other at the seam's true shift are the same."""
    first, second = shared_pixels(seam.cut(margin), *seam.truth.whole())
    return first.size > 0 and np.array_equal(first, second)


def a_seam(dtype=np.uint8, shape=(40, 30), value=None):
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 200, shape) if value is None else np.full(shape, value)
    crop = pixels.astype(dtype)
    return LabelledSeam("a", Shift(0, 0), lambda margin: Overlap(crop, crop), "g")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("margin", [0, 12])
def test_a_measured_pair_lies_right_at_its_truth_and_nowhere_near_the_nominal_offset(
    folder, seed, margin
):
    (seam,) = from_truth(folder / "pairs.csv", seed=seed)
    assert is_true_of(seam, margin)
    assert max(map(abs, seam.truth)) <= 10
    assert seam.truth != Shift(0, 0)
    assert (seam.name, seam.group) == ("one - two", "set_a")


def test_the_fraction_of_a_measured_offset_stays_in_the_truth(folder):
    write_truth(folder, ["one.tif", "two.tif", 151.25, -3.75, ""])
    (seam,) = from_truth(folder, jitter=0)
    assert seam.truth == Shift(0.25, 0.25)


def test_without_jitter_the_nominal_offset_is_the_true_one(folder):
    (seam,) = from_truth(folder, jitter=0)
    assert seam.truth == Shift(0, 0)
    assert is_true_of(seam)


def test_a_seams_jitter_does_not_depend_on_the_other_rows(folder):
    (alone,) = from_truth(folder)
    write_truth(folder, ["two.tif", "one.tif", -151, 4, ""], ["one.tif", "two.tif", 151, -4, ""])
    assert from_truth(folder)[1].truth == alone.truth
    assert len({from_truth(folder, seed=seed)[1].truth for seed in range(6)}) > 3


def test_pairs_that_cannot_be_trusted_are_left_out(folder):
    write_truth(
        folder,
        ["a.tif", "b.tif", 9, 1, "1.0"],
        ["b.tif", "c.tif", 9, 2, "1.1"],
        ["c.tif", "d.tif", 9, 3, ""],
        ["d.tif", "e.tif", 9, 4, ""],
        ["e.tif", "f.tif", 9, 5, "0.2"],
    )
    (folder / "pairs_extra.csv").write_text(
        "left_or_top_file,right_or_bottom_file,local_dev_max_px\n"
        "c.tif,d.tif,10.5\nd.tif,e.tif,9.5\ne.tif,f.tif,10.5\n"
    )
    assert [pair.offset.dy for pair in read_truth(folder / "pairs.csv")] == [1, 4, 5]


def test_a_folder_of_sets_gives_them_all_each_as_its_own_group(folder):
    other = folder.parent / "set_b"
    folder.rename(other)
    folder.mkdir()
    for name in ("one.tif", "two.tif", "pairs.csv"):
        (folder / name).write_bytes((other / name).read_bytes())
    assert [seam.group for seam in from_truth(folder.parent)] == ["set_a", "set_b"]


def test_files_without_pairs_are_refused_and_named(folder, tmp_path):
    with pytest.raises(LabelledError, match=r"no .*none\.csv; give"):
        from_truth(tmp_path / "none.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelledError, match=r"no .*empty.pairs\.csv; give"):
        from_truth(tmp_path / "empty")
    write_truth(folder, ["one.tif", "two.tif", 151, -4, "3"])
    with pytest.raises(LabelledError, match="no pair whose offset can be trusted"):
        from_truth(folder)
    write_truth(folder, ["one.tif", "two.tif", "far", -4, "3"])
    with pytest.raises(TruthFileError, match=r"pairs\.csv, one\.tif - two\.tif.*'far'"):
        from_truth(folder)


def test_tiles_are_seams_of_one_square_with_their_label_as_truth(tmp_path, scene):
    from napari_seamnet.learning.tile_label import tile_picture

    shifts = [Shift(0, 0), Shift(-7, 3), Shift(10, -10)]
    (tmp_path / "train").mkdir()
    (tmp_path / "validation").mkdir()
    for k, shift in enumerate(shifts):
        first = scene[30:90, 40:100]
        top, left = 30 + int(shift.dy), 40 + int(shift.dx)
        second = scene[top : top + 60, left : left + 60]
        where = tmp_path / ("validation" if k == 2 else "train")
        iio.imwrite(where / f"{k}.png", tile_picture(first, second, shift))
    seams = from_tiles(tmp_path)
    assert {(seam.group, seam.truth) for seam in seams} == {
        ("train", shifts[0]),
        ("train", shifts[1]),
        ("validation", shifts[2]),
    }
    assert all(is_true_of(seam, margin) for seam in seams for margin in (0, 15))
    assert len({seam.name for seam in seams}) == 3
    assert [seam.truth for seam in from_tiles(tmp_path, "validation")] == [shifts[2]]
    with pytest.raises(LabelledError, match="none of the 3 tiles is of the split 'test'"):
        from_tiles(tmp_path, "test")


def test_simulated_seams_depend_on_the_seed_alone_and_more_begin_with_the_same():
    few, more = from_simulator(2, (40, 60), seed=4), from_simulator(3, (40, 60), seed=4)
    other = from_simulator(2, (40, 60), seed=5)
    for one, same, unlike in zip(few, more, other, strict=False):
        assert (one.truth, one.group, one.name) == (same.truth, same.group, same.name)
        assert one.truth != unlike.truth
        np.testing.assert_array_equal(one.cut(0).first, same.cut(15).first)
        assert one.cut(0).first.shape == (40, 60)
    with pytest.raises(LabelledError, match="at least 1"):
        from_simulator(0)


def test_a_simulated_seams_truth_is_what_a_good_method_finds():
    from napari_seamnet.learning.exposure import Conditions
    from napari_seamnet.learning.simulator import Simulator

    clean = Conditions(noise=0, photons=3000, distortion=0, drift=0, defects=0)
    seams = from_simulator(4, seed=1, simulator=Simulator({"texture": 1}, clean))
    method = get_method("smoothed")
    found = [method.estimate(seam.cut(0)).shift for seam in seams]
    assert max(f.distance(s.truth) for f, s in zip(found, seams, strict=True)) < 0.5


def test_noise_is_drawn_anew_for_every_seam_seed_and_strength_and_never_else():
    seam = a_seam()
    cuts = [spoiled(seam, sigma, seed).cut(5) for sigma, seed in ((0.1, 0), (0.1, 0), (0.1, 1))]
    np.testing.assert_array_equal(cuts[0].first, cuts[1].first)
    np.testing.assert_array_equal(cuts[0].second, cuts[1].second)
    assert (cuts[0].first != cuts[2].first).mean() > 0.5
    assert (cuts[0].first != cuts[0].second).mean() > 0.5
    assert spoiled(seam, 0.1).noise == 0.1
    assert spoiled(seam, 0) is seam
    with pytest.raises(ValueError, match="negative"):
        spoiled(seam, -0.1)


@pytest.mark.parametrize(
    ("dtype", "value", "flat", "sigma"),
    [(np.uint8, 60, 93.75, 25.5), (np.uint16, 60 * 257, 93.75 * 257, 25.5 * 257)],
)
def test_noise_is_a_share_of_the_full_range_and_the_second_crop_loses_half_its_contrast(
    dtype, value, flat, sigma
):
    cut = spoiled(a_seam(dtype, (200, 200), value), 0.1).cut(0)
    assert cut.first.dtype == cut.second.dtype == dtype
    for crop, mean in ((cut.first.astype(float), value), (cut.second.astype(float), flat)):
        assert crop.mean() == pytest.approx(mean, abs=sigma / 20)
        assert crop.std() == pytest.approx(sigma, rel=0.05)


def test_noise_on_floats_stays_within_what_the_crops_hold():
    seam = a_seam(np.float32)
    cut = spoiled(seam, 0.5).cut(0)
    plain = seam.cut(0).first
    assert cut.first.dtype == np.float32
    assert (cut.first.min(), cut.first.max()) == (plain.min(), plain.max())


def test_some_keeps_order_and_never_takes_a_seam_twice():
    seams = from_simulator(9, (16, 16), 2)
    drawn = some(seams, 4, seed=2)
    places = [seams.index(seam) for seam in drawn]
    assert places == sorted(set(places))
    assert len(places) == 4
    assert places != [0, 1, 2, 3]
    assert some(seams, 99) == seams


@pytest.mark.frames
def test_real_frames_are_read_in_the_order_of_their_axes(real_frames):
    folder = real_frames / "test" / "stitch2d"
    pairs = read_truth(folder / "pairs.csv")
    assert pairs[0].offset == Offset(2.77, 379.68)
    first = open_frame(pairs[0].first)
    assert abs(pairs[0].offset.dx) < first.shape[1]
    seams = from_truth(folder)
    assert len(seams) == len(pairs)
    found = get_method("smoothed").estimate(seams[0].cut(0)).shift
    assert found.distance(seams[0].truth) < 1


def test_hand_alignments_are_moved_off_what_the_person_decided(folder, tmp_path):
    path = tmp_path / "decided.jsonl"
    frames = [open_frame(folder / name) for name in ("one.tif", "two.tif")]
    for shift in (Shift(-1, 1), Shift(-0.75, 1.25)):
        record(path, HandAlignment.make(*frames, Offset(-3, 150), shift, Decided.HAND))
    plain = from_hand(path, jitter=0)
    assert [seam.truth for seam in plain] == [Shift(0, 0), Shift(0.25, 0.25)]
    assert is_true_of(plain[0])
    assert {seam.group for seam in plain} == {"decided"}
    moved = [from_hand(path, seed=seed)[0] for seed in range(8)]
    assert all(is_true_of(seam, margin) for seam in moved for margin in (0, 12))
    assert len({seam.truth for seam in moved}) > 5
    assert from_hand(path, seed=3)[0].truth == moved[3].truth


def test_a_file_without_hand_alignments_is_refused_and_named(tmp_path):
    (tmp_path / "none.jsonl").write_text("")
    with pytest.raises(LabelledError, match=r"none\.jsonl holds no hand alignment"):
        from_hand(tmp_path / "none.jsonl")


def test_pairs_in_the_format_of_align_are_known_offsets_too(folder):
    (folder / "known.csv").write_text("first,second,dy,dx\none.tif,two.tif,-4,151\n")
    (seam,) = from_truth(folder / "known.csv")
    assert is_true_of(seam)
    assert seam.truth != Shift(0, 0)
    assert seam.group == "known"
