"""``stitch --watch``: the running acquisition. Only printing, writing and stopping are here."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from .layout import AUTO, layout_arguments
from .outputs import judge_solution, write_all, write_tables
from .terminal import command_line, complain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..projects import Project
    from ..solve import Solution
    from ..stitching import StitchSettings, Workers
    from .outputs import Outputs

PATIENCE = 10.0
"""The mosaic is written anew while frames still arrive, but takes at most a tenth of the time."""


def stitch_watched(
    folder: Path,
    outputs: Outputs,
    settings: StitchSettings,
    workers: Workers,
    journal: Path,
    options: Mapping[str, Any],
    quiet: bool,
) -> tuple[Solution | None, int]:
    """Stitch as frames arrive, until Ctrl-C, a full grid, or nothing new for a while.

    Returns
    -------
    solution : Solution or None
        The last one; None if no frame came.
    code : int
        Exit code.
    """
    from ..projects import Project
    from ..watching import is_full, stitch_arriving

    if options["overlap"] == AUTO:
        raise click.UsageError("--overlap auto needs all frames; give the overlap with --watch")
    idle = _Idle(options["idle"])
    project = solution = None
    written, took = time.monotonic(), 0.0
    with _ctrl_c() as stopped:
        for solution in stitch_arriving(
            folder,
            settings,
            journal=journal,
            workers=workers,
            stop=lambda: stopped.is_set() or idle.is_over(),
            on_trouble=lambda path, reason: complain(f"{path.name}: {reason}"),
            **layout_arguments(options),
        ):
            idle.again()
            project = Project.from_solution(
                solution,
                settings,
                ownership=outputs.ownership,
                journal=journal,
                command=command_line(),
            )
            outputs.check_frames(solution.layout, ())
            write_tables(outputs, solution)
            if not quiet:
                looks = len(solution.to_look_at)
                click.echo(
                    f"{len(solution.frames)} frames, {len(solution.seams)} seams, {looks} to check"
                )
            if is_full(solution, options["rows"], options["cols"], len(options["missing"])):
                break
            if time.monotonic() - written > PATIENCE * max(took, 1.0):
                took = _timed(outputs, project, solution)
                written = time.monotonic()
    if project is None or solution is None:
        complain(f"no frame came to {folder}; nothing was written")
        return None, 1
    write_all(outputs, project, solution, quiet)
    return solution, judge_solution(solution)


def _timed(outputs: Outputs, project: Project, solution: Solution) -> float:
    began = time.monotonic()
    write_all(outputs, project, solution, quiet=True)
    return time.monotonic() - began


class _Idle:
    """Knows how long nothing has come."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.since = time.monotonic()

    def again(self) -> None:
        """Something came."""
        self.since = time.monotonic()

    def is_over(self) -> bool:
        """Whether it is time to stop waiting."""
        return self.seconds is not None and time.monotonic() - self.since > self.seconds


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Take the first Ctrl-C as "that was all"; the second one stops at once, as everywhere."""
    stopped = threading.Event()

    def once(number: int, frame: Any) -> None:
        click.echo("finishing; press Ctrl-C again to stop without writing the mosaic", err=True)
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, once)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
