"""What was done to a grid, as lines of Python and as a command that do the same once more.

What can be said at all is here, and the command; the lines of Python are in `as_script.py`. Only
text is made; nothing is opened, computed or written. Where frames and options do not say it all,
as a command does not what a person decided, a saved project is named.
"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .as_script import changed_fields, given_options, of_workers, script_of
from .mosaic import Ownership
from .shifts import Status
from .stitching import StitchSettings, Workers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .projects import Project


class AsTextError(ValueError):
    """What was done cannot be put into these words; the message says what to do."""


@dataclass(frozen=True)
class Opened:
    """How a layout was opened: what `open_layout` was given.

    Parameters
    ----------
    source : str or tuple of str
        A folder or file, or several pictures; paths will do, and become text.
    options : mapping
        Keyword arguments of `open_layout`.
    left_out : tuple of str
        Names of frames that a person left out since.
    is_edited : bool
        Whether frames were added, replaced or swapped by hand since.
    """

    source: str | tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    is_edited: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.source, str | PathLike):
            source: str | tuple[str, ...] = fspath(self.source)
        else:
            source = tuple(fspath(one) for one in self.source)
        object.__setattr__(self, "source", source)

    def without(self, *names: str) -> Opened:
        """The same, with frames left out."""
        return replace(self, left_out=(*self.left_out, *names))


@dataclass(frozen=True)
class Written:
    """Which files were written, and how; the names are those of the options of ``stitch``."""

    out: Path | None = None
    provenance: bool = False
    positions: Path | None = None
    seams: Path | None = None
    tile_configuration: Path | None = None
    report: Path | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was."""
        return self == Written()


def as_python(
    project: Project,
    opened: Opened | None = None,
    *,
    saved: Path | None = None,
    workers: Workers | None = None,
    written: Written | None = None,
) -> str:
    """Put a grid into lines of Python that stitch it once more.

    Parameters
    ----------
    project : Project
        Layout, settings, decisions.
    opened : Opened, optional
        How its layout was opened, if that is known.
    saved : Path, optional
        Its file, if it was saved as it is now.
    workers : Workers, optional
        Who did the work.
    written : Written, optional
        What was written.

    Returns
    -------
    str
        A script; it ends in a line break.

    Raises
    ------
    AsTextError
        If only a project's file could say it all, and it is not saved.
    """
    workers, written = workers or Workers(), written or Written()
    why = _beyond_frames(project, opened)
    if why or opened is None:
        source: Opened | Path = _needed(why, saved, "lines of Python")
    else:
        source = opened
    return script_of(project, source, workers, written)


def as_command(
    project: Project,
    opened: Opened | None = None,
    *,
    saved: Path | None = None,
    workers: Workers | None = None,
    written: Written | None = None,
) -> str:
    """Put a grid into a command for a terminal that stitches it, or writes it, once more.

    Parameters
    ----------
    project, opened, saved, workers, written
        As of `as_python`. Where nothing was written, a mosaic is: beside the frames' folder.

    Returns
    -------
    str
        One line, quoted for the shells of Linux and macOS, and for PowerShell.

    Raises
    ------
    AsTextError
        If only a project's file could say it all, and it is not saved.
    """
    workers, written = workers or Workers(), written or Written()
    why = _beyond_frames(project, opened) or _beyond_options(project, opened)
    if why or opened is None:
        source = _needed(why, saved, "a command")
        # Of a project that is done, nothing is computed again.
        words = ["export" if project.solved is not None else "stitch", str(source)]
        options = [] if project.solved is not None else _flags(of_workers(workers))
    else:
        sources = (opened.source,) if isinstance(opened.source, str) else opened.source
        words = ["stitch", *sources]
        options = _layout_flags(opened.options) + _flags(
            changed_fields(project.settings, StitchSettings()) | of_workers(workers)
        )
        source = Path(sources[0])
        source = source if len(sources) == 1 else source.parent
    if written.is_empty:
        written = Written(out=suggested(source))
    named = {f.name: getattr(written, f.name) for f in fields(written)}
    if project.ownership is not Ownership.NEAREST_CENTRE:
        named["ownership"] = str(project.ownership)
    return shlex.join(["napari-seamnet", *words, *options, *_flags(named)])


def suggested(source: Path, ending: str = ".ome.zarr") -> Path:
    """Name a file beside a folder of frames, a file of positions or a project.

    Examples
    --------
    >>> suggested(Path("scans/run_17")).as_posix()
    'scans/run_17.ome.zarr'
    >>> suggested(Path("run_17.seamnet.json"), ".html").as_posix()
    'run_17.html'
    """
    name = source.name
    for known in (".seamnet.json", ".companion.ome", ".ome.tif", source.suffix):
        if known and name.lower().endswith(known) and not source.is_dir():
            name = name[: -len(known)]
            break
    return source.with_name((name or "mosaic") + ending)


# -- what can be said -------------------------------------------------------------------------


def _beyond_frames(project: Project, opened: Opened | None) -> str:
    """Why frames, options and decisions do not say it all; empty if they do."""
    if opened is None:
        return "how the frames were laid out is not known any more"
    if opened.is_edited:
        return "frames were added, replaced or swapped by hand"
    settled = project.excluded | {decision.pair for decision in project.decisions}
    ways = Counter(
        (estimate.method, estimate.map.max_shift)
        for seam, estimate in zip(project.seams, project.estimates, strict=True)
        if estimate is not None
        and estimate.map is not None
        and seam.pair not in settled
        # A journal's estimate by hand has the range of whoever looked at it.
        and estimate.status is not Status.HAND
    )
    if project.settings.wide is None and len(ways) > 1:
        others = sum(ways.values()) - max(ways.values())
        verb = "seam was" if others == 1 else "seams were"
        return f"{others} {verb} estimated by another method or in another range than the rest"
    return ""


def _beyond_options(project: Project, opened: Opened | None) -> str:
    """Why a command cannot say it; empty if it can."""
    if project.decisions or project.excluded:
        n = len(project.decisions) + len(project.excluded)
        return f"{n} {'seam was' if n == 1 else 'seams were'} decided by hand"
    if opened is not None and opened.left_out:
        n = len(opened.left_out)
        return f"{n} {'frame was' if n == 1 else 'frames were'} left out by hand"
    return ""


def _needed(why: str, saved: Path | None, what: str) -> Path:
    if saved is None:
        raise AsTextError(f"{why}: {what} can only name the project for that; save it first")
    return saved


# -- options ----------------------------------------------------------------------------------


def _layout_flags(options: Mapping[str, Any]) -> list[str]:
    words = []
    for name, value in given_options(options).items():
        if name == "missing":
            for place in value:
                words += ["--missing", _comma(place)]
        elif name == "start":
            words += ["--start", value.replace(" ", "-")]
        else:
            words += _flags({name: value})
    return words


def _flags(options: Mapping[str, Any]) -> list[str]:
    """Options as words of a command; those that say nothing are left out."""
    words = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            text = _comma(value) if isinstance(value, tuple | list) else str(value)
            words += [flag, text]
    return words


def _comma(values: Any) -> str:
    return ",".join(str(value) for value in values)
