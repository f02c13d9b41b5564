"""``train``: from data to weights. Only options and printing are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .terminal import A_FILE, DONE, progress_bar, shared_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
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
    from ..learning.train import BUNDLED_RECIPE, train_from_recipe
    from ..saving import check_folder

    check_folder(out)
    with progress_bar("training") as progress:
        found = train_from_recipe(recipe or BUNDLED_RECIPE, list(pictures), out, device, progress)
    click.echo(f"{out}: {found['within_1_px']:.1%} of the last training pairs within 1 px")
    return DONE
