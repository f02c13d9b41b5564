"""Projects on the command line: how one is opened again, gone on with, and kept."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .terminal import A_FILE, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..projects import Project
    from ..solve import Solution
    from ..stitching import Workers

SETTINGS = ("method", "max_shift", "wide", "solver", "stage_error", "feature_size")
"""Options that are settings of a project, by their names in `StitchSettings`."""


def root_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that says where a project's frames are now."""
    return click.option(
        "--root",
        type=A_FILE,
        metavar="FOLDER",
        help="Where the frames of a project lie now, if they were moved.",
    )(command)


def open_project(path: Path, root: Path | None, quiet: bool) -> Project:
    """Open a project, and print what its file's reader warns of on stderr."""
    from ..projects import Project

    with nullcontext() if quiet else progress_bar("looking at frames") as progress:
        project = Project.load(path, root, progress=progress)
    for warning in project.warnings:
        click.echo(warning, err=True)
    return project


def changed_settings(project: Project, options: Mapping[str, Any]) -> Project:
    """Change those settings of a project that were given on the command line, and no others."""
    context = click.get_current_context()
    given = {
        name: options[name]
        for name in SETTINGS
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return project.with_settings(replace(project.settings, **given)) if given else project


def refuse_layout_options(names: Sequence[str]) -> None:
    """Raise if an option was given that says how a layout is found: a project has its own."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{name.replace('_', '-')} cannot be given with a project, which has a layout; "
                "stitch the folder anew"
            )


def finish(
    project: Project, workers: Workers, journal: Path | None, quiet: bool
) -> tuple[Project, Solution]:
    """Estimate the seams of a project that are still to be estimated, and solve it if need be."""
    from ..stitching import estimate

    left = project.unfinished
    if left:
        with nullcontext() if quiet else progress_bar("estimating") as progress:
            found = estimate(
                project.layout,
                [project.seams[k] for k in left],
                project.settings,
                workers=workers,
                journal=journal,
                progress=progress,
            )
        project = project.with_estimates(dict(zip(left, found, strict=True)))
    if project.solved is None:
        with nullcontext() if quiet else progress_bar("solving") as progress:
            project = project.solve(progress)
    return project, project.solution()
