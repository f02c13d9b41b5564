"""Step 1 of Stitch grid: the form, what it opens, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_seamnet.as_text import Opened
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout, open_layout, tile_configuration
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.stitching import StitchSettings
from napari_seamnet.widgets._grid_form import as_number
from napari_seamnet.widgets._grid_lay_out import LayOutSection
from napari_seamnet.widgets._grid_opening import Opening
from napari_seamnet.widgets._grid_session import GridSession
from napari_seamnet.widgets._grid_source import Asked, fits, is_same, overlap_of, understood

SETTINGS = StitchSettings(method="smoothed", max_shift=12)
OVERLAP = 60


@pytest.fixture(scope="module")
def chip():
    return chip_grid(3, 4, size=240, overlap=OVERLAP, jitter=3)


def write(folder: Path, frames, name: str, skip=()) -> Path:
    """Frames in a folder, named by a pattern of row, col and number."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, frame in enumerate(frames):
        if k not in skip:
            row, col = divmod(k, 4)
            tifffile.imwrite(folder / name.format(row=row, col=col, k=k), frame.read())
    return folder


@pytest.fixture
def folder(tmp_path, chip):
    """3 x 4 frames with rows and columns in their names; one is missing."""
    return write(tmp_path / "run_17", chip.frames, "tile_r{row}_c{col}.tif", skip=(6,))


@pytest.fixture
def numbered(tmp_path, chip):
    """The same frames whole, with names that only count."""
    return write(tmp_path / "run_18", chip.frames, "img_{k:03}.tif")


@pytest.fixture
def section(qtbot):
    """The section, and whoever opens what it asks for, as the widget wires them."""
    session = GridSession()
    made = LayOutSection(session)
    qtbot.addWidget(made)
    opening = made.opening = Opening(session, lambda: SETTINGS, made)
    made.given.connect(made.ask_for)
    made.changed.connect(opening.open)
    made.estimating.connect(opening.estimate_overlap)
    made.cancelled.connect(opening.work.cancel)
    opening.said.connect(made.say)
    opening.noted.connect(made.note)
    opening.failed.connect(made.show_failed)
    made.show()
    made.session = session
    return made


def settle(qtbot, section):
    """Wait until the form has been taken as it is."""
    qtbot.wait(20)
    qtbot.waitUntil(
        lambda: not section._soon.isActive() and not section.opening.work.is_busy, timeout=10_000
    )


def choose(box, data):
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def places(session):
    return {site.name: (site.row, site.col) for site in session.project.layout}


# -- words --------------------------------------------------------------------------------------


def test_what_was_asked_for_becomes_what_is_remembered_and_back(tmp_path):
    asked = Asked(
        (tmp_path,), "a_{row}_{col}.tif", 3, 4, "bottom left", "raster", "columns",
        ("15", "10%"), True, False, True, 0.25, "um", 2, ("a_0_0.tif",),
    )  # fmt: skip
    assert Asked.of_opened(asked.opened) == asked
    plain = Asked((tmp_path / "a.tif", tmp_path / "b.tif"))
    assert plain.opened == Opened((str(tmp_path / "a.tif"), str(tmp_path / "b.tif")))
    assert Asked.of_opened(plain.opened) == plain
    loose = Asked.of_opened(Opened("x", {"overlap": 150, "pixel_size": (0.5, 0.5), "rows": None}))
    assert (loose.overlap, loose.pixel_size, loose.rows) == (("150", "150"), 0.5, 0)


def test_frames_that_were_left_out_stay_out_of_a_layout_that_is_opened_again(folder):
    layout = Asked((folder,), left_out=("tile_r0_c1.tif", "no such.tif")).open()
    assert "tile_r0_c1.tif" not in [site.name for site in layout]
    assert layout.missing == ((0, 1), (1, 2))


def test_understood_says_sizes_grid_overlap_and_every_gap_and_note(folder):
    layout = open_layout(folder)
    told = understood(layout, 13)
    assert told.lines[0] == "11 frames of 240 x 240 px, uint8 grey"
    assert told.lines[1] == "3 rows x 4 columns, 13 seams"
    assert told.lines[2] == "overlap y 24 px (10 %), x 24 px (10 %)"
    assert told.notes[0] == "1 place is empty: r1 c2"
    assert "nobody said how far frames overlap" in told.notes[-1]
    assert overlap_of(layout) == (24, 24)
    alone = understood(Layout.of_frames(layout.frames[:2], [(0, 0), (500, 500)]), 0)
    assert "nothing to stitch" in alone.notes[-1]


def test_rows_and_columns_that_fit_come_the_squarest_first(tmp_path, numbered):
    assert fits((numbered,))[:2] in [((3, 4), (4, 3)), ((4, 3), (3, 4))]
    assert fits((tmp_path / "nothing there",)) == ()
    assert fits((numbered / "img_000.tif",)) == ()


def test_a_layout_is_the_same_as_itself_opened_again_and_no_other(folder):
    one, again = open_layout(folder, overlap=30), open_layout(folder, overlap=30)
    assert is_same(one, again)
    assert not is_same(one, open_layout(folder, overlap=31))
    assert not is_same(one, open_layout(folder, overlap=30, flip_x=True))


