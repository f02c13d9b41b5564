"""Training set, from its list and its buttons to the disk."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt

from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.hand import (
    Decided,
    correct,
    read_hand,
    record_all,
    record_frames,
)
from napari_seamnet.learning.tile_files import open_tiles
from napari_seamnet.widgets._layers import FILE, HAND, position
from napari_seamnet.widgets._settings import Remembered
from napari_seamnet.widgets._tiles_busy import Busy, time_left
from napari_seamnet.widgets._tiles_list import BROKEN, PAIR
from napari_seamnet.widgets._tiles_theme import Colours
from napari_seamnet.widgets.tiles import STOPPED, TilesWidget

from .conftest import install

NOMINAL = Offset(0, 150)
"""Of frames of 160 x 200 px, which then share 50 px."""
SHIFTS = {"a": Shift(3, -4), "b": Shift(-2, 5), "c": Shift(1, 0)}
WHO = {"a": Decided.HAND, "b": Decided.CONFIRMED, "c": Decided.TRUTH}


@pytest.fixture
def hand(tmp_path, scene):
    """Three pairs, decided on by different people; c was recorded last."""
    path = tmp_path / "seeds.jsonl"
    for number, (name, shift) in enumerate(SHIFTS.items()):
        y, x = 60 + 200 * number, 80
        corners = (y, x), (y + int(shift.dy), x + 150 + int(shift.dx))
        frames = []
        for side, corner in zip("12", corners, strict=True):
            file = tmp_path / f"{name}{side}.tif"
            tifffile.imwrite(file, scene.cut(*corner))
            frames.append(open_frame(file))
        record_frames(path, *frames, NOMINAL, shift, WHO[name], f"note {name}")
    return path


@pytest.fixture
def opened():
    """What was opened in Align pair."""
    return []


@pytest.fixture
def make(qtbot, viewer_model, opened):
    """Make the widget on a file, and wait until it has looked at every pair."""
    widgets = []  # qtbot holds them only weakly

    def make(path, train_on=None) -> TilesWidget:
        widget = TilesWidget(viewer_model, opened.append, train_on)
        widgets.append(widget)
        qtbot.addWidget(widget)
        widget.make.side.setValue(30)
        widget.make.reach.setValue(3)
        widget.make.number.setValue(40)
        widget.hand._remembered.keep(hand_file=str(path))
        widget.resize(390, 800)
        with qtbot.waitSignal(widget._looker.finished, timeout=10_000):
            widget.show()
        return widget

    return make


def names(widget):
    """The names in the list, from the top."""
    model = widget.seeds.filter
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def row(widget, name):
    """The list's index of a pair."""
    model = widget.seeds.filter
    return model.index(names(widget).index(name), 0)


def made_of(path):
    """Bytes of a file's pixels."""
    return path.stat().st_size - int.from_bytes(path.read_bytes()[:8], "little") - 8


def says(widget, words):
    """Whether the label of the file says just this; what it counts is in the list, too."""
    n = int(words.split()[0])
    return lambda: widget.seeds.count.text() == words and len(names(widget)) == n


def draft_is_shown(widget):
    return lambda: widget.make.start.isEnabled()


def test_the_pairs_are_listed_newest_first_with_what_is_known_of_them(make, hand):
    widget = make(hand)
    assert names(widget) == ["c1 - c2", "b1 - b2", "a1 - a2"]
    assert "3 hand alignments" in widget.seeds.count.text()
    pair = row(widget, "a1 - a2").data(PAIR)
    assert pair.decision == "(+3, -4) px · by hand"
    assert pair.traits.startswith("noise 0.0")
    assert pair.seen.picture.width() == 128
    # Aligned frames of one scene give a grey thumbnail: no fringes.
    colour = pair.seen.picture.pixelColor(60, 60)
    assert abs(colour.red() - colour.green()) <= 8
    assert "no vertical neighbours" in widget.seeds.missing.text()


def test_a_file_that_is_not_there_yet_holds_nothing_and_says_what_to_do(make, tmp_path):
    widget = make(tmp_path / "new.jsonl")
    assert names(widget) == []
    assert "Record as hand alignment" in widget.seeds.empty.text()
    assert not widget.make.start.isEnabled()
    assert not widget.seeds.export.isEnabled()


