"""The command line: the same operations as the widgets, for scripts and servers.

Each command is a file of `commands/`, with options and printing only; what is done stands in the
modules that it imports when it runs, so that ``--help`` answers at once. Errors, exit codes and
progress are in `commands/terminal.py`.
"""

from __future__ import annotations

import click

from .commands.align import align
from .commands.demo import demo
from .commands.evaluate import evaluate
from .commands.export import export
from .commands.hand import hand
from .commands.layout import layout
from .commands.methods import methods
from .commands.report import report
from .commands.stitch import stitch
from .commands.terminal import Commands
from .commands.tiles import tiles
from .commands.train import train
from .commands.weights import weights


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="napari-seamnet")
def main() -> None:
    """Align overlapping microscope frames, and say how sure that is.

    Exit codes: 0 done; 1 done, but something needs a person; 2 bad input or usage; 130 stopped by
    Ctrl-C.
    """


for command in (
    align,
    demo,
    evaluate,
    export,
    hand,
    layout,
    methods,
    report,
    stitch,
    tiles,
    train,
    weights,
):
    main.add_command(command)
