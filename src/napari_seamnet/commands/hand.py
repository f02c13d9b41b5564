"""``hand``: files of hand alignments. Only options and printing are here."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .terminal import A_FILE, DONE, complain, progress_bar

if TYPE_CHECKING:
    from pathlib import Path

    from ..learning.hand import HandAlignment

HAND = click.argument("hand", type=A_FILE, metavar="HAND.jsonl")
KNOWN_BY = click.argument("known_by", metavar="ID")
OUT = click.option(
    "-o",
    "--out",
    type=A_FILE,
    required=True,
    metavar="HAND.jsonl",
    help="File of hand alignments to add to; made if it is not there.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
SHORT_ID = 8
"""Digits of an id that a list shows; the commands take them too."""


@click.group(epilog="Example: napari-seamnet hand list hand.jsonl")
def hand() -> None:
    """Keep hand alignments: pairs whose offset a person decided on."""


@hand.command(
    epilog="Example: napari-seamnet hand add left.tif right.tif --side right --overlap 150 "
    "--dy -3 --dx 8 -o hand.jsonl"
)
@click.argument("first", type=A_FILE)
@click.argument("second", type=A_FILE)
@click.option(
    "--side",
    type=click.Choice(["right", "below", "left", "above"]),
    required=True,
    help="Where SECOND lies, seen from FIRST.",
)
@click.option(
    "--overlap",
    type=int,
    required=True,
    metavar="PX",
    help="Nominal width of the strip that both frames show.",
)
@click.option("--dy", type=float, required=True, metavar="PX", help="Shift of SECOND, down.")
@click.option("--dx", type=float, required=True, metavar="PX", help="Shift of SECOND, right.")
@click.option("--note", default="", help="Anything worth telling about the pair.")
@click.option(
    "--page",
    type=click.IntRange(min=0),
    metavar="N",
    help="Page to take of both files, counted from 0; needed where a file holds several.",
)
@OUT
def add(
    first: Path,
    second: Path,
    side: str,
    overlap: int,
    dy: float,
    dx: float,
    note: str,
    page: int | None,
    out: Path,
) -> int:
    """Record the shift of SECOND that you have decided on.

    The shift is what must be added to the nominal position of SECOND, as `align` prints it.
    """
    from ..frames import open_frame
    from ..geometry import Shift, nominal_offset
    from ..learning.hand import Decided, HandAlignment, record

    frames = open_frame(first, page), open_frame(second, page)
    nominal = nominal_offset(frames[0].shape, frames[1].shape, side, overlap)
    one = HandAlignment.make(*frames, nominal, Shift(dy, dx), Decided.HAND, note)
    record(out, one)
    click.echo(_as_text(one))
    return DONE


@hand.command("import-pairs", epilog="Example: napari-seamnet hand import-pairs p.csv -o h.jsonl")
@click.argument("table", type=A_FILE, metavar="TABLE.csv")
@OUT
@click.option(
    "--frames",
    type=A_FILE,
    metavar="FOLDER",
    help="What the table's names are relative to.  [default: its own folder]",
)
@click.option(
    "--page",
    type=click.IntRange(min=0),
    metavar="N",
    help="Page to take of every file, counted from 0; needed where a file holds several.",
)
def import_pairs(table: Path, out: Path, frames: Path | None, page: int | None) -> int:
    """Take pairs with known offsets from a CSV; what HAND.jsonl ever held stays as it is.

    TABLE.csv is a file for or from `align --pairs` (rows with the status hand or certain, or
    without any), the --seams of `stitch` (rows with the status hand), or measured offsets with
    the columns left_or_top_file,right_or_bottom_file,dx,dy (rows whose loops close).
    """
    from ..learning.hand_files import from_table, record_new

    found = from_table(table, page, frames)
    added = record_new(out, found)
    click.echo(f"{added} added to {out}; {len(found) - added} were in it before")
    return DONE


@hand.command("list", epilog="Example: napari-seamnet hand list hand.jsonl --json")
@HAND
@click.option(
    "--decided",
    type=click.Choice(["hand", "confirmed", "truth"]),
    help="Only those decided by this: hand, a network confirmed by hand, or a known offset.",
)
@AS_JSON
def list_command(hand: Path, decided: str | None, as_json: bool) -> int:
    """List the decisions that stand: id, pair, side, overlap, shift, who decided, note."""
    found = [one for one in _read(hand) if decided in (None, str(one.decided))]
    if as_json:
        click.echo(json.dumps([_as_values(one) for one in found]))
        return DONE
    for one in found:
        click.echo(_as_text(one))
    if not found:
        click.echo(f"no such hand alignment in {hand}" if decided else f"{hand} is empty")
    return DONE


@hand.command(epilog="Example: napari-seamnet hand annotate hand.jsonl 3f9a0c12 'charging'")
@HAND
@KNOWN_BY
@click.argument("note")
def annotate(hand: Path, known_by: str, note: str) -> int:
    """Give the decision ID (or an ID that begins so) another NOTE."""
    from ..learning import hand as hands

    click.echo(_as_text(hands.annotate(hand, known_by, note)))
    return DONE


@hand.command(epilog="Example: napari-seamnet hand correct hand.jsonl 3f9a0c12 --dy -2 --dx 8")
@HAND
@KNOWN_BY
@click.option("--dy", type=float, required=True, metavar="PX", help="Shift of SECOND, down.")
@click.option("--dx", type=float, required=True, metavar="PX", help="Shift of SECOND, right.")
def correct(hand: Path, known_by: str, dy: float, dx: float) -> int:
    """Give the decision ID (or an ID that begins so) another shift."""
    from ..geometry import Shift
    from ..learning import hand as hands

    click.echo(_as_text(hands.correct(hand, known_by, Shift(dy, dx), hands.Decided.HAND)))
    return DONE


@hand.command(epilog="Example: napari-seamnet hand delete hand.jsonl 3f9a0c12")
@HAND
@KNOWN_BY
def delete(hand: Path, known_by: str) -> int:
    """Take the decision ID (or an ID that begins so) back; the frames' files stay."""
    from ..learning import hand as hands

    one = hands.delete(hand, known_by)
    click.echo(f"{one.id[:SHORT_ID]}  {one.name}: deleted")
    return DONE


