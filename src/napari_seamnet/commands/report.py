"""``report``: a page about the quality of a solved grid. Only options and printing are here."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from .outputs import judge_solution
from .terminal import A_FILE, progress_bar

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="Examples: napari-seamnet report chip.seamnet.json -o chip.html; napari-seamnet report "
    "chip.seamnet.json -o chip.html --root /media/disk/frames --no-hashes"
)
@click.argument("project", type=A_FILE)
@click.option(
    "-o", "--out", type=A_FILE, required=True, metavar="R.html", help="The page to write."
)
@click.option(
    "--root",
    type=A_FILE,
    metavar="FOLDER",
    help="Where the frames lie now, in folders of any depth, if not where they did.",
)
@click.option(
    "--max-seams",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    help="Doubtful seams that are shown as pictures; the table has all of them.",
)
@click.option(
    "--no-hashes",
    is_flag=True,
    help="Do not read the frames' files for their hashes; those that the project knows are shown.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def report(
    project: Path, out: Path, root: Path | None, max_seams: int, no_hashes: bool, quiet: bool
) -> int:
    """Write all that is known about a stitched grid as one HTML page.

    PROJECT is a file that `napari-seamnet stitch --project` wrote. The page holds the mosaic with
    its seams by status, residuals and loops, the stage, every seam that needs a look with its
    pictures, the frames' positions and hashes, and how all of it was made. Nothing is stitched
    again.
    """
    from ..projects import Project
    from ..report import write_report
    from ..report.words import headline
    from ..saving import check_folder

    check_folder(out, keep=[project] if project.exists() else [])
    with nullcontext() if quiet else progress_bar("opening") as progress:
        opened = Project.load(project, root, progress=progress)
    check_folder(out, keep=[frame.path for frame in opened.layout.frames if frame.path])
    solution = opened.solution()
    own = ["napari-seamnet", "report", str(project), "-o", str(out)]
    with nullcontext() if quiet else progress_bar("reporting") as progress:
        write_report(
            solution,
            out,
            settings=opened.settings,
            command="\n".join(filter(None, (opened.command, shlex.join(own)))),
            title=f"Quality of {project.name.removesuffix('.json').removesuffix('.seamnet')}",
            notes=opened.warnings,
            max_seams=max_seams,
            hashes=not no_hashes,
            known_hashes=opened.known_hashes,
            progress=progress,
        )
    for warning in opened.warnings:
        click.echo(f"napari-seamnet: {warning}", err=True)
    if not quiet:
        click.echo(f"{out}: {headline(solution)}")
    return judge_solution(solution)
