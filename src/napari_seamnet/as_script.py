"""A grid as lines of Python: which calls there are, and how they are laid out.

What can be said in Python at all, and the same as a command, is in `as_text.py`.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .mosaic import Ownership
from .pair_files import rounded
from .stitching import StitchSettings, Workers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .as_text import Opened, Written
    from .projects import Project

WIDTH = 88
"""A line of Python is cut into several beyond this many characters."""


def script_of(project: Project, source: Opened | Path, workers: Workers, written: Written) -> str:
    """Write a script that stitches frames, or goes on with a project's file; see `as_python`."""
    script = _Script()
    if isinstance(source, Path):
        _from_file(script, project, source, workers)
    elif project.excluded:
        _step_by_step(script, project, source, workers)
    else:
        _in_one_call(script, project, source, workers)
    _write(script, project, written)
    return script.text()


def given_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a layout that say something, as plain values."""
    usual = {"start": "top left", "order": "snake", "first": "rows"}
    found = {}
    for name, value in options.items():
        text = value.replace("-", " ") if name == "start" and isinstance(value, str) else value
        empty = text is None or text is False or (isinstance(text, tuple | list) and not text)
        if not empty and text != usual.get(name):
            found[name] = plain(text)
    return found


def changed_fields(one: Any, usual: Any) -> dict[str, Any]:
    """Fields that differ from the usual ones, as plain values."""
    return {
        f.name: plain(getattr(one, f.name))
        for f in fields(one)
        if getattr(one, f.name) != getattr(usual, f.name)
    }


def of_workers(workers: Workers) -> dict[str, Any]:
    """What a text can say of who did the work; a client is no text, and a batch no option."""
    changed = changed_fields(replace(workers, client=None), Workers())
    return {name: value for name, value in changed.items() if name != "batch"}


def plain(value: Any) -> Any:
    """A value whose `repr` is valid Python: no enumerations, no numbers of numpy."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | list):
        return tuple(plain(one) for one in value)
    if isinstance(value, bool) or value is None:
        return value
    number = float(value)
    return int(number) if number.is_integer() else rounded(number, 6)


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
    arguments = [
        source,
        *(f"{name}={value!r}" for name, value in given_options(opened.options).items()),
    ]
    opening = _call(script.needs("open_layout"), arguments, len("layout = "))
    lines = [f"layout = {opening}"]
    if opened.left_out:
        names = _bracketed("left_out = {", [repr(name) for name in opened.left_out], "}")
        gone = "*(k for k, site in enumerate(layout) if site.name in left_out)"
        lines += [names, f"layout = layout.without({gone})"]
    return lines


def _settings(script: _Script, settings: StitchSettings) -> str:
    """A call that makes settings; empty if they are the usual ones."""
    changed = changed_fields(settings, StitchSettings())
    if not changed:
        return ""
    return _call(script.needs("StitchSettings"), [f"{n}={v!r}" for n, v in changed.items()], 8)


def _workers(script: _Script, workers: Workers) -> list[str]:
    changed = of_workers(workers)
    # A script that starts processes must guard itself against being started by them; threads
    # give the same result.
    changed.pop("executor", None)
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
    return ", ".join(repr(plain(value)) for value in pair)


def _path(path: Path) -> str:
    return repr(str(path))
