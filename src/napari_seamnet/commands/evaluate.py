"""``evaluate``: methods on seams whose true shift is known. Only options and printing are here."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click

from .terminal import A_FILE, DONE, progress_bar, shared_options

if TYPE_CHECKING:
    from pathlib import Path

    from ..learning.labelled import LabelledSeam
    from ..shifts import Method
    from ..shifts.estimate import Progress


class _Noises(click.ParamType):
    """Comma-separated shares of the full range."""

    name = "noises"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        try:
            noises = tuple(dict.fromkeys(float(part) for part in value.split(",")))
        except ValueError:
            noises = (-1.0,)
        if not all(0 <= noise <= 10 for noise in noises):
            self.fail(f"{value!r} are no shares of the full range, such as 0,0.15,0.3", param, ctx)
        return noises


class _Size(click.ParamType):
    """One side of a square, or height x width."""

    name = "size"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        sides = value.lower().split("x")
        if len(sides) > 2 or not all(s.isdecimal() and 16 <= int(s) <= 8192 for s in sides):
            self.fail(f"{value!r} is no size of 16 to 8192 px, such as 150 or 600x150", param, ctx)
        return int(sides[0]), int(sides[-1])


@click.command(
    epilog="Example: napari-seamnet evaluate --pairs frames/pairs.csv --method seamnet "
    "--method smoothed --noise 0,0.3 --page report.html"
)
@click.option(
    "--tiles",
    type=A_FILE,
    multiple=True,
    metavar="PATH",
    help="Tiles: a folder of them or a compact file.",
)
@click.option(
    "--hand",
    type=A_FILE,
    multiple=True,
    metavar="HAND.jsonl",
    help="Hand alignments.",
)
@click.option(
    "--pairs",
    type=A_FILE,
    multiple=True,
    metavar="PATH",
    help="Pairs with known offsets: a CSV, or a folder with a pairs.csv.",
)
@click.option(
    "--simulated", type=click.IntRange(min=1), metavar="N", help="As many simulated seams."
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME|FILE",
    help="What is evaluated: a name that `napari-seamnet methods` lists, or a .safetensors file "
    "of weights with its card beside it; may be given several times.  [default: your default "
    "method, seamnet and smoothed]",
)
@click.option(
    "--noise",
    type=_Noises(),
    default="0",
    show_default=True,
    metavar="A,B,...",
    help="Noise to add, as shares of the full range; each is evaluated. With noise, the second "
    "crop's contrast is halved too.",
)
@click.option(
    "--split",
    type=click.Choice(["train", "validation"]),
    help="Of tiles, only this split.",
)
@click.option(
    "--range",
    "reach",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    metavar="PX",
    help="How far off the seams of --hand, --pairs and --simulated are put, at random.",
)
@click.option(
    "--size",
    type=_Size(),
    default="150",
    show_default=True,
    metavar="PX",
    help="Size of simulated seams: one side, or HEIGHTxWIDTH.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help="Evaluate only so many seams, drawn at random.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="K",
    help="Decides everything that is random.",
)
@shared_options("max-shift", "device")
@click.option("--csv", "answers_file", type=A_FILE, metavar="FILE.csv", help="Keep every answer.")
@click.option(
    "--page",
    type=A_FILE,
    metavar="FILE.html",
    help="Write a page with tables, plots and the worst cases; it needs no other file.",
)
@click.option("--title", metavar="TEXT", help="Title of the page.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    tiles: tuple[Path, ...],
    hand: tuple[Path, ...],
    pairs: tuple[Path, ...],
    simulated: int | None,
    methods: tuple[str, ...],
    noise: tuple[float, ...],
    split: str | None,
    reach: int,
    size: tuple[int, int],
    count: int | None,
    seed: int,
    max_shift: int,
    device: str,
    answers_file: Path | None,
    page: Path | None,
    title: str | None,
    as_json: bool,
) -> int:
    """Measure methods and weights on seams whose true shift is known.

    Prints the source's three metrics, the shares within 1 and 2 px, how often a method called an
    answer certain and was wrong (silent errors), and how far its confidence can be trusted.
    """
    if not (tiles or hand or pairs or simulated):
        raise click.UsageError(
            "nothing to evaluate on; give --tiles, --hand, --pairs or --simulated"
        )
    if split and not tiles:
        raise click.UsageError("--split goes with --tiles")
    from ..learning import evaluate as evaluation
    from ..learning.labelled import some, spoiled
    from ..saving import check_folder

    wanted = [path for path in (answers_file, page) if path is not None]
    for path in wanted:
        check_folder(path, keep=(*tiles, *hand, *pairs))
    if len({path.resolve() for path in wanted}) < len(wanted):
        raise click.UsageError(f"--csv and --page cannot both be {page}; name two files")
    ctx.params["methods"] = methods = methods or _usual_methods()
    the_methods = _methods(methods, device)
    with progress_bar("evaluating") as progress:
        plain = _seams(tiles, hand, pairs, simulated, split, reach, size, seed, progress)
        if count is not None:
            plain = some(plain, count, seed)
        # Seam by seam, so that a frame's pixels are read once for all noises.
        seams = [spoiled(seam, sigma, seed) for seam in plain for sigma in noise]
        answers = evaluation.evaluate(the_methods, seams, max_shift, progress)
        if answers_file is not None:
            evaluation.write_csv(answers, answers_file)
        if page is not None:
            from ..learning.evaluation_page import write_page

            write_page(
                page,
                answers,
                seams,
                title or f"{', '.join(the_methods)} on {len(plain)} seams",
                _command(ctx),
                _about(tiles, hand, pairs, simulated, size, the_methods, max_shift),
                max_shift,
                progress,
            )
    out_of_reach = sum(max(abs(s.truth.dy), abs(s.truth.dx)) > max_shift for s in plain)
    if out_of_reach:
        click.echo(
            f"{out_of_reach} of {len(plain)} true shifts lie beyond --max-shift {max_shift}: no "
            "method can find those",
            err=True,
        )
    by = ("noise",) if len(noise) > 1 else ()
    summaries = evaluation.summarise(answers, by)
    if as_json:
        found = {
            "seams": len(plain),
            "noise": list(noise),
            "max_shift": max_shift,
            "command": _command(ctx),
            "summaries": evaluation.as_json(summaries),
        }
        click.echo(json.dumps(found))
        return DONE
    click.echo(evaluation.table(summaries))
    for path in wanted:
        click.echo(f"written: {path}")
    return DONE


def _usual_methods() -> tuple[str, ...]:
    """What a person aligns with, what the plugin brings along, and the strongest plain rival."""
    from ..shifts import DEFAULT_METHOD
    from ..user_weights import default_method

    return tuple(dict.fromkeys((default_method(), DEFAULT_METHOD, "smoothed")))


def _methods(names: tuple[str, ...], device: str) -> dict[str, Method]:
    """Make the methods; a file of weights is called after the file."""
    from pathlib import Path

    from ..shifts import get_method

    made: dict[str, Method] = {}
    for name in dict.fromkeys(names):
        label = Path(name).stem if name.endswith(".safetensors") else name
        made[name if label in made else label] = get_method(name, device=device)
    return made


def _seams(
    tiles: tuple[Path, ...],
    hand: tuple[Path, ...],
    pairs: tuple[Path, ...],
    simulated: int | None,
    split: str | None,
    reach: int,
    size: tuple[int, int],
    seed: int,
    progress: Progress,
) -> list[LabelledSeam]:
    from ..learning import labelled

    seams: list[LabelledSeam] = []
    for path in tiles:
        seams += labelled.from_tiles(path, split)
    for path in hand:
        seams += labelled.from_hand(path, reach, seed)
    for path in pairs:
        seams += labelled.from_truth(path, reach, seed)
    if simulated:
        seams += labelled.from_simulator(simulated, size, reach, seed, progress=progress)
    return seams


def _about(
    tiles: tuple[Path, ...],
    hand: tuple[Path, ...],
    pairs: tuple[Path, ...],
    simulated: int | None,
    size: tuple[int, int],
    methods: dict[str, Method],
    max_shift: int,
) -> list[str]:
    """Say what was evaluated, in sentences; weights by their checksum."""
    import hashlib

    facts = [
        f"{what}: {', '.join(str(path) for path in paths)}."
        for what, paths in (
            ("Tiles", tiles),
            ("Hand alignments", hand),
            ("Pairs with known offsets", pairs),
        )
        if paths
    ]
    if simulated:
        facts.append(f"{simulated} simulated seams of {size[0]} x {size[1]} px.")
    facts.append(f"Search range ±{max_shift} px on each axis.")
    for name, method in methods.items():
        weights = getattr(method, "weights", None)
        if weights is not None:
            with open(weights, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            facts.append(f"Weights of {name}: {weights}, sha256 {digest}.")
    return facts


def _command(ctx: click.Context) -> str:
    """The command as it ran; with its defaults, since another version's may differ."""
    words = ["napari-seamnet", "evaluate"]
    for option in ctx.command.params:
        value = ctx.params.get(option.name or "")
        flag = option.opts[0]
        if value is None or value is False or value == ():
            continue
        if value is True:
            words.append(flag)
        elif option.multiple:
            for one in value:
                words += [flag, str(one)]
        elif flag == "--noise":
            words += [flag, ",".join(f"{one:g}" for one in value)]
        elif flag == "--size":
            words += [flag, "x".join(map(str, value))]
        else:
            words += [flag, str(value)]
    return shlex.join(words)
