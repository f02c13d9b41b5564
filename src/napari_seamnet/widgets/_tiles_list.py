"""The list of seed pairs: what a row holds, which rows are shown, and how one is painted.

Looking at the pairs is in `_tiles_look.py`; what a click leads to is decided in `tiles.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from qtpy.QtGui import QColor, QFont, QFontMetrics, QPainter
from qtpy.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ..learning.hand import Decided
from ._tiles_look import SIDE
from ._tiles_theme import TROUBLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..learning.hand import HandAlignment
    from ._tiles_look import Seen
    from ._tiles_theme import Colours

PAIR = Qt.ItemDataRole.UserRole
"""Role of a row's `SeedPair`."""
WHO = {
    Decided.HAND: "by hand",
    Decided.CONFIRMED: "confirmed",
    Decided.TRUTH: "known offset",
}
BROKEN = "broken"
NONE_ABOVE = QModelIndex()
MARGIN = 4


@dataclass
class SeedPair:
    """One row: a hand alignment, and what is known of it so far."""

    alignment: HandAlignment
    seen: Seen | None = None

    @property
    def broken(self) -> str:
        """Why the pair cannot be used; empty as long as nothing is known against it."""
        return self.seen.broken if self.seen else ""

    @property
    def decision(self) -> str:
        """The shift, and who decided on it."""
        dy, dx = self.alignment.shift.whole()
        return f"({dy:+d}, {dx:+d}) px · {WHO[self.alignment.decided]}"

    @property
    def traits(self) -> str:
        """Noise, contrast and period in one line."""
        found = self.seen.traits if self.seen else None
        if found is None and not (self.seen and self.seen.measured):
            return "…"
        if found is None and not self.broken:
            return "nothing to measure"
        if found is None:
            reason = self.broken
            for file in (self.alignment.first, self.alignment.second):
                reason = reason.replace(str(file.path), file.path.name)  # the reason counts
            return f"{BROKEN}: {reason}"
        period = f"{found.period:.0f} px" if found.period else "none"
        return f"noise {found.noise:.2f} · contrast {found.contrast:.2f} · period {period}"

    @property
    def about(self) -> str:
        """Everything, for the tooltip."""
        one = self.alignment
        dy, dx = one.shift
        lines = [
            self.broken,
            f"{one.first.path}",
            f"{one.second.path}",
            f"second lies {one.side.value}, overlap {one.overlap} px, shift dy {dy:+g}, "
            f"dx {dx:+g} px",
            f"{WHO[one.decided]}, {one.time[:16].replace('T', ' ')} UTC",
            one.note,
            "" if self.broken else "double-click: open it in Align pair",
        ]
        return "\n".join(line for line in lines if line)


