"""The dock: all sections in their order, the message, the legend of keys. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QFrame,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..seams.composite import View
from ._align import AlignControls
from ._choose import ChooseFrames
from ._controls import button, label, row, rule
from ._hand import HandControls, MosaicControls
from ._layers import OURS
from ._record import RecordControls
from ._result import ResultPanel

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from ._session import PairSession
    from ._settings import Remembered
    from ._state import PairState

VIEWS = {
    View.COMPOSITE: ("composite", "Red is the first frame, green the second: aligned is grey"),
    View.DIFFERENCE: ("difference", "How far the two frames differ: aligned is black"),
    View.CHECKER: ("checker", "First and second in turns: aligned, lines run on"),
    View.VOTES: (
        "votes",
        "What decided: places that speak for the shift that was found are blue, those for the "
        "best other one orange; networks can tell",
    ),
}
USUAL = QSize(390, 720)
NARROWEST = 320


class PairDock(QScrollArea):
    """The sections, one below the other; scrolls when it is short.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Its layers are the choices.
    remembered : Remembered
        Choices of last time.
    """

    viewed = Signal(object)
    """A `View` was chosen."""
    zoomed = Signal()

    def __init__(self, viewer: ViewerModel, remembered: Remembered) -> None:
        super().__init__()
        self._remembered = remembered
        self.choose = ChooseFrames(viewer, lambda layer: OURS not in layer.metadata)
        self.align = AlignControls(remembered)
        self.result = ResultPanel()
        self.hand = HandControls(remembered)
        self.record = RecordControls(remembered)
        self.mosaic = MosaicControls()
        self.zoom = button(
            "zoom to overlap", "Show the whole overlap, as large as it fits", self.zoomed.emit
        )
        self.views: list[QRadioButton] = []
        group = QButtonGroup(self)
        for view, (words, tip) in VIEWS.items():
            choice = QRadioButton(words)
            choice.setToolTip(tip)
            choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            choice.setChecked(view is View.COMPOSITE)
            choice.toggled.connect(lambda on, view=view: self.viewed.emit(view) if on else None)
            group.addButton(choice)
            self.views.append(choice)  # a group does not own its buttons
        self.message = label(wraps=True)
        self.message.setStyleSheet("color: #c8700a")
        self.message.hide()
        self.legend = label(wraps=True, faint=True)
        inside = QWidget()
        sections = QVBoxLayout(inside)
        sections.setContentsMargins(7, 4, 7, 6)
        sections.setSpacing(7)
        sections.addWidget(self.choose)
        # Four in a row would be wider than the dock may be.
        sections.addLayout(row(*self.views[:3], None))
        sections.addLayout(row(*self.views[3:], self.zoom, 1))
        for section in (self.align, self.result, self.hand, self.record, self.mosaic):
            sections.addWidget(rule())
            sections.addWidget(section)
            if section is self.align:
                sections.addWidget(self.message)
        sections.addStretch(1)
        sections.addWidget(self.legend)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it would eat the arrow keys
        self.setMinimumWidth(NARROWEST)

    def sizeHint(self) -> QSize:
        """Wide enough for names, high enough for all sections."""
        return USUAL

    def say(self, text: str) -> None:
        """Show one sentence below the buttons; an empty one takes the last back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    def unsay(self, text: str) -> None:
        """Take a sentence back, if it is still there."""
        if text and self.message.text() == text[:1].upper() + text[1:]:
            self.say("")

    def show_session(self, session: PairSession, *, ready: bool) -> None:
        """Show what can be done now.

        Parameters
        ----------
        session : PairSession
            The work so far.
        ready : bool
            Whether the pair's layers are there and fit to be moved.
        """
        self.hand.show_session(session, ready=ready)
        self.record.record.setEnabled(ready)
        self.mosaic.show_session(session, ready=ready)
        can_move = ready and session.state.can_move
        self.align.start.setEnabled(can_move)
        self.align.start_and_append.setEnabled(can_move)
        for control in (self.zoom, *self.views):
            control.setEnabled(can_move)
        self.choose.set_layout_enabled(can_move)

    def show_keys(self, session: PairSession, *, drags: bool) -> None:
        """List the keys that work now, and only those."""
        state = session.state
        keys = self._moving_keys(state, drags) if state.can_move else []
        if session.can_undo:
            keys.append("Ctrl+Z undo")
        if session.can_redo:
            keys.append("Ctrl+Shift+Z redo")
        said = [] if state.can_move else ["The pair is in the mosaic, so it no longer moves."]
        if keys:
            said.append("Keys: " + " · ".join(keys))
        self.legend.setText(" ".join(said))

    def _moving_keys(self, state: PairState, drags: bool) -> list[str]:
        keys = ["arrows 1 px", f"Shift+arrows {self._remembered.coarse_step} px"]
        if drags:
            keys.append("drag the second frame")
        keys.append("hold B blink")
        n = len(state.estimate.alternatives[:9]) if state.estimate else 0
        if n:
            keys.append("1 takes the other fit" if n == 1 else f"1-{n} take that fit")
        if not state.accepted:
            keys.append("Enter accept")
        if state.by_hand or state.estimate is not None:
            keys.append("Esc reset")
        return keys
