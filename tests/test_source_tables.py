"""The benchmark that makes the source's tables, on pictures and networks of no size at all."""

import dataclasses
import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from napari_seamnet.geometry import Offset
from napari_seamnet.learning.hand import overlap_of, read_hand
from napari_seamnet.learning.tile_files import open_tiles
from napari_seamnet.nets.build import THESIS_NETWORKS
from napari_seamnet.nets.weights import load_network
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status, get_method

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def error(alignment):
    """How far off the plain method finds the pair from where it is said to lie, in px."""
    found = get_method("smoothed").estimate(overlap_of(alignment), max_shift=10)
    left = alignment.offset - Offset(*alignment.offset.whole())
    # "Undetermined" stands at (0, 0), which would be right here.
    return np.inf if found.status is Status.UNDETERMINED else found.shift.distance(left)


def script(name):
    """Import a file of benchmarks/, which import each other by plain names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        return importlib.import_module(name)


pictures = script("source_pictures")
seeds = script("source_seeds")
report = script("source_report")
tables = script("source_tables")

TINY = tables.Scale(
    size=48, reach=3, train=48, validation=16, epochs=1, narrow=16, sample=4, each=1
)
PLAN = seeds.SeedPlan(axon_sem=6, ic_optical=3, drawn=3, length=260, width=205)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folders of pictures named as the real ones are, grey and coloured."""
    folder = tmp_path_factory.mktemp("data")
    for kind, bands in (("axon_sem", 1), ("ic_optical", 3)):
        (folder / kind).mkdir()
        for number in range(3):
            rng = np.random.default_rng([bands, number])
            pixels = np.stack([pictures.lizard(400, rng)] * bands, axis=-1).squeeze()
            Image.fromarray(pixels).save(folder / kind / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def seed_pairs(data, tmp_path_factory):
    """A folder as `prepare` makes it."""
    out = tmp_path_factory.mktemp("work") / "seeds"
    assert seeds.prepare_seeds(data, out, PLAN) == 6 + 3 + 3 * 3
    return out


@pytest.fixture(scope="module")
def work(seed_pairs):
    """A folder with tiles, all six networks and tables."""
    folder = seed_pairs.parent
    counts = TINY.train, TINY.validation
    seeds.make_tiles(seed_pairs, folder / "tiles", TINY.size, TINY.reach, counts)
    torch.manual_seed(0)
    tables.train_all(folder, list(THESIS_NETWORKS), TINY, "cpu", jobs=1)
    tables.tables(folder, TINY, "cpu")
    return folder


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_drawn_picture_has_structure_all_over_and_repeats_exactly(name):
    draw = pictures.PICTURES[name]
    picture = draw(256, np.random.default_rng(1))
    assert picture.shape == (256, 256)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, draw(256, np.random.default_rng(1)))
    parts = picture.reshape(4, 64, 4, 64).swapaxes(1, 2).reshape(16, -1).astype(float)
    assert np.mean(parts.std(axis=1) >= pictures.LEAST_STRUCTURE) > 0.8
    assert 20 < picture.std() < 110
    assert np.mean((picture == 0) | (picture == 255)) < 0.1


def test_an_unspoiled_example_fits_its_label_exactly_and_no_other():
    for example in pictures.foreign_examples(64, 5, 2):
        dy, dx = example.shift.whole()
        inner = np.s_[8:-8, 8:-8]
        moved = np.roll(example.first, (-dy, -dx), (0, 1))
        np.testing.assert_array_equal(moved[inner], example.second[inner])
        for other in ((dy + 1, dx), (dy, dx - 1), (dy - 1, dx + 1)):
            moved = np.roll(example.first, (-other[0], -other[1]), (0, 1))
            assert not np.array_equal(moved[inner], example.second[inner])


def test_the_stress_set_spoils_the_second_square_alone_and_each_in_its_way():
    found = pictures.stress_set(64, 5, 2)
    assert len(found) == len(pictures.PICTURES) * 2 * len(pictures.STRESSES)
    for start in range(0, len(found), len(pictures.STRESSES)):
        own = found[start : start + len(pictures.STRESSES)]
        plain, brighter, darker, noisy, damaged = own
        assert tuple(one.stress for one in own) == pictures.STRESSES
        assert all(np.array_equal(one.first, plain.first) for one in own)
        assert all(one.shift == plain.shift for one in own)
        assert brighter.second.mean() > plain.second.mean() > darker.second.mean()
        assert 20 < (noisy.second.astype(float) - plain.second).std() < 40
        changed = np.mean(damaged.second != plain.second)
        assert 0.1 < changed < 0.5


def test_the_plain_search_finds_the_shift_of_every_unspoiled_foreign_picture():
    search = get_method("search")
    for example in pictures.foreign_examples(64, 5, 2, seed=3):
        found = search.estimate(Overlap(example.first, example.second), max_shift=10)
        assert found.shift.distance(example.shift) < 0.1


def test_seed_pairs_lie_where_they_are_said_to_and_no_picture_is_of_both_splits(seed_pairs):
    alignments = read_hand(seed_pairs / "hand.jsonl")
    errors = [error(one) for one in alignments]
    assert np.median(errors) < 0.3
    assert np.mean(np.array(errors) < 1) > 0.8
    assert all(one.overlap >= seeds.LEAST for one in alignments)
    splits = {}
    for one in alignments:
        split, _, name = one.note.partition(": ")
        splits.setdefault(name.rsplit("_", 1)[0] if "_" in name else name, set()).add(split)
    from_pictures = {name: of for name, of in splits.items() if name.startswith(("axon", "ic"))}
    assert len(from_pictures) == 6
    assert all(len(of) == 1 for of in from_pictures.values())
    for kind in ("axon_sem", "ic_optical"):  # and each kind of picture is on both sides
        theirs = [of for name, of in from_pictures.items() if name.startswith(kind)]
        assert set().union(*theirs) == {"train", "validation"}


