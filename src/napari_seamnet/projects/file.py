"""The project file: one JSON file, whole or not at all, with one frame or one seam a line.

From nouns to plain values and back. What may stand in it is in `_schema.py`, older versions in
`migrations.py`, finding frames that lie elsewhere in `stamps.py`.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..saving import written_whole
from ._schema import FORMAT, VERSION, ProjectModel
from .errors import FramesElsewhereError, ProjectError
from .from_values import project_from
from .migrations import migrate
from .stamps import Stamp, find_files, shared_folder, stamp_files, what_changed
from .to_values import of_decision, of_frame, of_layout, of_seam, of_settings, of_solved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..shifts.estimate import Progress
    from .project import Project

ENDING = ".seamnet.json"
"""How a project is usually named; any name will do."""
LISTED = 3
"""Names that a message gives before it counts."""
_LINE_A_PIECE = ("frames", "seams", "decisions")


def write_project(
    project: Project,
    path: str | os.PathLike[str],
    *,
    hashes: bool = True,
    progress: Progress | None = None,
) -> None:
    """Write a project file; what stands there is replaced when the new one is whole.

    Parameters
    ----------
    project : Project
        Its frames must come from files.
    path : path
        Usually ends in ``.seamnet.json``.
    hashes : bool, default True
        Whether the frames' files are read, once, for a hash of their content. Without one, a
        changed file is noticed by its size and time only.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Raises
    ------
    ProjectError
        If a frame comes from no file.
    FrameError
        If a file is gone, or cannot be read.
    SavingError
        If the project cannot be written there.
    """
    path = Path(os.path.abspath(path))
    sources = []
    for site in project.layout:
        if site.frame.path is None:
            raise ProjectError(
                f"frame {site.name} comes from no file, so no project can name it; save it as a "
                "TIFF, and lay that out"
            )
        sources.append(Path(os.path.abspath(site.frame.path)))
    stamps = stamp_files(sources, project.stamps, hashes, progress)
    root = shared_folder(sources)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "program": f"napari-seamnet {_program_version()}",
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": project.command,
        "root": "" if root is None else root.as_posix(),
        "root_from_here": None if root is None else _seen_from(path.parent, root),
        "journal": None
        if project.journal is None
        else _seen_from(path.parent, Path(os.path.abspath(project.journal)))
        or Path(os.path.abspath(project.journal)).as_posix(),
        "layout": of_layout(project.layout),
        "settings": of_settings(project.settings),
        "ownership": str(project.ownership),
        "solved": of_solved(project.solved),
        "locked": sorted(project.locked),
        "excluded": sorted(project.excluded),
        "decisions": [of_decision(decision) for decision in project.decisions],
        "frames": [
            of_frame(project, k, _name(source, root), stamps[source])
            for k, source in enumerate(sources)
        ],
        "seams": [of_seam(project, k) for k in range(len(project.seams))],
    }
    text = _as_text(document)
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def read_project(
    path: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Project:
    """Read a project file and open its frames, headers only.

    Parameters
    ----------
    path : path
        Written by `write_project`, by this version or an older one.
    root : path, optional
        Folder in which the frames lie now, in folders of any depth: they are found by their names
        relative to it, by name and content, or by content alone. By default they lie where they
        did, seen from the project or from the root of the disk.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Returns
    -------
    Project
        With `warnings` and `changed` about files that are not what they were. A file of another
        time, as copies have, is hashed to tell.

    Raises
    ------
    FramesElsewhereError
        If frames are not there; it names the folder, and says how to name another.
    ProjectError
        If the file is no project, is damaged, or is of a newer version; it names the place.
    LayoutError
        If a frame's file is no picture any more.
    """
    path = Path(os.path.abspath(path))
    model = _checked(path)
    wanted = {
        frame.file: Stamp(frame.size, frame.mtime_ns, frame.sha256) for frame in model.frames
    }
    found = _locate(path, model, wanted, None if root is None else Path(os.path.abspath(root)))
    changes = {}
    for k, (file, where) in enumerate(found.items()):
        if progress is not None:
            progress(k, len(found), "looking at frames")
        if change := what_changed(where, wanted[file]):
            changes[file] = change
    stamps = {where: wanted[file] for file, where in found.items() if file not in changes}
    journal = (
        None if model.journal is None else Path(os.path.normpath(path.parent / model.journal))
    )
    return project_from(model, path, found, changes, stamps, journal, progress)


def is_project(path: str | os.PathLike[str]) -> bool:
    """Whether a file looks like a project, told from its first bytes."""
    try:
        with open(path, "rb") as file:
            return FORMAT.encode() in file.read(200)
    except OSError:
        return False


def _checked(path: Path) -> ProjectModel:
    """Read, migrate and check what stands in a file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ProjectError(f"{path}: there is no such project; check the path") from error
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{path} is no project of napari-seamnet, but no text at all"
        ) from error
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from error
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ProjectError(
            f"{path}, line {error.lineno}, column {error.colno}: {error.msg}; the file is no "
            "project, or was cut short or edited: mend it there, or open a copy of it"
        ) from error
    except RecursionError as error:
        raise ProjectError(f"{path} is no project of napari-seamnet") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ProjectError(
            f"{path} is JSON, but no project: it should say format: {FORMAT!r}; name a file that "
            "`napari-seamnet stitch --project` wrote"
        )
    migrated = migrate(data, path)
    try:
        return ProjectModel.model_validate_json(text if migrated is data else json.dumps(migrated))
    except ValidationError as error:
        raise ProjectError(f"{path}: {_in_words(error)}") from error


