"""What the viewer shows of a grid besides its mosaic: a box for each thing that can be switched.

How it is shown is in `_grid_layers.py`.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QWidget

from ._controls import label

SHOWS = {
    "show_seams": ("seams", "Bars between the frames, by colour and shape of the status"),
    "show_outlines": ("frames", "Outlines of the frames, with names under the mouse"),
    "show_names": ("frame names", "Names of the frames in their middles"),
    "show_path": ("scan path", "The order in which the frames were taken"),
    "show_gaps": ("gaps", "Places of the grid that no frame fills, hatched"),
    "show_loops": (
        "loop errors",
        "What four seams around a corner, each by itself, leave over, in px",
    ),
    "show_provenance": ("who owns which pixel", "A colour for each frame, where it is shown"),
    "show_nominal": ("before", "The frames where the layout expects them, not where they lie"),
    "show_levelled": ("levelled", "Equal brightness of all frames, on the screen only"),
}
"""What can be shown besides: attributes of whoever shows it, in the order of the boxes."""


class Shows(QWidget):
    """Acts like check boxes for the attributes of another object.

    Parameters
    ----------
    look : object or None
        Those of `SHOWS` that it has, as booleans, can be switched.
    """

    def __init__(self, look: Any = None) -> None:
        super().__init__()
        self._look = look
        self.boxes: dict[str, QCheckBox] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(2)
        for name, (words, tip) in SHOWS.items():
            if not hasattr(look, name):
                continue
            at = len(self.boxes)
            box = self.boxes[name] = QCheckBox(words)
            box.setToolTip(tip)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            box.toggled.connect(lambda on, name=name: setattr(self._look, name, on))
            layout.addWidget(box, at // 2, 1 + at % 2)
        if self.boxes:
            layout.addWidget(label("Show"), 0, 0)
            layout.setColumnStretch(2, 1)
        self.show_look()

    def show_look(self) -> None:
        """Show what is shown, if that was switched elsewhere."""
        for name, box in self.boxes.items():
            with QSignalBlocker(box):
                box.setChecked(bool(getattr(self._look, name)))