@pytest.mark.frames
def test_real_seed_pairs_are_cropped_without_losing_their_truth(real_frames, tmp_path):
    plan = seeds.SeedPlan(0, 0, 0)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dendritic_A").symlink_to(real_frames / "train" / "dendritic_A")
    assert seeds.prepare_seeds(tmp_path / "data", tmp_path / "out", plan) >= 12
    for one in read_hand(tmp_path / "out" / "hand.jsonl")[:6]:
        assert max(one.first.shape) <= seeds.LONGEST + 2 * seeds.MARGIN
        assert error(one) < 0.5


def test_tiles_are_as_many_as_asked_for_with_even_shifts(work):
    for split, count in (("train", TINY.train), ("validation", TINY.validation)):
        tiles = open_tiles(work / "tiles" / f"{split}.safetensors")
        assert (len(tiles), tiles.size) == (count, TINY.size)
        largest = np.abs(tiles.shifts).max(axis=1)
        counts = np.bincount(largest, minlength=TINY.reach + 1)
        assert counts.max() - counts.min() <= 1


def test_the_tables_have_a_row_for_each_method_and_say_that_they_are_reduced(work):
    text = (work / "tables.md").read_text("utf-8")
    parts = dict(part.split(":", 1) for part in text.split("### Table ")[1:])
    assert list(parts) == ["2.2", "2.3", "2.4", "2.5", "2.6", "2.7"]
    methods = [*THESIS_NETWORKS, *report.METHODS.values()]
    for number in ("2.2", "2.3", "2.4", "2.5", "2.6"):
        rows = [line.split(" | ")[0].removeprefix("| ") for line in parts[number].splitlines()]
        assert all(rows.count(method) == 1 for method in methods)
    for name in THESIS_NETWORKS:
        (row,) = [line for line in parts["2.2"].splitlines() if line.startswith(f"| {name} |")]
        assert "reduced: 48 px, 48 tiles, 1 epoch, " in row
    assert "REDUCED SIZE" in text
    stress = [line for line in parts["2.7"].splitlines() if line.startswith("| ")][1:]
    assert len(stress) == len(pictures.PICTURES) * len(pictures.STRESSES)
    assert all(line.count("|") == len(methods) + 4 for line in stress)


def test_scores_are_the_sources_metrics():
    truth = np.array([[0.0, 0.0], [2.0, -1.0]])
    found = np.array([[0.4, -1.0], [2.0, 1.6]])
    score = report.Score.of(found, truth)
    assert score.n == 2
    assert (score.mean_max, score.mean_dx, score.mean_dy) == pytest.approx((1.8, 1.8, 0.2))
    assert (score.rounded_max, score.rounded_dx, score.rounded_dy) == (2.0, 2.0, 0.0)


def test_only_the_sources_own_numbers_count_as_full_size():
    plan = tables.build("final", size=20).settings
    card = {"architecture": {**plan, "size": 150}, "recipe": {"epochs": 30}}
    full = tables.FULL
    assert report.how_made(card, "final", full.train, full) == "full size"
    less = {**card["architecture"], "filters": [32, 48, 64, 80]}
    for other, tiles in (
        ({**card, "recipe": {"epochs": 29}}, full.train),
        (card, full.train - 1),
        ({**card, "architecture": {**card["architecture"], "size": 64}}, full.train),
        ({**card, "architecture": less}, full.train),
    ):
        assert report.how_made(other, "final", tiles, full).startswith("reduced: ")


def test_final_comes_back_in_parts_and_is_whole_again(work, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PART", 30_000)
    tables.main(["bring", "--work", str(work), "--bring", str(tmp_path / "back")])
    parts = list((tmp_path / "back").glob("final.safetensors.*"))
    assert len(parts) > 1
    assert max(part.stat().st_size for part in parts) == 30_000
    results = json.loads((tmp_path / "back" / "results.json").read_text("utf-8"))
    assert results["scale"] == dataclasses.asdict(TINY)
    assert set(results["scores"]["train"]) > set(THESIS_NETWORKS)
    joined = tables.join(tmp_path / "back", tmp_path / "joined")
    squares = torch.rand(2, 2, TINY.size, TINY.size)
    with torch.no_grad():
        before = load_network(work / "weights" / "final.safetensors")(squares)
        after = load_network(joined)(squares)
    assert torch.allclose(before, after, atol=0.02)
    parts[0].write_bytes(parts[0].read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match="not what their card speaks of"):
        tables.join(tmp_path / "back", tmp_path / "again")


def test_what_is_there_is_not_trained_again(work, capsys):
    before = (work / "weights" / "second.safetensors").stat().st_mtime_ns
    tables.train_one(work, "second", TINY, "cpu")
    assert (work / "weights" / "second.safetensors").stat().st_mtime_ns == before
    assert capsys.readouterr().err == ""


def test_many_cores_give_the_same_answers(monkeypatch):
    examples = pictures.foreign_examples(40, 3, 1)[:2]
    squares = np.stack([np.stack([one.first, one.second]) for one in examples])
    alone = report.method_finder("search", 6, "cpu")(squares)
    monkeypatch.setattr(report.os, "cpu_count", lambda: report.MANY_CORES)
    monkeypatch.syspath_prepend(str(BENCHMARKS))  # for the processes, as for a script
    np.testing.assert_array_equal(report.method_finder("search", 6, "cpu")(squares), alone)
    assert np.abs(alone - [tuple(one.shift) for one in examples]).max() < 0.2
