"""The selected frame of a grid: where it lies and why, and what can be done with it.

Every change goes through the session and can be undone. What changes mean is in
`projects/edit.py` and `projects/holding.py`, the words are in `_grid_frame_words.py`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ..geometry import Side
from ..projects.beside import free_sides
from ..projects.holding import lock_frame, move_frame, unlock_frame
from . import _grid_ask as ask
from ._controls import button, combo, label, pixels, row
from ._grid_frame_edits import add_beside, leave_out, put_in_place, swap
from ._grid_frame_facts import FrameFacts
from ._grid_move import MoveControls
from ._grid_swap import NUMBER_WIDTH, SwapRow
from ._settings import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..projects import Project
    from ..projects.grow import Growth
    from ._grid_session import GridSession

NONE = "Click a frame in the viewer, or give its number, to see what is known of it."
SIDES = {
    Side.RIGHT: "right of it",
    Side.BELOW: "below it",
    Side.LEFT: "left of it",
    Side.ABOVE: "above it",
}
UNSOLVED = "Stitch the grid first: nothing tells yet where the frame lies"
LOCKED = "The frame is locked; unlock it to move it"


class FramesPanel(QWidget):
    """Facts, seams and changes of one frame.

    Parameters
    ----------
    session : GridSession
        The grid.
    """

    framed = Signal(object)
    """Another frame is selected: its index, or None."""
    fronted = Signal(object)
    """The frame to be shown above all others, by its index, or None; nothing else changes."""
    drafted = Signal(object)
    """A move that is not decided yet: (index, dy, dx), or None."""
    unfinished = Signal(int)
    """So many seams are to be estimated now, of frames that are new."""

    def __init__(self, session: GridSession) -> None:
        super().__init__()
        self._session = session
        self._index: int | None = None
        self._draft = (0, 0)
        self._has_grown = False
        self.number = pixels(
            -1, -1, -1, "Number of the frame, from 0 on", self._on_number, unit=""
        )
        self.number.setSpecialValueText("none")
        self.number.setFixedWidth(NUMBER_WIDTH)
        self.front = button(
            "In front",
            "Show this frame above its neighbours, to look at it; no file is written so",
            self._on_front,
        )
        self.front.setCheckable(True)
        self.facts = FrameFacts()
        self.facts.chosen.connect(session.select)
        self.move_controls = MoveControls(Remembered.load())
        self.lock = button(
            "Lock",
            "Keep it where it lies to its neighbours: its seams are decided, and it is not moved",
            self.toggle_lock,
        )
        self.leave_out = button(
            "Leave out", "Stitch without this frame; can be undone", self.exclude
        )
        self.replace_by = button(
            "Replace...",
            "Take another picture, such as one taken again, in its place; its seams become new",
            self._ask_replacement,
        )
        self.swap = SwapRow()
        self.swap.wanted.connect(self.swap_with)
        self.side = combo("Where the new frame lies; only places without a frame are listed")
        self.add = button(
            "Add a frame...",
            "Add a picture, also of another folder, beside this one",
            self._ask_new,
        )
        self.message = label(wraps=True)
        self.message.setStyleSheet("color: #c8700a")
        self._lay_out()
        controls = self.move_controls
        controls.moved.connect(self.move_to)
        controls.confirmed.connect(self.confirm)
        controls.dropped.connect(self.drop)
        session.grown.connect(self._on_grown)
        session.laid_out.connect(self._on_laid_out)
        session.changed.connect(self._show)
        session.selected.connect(self._show)
        session.estimated.connect(self._on_estimated)
        self.say("")
        self._show()

    # -- what a person does -------------------------------------------------------------------

    @property
    def frame(self) -> int | None:
        """Index of the selected frame."""
        return self._index

    @property
    def draft(self) -> tuple[int, int]:
        """How far it is to be moved, (dy, dx) in px, which is not decided yet."""
        return self._draft

    @property
    def can_move(self) -> bool:
        """Whether the selected frame can be moved by hand now."""
        return self._index is not None and not self._why_not()

    def show_frame(self, index: int | None) -> None:
        """Select a frame; None selects none."""
        if index == self._index:
            return
        self.drop()
        self._index = index
        self.say("")
        if self.front.isChecked():
            self.front.setChecked(False)
            self.fronted.emit(None)
        self._show()
        self.framed.emit(index)

    def nudge(self, dy: int, dx: int) -> None:
        """Move the selected frame by so many px from where the draft has it."""
        self.move_to(self._draft[0] + dy, self._draft[1] + dx)

    def move_to(self, dy: int, dx: int) -> None:
        """Move the selected frame by so many px from where it lies; a draft until confirmed."""
        if self._index is None or self._why_not():
            return
        self._draft = dy, dx
        self.move_controls.show_draft(self._draft)
        self.drafted.emit((self._index, dy, dx) if dy or dx else None)

    def confirm(self) -> None:
        """Decide all seams of the selected frame for where it was moved to."""
        index, draft, solution = self._index, self._draft, self._session.solution
        project = self._session.project
        if index is None or project is None or solution is None or not any(draft):
            return
        try:
            moved = move_frame(project, solution, index, *draft)
        except ValueError as error:
            self.say(str(error))
            return
        self.drop()
        self._session.record(moved, "frame moved")

    def drop(self) -> None:
        """Put a frame that was moved, and not decided on, back."""
        if any(self._draft):
            self._draft = 0, 0
            self.move_controls.show_draft(self._draft, self._why_not())
            self.drafted.emit(None)

    def toggle_lock(self) -> None:
        """Lock the selected frame in place, or let it go."""
        project, solution, index = self._session.project, self._session.solution, self._index
        if project is None or index is None:
            return
        self.drop()
        if index in project.locked:
            self._session.record(unlock_frame(project, index), "frame unlocked")
        elif solution is not None and self._session.is_solved:
            self._session.record(lock_frame(project, solution, index), "frame locked")

    def exclude(self) -> None:
        """Leave the selected frame out of the grid; what is known of the others is kept."""
        self._edit(leave_out)

    def replace_with(self, path: Path) -> None:
        """Put another picture in the place of the selected frame."""
        self._edit(partial(put_in_place, path=path))

    def swap_with(self, other: int) -> None:
        """Exchange the places of the selected frame and another; its picture stays selected."""
        self._edit(partial(swap, other=other), then=other)

    def bring_to_front(self, is_wanted: bool) -> None:
        """Show the selected frame above all others, or where it belongs again."""
        if self._index is not None and self.front.isChecked() != is_wanted:
            self.front.setChecked(is_wanted)
            self._on_front()

    def add_beside(self, path: Path, side: Side) -> None:
        """Add a picture as the neighbour of the selected frame."""
        self._edit(partial(add_beside, path=path, side=side))

    def say(self, text: str) -> None:
        """Show one sentence; an empty one takes the last back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    # -- what is shown ------------------------------------------------------------------------

    def _show(self, *_: object) -> None:
        """Show the selected frame, and what can be done with it."""
        session = self._session
        project, index = session.project, self._index
        n = 0 if project is None else len(project.layout)
        with QSignalBlocker(self.number):
            self.number.setRange(-1, n - 1)
            self.number.setValue(-1 if index is None else index)
        self.number.setEnabled(n > 0)
        self.count.setText(f"of {n:,}" if n else "")
        self.front.setEnabled(index is not None)
        self.none.setVisible(index is None)
        self.about.setVisible(index is not None)
        if project is None or index is None:
            return
        self.facts.show_frame(session, index)
        if index in project.locked:
            self.drop()
        self.move_controls.show_draft(self._draft, self._why_not())
        is_locked = index in project.locked
        self.lock.setText("Unlock" if is_locked else "Lock")
        self.lock.setEnabled(is_locked or session.is_solved)
        self.leave_out.setEnabled(n > 1)
        self.swap.show_frame(project.layout, index)
        self._show_sides(project, index)

    def _show_sides(self, project: Project, index: int) -> None:
        """List the places beside the frame where another can be added."""
        sides = free_sides(project.layout, index)
        if [self.side.itemData(k) for k in range(self.side.count())] != list(sides):
            self.side.clear()
            for side in sides:
                self.side.addItem(SIDES[side], side)
        self.side.setEnabled(bool(sides))
        self.add.setEnabled(bool(sides))
        self.add.setToolTip(
            "Add a picture, also one of another folder, beside this one"
            if sides
            else "There are frames on all its sides; choose one at a gap or at the border"
        )

    def _why_not(self) -> str:
        """Why the selected frame cannot be moved now; empty if it can."""
        project = self._session.project
        # While positions are being found anew, the last ones serve: the pad would lose the focus.
        if project is None or self._session.solution is None:
            return UNSOLVED
        return LOCKED if self._index in project.locked else ""

    # -- inside -------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.none = label(NONE, wraps=True, faint=True)
        self.count = label()
        self.about = QWidget()
        inside = QVBoxLayout(self.about)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(5)
        inside.addWidget(self.facts)
        inside.addWidget(self.move_controls)
        inside.addLayout(row(self.lock, 1, self.leave_out, 1, self.replace_by, 1))
        inside.addWidget(self.swap)
        inside.addLayout(row(self.add, 1, self.side, 1))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("Frame", self.number, self.count, None, self.front))
        for piece in (self.none, self.about, self.message):
            layout.addWidget(piece)

    def _edit(self, edit: Callable[[GridSession, int], int], then: int | None = None) -> None:
        """Change the grid itself; then select a frame, or keep this one if it is still there."""
        index = self._index
        if index is None:
            return
        try:
            new = edit(self._session, index)
        except ValueError as error:
            self.say(str(error))
            return
        if edit is not leave_out:
            self.show_frame(index if then is None else then)
        if new:
            seams = "1 seam is" if new == 1 else f"{new} seams are"
            self.say(f"{seams} new; stitch to see where the frame lies.")
            self.unfinished.emit(new)

    def _on_front(self) -> None:
        self.fronted.emit(self._index if self.front.isChecked() else None)

    def _on_number(self, number: int) -> None:
        self.show_frame(None if number < 0 else number)

    def _on_estimated(self, seam: int) -> None:
        project = self._session.project
        if project is not None and self._index in project.seams[seam].pair:
            self._show()

    def _on_grown(self, growth: Growth) -> None:
        """Follow the frame to the number that it has now."""
        self.drop()
        self._index = None if self._index is None else growth.where.get(self._index)
        self._has_grown = self._index is not None

    def _on_laid_out(self) -> None:
        """Select none, unless the grid has only grown."""
        if not self._has_grown:
            self.show_frame(None)
            return
        self._has_grown = False
        self.framed.emit(self._index)
        if self.front.isChecked():
            self._on_front()

    def _folder(self) -> Path | None:
        project, index = self._session.project, self._index
        if project is None or index is None:
            return None
        path = project.layout[index].frame.path
        return None if path is None else path.parent

    def _ask_replacement(self) -> None:
        path = ask.picture_from(self, "Picture in its place", self._folder())
        if path is not None:
            self.replace_with(path)

    def _ask_new(self) -> None:
        side = self.side.currentData()
        path = ask.picture_from(self, "Picture to add", self._folder())
        if path is not None and side is not None:
            self.add_beside(path, side)
