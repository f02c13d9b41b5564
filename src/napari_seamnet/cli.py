"""The command line: the same operations as the widgets, for scripts and servers.

Only options and printing are here; what is done stands in the modules that each command imports
when it runs, so that ``--help`` answers at once. Errors, exit codes and progress are in
`terminal.py`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .terminal import DONE, Commands, judge, progress_bar, shared_options

if TYPE_CHECKING:
    from .shifts import Method

A_FILE = click.Path(path_type=Path)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="napari-seamnet")
def main() -> None:
    """Align overlapping microscope frames, and say how sure that is.

    Exit codes: 0 done; 1 done, but something needs a person; 2 bad input or usage; 130 stopped by
    Ctrl-C.
    """


@main.command(epilog="Example: napari-seamnet align left.tif right.tif --side right --overlap 150")
@click.argument("first", required=False, type=A_FILE)
@click.argument("second", required=False, type=A_FILE)
@click.option(
    "--side",
    type=click.Choice(["right", "below", "left", "above"]),
    help="Where SECOND lies, seen from FIRST.",
)
@click.option(
    "--overlap",
    type=int,
    metavar="PX",
    help="Nominal width of the strip that both frames show.",
)
@shared_options("method", "max-shift", "device")
@click.option(
    "--page",
    type=click.IntRange(min=0),
    metavar="N",
    help="Page to take of every file, counted from 0; needed where a file holds several.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option(
    "--mosaic",
    type=A_FILE,
    metavar="OUT.ome.tif",
    help="Write both frames, at whole pixels, as one picture.",
)
@click.option(
    "--composite",
    type=A_FILE,
    metavar="OUT.png",
    help="Write the aligned overlap: first frame red, second green.",
)
@click.option(
    "--pairs",
    type=A_FILE,
    metavar="IN.csv",
    help="Align many pairs instead: a CSV with the columns first,second,dy,dx (files, relative to "
    "the CSV's folder; nominal offset of second, in px). A missing or broken frame, or a pair "
    "that does not overlap, ends the run before it starts.",
)
@click.option(
    "--out",
    type=A_FILE,
    metavar="OUT.csv",
    help="With --pairs: the CSV to write. It repeats IN.csv and adds shift_dy, shift_dx, "
    "confidence, status and alternatives.",
)
def align(
    first: Path | None,
    second: Path | None,
    side: str | None,
    overlap: int | None,
    method: str,
    max_shift: int,
    device: str,
    page: int | None,
    as_json: bool,
    mosaic: Path | None,
    composite: Path | None,
    pairs: Path | None,
    out: Path | None,
) -> int:
    """Find where the second of two frames really lies.

    Prints the shift: what must be added to the nominal position of SECOND, y down, x to the
    right, in pixels. With --pairs and --out, does so for many pairs.
    """
    from .shifts import get_method

    single = {
        "FIRST": first,
        "SECOND": second,
        "--side": side,
        "--overlap": overlap,
        "--json": as_json or None,
        "--mosaic": mosaic,
        "--composite": composite,
    }
    if pairs is None and out is None:
        if first is None or second is None or side is None or overlap is None:
            missing = [n for n in ("FIRST", "SECOND", "--side", "--overlap") if single[n] is None]
            raise click.UsageError(
                f"missing {', '.join(missing)}; give FIRST SECOND --side SIDE --overlap PX, or "
                "--pairs IN.csv --out OUT.csv"
            )
        the_method = get_method(method, device=device)
        return _align_two(
            (first, second), side, overlap, the_method, max_shift, page, as_json, mosaic, composite
        )
    if pairs is None or out is None:
        raise click.UsageError("--pairs and --out go together; give both")
    if surplus := [name for name, value in single.items() if value is not None]:
        raise click.UsageError(f"{', '.join(surplus)} cannot be given together with --pairs")
    the_method = get_method(method, device=device)
    return _align_file(pairs, out, the_method, max_shift, page)


def _align_two(
    paths: tuple[Path, Path],
    side: str,
    overlap: int,
    method: Method,
    max_shift: int,
    page: int | None,
    as_json: bool,
    mosaic: Path | None,
    composite: Path | None,
) -> int:
    from . import pair_report
    from .demo import save_composite
    from .frames import open_frame
    from .geometry import nominal_offset
    from .mosaic import Mosaic
    from .mosaic.export import checked_path
    from .saving import check_folder

    for wanted in (mosaic, composite):
        if wanted is not None:
            check_folder(wanted, keep=paths)
    if mosaic is not None and composite is not None and mosaic.resolve() == composite.resolve():
        raise click.UsageError(f"--mosaic and --composite cannot both be {mosaic}; name two files")
    first, second = (open_frame(path, page) for path in paths)
    nominal = nominal_offset(first.shape, second.shape, side, overlap)
    if mosaic is not None:
        checked_path(mosaic)
        Mosaic.start(first).place(second, nominal.whole())  # frames that do not mix are refused
    with progress_bar("aligning") as progress:
        report = pair_report.report_pair(
            first, second, nominal, method, max_shift=max_shift, progress=progress
        )
    estimate = report.estimate
    if mosaic is not None:
        Mosaic.start(first).append(
            second, nominal, 0, shift=estimate.shift, status=estimate.status
        ).save(mosaic)
    if composite is not None:
        save_composite(composite, first, second, report.offset)
    if as_json:
        click.echo(json.dumps(pair_report.as_json(report)))
    else:
        click.echo(pair_report.as_text(report))
    return judge([estimate])


def _align_file(pairs: Path, out: Path, method: Method, max_shift: int, page: int | None) -> int:
    from .pair_files import align_pairs, open_frames, read_pairs, write_pairs
    from .saving import check_folder

    check_folder(out)
    rows = read_pairs(pairs)
    check_folder(out, keep={path for row in rows for path in (row.first, row.second)})
    frames = open_frames(rows, page)
    with progress_bar("aligning") as progress:
        estimates = align_pairs(rows, frames, method, max_shift=max_shift, progress=progress)
    write_pairs(out, rows, estimates)
    return judge(estimates)


@main.command()
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
    from .demo import align_grid, describe_seams, place, save_demo
    from .sample_data import chip_grid
    from .shifts import get_method

    the_method = get_method(method, device=device)
    grid = chip_grid()
    with progress_bar("aligning") as progress:
        seams = align_grid(grid, the_method, progress=progress)
    mosaic = place(grid, seams)
    save_demo(out, grid, seams, mosaic)
    click.echo(describe_seams(grid, seams))
    click.echo(f"written: {', '.join(str(path) for path in sorted(out.glob('*.*')))}")
    if window and _has_display():
        from .widgets.open_demo import show

        click.echo("opening napari; close its window to end")
        show(grid, mosaic)
    return judge(seam.estimate for seam in seams)


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@main.command()
def methods() -> None:
    """List what --method knows, other packages' methods included."""
    from .shifts import DEFAULT_METHOD, method_names

    for name in method_names():
        click.echo(f"{name} (default)" if name == DEFAULT_METHOD else name)


