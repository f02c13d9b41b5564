import csv
import json
import os
import signal
import subprocess
import sys
import time
import types
from dataclasses import replace

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from scipy import ndimage

from napari_seamnet import cli, sample_data, stitching
from napari_seamnet.grids import Journal
from napari_seamnet.nets.weights import load_seamnet

DY, DX = 3, -4
"""True shift of the second frame of `folder`, for an overlap of 50 px on the right."""


@pytest.fixture
def scene():
    """Blobs and grain; every pixel has its own value."""
    rng = np.random.default_rng(7)
    rough = ndimage.gaussian_filter(rng.normal(size=(260, 420)), 2)
    rough += 0.02 * rng.normal(size=rough.shape)
    return (255 * (rough - rough.min()) / np.ptp(rough)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch, scene):
    """A folder, and the current one, with two frames of 200 x 200 px."""
    tifffile.imwrite(tmp_path / "first.tif", scene[10:210, 10:210])
    top, left = 10 + DY, 10 + 150 + DX
    tifffile.imwrite(tmp_path / "second.tif", scene[top : top + 200, left : left + 200])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def align(
    *words, first="first.tif", second="second.tif", side="right", overlap=50, method="search"
):
    return call(
        "align", first, second, "--side", side, "--overlap", overlap, "--method", method, *words
    )


