"""``weights``: a person's own weights. Only options and printing are here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .terminal import A_FILE, DONE

if TYPE_CHECKING:
    from pathlib import Path


@click.group(epilog="Example: napari-seamnet weights add trained.safetensors --name my-sem")
def weights() -> None:
    """Keep your own weights, and use them as methods by their names."""


@weights.command("list", epilog="Example: napari-seamnet weights list --json")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of text.")
def list_command(as_json: bool) -> int:
    """List your weights, those that cannot be used with the reason."""
    from .. import user_weights

    found, default = user_weights.list_weights(), user_weights.default_method()
    if as_json:
        entries = [
            {
                "name": one.name,
                "path": str(one.path),
                "network": one.card.get("network"),
                "default": one.name == default and not one.broken,
                "broken": one.broken or None,
                "card": one.card,
            }
            for one in found
        ]
        click.echo(json.dumps(entries))
        return DONE
    for one in found:
        if one.broken:
            click.echo(f"{one.name}: broken: {one.broken}")
        else:
            click.echo(
                f"{one.name}: {one.card['network']}" + (" (default)" * (one.name == default))
            )
    if not found:
        click.echo(f"no weights yet in {user_weights.weights_folder()}")
    return DONE


@weights.command(epilog="Example: napari-seamnet weights add trained.safetensors --name my-sem")
@click.argument("file", type=A_FILE)
@click.option("--name", metavar="NAME", help="Name of the method; by default that of the file.")
@click.option("--replace", is_flag=True, help="Replace your weights of that name.")
@click.option("--default", is_flag=True, help="Use them from now on where no method is named.")
def add(file: Path, name: str | None, replace: bool, default: bool) -> int:
    """Copy FILE.safetensors and its card to your weights."""
    from .. import user_weights

    added = user_weights.add_weights(file, name or file.stem, replace=replace)
    click.echo(f"{added.name}: added as {added.path}")
    if default:
        user_weights.set_default(added.name)
        click.echo(f"{added.name}: the default from now on")
    return DONE


@weights.command(epilog="Example: napari-seamnet weights rename my-sem sem-2026")
@click.argument("old")
@click.argument("new")
def rename(old: str, new: str) -> int:
    """Give your weights OLD the name NEW."""
    from .. import user_weights

    user_weights.rename(old, new)
    click.echo(f"{old}: now {new}")
    return DONE


@weights.command(epilog="Example: napari-seamnet weights export my-sem /media/stick")
@click.argument("name")
@click.argument("to", type=A_FILE)
def export(name: str, to: Path) -> int:
    """Copy your weights NAME and their card to TO, a folder or a .safetensors file."""
    from .. import user_weights

    click.echo(f"{name}: written to {user_weights.export(name, to)}")
    return DONE


@weights.command(epilog="Example: napari-seamnet weights delete my-sem")
@click.argument("name")
def delete(name: str) -> int:
    """Delete your weights NAME, for good."""
    from .. import user_weights

    before = user_weights.default_method()
    user_weights.delete(name)
    after = user_weights.default_method()
    click.echo(f"{name}: deleted" + (f"; the default is {after} again" * (before != after)))
    return DONE


@weights.command(epilog="Example: napari-seamnet weights default my-sem")
@click.argument("name", required=False)
@click.option("--reset", is_flag=True, help="Make seamnet the default again.")
def default(name: str | None, reset: bool) -> int:
    """Show the method that is used where none is named, or make NAME it.

    NAME may be any that `napari-seamnet methods` lists.
    """
    if name is not None and reset:
        raise click.UsageError("NAME and --reset cannot be given together; give one.")
    from .. import user_weights

    if name is not None or reset:
        user_weights.set_default(name)
    click.echo(user_weights.default_method())
    return DONE
