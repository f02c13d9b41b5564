"""What was done to a grid, as lines of Python and as a command that do the same once more.

Only text is made here; nothing is opened, computed or written. Where the frames and the options
do not say it all, such as what a person decided on the command line, a saved project is named.
"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .mosaic import Ownership
from .pair_files import rounded
from .shifts import Status
from .stitching import StitchSettings, Workers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .projects import Project

WIDTH = 88
"""A line of Python is cut into several beyond this many characters."""


class AsTextError(ValueError):
    """What was done cannot be put into these words; the message says what to do."""


@dataclass(frozen=True)
class Opened:
    """How a layout was opened: what `open_layout` was given.

    Parameters
    ----------
    source : str or tuple of str
        A folder or file, or several pictures.
    options : mapping
        Keyword arguments of `open_layout`.
    left_out : tuple of str
        Names of frames that a person left out since.
    is_edited : bool
        Whether frames were added or replaced by hand since.
    """

    source: str | tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    is_edited: bool = False

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
    script = _Script()
    why = _beyond_frames(project, opened)
    if why or opened is None:
        _from_file(script, project, _needed(why, saved, "lines of Python"), workers)
    elif project.excluded:
        _step_by_step(script, project, opened, workers)
    else:
        _in_one_call(script, project, opened, workers)
    _write(script, project, written)
    return script.text()


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
        options = [] if project.solved is not None else _flags(_of_workers(workers))
    else:
        sources = (opened.source,) if isinstance(opened.source, str) else opened.source
        words = ["stitch", *sources]
        options = _layout_flags(opened.options) + _flags(
            _changed(project.settings, StitchSettings()) | _of_workers(workers)
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
        return "frames were added or replaced by hand"
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


# -- Python -----------------------------------------------------------------------------------


class _Script:
    """Lines of Python, and what they import."""

    def __init__(self) -> None:
        self._imports: dict[str, set[str]] = {}
        self._blocks: list[str] = []

    def needs(self, name: str, module: str = "napari_seamnet") -> str:
        self._imports.setdefault(module, set()).add(name)
        return name

    def add(self, *lines: str) -> None:
        self._blocks += lines

    def text(self) -> str:
        imports = [
            f"from {module} import {', '.join(sorted(names, key=str.casefold))}"
            for module, names in sorted(self._imports.items(), key=lambda one: _order(one[0]))
        ]
        return "\n".join([*imports, "", *self._blocks]) + "\n"


def _order(module: str) -> tuple[bool, str]:
    return module.startswith("napari_seamnet"), module


def _in_one_call(script: _Script, project: Project, opened: Opened, workers: Workers) -> None:
    script.add(*_opening(script, opened))
    arguments = ["layout"]
    if given := _settings(script, project.settings):
        arguments.append(given)
    arguments += _workers(script, workers)
    if project.decisions:
        shift = script.needs("Shift")
        decided = [
            f"{decision.pair}: {shift}({_numbers(decision.shift)})"
            for decision in project.decisions
        ]
        script.add(_bracketed("decisions = {", decided, "}"))
        arguments.append("decisions=decisions")
    script.add(f"solution = {_call(script.needs('stitch'), arguments, len('solution = '))}")


def _step_by_step(script: _Script, project: Project, opened: Opened, workers: Workers) -> None:
    """Through a project: the one call takes no seams that are excluded."""
    script.needs("Project", "napari_seamnet.projects")
    script.add(*_opening(script, opened))
    settings = _settings(script, project.settings)
    if settings:
        script.add(f"settings = {settings}")
        settings = "settings"
    if project.settings.wide is not None:
        level = script.needs("level", "napari_seamnet.stitching")
        script.add(f"layout = {level}(layout, settings)")
    script.add(f"project = Project.of_layout({', '.join(filter(None, ['layout', settings]))})")
    _estimate_rest(script, workers)
    for first, second in sorted(project.excluded):
        script.add(f"project = project.with_excluded({first}, {second})")
    for decision in project.decisions:
        shift = f"{script.needs('Shift')}({_numbers(decision.shift)})"
        script.add(
            f"project = project.with_decision({decision.first}, {decision.second}, {shift})"
        )
    script.add("solution = project.solve().solution()")


def _from_file(script: _Script, project: Project, saved: Path, workers: Workers) -> None:
    script.needs("Project", "napari_seamnet.projects")
    script.add(f"project = Project.load({_path(saved)})")
    if project.unfinished:
        _estimate_rest(script, workers)
    solve = "" if project.solved is not None else ".solve()"
    script.add(f"solution = project{solve}.solution()")


def _estimate_rest(script: _Script, workers: Workers) -> None:
    estimate = script.needs("estimate", "napari_seamnet.stitching")
    arguments = [
        "project.layout",
        "[project.seams[k] for k in left]",
        "project.settings",
        *_workers(script, workers),
    ]
    script.add(
        "left = project.unfinished",
        f"found = {_call(estimate, arguments, len('found = '))}",
        "project = project.with_estimates(dict(zip(left, found)))",
    )


def _opening(script: _Script, opened: Opened) -> list[str]:
    if isinstance(opened.source, str):
        source = repr(opened.source)
    else:
        source = _bracketed("[", [repr(one) for one in opened.source], "]")
    arguments = [source, *(f"{name}={value!r}" for name, value in _given(opened.options).items())]
    opening = _call(script.needs("open_layout"), arguments, len("layout = "))
    lines = [f"layout = {opening}"]
    if opened.left_out:
        names = _bracketed("left_out = {", [repr(name) for name in opened.left_out], "}")
        gone = "*(k for k, site in enumerate(layout) if site.name in left_out)"
        lines += [names, f"layout = layout.without({gone})"]
    return lines


def _settings(script: _Script, settings: StitchSettings) -> str:
    """A call that makes settings; empty if they are the usual ones."""
    changed = _changed(settings, StitchSettings())
    if not changed:
        return ""
    return _call(script.needs("StitchSettings"), [f"{n}={v!r}" for n, v in changed.items()], 8)


def _workers(script: _Script, workers: Workers) -> list[str]:
    changed = _of_workers(workers)
    if not changed:
        return []
    made = script.needs("Workers", "napari_seamnet.stitching")
    return [f"workers={_call(made, [f'{n}={v!r}' for n, v in changed.items()], 12)}"]


def _write(script: _Script, project: Project, written: Written) -> None:
    """Lines that write the files."""
    mosaic = script.needs("mosaic_of", "napari_seamnet.mosaic")
    script.add(f"mosaic = {mosaic}(solution)")
    if written.out is not None:
        export = script.needs("export", "napari_seamnet.mosaic.export")
        arguments = ["mosaic", _path(written.out)]
        if project.ownership is not Ownership.NEAREST_CENTRE:
            arguments.append(f"ownership={str(project.ownership)!r}")
        if project.layout.pixel_size is not None:
            arguments.append("pixel_size=solution.layout.pixel_size")
        if written.provenance:
            arguments.append("provenance=True")
        script.add(_call(export, arguments))
    for name in ("positions", "seams", "tile_configuration"):
        path = getattr(written, name)
        if path is not None:
            write = script.needs(f"write_{name}", "napari_seamnet.solution_files")
            script.needs("Path", "pathlib")
            script.add(f"{write}(Path({_path(path)}), solution)")
    if written.report is not None:
        report = script.needs("write_report", "napari_seamnet.report")
        script.add(_call(report, ["solution", _path(written.report), "mosaic=mosaic"]))


def _call(name: str, arguments: list[str], before: int = 0) -> str:
    """A call, in one line if it fits beside what stands before it."""
    line = f"{name}({', '.join(arguments)})"
    if before + len(line) <= WIDTH and "\n" not in line:
        return line
    return _bracketed(f"{name}(", arguments, ")", always=True)


def _bracketed(opening: str, items: list[str], closing: str, always: bool = False) -> str:
    line = f"{opening}{', '.join(items)}{closing}"
    if not always and len(line) <= WIDTH:
        return line
    inside = "".join(f"    {item},\n" for item in (i.replace("\n", "\n    ") for i in items))
    return f"{opening}\n{inside}{closing}"


def _numbers(pair: Any) -> str:
    return ", ".join(repr(_plain(value)) for value in pair)


def _path(path: Path) -> str:
    return repr(str(path))


# -- options ----------------------------------------------------------------------------------


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a layout that say something, as plain values."""
    usual = {"start": "top left", "order": "snake", "first": "rows"}
    found = {}
    for name, value in options.items():
        text = value.replace("-", " ") if name == "start" and isinstance(value, str) else value
        empty = text is None or text is False or (isinstance(text, tuple | list) and not text)
        if not empty and text != usual.get(name):
            found[name] = _plain(text)
    return found


def _layout_flags(options: Mapping[str, Any]) -> list[str]:
    words = []
    for name, value in _given(options).items():
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


def _changed(one: Any, usual: Any) -> dict[str, Any]:
    """Fields that differ from the usual ones, as plain values."""
    return {
        f.name: _plain(getattr(one, f.name))
        for f in fields(one)
        if getattr(one, f.name) != getattr(usual, f.name)
    }


def _of_workers(workers: Workers) -> dict[str, Any]:
    """What a text can say of who did the work; a client is no text, and a batch no option."""
    changed = _changed(replace(workers, client=None), Workers())
    return {name: value for name, value in changed.items() if name != "batch"}


def _plain(value: Any) -> Any:
    """A value whose `repr` is valid Python: no enumerations, no numbers of numpy."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | list):
        return tuple(_plain(one) for one in value)
    if isinstance(value, bool) or value is None:
        return value
    number = float(value)
    return int(number) if number.is_integer() else rounded(number, 6)


def _comma(values: Any) -> str:
    return ",".join(str(value) for value in values)
