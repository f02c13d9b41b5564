"""Tiles made from hand-aligned pairs: true, even, the same every time, and never half a set."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from napari_seamnet.frames import FrameError, as_frame, open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning import tiles as tiles_module
from napari_seamnet.learning.hand import Decided, HandAlignment, read_hand, record
from napari_seamnet.learning.sieve import copy_sieved, histogram
from napari_seamnet.learning.tile_cut import Strips, places
from napari_seamnet.learning.tile_files import TileError, open_tiles, write_compact
from napari_seamnet.learning.tiles import TilePlan, generate_tiles, plan_tiles
from napari_seamnet.locking import LockedError
from napari_seamnet.shifts import Cancelled

PLAN = TilePlan(size=24, reach=3, count=98)
FRAME = (60, 64)


def scene(seed=0, size=200, dtype=np.uint8):
    """Every neighbourhood differs, so that any mix-up shows."""
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (size, size), dtype)


def seed_pair(folder: Path, true: tuple[int, int], seed=0, shape=FRAME, nominal_error=(2, -1)):
    """Two frames of one scene, aligned by hand: nominally they lie wrong."""
    y, x = 70, 70
    pixels = scene(seed)
    paths = [folder / f"s{seed}_{name}.tif" for name in ("first", "second")]
    for path, (top, left) in zip(paths, [(y, x), (y + true[0], x + true[1])], strict=True):
        tifffile.imwrite(path, pixels[top : top + shape[0], left : left + shape[1]])
    nominal = Offset(true[0] - nominal_error[0], true[1] - nominal_error[1])
    first, second = (open_frame(path) for path in paths)
    # A fraction that is rounded away: tiles are cut at whole pixels.
    shift = Shift(nominal_error[0] + 0.3, nominal_error[1] - 0.4)
    return HandAlignment.make(first, second, nominal, shift, Decided.HAND)


@pytest.fixture
def four_pairs(tmp_path):
    (tmp_path / "frames").mkdir()
    offsets = [(1, 36), (30, -2), (0, -34), (-33, 3)]  # right, below, left, above
    return [seed_pair(tmp_path / "frames", true, seed) for seed, true in enumerate(offsets)]


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def shared(first, second, dy, dx):
    size = len(first)
    y, x = slice(max(0, -dy), size - max(0, dy)), slice(max(0, -dx), size - max(0, dx))
    return first[y.start + dy : y.stop + dy, x.start + dx : x.stop + dx], second[y, x]


def test_every_tile_shows_in_first_what_second_shows_a_shift_away(four_pairs, tmp_path):
    generate_tiles(four_pairs, tmp_path / "set", PLAN)
    tiles = open_tiles(tmp_path / "set")
    assert len(tiles) == 98
    for (first, second), (dy, dx) in zip(tiles.pixels(slice(None)), tiles.shifts, strict=True):
        one, two = shared(first, second, int(dy), int(dx))
        assert one.shape == (24 - abs(dy), 24 - abs(dx))
        np.testing.assert_array_equal(one, two)


def test_beyond_the_overlap_a_tile_shows_what_its_own_frame_shows_there(four_pairs, tmp_path):
    tiles = generate_tiles(four_pairs, tmp_path / "set", PLAN)
    planned = plan_tiles(four_pairs, PLAN)
    outside = 0
    for row, (first, second) in enumerate(tiles.pixels(slice(None))):
        pair, swapped = four_pairs[planned.pair[row]], planned.swapped[row]
        frames = [open_frame(file.path).read() for file in (pair.first, pair.second)]
        oy, ox = pair.offset.whole()
        if swapped:
            frames, oy, ox = frames[::-1], -oy, -ox
        y, x = planned.y[row], planned.x[row]
        np.testing.assert_array_equal(first, frames[0][y : y + 24, x : x + 24])
        y, x = y + planned.dy[row] - oy, x + planned.dx[row] - ox
        assert min(y, x) >= 0
        np.testing.assert_array_equal(second, frames[1][y : y + 24, x : x + 24])
        outside += y + 24 > FRAME[0] - abs(oy) or x + 24 > FRAME[1] - abs(ox)
    assert outside > 0  # else the overlap alone was used


def test_an_overlap_as_wide_as_the_square_gives_every_shift(tmp_path):
    pair = seed_pair(tmp_path, (0, FRAME[1] - 24))
    tiles = generate_tiles([pair], tmp_path / "set", TilePlan(24, 3, 49, seed=3))
    assert len(np.unique(tiles.shifts, axis=0)) == 49
    for (first, second), (dy, dx) in zip(tiles.pixels(slice(None)), tiles.shifts, strict=True):
        np.testing.assert_array_equal(*shared(first, second, int(dy), int(dx)))
    with pytest.raises(TileError, match=r"s0_first - s0_second is 60 x 24 px.*--size 24"):
        plan_tiles([pair], TilePlan(25, 3, 49))


def test_frames_too_low_for_the_shifts_are_refused_with_the_way_out(tmp_path):
    pair = seed_pair(tmp_path, (0, 30), shape=(25, 64))
    with pytest.raises(TileError, match=r"25 x 34 px.*no room.*--size 21 or less"):
        plan_tiles([pair], PLAN)
    plan_tiles([pair], TilePlan(21, 3))


sides = st.integers(4, 14)


@given(
    first=st.tuples(sides, sides),
    second=st.tuples(sides, sides),
    offset=st.tuples(st.integers(-14, 14), st.integers(-14, 14)),
    shift=st.tuples(st.integers(-4, 4), st.integers(-4, 4)),
    size=st.integers(2, 6),
)
def test_the_places_are_all_those_where_both_squares_lie_in_their_frames(
    first, second, offset, shift, size
):
    def all_places(one, two, o):
        return {
            (y, x)
            for y in range(one[0] - size + 1)
            for x in range(one[1] - size + 1)
            if 0 <= y + shift[0] - o[0] <= two[0] - size
            and 0 <= x + shift[1] - o[1] <= two[1] - size
        }

    found = places(first, second, offset, np.array([shift]), size)
    expected = all_places(first, second, offset)
    if not expected:
        expected = all_places(second, first, (-offset[0], -offset[1]))
        assert bool(found.swapped[0]) == bool(expected)
    low, high = found.low[0], found.high[0]
    got = {(y, x) for y in range(low[0], high[0] + 1) for x in range(low[1], high[1] + 1)}
    assert got == expected
    assert bool(found.exist[0]) == bool(expected)


@pytest.mark.parametrize("count", [49 * 6, 49 * 6 + 20, 30, 3])
def test_every_shift_is_made_equally_often_in_the_set_in_each_split_and_each_pair(
    four_pairs, count
):
    for seed in range(4):  # so that each pair is for validation once in a while
        planned = plan_tiles(four_pairs, TilePlan(24, 3, count, seed=seed))
        assert len(planned) == count
        parts = [np.ones(count, bool), planned.validation, ~planned.validation]
        parts += [planned.pair == pair for pair in range(4)]
        for part in parts:
            table = np.zeros((7, 7), int)
            np.add.at(table, (planned.dy[part] + 3, planned.dx[part] + 3), 1)
            assert table.max() - table.min() <= 1
        per_pair = np.bincount(planned.pair, minlength=4)
        assert per_pair.max() - per_pair.min() <= 1


def test_the_largest_shift_can_be_made_even_at_once(four_pairs):
    planned = plan_tiles(four_pairs, TilePlan(24, 3, 400, even_max=True))
    shifts = np.stack([planned.dy, planned.dx], axis=-1)
    for part in (np.ones(400, bool), planned.validation, ~planned.validation):
        counts = histogram(shifts[part])
        assert len(counts) == 4
        assert counts.max() - counts.min() <= 1
    outer = shifts[np.abs(shifts).max(axis=1) == 3]
    _, times = np.unique(outer, axis=0, return_counts=True)
    assert len(times) == 24
    assert times.max() - times.min() <= 1


def test_without_a_count_every_shift_is_made_at_as_many_places_as_squares_fit(four_pairs):
    planned = plan_tiles(four_pairs, TilePlan(24, 3, None))
    # 59 x 28 px hold two squares, and so do 30 x 62, 60 x 30 and 27 x 61.
    assert np.bincount(planned.pair).tolist() == [98] * 4


def test_places_are_spread_evenly_along_the_seam(tmp_path):
    pair = seed_pair(tmp_path, (0, 36), shape=(120, 64))
    planned = plan_tiles([pair], TilePlan(24, 3, 970))
    in_tenths = np.histogram(planned.y, bins=10, range=(0, 97))[0]
    assert in_tenths.min() > 0.85 * 97
    assert in_tenths.max() < 1.15 * 97


def test_a_pair_is_never_on_both_sides(four_pairs):
    for seed in range(5):
        planned = plan_tiles(four_pairs, TilePlan(24, 3, 80, validation=0.5, seed=seed))
        held = set(planned.pair[planned.validation].tolist())
        assert len(held) == 2
        assert held.isdisjoint(planned.pair[~planned.validation].tolist())


def test_the_same_frames_aligned_twice_or_the_other_way_round_stay_together(four_pairs):
    one = four_pairs[0]
    first, second = open_frame(one.first.path), open_frame(one.second.path)
    dy, dx = one.offset.whole()
    turned = HandAlignment.make(second, first, Offset(-dy, -dx), Shift(0, 0), Decided.HAND)
    for seed in range(8):
        planned = plan_tiles([*four_pairs, turned], TilePlan(24, 3, 80, seed=seed))
        sides = [set(planned.validation[planned.pair == pair].tolist()) for pair in (0, 4)]
        assert sides[0] == sides[1]


@pytest.mark.parametrize(
    ("n", "share", "held"), [(1, 0.25, 0), (2, 0.01, 1), (2, 0.99, 1), (4, 0.5, 2), (4, 0, 0)]
)
def test_each_side_has_a_pair_where_there_are_two(four_pairs, n, share, held):
    planned = plan_tiles(four_pairs[:n], TilePlan(24, 3, 80, validation=share))
    assert len(np.unique(planned.pair[planned.validation])) == held


def test_equal_plans_give_equal_bytes_and_other_seeds_others(four_pairs, tmp_path):
    for name, seed in [("one", 0), ("two", 0), ("three", 1)]:
        generate_tiles(four_pairs, tmp_path / name, TilePlan(24, 3, 98, seed=seed))
    one, two, three = (content(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one.keys() == three.keys()
    assert one != three


def test_the_folder_has_the_layout_that_others_rely_on(four_pairs, tmp_path):
    generate_tiles(four_pairs, tmp_path / "set", PLAN)
    files = content(tmp_path / "set")
    assert len([name for name in files if name.startswith("train/")]) == 74
    assert len([name for name in files if name.startswith("validation/")]) == 24
    lines = files["tiles.csv"].decode().splitlines()
    assert lines[0].startswith("file,split,pair,dy,dx,y,x")
    assert [line.split(",")[0] for line in lines[1:]] == sorted(n for n in files if "png" in n)
    made = json.loads(files["tiles.json"])
    assert made["complete"] is True
    assert made["plan"]["size"] == 24


def test_what_is_returned_is_what_opening_gives(four_pairs, tmp_path):
    for out, compact in [(tmp_path / "set", False), (tmp_path / "set.safetensors", True)]:
        made = generate_tiles(four_pairs, out, PLAN, compact=compact)
        opened = open_tiles(out)
        for name in ("shifts", "pairs", "splits"):
            np.testing.assert_array_equal(getattr(made, name), getattr(opened, name))
            assert getattr(made, name).dtype == getattr(opened, name).dtype
        np.testing.assert_array_equal(made.pixels([0, 97]), opened.pixels([0, 97]))


def test_the_compact_file_holds_the_same_tiles(four_pairs, tmp_path):
    tiles = generate_tiles(four_pairs, tmp_path / "set", PLAN)
    generate_tiles(four_pairs, tmp_path / "set.safetensors", PLAN, compact=True)
    with safe_open(tmp_path / "set.safetensors", "np") as file:
        np.testing.assert_array_equal(file.get_tensor("pixels"), tiles.pixels(slice(None)))
        np.testing.assert_array_equal(file.get_tensor("shifts"), tiles.shifts)
        np.testing.assert_array_equal(file.get_tensor("validation"), tiles.splits)


class StopAt:
    """A progress callback that cancels once so many tiles are done."""

    def __init__(self, n):
        self.n, self.seen = n, []

    def __call__(self, done, total, what):
        self.seen.append(done)
        if done >= self.n:
            raise Cancelled


def test_a_cancelled_folder_is_unfinished_and_is_continued_to_the_same_bytes(four_pairs, tmp_path):
    generate_tiles(four_pairs, tmp_path / "whole", PLAN)
    out = tmp_path / "set"
    with pytest.raises(Cancelled):
        generate_tiles(four_pairs, out, PLAN, StopAt(40))
    with pytest.raises(TileError, match="not finished"):
        open_tiles(out)
    there = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert 0 < len(there) < 98
    (out / "train" / ".part-123-000001.png").write_bytes(b"half")
    again = StopAt(1000)
    generate_tiles(four_pairs, out, PLAN, again)
    assert again.seen[0] == len(there)
    assert all(path.stat().st_mtime_ns == time for path, time in there.items())
    assert content(out) == content(tmp_path / "whole")


def test_lost_and_damaged_pictures_are_made_again(four_pairs, tmp_path):
    out = tmp_path / "set"
    generate_tiles(four_pairs, out, PLAN)
    before = content(out)
    for path in sorted(out.rglob("*.png"))[::2]:
        path.unlink()
    last = max(out.rglob("*.png"))
    last.write_bytes(last.read_bytes()[:-20])
    generate_tiles(four_pairs, out, PLAN)
    assert content(out) == before


def test_a_cancelled_compact_file_is_not_there_and_is_continued(four_pairs, tmp_path):
    generate_tiles(four_pairs, tmp_path / "whole.safetensors", PLAN, compact=True)
    out = tmp_path / "set.safetensors"
    with pytest.raises(Cancelled):
        generate_tiles(four_pairs, out, PLAN, StopAt(40), compact=True)
    assert not out.exists()
    with (tmp_path / ".part-set.safetensors").open("ab") as part:
        part.write(b"half a tile, as a killed run leaves it")
    again = StopAt(1000)
    generate_tiles(four_pairs, out, PLAN, again, compact=True)
    assert again.seen[0] >= 40
    assert out.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert not (tmp_path / ".part-set.safetensors").exists()


def test_a_part_of_another_plan_is_not_continued(four_pairs, tmp_path):
    out = tmp_path / "set.safetensors"
    with pytest.raises(Cancelled):
        generate_tiles(four_pairs, out, TilePlan(24, 3, 98, seed=9), StopAt(40), compact=True)
    generate_tiles(four_pairs, out, PLAN, compact=True)
    generate_tiles(four_pairs, tmp_path / "whole.safetensors", PLAN, compact=True)
    assert out.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("compact", [False, True])
def test_a_killed_run_is_continued_to_the_same_bytes(four_pairs, tmp_path, compact):
    plan = TilePlan(24, 3, 400)
    ending = ".safetensors" if compact else ""
    out, whole = tmp_path / f"set{ending}", tmp_path / f"whole{ending}"
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from napari_seamnet.learning.tiles import TilePlan, generate_tiles\n"
        "from napari_seamnet.learning.hand import read_hand\n"
        "def slowly(done, total, what):\n"
        "    print(done, flush=True)\n"
        "    time.sleep(0.1)\n"
        f"generate_tiles(read_hand(Path(sys.argv[1])), sys.argv[2], {plan!r}, slowly, {compact})\n"
    )
    hand = tmp_path / "hand.jsonl"
    for pair in four_pairs:
        record(hand, pair)
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(hand), str(out)], stdout=subprocess.PIPE, text=True
    )
    for line in run.stdout:
        if int(line) >= 96:
            break
    with pytest.raises(LockedError, match=rf"writing to .*{out.name} now; wait"):
        generate_tiles(read_hand(hand), out, plan, compact=compact)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert compact is not out.exists()
    if not compact:
        with pytest.raises(TileError, match="not finished"):
            open_tiles(out)
    generate_tiles(read_hand(hand), out, plan, compact=compact)
    generate_tiles(read_hand(hand), whole, plan, compact=compact)
    if compact:
        assert out.read_bytes() == whole.read_bytes()
    else:
        assert content(out) == content(whole)


@pytest.mark.parametrize("name", ["set", "set.safetensors"])
def test_a_second_run_at_the_same_place_is_refused_and_does_the_first_no_harm(
    four_pairs, tmp_path, name
):
    out, compact = tmp_path / name, name != "set"
    refused = []

    def try_again(done, total, what):
        with pytest.raises(LockedError, match=rf"{name} now; wait .* or give another name"):
            generate_tiles(four_pairs, out, PLAN, compact=compact)
        refused.append(done)

    generate_tiles(four_pairs, out, PLAN, try_again, compact=compact)
    assert len(refused) > 4
    generate_tiles(four_pairs, tmp_path / f"whole-{name}", PLAN, compact=compact)
    if compact:
        assert out.read_bytes() == (tmp_path / f"whole-{name}").read_bytes()
    else:
        assert content(out) == content(tmp_path / f"whole-{name}")
    assert not list(tmp_path.glob(".*"))


def test_nobody_reads_or_fills_a_folder_while_its_tiles_are_made(four_pairs, tmp_path):
    out, refused = tmp_path / "set", []

    def meddle(done, total, what):
        for meddling in (
            lambda: copy_sieved(out, tmp_path / "sieved", largest=1, even=False),
            lambda: write_compact(open_tiles(out), tmp_path / "set.safetensors"),
            lambda: copy_sieved(tmp_path / "other", out),
        ):
            with pytest.raises(LockedError, match=r"writing to .*set now; wait until it has"):
                meddling()
        refused.append(done)

    generate_tiles(four_pairs, tmp_path / "other", PLAN)
    generate_tiles(four_pairs, out, PLAN, meddle)
    assert len(refused) > 4
    assert content(out) == content(tmp_path / "other")
    assert not any((tmp_path / name).exists() for name in ("sieved", "set.safetensors"))
    assert not list(tmp_path.glob(".*"))


def test_no_tiles_are_made_where_others_are_just_copied_to(four_pairs, tmp_path):
    generate_tiles(four_pairs, tmp_path / "set", PLAN)
    out, refused = tmp_path / "new", []

    def meddle(done, total, what):
        with pytest.raises(LockedError, match=r"writing to .*new now; wait until it has ended"):
            generate_tiles(four_pairs, out, PLAN)
        refused.append(done)

    assert len(copy_sieved(tmp_path / "set", out, even=False, progress=meddle)) == 98
    assert refused
    assert not list(tmp_path.glob(".*"))


def test_a_folder_is_filled_where_nothing_can_be_put_beside_it(four_pairs, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / ".lock-set").mkdir()  # as good as a read-only folder, for root too
    generate_tiles(four_pairs, tmp_path / "set", PLAN)
    assert len(open_tiles(tmp_path / "set")) == 98


def test_a_run_killed_as_early_as_can_be_blocks_nothing(four_pairs, tmp_path):
    for early in (".lock", ".part-77-tiles.json"):
        out = tmp_path / f"set{early}"
        out.mkdir()
        (out / early).write_bytes(b"")
        generate_tiles(four_pairs, out, PLAN)
        assert not list(out.glob(".*"))
        assert len(open_tiles(out)) == 98


def test_the_folder_says_whose_it_is_before_anything_is_in_it(four_pairs, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(path):
        raise Killed

    monkeypatch.setattr(tiles_module, "_is_whole", kill)
    with pytest.raises(Killed):
        generate_tiles(four_pairs, tmp_path / "set", PLAN)
    monkeypatch.undo()
    with pytest.raises(TileError, match="not finished"):
        open_tiles(tmp_path / "set")
    generate_tiles(four_pairs, tmp_path / "set", PLAN)
    assert len(open_tiles(tmp_path / "set")) == 98


def test_another_plan_or_other_pairs_do_not_mix_with_what_is_there(four_pairs, tmp_path):
    for out, compact in [(tmp_path / "set", False), (tmp_path / "set.safetensors", True)]:
        generate_tiles(four_pairs, out, PLAN, compact=compact)
        with pytest.raises(TileError, match=rf"{out.name} .*other"):
            generate_tiles(four_pairs, out, TilePlan(24, 3, 98, seed=1), compact=compact)
        with pytest.raises(TileError, match=rf"{out.name} .*other"):
            generate_tiles(four_pairs[:3], out, PLAN, compact=compact)
        begun = time.perf_counter()
        generate_tiles(four_pairs, out, PLAN, compact=compact)  # done already
        assert time.perf_counter() - begun < 1


def test_a_folder_of_other_things_is_left_alone(four_pairs, tmp_path):
    (tmp_path / "frames" / "notes.txt").write_text("mine")
    before = content(tmp_path)
    with pytest.raises(TileError, match="frames is not empty"):
        generate_tiles(four_pairs, tmp_path / "frames", PLAN)
    with pytest.raises(TileError, match=r"does not end in \.safetensors"):
        generate_tiles(four_pairs, tmp_path / "set", PLAN, compact=True)
    with pytest.raises(ValueError, match="no folder"):
        generate_tiles(four_pairs, tmp_path / "nowhere" / "set", PLAN)
    assert content(tmp_path) == before


def test_a_frame_that_has_changed_since_is_refused(four_pairs, tmp_path):
    tifffile.imwrite(four_pairs[1].second.path, scene(99)[: FRAME[0], : FRAME[1]])
    with pytest.raises(ValueError, match="s1_second"):
        generate_tiles(four_pairs, tmp_path / "set", PLAN)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reach": 0}, "range of 0"),
        ({"reach": 51}, "range of 51"),
        ({"size": 10}, "share nothing"),
        ({"count": 0}, "0 tiles"),
        ({"validation": 1.0}, "share of 1.0"),
        ({"seed": -1}, "seed"),
    ],
)
def test_an_impossible_plan_is_refused(wrong, said):
    with pytest.raises(TileError, match=said):
        TilePlan(**wrong)


def test_without_alignments_it_is_said():
    with pytest.raises(TileError, match="no hand alignment"):
        plan_tiles([], PLAN)


def test_8_bit_values_stay_as_they_are():
    pixels = scene() // 3 + 40
    strips = Strips.read(as_frame(pixels[:60, :60]), as_frame(pixels[:60, 30:90]), (0, 30), 5)
    np.testing.assert_array_equal(strips.first, pixels[:60, 25:60])
    np.testing.assert_array_equal(strips.second, pixels[:60, 30:65])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64, np.int32])
def test_other_values_are_scaled_by_the_overlap_of_both_frames(dtype):
    pixels = (scene(dtype=np.uint16) // 16).astype(dtype)
    brighter = pixels + np.asarray(1000, dtype)
    pixels[:, :30] = 60_000  # outside the overlap: of no influence
    strips = Strips.read(as_frame(pixels[:60, :60]), as_frame(brighter[:60, 30:90]), (0, 30), 5)
    assert strips.first.dtype == np.uint8
    both = np.concatenate([pixels[:60, 30:60], brighter[:60, 30:60]]).astype(float)
    low, high = np.percentile(both, [0.1, 99.9])
    for strip, there in [(strips.first[:, 5:], pixels), (strips.second[:, :30], brighter)]:
        expected = np.clip((there[:60, 30:60] - low) / (high - low) * 255, 0, 255)
        np.testing.assert_allclose(strip, expected, atol=0.51)
    assert (strips.first[:, :5] == 255).all()
    assert strips.second[:, :30].mean() > strips.first[:, 5:].mean() + 20


def test_frames_of_different_dtypes_are_scaled_each_by_itself():
    pixels = scene()
    wide = pixels.astype(np.uint16) * 100
    strips = Strips.read(as_frame(pixels[:60, :60]), as_frame(wide[:60, 30:90]), (0, 30), 0)
    np.testing.assert_allclose(strips.second, strips.first.astype(float), atol=1.01)


def test_colour_is_turned_grey_and_what_is_not_finite_black():
    colour = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    frames = as_frame(colour[:, :60]), as_frame(colour[:, 30:])
    strips = Strips.read(*frames, (0, 30), 0)
    luma = colour[:, 30:60] @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(strips.first, luma, atol=0.51)
    broken = scene().astype(np.float32)
    broken[3, 40], broken[4, 40] = np.nan, np.inf
    frames = as_frame(broken[:60, :60]), as_frame(broken[:60, 30:90])
    strips = Strips.read(*frames, (0, 30), 0)
    assert strips.first[3, 10] == strips.first[4, 10] == 0
    assert strips.first.max() == 255


def test_a_blank_overlap_is_black_and_no_error():
    blank = as_frame(np.full((60, 60), 700, np.uint16))
    assert (Strips.read(blank, blank, (0, 30), 0).first == 0).all()


def test_a_damaged_frame_is_named(four_pairs, tmp_path):
    path = four_pairs[0].first.path
    frame = open_frame(path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(FrameError, match="s0_first"):
        Strips.read(frame, open_frame(four_pairs[0].second.path), (1, 36), 3)
