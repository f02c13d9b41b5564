"""How a grid is to be understood, as boxes: names, series, overlap, turned axes, units.

The form only: it becomes `Asked`, and shows what `Asked` says. What is opened, and what is said of
it, is in `_grid_lay_out.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from ._controls import NumberBox, button, combo, pixels, row
from ._grid_fold import Fold
from ._grid_source import Asked, overlap_of
from ._tiles_busy import Busy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtpy.QtWidgets import QComboBox

    from ..layouts import Layout

MOST = 9_999
STARTS = ("top left", "top right", "bottom left", "bottom right")
ORDERS = {
    "snake": ("snake", "Each line goes back the way the last one came"),
    "raster": ("raster", "Each line begins on the same side"),
}
FIRSTS = {
    "rows": ("rows first", "The series runs along a row, then along the next"),
    "columns": ("columns first", "The series runs down a column, then down the next"),
}
UNITS = {"": "as said", "px": "px", "um": "µm"}
KNOWN = "The source says where each frame lies, so nothing is to be told here"
SERIES = "Series of frames whose names only count them; give rows or columns"


class LayoutForm(QWidget):
    """Boxes for everything of `Asked` but the source."""

    changed = Signal()
    """The person has changed a box."""
    estimating = Signal()
    """The overlap is to be told from the pictures."""

    def __init__(self) -> None:
        super().__init__()
        self._layout: Layout | None = None
        self._is_known = False
        self._has_names = False
        self._has_overlap = False
        self._make()
        self._place()
        self._enable()

    def asked(self, paths: tuple[Path, ...], left_out: tuple[str, ...]) -> Asked:
        """What the boxes say of a source; those that cannot be changed say nothing."""
        unit = self.unit_of_overlap.currentData()
        names = self._has_names
        return Asked(
            paths,
            self.pattern.text().strip() if names else "",
            self.rows.value() if names else 0,
            self.cols.value() if names else 0,
            self.start.currentData(),
            self.order.currentData(),
            self.first.currentData(),
            (f"{self.overlap_y.value()}{unit}", f"{self.overlap_x.value()}{unit}")
            if self._has_overlap and names
            else None,
            self.flip_y.isChecked(),
            self.flip_x.isChecked(),
            self.swap_yx.isChecked(),
            as_number(self.pixel_size.text()),
            self.unit.currentData(),
            self.page.value(),
            left_out,
        )

    def show_asked(self, asked: Asked | None) -> None:
        """Show what was asked for; None where that is not known, as of a project."""
        blockers = [QSignalBlocker(box) for box in (*self._boxes, self.estimate)]
        self._has_names = asked is not None and asked.has_names
        self._has_overlap = asked is not None and asked.overlap is not None
        if asked is not None:
            self.pattern.setText(asked.pattern)
            self.rows.setValue(asked.rows)
            self.cols.setValue(asked.cols)
            for box, value in (
                (self.start, asked.start.replace("-", " ")),
                (self.order, asked.order),
                (self.first, asked.first),
                (self.unit, asked.unit),
            ):
                box.setCurrentIndex(max(0, box.findData(value)))
            self.flip_y.setChecked(asked.flip_y)
            self.flip_x.setChecked(asked.flip_x)
            self.swap_yx.setChecked(asked.swap_yx)
            self.pixel_size.setText(f"{asked.pixel_size:g}" if asked.pixel_size else "")
            self.page.setValue(asked.page)
        if asked is not None and asked.overlap is not None:
            y, x = asked.overlap
            unit = "%" if y.endswith("%") else ""
            self.unit_of_overlap.setCurrentIndex(self.unit_of_overlap.findData(unit))
            self.overlap_y.setValue(round(as_number(y.rstrip("%px "))))
            self.overlap_x.setValue(round(as_number(x.rstrip("%px "))))
        del blockers
        self._is_known = asked is not None
        self._enable()

    def show_layout(self, layout: Layout | None) -> None:
        """Show how far the frames of a layout overlap, where nobody said it."""
        self._layout = layout
        if layout is not None and not self._has_overlap:
            y, x = overlap_of(layout) or (0.0, 0.0)
            boxes = self.overlap_y, self.overlap_x, self.unit_of_overlap
            blockers = [QSignalBlocker(box) for box in boxes]
            self.overlap_y.setValue(max(0, round(y)))
            self.overlap_x.setValue(max(0, round(x)))
            self.unit_of_overlap.setCurrentIndex(0)
            del blockers
        self._enable()

    def take_fit(self, rows: int, cols: int) -> None:
        """Fill in rows and columns, as if by hand."""
        with QSignalBlocker(self.rows), QSignalBlocker(self.cols):
            self.rows.setValue(rows)
            self.cols.setValue(cols)
        self.changed.emit()

    # -- inside -------------------------------------------------------------------------------

    def _make(self) -> None:
        change = self.changed.emit
        self.pattern = QLineEdit()
        self.pattern.setPlaceholderText("guessed from the names")
        self.pattern.setToolTip(
            "How names say where a frame lies: {row}, {col}, {serial}, {y}, {x} and {any} stand "
            "for what varies, as in tile_r{row}_c{col}.tif; empty to guess it"
        )
        self.pattern.editingFinished.connect(change)
        count = "Size of the grid, where names only count the frames; one of the two is enough"
        self.rows = _box(count, change, 92, "auto")
        self.cols = _box(count, change, 92, "auto")
        self.start = _choices(
            f"{SERIES}. Corner of its first frame", {start: (start, "") for start in STARTS}
        )
        self.order = _choices(f"{SERIES}. How its lines follow each other", ORDERS)
        self.first = _choices(f"{SERIES}. What it runs through first", FIRSTS)
        self.overlap_y = _box("", self._on_overlap, 66)
        self.overlap_x = _box("", self._on_overlap, 66)
        self.unit_of_overlap = _choices(
            "Overlaps in px, or in % of a frame's side", {"": ("px", ""), "%": ("%", "")}
        )
        self.unit_of_overlap.setFixedWidth(60)
        self.unit_of_overlap.activated.connect(self._on_unit)
        self.estimate = button(
            "Estimate from pictures",
            "Look at a few seams, spread over the grid, for how far neighbours overlap",
            self.estimating.emit,
        )
        estimate = QWidget()
        estimate.setLayout(row("in", self.unit_of_overlap, self.estimate, 1))
        self.busy = Busy(estimate, "Stop; the layout stays as it is")
        self.flip_y = _tick("flip y", "Rows count upwards, or the stage's y axis points up")
        self.flip_x = _tick("flip x", "Columns count leftwards, or the stage's x axis points left")
        self.swap_yx = _tick("swap", "Exchange y and x, rows and columns; before any flip")
        self.pixel_size = QLineEdit()
        self.pixel_size.setPlaceholderText("as said")
        self.pixel_size.setFixedWidth(64)
        self.pixel_size.setToolTip("Side of a pixel in µm; with it, positions in names are µm")
        self.pixel_size.editingFinished.connect(change)
        self.unit = _choices(
            "Unit of positions, where the source does not say it, or says it wrongly",
            {unit: (words, "") for unit, words in UNITS.items()},
        )
        self.page = _box(
            "Which plane of every file, from 0 on, where they hold several",
            change,
            88,
            "only one",
            low=-1,
        )
        for choices in (self.start, self.order, self.first, self.unit):
            choices.activated.connect(lambda _: change())
        for tick in (self.flip_y, self.flip_x, self.swap_yx):
            tick.toggled.connect(lambda _: change())
        self._boxes: tuple[QWidget, ...] = (
            self.pattern, self.rows, self.cols, self.start, self.order, self.first,
            self.overlap_y, self.overlap_x, self.unit_of_overlap, self.flip_y, self.flip_x,
            self.swap_yx, self.pixel_size, self.unit, self.page,
        )  # fmt: skip

    def _place(self) -> None:
        more = QWidget()
        inside = QVBoxLayout(more)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(5)
        inside.addLayout(row("Pixel", self.pixel_size, "µm", None, "positions in", self.unit))
        inside.addLayout(row("Plane of each file", self.page, None))
        fold = Fold("more", "Size of a pixel, unit of positions, plane of each file", more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("Names", self.pattern, 1))
        layout.addLayout(row("Rows", self.rows, None, "columns", self.cols))
        layout.addLayout(row(self.start, 5, self.order, 4, self.first, 6))
        layout.addLayout(row("Overlap", None, "y", self.overlap_y, "x", self.overlap_x))
        layout.addWidget(self.busy)
        layout.addLayout(row(self.flip_y, self.flip_x, self.swap_yx, None, fold))
        layout.addWidget(more)

    def _enable(self) -> None:
        """Let those boxes be changed that can say something of this source."""
        layout = self._layout
        for box in (self.pattern, self.rows, self.cols, self.start, self.order, self.first):
            box.setEnabled(self._has_names)
        told = layout is not None and not self._has_overlap and not layout.overlap_assumed
        for overlap, where in (
            (self.overlap_y, "above each other"),
            (self.overlap_x, "side by side"),
            (self.unit_of_overlap, ""),
        ):
            overlap.setEnabled(self._has_names and layout is not None and not told)
            if where:
                tip = f"How far frames {where} overlap nominally"
                overlap.setToolTip(f"{tip}. {KNOWN}" if told else tip)
        for piece in (
            self.flip_y, self.flip_x, self.swap_yx, self.pixel_size, self.unit, self.page,
        ):  # fmt: skip
            piece.setEnabled(self._is_known)
        is_grid = layout is not None and layout.is_grid and len(layout) > 1
        self.estimate.setEnabled(is_grid and self._is_known)

    def _on_overlap(self, *_: object) -> None:
        self._has_overlap = True
        self.changed.emit()

    def _on_unit(self) -> None:
        """Keep what the boxes mean: 100 of 1,000 px become 10 %."""
        if self._layout is None:
            return
        is_part = self.unit_of_overlap.currentData() == "%"
        sides = self._layout[0].frame.shape
        for box, side in zip((self.overlap_y, self.overlap_x), sides, strict=True):
            with QSignalBlocker(box):
                box.setValue(round(box.value() * (100 / side if is_part else side / 100)))
        self._on_overlap()


def as_number(text: str) -> float:
    """Read a number that a person typed; 0 where there is none.

    Examples
    --------
    >>> as_number("0,25"), as_number("about 3")
    (0.25, 0.0)
    """
    try:
        return max(0.0, float(text.replace(",", ".") or 0))
    except ValueError:
        return 0.0


def _box(
    tip: str, changed: Callable[[], object], width: int, nothing: str = "", *, low: int = 0
) -> NumberBox:
    made = pixels(low, MOST, low, tip, lambda _: changed(), unit="")
    made.setSpecialValueText(nothing)
    made.setFixedWidth(width)
    return made  # type: ignore[return-value]


def _choices(tip: str, entries: dict[str, tuple[str, str]]) -> QComboBox:
    made = combo(tip)
    for data, (words, what) in entries.items():
        made.addItem(words, data)
        if what:
            made.setItemData(made.count() - 1, what, Qt.ItemDataRole.ToolTipRole)
    return made


def _tick(words: str, tip: str) -> QCheckBox:
    made = QCheckBox(words)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
