"""How every command behaves in a terminal: errors in one line, exit codes, progress.

What the commands are and do is in the files beside this one.

Exit codes: 0 done; 1 done, but something needs a person; 2 bad input or usage, with one line on
stderr; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import shlex
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..shifts import Estimate
    from ..shifts.estimate import Progress

A_FILE = click.Path(path_type=Path)
"""A file or folder, there or not: what is wrong with it is said by whoever opens it."""
EVERY_S = 10.0
"""Seconds between two lines about progress where there is no terminal."""
DONE, NEEDS_PERSON, BAD_INPUT, STOPPED = 0, 1, 2, 130


class Stopped(Exception):
    """Ctrl-C was pressed while a command ran."""


class Commands(click.Group):
    """A group of commands whose mistakes end in one line and an exit code, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C is taken here, since click would print a blank line for it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Stopped from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end the process with its exit code."""
        prog_name = prog_name or "napari-seamnet"
        try:
            words = sys.argv[1:] if args is None else list(args)
            extra.setdefault("obj", tuple(words))  # for `command_line`
            code = super().main(words, prog_name, complete_var, standalone_mode=False, **extra)
        except (Stopped, click.Abort):  # Abort: Ctrl-C while the words were still being read
            complain("stopped; nothing was left half-written")
            code = STOPPED
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = BAD_INPUT
        except click.UsageError as error:
            where = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
            complain(error.format_message() + where)
            code = BAD_INPUT
        except (click.ClickException, ValueError, OSError) as error:
            # Our own errors are ValueErrors that say in one sentence what to do.
            complain(str(error))
            code = BAD_INPUT
        sys.exit(code or DONE)


def command_line() -> str:
    """The command that is running, as a person would type it."""
    root = click.get_current_context().find_root()
    return shlex.join([root.info_name or "napari-seamnet", *(root.obj or ())])


def complain(message: str) -> None:
    """Print one line on stderr, however many the message has."""
    click.echo(f"napari-seamnet: {' '.join(message.split())}", err=True)


class MethodOption(click.Option):
    """--method, whose default is what the person chose (`napari-seamnet weights default`)."""

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:
        """Look the default up when it is needed: it may have changed since the program began."""
        from ..user_weights import default_method

        return default_method()


def shared_options(*options: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command options that mean the same in all of them."""
    there_are = {
        "method": click.option(
            "--method",
            cls=MethodOption,
            show_default=True,
            metavar="NAME|FILE",
            help="How the shift is found: a name that `napari-seamnet methods` lists, or a file "
            "of weights (.safetensors).",
        ),
        "max-shift": click.option(
            "--max-shift",
            type=click.IntRange(1, 1000),
            default=15,
            show_default=True,
            metavar="PX",
            help="Largest shift that is looked for, each way on each axis.",
        ),
        "device": click.option(
            "--device",
            type=click.Choice(["auto", "cpu", "cuda", "mps"]),
            default="auto",
            show_default=True,
            help="Where a network runs; auto takes a GPU where there is one.",
        ),
    }

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(options):
            command = there_are[name](command)
        return command

    return give


def judge(estimates: Iterable[Estimate]) -> int:
    """Count what needs a person, say so on stderr, and give the exit code."""
    all_of_them = list(estimates)
    doubted = [estimate.status for estimate in all_of_them if estimate.status.needs_person]
    if not doubted:
        return DONE
    counts = ", ".join(f"{doubted.count(s)} {s}" for s in dict.fromkeys(doubted))
    click.echo(f"{len(doubted)} of {len(all_of_them)} need a person: {counts}", err=True)
    return NEEDS_PERSON


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Show progress on stderr: a bar with the time left, or, without a terminal, plain lines."""
    if not sys.stderr.isatty():
        yield _PlainLines(label)
        return
    with click.progressbar(
        length=1, label=label, file=sys.stderr, item_show_func=lambda what: what
    ) as bar:

        def progress(done: int, total: int, what: str) -> None:
            bar.length = total
            bar.update(done - bar.pos, what)

        yield progress


class _PlainLines:
    """Says how far the work is, every ten seconds: for logs, where a bar would be a mess."""

    def __init__(self, label: str) -> None:
        self.label = label
        self._began = self._told = time.monotonic()
        self._done = 0

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if done < self._done:  # a second pass: the first one's time says nothing about its
            self._began = now
        self._done = done
        if now - self._told < EVERY_S or not total:
            return
        self._told = now
        left = (now - self._began) * (total - done) / done if done else None
        minutes = "" if left is None else f", {left / 60:.0f} min left" * (left >= 90)
        seconds = "" if left is None else f", {left:.0f} s left" * (left < 90)
        click.echo(f"{self.label}: {done} of {total}{minutes}{seconds}", err=True)
