"""`hand`: what it prints, takes and refuses. What is done is in `tests/learning/test_hand*`."""

import json
import shutil

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from napari_seamnet.cli import main
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.hand import Decided, overlap_of, read_hand

SCENE = np.random.default_rng(4).integers(0, 256, (100, 160), np.uint8)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The current folder, with the frames a.tif and b.tif; b's true offset is (2, 47)."""
    tifffile.imwrite(tmp_path / "a.tif", SCENE[20:80, 10:80])
    tifffile.imwrite(tmp_path / "b.tif", SCENE[22:82, 57:127])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words):
    return CliRunner().invoke(main, ["hand", *(str(word) for word in words)])


def said(*words):
    result = call(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words):
    """What is said on stderr, in one line, about words that will not do."""
    result = call(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("napari-seamnet: ")
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def add(*words, out="hand.jsonl", dy=2, dx=-3):
    return said(
        *("add", "a.tif", "b.tif", "--side", "right", "--overlap", 20),
        *("--dy", dy, "--dx", dx, "-o", out, *words),
    )


def test_a_pair_is_recorded_listed_corrected_annotated_and_deleted(here):
    line = add("--note", "first try")
    known_by, _, rest = line.partition("  ")
    assert rest == "a - b: right, overlap 20 px, dy 2, dx -3, hand  first try\n"
    [one] = read_hand(here / "hand.jsonl")
    assert one.id.startswith(known_by)
    assert (one.nominal, one.shift, one.decided) == (Offset(0, 50), Shift(2, -3), Decided.HAND)
    overlap = overlap_of(one)
    np.testing.assert_array_equal(overlap.first, overlap.second)
    assert said("list", "hand.jsonl") == line
    assert "dy 1, dx -2.5, hand  first try" in said(
        "correct", "hand.jsonl", known_by, "--dy", 1, "--dx", -2.5
    )
    assert said("annotate", "hand.jsonl", known_by, "better").endswith("dx -2.5, hand  better\n")
    assert said("delete", "hand.jsonl", known_by) == f"{known_by}  a - b: deleted\n"
    assert said("list", "hand.jsonl") == "hand.jsonl is empty\n"


def test_the_list_as_json_names_the_files_and_everything_decided(here):
    add()
    [value] = json.loads(said("list", "hand.jsonl", "--json"))
    [one] = read_hand(here / "hand.jsonl")
    assert value == {
        "id": one.id,
        "first": str(here / "a.tif"),
        "second": str(here / "b.tif"),
        "side": "right",
        "overlap": 20,
        "nominal_dy": 0,
        "nominal_dx": 50,
        "dy": 2,
        "dx": -3,
        "decided": "hand",
        "note": "",
        "time": one.time,
        "version": one.version,
    }


def test_known_offsets_are_imported_once_and_listed_by_who_decided(here):
    add()
    (here / "pairs.csv").write_text("first,second,dy,dx\na.tif,b.tif,2,47\nb.tif,a.tif,-2,-47\n")
    assert said("import-pairs", "pairs.csv", "-o", "hand.jsonl") == (
        "2 added to hand.jsonl; 0 were in it before\n"
    )
    assert said("import-pairs", "pairs.csv", "-o", "hand.jsonl") == (
        "0 added to hand.jsonl; 2 were in it before\n"
    )
    (here / "tables").mkdir()
    (here / "pairs.csv").rename(here / "tables" / "pairs.csv")
    moved = "import-pairs", "tables/pairs.csv", "-o", "hand.jsonl"
    assert said(*moved, "--frames", ".").startswith("0 added to hand.jsonl; 2 were")
    right, left = said("list", "hand.jsonl", "--decided", "truth").splitlines()
    assert "a - b: right, overlap 23 px, dy 0, dx 0, truth" in right
    assert "b - a: left, overlap 23 px, dy 0, dx 0, truth" in left
    assert len(said("list", "hand.jsonl").splitlines()) == 3
    assert said("list", "hand.jsonl", "--decided", "confirmed").startswith("no such hand align")


def test_files_are_merged_exported_moved_and_imported(here):
    add(out="monday.jsonl")
    add(out="tuesday.jsonl")
    assert said("merge", "monday.jsonl", "tuesday.jsonl", "-o", "all.jsonl") == (
        "2 lines added to all.jsonl\n"
    )
    assert said("merge", "monday.jsonl", "-o", "all.jsonl") == "0 lines added to all.jsonl\n"
    assert said("export", "all.jsonl", "out") == (
        "2 hand alignments and their frames are in out\n"
    )
    assert "out" in refused("export", "all.jsonl", "out")
    (here / "out").rename(here / "moved")
    (here / "a.tif").unlink()
    assert said("import", "moved", "-o", "there.jsonl", "--copy") == (
        "2 lines added to there.jsonl\n"
    )
    shutil.rmtree(here / "moved")
    for one in read_hand(here / "there.jsonl"):
        overlap = overlap_of(one)
        np.testing.assert_array_equal(overlap.first, overlap.second)


def test_the_traits_of_every_pair_and_what_is_missing_are_shown():
    add()
    pair, *lacks = said("traits", "hand.jsonl").splitlines()
    assert "a - b: horizontal, shift 3 px, contrast 0." in pair
    assert pair.endswith("noise 0.000, not regular")
    assert lacks[:2] == [
        "missing: only 1 pair; aim for 20 or more",
        "missing: no vertical neighbours",
    ]
    found = json.loads(said("traits", "hand.jsonl", "--json"))
    assert [one["name"] for one in found["pairs"]] == ["a - b"]
    assert (found["pairs"][0]["shift"], found["pairs"][0]["side"]) == (3, "horizontal")
    assert [f"missing: {sentence}" for sentence in found["missing"]] == lacks


def test_a_torn_line_is_told_beside_what_is_left(here):
    line = add()
    with (here / "hand.jsonl").open("a") as file:
        file.write('{"id": "abc", "fir')
    result = call("list", "hand.jsonl")
    assert (result.exit_code, result.stdout) == (0, line)
    assert "a crash cut line 2 short" in result.stderr


def test_what_will_not_do_is_said_in_one_line(here):
    assert "no such file of hand alignments" in refused("list", "none.jsonl")
    add()
    assert "no hand alignment whose id begins with 'zz'" in refused("delete", "hand.jsonl", "zz")
    assert "Missing option '--side'" in refused("add", "a.tif", "b.tif", "-o", "h.jsonl")
    tifffile.imwrite(here / "b.tif", SCENE[:60, :70])
    assert "b.tif has changed since" in refused("traits", "hand.jsonl")
    (here / "empty").mkdir()
    assert "is no exported folder" in refused("import", "empty", "-o", "x.jsonl")
    assert "a.tif line 1 is no line" in refused("list", "a.tif")


def test_every_command_shows_an_example_that_is_its_own():
    names = main.commands["hand"].commands
    assert [*names] == [
        *("add", "import-pairs", "list", "annotate", "correct", "delete"),
        *("merge", "export", "import", "traits"),
    ]
    for name in names:
        assert f"Example: napari-seamnet hand {name} " in " ".join(said(name, "--help").split())
