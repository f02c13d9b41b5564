"""The list of seams as a table: which rows, in which order, and which one is the present seam.

What a row says is read in `_grid_rows.py`, how it is written in `_grid_cells.py`; what a click
leads to is decided in `_grid_review.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from ._grid_cells import HEADINGS, OFF, SEAM, SHIFT, SIGN, TIPS, WHY, about, cell_text, sign_icon
from ._grid_rows import Which, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtGui import QIcon

    from ._grid_rows import SeamRow

NONE_ABOVE = QModelIndex()
WIDTHS = (112, 78, 56)
"""Of the first columns, in screen px; the last one has the rest."""
LEAST_ROWS, MOST_ROWS = 4, 8
"""Rows that are seen at once: room for the seam below them."""


class SeamModel(QAbstractTableModel):
    """Some of the seams, in some order.

    Parameters
    ----------
    parent : QWidget
        Its end is the model's.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[SeamRow, ...] = ()
        self._all: tuple[SeamRow, ...] = ()
        self._which = Which.LOOK
        self._by: tuple[int, bool] | None = None
        self._signs: dict[Which, QIcon] = {}

    @property
    def all_rows(self) -> tuple[SeamRow, ...]:
        """Those that are not listed, too."""
        return self._all

    @property
    def which(self) -> Which:
        """The seams that are listed."""
        return self._which

    def show_rows(self, rows: Sequence[SeamRow], which: Which | None = None) -> None:
        """List these, or those among them that belong to a choice.

        Parameters
        ----------
        rows : sequence of SeamRow
            Of all seams.
        which : Which, optional
            Another choice than before.
        """
        self._all = tuple(rows)
        self._which = which or self._which
        new = self._sorted(listed(self._all, self._which))
        if [row.seam for row in new] == [row.seam for row in self.rows]:
            changed = [k for k, row in enumerate(new) if row != self.rows[k]]
            self.rows = new
            if changed:
                self.dataChanged.emit(
                    self.index(changed[0], 0), self.index(changed[-1], len(HEADINGS) - 1)
                )
            return
        self.beginResetModel()
        self.rows = new
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 by doubt."""
        self._by = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self.beginResetModel()
        self.rows = self._sorted(listed(self._all, self._which))
        self.endResetModel()

    def row_of(self, seam: int | None) -> int | None:
        """Where a seam is listed."""
        return next((k for k, row in enumerate(self.rows) if row.seam == seam), None)

    def rowCount(self, parent: QModelIndex = NONE_ABOVE) -> int:
        """How many seams."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = NONE_ABOVE) -> int:
        """How many columns."""
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What stands above a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        return TIPS[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(row, column)
        if role == Qt.ItemDataRole.DecorationRole and column == SEAM:
            if row.which not in self._signs:
                self._signs[row.which] = sign_icon(row)
            return self._signs[row.which]
        if role == Qt.ItemDataRole.ToolTipRole:
            return about(row)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == OFF:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _sorted(self, rows: tuple[SeamRow, ...]) -> tuple[SeamRow, ...]:
        if self._by is None:
            return rows
        column, turned = self._by
        return tuple(sorted(rows, key=_KEYS[column], reverse=turned))


class SeamTable(QTableView):
    """The table; a click on a row tells its seam, and never takes the keys from the frame."""

    chosen = Signal(int)
    """A seam was chosen in the table."""

    def __init__(self) -> None:
        super().__init__()
        self.seams = SeamModel(self)
        self.setModel(self.seams)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(SIGN, SIGN))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)  # Tab leads on to the next control, not through the cells
        rows, across = self.verticalHeader(), self.horizontalHeader()
        if rows is not None:
            rows.hide()
            rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            rows.setDefaultSectionSize(self.fontMetrics().height() + 7)
        if across is not None:
            across.setHighlightSections(False)
            across.setStretchLastSection(True)
            across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            across.setFixedHeight(self.fontMetrics().height() + 8)
            across.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            across.setSortIndicatorClearable(True)
            for column, width in enumerate(WIDTHS):
                self.setColumnWidth(column, width)
        self.setSortingEnabled(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._present: int | None = None
        self._is_following = False
        self.seams.modelReset.connect(self._follow)
        selection = self.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._on_current)
        self._fit()

    def show_rows(self, rows: Sequence[SeamRow], which: Which | None = None) -> None:
        """List seams; see `SeamModel.show_rows`."""
        self.seams.show_rows(rows, which)
        self._fit()

    def show_seam(self, seam: int | None) -> None:
        """Mark a seam as the present one, and bring it into sight, if it is listed."""
        self._present = seam
        self._follow()

    def step(self, by: int) -> int | None:
        """The seam that is `by` rows further down than the present one; it goes round.

        If the present one is not listed (any more): the first or the last.
        """
        rows = self.seams.rows
        if not rows:
            return None
        at = self.seams.row_of(self._present)
        if at is None:
            return rows[0 if by > 0 else -1].seam
        return rows[(at + by) % len(rows)].seam

    def _follow(self) -> None:
        selection, at = self.selectionModel(), self.seams.row_of(self._present)
        if selection is None:
            return
        self._is_following = True
        try:
            if at is None:
                selection.clear()
            else:
                index = self.seams.index(at, 0)
                flags = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.scrollTo(index)
        finally:
            self._is_following = False

    def _on_current(self, index: QModelIndex, before: QModelIndex) -> None:
        if index.isValid() and not self._is_following:
            self._present = self.seams.rows[index.row()].seam
            self.chosen.emit(self._present)

    def _fit(self) -> None:
        """Be as high as what is listed, within limits."""
        n = min(max(len(self.seams.rows), LEAST_ROWS), MOST_ROWS)
        header, rows = self.horizontalHeader(), self.verticalHeader()
        if header is not None and rows is not None:
            height = header.height() + n * rows.defaultSectionSize() + 4
            if height == self.minimumHeight():
                return
            self.setFixedHeight(height)
            # At once: what lies below would lie over the last rows for a moment.
            parent = self.parentWidget()
            while parent is not None and (layout := parent.layout()) is not None:
                layout.activate()
                parent = parent.parentWidget()


_KEYS: dict[int, Callable[[SeamRow], Any]] = {
    SEAM: lambda row: row.seam,
    SHIFT: lambda row: -1.0 if row.shift is None else max(abs(row.shift.dy), abs(row.shift.dx)),
    OFF: lambda row: -1.0 if row.residual is None else row.residual,
    WHY: lambda row: (row.which, row.doubt),
}