@hand.command(epilog="Example: napari-seamnet hand merge monday.jsonl tuesday.jsonl -o all.jsonl")
@click.argument("files", type=A_FILE, nargs=-1, required=True, metavar="HAND.jsonl...")
@OUT
def merge(files: tuple[Path, ...], out: Path) -> int:
    """Add what the files hold to --out; of the same decision, the latest word counts."""
    from ..learning import hand_files

    click.echo(f"{hand_files.merge(files, out)} lines added to {out}")
    return DONE


@hand.command(epilog="Example: napari-seamnet hand export hand.jsonl for-the-other-machine")
@HAND
@click.argument("folder", type=A_FILE)
def export(hand: Path, folder: Path) -> int:
    """Copy HAND.jsonl and all its frames into FOLDER, which can then be moved anywhere."""
    from ..learning.hand_files import export_folder

    with progress_bar("copying") as progress:
        out = export_folder(hand, folder, progress)
    click.echo(f"{len(_read(out))} hand alignments and their frames are in {folder}")
    return DONE


@hand.command("import", epilog="Example: napari-seamnet hand import from-there -o hand.jsonl")
@click.argument("folder", type=A_FILE)
@OUT
@click.option("--copy", is_flag=True, help="Copy the frames beside --out; else FOLDER must stay.")
def import_command(folder: Path, out: Path, copy: bool) -> int:
    """Add an exported FOLDER to a file of hand alignments."""
    from ..learning.hand_files import import_folder

    with progress_bar("copying") as progress:
        added = import_folder(folder, out, copy=copy, progress=progress)
    click.echo(f"{added} lines added to {out}")
    return DONE


@hand.command(epilog="Example: napari-seamnet hand traits hand.jsonl")
@HAND
@AS_JSON
def traits(hand: Path, as_json: bool) -> int:
    """Show how diverse the pairs are, and what the set lacks.

    Of each pair: largest shift, contrast and noise as shares of the full range, period of regular
    structure, side.
    """
    from ..learning import diversity

    alignments = _read(hand)
    measured = []
    with progress_bar("measuring") as progress:
        for done, one in enumerate(alignments):
            progress(done, len(alignments), one.name)
            measured.append(diversity.traits(one))
        progress(len(alignments), len(alignments), "")
    lacks = diversity.missing(measured)
    if as_json:
        pairs = [
            {"id": one.id, "name": one.name, **asdict(its), "side": its.side}
            for one, its in zip(alignments, measured, strict=True)
        ]
        click.echo(json.dumps({"pairs": pairs, "missing": lacks}))
        return DONE
    for one, its in zip(alignments, measured, strict=True):
        regular = "not regular" if its.period is None else f"period {its.period:.0f} px"
        click.echo(
            f"{one.id[:SHORT_ID]}  {one.name}: {its.side}, shift {its.shift:g} px, contrast "
            f"{its.contrast:.2f}, noise {its.noise:.3f}, {regular}"
        )
    for sentence in lacks:
        click.echo(f"missing: {sentence}")
    return DONE


def _read(hand: Path) -> list[HandAlignment]:
    """Read a file, and say on stderr what a crash has cost it."""
    from ..learning.hand import read_hand
    from ..learning.hand_journal import read_journal

    if torn := read_journal(hand).torn:
        numbers = ", ".join(str(number) for number in torn)
        complain(f"{hand}: a crash cut line {numbers} short; what was decided there is lost")
    return read_hand(hand)


def _as_text(one: HandAlignment) -> str:
    note = f"  {one.note}" if one.note else ""
    return (
        f"{one.id[:SHORT_ID]}  {one.name}: {one.side}, overlap {one.overlap} px, "
        f"dy {one.shift.dy:g}, dx {one.shift.dx:g}, {one.decided}{note}"
    )


def _as_values(one: HandAlignment) -> dict[str, Any]:
    return {
        "id": one.id,
        "first": str(one.first.path),
        "second": str(one.second.path),
        "side": str(one.side),
        "overlap": one.overlap,
        "nominal_dy": one.nominal.dy,
        "nominal_dx": one.nominal.dx,
        "dy": one.shift.dy,
        "dx": one.shift.dx,
        "decided": str(one.decided),
        "note": one.note,
        "time": one.time,
        "version": one.version,
    }
