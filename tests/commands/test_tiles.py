"""The tiles commands, run as a user runs them."""

import json

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from napari_seamnet import cli
from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.hand import Decided, HandAlignment, record
from napari_seamnet.learning.tile_files import only_writer, open_tiles
from napari_seamnet.locking import only_run


def run(*args, code=0):
    result = CliRunner().invoke(cli.main, ["tiles", *(str(arg) for arg in args)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def hand(tmp_path):
    """Three seed pairs, in hand.jsonl."""
    for pair in range(3):
        pixels = np.random.default_rng(pair).integers(0, 256, (80, 140), np.uint8)
        frames = []
        for name, left in [("a", 0), ("b", 50)]:
            path = tmp_path / f"{name}{pair}.tif"
            tifffile.imwrite(path, pixels[:, left : left + 90])
            frames.append(open_frame(path))
        made = HandAlignment.make(*frames, Offset(1, 48), Shift(-1, 2), Decided.HAND)
        record(tmp_path / "hand.jsonl", made)
    return tmp_path / "hand.jsonl"


SMALL = ("--size", 24, "--range", 3)


def test_generate_makes_a_folder_and_says_what_is_in_it(hand, tmp_path):
    result = run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 60)
    assert "40 tiles for training and 20 for validation, 24 px, from 3 pairs" in result.output
    assert len(open_tiles(tmp_path / "set")) == 60


def test_generate_makes_a_compact_file_with_the_same_tiles(hand, tmp_path):
    run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 60)
    out = tmp_path / "set.safetensors"
    result = run("generate", hand, "-o", out, *SMALL, "--count", 60, "--compact", "--json")
    about = json.loads(result.stdout)
    assert (about["train"], about["validation"], about["pairs"]) == (40, 20, 3)
    one, two = open_tiles(out), open_tiles(tmp_path / "set")
    np.testing.assert_array_equal(one.pixels(slice(None)), two.pixels(slice(None)))
    refused = run("generate", hand, "-o", tmp_path / "new", *SMALL, "--compact", code=2)
    assert "does not end in .safetensors" in refused.stderr


def test_generate_takes_seed_validation_and_all(hand, tmp_path):
    run("generate", hand, "-o", tmp_path / "one", *SMALL, "--count", "all", "--validation", 0)
    one = open_tiles(tmp_path / "one")
    assert not one.splits.any()
    assert len(one) == 3 * 49 * 3  # 80 x 40 px hold three squares
    for seed in (4, 5):
        run("generate", hand, "-o", tmp_path / str(seed), *SMALL, "--count", 9, "--seed", seed)
    assert (open_tiles(tmp_path / "4").shifts != open_tiles(tmp_path / "5").shifts).any()


def test_a_second_generate_at_the_same_place_is_one_line_and_exit_code_2(hand, tmp_path):
    (tmp_path / "set").mkdir()
    with only_run(tmp_path / "set", tmp_path / "set" / ".lock"):
        refused = run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 60, code=2)
    assert "another run is writing to" in refused.stderr
    run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 60)
    assert len(open_tiles(tmp_path / "set")) == 60


def test_generate_even_max_gives_an_even_histogram(hand, tmp_path):
    out = tmp_path / "set"
    run("generate", hand, "-o", out, *SMALL, "--count", 80, "--even-max")
    about = json.loads(run("show", out, "--json").stdout)
    assert about["largest_shift_counts"] == [20, 20, 20, 20]


def test_one_seed_pair_makes_no_validation_and_says_so(hand, tmp_path):
    lines = hand.read_text().splitlines()
    hand.write_text(lines[0] + "\n")
    result = run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 60)
    assert "60 tiles for training and 0 for validation" in result.stdout
    assert "one seed pair only" in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--count", "some"), "'some' is no number of tiles"),
        (("--count", "0"), "'0' is no number of tiles"),
        (("--size", "60"), "a0 - b0 is 80 x 40 px"),
        (("--range", "51"), "51 is not in the range"),
        (("--size", "10"), "share nothing"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(hand, tmp_path, args, said):
    result = run("generate", hand, "-o", tmp_path / "set", *args, code=2)
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_sieve_shows_both_histograms_and_copies(hand, tmp_path):
    run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 300)
    result = run("sieve", tmp_path / "set", "-o", tmp_path / "new", "--largest", 2)
    assert result.output.count("max(|dy|, |dx|)") == 2
    before, after = result.output.split("after:")
    assert len(before.splitlines()) == 6
    assert "##" in after
    shifts = open_tiles(tmp_path / "new").of_split("train").shifts
    assert np.abs(shifts).max() == 2
    assert len(set(np.bincount(np.abs(shifts).max(axis=1)).tolist())) == 1


def test_sieve_can_filter_only(hand, tmp_path):
    run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 98)
    run("sieve", tmp_path / "set", "-o", tmp_path / "new", "--largest", 1, "--no-even")
    assert len(open_tiles(tmp_path / "new")) == 18


@pytest.mark.parametrize("name", ["new", "new.safetensors"])
def test_a_copy_to_where_another_run_is_writing_is_one_line_and_exit_code_2(hand, tmp_path, name):
    run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 20)
    before = sorted(path.name for path in tmp_path.iterdir())
    for command in ("sieve", "compact")[: 1 + name.endswith(".safetensors")]:
        with only_writer(tmp_path / name):
            refused = run(command, tmp_path / "set", "-o", tmp_path / name, code=2)
        assert f"another run is writing to {tmp_path / name} now; wait" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_show_draws_the_histogram(hand, tmp_path):
    run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 49)
    lines = run("show", tmp_path / "set").output.splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [
        ["0", "1"],
        ["1", "8"],
        ["2", "16"],
        ["3", "24"],
    ]
    assert lines[-1].endswith("#" * 40)


def test_compact_makes_one_file_of_a_folder(hand, tmp_path):
    run("generate", hand, "-o", tmp_path / "set", *SMALL, "--count", 20)
    run("compact", tmp_path / "set", "-o", tmp_path / "set.safetensors")
    assert len(open_tiles(tmp_path / "set.safetensors")) == 20
    refused = run("compact", tmp_path / "nothing", "-o", tmp_path / "b.safetensors", code=2)
    assert "there is no" in refused.stderr


def test_every_command_has_help_with_an_example():
    for name in ("generate", "sieve", "show", "compact"):
        assert f"Example: napari-seamnet tiles {name}" in run(name, "--help").output
