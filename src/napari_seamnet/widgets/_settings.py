"""The choices that are remembered between sessions, in napari's own settings.

Declared in the manifest's `configurations`, so that the preferences show them too. Where they are
absent, as in a viewer without plugins, the defaults serve for the session.

Every widget has choices of its own to change; a choice that all must agree on at every moment is
asked for by `Remembered.present`, and heard of by `follow`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari.settings import get_plugin_settings

from ..pairs import DEFAULT_MAX_SHIFT
from ..shifts import DEFAULT_METHOD
from ..user_weights import default_method

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Remembered:
    """What the widget starts with, and hands back after every change."""

    device: str = "auto"
    method: str = field(default_factory=default_method)
    coarse_step: int = 10
    max_shift: int = DEFAULT_MAX_SHIFT
    hand_file: str = ""

    @classmethod
    def load(cls) -> Remembered:
        """Read the choices of last time; the defaults, where there are none."""
        section = _section()
        if section is None:
            return cls()
        found = cls(**{name: getattr(section, name) for name in cls.__dataclass_fields__})
        if found.method == DEFAULT_METHOD:  # then nobody has chosen here: the person's own default
            found.method = default_method()
        return found

    def keep(self, **choices: object) -> None:
        """Change some of the choices, here and in napari's settings."""
        section = _section()
        for name, value in choices.items():
            setattr(self, name, value)
            if section is not None:
                try:
                    setattr(section, name, value)
                except ValueError:
                    # A method of another package is no choice of our manifest: this session only.
                    continue

    def present(self, name: str) -> Any:
        """What is chosen now, here or in another widget or in the preferences."""
        section = _section()
        if section is not None:
            setattr(self, name, getattr(section, name))
        return getattr(self, name)


def follow(name: str, heard: Callable[[object], None]) -> None:
    """Hear whenever a choice becomes another one, whoever makes it.

    Parameters
    ----------
    name : str
        A field of `Remembered`.
    heard : bound method
        Called with napari's event. What it belongs to is not kept alive, and napari drops it
        where that is a destroyed Qt object.
    """
    section = _section()
    if section is not None:
        getattr(section.events, name).connect(heard)


def _section() -> Any:
    try:
        return getattr(get_plugin_settings("napari-seamnet"), "alignment", None)
    except KeyError:
        return None
