"""How older project files become new ones: one step a version, each on plain values.

A step knows two neighbouring versions and nothing of the nouns, so that it stays true however
those change. It is written when `_schema.VERSION` goes up, and kept for ever.

The versions
------------
1
    The drafts before the first release. Decisions were called ``hand`` and did not say who made
    them; nothing was said of ownership, excluded seams, locked frames and the command.
2
    The first release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._schema import VERSION
from .errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def migrate(data: dict[str, Any], path: Path) -> dict[str, Any]:
    """Bring what was read from a project file to the version of today, step by step.

    Parameters
    ----------
    data : dict
        What the JSON holds; is not changed.
    path : Path
        The file, for messages.

    Returns
    -------
    dict
        Of version `VERSION`; whether all of it is right is for the schema to say.

    Raises
    ------
    ProjectError
        If the version is newer than this program, or unknown, or the values are not even those of
        that version.
    """
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise ProjectError(f"{path}: version: is {version!r}, but should be a whole number")
    if version > VERSION:
        raise ProjectError(
            f"{path} is a project of version {version}, but this program knows versions up to "
            f"{VERSION}; update napari-seamnet"
        )
    while version < VERSION:
        step = MIGRATIONS.get(version)
        if step is None:
            raise ProjectError(
                f"{path}: version: there never was a version {version}; is it really a project?"
            )
        try:
            data = step(data)
        except (AttributeError, KeyError, TypeError) as error:
            raise ProjectError(
                f"{path} says it is a project of version {version}, but does not look like one "
                f"({type(error).__name__}: {error}); open an older copy of it"
            ) from error
        version += 1
        data = {**data, "version": version}
    return data


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Drafts: hand decisions of nobody, and none of the later fields."""
    kept = {name: value for name, value in data.items() if name != "hand"}
    decisions = [
        {
            "first": hand["first"],
            "second": hand["second"],
            "shift": hand["shift"],
            "who": "",
            "when": None,
            "note": "",
        }
        for hand in data["hand"]
    ]
    later: dict[str, Any] = {
        "decisions": decisions,
        "ownership": "nearest centre",
        "excluded": [],
        "locked": [],
        "command": "",
    }
    return {**later, **kept}


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}
"""From each old version to the next one."""
