"""Training set: the widget that keeps seed pairs, and makes tiles of them.

What a person does goes to the file of hand alignments, and what the file holds is shown. Nothing
is computed here: recording, tables, planning and cutting are the core's, as for the commands.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..learning.diversity import missing
from ..learning.hand import open_frames
from ..learning.tiles import generate_tiles
from . import _tiles_ask as ask
from ._controls import rule
from ._tiles_draft import draft
from ._tiles_file import HandFile
from ._tiles_look import Looker
from ._tiles_make import MakeSection
from ._tiles_open import add_pair, open_align_pair, open_train
from ._tiles_seeds import SeedSection
from ._tiles_theme import Colours
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import napari
    from napari.layers import Image
    from qtpy.QtGui import QShowEvent

    from ..frames import Frame
    from ..learning.hand import HandAlignment
    from ..learning.tile_files import Tiles
    from ..shifts.estimate import Progress
    from ._tiles_draft import Draft

SETTLES_MS = 250
"""Until numbers that are being changed are taken as they are."""
USUAL = QSize(390, 720)
NARROWEST = 320
STOPPED = "Stopped; generate with the same settings into the same place to go on from there."


class TilesWidget(QWidget):
    """Keep a set of hand-aligned pairs, and make training tiles of it.

    Parameters
    ----------
    napari_viewer : napari.Viewer or ViewerModel
        Where pairs are opened for correction.
    open_pair : callable, optional
        Called with the two layers of a pair that is to be looked at in Align pair, or with None
        to open that alone. By default its dock is opened.
    train_on : callable, optional
        Called with the path of tiles; returns whether they were taken. By default the dock Train
        is opened, if there is one.
    """

    def __init__(
        self,
        napari_viewer: napari.Viewer,
        open_pair: Callable[[tuple[Image, Image] | None], None] | None = None,
        train_on: Callable[[Path], bool] | None = None,
    ) -> None:
        super().__init__()
        self._viewer = inspect.unwrap(napari_viewer)  # as in PairWidget
        self._open_pair = open_pair or partial(open_align_pair, self._viewer)
        self._train_on = train_on or partial(open_train, self._viewer)
        self._made: Path | None = None
        self._draw = 0
        self._drafted: object = None
        self._one_writer = threading.Lock()
        self.hand = HandFile(self)
        self.seeds = SeedSection()
        self.make = MakeSection()
        self._looker = Looker(self)
        self._opening, self._drafting, self._generating = (Work(self) for _ in range(3))
        self._draft_soon = QTimer(self)
        self._draft_soon.setInterval(SETTLES_MS)
        self._draft_soon.setSingleShot(True)
        self._draft_soon.timeout.connect(self._start_draft)
        self._lay_out()
        self._connect()
        self._show_colours()
        self.hand.reload()

    # -- what a person does -------------------------------------------------------------------

    def open(self, alignment: HandAlignment) -> None:
        """Open a pair as two layers where it was decided to lie, for correction in Align pair."""
        path = self.hand.path

        def job(progress: Progress) -> Generator[str, None, tuple[Frame, Frame]]:
            yield f"opening {alignment.name}"
            return open_frames(alignment)

        def done(frames: tuple[Frame, Frame]) -> None:
            self.seeds.say("")
            self._open_pair(add_pair(self._viewer, path, alignment, frames))

        self._opening.start(job, done, self.seeds.say)

    def generate(self, out: Path) -> None:
        """Make the tiles in the background: a folder, or a ``.safetensors`` file.

        Parameters
        ----------
        out : Path
            A new place, or one where a run with the same settings was stopped.
        """
        try:
            plan = self.make.plan
        except ValueError as error:
            self.make.say(str(error))
            return
        alignments, compact = self.seeds.usable, self.make.compact
        self.make.say("")
        self.make.say_done("")

        def job(progress: Progress) -> Generator[str, None, Tiles]:
            yield "planning"
            with self._one_writer:  # a run that was just stopped may still end its batch
                return generate_tiles(alignments, out, plan, progress, compact=compact)

        self._generating.start(job, partial(self._on_made, out), self.make.say)

    def stop_generating(self) -> None:
        """Stop making tiles; what is there can be gone on with."""
        self._generating.cancel()
        self.make.say(STOPPED)

    def redraw(self) -> None:
        """Show other tiles of the same plan."""
        self._draw += 1
        self._start_draft()

    def _add_from(self, kind: str) -> None:
        if kind == "pair":
            self._open_pair(None)
            return
        paths = ask.source(self, kind)
        if paths:
            self.hand.add(kind, *paths)

    def _export(self) -> None:
        folder = ask.folder(self, "New or empty folder to export to")
        if folder is not None:
            self.hand.export(folder)

    def _choose_file(self) -> None:
        path = ask.hand_file(self, self.hand.path)
        if path is not None:
            self.hand.choose(path)

    def _generate_where(self) -> None:
        out = ask.tiles(self, self.make.compact)
        if out is not None:
            self.generate(out)

    def _train(self) -> None:
        if self._made is not None and not self._train_on(self._made):
            self.make.say(f"The tiles to train on are in {self._made}.")

    # -- what is shown ------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look again: files may have come, gone or changed."""
        super().showEvent(event)
        self.hand.reload()

    def sizeHint(self) -> QSize:
        """Wide enough for names."""
        return USUAL

    def _on_file(self) -> None:
        self.seeds.show_file(self.hand.path, self.hand.alignments)
        self.seeds.show_undo(self.hand.can_undo)
        self._looker.look(self.hand.alignments)
        self._draft_soon.start()

    def _on_checked(self) -> None:
        self.seeds.refilter()
        self._draft_soon.start()

    def _on_measured(self) -> None:
        self.seeds.show_missing(missing(self.seeds.traits))

    def _on_made(self, out: Path, made: Tiles) -> None:
        self._made = out
        held = int(made.splits.sum())
        self.make.say_done(
            f"{len(made):,} tiles in {out.name}: {len(made) - held:,} for training, {held:,} for "
            "validation.",
            out,
        )
        QTimer.singleShot(0, self._show_end)  # its place is known once it has been laid out

    def _show_end(self) -> None:
        self._scroll.ensureWidgetVisible(self.make.train)

    def _start_draft(self) -> None:
        """Look ahead at what the plan makes of the pairs, unless that is what is shown."""
        usable, augmented = self.seeds.usable, self.make.augment.isChecked()
        try:
            plan = self.make.plan
        except ValueError as error:
            self._drafted = None
            self._drafting.cancel()
            self.make.show_trouble(str(error))
            return
        wanted = usable, plan, self._draw, augmented
        if wanted == self._drafted or not self.isVisible():
            return
        self._drafted = wanted
        draw, left_out = self._draw, len(self.seeds.alignments) - len(usable)

        def job(progress: Progress) -> Generator[str, None, Draft]:
            yield "planning"
            import matplotlib.figure  # noqa: F401  # takes a second, for which nobody should wait

            return draft(usable, plan, draw, augmented, progress)

        done = partial(self.make.show_draft, left_out=left_out)
        self._drafting.start(job, done, self.make.show_trouble)

    def _show_colours(self, event: object = None) -> None:
        colours = Colours.of(self._viewer)
        self.seeds.show_colours(colours)
        self.make.show_colours(colours)

    def _lay_out(self) -> None:
        inside = QWidget()
        sections = QVBoxLayout(inside)
        sections.setContentsMargins(7, 4, 7, 6)
        sections.setSpacing(7)
        for section in (self.seeds, rule(), self.make):
            sections.addWidget(section)
        sections.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setMinimumWidth(NARROWEST)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def _connect(self) -> None:
        hand, seeds, make = self.hand, self.seeds, self.make
        hand.changed.connect(self._on_file)
        hand.said.connect(seeds.say)
        hand.work.progressed.connect(seeds.busy.show_progress)
        hand.work.ended.connect(seeds.busy.show_ready)
        seeds.choosing.connect(self._choose_file)
        seeds.opened.connect(self.open)
        seeds.deleted.connect(hand.delete)
        seeds.undone.connect(lambda: seeds.choose(hand.undo()))
        # The list closes its editor first, and may then be filled anew.
        seeds.noted.connect(hand.annotate, Qt.ConnectionType.QueuedConnection)
        seeds.adding.connect(self._add_from)
        seeds.exporting.connect(self._export)
        seeds.cancelled.connect(hand.work.cancel)
        self._looker.seen.connect(seeds.show_seen)
        self._looker.checked.connect(self._on_checked)
        self._looker.finished.connect(self._on_measured)
        make.changed.connect(self._draft_soon.start)
        make.augmented.connect(self._start_draft)
        make.redrawn.connect(self.redraw)
        make.wanted.connect(self._generate_where)
        make.cancelled.connect(self.stop_generating)
        make.trained.connect(self._train)
        self._generating.progressed.connect(make.busy.show_progress)
        self._generating.ended.connect(make.busy.show_ready)
        self._viewer.events.theme.connect(self._show_colours)
        self.destroyed.connect(partial(_release, weakref.ref(self)))


def _release(widget: weakref.ref[TilesWidget]) -> None:
    """Stop a destroyed widget from hearing the viewer: only its Python half is left by now."""
    remains = widget()
    if remains is not None:
        remains._viewer.events.theme.disconnect(remains._show_colours)
