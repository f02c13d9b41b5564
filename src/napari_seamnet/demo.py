"""The demo: a simulated chip layer with known truth, written as frames, stitched, and checked.

What ``napari-seamnet demo`` writes and prints stands here. The layer itself is made in
`sample_data.py`; it is stitched by `stitching.py`, as any folder of frames is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile

from . import solution_files
from .geometry import Offset
from .layouts import open_layout
from .layouts.draw import draw_layout
from .mosaic import mosaic_of
from .mosaic.export import export
from .pair_report import save_composite
from .saving import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .geometry import Shift
    from .layouts import Layout
    from .sample_data import ChipGrid
    from .shifts.estimate import Progress
    from .solve import Solution

MAX_SHIFT = 25
"""px: a frame of the sample lies up to 10 px off, so a seam up to 20, and a little more."""
JOURNAL = "chip.seams.sqlite"
"""Name of the journal in the demo's folder: a demo that was stopped goes on where it was."""
NAMES = "chip_r{row}_c{col}.tif"
"""How the frames' files are called, for `open_layout`."""


class DemoError(ValueError):
    """The folder holds something else than this demo; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Check:
    """A solution of the simulated grid, held against the truth.

    Parameters
    ----------
    solution : Solution
        Of the layout that `lay_out` gave.
    truth : tuple of (y, x)
        True positions of the layout's frames, in its order, in whole px. Only where frames lie to
        each other can be known from pictures, so the whole grid counts from where the middle
        frame (the median of all) was placed.
    """

    solution: Solution
    truth: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, grid: ChipGrid, solution: Solution) -> Check:
        """Look up what is true of each frame, by its name.

        Raises
        ------
        DemoError
            If a frame is none of the grid's.
        """
        by_name = {frame.name: at for frame, at in zip(grid.frames, grid.truth, strict=True)}
        names = [Path(site.name).stem for site in solution.layout]
        _check_names(names, by_name)
        truth = np.array([by_name[name] for name in names])
        placed = np.array([frame.whole for frame in solution.frames])
        slide = Offset(*np.median(placed - truth, axis=0)).whole()
        return cls(solution, tuple((int(y), int(x)) for y, x in truth + slide))

    def found(self, seam: int) -> Shift:
        """Shift of a seam's second frame as it was placed, in px, with a fraction."""
        return self.solution.offset(seam) - self.solution.seams[seam].nominal

    def true(self, seam: int) -> Shift:
        """True shift of a seam's second frame, in px."""
        first, second = self.solution.seams[seam].pair
        (y0, x0), (y1, x1) = self.truth[first], self.truth[second]
        return Offset(y1 - y0, x1 - x0) - self.solution.seams[seam].nominal

    @cached_property
    def seam_errors(self) -> tuple[float, ...]:
        """How far each seam's found shift is from the true one, in px, on the worse axis."""
        seams = range(len(self.solution.seams))
        return tuple(self.found(k).distance(self.true(k)) for k in seams)

    @cached_property
    def frame_errors(self) -> tuple[int, ...]:
        """How far each frame is shown from where it belongs, in whole px, on the worse axis."""
        pairs = zip(self.solution.frames, self.truth, strict=True)
        return tuple(
            max(abs(frame.whole[0] - y), abs(frame.whole[1] - x)) for frame, (y, x) in pairs
        )


def lay_out(folder: Path, grid: ChipGrid) -> Layout:
    """Write the frames, open them as a folder from a microscope is opened, and draw the layout.

    Parameters
    ----------
    folder : Path
        Made if it is not there. Gets ``frames/chip_r0_c0.tif``, ... and ``layout.png``.
    grid : ChipGrid
        What `chip_grid` gave.

    Returns
    -------
    Layout
        Its frames are those files.

    Raises
    ------
    DemoError
        If ``frames`` holds frames of another grid.
    SavingError, OSError
        If the folder cannot be written to.
    """
    frames = folder / "frames"
    frames.mkdir(parents=True, exist_ok=True)
    for frame in grid.frames:
        with written_whole(frames / f"{frame.name}.tif") as beside:
            tifffile.imwrite(beside, frame.read())
    layout = open_layout(frames, pattern=NAMES, overlap=grid.overlap)
    _check_names([Path(site.name).stem for site in layout], [frame.name for frame in grid.frames])
    draw_layout(layout, folder / "layout.png")
    return layout