def test_a_file_that_is_no_such_file_is_said_until_it_is_mended(make, tmp_path, qtbot):
    (tmp_path / "bad.jsonl").write_text('{"a": 1}\n{"b": 2}\n')
    widget = make(tmp_path / "bad.jsonl")
    assert "bad.jsonl line 1" in widget.seeds.message.text()
    assert names(widget) == []
    (tmp_path / "bad.jsonl").write_text("")
    qtbot.waitUntil(lambda: not widget.seeds.message.text(), timeout=10_000)


def test_the_filter_goes_by_who_decided_and_by_text(make, hand):
    widget = make(hand)
    seeds = widget.seeds
    for key, expected in (
        (Decided.HAND, ["a1 - a2"]),
        (Decided.CONFIRMED, ["b1 - b2"]),
        (Decided.TRUTH, ["c1 - c2"]),
        (BROKEN, []),
    ):
        seeds.who.setCurrentIndex(seeds.who.findData(str(key)))
        assert names(widget) == expected
    assert seeds.empty.isVisible()
    seeds.who.setCurrentIndex(0)
    seeds.text.setText("NOTE B")
    assert names(widget) == ["b1 - b2"]
    seeds.text.setText("c2")
    assert names(widget) == ["c1 - c2"]


def test_a_pair_whose_frame_is_gone_or_changed_is_broken_with_the_reason(
    make, hand, tmp_path, qtbot, scene
):
    (tmp_path / "a2.tif").unlink()
    tifffile.imwrite(tmp_path / "b1.tif", scene.cut(0, 0))
    widget = make(hand)
    for name, reason in (("a1 - a2", "no such file"), ("b1 - b2", "has changed")):
        index = row(widget, name)
        assert reason in index.data(Qt.ItemDataRole.ToolTipRole)
        assert index.data(PAIR).traits.startswith(f"broken: {name[0]}")
    widget.seeds.who.setCurrentIndex(widget.seeds.who.findData(BROKEN))
    assert names(widget) == ["b1 - b2", "a1 - a2"]
    qtbot.waitUntil(draft_is_shown(widget), timeout=10_000)
    assert "2 broken pairs are left out" in widget.make.estimate.text()
    assert "of 1 pair for training" in widget.make.estimate.text()
    assert "None for validation" in widget.make.estimate.text()


def test_deleted_pairs_come_back_with_undo(make, hand):
    widget = make(hand)
    before = {one.id: one for one in read_hand(hand)}
    gone = row(widget, "b1 - b2")
    widget.seeds.list.setCurrentIndex(gone)
    widget.seeds.delete.click()
    assert names(widget) == ["c1 - c2", "a1 - a2"]
    assert len(read_hand(hand)) == 2
    widget.seeds.undo.click()
    after = {one.id: one for one in read_hand(hand)}
    assert set(after) == set(before)
    back = next(one for one in after.values() if one.first.path.stem == "b1")
    assert (back.shift, back.note) == (SHIFTS["b"], "note b")
    assert back.time > before[back.id].time  # so that merged files keep it, too
    assert widget.seeds.chosen == [back]
    assert not widget.seeds.undo.isEnabled()


def test_a_note_is_written_in_place(make, hand, qtbot):
    widget = make(hand)
    index = row(widget, "a1 - a2")
    widget.seeds.list.setCurrentIndex(index)
    widget.seeds.note.click()
    editor = widget.seeds.list.indexWidget(index)
    assert editor.text() == "note a"
    editor.selectAll()
    qtbot.keyClicks(editor, "strong charging")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: read_hand(hand)[0].note == "strong charging")
    assert row(widget, "a1 - a2").data(PAIR).alignment.note == "strong charging"
    assert read_hand(hand)[0].shift == SHIFTS["a"]


