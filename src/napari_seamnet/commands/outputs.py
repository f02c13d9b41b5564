"""What `stitch` and `export` write: options, checks before the work, and the writing."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .terminal import A_FILE, DONE, NEEDS_PERSON, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ..layouts import Layout
    from ..projects import Project
    from ..solve import Solution

_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option(
        "-o", "--out", type=A_FILE, metavar="OUT", help="The mosaic: .ome.zarr or .ome.tif."
    ),
    click.option(
        "--ownership",
        type=click.Choice(["nearest centre", "first", "last"]),
        default="nearest centre",
        show_default=True,
        help="Which frame is shown where several overlap.",
    ),
    click.option(
        "--compression",
        type=click.Choice(["auto", "none", "zlib", "zstd"]),
        default="auto",
        show_default=True,
        help="Of OUT; always lossless.",
    ),
    click.option(
        "--provenance",
        is_flag=True,
        help="Write, too, which frame each pixel of OUT is taken from.",
    ),
    click.option(
        "--positions",
        type=A_FILE,
        metavar="OUT.csv",
        help="Write where the frames lie: file,row,col,y,x,status, in whole px.",
    ),
    click.option(
        "--seams", type=A_FILE, metavar="OUT.csv", help="Write every seam and what became of it."
    ),
    click.option(
        "--tile-configuration",
        type=A_FILE,
        metavar="OUT.txt",
        help="Write where the frames lie, for Fiji.",
    ),
    click.option(
        "--project",
        "project_copy",
        type=A_FILE,
        metavar="OUT.seamnet.json",
        help="Write everything into one file, to go on from.",
    ),
    click.option(
        "--report",
        type=A_FILE,
        metavar="OUT.html",
        help="Write a page on the quality, with all that is doubtful as pictures.",
    ),
)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what is written; see `Outputs`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Outputs:
    """The files that a command was asked for.

    Parameters
    ----------
    out, positions, seams, tile_configuration, report, project : Path or None
        Where to write, if at all.
    ownership, compression, provenance
        How `out` is written; see `mosaic.export.export`.
    pixel_size : (y, x) or None
        In µm, where the person gave it; by default the layout's.
    """

    out: Path | None
    positions: Path | None
    seams: Path | None
    tile_configuration: Path | None
    report: Path | None
    project: Path | None = None
    ownership: str = "nearest centre"
    compression: str = "auto"
    provenance: bool = False
    pixel_size: tuple[float, float] | None = None

    @classmethod
    def asked(cls, options: Mapping[str, Any]) -> Outputs:
        """Take the options of a command, and check what can be checked before any frame is read.

        Raises
        ------
        click.UsageError
            If nothing is to be written, or two files have one name.
        MosaicError, SavingError
            If a name will not do, or its folder is not there.
        """
        from ..mosaic.export import checked_path
        from ..saving import check_folder

        named = {name: options[name] for name in cls.__annotations__ if name in options}
        outputs = cls(**named | {"project": options["project_copy"]})
        files = outputs.files
        if not files and outputs.out is None:
            raise click.UsageError(
                "nothing is to be written; give -o OUT, --positions, --seams, --project, ..."
            )
        every = [*files, *([outputs.out] if outputs.out else [])]
        if len({path.resolve() for path in every}) < len(every):
            raise click.UsageError("two outputs have the same name; give each its own")
        for path in files:
            check_folder(path)
        if outputs.out is not None:
            checked_path(outputs.out)
        return outputs

    @property
    def files(self) -> tuple[Path, ...]:
        """The files besides the mosaic itself."""
        named = (self.positions, self.seams, self.tile_configuration, self.report, self.project)
        return tuple(path for path in named if path is not None)

    @property
    def main(self) -> Path:
        """The output that others are named after."""
        path: Path | None = self.out or self.project or self.positions or self.seams
        return path or self.files[0]

    def check_frames(self, layout: Layout, sources: Iterable[Path]) -> None:
        """Raise `SavingError` or `MosaicError` if a frame, or a source, would be overwritten."""
        from ..mosaic.export import checked_path
        from ..saving import check_folder

        keep = {frame.path for frame in layout.frames if frame.path is not None}
        keep |= {path for path in sources if path.is_file() and path != self.project}
        for path in self.files:
            check_folder(path, keep=keep)
        if self.out is not None:
            checked_path(self.out, keep)


def write_tables(outputs: Outputs, solution: Solution) -> None:
    """Write the positions and seams that were asked for: quick, and all that others go on from."""
    from .. import solution_files

    if outputs.positions is not None:
        solution_files.write_positions(outputs.positions, solution)
    if outputs.seams is not None:
        solution_files.write_seams(outputs.seams, solution)
    if outputs.tile_configuration is not None:
        solution_files.write_tile_configuration(outputs.tile_configuration, solution)


def write_mosaic(outputs: Outputs, solution: Solution, quiet: bool) -> None:
    """Write the mosaic itself, if it was asked for."""
    from ..mosaic import mosaic_of
    from ..mosaic.export import export

    if outputs.out is None:
        return
    mosaic = mosaic_of(solution)
    with nullcontext() if quiet else progress_bar("saving") as progress:
        export(
            mosaic,
            outputs.out,
            ownership=outputs.ownership,
            pixel_size=outputs.pixel_size or solution.layout.pixel_size,
            compression=outputs.compression,
            provenance=outputs.provenance,
            progress=progress,
        )


def write_all(
    outputs: Outputs,
    project: Project,
    solution: Solution,
    quiet: bool,
) -> None:
    """Write everything that was asked for; the quick and precious things first."""
    write_tables(outputs, solution)
    if outputs.project is not None:
        with nullcontext() if quiet else progress_bar("saving the project") as progress:
            project.save(outputs.project, progress=progress)
    write_mosaic(outputs, solution, quiet)
    if outputs.report is not None:
        from ..mosaic import mosaic_of
        from ..report import write_report

        with nullcontext() if quiet else progress_bar("reporting") as progress:
            write_report(
                solution,
                outputs.report,
                mosaic=mosaic_of(solution),
                settings=project.settings,
                command=project.command,
                progress=progress,
            )


def judge_solution(solution: Solution) -> int:
    """Count what needs a person, say so on stderr, and give the exit code."""
    from ..shifts.estimate import Status

    looks = solution.to_look_at
    frames = sum(frame.status is Status.UNDETERMINED for frame in solution.frames)
    if not looks and not frames:
        return DONE
    said = [f"{len(looks)} of {len(solution.seams)} seams"] if looks else []
    said += [f"{frames} of {len(solution.frames)} frames"] if frames else []
    verb = "needs" if len(looks) + frames == 1 else "need"
    click.echo(f"{' and '.join(said)} {verb} a person", err=True)
    return NEEDS_PERSON
