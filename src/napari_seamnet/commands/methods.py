"""``methods``: what there is to choose from."""

from __future__ import annotations

import click


@click.command()
def methods() -> None:
    """List what --method knows, other packages' methods included."""
    from ..shifts import DEFAULT_METHOD, method_names

    for name in method_names():
        click.echo(f"{name} (default)" if name == DEFAULT_METHOD else name)