class SeedModel(QAbstractListModel):
    """The pairs, newest first."""

    noted = Signal(str, str)
    """A pair's id, and the note that a person wrote."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.pairs: list[SeedPair] = []

    def show(self, alignments: Sequence[HandAlignment]) -> None:
        """Show these, given in the order of the file; what was seen of them stays."""
        newest = sorted(alignments, key=lambda one: one.time, reverse=True)
        known = {pair.alignment.id: pair.seen for pair in self.pairs}
        pairs = [SeedPair(one, known.get(one.id)) for one in newest]
        if [pair.alignment for pair in pairs] == [pair.alignment for pair in self.pairs]:
            return
        self.beginResetModel()
        self.pairs = pairs
        self.endResetModel()

    def show_seen(self, alignment: HandAlignment, seen: Seen) -> None:
        """Show what was seen of a pair, if it is still the same one."""
        for number, pair in enumerate(self.pairs):
            if pair.alignment.id == alignment.id and pair.alignment == alignment:
                old = pair.seen
                if old and old.traits and not seen.measured:  # what was measured may well hold
                    seen = replace(seen, traits=old.traits)
                pair.seen = seen
                self.dataChanged.emit(self.index(number), self.index(number))

    def rowCount(self, parent: QModelIndex = NONE_ABOVE) -> int:
        """How many pairs."""
        return 0 if parent.isValid() else len(self.pairs)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a row shows."""
        if not index.isValid():
            return None
        pair = self.pairs[index.row()]
        if role == PAIR:
            return pair
        if role == Qt.ItemDataRole.DisplayRole:
            return pair.alignment.name
        if role == Qt.ItemDataRole.EditRole:
            return pair.alignment.note
        return pair.about if role == Qt.ItemDataRole.ToolTipRole else None

    def setData(
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Take a note."""
        note = str(value).strip()
        alignment = self.pairs[index.row()].alignment
        if role != Qt.ItemDataRole.EditRole or note == alignment.note:
            return False
        self.noted.emit(alignment.id, note)
        return True

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Every row can be chosen, and its note be written."""
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable


class SeedFilter(QSortFilterProxyModel):
    """Shows only some of the pairs."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._who = ""
        self._text = ""

    def choose(self, who: str, text: str) -> None:
        """Show only those decided on by somebody ("" for all), whose name or note holds a text."""
        self._who, self._text = who, text.strip().casefold()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        """Whether to show a row."""
        model = self.sourceModel()
        if not isinstance(model, SeedModel):
            return False
        pair = model.pairs[source_row]
        one = pair.alignment
        if self._who == BROKEN and not pair.broken:
            return False
        if self._who not in ("", BROKEN) and one.decided != self._who:
            return False
        return self._text in f"{one.name}\n{one.note}".casefold()


class SeedDelegate(QStyledItemDelegate):
    """Paints a pair: its thumbnail, and four short lines beside it; the last is the note."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.colours: Colours | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """As high as the thumbnail or the four lines."""
        lines = 4 * QFontMetrics(option.font).height()
        return QSize(200, max(SIDE, lines) + 2 * MARGIN)

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Paint a row."""
        pair: SeedPair = index.data(PAIR)
        colours = self.colours
        if painter is None or colours is None:
            return
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(colours.chosen))
        place = QRect(option.rect.x() + MARGIN, option.rect.y() + MARGIN, SIDE, SIDE)
        if pair.seen is not None and pair.seen.picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, pair.seen.picture)
        else:
            painter.setPen(QColor(colours.line))
            painter.drawRect(place.adjusted(0, 0, -1, -1))
            if pair.broken:
                painter.drawLine(place.topLeft(), place.bottomRight())
                painter.drawLine(place.topRight(), place.bottomLeft())
        bold, italic = QFont(option.font), QFont(option.font)
        bold.setBold(True)
        italic.setItalic(True)
        third = QColor(TROUBLE) if pair.broken else colours.faint
        lines = (
            (pair.alignment.name, bold, QColor(colours.text), Qt.TextElideMode.ElideMiddle),
            (pair.decision, option.font, QColor(colours.text), Qt.TextElideMode.ElideRight),
            (pair.traits, option.font, third, Qt.TextElideMode.ElideRight),
            (pair.alignment.note, italic, colours.faint, Qt.TextElideMode.ElideRight),
        )
        for number, (text, font, colour, elide) in enumerate(lines):
            line = _line(option, number)
            painter.setFont(font)
            painter.setPen(colour)
            shown = QFontMetrics(font).elidedText(text, elide, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def createEditor(
        self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget:
        """A line to write the note in."""
        editor = QLineEdit(parent)
        editor.setPlaceholderText("note, such as: strong charging on the left")
        editor.setFrame(False)
        return editor

    def setModelData(
        self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex
    ) -> None:
        """Hand the note on."""
        if isinstance(editor, QLineEdit) and model is not None:
            model.setData(index, editor.text())

    def updateEditorGeometry(
        self, editor: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Put the line where the note stands."""
        if editor is not None:
            editor.setGeometry(_line(option, 3).adjusted(-2, -1, 0, 2))


def _line(option: QStyleOptionViewItem, number: int) -> QRect:
    height = QFontMetrics(option.font).height()
    top = option.rect.y() + (option.rect.height() - 4 * height) // 2 + number * height
    left = option.rect.x() + SIDE + 3 * MARGIN
    return QRect(left, top, option.rect.right() - left - MARGIN, height)
