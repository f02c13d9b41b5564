"""The choices of *Stitch grid* that are remembered between sessions, beside those of *Align pair*.

Method, device, search range and coarse nudge are shared with *Align pair*; what only a grid asks
for has a section of its own in the manifest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from . import _settings
from ._settings import Remembered

SECTION = "grid"


@dataclass
class GridRemembered(Remembered):
    """What *Stitch grid* starts with, and hands back after every change.

    Parameters
    ----------
    workers : int
        Threads; 0 for as many as there are cores.
    scheduler : str
        Address of a dask scheduler; empty for none.
    feature_size : float
        Of the smallest feature, in px; 0 where nobody said.
    folder : str
        Where files were looked for last.
    """

    workers: int = 0
    scheduler: str = ""
    feature_size: float = 0.0
    folder: str = ""

    @classmethod
    def load(cls) -> GridRemembered:
        """Read the choices of last time; the defaults, where there are none."""
        shared = Remembered.load()
        found = cls(**{field.name: getattr(shared, field.name) for field in fields(Remembered)})
        section = _section()
        if section is not None:
            for name in OWN:
                setattr(found, name, getattr(section, name))
        return found

    def keep(self, **choices: object) -> None:
        """Change some of the choices, here and in napari's settings."""
        own = {name: value for name, value in choices.items() if name in OWN}
        super().keep(**{name: value for name, value in choices.items() if name not in OWN})
        section = _section()
        for name, value in own.items():
            setattr(self, name, value)
            if section is not None:
                setattr(section, name, value)


OWN = frozenset(field.name for field in fields(GridRemembered)) - {
    field.name for field in fields(Remembered)
}
"""What is not shared with *Align pair*."""


def _section() -> Any:
    try:
        return getattr(_settings.get_plugin_settings("napari-seamnet"), SECTION, None)
    except KeyError:
        return None
