"""Record as hand alignment: the button, and the work behind it.

What becomes of a decision is `learning/hand.py`'s business; who may be asked to decide is here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from ..geometry import Offset, Shift
from ..learning.hand import (
    Decided,
    HandAlignment,
    correct,
    find,
    read_hand,
    record_frames,
    with_file,
)
from ..shifts import Status
from ..user_weights import data_folder
from ._controls import button, label, row
from ._layers import opened_for, source_file
from ._settings import follow
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari.layers import Image

    from ..frames import Frame
    from ..shifts.estimate import Progress
    from ._session import PairSession
    from ._settings import Remembered
    from ._state import PairState

    Job = Callable[[Progress], Generator[str, None, tuple[HandAlignment, Path, str]]]


def hand_file(remembered: Remembered) -> Path:
    """The file that decisions go to: the person's choice, or one in the data folder."""
    chosen = remembered.present("hand_file")
    return Path(chosen) if chosen else data_folder() / "hand.jsonl"


def decided(state: PairState) -> Decided:
    """Whether a person found the place, or confirmed what a method found."""
    by_method = state.status not in (None, Status.HAND, Status.UNDETERMINED)
    return Decided.CONFIRMED if by_method else Decided.HAND


class RecordControls(QWidget):
    """The button, a note, and the file that it goes to.

    Parameters
    ----------
    remembered : Remembered
        Where the file comes from and goes to.
    """

    wanted = Signal(str)
    """Record, with this note."""

    def __init__(self, remembered: Remembered) -> None:
        super().__init__()
        self._remembered = remembered
        self.record = button(
            "Record as hand alignment",
            "Keep the pair as it lies now as a seed of training data; on the disk at once",
            lambda: self.wanted.emit(self.note.text().strip()),
        )
        self.file = button("", "", self._choose)
        self.file.setFlat(True)
        self.note = QLineEdit()
        self.note.setPlaceholderText("note, such as: strong charging on the left")
        self.note.setToolTip("Kept with the hand alignment")
        self.trouble = label(faint=True, wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row(self.record, 2, "into", self.file, 1))
        layout.addWidget(self.note)
        layout.addWidget(self.trouble)
        follow("hand_file", self.show_file)
        self.show_file()

    def show_pair(self, pair: tuple[Image, Image] | None) -> None:
        """Say what the button does with this pair: record it, or correct an earlier decision."""
        corrects = pair is not None and opened_for(*pair) is not None
        self.record.setText("Correct hand alignment" if corrects else "Record as hand alignment")
        self.file.setEnabled(not corrects)  # a correction goes where the decision is
        self.note.setEnabled(not corrects)

    def show_file(self, event: object = None) -> None:
        """Show which file it is, and how many it holds."""
        path = hand_file(self._remembered)
        n, trouble = 0, ""
        try:
            n = len(read_hand(path)) if path.exists() else 0
        except ValueError as error:
            trouble = str(error)
        self.file.setText(f"{path.name} ({n})")
        self.file.setToolTip(
            f"{path}, which holds {n} hand alignment{'s' * (n != 1)}; click for another file"
        )
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            "File of hand alignments",
            str(hand_file(self._remembered)),
            "Hand alignments (*.jsonl)",
            options=QFileDialog.Option.DontConfirmOverwrite,  # it is only ever added to
        )
        if chosen:
            path = chosen if chosen.endswith(".jsonl") else f"{chosen}.jsonl"
            self._remembered.keep(hand_file=path)
            self.show_file()


class Recording(QObject):
    """Records the session's pair in the background: hashing and saving frames may take a while.

    Parameters
    ----------
    session : PairSession
        Whose pair is recorded, where it lies now.
    remembered : Remembered
        Where the file comes from.
    parent : QObject
        Its end stops the work.
    """

    said = Signal(str)
    """One sentence for the person."""
    recorded = Signal()

    def __init__(self, session: PairSession, remembered: Remembered, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._remembered = remembered
        self.work = Work(self)

    def record(self, pair: tuple[Image, Image], note: str) -> None:
        """Record the pair as it lies now; a pair opened for correction is corrected.

        Parameters
        ----------
        pair : (Image, Image)
            The layers of the session's frames.
        note : str
            Kept with it.
        """
        state = self._session.state
        if state.pair is None or self.work.is_busy:
            return
        self._session.accept()
        old = opened_for(*pair)
        path = Path(old[0]) if old else hand_file(self._remembered)
        job = _correction(path, old[1], state) if old else _recording(path, pair, state, note)
        self.work.start(job, self._on_done, self.said.emit)

    def _on_done(self, done: tuple[HandAlignment, Path, str]) -> None:
        alignment, path, verb = done
        dy, dx = alignment.shift.whole()
        self.recorded.emit()
        self.said.emit(f"{verb} in {path.name}: {alignment.name}, shift ({dy}, {dx}) px.")


def _recording(path: Path, pair: tuple[Image, Image], state: PairState, note: str) -> Job:
    sources = [source_file(layer) for layer in pair]

    def job(progress: Progress) -> Generator[str, None, tuple[HandAlignment, Path, str]]:
        yield "recording"
        path.parent.mkdir(parents=True, exist_ok=True)
        frames: list[Frame] = []
        for frame, source in zip(state.pair or (), sources, strict=True):
            progress(len(frames), 2, f"recording {frame.name}")
            frames.append(with_file(frame, source))
        nominal, shift = Offset(*state.nominal.whole()), Shift(*map(float, state.shift))
        first, second = frames
        made = record_frames(path, first, second, nominal, shift, decided(state), note)
        return made, path, "Recorded"

    return job


def _correction(path: Path, name: str, state: PairState) -> Job:
    def job(progress: Progress) -> Generator[str, None, tuple[HandAlignment, Path, str]]:
        yield "correcting"
        old = find(path, name)
        shift = Offset(*map(float, state.offset.whole())) - old.nominal
        return correct(path, name, shift, decided(state)), path, "Corrected"

    return job
