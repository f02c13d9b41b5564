"""``stitch``: a grid of frames becomes one mosaic. Only options and printing are here."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from .layout import layout_arguments, layout_options, open_asked
from .outputs import Outputs, judge_solution, output_options, write_all
from .reopen import (
    changed_settings,
    finish,
    open_project,
    refuse_layout_options,
    root_option,
)
from .terminal import A_FILE, command_line, progress_bar, shared_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ..solve import Solution
    from ..stitching import StitchSettings, Workers

_SETTINGS: tuple[Callable[..., Any], ...] = (
    click.option(
        "--wide",
        type=click.IntRange(1, 2000),
        metavar="PX",
        help="Bring the frames to within a few px first, by a coarse look within this many px; "
        "--max-shift then counts from there. For stages that are off by a lot.",
    ),
    click.option(
        "--solver",
        type=click.Choice(["belief", "least-squares", "rows", "columns"]),
        default="belief",
        show_default=True,
        help="How positions are found from the seams; all but the default are for comparison.",
    ),
    click.option(
        "--stage-error",
        type=click.FloatRange(min=0, min_open=True),
        metavar="PX",
        help="How far the stage may put a frame off its place, each way.  [default: half of "
        "--max-shift]",
    ),
    click.option(
        "--feature-size",
        type=click.FloatRange(min=0, min_open=True),
        metavar="PX",
        help="Size of the smallest feature: what may be off by more than half of it is flagged.",
    ),
)
_WORKERS: tuple[Callable[..., Any], ...] = (
    click.option(
        "--workers", type=click.IntRange(min=1), metavar="N", help="Threads or processes."
    ),
    click.option(
        "--executor",
        type=click.Choice(["threads", "processes"]),
        default="threads",
        show_default=True,
        help="Who estimates the seams.",
    ),
    click.option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Let the workers of a dask cluster estimate the seams.",
    ),
    click.option(
        "--journal",
        type=A_FILE,
        metavar="FILE",
        help="Where finished seams are kept.  [default: beside OUT, with the ending "
        ".seams.sqlite]",
    ),
    click.option("--no-journal", is_flag=True, help="Keep no journal."),
)


def _with(options: tuple[Callable[..., Any], ...]) -> Callable[[Callable[..., Any]], Any]:
    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give


@click.command(
    epilog="Examples: napari-seamnet stitch frames -o chip.ome.zarr --overlap 10%; napari-seamnet "
    "stitch TileConfiguration.txt -o chip.ome.tif --max-shift 25 --seams seams.csv --report "
    "report.html; napari-seamnet stitch frames --rows 4 --overlap auto -o chip.ome.zarr; "
    "napari-seamnet stitch --watch incoming --rows 10 --cols 12 --overlap 150 -o chip.ome.zarr"
)
@click.argument("source", nargs=-1, type=A_FILE)
@output_options
@root_option
@layout_options
@shared_options("method", "max-shift", "device")
@_with(_SETTINGS + _WORKERS)
@click.option(
    "--watch",
    type=A_FILE,
    metavar="FOLDER",
    help="Stitch a running acquisition instead of SOURCE: frames are added as they arrive in "
    "FOLDER, until the grid of --rows and --cols is full, or until Ctrl-C.",
)
@click.option(
    "--idle",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="With --watch: finish when no frame has come for this many seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def stitch(
    source: tuple[Path, ...],
    watch: Path | None,
    root: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Find where every frame of a grid lies, and write the mosaic.

    SOURCE is what `napari-seamnet layout` understands: a folder, pictures, TileConfiguration.txt,
    MIST's global-positions, a CSV, OME; or a project, to go on with. Look at it with
    `layout --plot` first. Every pixel of the mosaic is one frame's, unaltered. Stopped or killed,
    the same command goes on where it was.
    """
    from ..mosaic import Ownership
    from ..projects import Project, is_project
    from ..stitching import level

    if (watch is None) == (not source):
        raise click.UsageError("give SOURCE, or --watch FOLDER: one of the two")
    outputs = Outputs.asked(options)
    settings, workers = asked_settings(options), asked_workers(options)
    journal = asked_journal(options, outputs)
    if watch is not None:
        if journal is None:
            raise click.UsageError("--watch needs a journal; leave --no-journal out")
        from .watch import stitch_watched

        found, code = stitch_watched(
            watch, outputs, settings, workers, journal, options, quiet or as_json
        )
        if found is not None:
            tell(found, as_json, quiet)
        return code
    if len(source) == 1 and source[0].is_file() and is_project(source[0]):
        refuse_layout_options([*layout_arguments(options), "overlap"])
        project = changed_settings(open_project(source[0], root, quiet), options)
        outputs.check_frames(project.layout, source)
        journal = options["journal"] or project.journal or journal
    else:
        layout = open_asked(source, options, quiet)
        outputs.check_frames(layout, source)
        with nullcontext() if quiet else progress_bar("looking coarsely") as progress:
            layout = level(layout, settings, progress=progress)
        project = Project.of_layout(layout, settings)
    project = replace(project, ownership=Ownership(outputs.ownership), journal=journal)
    project, solution = finish(project, workers, journal, quiet)
    write_all(outputs, replace(project, command=command_line()), solution, quiet)
    tell(solution, as_json, quiet)
    return judge_solution(solution)


def asked_settings(options: Mapping[str, Any]) -> StitchSettings:
    """What decides about the result, of what a command was given."""
    from ..stitching import StitchSettings

    names = ("method", "max_shift", "wide", "solver", "stage_error", "feature_size")
    return StitchSettings(**{name: options[name] for name in names})


def asked_workers(options: Mapping[str, Any]) -> Workers:
    """Who does the work, of what a command was given."""
    from ..stitching import Workers

    names = ("device", "workers", "executor", "scheduler")
    return Workers(**{name: options[name] for name in names})


def asked_journal(options: Mapping[str, Any], outputs: Outputs) -> Path | None:
    """Where finished seams are kept."""
    from ..grids.journal import ENDING
    from ..mosaic.export.target import bare_name

    if options["no_journal"]:
        if options["journal"] is not None:
            raise click.UsageError("--journal and --no-journal contradict each other; give one")
        return None
    journal: Path | None = options["journal"]
    return journal or outputs.main.with_name(bare_name(outputs.main) + ENDING)


def tell(solution: Solution, as_json: bool, quiet: bool) -> None:
    """Print what was found."""
    from ..solution_report import describe_solution, solution_as_json

    if as_json:
        click.echo(json.dumps(solution_as_json(solution)))
    elif not quiet:
        click.echo(describe_solution(solution))
