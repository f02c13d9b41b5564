"""The colours of napari's theme, for what we paint ourselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

if TYPE_CHECKING:
    from napari.components import ViewerModel

TROUBLE = "#c8700a"
"""As in the dock's messages; readable on both of napari's themes."""
GOOD = "#2aa876"
"""Of what came of something."""


@dataclass(frozen=True)
class Colours:
    """What is text, ground, and chosen; as "#rrggbb"."""

    text: str
    ground: str
    raised: str
    line: str
    chosen: str

    @classmethod
    def of(cls, viewer: ViewerModel) -> Colours:
        """Those of a viewer's theme now."""
        theme = get_theme(viewer.theme)
        parts = (theme.text, theme.background, theme.foreground, theme.secondary, theme.current)
        return cls(*(part.as_hex("long") for part in parts))

    @property
    def faint(self) -> QColor:
        """For what matters less than the text."""
        colour = QColor(self.text)
        colour.setAlpha(165)
        return colour
