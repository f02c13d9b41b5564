"""Step 4 of Stitch grid: how the mosaic is shown, and what becomes of it.

Buttons and their dialogs only. What they write is in `_grid_writing.py`, the project in
`_grid_keeping.py`; what is shown in the viewer is in `_grid_layers.py`, and what comes to a folder
that is watched is told by `_grid_watch.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QApplication, QCheckBox, QVBoxLayout, QWidget

from ..as_text import AsTextError
from ..mosaic import Ownership
from ..projects import ENDING
from ..stitching import StitchSettings, Workers
from . import _grid_ask as ask
from ._controls import button, combo, label, row
from ._grid_keeping import Keeping
from ._grid_shows import Shows
from ._grid_watch import WatchBox, Watching
from ._grid_writing import Writing
from ._tiles_busy import Busy
from ._tiles_theme import GOOD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..as_text import Opened
    from ._grid_session import GridSession

OWNERSHIPS = {
    Ownership.NEAREST_CENTRE: "Where frames overlap, the one whose centre is nearest is shown",
    Ownership.FIRST: "Where frames overlap, the earliest is shown",
    Ownership.LAST: "Where frames overlap, the latest is shown",
}
FORMATS = {".ome.zarr": "OME-Zarr", ".ome.tif": "OME-TIFF"}
NO_GRID = "Open a folder of frames, a layout file or a project first"
NO_POSITIONS = "Stitch the grid first: there are no positions yet"


class FinishSection(QWidget):
    """Ownership, what is shown, export, tables, report, project, texts.

    Parameters
    ----------
    session : GridSession
        The grid.
    look : object, optional
        Shows it: those of `_grid_shows.SHOWS` that are attributes of it can be switched.
    workers : callable, optional
        Tells who does the work, for the texts.
    settings, waits, asked : callable, optional
        See `Watching`.
    """

    def __init__(
        self,
        session: GridSession,
        look: Any = None,
        workers: Callable[[], Workers] = Workers,
        *,
        settings: Callable[[], StitchSettings] = StitchSettings,
        waits: Callable[[], bool] = bool,
        asked: Callable[[], Opened | None] = lambda: None,
    ) -> None:
        super().__init__()
        self._session = session
        self.watching = Watching(session, self, settings=settings, waits=waits, asked=asked)
        self.watch = WatchBox(session, self.watching)
        self.keeping = Keeping(session, self)
        self.writing = Writing(session, self.keeping, self, workers)
        self.ownership = combo("Which frame is shown where several overlap; written so, too")
        for ownership, tip in OWNERSHIPS.items():
            self.ownership.addItem(str(ownership), ownership)
            self.ownership.setItemData(
                self.ownership.count() - 1, tip, Qt.ItemDataRole.ToolTipRole
            )
        self.ownership.activated.connect(self._on_ownership)
        self.shows = Shows(look)
        self._make_buttons()
        self.message = label(wraps=True)
        self.message.setStyleSheet("color: #c8700a")
        self.done = label(wraps=True)
        self.done.setStyleSheet(f"color: {GOOD}")
        self._lay_out()
        for work, busy in ((self.writing.work, self.drawing), (self.keeping.work, self.saving)):
            work.progressed.connect(busy.show_progress)
            work.ended.connect(busy.show_ready)
            work.ended.connect(self.show_session)
        self.drawing.cancelled.connect(self._stop_drawing)
        self.saving.cancelled.connect(self._stop_saving)
        for doer, did in ((self.writing, self.writing.wrote), (self.keeping, self.keeping.kept)):
            doer.said.connect(self.say)
            did.connect(self.say_done)
        self.keeping.lost.connect(self._on_lost)
        session.changed.connect(self.show_session)
        self.say("")
        self.show_session()

    # -- what a person does -------------------------------------------------------------------

    def open_project(self, path: Path) -> None:
        """Open a project; asks first if decisions would be lost, and where its frames are."""
        if self.keeping.would_lose and not ask.is_wanted(
            self, "What you decided is not saved in a project. Open another one all the same?"
        ):
            return
        self.keeping.open(path)

    def save_project(self, elsewhere: bool = False) -> None:
        """Save the project where it was, or ask where."""
        path = self._session.path
        if path is None or elsewhere:
            start = path or self.writing.suggest(ENDING)
            path = ask.where_to(self, "Project", start, (ENDING,))
        if path is not None:
            self.keeping.save(path)

    def copy(self, kind: str) -> None:
        """Put what was done on the clipboard: "python" or "command"."""
        self.say("")
        try:
            text = getattr(self.writing, f"as_{kind}")()
        except AsTextError as error:
            self.say(str(error))
            return
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
        lines = text.rstrip().count("\n") + 1
        said = f"{lines} lines of Python" if kind == "python" else "a command for a terminal"
        self.say_done(f"Copied {said}.")

    # -- what is shown ------------------------------------------------------------------------

    def show_session(self) -> None:
        """Show what can be done now."""
        session = self._session
        project = session.project
        solved = project is not None and session.is_solved
        with QSignalBlocker(self.ownership):
            if project is not None:
                self.ownership.setCurrentIndex(self.ownership.findData(project.ownership))
        self.ownership.setEnabled(project is not None)
        for control in (self.export, self.positions, self.seams, self.report):
            control.setEnabled(solved)
        for control in (self.save, self.save_as, self.as_python, self.as_command):
            control.setEnabled(project is not None)
        self.shows.setEnabled(project is not None)
        self.why.setText(NO_GRID if project is None else NO_POSITIONS)
        self.why.setVisible(not solved)
        where = session.path
        state = "saved" if self.keeping.saved is not None else "with changes that are not saved"
        self.save.setToolTip(
            "Save everything in one file, to go on from later"
            if where is None
            else f"Save to {where}; it is {state}"
        )

    def say(self, text: str) -> None:
        """Show one sentence on what is wrong; an empty one takes everything back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))
        self.done.setVisible(False)

    def say_done(self, text: str, path: Path | None = None) -> None:
        """Show what was done; what is wrong at the same time stays."""
        self.done.setText(text)
        self.done.setToolTip(str(path or ""))
        self.done.setVisible(bool(text))

    # -- inside -------------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        self.format = combo("OME-Zarr for large mosaics, OME-TIFF for one file; both lossless")
        for ending, words in FORMATS.items():
            self.format.addItem(words, ending)
        self.provenance = QCheckBox("with owners")
        self.provenance.setToolTip("Write, too, from which frame each pixel is taken")
        self.export = button(
            "Export...",
            "Write the mosaic in full, unaltered, with its pyramid, in the background",
            self._on_export,
            primary=True,
        )
        self.positions = button(
            "Positions...",
            "Write where the frames lie: a table (.csv), or TileConfiguration for Fiji (.txt)",
            self._on_positions,
        )
        self.seams = button(
            "Seams...", "Write every seam and what became of it (.csv)", self._on_seams
        )
        self.report = button(
            "Report...",
            "Write a page on the quality, with all that is doubtful as pictures",
            self._on_report,
        )
        self.save = button("Save project", "", self.save_project)
        self.save_as = button(
            "as...", "Save the project under another name", lambda: self.save_project(True)
        )
        self.open = button("Open project...", "Go on with a project that was saved", self._on_open)
        self.as_python = button(
            "Copy as Python",
            "Copy lines of Python that do the same once more",
            lambda: self.copy("python"),
        )
        self.as_command = button(
            "Copy as command",
            "Copy a command for a terminal that does the same once more",
            lambda: self.copy("command"),
        )
        self.why = label(wraps=True, faint=True)

    def _lay_out(self) -> None:
        files = QWidget()
        two = QVBoxLayout(files)
        two.setContentsMargins(0, 0, 0, 0)
        two.setSpacing(5)
        two.addLayout(row("Save as", self.format, 1, self.provenance))
        two.addLayout(row(self.export, 3, self.report, 2))
        self.drawing = Busy(files, "Stop; nothing is left of an unfinished file")
        project = QWidget()
        project.setLayout(row(self.save, 2, self.save_as, 1, self.open, 2))
        self.saving = Busy(project, "Stop; a file that was there stays as it was")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("Ownership", self.ownership, 1))
        layout.addWidget(self.shows)
        for piece in (self.why, self.drawing, self.message, self.done):
            layout.addWidget(piece)
        layout.addLayout(row(self.positions, 1, self.seams, 1))
        layout.addWidget(self.saving)
        layout.addLayout(row(self.as_python, 1, self.as_command, 1))
        layout.addWidget(self.watch)

    def _on_ownership(self) -> None:
        project, ownership = self._session.project, self.ownership.currentData()
        if project is not None and ownership != project.ownership:
            self._session.record(replace(project, ownership=ownership), "ownership")

    def _on_export(self) -> None:
        ending = self.format.currentData()
        start = self.writing.suggest(ending)
        if ending == ".ome.zarr":
            path = ask.zarr_to(self, start, ending)
        else:
            path = ask.where_to(self, "Mosaic", start, (ending, ".tif", ".tiff"))
        if path is not None:
            self.writing.export(path, provenance=self.provenance.isChecked())

    def _on_positions(self) -> None:
        path = ask.positions_to(self, self.writing.suggest(".positions.csv"))
        if path is not None:
            is_fiji = path.suffix.lower() == ".txt"
            self.writing.table("tile_configuration" if is_fiji else "positions", path)

    def _on_seams(self) -> None:
        path = ask.where_to(self, "Seams", self.writing.suggest(".seams.csv"), (".csv",))
        if path is not None:
            self.writing.table("seams", path)

    def _on_report(self) -> None:
        start = self.writing.suggest(".report.html")
        path = ask.where_to(self, "Report", start, (".html",))
        if path is not None:
            self.writing.report(path)

    def _on_open(self) -> None:
        path = ask.project_from(self, self._session.path or self.writing.suggest(ENDING))
        if path is not None:
            self.open_project(path)

    def _on_lost(self, path: Path, why: str) -> None:
        why = why.partition("; tell where they are now")[0]  # the rest is for the command line
        root = ask.frames_folder(self, why)
        if root is None:
            self.say(why)
        else:
            self.keeping.open(path, root)

    def _stop_drawing(self) -> None:
        self.writing.work.cancel()
        self.say("Stopped; nothing was written.")

    def _stop_saving(self) -> None:
        self.keeping.work.cancel()
        self.say("Stopped; the project on the disk is as it was.")
