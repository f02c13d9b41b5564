"""``train``: from data to weights. Only options and printing are here."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from .terminal import A_FILE, DONE, Stopped, progress_bar, shared_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..learning.training.fit import Report


@click.command(
    epilog="Examples: napari-seamnet train --hand seeds.jsonl -o mine.safetensors; "
    "napari-seamnet train --network final --tiles tiles/ -o final.safetensors"
)
@click.option(
    "--network",
    metavar="NAME",
    help="What to train: seamnet, or one of the source's networks (zero, first-2, first-3, "
    "second, second-wide, final).  [default: the recipe's]",
)
@click.option(
    "--tiles",
    type=A_FILE,
    multiple=True,
    metavar="SET",
    help="A folder of tiles or a compact file; may be given several times.",
)
@click.option(
    "--validation",
    type=A_FILE,
    metavar="SET",
    help="Tiles to check with, instead of the sets' own validation tiles.",
)
@click.option(
    "--hand",
    type=A_FILE,
    metavar="FILE.jsonl",
    help="Hand alignments that SeamNet learns from directly; two in five are held out, "
    "and on them the new weights are compared with your default, or, without one of your own, "
    "with those of --start.",
)
@click.option(
    "--simulated",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Share of the batches that the simulator draws.",
)
@click.option(
    "--pictures",
    type=A_FILE,
    multiple=True,
    metavar="DIR",
    help="A folder of real pictures for the simulator; may be given several times.",
)
@click.option(
    "--start",
    metavar="NAME|FILE",
    help="Weights to start from: bundled, a name of yours, or a file; `nothing` for fresh ones. "
    "[default: bundled for SeamNet on --hand or --tiles, else nothing]",
)
@click.option(
    "--recipe",
    type=A_FILE,
    metavar="FILE",
    help="All other numbers, as TOML. By default the source's recipe for its networks, ours for "
    "fine-tuning SeamNet, and, without any data, the recipe of the bundled weights.",
)
@click.option("--epochs", type=click.IntRange(1), metavar="N", help="Instead of the recipe's.")
@click.option("--seed", type=int, metavar="K", help="Instead of the recipe's.")
@click.option(
    "-o",
    "--out",
    type=A_FILE,
    default="seamnet.safetensors",
    show_default=True,
    metavar="FILE",
    help="Where the weights go; their card goes beside them, as .json. A training that was "
    "stopped goes on where it was.",
)
@click.option("--anew", is_flag=True, help="Begin anew, even if a checkpoint is there.")
@click.option(
    "--adopt",
    metavar="NAME",
    help="Keep the weights as a method of this name, and offer them as the default if they are "
    "better than the present one. The default itself is replaced only then.",
)
@click.option(
    "--yes", is_flag=True, help="With --adopt: take them as the default, if better, unasked."
)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that make batches.",
)
@click.option(
    "--events",
    is_flag=True,
    help="Print one JSON object a line instead of text, and obey `pause`, `go` and `stop` on "
    "stdin: for programs.",
)
@shared_options("device")
def train(
    network: str | None,
    tiles: tuple[Path, ...],
    validation: Path | None,
    hand: Path | None,
    simulated: float,
    pictures: tuple[Path, ...],
    start: str | None,
    recipe: Path | None,
    epochs: int | None,
    seed: int | None,
    out: Path,
    anew: bool,
    adopt: str | None,
    yes: bool,
    workers: int,
    events: bool,
    device: str,
) -> int:
    """Train a network, or teach SeamNet your own microscope's pictures.

    Without any data, the recipe of the bundled weights is followed; with the pictures that their
    card names, it reproduces them.
    """
    named = [*tiles, *pictures, *(p for p in (recipe, validation, hand) if p is not None)]
    for wanted in named:
        if not wanted.exists():
            raise click.UsageError(f"there is no {wanted}.")
    if out.suffix != ".safetensors":
        raise click.UsageError(f"weights are kept as .safetensors, but --out is {out}.")
    from ..saving import check_folder

    check_folder(out)
    if not (tiles or hand or simulated or network) and _is_of_simulator(recipe):
        return _train_on_simulator(recipe, pictures, out, device, anew, workers)
    from ..learning.training.recipes import FINE_TUNE, SOURCE, FitRecipe
    from ..learning.training.run import TrainingData, train_network

    wanted_network = network or ("final" if tiles and not hand else "seamnet")
    fallback = FINE_TUNE if wanted_network == "seamnet" else SOURCE
    changes: dict[str, Any] = {"epochs": epochs, "seed": seed, "network": network}
    if recipe is None and network is None:
        changes["network"] = wanted_network
    weights = _weights_to_start_from(start, wanted_network, bool(tiles or hand))
    changes["starts_from_weights"] = weights is not None
    plan = FitRecipe.read(recipe or fallback, **changes)
    data = TrainingData(tiles, validation, hand, simulated, pictures)
    with _talking(events) as (watch, say):
        trained = train_network(
            plan,
            data,
            out,
            start=weights,
            device=device,
            watch=watch,
            examples=out.with_name(out.stem + ".examples.png") if events else None,
            resume=not anew,
            workers=workers,
        )
        say(_result(trained.course.history, out), event="trained", out=str(out))
        better = None
        if trained.held_out:
            better = _compare(start, out, trained.held_out, device, say)
    if adopt:
        _adopt(adopt, out, better, yes)
    return DONE


def _is_of_simulator(recipe: Path | None) -> bool:
    if recipe is None:
        return True
    try:
        return "network" not in tomllib.loads(recipe.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True  # whoever reads it next says what is wrong


def _train_on_simulator(
    recipe: Path | None,
    pictures: tuple[Path, ...],
    out: Path,
    device: str,
    anew: bool,
    workers: int,
) -> int:
    from ..learning.training.simulated import BUNDLED_RECIPE, train_from_recipe

    with progress_bar("training") as progress:
        found = train_from_recipe(
            recipe or BUNDLED_RECIPE,
            list(pictures),
            out,
            device,
            progress,
            workers,
            resume=not anew,
        )
    click.echo(f"{out}: {found['within_1_px']:.1%} of the last training pairs within 1 px")
    return DONE


def _weights_to_start_from(start: str | None, network: str, has_data: bool) -> Path | None:
    from pathlib import Path

    from ..nets.build import bundled_weights
    from ..user_weights import find_weights

    if start == "nothing" or (start is None and not (network == "seamnet" and has_data)):
        return None
    if start is None or start == "bundled":
        return bundled_weights(network)
    return Path(start) if start.endswith(".safetensors") else find_weights(start).path


def _result(history: list[dict[str, Any]], out: Path) -> str:
    best = min(history, key=lambda row: row["validation_loss"])
    return (
        f"{out}: best after epoch {best['epoch']} of {history[-1]['epoch']}; on validation, mean "
        f"max error {best['mean_max']:.3f} px (dy {best['mean_dy']:.3f}, dx "
        f"{best['mean_dx']:.3f}), {best['within_1']:.1%} within 1 px"
    )


def _compare(
    start: str | None,
    out: Path,
    held_out: Any,
    device: str,
    say: Callable[..., None],
) -> bool:
    from dataclasses import asdict

    from ..learning.adopt import compare

    found = compare(_method_to_beat(start), out, held_out, device=device)
    say(
        f"\nOn {len(held_out)} held-out pairs:\n\n{found.as_text()}",
        event="compared",
        pairs=len(held_out),
        old=asdict(found.old),
        new=asdict(found.new),
        is_better=found.is_better,
    )
    return found.is_better


def _method_to_beat(start: str | None) -> str:
    """What a person would lose by adopting: their default, whatever the training started from.

    Where that is the bundled one, their own weights that the training started from.
    """
    from ..user_weights import DEFAULT_METHOD, default_method

    default = default_method()
    if default != DEFAULT_METHOD or start in (None, "bundled", "nothing"):
        return default
    return str(start)


def _adopt(name: str, out: Path, better: bool | None, yes: bool) -> None:
    from ..user_weights import add_weights, default_method, list_weights, set_default

    def keep() -> None:
        add_weights(out, name, replace=True)
        click.echo(f"kept as the method {name!r}")

    own = {found.name for found in list_weights()}
    is_default = name in own and name == default_method()  # to keep them is to use them, then
    if not is_default:
        keep()
    wants = better and (
        yes or (sys.stdin.isatty() and click.confirm("Use them as the default from now on?"))
    )
    if wants and is_default:
        keep()
    elif wants:
        set_default(name)
        click.echo(f"{name!r} is the default method now")
    elif is_default:
        click.echo(
            f"{name!r} is the default method and stays as it was; the new weights are in {out}, "
            f"and `napari-seamnet weights add {out} --name {name} --replace` takes them all the "
            "same"
        )


@contextmanager
def _talking(
    events: bool,
) -> Iterator[tuple[Callable[[Report], None], Callable[..., None]]]:
    """How a training is watched: a progress bar and lines, or events; Ctrl-C stops it softly."""
    from ..shifts import Cancelled

    stopped = threading.Event()
    going = threading.Event()
    going.set()
    before = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        stopped.set()
        going.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, stop)
    if events:
        threading.Thread(target=_obey, args=(stopped, going), daemon=True).start()
    try:
        with progress_bar("training") as progress:

            def watch(report: Report) -> None:
                if events:
                    _emit(report)
                else:
                    _show(report, progress)
                going.wait()
                if stopped.is_set():
                    raise Cancelled

            def say(text: str, *, event: str, **details: Any) -> None:
                click.echo(json.dumps({"event": event, **details}) if events else text)

            yield watch, say
    except Cancelled:
        if events:
            click.echo(json.dumps({"event": "stopped"}))
        raise Stopped from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _obey(stopped: threading.Event, going: threading.Event) -> None:
    # Not through sys.stdin: a worker that is forked meanwhile would wait for its lock for ever.
    with os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8") as words:
        for line in words:
            word = line.strip()
            if word == "stop":
                stopped.set()
                going.set()
            elif word == "pause":
                going.clear()
            elif word == "go":
                going.set()


def _emit(report: Report) -> None:
    from dataclasses import asdict

    numbers = {k: None if v != v else v for k, v in asdict(report).items()}  # NaN is no JSON
    click.echo(json.dumps({"event": "report", **numbers}))


def _show(report: Report, progress: Callable[[int, int, str], None]) -> None:
    total = report.epochs * report.steps
    what = f"epoch {min(report.epoch + 1, report.epochs)}/{report.epochs} loss {report.loss:.3f}"
    progress(report.epoch * report.steps + report.step, total, what)
    if report.metrics is not None:
        m = report.metrics
        click.echo(
            f"epoch {report.epoch:3d}: validation loss {m.loss:8.4f}, mean max error "
            f"{m.mean_max:7.3f} px, within 1 px {m.within_1:6.1%}, "
            f"rate {report.learning_rate:.1e}",
            err=True,
        )
