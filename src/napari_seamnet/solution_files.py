"""Files of a solution that other programs read: positions, seams, Fiji's TileConfiguration.

Only columns and numbers are here; the formats of positions are in `layouts/`, the project file,
which holds everything, in `project.py`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from .layouts import table, tile_configuration
from .layouts.entries import entries_to_write
from .pair_files import rounded
from .saving import written_whole

if TYPE_CHECKING:
    from pathlib import Path

    from .solve import Solution

SEAM_COLUMNS = (
    "first",
    "second",
    "nominal_dy",
    "nominal_dx",
    "dy",
    "dx",
    "confidence",
    "status",
    "residual_dy",
    "residual_dx",
    "used",
)


def write_positions(path: Path, solution: Solution) -> None:
    """Write where the frames lie: ``file,row,col,y,x,status``, in whole px, by frame.

    Raises
    ------
    LayoutError, SavingError
        If a name cannot be written, or the folder cannot be written to.
    """
    table.write(
        path,
        solution.layout,
        [frame.whole for frame in solution.frames],
        statuses=[frame.status for frame in solution.frames],
    )


def write_tile_configuration(path: Path, solution: Solution) -> None:
    """Write where the frames lie, in whole px, as Fiji's TileConfiguration.

    Raises
    ------
    LayoutError, SavingError
        As `write_positions`.
    """
    tile_configuration.write(path, solution.layout, [frame.whole for frame in solution.frames])


def write_seams(path: Path, solution: Solution) -> None:
    """Write every seam: `SEAM_COLUMNS`, with dy and dx the measured offset, in px.

    They are empty where nothing was measured. The confidence and the status are those after the
    solve; ``used`` says whether the positions rest on it.

    Raises
    ------
    LayoutError, SavingError
        As `write_positions`.
    """
    files = [entry.file for entry in entries_to_write(path, solution.layout)]
    with written_whole(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SEAM_COLUMNS)
        for seam, verdict in zip(solution.seams, solution.verdicts, strict=True):
            nominal = seam.nominal.whole()
            offset = ("", "") if verdict.shift is None else tuple(seam.nominal + verdict.shift)
            residual = verdict.residual or ("", "")
            numbers = [rounded(v) if v != "" else "" for v in (*offset, *residual)]
            writer.writerow(
                [
                    files[seam.first],
                    files[seam.second],
                    *nominal,
                    *numbers[:2],
                    rounded(verdict.probability, 4),
                    verdict.status,
                    *numbers[2:],
                    "yes" if verdict.used else "no",
                ]
            )