def refused(result, *said):
    """Whether a call ended as bad input does: one line on stderr that says all this, code 2."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("napari-seamnet: ")
    assert "Traceback" not in result.stderr
    for text in said:
        assert text in result.stderr
    return True


# ---- one pair --------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_json_is_exactly_the_object_that_others_rely_on():
    result = align("--json", "--max-shift", 8)
    answer = json.loads(result.stdout)
    assert [*answer] == [
        *("dy", "dx", "confidence", "status", "alternatives"),
        *("method", "similarity", "device", "seconds"),
    ]
    assert (round(answer["dy"]), round(answer["dx"])) == (DY, DX)
    assert answer["method"] == "search"
    assert answer["device"] == "cpu"
    assert answer["similarity"] == 0
    assert answer["seconds"] > 0
    assert 0 <= answer["confidence"] <= 1
    assert result.stdout.count("\n") == 1
    assert result.exit_code == (0 if answer["status"] == "certain" else 1)


@pytest.mark.usefixtures("folder")
def test_text_says_status_shift_offset_and_d_before_and_after():
    result = align("--max-shift", 8)
    lines = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert float(lines["shift"][1]) == pytest.approx(DY, abs=0.5)
    assert float(lines["shift"][4]) == pytest.approx(DX, abs=0.5)
    assert float(lines["offset"][4]) == pytest.approx(150 + DX, abs=0.5)
    before, _, after = lines["D"]
    assert float(before) > float(after) == 0
    assert lines["by"][:3] == ["search", "on", "cpu,"]


@pytest.mark.parametrize(
    ("side", "second", "overlap"),
    [
        ("right", np.s_[32:182, 182:332], 40),
        ("left", np.s_[32:182, 8:158], 86),
        ("below", np.s_[96:246, 82:232], 80),
        ("above", np.s_[2:152, 82:232], 118),
    ],
)
def test_the_side_is_where_the_second_frame_lies(folder, scene, side, second, overlap):
    first = np.s_[30:180, 80:230]
    # Where the second frame would begin, were there no shift.
    nominal = {
        "right": (30, 80 + 150 - overlap),
        "left": (30, 80 + overlap - 150),
        "below": (30 + 150 - overlap, 80),
        "above": (30 + overlap - 150, 80),
    }[side]
    tifffile.imwrite("a.tif", scene[first])
    tifffile.imwrite("b.tif", scene[second])
    result = align("--json", first="a.tif", second="b.tif", side=side, overlap=overlap)
    answer = json.loads(result.stdout)
    truth = (second[0].start - nominal[0], second[1].start - nominal[1])
    assert max(map(abs, truth)) < 15
    assert (round(answer["dy"]), round(answer["dx"])) == truth


@pytest.mark.usefixtures("folder")
def test_a_shift_on_the_edge_of_the_range_needs_a_person():
    result = align("--json", "--max-shift", 4)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "undetermined"
    assert result.stderr == "1 of 1 need a person: 1 undetermined\n"


@pytest.mark.usefixtures("folder")
def test_mosaic_and_composite_are_written(scene):
    align("--mosaic", "both.ome.tif", "--composite", "seam.png", "--max-shift", 8)
    mosaic = tifffile.imread("both.ome.tif")
    height, width = 200 + DY, 350 + DX
    assert mosaic.shape == (height, width)
    shown = mosaic > 0
    np.testing.assert_array_equal(mosaic[shown], scene[10 : 10 + height, 10 : 10 + width][shown])
    composite = iio.imread("seam.png")
    assert composite.shape == (200 - DY, 50 - DX, 3)
    np.testing.assert_array_equal(composite[..., 0], composite[..., 1])  # aligned: grey


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--composite", "first.tif"], "first.tif is one of the frames"),
        (["--composite", "sub/../second.tif"], "second.tif is one of the frames"),
        (["--mosaic", "second.tif"], "second.tif is one of the frames"),
        (["--mosaic", "m.tif", "--composite", "m.tif"], "both be m.tif"),
        (["--mosaic", "m.png"], "call it m.ome.tif"),
    ],
)
def test_an_output_that_will_not_do_is_refused_before_the_work(folder, words, said, monkeypatch):
    (folder / "sub").mkdir()
    before = {path: path.read_bytes() for path in folder.glob("*.tif")}
    monkeypatch.setattr("napari_seamnet.pair_report.align_pair", None)
    assert refused(align(*words), said)
    assert {path: path.read_bytes() for path in folder.glob("*.*")} == before


@pytest.mark.usefixtures("folder")
def test_the_page_of_a_file_with_several_is_chosen(scene):
    pages = np.stack([scene[:200, :200], scene[10:210, 10:210]])
    tifffile.imwrite("pages.tif", pages, photometric="minisblack")
    assert refused(align(first="pages.tif", second="pages.tif"), "pages.tif")
    answer = json.loads(
        align("--json", "--page", 1, first="pages.tif", second="pages.tif", overlap=200).stdout
    )
    assert answer["similarity"] == 0
    assert refused(align("--page", 2, first="pages.tif", second="pages.tif"), "pages.tif")


@pytest.mark.usefixtures("folder")
def test_frames_of_different_size_are_fine_where_the_overlap_exists(scene):
    tifffile.imwrite("small.tif", scene[10 + DY : 130 + DY, 160 + DX : 230 + DX])
    answer = json.loads(align("--json", second="small.tif").stdout)
    assert (round(answer["dy"]), round(answer["dx"])) == (DY, DX)


@pytest.mark.usefixtures("folder")
def test_frames_of_different_dtype_are_aligned_but_not_put_into_one_mosaic(scene):
    deep = tifffile.imread("second.tif").astype(np.uint16) * 257
    tifffile.imwrite("deep.tif", deep)
    for method in ("smoothed", "search"):
        answer = json.loads(align("--json", second="deep.tif", method=method).stdout)
        assert (round(answer["dy"]), round(answer["dx"])) == (DY, DX)
        assert answer["similarity"] == pytest.approx(0, abs=1e-6)
    refused(align("--mosaic", "m.ome.tif", second="deep.tif"), "deep.tif is uint16", "uint8")
    assert not os.path.exists("m.ome.tif")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("method", ["search", "smoothed", "median", "phase", "vector"])
def test_a_constant_overlap_is_undetermined(method):
    tifffile.imwrite("blank.tif", np.full((200, 200), 90, np.uint8))
    result = align("--json", second="blank.tif", method=method)
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (answer["status"], answer["confidence"]) == ("undetermined", 0)
    assert (answer["dy"], answer["dx"]) == (0, 0)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("method", ["search", "smoothed", "median", "phase", "vector"])
def test_a_frame_without_a_number_is_undetermined(method):
    tifffile.imwrite("nan.tif", np.full((200, 200), np.nan, np.float32))
    tifffile.imwrite("float.tif", tifffile.imread("first.tif").astype(np.float32))
    result = align("--json", first="float.tif", second="nan.tif", method=method)
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert answer["status"] == "undetermined"
    assert answer["similarity"] is None


@pytest.mark.usefixtures("folder")
def test_a_few_nans_do_no_harm():
    second = tifffile.imread("second.tif").astype(np.float32)
    second[40:44] = np.nan
    tifffile.imwrite("gaps.tif", second)
    tifffile.imwrite("float.tif", tifffile.imread("first.tif").astype(np.float32))
    result = align("--json", first="float.tif", second="gaps.tif", method="smoothed")
    answer = json.loads(result.stdout)
    assert (round(answer["dy"]), round(answer["dx"])) == (DY, DX)


# ---- bad input -------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_a_missing_file_is_named():
    assert refused(align(second="gone.tif"), "gone.tif", "no such file")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "content"),
    [("text.tif", b"no picture"), ("empty.png", b""), ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0")],
)
def test_a_broken_file_is_named(folder, name, content):
    (folder / name).write_bytes(content)
    assert refused(align(second=name), name)


def test_a_file_that_was_cut_short_is_named(folder):
    (folder / "cut.tif").write_bytes((folder / "second.tif").read_bytes()[:-9000])
    assert refused(align(second="cut.tif"), "cut.tif")


def test_a_folder_in_a_frames_place_is_named(folder):
    (folder / "frames").mkdir()
    assert refused(align(second="frames"), "frames is a folder")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("overlap", [201, 0, -5])
def test_an_overlap_that_does_not_fit_says_what_would(overlap):
    assert refused(align(overlap=overlap), f"overlap of {overlap} px", "from 1 to 200 px")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "guess"], "there is no method 'guess'; choose one of seamnet, smoothed"),
        (["--side", "north"], "'north' is not one of 'right', 'below', 'left', 'above'"),
        (["--max-shift", "0"], "0 is not in the range"),
        (["--device", "tpu"], "'tpu' is not one of"),
        (["--colour"], "No such option"),
        (["--composite", "nowhere/seam.png"], "no folder nowhere"),
        (["--mosaic", "nowhere/m.ome.tif"], "no folder nowhere"),
        (["--mosaic", "m.png"], "call it m.ome.tif"),
        (["--pairs", "in.csv"], "--pairs and --out go together"),
        (["--pairs", "in.csv", "--out", "out.csv"], "FIRST, SECOND, --side, --overlap cannot"),
    ],
)
def test_a_bad_option_is_one_line(words, said):
    assert refused(align(*words), said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["align"], "missing FIRST, SECOND, --side, --overlap"),
        (["align", "a.tif"], "missing SECOND, --side, --overlap"),
        (["align", "a.tif", "b.tif", "--side", "right"], "missing --overlap; give"),
        (["align", "--out", "out.csv"], "--pairs and --out go together"),
        (["fly"], "No such command 'fly'"),
        (["train", "-o", "mine.pt"], "kept as .safetensors"),
        (["train", "--recipe", "gone.toml"], "there is no gone.toml"),
    ],
)
def test_bad_usage_is_one_line_that_names_the_help(words, said):
    assert refused(call(*words), said, "--help")


# ---- many pairs ------------------------------------------------------------------------------


def pairs(text, *words, out="out.csv", method="search"):
    with open("in.csv", "w") as file:
        file.write(text)
    return call("align", "--pairs", "in.csv", "--out", out, "--method", method, *words)


@pytest.mark.usefixtures("folder")
def test_many_pairs_give_what_one_by_one_gives():
    result = pairs(
        "first,second,dy,dx\nfirst.tif,second.tif,0,150\nsecond.tif,first.tif,1,-148\n",
        *("--max-shift", 8),
    )
    assert result.stdout == ""
    with open("out.csv") as file:
        one, other = csv.DictReader(file)
    single = json.loads(align("--json", "--max-shift", 8).stdout)
    assert (one["first"], one["second"], one["dy"], one["dx"]) == (
        *("first.tif", "second.tif"),
        *("0", "150"),
    )
    assert (float(one["shift_dy"]), float(one["shift_dx"])) == (single["dy"], single["dx"])
    assert float(one["confidence"]) == single["confidence"]
    assert one["status"] == single["status"]
    assert json.loads(one["alternatives"]) == single["alternatives"]
    # true offset of the first from the second: (-3, -146), against a nominal one of (1, -148)
    assert (round(float(other["shift_dy"])), round(float(other["shift_dx"]))) == (-4, 2)


def test_a_doubtful_row_is_counted_and_the_others_stand(folder):
    tifffile.imwrite("blank.tif", np.full((200, 200), 90, np.uint8))
    result = pairs(
        "first,second,dy,dx\nfirst.tif,blank.tif,0,150\nfirst.tif,second.tif,0,150\n",
        method="smoothed",
    )
    assert result.exit_code == 1
    assert "need a person" in result.stderr
    assert "1 undetermined" in result.stderr
    with open("out.csv") as file:
        blank, fine = csv.DictReader(file)
    assert (blank["status"], blank["shift_dy"], blank["alternatives"]) == (
        *("undetermined", "0.0"),
        "[]",
    )
    assert round(float(fine["shift_dx"])) == DX
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["blank.tif", "first.tif", "in.csv", "out.csv", "second.tif"]
    )


@pytest.mark.usefixtures("folder")
def test_no_pairs_are_no_work():
    assert pairs("first,second,dy,dx\n").exit_code == 0
    with open("out.csv") as file:
        assert len(file.readlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("first,second,dx\n", "has no column dy"),
        ("first,second,dy,dx\nfirst.tif,second.tif,0,wide\n", "row 2: dx must be a number"),
        ("first,second,dy,dx\nfirst.tif,gone.tif,0,150\n", "row 2: there is no file gone.tif"),
        ("first,second,dy,dx\nfirst.tif,in.csv,0,150\n", "row 2: in.csv cannot be read"),
        ("first,second,dy,dx\nfirst.tif,second.tif,0,200\n", "row 2: frames of 200 x 200"),
    ],
)
def test_a_bad_row_ends_the_run_and_leaves_the_old_answer(folder, text, said):
    (folder / "out.csv").write_text("old")
    assert refused(pairs(text), said)
    assert (folder / "out.csv").read_text() == "old"


@pytest.mark.usefixtures("folder")
def test_the_folder_to_write_to_is_looked_at_before_the_work():
    assert refused(pairs("no pairs at all", out="nowhere/out.csv"), "no folder nowhere")


def test_the_answers_never_replace_a_frame(folder):
    before = (folder / "second.tif").read_bytes()
    rows = "first,second,dy,dx\nfirst.tif,second.tif,0,150\n"
    assert refused(pairs(rows, out="second.tif"), "second.tif is one of the frames")
    assert (folder / "second.tif").read_bytes() == before


# ---- as a process ----------------------------------------------------------------------------

SLOW = """
import sys, time
from pathlib import Path
from napari_seamnet import cli, pair_files
def align_pair(*frames, **settings):
    Path("started").touch()
    time.sleep(60)