def test_a_double_click_opens_the_pair_where_it_was_decided_to_lie(
    make, hand, opened, qtbot, viewer_model, tmp_path
):
    widget = make(hand)
    index = row(widget, "a1 - a2")
    widget.seeds.list.scrollTo(index)
    at = widget.seeds.list.visualRect(index).center()
    viewport = widget.seeds.list.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: len(opened) == 1, timeout=10_000)
    ((first, second),) = opened
    assert list(viewer_model.layers) == [first, second]
    assert position(second) == (3, 146)
    known_by = (str(hand), read_hand(hand)[0].id)
    for layer, file in ((first, "a1.tif"), (second, "a2.tif")):
        assert layer.metadata == {FILE: str(tmp_path / file), HAND: known_by}
        np.testing.assert_array_equal(layer.data, tifffile.imread(tmp_path / file))


def test_a_pair_opened_again_is_moved_and_not_doubled(make, hand, opened, qtbot, viewer_model):
    widget = make(hand)
    (one, *_) = read_hand(hand)
    widget.open(one)
    qtbot.waitUntil(lambda: len(opened) == 1, timeout=10_000)
    viewer_model.layers[1].translate = (40, 40)
    widget.open(one)
    qtbot.waitUntil(lambda: len(opened) == 2, timeout=10_000)
    assert len(viewer_model.layers) == 2
    assert position(viewer_model.layers[1]) == (3, 146)


def test_an_opened_pair_is_corrected_by_align_pair(make, hand, opened, qtbot, make_widget):
    widget = make(hand)
    widget.open(read_hand(hand)[0])
    qtbot.waitUntil(lambda: len(opened) == 1, timeout=10_000)
    pair = make_widget(widget._viewer)
    pair.choose_pair(*opened[0])
    pair.session.nudge(1, 2)
    with qtbot.waitSignal(pair._recording.recorded, timeout=10_000):
        pair.record()
    found = read_hand(hand)
    assert len(found) == 3
    assert found[0].shift == Shift(4, -2)
    # The list hears of it by itself.
    qtbot.waitUntil(
        lambda: "(+4, -2)" in row(widget, "a1 - a2").data(PAIR).decision, timeout=10_000
    )


@pytest.mark.pixels
def test_in_a_real_viewer_the_pair_is_chosen_in_the_dock_align_pair(
    make_napari_viewer, npe2pm, hand, qtbot
):
    from npe2 import PluginManifest

    manifest = Path(__file__).resolve().parents[2] / "napari.yaml"
    viewer = make_napari_viewer(show=True)
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(manifest)):
        _, widget = viewer.window.add_plugin_dock_widget("napari-seamnet", "Training set")
        widget.hand.choose(hand)
        widget.open(read_hand(hand)[0])
        qtbot.waitUntil(lambda: len(viewer.layers) >= 2, timeout=10_000)
        _, pair = viewer.window.add_plugin_dock_widget("napari-seamnet", "Align pair")
        qtbot.waitUntil(lambda: pair.session.state.pair is not None, timeout=10_000)
        assert pair.session.state.offset.whole() == (3, 146)
        assert pair.isVisible()
        first, second = list(viewer.layers)[:2]
        assert (first.name, second.name) == ("a1", "a2")
        # What the theme of a real viewer says reaches our own painting.
        viewer.theme = "light"
        assert widget.seeds.delegate.colours == Colours.of(viewer)


def test_what_others_write_to_the_file_appears(make, hand, qtbot):
    widget = make(hand)
    correct(hand, read_hand(hand)[1].id, Shift(9, 9))
    qtbot.waitUntil(lambda: names(widget)[0] == "b1 - b2", timeout=10_000)


