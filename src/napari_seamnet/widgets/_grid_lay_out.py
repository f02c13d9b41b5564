"""Step 1 of Stitch grid: what to open, and what was understood of it.

How it is to be understood is the form's (`_grid_form.py`); it is opened in `_grid_opening.py`, and
put into words in `_grid_source.py`.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QFileDialog, QLineEdit, QMenu, QVBoxLayout, QWidget

from ..layouts.describe import describe_layout
from ._controls import button, combo, label, row
from ._grid_form import LayoutForm
from ._grid_source import Asked, fits, understood
from ._tiles_theme import GOOD, TROUBLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..layouts import Layout
    from ._grid_autosave import Kept
    from ._grid_session import GridSession

SETTLES_MS = 50
"""Until a form that is being changed is taken as it is."""
WORTH_SHOWING_S = 0.5
"""Work that is done sooner shows no progress: the form would flicker at each change."""
FILES = (
    "Layouts, pictures, projects (*.txt *.csv *.tsv *.ome *.xml *.json *.tif *.tiff *.btf *.png "
    "*.jpg *.jpeg *.bmp);;All files (*)"
)


class LayOutSection(QWidget):
    """Source, grids of earlier sittings, what was understood, and the form.

    Parameters
    ----------
    session : GridSession
        Whose layout it shows.
    folder : str
        Where files were looked for last.
    """

    changed = Signal(object)
    """The layout is to be understood anew, as `Asked`."""
    given = Signal(object)
    """The person wants to open these paths."""
    going_on = Signal(object)
    """The person wants to go on with a grid of an earlier sitting, as `Kept`."""
    estimating = Signal(object)
    """The overlap is to be told from the pictures; `Asked` says how the layout came about."""
    cancelled = Signal()

    def __init__(self, session: GridSession, folder: str = "") -> None:
        super().__init__()
        self._session = session
        self._asked: Asked | None = None
        self._folder = folder
        self._began = 0.0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SETTLES_MS)
        self._soon.timeout.connect(self._ask)
        self.form = LayoutForm()
        self._make()
        self._place()
        self.form.changed.connect(self._on_change)
        self.form.estimating.connect(self._on_estimate)
        self.form.busy.cancelled.connect(self.cancelled)
        session.laid_out.connect(self.show_session)
        self.show_session()

    @property
    def asked(self) -> Asked | None:
        """What the form says now; None before anything was opened, and of a project."""
        if self._asked is None:
            return None
        return self.form.asked(self._asked.paths, self._asked.left_out)

    def ask_for(self, paths: tuple[Path, ...]) -> None:
        """Ask for another source; how its series runs is taken to be as it was."""
        before = self.asked
        fresh = Asked(paths)
        if before is not None:
            fresh = Asked(paths, start=before.start, order=before.order, first=before.first)
        self.show_asked(fresh)
        self._ask()

    # -- what is shown ------------------------------------------------------------------------

    def show_asked(self, asked: Asked | None) -> None:
        """Show what was asked for; None where that is not known, as of a project."""
        self._soon.stop()
        self._asked = asked
        self.form.show_asked(asked)
        if asked is not None:
            self.source.setText(_named(asked.paths))
            self.source.setToolTip("\n".join(map(str, asked.paths[:20])))
        self.fits.hide()

    def show_session(self) -> None:
        """Show the session's layout, and how it was asked for, if that is known."""
        project, opened = self._session.project, self._session.opened
        if project is not None:
            self.show_asked(None if opened is None else Asked.of_opened(opened))
            if opened is None:
                where = self._session.path
                self.source.setText(project.layout.source if where is None else str(where))
                self.source.setToolTip(
                    "Laid out as the project says; open the folder to change it"
                )
            self.say("")
        self.show_layout(None if project is None else project.layout)

    def show_layout(self, layout: Layout | None) -> None:
        """Say what was understood."""
        self.form.show_layout(layout)
        self.again.setVisible(self.kept.count() > 0 and layout is None)
        self.lines.setVisible(layout is not None)
        project = self._session.project
        if layout is None or project is None:
            self.notes.hide()
            self.news.hide()
            return
        told = understood(layout, len(project.seams))
        self.lines.setText("\n".join(told.lines))
        self.lines.setToolTip(describe_layout(layout))
        self.notes.setText("\n".join(f"! {note}" for note in told.notes))
        self.notes.setVisible(bool(told.notes))
        self.news.setText("\n".join(told.news))
        self.news.setVisible(bool(told.news))

    def show_kept(self, kept: Sequence[Kept]) -> None:
        """Offer grids of earlier sittings."""
        self.kept.clear()
        for one in kept:
            self.kept.addItem(one.words(), one)
            self.kept.setItemData(self.kept.count() - 1, one.folder, Qt.ItemDataRole.ToolTipRole)
        self.again.setVisible(bool(kept) and self._session.project is None)

    def show_failed(self, asked: Asked) -> None:
        """Offer rows and columns that would fit, where only those may be missing."""
        offers = () if asked.pattern or asked.rows or asked.cols else fits(asked.paths)
        for k, piece in enumerate(self._fits):
            piece.setVisible(k < len(offers))
            if k < len(offers):
                piece.setText("{} x {}".format(*offers[k]))
        self.fits.setVisible(bool(offers))

    def say(self, text: str) -> None:
        """Show one sentence on what is wrong; an empty one takes everything back."""
        # What the commands call an option is a box here.
        text = text.replace("give rows or cols", "give rows or columns")
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))
        self.said.hide()

    def note(self, text: str) -> None:
        """Show one sentence on what came of something."""
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def show_progress(self, done: int, total: int, what: str) -> None:
        """Show how far the work is, unless it will be done in a moment."""
        now = time.monotonic()
        if what == "starting":
            self._began = now
        if now - self._began > WORTH_SHOWING_S:
            self.form.busy.show_progress(done, total, what)

    def show_ready(self) -> None:
        """Show no progress any more."""
        self.form.busy.show_ready()

    # -- inside -------------------------------------------------------------------------------

    def _make(self) -> None:
        self.source = QLineEdit()
        self.source.setPlaceholderText("drop a folder of frames here")
        self.source.setToolTip("Folder, layout file or project; Enter opens what is typed here")
        self.source.returnPressed.connect(self._on_path)
        self.open = button("Open", "Open a folder of frames, a layout file or a project", _menu)
        menu = QMenu(self.open)
        menu.addAction("Folder of frames...", self._ask_for_folder)
        menu.addAction("Layout file, pictures or project...", self._ask_for_files)
        self.open.setMenu(menu)
        self.open.setMinimumWidth(self.open.minimumWidth() + 22)  # for its arrow
        self.kept = combo("Grids of earlier sittings, kept as they were, the latest first")
        self.go_on = button(
            "Go on with it",
            "Open it as it was when napari was closed: layout, seams and decisions",
            lambda: self.going_on.emit(self.kept.currentData()),
        )
        self.lines, self.notes, self.news = (label(wraps=True) for _ in range(3))
        self.message, self.said = label(wraps=True), label(wraps=True)
        for trouble in (self.notes, self.message):
            trouble.setStyleSheet(f"color: {TROUBLE}")
        self.said.setStyleSheet(f"color: {GOOD}")
        self.news.setStyleSheet(f"color: {GOOD}")
        self._fits = []
        for k in range(4):
            tip = "Take these rows and columns; start, snake and direction can be changed below"
            self._fits.append(button("16 x 16", tip, partial(self._take_fit, k)))

    def _place(self) -> None:
        self.again, self.fits = QWidget(), QWidget()
        self.again.setLayout(row(self.kept, 1, self.go_on))
        self.fits.setLayout(row("Rows x columns", *self._fits, None))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row(self.source, 1, self.open))
        pieces = (
            self.again, self.message, self.fits, self.lines, self.news, self.notes, self.said,
        )  # fmt: skip
        for piece in (*pieces, self.form):
            layout.addWidget(piece)
        for piece in (self.again, self.message, self.fits, self.said):
            piece.hide()

    def _on_change(self) -> None:
        if self._asked is not None and self.asked != self._asked:
            self._soon.start()

    def _ask(self) -> None:
        asked = self.asked
        if asked is not None:
            self._asked = asked
            self.changed.emit(asked)

    def _on_estimate(self) -> None:
        asked = self.asked
        if asked is not None:
            self.estimating.emit(asked)

    def _take_fit(self, k: int) -> None:
        rows, _, cols = self._fits[k].text().partition(" x ")
        self.fits.hide()
        self.form.take_fit(int(rows), int(cols))

    def _on_path(self) -> None:
        text = self.source.text().strip().strip('"')
        if text:
            self.given.emit((Path(text).expanduser(),))

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of frames", self._start())
        if chosen:
            self.given.emit((Path(chosen),))

    def _ask_for_files(self) -> None:
        title = "Layout file, pictures or project"
        chosen, _ = QFileDialog.getOpenFileNames(self, title, self._start(), FILES)
        if chosen:
            self.given.emit(tuple(map(Path, chosen)))

    def _start(self) -> str:
        return self._folder if self._asked is None else str(self._asked.paths[0].parent)


def _named(paths: tuple[Path, ...]) -> str:
    n = len(paths)
    return str(paths[0]) if n == 1 else f"{n:,} pictures of {paths[0].parent}"


def _menu() -> None:
    """Do nothing: the button opens its menu."""
