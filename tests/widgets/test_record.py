"""Record as hand alignment, from the dock to the disk."""

import numpy as np
import pytest
import tifffile

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.hand import Decided, frames_folder, open_frames, read_hand
from napari_seamnet.widgets._layers import HAND

from .conftest import NOMINAL, TRUE_SHIFT


@pytest.fixture
def hand(tmp_path):
    return tmp_path / "seeds.jsonl"


@pytest.fixture
def record(qtbot, hand):
    """Press the button, and wait for the disk."""

    def press(widget, note=""):
        widget.dock.record._remembered.keep(hand_file=str(hand))
        widget.dock.record.note.setText(note)
        with qtbot.waitSignal(widget._recording.recorded, timeout=10_000):
            widget.dock.record.record.click()

    return press


def test_a_pair_moved_by_hand_is_recorded_with_its_frames(
    make_widget, pair_viewer, record, hand, qtbot
):
    widget = make_widget(pair_viewer)
    widget.session.move_to(*TRUE_SHIFT)
    record(widget, "charging")
    (found,) = read_hand(hand)
    assert found.nominal.whole() == NOMINAL
    assert found.shift == Shift(*TRUE_SHIFT)
    assert (found.decided, found.note) == (Decided.HAND, "charging")
    for frame, layer in zip(open_frames(found), pair_viewer.layers[:2], strict=True):
        np.testing.assert_array_equal(frame.read(), layer.data)
    assert found.first.path.parent == frames_folder(hand)
    assert widget.session.state.accepted
    assert widget.dock.record.file.text() == "seeds.jsonl (1)"
    assert "Recorded in seeds.jsonl" in widget.dock.message.text()


def test_what_a_method_found_is_confirmed(make_widget, pair_viewer, record, hand, qtbot):
    widget = make_widget(pair_viewer)
    with qtbot.waitSignal(widget._aligning.work.ended, timeout=10_000):
        widget.align()
    qtbot.waitUntil(lambda: widget.session.state.estimate is not None)
    record(widget)
    (found,) = read_hand(hand)
    assert (found.decided, found.shift) == (Decided.CONFIRMED, Shift(*TRUE_SHIFT))


def test_layers_opened_from_files_are_recorded_by_these_files(
    make_widget, viewer_model, scene, record, hand, tmp_path
):
    paths = [tmp_path / "a.tif", tmp_path / "b.png"]
    tifffile.imwrite(paths[0], scene.cut(100, 100))
    import imageio.v3 as iio

    iio.imwrite(paths[1], scene.cut(103, 246))
    widget = make_widget(viewer_model)
    widget.open_files(paths)
    record(widget)
    (found,) = read_hand(hand)
    assert [found.first.path, found.second.path] == paths
    assert not frames_folder(hand).exists()


def test_a_layer_that_was_changed_since_is_saved_and_not_named_by_its_file(
    make_widget, viewer_model, scene, record, hand, tmp_path
):
    paths = [tmp_path / "a.tif", tmp_path / "b.tif"]
    for path, x in zip(paths, (100, 246), strict=True):
        tifffile.imwrite(path, scene.cut(100, x))
    widget = make_widget(viewer_model)
    widget.open_files(paths)
    brighter = np.asarray(viewer_model.layers[0].data) // 2 + 100
    viewer_model.layers[0].data = brighter
    record(widget)
    (found,) = read_hand(hand)
    assert found.first.path.parent == frames_folder(hand)
    np.testing.assert_array_equal(open_frames(found)[0].read(), brighter)
    assert found.second.path == paths[1]


def test_a_pair_opened_for_correction_is_corrected_in_its_own_file(
    make_widget, pair_viewer, record, hand, tmp_path
):
    widget = make_widget(pair_viewer)
    record(widget)
    (old,) = read_hand(hand)
    for layer in pair_viewer.layers[:2]:
        layer.metadata[HAND] = (str(hand), old.id)
    widget.session.move_to(*TRUE_SHIFT)
    assert widget.dock.record.record.text() == "Correct hand alignment"
    widget.dock.record._remembered.keep(hand_file=str(tmp_path / "other.jsonl"))
    record(widget)
    (new,) = read_hand(hand)
    assert (new.id, new.shift) == (old.id, Shift(*TRUE_SHIFT))
    assert not (tmp_path / "other.jsonl").exists()
    assert len(hand.read_text().splitlines()) == 2


def test_a_place_that_cannot_be_written_to_is_said_in_one_sentence(
    make_widget, pair_viewer, qtbot, tmp_path
):
    (tmp_path / "file").write_text("")
    widget = make_widget(pair_viewer)
    widget.dock.record._remembered.keep(hand_file=str(tmp_path / "file" / "x.jsonl"))
    with qtbot.waitSignal(widget._recording.said, timeout=10_000) as said:
        widget.dock.record.record.click()
    assert "file" in said.args[0]
    assert "Traceback" not in said.args[0]
