"""What can be wrong with a project or its file: one small family, whose base is a `ValueError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ProjectError(ValueError):
    """A project, or its file, cannot be used so; the message names the place and the way out."""


class FramesElsewhereError(ProjectError):
    """The frames of a project are not where they were; the message says how to tell where.

    Parameters
    ----------
    message : str
        In one sentence.
    folder : Path
        Where they were looked for last.
    missing : tuple of str
        Those that are not there, relative to the project's root.
    """

    def __init__(self, message: str, folder: Path, missing: tuple[str, ...]) -> None:
        super().__init__(message)
        self.folder = folder
        self.missing = missing
