"""``tiles``: training squares from hand alignments. Only options and printing are here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from .terminal import A_FILE, DONE, progress_bar

if TYPE_CHECKING:
    from pathlib import Path

    from ..learning.tile_files import Tiles

_ENDING = ".safetensors"
_BAR = 40
"""Characters of the longest bar of a histogram."""


@click.group(
    epilog="Example: napari-seamnet tiles generate HAND.jsonl -o tiles --count 30000 --even-max"
)
def tiles() -> None:
    """Make, sieve and show tiles: the labelled squares that networks are trained on.

    A set of tiles is a folder of RGB PNG pictures (red: first square, green: second, blue: half
    their sum, and the label in its first four pixels), or one compact .safetensors file.
    """


@tiles.command(epilog="Example: napari-seamnet tiles generate HAND.jsonl -o tiles --range 10")
@click.argument("hand", type=A_FILE)
@click.option(
    "-o",
    "--out",
    type=A_FILE,
    required=True,
    metavar="DIR",
    help="Folder to make or, after a stop, to continue; with --compact, a .safetensors file.",
)
@click.option(
    "--range",
    "reach",
    type=click.IntRange(1, 50),
    default=10,
    show_default=True,
    metavar="PX",
    help="Shifts are all (dy, dx) within this, each way on each axis.",
)
@click.option(
    "--size",
    type=click.IntRange(min=4),
    default=150,
    show_default=True,
    metavar="PX",
    help="Side of the squares.",
)
@click.option(
    "--count",
    default="30000",
    show_default=True,
    metavar="N",
    help="Tiles in all, or `all`: every shift, wherever squares fit side by side.",
)
@click.option(
    "--validation",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.25,
    show_default=True,
    metavar="SHARE",
    help="Share of seed pairs that are kept for validation; no pair is on both sides.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="K",
    help="Equal seeds give equal tiles.",
)
@click.option(
    "--even-max",
    is_flag=True,
    help="As many tiles of each largest shift max(|dy|, |dx|), not of each shift.",
)
@click.option("--compact", is_flag=True, help="Write one file, which trains at full speed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def generate(
    hand: Path,
    out: Path,
    reach: int,
    size: int,
    count: str,
    validation: float,
    seed: int,
    even_max: bool,
    compact: bool,
    as_json: bool,
) -> int:
    """Cut tiles from the hand-aligned pairs of HAND.

    Each pair is shifted through every (dy, dx) within the range and cut into squares, the frames'
    real pixels beyond the overlap included. The same command continues what was stopped.
    """
    if not (count == "all" or (count.isdecimal() and int(count))):
        raise click.BadParameter(
            f"{count!r} is no number of tiles; give a whole number from 1, or `all`.",
            param_hint="'--count'",
        )
    from ..learning.hand import read_hand
    from ..learning.tiles import TilePlan, generate_tiles

    plan = TilePlan(
        size, reach, None if count == "all" else int(count), validation, seed, even_max
    )
    alignments = read_hand(hand)
    with progress_bar("making tiles") as progress:
        made = generate_tiles(
            alignments, out, plan, progress, compact=compact or out.suffix == _ENDING
        )
    _print(out, made, as_json)
    if validation and not made.splits.any():
        click.echo("no tiles for validation: there is one seed pair only; align more", err=True)
    return DONE


@tiles.command(
    epilog="Example: napari-seamnet tiles sieve tiles -o sieved --largest 8 --count 20000"
)
@click.argument("source", type=A_FILE)
@click.option(
    "-o",
    "--out",
    type=A_FILE,
    required=True,
    metavar="DIR",
    help="New or empty folder for the copies, or a .safetensors file.",
)
@click.option(
    "--largest",
    type=click.IntRange(0, 255),
    metavar="PX",
    help="Leave out tiles with max(|dy|, |dx|) above this.",
)
@click.option(
    "--even/--no-even",
    default=True,
    show_default=True,
    help="Equally many tiles of each largest shift, or whatever there is.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help="Tiles in all; by default as many as can be even. More: as even as there are tiles.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="K",
    help="Equal seeds choose equal tiles.",
)
def sieve(
    source: Path, out: Path, largest: int | None, even: bool, count: int | None, seed: int
) -> int:
    """Copy those tiles of SOURCE that make a better set.

    SOURCE is any folder of tiles, or a compact file. It is not changed.
    """
    from ..learning.sieve import copy_sieved
    from ..learning.tile_files import open_tiles

    before = open_tiles(source)
    with progress_bar("copying") as progress:
        after = copy_sieved(source, out, largest, even, count, seed, progress)
    click.echo("before:\n" + _bars(before))
    click.echo("after:\n" + _bars(after))
    _print(out, after)
    return DONE


@tiles.command(epilog="Example: napari-seamnet tiles show tiles")
@click.argument("source", type=A_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def show(source: Path, as_json: bool) -> int:
    """Say what a set of tiles holds, with the histogram of its largest shifts."""
    from ..learning.tile_files import open_tiles

    found = open_tiles(source)
    _print(source, found, as_json)
    if not as_json:
        click.echo(_bars(found))
    return DONE


@tiles.command(epilog="Example: napari-seamnet tiles compact tiles -o tiles.safetensors")
@click.argument("source", type=A_FILE)
@click.option(
    "-o", "--out", type=A_FILE, required=True, metavar="FILE", help="Ends in .safetensors."
)
def compact(source: Path, out: Path) -> int:
    """Copy a folder of tiles into one file, which trains at full speed."""
    from ..learning.tile_files import open_tiles, write_compact

    found = open_tiles(source)
    with progress_bar("writing") as progress:
        write_compact(found, out, progress)
    _print(out, found)
    return DONE


def _print(path: Path, found: Tiles, as_json: bool = False) -> None:
    about = _describe(path, found)
    if as_json:
        click.echo(json.dumps(about))
        return
    click.echo(
        f"{path}: {about['train']} tiles for training and {about['validation']} for validation, "
        f"{found.size} px, from {about['pairs'] or 'unknown'} pairs"
    )


def _describe(path: Path, found: Tiles) -> dict[str, Any]:
    from ..learning.sieve import histogram

    held = int(found.splits.sum())
    return {
        "path": str(path),
        "size": found.size,
        "train": len(found) - held,
        "validation": held,
        "pairs": len({int(pair) for pair in found.pairs if pair >= 0}),
        "largest_shift_counts": histogram(found.shifts).tolist(),
    }


def _bars(found: Tiles) -> str:
    """One line for each largest shift, with its number of tiles as a bar."""
    from ..learning.sieve import histogram

    counts = histogram(found.shifts).tolist()
    most = max(counts)
    lines = ["max(|dy|, |dx|), px   tiles"]
    for largest, n in enumerate(counts):
        bar = "#" * round(_BAR * n / most)
        lines.append(f"{largest:19} {n:7}  {bar}".rstrip())
    return "\n".join(lines)
