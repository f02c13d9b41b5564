"""``demo``: a simulated chip layer, aligned. Only options and printing are here."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from .terminal import A_FILE, judge, progress_bar, shared_options

if TYPE_CHECKING:
    from pathlib import Path


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
    """Align a simulated chip layer with known shifts.

    Writes the frames, mosaic.ome.tif, pairs.csv, and before.png and after.png: one seam's overlap
    with the first frame red and the second green.
    """
    from ..demo import align_grid, describe_seams, place, save_demo
    from ..sample_data import chip_grid
    from ..shifts import get_method

    the_method = get_method(method, device=device)
    grid = chip_grid()
    with progress_bar("aligning") as progress:
        seams = align_grid(grid, the_method, progress=progress)
    mosaic = place(grid, seams)
    save_demo(out, grid, seams, mosaic)
    click.echo(describe_seams(grid, seams))
    click.echo(f"written: {', '.join(str(path) for path in sorted(out.glob('*.*')))}")
    if window and _has_display():
        from ..widgets.open_demo import show

        click.echo("opening napari; close its window to end")
        show(grid, mosaic)
    return judge(seam.estimate for seam in seams)


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