def _in_words(error: ValidationError) -> str:
    """The first thing that is wrong in a file, where it stands, and how many more there are."""
    first = error.errors(include_url=False)[0]
    place = ""
    for part in first["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    what = {
        "missing": "is not there",
        "extra_forbidden": "is not known to this program",
    }.get(first["type"])
    if what is None:
        value = repr(first["input"])
        value = value if len(value) <= 60 else f"{value[:57]}..."
        what = f"is {value}; {first['msg'][:1].lower()}{first['msg'][1:]}"
    more = error.error_count() - 1
    others = f" ({more} more like this)" if more else ""
    return f"{place}: {what}{others}. Mend it there, or open a copy of the project"


def _locate(
    path: Path, model: ProjectModel, wanted: Mapping[str, Stamp], root: Path | None
) -> dict[str, Path]:
    """Find all files, in the order of `wanted`."""
    old = Path(model.root)
    if root is not None:
        if not root.is_dir():
            raise ProjectError(f"there is no folder {root}; check --root")
        found = find_files(wanted, root)
    else:
        folders = [old]
        if model.root_from_here is not None:
            # Moved together with its frames, a project must not open those that were left behind.
            folders.insert(0, Path(os.path.normpath(path.parent / model.root_from_here)))
        tried = [{n: f / n for n in wanted if (f / n).is_file()} for f in folders]
        found = max(tried, key=len)
    missing = tuple(name for name in wanted if name not in found)
    if missing:
        listed = ", ".join(missing[:LISTED]) + (", ..." if len(missing) > LISTED else "")
        where = old if root is None else root
        raise FramesElsewhereError(
            f"{path}: {len(missing)} of {len(wanted)} files of frames are not in {where} "
            f"({listed}); tell where they are now: --root FOLDER, or root= in Python",
            where,
            missing,
        )
    return {name: found[name] for name in wanted}


def _name(source: Path, root: Path | None) -> str:
    return source.as_posix() if root is None else source.relative_to(root).as_posix()


def _seen_from(folder: Path, other: Path) -> str | None:
    """A path relative to a folder; None on another drive."""
    try:
        return Path(os.path.relpath(other, folder)).as_posix()
    except ValueError:
        return None


def _as_text(document: dict[str, Any]) -> str:
    """JSON that people can look at, search and compare: one frame or seam a line."""
    lines = []
    for name, value in document.items():
        if name in _LINE_A_PIECE and value:
            pieces = ",\n  ".join(_json(piece) for piece in value)
            lines.append(f' "{name}": [\n  {pieces}\n ]')
        else:
            lines.append(f' "{name}": {_json(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _program_version() -> str:
    try:
        return version("napari-seamnet")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return f"from source, Python {sys.version_info.major}.{sys.version_info.minor}"
