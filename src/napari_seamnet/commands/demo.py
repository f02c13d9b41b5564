"""``demo``: a simulated chip layer, stitched. Only options and printing are here."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import click

from .outputs import judge_solution
from .terminal import A_FILE, progress_bar, shared_options

if TYPE_CHECKING:
    from pathlib import Path

REPORT = "report.html"


@click.command()
@click.option(
    "-o",
    "--out",
    type=A_FILE,
    default="demo",
    show_default=True,
    metavar="FOLDER",
    help="Where the demo's files go; the folder is made if it is not there.",
)
@click.option(
    "--window/--no-window",
    default=True,
    help="Open napari on the mosaic where there is a display.  [default: window]",
)
@shared_options("method", "device")
def demo(out: Path, window: bool, method: str, device: str) -> int:
    """Stitch a simulated chip layer of 4 x 4 frames, and hold it against the truth.

    Writes the frames, layout.png, mosaic.ome.tif, positions.csv, seams.csv,
    TileConfiguration.registered.txt, report.html, and before.png and after.png: one seam's
    overlap with the first frame red and the second green. Stopped, it goes on where it was.
    """
    from ..demo import JOURNAL, MAX_SHIFT, Check, describe_check, lay_out, save_demo
    from ..mosaic import mosaic_of
    from ..report import write_report
    from ..sample_data import chip_grid
    from ..shifts import get_method
    from ..solution_report import describe_solution
    from ..stitching import StitchSettings, Workers, stitch

    get_method(method, device=device)  # a wrong name is refused before anything is written
    settings = StitchSettings(method=method, max_shift=MAX_SHIFT)
    grid = chip_grid()
    layout = lay_out(out, grid)
    with progress_bar("stitching") as progress:
        solution = stitch(
            layout,
            settings,
            workers=Workers(device=device),
            journal=out / JOURNAL,
            progress=progress,
        )
    with progress_bar("saving") as progress:
        written = save_demo(out, solution, progress=progress)
    mosaic = mosaic_of(solution)
    command = shlex.join(["napari-seamnet", "demo", "--out", str(out), "--method", method])
    with progress_bar("reporting") as progress:
        write_report(
            solution,
            out / REPORT,
            mosaic=mosaic,
            settings=settings,
            command=command,
            title="A simulated chip layer",
            progress=progress,
        )
    click.echo(describe_check(Check.of(grid, solution)))
    click.echo(f"\n{describe_solution(solution)}")
    names = ", ".join(["frames", "layout.png", *(path.name for path in written), REPORT, JOURNAL])
    click.echo(f"written   in {out}: {names}")
    if window and _has_display():
        from ..widgets.open_demo import show

        click.echo("opening napari; close its window to end")
        show(grid, mosaic)
    return judge_solution(solution)


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