def test_the_label_counts_what_another_process_changes(make, hand, qtbot):
    widget = make(hand)
    code = (
        "import sys\nfrom napari_seamnet.learning.hand import delete, read_hand\n"
        "delete(sys.argv[1], read_hand(sys.argv[1])[0].id)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(hand)], check=True)
    qtbot.waitUntil(says(widget, "2 hand alignments in <b>seeds.jsonl</b>"), timeout=10_000)
    # As programs do that write a whole file anew, and put it in the old one's place.
    beside = hand.with_suffix(".new")
    beside.write_text(hand.read_text().splitlines()[0] + "\n")
    beside.replace(hand)
    qtbot.waitUntil(says(widget, "1 hand alignment in <b>seeds.jsonl</b>"), timeout=10_000)
    hand.unlink()
    qtbot.waitUntil(says(widget, "0 hand alignments in <b>seeds.jsonl</b>"), timeout=10_000)


def test_the_label_counts_what_align_pair_records(make, hand, qtbot, pair_viewer, make_widget):
    widget = make(hand)
    pair = make_widget(pair_viewer)
    pair.dock.record._remembered.keep(hand_file=str(hand))
    pair.dock.record.record.click()
    qtbot.waitUntil(says(widget, "4 hand alignments in <b>seeds.jsonl</b>"), timeout=10_000)


def test_the_first_pair_of_all_is_counted_though_its_folder_was_not_there_before(
    make, hand, tmp_path, qtbot
):
    new = tmp_path / "data" / "ours" / "hand.jsonl"
    widget = make(new)
    assert says(widget, "0 hand alignments in <b>hand.jsonl</b>")()
    new.parent.parent.mkdir()
    qtbot.wait(400)  # long enough for the first folder to be noticed by itself
    new.parent.mkdir()
    qtbot.wait(400)
    record_all(new, read_hand(hand)[:1])
    qtbot.waitUntil(says(widget, "1 hand alignment in <b>hand.jsonl</b>"), timeout=10_000)


def test_a_file_chosen_elsewhere_is_shown_and_recorded_into_at_once(
    make, hand, tmp_path, qtbot, plugin_settings, npe2pm, pair_viewer, make_widget
):
    install(npe2pm, tmp_path)
    widget, pair = make(hand), make_widget(pair_viewer)
    assert pair.dock.record.file.text() == "seeds.jsonl (3)"
    other = tmp_path / "other.jsonl"
    record_all(other, read_hand(hand)[:2])
    Remembered.load().keep(hand_file=str(other))  # in the preferences, say
    assert says(widget, "2 hand alignments in <b>other.jsonl</b>")()
    assert widget.seeds.count.toolTip() == str(other)
    assert pair.dock.record.file.text() == "other.jsonl (2)"
    widget.hand.choose(hand)
    assert pair.dock.record.file.text() == "seeds.jsonl (3)"
    with qtbot.waitSignal(pair._recording.recorded, timeout=10_000):
        pair.dock.record.record.click()
    assert len(read_hand(hand)) == 4
    assert len(read_hand(other)) == 2
    qtbot.waitUntil(says(widget, "4 hand alignments in <b>seeds.jsonl</b>"), timeout=10_000)


def test_closed_docks_do_not_hear_of_other_files(
    tmp_path, qtbot, plugin_settings, npe2pm, pair_viewer, make_widget
):
    install(npe2pm, tmp_path)
    seeds, pair = TilesWidget(pair_viewer), make_widget(pair_viewer)
    halves = seeds.hand, pair.dock.record  # in Python they stay, as by another reference
    for closed in (seeds, pair):
        with qtbot.waitSignal(closed.destroyed):
            closed.deleteLater()
    Remembered.load().keep(hand_file=str(tmp_path / "other.jsonl"))
    assert halves


def test_pairs_come_from_a_table_and_only_once(make, hand, tmp_path, qtbot):
    table = tmp_path / "pairs.csv"
    table.write_text("first,second,dy,dx\na1.tif,a2.tif,3,146\nb1.tif,b2.tif,-2,155\n")
    widget = make(tmp_path / "new" / "other.jsonl")
    for message in ("2 pairs added", "holds nothing new"):
        with qtbot.waitSignal(widget.hand.work.ended, timeout=10_000):
            widget.hand.add("table", table)
        assert message in widget.seeds.message.text()
        found = read_hand(tmp_path / "new" / "other.jsonl")
        assert [one.offset.whole() for one in found] == [(3, 146), (-2, 155)]
    assert names(widget) == ["a1 - a2", "b1 - b2"] or len(names(widget)) == 2
    table.write_text("first,second,dy,dx\na1.tif,none.tif,3,146\n")
    with qtbot.waitSignal(widget.hand.work.ended, timeout=10_000):
        widget.hand.add("table", table)
    assert "none.tif" in widget.seeds.message.text()
    assert "Traceback" not in widget.seeds.message.text()


def test_only_corrected_seams_of_a_grid_are_taken(make, hand, tmp_path, qtbot):
    seams = tmp_path / "seams.csv"
    seams.write_text(
        "first,second,nominal_dy,nominal_dx,dy,dx,status\n"
        "a1.tif,a2.tif,0,150,3,146,hand\n"
        "b1.tif,b2.tif,0,150,-2,155,certain\n"
    )
    widget = make(tmp_path / "other.jsonl")
    with qtbot.waitSignal(widget.hand.work.ended, timeout=10_000):
        widget.hand.add("seams", seams)
    assert names(widget) == ["a1 - a2"]
    assert widget.seeds.model.pairs[0].alignment.decided == Decided.HAND


def test_an_exported_folder_is_imported_and_files_are_merged(make, hand, tmp_path, qtbot):
    widget = make(hand)
    with qtbot.waitSignal(widget.hand.work.ended, timeout=10_000):
        widget.hand.export(tmp_path / "out")
    assert "can be moved" in widget.seeds.message.text()
    widget.hand.choose(tmp_path / "third.jsonl")
    assert names(widget) == []
    with qtbot.waitSignal(widget.hand.work.ended, timeout=10_000):
        widget.hand.add("folder", tmp_path / "out")
    assert len(names(widget)) == 3
    assert read_hand(tmp_path / "third.jsonl")[0].first.path.is_relative_to(tmp_path / "out")
    widget.hand.choose(tmp_path / "fourth.jsonl")
    with qtbot.waitSignal(widget.hand.work.ended, timeout=10_000):
        widget.hand.add("merge", hand, tmp_path / "third.jsonl")
    assert len(names(widget)) == 3


def test_the_look_ahead_tells_numbers_and_shows_six_tiles(make, hand, qtbot):
    widget = make(hand)
    qtbot.waitUntil(draft_is_shown(widget), timeout=10_000)
    assert widget.make.pictures.shown == 6
    text = widget.make.estimate.text()
    assert "of 2 pairs for training and 13 of 1 pair for validation" in text
    widget.make.kind.setCurrentIndex(1)
    assert "72 kB on disk" in widget.make.estimate.text()  # 40 tiles of two squares of 30 px
    before = [image.copy() for image, _ in widget.make.pictures._images]
    with qtbot.waitSignal(widget._drafting.ended, timeout=10_000):
        widget.make.draw.click()
    assert [image for image, _ in widget.make.pictures._images] != before
    before = [image.copy() for image, _ in widget.make.pictures._images]
    with qtbot.waitSignal(widget._drafting.ended, timeout=10_000):
        widget.make.augment.click()
    assert [image for image, _ in widget.make.pictures._images] != before


def test_the_sieve_makes_the_histogram_even(make, hand, qtbot):
    widget = make(hand)
    widget.make.number.setValue(400)
    widget.make.even.setChecked(True)
    qtbot.waitUntil(
        lambda: widget.make._draft is not None and widget.make._draft.even, timeout=10_000
    )
    draft = widget.make._draft
    assert draft.after.tolist() == [100] * 4
    assert draft.before[3] > 2 * draft.before[1]


def test_squares_wider_than_the_overlap_are_refused_in_words(make, hand, qtbot):
    widget = make(hand)
    widget.make.side.setValue(150)
    qtbot.waitUntil(lambda: "narrower than squares" in widget.make.estimate.text(), timeout=10_000)
    assert "--" not in widget.make.estimate.text()
    assert not widget.make.start.isEnabled()
    widget.make.side.setValue(4)
    widget.make.reach.setValue(10)
    qtbot.waitUntil(lambda: "share nothing" in widget.make.estimate.text(), timeout=10_000)


@pytest.mark.parametrize("name", ["tiles", "tiles.safetensors"])
def test_tiles_are_made_and_offered_to_train_on(make, hand, tmp_path, qtbot, name):
    taken = []

    def train_on(path):
        taken.append(path)
        return True

    widget = make(hand, train_on)
    qtbot.waitUntil(draft_is_shown(widget), timeout=10_000)
    widget.make.kind.setCurrentIndex(int(name.endswith(".safetensors")))
    with qtbot.waitSignal(widget._generating.ended, timeout=10_000):
        widget.generate(tmp_path / name)
    made = open_tiles(tmp_path / name)
    assert (len(made), made.size) == (40, 30)
    assert made.splits.sum() == 13
    assert np.abs(made.shifts).max() == 3
    if name == "tiles":
        on_disk = sum(path.stat().st_size for path in (tmp_path / name).rglob("*.png"))
        assert widget.make._draft.folder == pytest.approx(on_disk, rel=0.1)
    else:
        assert widget.make._draft.compact == pytest.approx(made_of(tmp_path / name), rel=0.1)
    assert "40 tiles in" in widget.make.done.text()
    widget.make.train.click()
    assert taken == [tmp_path / name]
    assert widget.make.message.text() == ""


def test_without_train_the_tiles_path_is_told(make, hand, tmp_path, qtbot):
    widget = make(hand)  # a viewer without a window has no docks
    with qtbot.waitSignal(widget._generating.ended, timeout=10_000):
        widget.generate(tmp_path / "tiles")
    widget.make.train.click()
    assert str(tmp_path / "tiles") in widget.make.message.text()


def test_a_stopped_run_says_that_it_can_be_continued_and_is(
    make, hand, tmp_path, qtbot, monkeypatch
):
    from napari_seamnet.learning import tiles

    widget = make(hand)
    widget.make.number.setValue(200)
    reached, go_on = threading.Event(), threading.Event()
    write, written = tiles.write_tile, []

    def slowly(path, *squares):
        write(path, *squares)
        written.append(path)
        if len(written) == 50:
            reached.set()
            assert go_on.wait(10)

    monkeypatch.setattr(tiles, "write_tile", slowly)
    widget.generate(tmp_path / "tiles")
    qtbot.waitUntil(reached.is_set, timeout=10_000)
    assert widget.make.busy.is_busy
    widget.make.busy.cancel.click()
    assert widget.make.message.text() == STOPPED
    assert not widget.make.busy.is_busy
    go_on.set()
    monkeypatch.setattr(tiles, "write_tile", write)
    with qtbot.waitSignal(widget._generating.ended, timeout=10_000):
        widget.generate(tmp_path / "tiles")
    assert len(open_tiles(tmp_path / "tiles")) == 200
    assert len(written) < 200
    assert widget.make.message.text() == ""


def test_a_place_that_holds_something_else_is_said_in_one_sentence(make, hand, tmp_path, qtbot):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("")
    widget = make(hand)
    with qtbot.waitSignal(widget._generating.ended, timeout=10_000):
        widget.generate(tmp_path / "full")
    assert "is not empty" in widget.make.message.text()
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_both_themes_are_taken_over(make, hand, qtbot, viewer_model):
    widget = make(hand)
    qtbot.waitUntil(draft_is_shown(widget), timeout=10_000)
    grounds = []
    for theme in ("dark", "light"):
        viewer_model.theme = theme
        grounds.append(widget.make.histogram._canvas.figure.get_facecolor())
    assert sum(grounds[0][:3]) < 1 < 2 < sum(grounds[1][:3])


def test_two_hundred_pairs_are_there_before_any_is_looked_at(
    make, hand, tmp_path, qtbot, viewer_model
):
    (one, *_) = read_hand(hand)
    many = tmp_path / "many.jsonl"
    record_all(many, [replace(one, id=f"id{number}") for number in range(200)])
    widget = make(tmp_path / "none.jsonl")
    widget.hand.choose(many)
    assert len(names(widget)) == 200
    assert not any(pair.seen for pair in widget.seeds.model.pairs)
    qtbot.waitUntil(
        lambda: all(pair.seen and pair.seen.picture for pair in widget.seeds.model.pairs),
        timeout=20_000,
    )


def test_time_left_counts_only_what_this_run_did(qtbot, monkeypatch):
    from qtpy.QtWidgets import QWidget

    now = [100.0]
    monkeypatch.setattr("napari_seamnet.widgets._tiles_busy.time.monotonic", lambda: now[0])
    busy = Busy(QWidget(), "")
    qtbot.addWidget(busy)
    busy.show_progress(500, 1000, "continued")
    assert busy.doing.text() == "500 / 1,000"
    now[0] += 10
    busy.show_progress(600, 1000, "")
    assert busy.doing.text().endswith("0:40 left")
    assert time_left(3661) == "1:01:01 left"
