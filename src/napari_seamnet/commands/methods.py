"""``methods``: what there is to choose from."""

from __future__ import annotations

import click


@click.command(epilog="Example: napari-seamnet methods")
def methods() -> None:
    """List what --method knows: ours, your own weights, and other packages' methods.

    Networks that have no weights yet come last, with how to train them.
    """
    from ..nets.build import NETWORKS
    from ..shifts import method_names
    from ..user_weights import default_method, list_weights

    default, own = default_method(), {found.name for found in list_weights()}
    names = method_names()
    for name in names:
        remarks = ["default"] * (name == default) + ["your own weights"] * (name in own)
        click.echo(f"{name} ({', '.join(remarks)})" if remarks else name)
    for name in NETWORKS:
        if name not in names:
            click.echo(f"{name} (no weights yet: napari-seamnet train --network {name})")
