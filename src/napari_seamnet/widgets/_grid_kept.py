"""Grids of earlier sittings, in the person's data folder: which there are, where the next goes.

Files and their names only; no Qt. When a grid is kept is decided in `_grid_autosave.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ..grids.journal import ENDING as JOURNAL
from ..projects import ENDING
from ..projects.stamps import shared_folder
from ..saving import written_whole
from ..user_weights import data_folder

if TYPE_CHECKING:
    from ..projects import Project

ABOUT = ".about.json"
"""Beside each project: what is told of it before it is opened."""
MOST = 20
"""Grids, and journals, that are kept; the oldest go first."""
LONGEST = 40
"""Of a folder's name within a file's, in letters."""


@dataclass(frozen=True)
class Kept:
    """What is told of a grid of an earlier sitting.

    Parameters
    ----------
    file : str
        Name of its project in the folder of kept grids.
    folder : str
        Of its frames.
    frames, seams, estimated, decided : int
        How many there are, and how far it is.
    is_solved : bool
        Whether the frames have positions.
    project : str
        The file that the person saved it in, or opened it from; empty if none.
    when : str
        Time of the last change, as ISO 8601.
    """

    file: str
    folder: str
    frames: int
    seams: int
    estimated: int
    decided: int
    is_solved: bool
    project: str
    when: str

    @classmethod
    def of(cls, project: Project, file: str, saved: Path | None) -> Kept:
        """Look at a project."""
        folder = frames_folder(project)
        return cls(
            file,
            "" if folder is None else str(folder),
            len(project.layout),
            len(project.seams),
            sum(estimate is not None for estimate in project.estimates),
            len(project.decisions) + len(project.excluded),
            project.solved is not None,
            "" if saved is None else str(saved),
            datetime.now().astimezone().isoformat(timespec="seconds"),
        )

    @property
    def path(self) -> Path:
        """The project's file."""
        return kept_folder() / self.file

    def words(self) -> str:
        """Tell a person which grid it is, and how far it came."""
        said = [f"{self.estimated:,} of {self.seams:,} seams"]
        if self.decided:
            said.append(f"{self.decided} by hand")
        then, now = datetime.fromisoformat(self.when), datetime.now().astimezone()
        is_today = then.date() == now.date()
        said.append(f"{then:%H:%M}" if is_today else f"{then.day} {then:%b}")
        return f"{Path(self.folder).name or self.file}: {', '.join(said)}"


def kept_folder() -> Path:
    """Folder of kept grids; it need not be there yet."""
    return data_folder() / "grids"


def kept_grids() -> tuple[Kept, ...]:
    """Grids of earlier sittings, the latest first; what cannot be read is passed over."""
    found = []
    for about in kept_folder().glob(f"*{ABOUT}"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            one = Kept(**json.loads(about.read_text(encoding="utf-8")))
            datetime.fromisoformat(one.when)
            if one.path.is_file():
                found.append(one)
    return tuple(sorted(found, key=lambda one: one.when, reverse=True))


def keep(project: Project, file: str, saved: Path | None) -> None:
    """Write a project, and what is told of it, into the folder of kept grids.

    Raises
    ------
    ProjectError, FrameError, SavingError, OSError
        If it cannot be written.
    """
    kept_folder().mkdir(parents=True, exist_ok=True)
    project.save(kept_folder() / file, hashes=False)
    about = kept_folder() / file.replace(ENDING, ABOUT)
    with written_whole(about) as beside:
        beside.write_text(json.dumps(asdict(Kept.of(project, file, saved))), encoding="utf-8")
    forget_oldest()


def forget_oldest() -> None:
    """Remove kept grids beyond the latest `MOST`, and journals that nobody used as long."""
    for one in kept_grids()[MOST:]:
        for path in (one.path, kept_folder() / one.file.replace(ENDING, ABOUT)):
            path.unlink(missing_ok=True)
    journals = sorted(kept_folder().glob(f"*{JOURNAL}"), key=lambda path: -path.stat().st_mtime)
    for path in journals[MOST:]:
        for part in ("", "-wal", "-shm"):
            path.with_name(path.name + part).unlink(missing_ok=True)


def new_name(project: Project) -> str:
    """A file's name that no kept grid has."""
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{_plain(frames_folder(project))}"
    name, n = f"{stem}{ENDING}", 1
    while (kept_folder() / name).exists():
        n += 1
        name = f"{stem}-{n}{ENDING}"
    return name


def journal_of(project: Project) -> Path | None:
    """Where the finished seams of a project are kept; None where its frames are no files.

    Its own journal, if its folder is there and can be written to; else one in the folder of kept
    grids, the same for all grids of the same frames' folder.
    """
    own = project.journal
    if own is not None and _is_writable(own.parent):
        return own
    folder = frames_folder(project)
    if folder is None:
        return None
    mark = sha256(str(folder).encode()).hexdigest()[:10]
    kept_folder().mkdir(parents=True, exist_ok=True)
    return kept_folder() / f"{_plain(folder)}-{mark}{JOURNAL}"


def frames_folder(project: Project) -> Path | None:
    """The deepest folder that holds all frames; None where one of them is no file."""
    paths = [site.frame.path for site in project.layout]
    return None if None in paths else shared_folder(path for path in paths if path is not None)


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK)


def _plain(folder: Path | None) -> str:
    name = "grid" if folder is None else folder.name
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:LONGEST].strip("._") or "grid"
