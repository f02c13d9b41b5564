"""Stitch a grid, end to end: a layout in, a solution out.

The same call serves the script, the command line and the widgets. Each step is elsewhere: layouts
in `layouts/`, seams in `grids/`, positions in `solve/`, the picture in `mosaic/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .grids import coarse_offsets, estimate_seams
from .layouts import Layout, open_layout
from .pairs import DEFAULT_MAX_SHIFT
from .seams.seam import find_seams
from .shifts import DEFAULT_METHOD, Estimate, Status
from .solve import Solver, solve

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from .geometry import Shift
    from .grids import Journal
    from .seams.seam import Seam
    from .shifts.estimate import Progress
    from .solve import Solution


@dataclass(frozen=True)
class StitchSettings:
    """What decides about the result; the same settings give the same positions.

    Parameters
    ----------
    method : str
        How the shift of a seam is found: a name of `method_names`, or a file of weights.
    max_shift : int
        Search range, in px each way on each axis.
    wide : int or None
        Bring the frames to within a few px first, by a coarse look within this many px.
    solver : Solver
        How positions are found from the seams.
    stage_error : float or None
        How far the stage may put a frame off its place, in px; half of `max_shift` by default.
    feature_size : float or None
        Size of the smallest feature, in px: what may be off by more than half of it is flagged.
    """

    method: str = DEFAULT_METHOD
    max_shift: int = DEFAULT_MAX_SHIFT
    wide: int | None = None
    solver: Solver = Solver.BELIEF
    stage_error: float | None = None
    feature_size: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "solver", Solver(self.solver))

    @property
    def way(self) -> tuple[str, int, int | None]:
        """What an estimate depends on: method, search range, coarse look."""
        return self.method, self.max_shift, self.wide


@dataclass(frozen=True, eq=False)
class Workers:
    """Who does the work; it changes nothing about the result.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}
        Where a network runs.
    workers, executor, scheduler, client, batch
        See `estimate_seams`.
    """

    device: str = "auto"
    workers: int | None = None
    executor: str = "threads"
    scheduler: str | None = None
    client: Any = field(default=None, repr=False)
    batch: int | None = None


def stitch(
    source: Layout | str | os.PathLike[str] | Sequence[Any],
    settings: StitchSettings | None = None,
    *,
    workers: Workers | None = None,
    journal: Journal | str | os.PathLike[str] | None = None,
    decisions: Mapping[tuple[int, int], Shift] | None = None,
    progress: Progress | None = None,
    on_result: Callable[[int, Estimate], None] | None = None,
    **layout_options: Any,
) -> Solution:
    """Find where every frame of a grid really lies.

    Parameters
    ----------
    source : Layout, path, or sequence of paths, frames or arrays
        See `open_layout`.
    settings : StitchSettings, optional
        Method, search range, solver; the defaults are good for a stage that is off by up to 7 px.
    workers : Workers, optional
        Where the seams are estimated: as many threads as there are cores by default.
    journal : Journal or path, optional
        File in which finished seams are kept, so that nothing is computed twice.
    decisions : mapping of (int, int) to Shift, optional
        What a person decided: for the frames of a seam, by their indices, the shift relative to
        its nominal offset. Nothing overrules it.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.
    on_result : callable, optional
        Called as ``on_result(seam, estimate)`` for each seam as soon as it is estimated.
    **layout_options
        Of `open_layout`: pattern, rows, cols, start, order, overlap, ...

    Returns
    -------
    Solution
        Positions, probabilities, verdicts. `mosaic_of` makes the picture of it.

    Raises
    ------
    LayoutError, FrameError
        If the frames cannot be laid out or read.
    GridError, SeamError, SolveError, ValueError
        If the settings are wrong, or a file is damaged.

    Examples
    --------
    >>> from napari_seamnet.sample_data import chip_grid
    >>> grid = chip_grid(2, 2, size=300, overlap=80, jitter=4)
    >>> settings = StitchSettings(method="smoothed", max_shift=12)
    >>> solution = stitch(Layout.of_frames(grid.frames, grid.nominal), settings)
    >>> solution.to_look_at
    ()
    """
    settings = settings or StitchSettings()
    if isinstance(source, Layout):
        layout = source
    else:
        layout = open_layout(source, progress=progress, **layout_options)
    layout = level(layout, settings, progress=progress)
    seams = find_seams(layout)
    estimates = estimate(
        layout,
        seams,
        settings,
        workers=workers,
        journal=journal,
        progress=progress,
        on_result=on_result,
    )
    return resolve(layout, seams, estimates, settings, decisions=decisions, progress=progress)


def level(layout: Layout, settings: StitchSettings, *, progress: Progress | None = None) -> Layout:
    """Bring frames that may be far off to within a few px, if the settings ask for it (`wide`).

    Returns
    -------
    Layout
        The same frames, where a coarse look at the pictures puts them; a note says so.
    """
    if settings.wide is None or len(layout) < 2:
        return layout
    coarse = coarse_offsets(layout, find_seams(layout), settings.wide, progress=progress)
    told = sum(one == "pictures" for one in coarse.told)
    note = (
        f"a coarse look within ±{settings.wide} px moved the frames first; {told} of "
        f"{len(coarse.told)} seams told where to"
    )
    return replace(coarse.layout, notes=(*coarse.layout.notes, note))


def estimate(
    layout: Layout,
    seams: Sequence[Seam],
    settings: StitchSettings,
    *,
    workers: Workers | None = None,
    journal: Journal | str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    on_result: Callable[[int, Estimate], None] | None = None,
) -> tuple[Estimate, ...]:
    """Estimate the seams of a layout by these settings; see `estimate_seams`."""
    workers = workers or Workers()
    return estimate_seams(
        layout,
        seams,
        settings.method,
        max_shift=settings.max_shift,
        device=workers.device,
        workers=workers.workers,
        executor=workers.executor,
        scheduler=workers.scheduler,
        client=workers.client,
        batch=workers.batch,
        journal=journal,
        progress=progress,
        on_result=on_result,
    )


def resolve(
    layout: Layout,
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    settings: StitchSettings,
    *,
    decisions: Mapping[tuple[int, int], Shift] | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Solve the grid by these settings and decisions; see `solve`."""
    return solve(
        layout,
        seams,
        decide(seams, estimates, decisions or {}),
        solver=settings.solver,
        stage_error=settings.stage_error,
        feature_size=settings.feature_size,
        progress=progress,
    )


def decide(
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    decisions: Mapping[tuple[int, int], Shift],
) -> tuple[Estimate, ...]:
    """Put a person's decisions in the place of estimates.

    Parameters
    ----------
    seams, estimates
        As many of both.
    decisions : mapping of (int, int) to Shift
        By the indices of a seam's frames; given the other way round, the shift is turned round.

    Returns
    -------
    tuple of Estimate
        Those decided have the status ``hand`` and keep the map that they were decided against.

    Raises
    ------
    ValueError
        If two frames that were decided on share no seam.
    """
    left = dict(decisions)
    decided = []
    for seam, found in zip(seams, estimates, strict=True):
        shift = left.pop(seam.pair, None)
        other = left.pop(seam.pair[::-1], None)
        if shift is None and other is not None:
            shift = -other
        if shift is None:
            decided.append(found)
        else:
            decided.append(
                replace(
                    found,
                    shift=shift,
                    status=Status.HAND,
                    confidence=1.0,
                    alternatives=(),
                    reason="",
                )
            )
    if left:
        first, second = next(iter(left))
        raise ValueError(f"frames {first} and {second} share no seam, so none can be decided")
    return tuple(decided)
