"""``align``: one pair of frames, or a file of pairs. Only options and printing are here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .terminal import A_FILE, judge, progress_bar, shared_options

if TYPE_CHECKING:
    from pathlib import Path

    from ..shifts import Method


@click.command(
    epilog="Example: napari-seamnet align left.tif right.tif --side right --overlap 150"
)
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
    from ..shifts import get_method

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
    from .. import pair_report
    from ..frames import open_frame
    from ..geometry import nominal_offset
    from ..mosaic import Mosaic
    from ..mosaic.export import checked_path
    from ..saving import check_folder

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
        pair_report.save_composite(composite, first, second, report.offset)
    if as_json:
        click.echo(json.dumps(pair_report.as_json(report)))
    else:
        click.echo(pair_report.as_text(report))
    return judge([estimate])


def _align_file(pairs: Path, out: Path, method: Method, max_shift: int, page: int | None) -> int:
    from ..pair_files import align_pairs, open_frames, read_pairs, write_pairs
    from ..saving import check_folder

    check_folder(out)
    rows = read_pairs(pairs)
    check_folder(out, keep={path for row in rows for path in (row.first, row.second)})
    frames = open_frames(rows, page)
    with progress_bar("aligning") as progress:
        estimates = align_pairs(rows, frames, method, max_shift=max_shift, progress=progress)
    write_pairs(out, rows, estimates)
    return judge(estimates)
