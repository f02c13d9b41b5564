"""``export``: a project's mosaic and tables, once more or otherwise. Only options are here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from .outputs import Outputs, judge_solution, output_options, write_all
from .reopen import open_project, root_option
from .terminal import A_FILE, command_line

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="Examples: napari-seamnet export chip.seamnet.json -o chip.ome.zarr --provenance; "
    "napari-seamnet export chip.seamnet.json --tile-configuration "
    "TileConfiguration.registered.txt --root /data/chip"
)
@click.argument("project", type=A_FILE)
@output_options
@root_option
@click.option(
    "--pixel-size",
    type=click.FloatRange(min=0, min_open=True),
    metavar="µm",
    help="Side of a pixel.  [default: the layout's]",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def export(project: Path, root: Path | None, quiet: bool, **options: Any) -> int:
    """Write the mosaic of a project, or its positions and seams, without computing anything.

    PROJECT is what `stitch --project` or the widget wrote.
    """
    side = options.pop("pixel_size")
    outputs = Outputs.asked(options)
    outputs = replace(outputs, pixel_size=None if side is None else (side, side))
    opened = open_project(project, root, quiet)
    outputs.check_frames(opened.layout, (project,))
    solution = opened.solution()
    write_all(outputs, replace(opened, command=command_line()), solution, quiet)
    return judge_solution(solution)