@main.command()
@click.option(
    "--recipe",
    type=A_FILE,
    metavar="FILE",
    help="What to train, on what, and for how long; by default the recipe of the bundled weights.",
)
@click.option(
    "--pictures",
    type=A_FILE,
    multiple=True,
    metavar="DIR",
    help="A folder of real pictures to cut pairs from, besides the simulated ones; may be given "
    "several times.",
)
@click.option(
    "-o",
    "--out",
    type=A_FILE,
    default="seamnet.safetensors",
    show_default=True,
    metavar="FILE",
    help="Where the weights go; their card goes beside them, as .json.",
)
@shared_options("device")
def train(recipe: Path | None, pictures: tuple[Path, ...], out: Path, device: str) -> int:
    """Train a network from a recipe.

    The recipe of the bundled weights, with the pictures that their card names, reproduces them.
    """
    for wanted in (*([recipe] if recipe else []), *pictures):
        if not wanted.exists():
            raise click.UsageError(f"there is no {wanted}.")
    if out.suffix != ".safetensors":
        raise click.UsageError(f"weights are kept as .safetensors, but --out is {out}.")
    from .learning.train import BUNDLED_RECIPE, train_from_recipe
    from .saving import check_folder

    check_folder(out)
    with progress_bar("training") as progress:
        found = train_from_recipe(recipe or BUNDLED_RECIPE, list(pictures), out, device, progress)
    click.echo(f"{out}: {found['within_1_px']:.1%} of the last training pairs within 1 px")
    return DONE
