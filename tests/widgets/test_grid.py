"""Stitch grid as a whole: opened, stitched, closed and opened again; in a viewer where marked."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import tifffile
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent

from napari_seamnet.geometry import Shift
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.widgets import _grid_kept
from napari_seamnet.widgets._grid_settings import GridRemembered
from napari_seamnet.widgets.grid import GridWidget

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def chip():
    return chip_grid(3, 3, size=260, overlap=80, jitter=4)


@pytest.fixture
def folder(tmp_path, chip):
    """3 x 3 frames, of which one is missing."""
    folder = tmp_path / "run_17"
    folder.mkdir()
    for k, frame in enumerate(chip.frames):
        if k != 4:
            tifffile.imwrite(folder / f"tile_r{k // 3}_c{k % 3}.tif", frame.read())
    return folder


@pytest.fixture
def make(qtbot):
    """Make the widget inside a parent, as a dock would, and show it."""
    from qtpy.QtWidgets import QVBoxLayout, QWidget

    parents, made = [], []

    def make(viewer) -> GridWidget:
        parent = QWidget()
        parents.append(parent)
        parent.setLayout(QVBoxLayout())
        widget = GridWidget(viewer)
        parent.layout().addWidget(widget)
        qtbot.addWidget(parent)
        parent.show()
        choose_method(widget)
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.estimating.cancel()
        widget.solving.work.cancel()
        widget.autosave.flush()  # not later, into the data folder of another test
        widget.autosave.wait()


def choose_method(widget, name="smoothed"):
    widget.run.form.method.setCurrentIndex(widget.run.form.method.findData(name))


def open_and_wait(widget, qtbot, *paths):
    before = widget.session.project
    widget.open(*paths)
    qtbot.waitUntil(lambda: widget.session.project is not before, timeout=10_000)


def stitch_and_wait(widget, qtbot):
    widget.run.start.click()
    qtbot.waitUntil(lambda: widget.session.is_solved, timeout=30_000)


def test_a_folder_is_dropped_stitched_and_undone(make, viewer_model, folder, qtbot):
    widget = make(viewer_model)
    assert "Drop a folder" in widget.dock.state.text()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    widget.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: widget.session.project is not None, timeout=10_000)
    assert "8 frames laid out" in widget.dock.state.text()
    assert "r1 c1" in widget.lay_out.notes.text()
    widget.lay_out.form.overlap_y.setValue(80)
    widget.lay_out.form.overlap_x.setValue(80)
    qtbot.waitUntil(lambda: not widget.session.project.layout.overlap_assumed, timeout=10_000)
    assert widget.dock.undo.isEnabled()
    stitch_and_wait(widget, qtbot)
    assert "Every frame has its place" in widget.dock.state.text() or (
        "a look" in widget.dock.state.text()
    )
    assert widget.finish.export.isEnabled()
    widget.dock.undo.click()
    assert widget.session.project.layout.overlap_assumed
    widget.dock.redo.click()
    assert widget.session.is_solved  # and nothing is computed for it


def test_a_widget_that_is_closed_in_the_middle_loses_nothing(make, viewer_model, folder, qtbot):
    widget = make(viewer_model)
    open_and_wait(widget, qtbot, folder)
    widget.lay_out.form.overlap_y.setValue(80)
    widget.lay_out.form.overlap_x.setValue(80)
    qtbot.waitUntil(lambda: not widget.session.project.layout.overlap_assumed, timeout=10_000)
    stitch_and_wait(widget, qtbot)
    widget.session.decide(2, Shift(5, 5))
    before = widget.session.project
    widget.parent().hide()
    widget.autosave.wait()
    again = make(viewer_model)
    assert again.lay_out.again.isVisible()
    assert "1 by hand" in again.lay_out.kept.currentText()
    again.lay_out.go_on.click()
    qtbot.waitUntil(lambda: again.session.project is not None, timeout=10_000)
    assert again.lay_out.again.isHidden()
    assert again.session.project.decisions == before.decisions
    assert again.session.project.estimates is not None
    assert not again.session.project.unfinished
    # What was decided last was not solved for any more; it is now.
    qtbot.waitUntil(lambda: again.session.is_solved, timeout=10_000)


def test_what_is_destroyed_while_it_works_is_kept(viewer_model, folder, qtbot):
    widget = GridWidget(viewer_model)
    choose_method(widget)
    open_and_wait(widget, qtbot, folder)
    widget.session.decide(0, Shift(1, 1))
    autosave = widget.autosave
    widget.deleteLater()
    qtbot.wait(50)
    del widget
    gc.collect()
    autosave.wait()
    assert len(_grid_kept.kept_grids()) == 1


def test_a_project_is_opened_by_its_path_and_trouble_is_said_in_step_1(
    make, viewer_model, folder, tmp_path, qtbot
):
    widget = make(viewer_model)
    open_and_wait(widget, qtbot, folder)
    path = tmp_path / "chip.seamnet.json"
    widget.finish.keeping.save(path)
    qtbot.waitUntil(path.is_file, timeout=10_000)
    other = make(viewer_model)
    open_and_wait(other, qtbot, path)
    assert other.session.path == path
    assert other.lay_out.source.text() == str(path)
    broken = tmp_path / "broken.seamnet.json"
    broken.write_text(path.read_text()[:400])
    other.open(broken)
    qtbot.waitUntil(lambda: "broken.seamnet.json" in other.lay_out.message.text(), timeout=10_000)


def test_each_step_can_be_reached_at_any_time(make, viewer_model, qtbot):
    widget = make(viewer_model)
    widget.parent().resize(360, 500)
    for k, step in enumerate(widget.dock.steps):
        step.unfold(False)
        assert not step.is_open
        widget.dock.to_steps[k].click()
        assert step.is_open
    qtbot.wait(50)
    shown = widget.dock._scroll.viewport().rect()
    last = widget.dock.steps[-1]
    assert last.heading.mapTo(widget.dock._scroll.viewport(), last.heading.rect().center()).y() < (
        shown.height()
    )


def test_every_control_of_the_first_two_steps_has_a_tooltip(make, viewer_model):
    from qtpy.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLineEdit, QPushButton

    widget = make(viewer_model)
    for section in (widget.lay_out, widget.run, widget.dock):
        for kind in (QAbstractSpinBox, QCheckBox, QComboBox, QLineEdit, QPushButton):
            for control in section.findChildren(kind):
                if control.objectName() != "qt_spinbox_lineedit":
                    assert control.toolTip() or control.menu() is not None, control


def test_the_dock_is_narrow_enough_for_a_laptop(make, viewer_model, folder, qtbot):
    widget = make(viewer_model)
    open_and_wait(widget, qtbot, folder)
    for section in (widget.lay_out, widget.run):
        assert section.minimumSizeHint().width() <= 330


def test_choices_are_there_again_next_time(plugin_settings, npe2pm):
    from npe2 import PluginManifest

    npe2pm.register(PluginManifest.from_file(ROOT / "napari.yaml"))
    GridRemembered.load().keep(
        workers=3, scheduler="tcp://a:1", feature_size=12.0, folder="/x", max_shift=40
    )
    again = GridRemembered.load()
    assert (again.workers, again.scheduler, again.feature_size) == (3, "tcp://a:1", 12.0)
    assert (again.folder, again.max_shift) == ("/x", 40)


def test_without_the_plugins_settings_choices_serve_for_the_session():
    remembered = GridRemembered.load()
    assert remembered.workers == 0
    remembered.keep(workers=2, coarse_step=7)
    assert (remembered.workers, remembered.coarse_step) == (2, 7)
    assert GridRemembered.load().workers == 0


@pytest.mark.pixels
def test_in_a_real_viewer_the_dock_fills_its_place_and_the_grid_is_stitched(
    make_napari_viewer, npe2pm, folder, qtbot
):
    from npe2 import PluginManifest

    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1280, 800)
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(ROOT / "napari.yaml")):
        _, widget = viewer.window.add_plugin_dock_widget("napari-seamnet", "Stitch grid")
        qtbot.wait(200)
        assert widget.dock._scroll.height() > 500
        choose_method(widget)
        open_and_wait(widget, qtbot, folder)
        stitch_and_wait(widget, qtbot)
        for theme in ("light", "dark"):
            viewer.theme = theme
            qtbot.wait(50)
        # Hidden and shown again, as when docks become tabs, it goes on.
        widget.hide()
        widget.show()
        assert widget.session.is_solved
        widget.autosave.wait()