pair_files.align_pair = align_pair
cli.main()
"""


def default_interrupt():
    # A shell starts background jobs with Ctrl-C ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_stops_within_two_seconds_and_leaves_nothing(folder):
    (folder / "in.csv").write_text("first,second,dy,dx\nfirst.tif,second.tif,0,150\n")
    before = {path.name for path in folder.iterdir()}
    words = ["align", "--pairs", "in.csv", "--out", "out.csv", "--method", "search"]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=default_interrupt,
    )
    deadline = time.monotonic() + 60
    while not (folder / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 2
    assert process.returncode == 130
    assert out == ""
    assert err == "napari-seamnet: stopped; nothing was left half-written\n"
    assert {path.name for path in folder.iterdir()} == before | {"started"}


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_a_progress_bar_is_shown_on_a_terminal_and_only_there(folder):
    (folder / "in.csv").write_text("first,second,dy,dx\n" + 2 * "first.tif,second.tif,0,150\n")
    words = ["align", "--pairs", "in.csv", "--out", "out.csv", "--method", "search"]
    command = [sys.executable, "-m", "napari_seamnet", *words]
    ours, theirs = os.openpty()
    subprocess.run(command, stderr=theirs, check=False)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # how a closed terminal ends
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert b"aligning" in shown
    assert b"100%" in shown
    quiet = subprocess.run(command, capture_output=True, check=False)
    assert b"aligning" not in quiet.stderr


def test_the_module_is_the_command():
    said = subprocess.run(
        [sys.executable, "-m", "napari_seamnet", "--version"], capture_output=True, text=True
    )
    assert said.stdout.startswith("napari-seamnet, version ")


# ---- the other commands ----------------------------------------------------------------------


def test_methods_are_listed_the_default_first():
    lines = call("methods").stdout.splitlines()
    assert lines[0] == "seamnet (default)"
    assert {"smoothed", "search", "median", "bilateral", "vector", "phase"} <= set(lines)


def test_help_comes_without_an_error():
    result = call("align", "--help")
    assert result.exit_code == 0
    assert "[default: seamnet]" in result.stdout


def test_the_command_alone_shows_its_help_as_bad_usage():
    result = call()
    assert result.exit_code == 2
    assert "Commands:" in result.stderr


@pytest.fixture
def no_window(monkeypatch):
    """Record instead of open: the list holds one entry for each window asked for."""
    opened = []
    stand_in = types.ModuleType("napari_seamnet.widgets.open_demo")
    stand_in.show = lambda grid, mosaic: opened.append((grid, mosaic))
    monkeypatch.setitem(sys.modules, "napari_seamnet.widgets.open_demo", stand_in)
    return opened


@pytest.fixture
def small_demo(monkeypatch):
    """Let the demo simulate a layer that is done in a second."""
    whole = sample_data.chip_grid
    monkeypatch.setattr(
        sample_data, "chip_grid", lambda: whole(2, 3, size=400, overlap=100, jitter=8)
    )


@pytest.mark.usefixtures("small_demo")
def test_the_demo_writes_everything_and_opens_a_window_if_there_is_a_display(
    tmp_path, monkeypatch, no_window
):
    monkeypatch.setenv("DISPLAY", ":7")
    out = tmp_path / "new" / "demo"
    result = call("demo", "-o", out)
    assert result.exit_code == 0, result.stderr
    assert "7 of 7 seams are within 1 px of the truth" in result.stdout
    assert "6 of 6 frames are within 1 px of the truth" in result.stdout
    assert "frames    6: 6 certain" in result.stdout
    (told,) = [line for line in result.stdout.splitlines() if line.startswith("written")]
    written = {path.name for path in out.iterdir()}
    assert written == set(told.partition(": ")[2].split(", "))
    assert {"frames", "mosaic.ome.tif", "seams.csv", "before.png", "after.png"} <= written
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "A simulated chip layer" in page
    assert f"napari-seamnet demo --out {out} --method seamnet" in page
    ((grid, mosaic),) = no_window
    assert len(mosaic) == len(grid.frames) == 6
    assert [p.frame.path.parent for p in mosaic.placements] == [out / "frames"] * 6


@pytest.mark.usefixtures("small_demo")
def test_the_demo_says_by_its_exit_code_that_somebody_should_look(tmp_path, monkeypatch):
    solved = stitching.stitch

    def doubting(*words, **how):
        found = solved(*words, **how)
        first, *others = found.verdicts
        return replace(found, verdicts=(replace(first, needs_look=True), *others))

    monkeypatch.setattr(stitching, "stitch", doubting)
    result = call("demo", "-o", tmp_path / "demo", "--method", "smoothed", "--no-window")
    assert result.exit_code == 1
    assert "1 of 7 seams" in result.stderr
    assert (tmp_path / "demo" / "mosaic.ome.tif").exists()


@pytest.mark.usefixtures("small_demo")
def test_the_demo_again_in_its_folder_estimates_no_seam_anew(tmp_path):
    words = ("demo", "-o", tmp_path, "--method", "smoothed", "--no-window")
    first = call(*words)
    seams = (tmp_path / "seams.csv").read_text()
    with Journal(tmp_path / "chip.seams.sqlite", read_only=True) as journal:
        finished = len(journal)
    again = call(*words)
    with Journal(tmp_path / "chip.seams.sqlite", read_only=True) as journal:
        assert len(journal) == finished == 7
    assert again.stdout == first.stdout
    assert (tmp_path / "seams.csv").read_text() == seams


def test_a_method_that_is_not_there_is_refused_before_the_demo_writes_anything(tmp_path):
    refused(call("demo", "-o", tmp_path / "demo", "--method", "none", "--no-window"), "'none'")
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(("display", "words"), [("", []), (":7", ["--no-window"])])
@pytest.mark.usefixtures("small_demo")
def test_the_demo_opens_no_window_without_display_or_where_none_is_wanted(
    tmp_path, monkeypatch, no_window, display, words
):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    call("demo", "-o", tmp_path / "demo", "--method", "smoothed", *words)
    assert (tmp_path / "demo" / "mosaic.ome.tif").exists()
    assert no_window == []


TINY_RECIPE = """
steps = 2
pixels = 8000
width = 4
blocks = 1
features = 2
long_share = 0.0
"""


def test_training_by_a_recipe_writes_weights_that_can_be_used(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(TINY_RECIPE)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    grey = np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8)
    tifffile.imwrite(pictures / "a.tif", grey)
    out = tmp_path / "mine.safetensors"
    result = call(
        *("train", "--recipe", recipe, "--pictures", pictures, "-o", out, "--device", "cpu")
    )
    assert result.exit_code == 0, result.stderr
    assert "within 1 px" in result.stdout
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["recipe"]["steps"] == 2
    assert card["pictures"] == ["pictures"]
    load_seamnet(out)


def test_training_into_a_folder_that_is_not_there_is_refused_before_it_begins(tmp_path):
    result = call("train", "-o", tmp_path / "gone" / "mine.safetensors")
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr


# ---- real frames -----------------------------------------------------------------------------


@pytest.mark.frames
def test_real_frames_are_aligned_within_a_pixel(real_frames, tmp_path):
    place = real_frames / "test" / "stitch2d"
    with (place / "pairs.csv").open() as file:
        known = [*csv.DictReader(file)]
    # A nominal offset that is some pixels off, as a stage's is; the truth is measured.
    truth = [(float(row["dy"]), float(row["dx"])) for row in known]
    nominal = [(round(dy) + 5, round(dx) - 7) for dy, dx in truth]
    with (tmp_path / "in.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["first", "second", "dy", "dx"])
        for row, (dy, dx) in zip(known, nominal, strict=True):
            names = (row["left_or_top_file"], row["right_or_bottom_file"])
            writer.writerow([*(place / name for name in names), dy, dx])
    call(
        *("align", "--pairs", tmp_path / "in.csv", "--out", tmp_path / "out.csv"),
        *("--method", "smoothed"),
    )
    with (tmp_path / "out.csv").open() as file:
        found = [(float(r["shift_dy"]), float(r["shift_dx"])) for r in csv.DictReader(file)]
    error = np.abs(np.add(nominal, found) - truth)
    assert len(error) == 7
    assert error.max() < 1