def _check_names(names: Iterable[str], known: Iterable[str]) -> None:
    strange = sorted(set(names) - set(known))
    if strange:
        raise DemoError(
            f"{strange[0]}.tif is no frame of this demo; give another folder with --out"
        )


def save_demo(
    folder: Path, solution: Solution, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Write the mosaic, the tables, and one seam before and after.

    Parameters
    ----------
    folder : Path
        Must be there. Gets ``positions.csv``, ``seams.csv``, ``TileConfiguration.registered.txt``
        (see `solution_files.py`), ``mosaic.ome.tif``, and ``before.png`` and ``after.png``: the
        overlap of the seam that was moved most.
    solution : Solution
        What `stitch` gave, with a seam at least.
    progress : callable, optional
        Of the mosaic's writing; see `export`.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    SavingError, MosaicError, OSError
        If the folder cannot be written to.
    """
    positions, seams = folder / "positions.csv", folder / "seams.csv"
    tiles, mosaic = folder / "TileConfiguration.registered.txt", folder / "mosaic.ome.tif"
    before, after = folder / "before.png", folder / "after.png"
    solution_files.write_positions(positions, solution)
    solution_files.write_seams(seams, solution)
    solution_files.write_tile_configuration(tiles, solution)
    export(mosaic_of(solution), mosaic, progress=progress)
    moved = [max(map(abs, solution.offset(k) - s.nominal)) for k, s in enumerate(solution.seams)]
    seam = solution.seams[int(np.argmax(moved))]
    first, second = (solution.layout[index].frame for index in seam.pair)
    # As the mosaic shows them: the difference of whole positions, not a rounded difference.
    (y0, x0), (y1, x1) = (solution.frames[index].whole for index in seam.pair)
    save_composite(before, first, second, seam.nominal)
    save_composite(after, first, second, Offset(y1 - y0, x1 - x0))
    return mosaic, before, after, positions, seams, tiles


def describe_check(check: Check) -> str:
    """Put found beside true, in px: a line for each seam, then a line for each frame."""
    solution = check.solution
    names = [Path(site.name).stem for site in solution.layout]
    wide = max(len(name) for name in names)
    lines = [
        f"{'seam':<{2 * wide + 3}}{'found dy':>10}{'dx':>8}{'true dy':>10}{'dx':>6}{'error':>8}"
        f"{'within 1 px':>13}  status"
    ]
    for k, (seam, verdict) in enumerate(zip(solution.seams, solution.verdicts, strict=True)):
        found, true = check.found(k), check.true(k)
        lines.append(
            f"{names[seam.first]:<{wide}} - {names[seam.second]:<{wide}}"
            f"{found.dy:>10.2f}{found.dx:>8.2f}{true.dy:>10.0f}{true.dx:>6.0f}"
            f"{check.seam_errors[k]:>8.2f}{verdict.probability:>13.1%}  {verdict.status}"
        )
    right = sum(error <= 1 for error in check.seam_errors)
    alone = sum(
        estimate.shift.distance(check.true(k)) <= 1
        for k, estimate in enumerate(solution.estimates)
    )
    lines += [
        f"{right} of {len(solution.seams)} seams are within 1 px of the truth; each by itself, "
        f"{alone} would be",
        "",
        f"{'frame':<{wide}}{'found y':>9}{'x':>7}{'true y':>9}{'x':>7}{'error':>8}"
        f"{'within 1 px':>13}  status",
    ]
    for k, frame in enumerate(solution.frames):
        (y, x), (true_y, true_x) = frame.whole, check.truth[k]
        lines.append(
            f"{names[k]:<{wide}}{y:>9}{x:>7}{true_y:>9}{true_x:>7}"
            f"{check.frame_errors[k]:>8}{frame.probability:>13.1%}  {frame.status}"
        )
    right = sum(error <= 1 for error in check.frame_errors)
    lines.append(f"{right} of {len(solution.frames)} frames are within 1 px of the truth")
    return "\n".join(lines)
