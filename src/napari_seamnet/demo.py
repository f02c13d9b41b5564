"""The demo: a simulated chip layer with known truth, aligned, placed and saved.

What ``napari-seamnet demo`` does and prints stands here; the layer itself is made in
`sample_data.py`. Whole grids are placed here in the source's plain way, row by row, each frame at
its surest seam; nothing is balanced over the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import imageio.v3 as iio
import tifffile

from .geometry import Offset, Shift
from .mosaic import Mosaic
from .pair_files import PairRow, write_pairs
from .pairs import DEFAULT_MAX_SHIFT, align_pair
from .saving import written_whole
from .seams import Overlap, composite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .frames import Frame
    from .sample_data import ChipGrid
    from .shifts import Estimate, Method
    from .shifts.estimate import Progress


@dataclass(frozen=True, eq=False)
class FoundSeam:
    """One seam of the simulated grid: what was found, and what is true.

    Parameters
    ----------
    first, second : int
        The two frames, numbered row by row from 0.
    nominal : Offset
        Nominal offset of the second frame, in whole px.
    truth : Shift
        The true shift, known since the layer is simulated.
    estimate : Estimate
        What the method found.
    """

    first: int
    second: int
    nominal: Offset
    truth: Shift
    estimate: Estimate

    @property
    def error(self) -> float:
        """Distance of the found shift from the true one, in px, on the worse axis."""
        return self.estimate.shift.distance(self.truth)


def align_grid(
    grid: ChipGrid,
    method: Method,
    *,
    max_shift: int = 2 * DEFAULT_MAX_SHIFT,
    progress: Progress | None = None,
) -> list[FoundSeam]:
    """Align every two neighbours of a grid, row by row.

    The range is twice the usual one, since both frames of a seam may be off, in opposite
    directions.
    """
    places = [(row, column) for row in range(grid.rows) for column in range(grid.cols)]
    pairs = []
    for index, (row, column) in enumerate(places):
        if column + 1 < grid.cols:
            pairs.append((index, index + 1))
        if row + 1 < grid.rows:
            pairs.append((index, index + grid.cols))
    seams = []
    for done, (first, second) in enumerate(pairs):
        if progress is not None:
            progress(done, len(pairs), f"{frame_name(grid, first)} - {frame_name(grid, second)}")
        nominal = Offset(*_between(grid.nominal, first, second).whole())
        estimate = align_pair(
            grid.frames[first],
            grid.frames[second],
            offset=nominal,
            method=method,
            max_shift=max_shift,
        )
        truth = _between(grid.truth, first, second) - nominal
        seams.append(FoundSeam(first, second, nominal, truth, estimate))
    if progress is not None:
        progress(len(pairs), len(pairs), "")
    return seams


def _between(positions: Sequence[tuple[float, float]], first: int, second: int) -> Offset:
    (y0, x0), (y1, x1) = positions[first], positions[second]
    return Offset(y1 - y0, x1 - x0)


def place(grid: ChipGrid, seams: Sequence[FoundSeam]) -> Mosaic:
    """Place the frames of a grid, row by row, each by its surest seam to a placed neighbour."""
    mosaic = Mosaic.start(grid.frames[0])
    for index in range(1, len(grid.frames)):
        seam = max(
            (seam for seam in seams if seam.second == index),
            key=lambda seam: seam.estimate.confidence,
        )
        mosaic = mosaic.append(
            grid.frames[index],
            seam.nominal,
            seam.first,
            shift=seam.estimate.shift,
            status=seam.estimate.status,
        )
    return mosaic


def frame_name(grid: ChipGrid, index: int) -> str:
    """What a frame of the grid is called: ``chip_r0_c1`` is the second of the first row."""
    return f"chip_r{index // grid.cols}_c{index % grid.cols}"


def describe_seams(grid: ChipGrid, seams: Sequence[FoundSeam]) -> str:
    """Put found and true shifts side by side, in px, one line a seam."""
    lines = [
        f"{'seam':<25}{'found dy':>9}{'dx':>8}{'true dy':>10}{'dx':>8}{'error':>8}"
        f"{'within 1 px':>13}  status"
    ]
    for seam in seams:
        found, truth = seam.estimate.shift, seam.truth
        name = f"{frame_name(grid, seam.first)} - {frame_name(grid, seam.second)}"
        lines.append(
            f"{name:<25}{found.dy:>9.2f}{found.dx:>8.2f}{truth.dy:>10.2f}{truth.dx:>8.2f}"
            f"{seam.error:>8.2f}{seam.estimate.confidence:>13.1%}  {seam.estimate.status}"
        )
    right = sum(seam.error <= 1 for seam in seams)
    lines.append(f"{right} of {len(seams)} seams are within 1 px of the truth")
    return "\n".join(lines)


def save_demo(folder: Path, grid: ChipGrid, seams: Sequence[FoundSeam], mosaic: Mosaic) -> None:
    """Write the frames, the mosaic, the report of the pairs, and one seam before and after.

    Parameters
    ----------
    folder : Path
        Made if it is not there. Gets ``frames/*.tif``, ``mosaic.ome.tif``, ``pairs.csv`` (as
        ``napari-seamnet align --pairs`` writes it, with the true shifts besides) and
        ``before.png`` and ``after.png`` (the overlap of the seam with the largest found shift).
    grid, seams, mosaic
        What `chip_grid`, `align_grid` and `place` gave.
    """
    (folder / "frames").mkdir(parents=True, exist_ok=True)
    files = []
    for index, frame in enumerate(grid.frames):
        file = folder / "frames" / f"{frame_name(grid, index)}.tif"
        with written_whole(file) as beside:
            tifffile.imwrite(beside, frame.read())
        files.append(file)
    mosaic.save(folder / "mosaic.ome.tif")
    rows = []
    for number, seam in enumerate(seams, start=2):
        columns = {
            "first": f"frames/{files[seam.first].name}",
            "second": f"frames/{files[seam.second].name}",
            "dy": str(seam.nominal.whole()[0]),
            "dx": str(seam.nominal.whole()[1]),
            "true_dy": f"{seam.truth.dy:g}",
            "true_dx": f"{seam.truth.dx:g}",
        }
        rows.append(PairRow(number, columns, files[seam.first], files[seam.second], seam.nominal))
    write_pairs(folder / "pairs.csv", rows, [seam.estimate for seam in seams])
    shown = max(seams, key=lambda seam: max(map(abs, seam.estimate.shift)))
    first, second = grid.frames[shown.first], grid.frames[shown.second]
    moved = shown.nominal + Shift(*shown.estimate.shift.whole())
    save_composite(folder / "before.png", first, second, shown.nominal)
    save_composite(folder / "after.png", first, second, moved)


def save_composite(path: Path, first: Frame, second: Frame, offset: Offset) -> None:
    """Write what two frames share at an offset: red the first, green the second, as PNG."""
    crops = Overlap.cut(first, second, offset)
    with written_whole(path) as beside:
        iio.imwrite(beside, composite(crops.first, crops.second), extension=".png")
