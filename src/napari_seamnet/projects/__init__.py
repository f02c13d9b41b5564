"""Projects: everything a person would hate to lose, in one file; undo and redo."""

from .decision import Decision
from .errors import FramesElsewhereError, ProjectError
from .file import ENDING, is_project
from .history import History
from .project import Project
from .solved import Solved
from .stamps import Stamp

__all__ = [
    "ENDING",
    "Decision",
    "FramesElsewhereError",
    "History",
    "Project",
    "ProjectError",
    "Solved",
    "Stamp",
    "is_project",
]