@pytest.mark.parametrize(("text", "number"), [("", 0), ("0,5", 0.5), ("-3", 0), ("x", 0)])
def test_a_number_is_read_as_people_type_it(text, number):
    assert as_number(text) == number


# -- the form -----------------------------------------------------------------------------------


def test_a_folder_is_laid_out_and_what_was_understood_is_said(section, folder, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    assert len(section.session.project.layout) == 11
    assert section.session.project.settings == SETTINGS
    assert "11 frames of 240 x 240 px" in section.lines.text()
    assert "r1 c2" in section.notes.text()
    assert section.source.text() == str(folder)
    assert section.form.overlap_y.value() == 24  # the tenth that is assumed
    assert section.form.overlap_y.isEnabled()
    assert not section.session.can_undo
    assert section.session.opened == Opened(str(folder))


def test_each_change_is_laid_out_at_once_and_undone_in_one_step(section, folder, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    section.form.overlap_x.setValue(OVERLAP)
    settle(qtbot, section)
    layout = section.session.project.layout
    assert overlap_of(layout) == (24, OVERLAP)
    assert not layout.overlap_assumed
    assert dict(section.session.opened.options) == {"overlap": ("24", "60")}
    section.form.flip_y.setChecked(True)
    settle(qtbot, section)
    assert places(section.session)["tile_r0_c0.tif"] == (2, 0)
    section.session.undo()
    assert places(section.session)["tile_r0_c0.tif"] == (0, 0)
    assert not section.form.flip_y.isChecked()
    assert section.form.overlap_x.value() == OVERLAP
    section.session.undo()
    assert section.session.project.layout.overlap_assumed
    assert section.form.overlap_x.value() == 24


def test_many_changes_within_a_moment_are_one_step(section, folder, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    for value in range(30, 41):
        section.form.overlap_y.setValue(value)
    settle(qtbot, section)
    assert overlap_of(section.session.project.layout) == (40, 24)
    section.session.undo()
    assert not section.session.can_undo


def test_what_changes_nothing_is_no_step(section, folder, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    choose(section.form.start, "bottom right")  # the names say rows and columns
    settle(qtbot, section)
    assert not section.session.can_undo
    assert section.session.opened.options == {"start": "bottom right"}


def test_names_that_only_count_ask_for_rows_and_offer_those_that_fit(section, numbered, qtbot):
    section.given.emit((numbered,))
    settle(qtbot, section)
    assert section.session.project is None
    assert "rows or columns" in section.message.text()
    assert section.fits.isVisible()
    offers = [piece.text() for piece in section._fits if piece.isVisible()]
    section._fits[offers.index("3 x 4")].click()
    settle(qtbot, section)
    assert section.message.isHidden()
    assert section.fits.isHidden()
    assert places(section.session)["img_004.tif"] == (1, 3)  # a snake comes back
    choose(section.form.order, "raster")
    settle(qtbot, section)
    assert places(section.session)["img_004.tif"] == (1, 0)
    choose(section.form.start, "bottom right")
    settle(qtbot, section)
    assert places(section.session)["img_000.tif"] == (2, 3)
    choose(section.form.first, "columns")
    settle(qtbot, section)
    assert places(section.session)["img_001.tif"] == (1, 3)


def test_a_pattern_says_what_the_names_mean(section, folder, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    section.form.pattern.setText("tile_r{col}_c{row}.tif")
    section.form.pattern.editingFinished.emit()
    settle(qtbot, section)
    assert places(section.session)["tile_r1_c3.tif"] == (3, 1)
    section.form.pattern.setText("none_{row}.tif")
    section.form.pattern.editingFinished.emit()
    settle(qtbot, section)
    assert "fits the pattern" in section.message.text()
    assert places(section.session)["tile_r1_c3.tif"] == (3, 1)  # what was there stays


def test_an_overlap_keeps_its_meaning_when_its_unit_is_changed(section, folder, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    section.form.overlap_y.setValue(48)
    settle(qtbot, section)
    choose(section.form.unit_of_overlap, "%")
    settle(qtbot, section)
    assert (section.form.overlap_y.value(), section.form.overlap_x.value()) == (20, 10)
    assert overlap_of(section.session.project.layout) == (48, 24)
    assert section.session.opened.options["overlap"] == ("20%", "10%")


def test_the_overlap_is_told_from_the_pictures_by_a_button(section, numbered, qtbot):
    section.given.emit((numbered,))
    settle(qtbot, section)
    section.form.rows.setValue(3)
    settle(qtbot, section)
    section.form.estimate.click()
    settle(qtbot, section)
    assert "no majority agrees" in section.message.text()  # they are no snake
    choose(section.form.order, "raster")
    settle(qtbot, section)
    section.form.estimate.click()
    settle(qtbot, section)
    y, x = section.form.overlap_y.value(), section.form.overlap_x.value()
    assert abs(y - OVERLAP) <= 4
    assert abs(x - OVERLAP) <= 4
    assert overlap_of(section.session.project.layout) == (y, x)
    assert "told from the pictures" in section.news.text()
    section.form.overlap_y.setValue(y + 1)  # and can be corrected
    settle(qtbot, section)
    assert overlap_of(section.session.project.layout) == (y + 1, x)


def test_a_file_of_positions_leaves_nothing_to_be_said_of_names_and_overlap(
    section, folder, qtbot
):
    path = folder / "TileConfiguration.txt"
    tile_configuration.write(path, open_layout(folder, overlap=50))
    section.given.emit((path,))
    settle(qtbot, section)
    assert overlap_of(section.session.project.layout) == (50, 50)
    form = section.form
    for box in (form.pattern, form.rows, form.start, form.overlap_y, form.overlap_x):
        assert not box.isEnabled()
    assert form.flip_y.isEnabled()
    form.flip_x.setChecked(True)
    settle(qtbot, section)
    assert places(section.session)["tile_r0_c0.tif"] == (0, 3)


def test_another_folder_keeps_how_a_series_runs_and_forgets_the_rest(
    section, folder, numbered, qtbot
):
    section.given.emit((numbered,))
    settle(qtbot, section)
    choose(section.form.order, "raster")
    section.form.rows.setValue(3)
    section.form.overlap_y.setValue(30)
    settle(qtbot, section)
    section.session.path = Path("of.seamnet.json")
    section.given.emit((folder,))
    settle(qtbot, section)
    assert section.asked == Asked((folder,), order="raster")
    assert section.session.path is None
    section.session.undo()
    assert section.asked.paths == (numbered,)
    assert section.form.rows.value() == 3


def test_a_change_of_the_form_opens_no_frame_again_but_those_that_changed(
    section, folder, chip, qtbot
):
    section.given.emit((folder,))
    settle(qtbot, section)
    before = section.session.project.layout
    section.form.overlap_y.setValue(50)
    settle(qtbot, section)
    after = section.session.project.layout
    assert after.positions != before.positions
    assert after.frames == before.frames
    tifffile.imwrite(folder / "tile_r1_c1.tif", chip.frames[0].read())
    section.form.overlap_y.setValue(40)
    settle(qtbot, section)
    last = section.session.project.layout
    others = [k for k, frame in enumerate(last.frames) if frame is not before.frames[k]]
    assert [last[k].name for k in others] == ["tile_r1_c1.tif"]


def test_a_folder_whose_pictures_changed_is_another_layout(section, folder, chip, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    section.session.decide(0, Shift(1, 2))
    before = section.session.project
    section.given.emit((folder,))
    settle(qtbot, section)
    assert section.session.project is before
    tifffile.imwrite(folder / "tile_r1_c1.tif", chip.frames[0].read())
    section.given.emit((folder,))
    settle(qtbot, section)
    assert section.session.project.layout is not before.layout


def test_what_cannot_be_opened_is_said_in_one_sentence(section, tmp_path, qtbot):
    section.source.setText(str(tmp_path / "nowhere"))
    section.source.returnPressed.emit()
    settle(qtbot, section)
    assert "no such file or folder" in section.message.text()
    (tmp_path / "empty").mkdir()
    section.given.emit((tmp_path / "empty",))
    settle(qtbot, section)
    assert "holds no picture" in section.message.text()
    assert section.fits.isHidden()


def test_a_new_layout_after_stitching_tells_how_to_go_back(section, folder, qtbot):
    section.given.emit((folder,))
    settle(qtbot, section)
    section.session.decide(0, Shift(1, 2))
    section.form.overlap_y.setValue(50)
    settle(qtbot, section)
    assert section.session.project.decisions == ()
    assert "undo brings back" in section.said.text()
    section.session.undo()
    assert len(section.session.project.decisions) == 1


def test_several_pictures_are_a_grid_too(section, folder, qtbot):
    paths = tuple(sorted(folder.glob("tile_r0_*.tif")))
    section.given.emit(paths)
    settle(qtbot, section)
    assert len(section.session.project.layout) == 4
    assert section.source.text() == f"4 pictures of {folder}"


def test_a_project_shows_its_file_and_is_not_laid_out_by_the_form(section, folder, qtbot):
    from napari_seamnet.projects import Project

    section.session.open(Project.of_layout(open_layout(folder)), Path("chip.seamnet.json"))
    assert section.source.text() == "chip.seamnet.json"
    assert section.asked is None
    assert not section.form.flip_y.isEnabled()
    assert not section.form.estimate.isEnabled()
    section.form.flip_y.setChecked(True)
    settle(qtbot, section)
    assert not section.session.can_undo


def test_a_layout_of_arrays_is_understood_without_files():
    frames = [np.full((40, 50), k, np.uint8) for k in range(4)]
    layout = open_layout(frames, rows=2, overlap=10)
    assert is_same(layout, open_layout(frames, rows=2, overlap=10))
    assert understood(layout, 4).lines[1] == "2 rows x 2 columns, 4 seams"
