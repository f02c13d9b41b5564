"""``layout``: show what is understood of a layout. Only options and printing are here.

The options that say how a layout is found are those of every command that takes one.
"""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from .terminal import A_FILE, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..layouts import Layout

AUTO = "auto"
"""As an overlap: estimate it from the pictures."""


class _Numbers(click.ParamType):
    """Two numbers with a comma between them; one counts for both, if `one_will_do`."""

    name = "numbers"

    def __init__(self, kind: type = float, one_will_do: bool = False) -> None:
        self.kind, self.one_will_do = kind, one_will_do

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Any, Any]:
        """Read the text."""
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        try:
            numbers = [self.kind(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) == 1 and self.one_will_do:
            numbers *= 2
        if len(numbers) != 2:
            what = "whole numbers" if self.kind is int else "numbers"
            one = "a number, or " if self.one_will_do else ""
            self.fail(f"{value!r} is not {one}two {what} with a comma between them", param, ctx)
        return numbers[0], numbers[1]


class _Overlap(click.ParamType):
    """An overlap in px or %, one or two, or ``auto``; its size is checked against the frames."""

    name = "overlap"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Check the text."""
        text = str(value).strip()
        one = r"\d+(\.\d+)?\s*(px|%)?"
        if text != AUTO and not re.fullmatch(rf"{one}(\s*,\s*{one})?", text):
            self.fail(f"{text!r} is no overlap; give px (150), a part (10%), y,x, or auto")
        return text


_OPTIONS: dict[str, Callable[..., Any]] = {
    "pattern": click.option(
        "--pattern",
        metavar="NAME",
        help="How names say where a frame lies, with {row}, {col}, {serial}, {y}, {x} and {any} "
        'for what varies: "tile_r{row}_c{col}.tif".  [default: guessed from the names]',
    ),
    "rows": click.option(
        "--rows", type=click.IntRange(min=1), metavar="N", help="Rows of a series of frames."
    ),
    "cols": click.option(
        "--cols",
        type=click.IntRange(min=1),
        metavar="N",
        help="Columns of a series; rows or columns are enough.",
    ),
    "start": click.option(
        "--start",
        type=click.Choice(["top-left", "top-right", "bottom-left", "bottom-right"]),
        default="top-left",
        show_default=True,
        help="Corner where a series begins.",
    ),
    "order": click.option(
        "--order",
        type=click.Choice(["snake", "raster"]),
        default="snake",
        show_default=True,
        help="Whether a series comes back along the next line, or begins each on the same side.",
    ),
    "first": click.option(
        "--first",
        type=click.Choice(["rows", "columns"]),
        default="rows",
        show_default=True,
        help="Whether a series runs along rows or down columns.",
    ),
    "missing": click.option(
        "--missing",
        type=_Numbers(int),
        multiple=True,
        metavar="ROW,COL",
        help="A place that a series left out, from 0,0 at the top left; may be given many times.",
    ),
    "overlap": click.option(
        "--overlap",
        type=_Overlap(),
        metavar="PX|%|Y,X|auto",
        help="How far neighbours overlap: 150, 10%, or two of them for y (above each other) and x "
        "(beside each other); auto looks at the pictures.",
    ),
    "flip_y": click.option(
        "--flip-y", is_flag=True, help="Rows count upwards, or the stage's y axis points up."
    ),
    "flip_x": click.option("--flip-x", is_flag=True, help="The same for columns and x."),
    "swap_yx": click.option("--swap-yx", is_flag=True, help="Exchange y and x, rows and columns."),
    "pixel_size": click.option(
        "--pixel-size",
        type=_Numbers(float, one_will_do=True),
        metavar="µm|Y,X",
        help="Side of a pixel; with it, positions in names are µm.",
    ),
    "unit": click.option(
        "--unit",
        type=click.Choice(["px", "um"]),
        help="Unit of positions whose source does not say it, or says it wrongly.",
    ),
    "page": click.option(
        "--page",
        type=click.IntRange(min=0),
        metavar="N",
        help="Page to take of every file, counted from 0; needed where a file holds several.",
    ),
}


def layout_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how a layout is found; see `open_asked`."""
    for option in reversed(_OPTIONS.values()):
        command = option(command)
    return command


def layout_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Turn what a command was given into arguments of `open_layout`.

    Parameters
    ----------
    options : mapping
        A command's keyword arguments; those that are not of `layout_options` are passed over.

    Returns
    -------
    dict
        An overlap of ``auto`` is left out, so that one is assumed to begin with.
    """
    found = {name: options[name] for name in _OPTIONS if name in options}
    if found.get("overlap") == AUTO:
        del found["overlap"]
    return found


def open_asked(source: Sequence[Path], options: Mapping[str, Any], quiet: bool = False) -> Layout:
    """Open the layout that a command was asked for, with a progress bar.

    Parameters
    ----------
    source : sequence of Path
        One folder or file, or several pictures.
    options : mapping
        The command's keyword arguments.
    quiet : bool
        Show no progress.

    Returns
    -------
    Layout
        With ``--overlap auto`` at the positions that the pictures suggest.
    """
    from ..layouts import open_layout

    asked = source[0] if len(source) == 1 else list(source)
    with nullcontext() if quiet else progress_bar("opening") as progress:
        layout = open_layout(asked, **layout_arguments(options), progress=progress)
    if options.get("overlap") != AUTO or len(layout) < 2:
        return layout
    from ..grids.overlap import estimate_overlap

    with nullcontext() if quiet else progress_bar("estimating the overlap") as progress:
        estimate = estimate_overlap(layout, progress=progress)
    told = sum(not seam.reason for seam in estimate.seams)
    amounts = [
        f"{overlap} px {where}"
        for overlap, where in (
            (estimate.overlap_y, "above each other"),
            (estimate.overlap_x, "beside each other"),
        )
        if overlap is not None
    ]
    note = (
        f"the overlap was told from the pictures: {', '.join(amounts)}, by {told} of the "
        f"{len(estimate.seams)} seams looked at"
    )
    return replace(estimate.layout, notes=(*estimate.layout.notes, note))


@click.command(
    epilog='Examples: napari-seamnet layout frames --pattern "tile_r{row}_c{col}.tif" --overlap '
    "10%; napari-seamnet layout frames --rows 4 --start bottom-left --overlap 150,170 --plot "
    "layout.png; napari-seamnet layout TileConfiguration.txt"
)
@click.argument("source", nargs=-1, required=True, type=A_FILE)
@layout_options
@click.option(
    "--plot",
    type=A_FILE,
    metavar="OUT.png",
    help="Draw it: frames in place, numbered, with the path and the gaps.",
)
@click.option(
    "--thumbnails/--no-thumbnails",
    default=True,
    help="Whether the drawing shows the frames' pixels.  [default: thumbnails]",
)
@click.option(
    "--write-tile-configuration",
    "tile_configuration",
    type=A_FILE,
    metavar="OUT.txt",
    help="Write the positions for Fiji.",
)
@click.option(
    "--write-positions",
    "positions",
    type=A_FILE,
    metavar="OUT.csv",
    help="Write the positions as CSV, with the columns file,row,col,y,x.",
)
@click.option(
    "--write-mist", "mist", type=A_FILE, metavar="OUT.txt", help="Write the positions for MIST."
)
@click.option(
    "--write-ome",
    "ome",
    type=A_FILE,
    metavar="OUT.companion.ome",
    help="Write the positions as an OME-XML companion.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def layout(
    source: tuple[Path, ...],
    plot: Path | None,
    thumbnails: bool,
    tile_configuration: Path | None,
    positions: Path | None,
    mist: Path | None,
    ome: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Show which frame lies where, before anything is computed.

    SOURCE is a folder of frames, several pictures, Fiji's TileConfiguration.txt, MIST's
    global-positions, a CSV of positions (file,y,x) or places (file,row,col), an OME-TIFF of many
    tiles, or an OME-XML companion. What it is, is told from what it holds.
    """
    from ..layouts.describe import describe_layout, layout_as_json
    from ..saving import check_folder

    wanted = [path for path in (plot, tile_configuration, positions, mist, ome) if path]
    if len({path.resolve() for path in wanted}) < len(wanted):
        raise click.UsageError("two outputs have the same name; give each its own")
    for path in wanted:
        check_folder(path)
    found = open_asked(source, options, quiet)
    keep = {frame.path for frame in found.frames if frame.path is not None} | set(source)
    for path in wanted:
        check_folder(path, keep=keep)
    if not quiet:
        click.echo(
            json.dumps(layout_as_json(found))
            if as_json
            else f"{describe_layout(found)}\n{_seams(found)}"
        )
    _write(found, tile_configuration, positions, mist, ome)
    if plot is not None:
        from ..layouts.draw import draw_layout

        with nullcontext() if quiet else progress_bar("drawing") as progress:
            draw_layout(found, plot, thumbnails, progress)
    return 0


def _write(
    found: Layout,
    tile_configuration: Path | None,
    positions: Path | None,
    mist: Path | None,
    ome: Path | None,
) -> None:
    from .. import layouts

    if tile_configuration is not None:
        layouts.tile_configuration.write(tile_configuration, found)
    if positions is not None:
        layouts.table.write(positions, found)
    if mist is not None:
        layouts.mist.write(mist, found)
    if ome is not None:
        layouts.ome.write_xml(ome, found)


def _seams(found: Layout) -> str:
    """How many neighbours overlap: the first thing that shows a wrong layout."""
    from ..seams.seam import find_seams

    seams = find_seams(found)
    beside = sum(seam.is_horizontal for seam in seams)
    alone = len(found) - len({index for seam in seams for index in seam.pair})
    lonely = f"; {alone} frames overlap no other" if alone and len(found) > 1 else ""
    return (
        f"seams     {len(seams)}: {beside} beside each other, {len(seams) - beside} above each "
        f"other{lonely}"
    )
