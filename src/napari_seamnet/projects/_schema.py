"""The schema of a project file, version `VERSION`: names, types and limits of what stands in it.

Private: programs use `Project`, and people the page on the format. What the values mean is said
where the nouns are; how they become nouns is in `file.py`, how older files become new in
`migrations.py`.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..mosaic.ownership import Ownership
from ..shifts.estimate import Status
from ..solve.solution import Solver

FORMAT = "napari-seamnet project"
VERSION = 2

Index = Annotated[int, Field(ge=0)]
Length = Annotated[int, Field(ge=1)]
Px = Annotated[float, Field(gt=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
Pair = tuple[float, float]


class _Model(BaseModel):
    # Whatever is not known here would be lost at the next save: better to refuse it.
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class LayoutModel(_Model):
    """A layout, but for its frames."""

    source: str
    pixel_size: tuple[Px, Px] | None
    missing: list[tuple[int, int]]
    notes: list[str]
    overlap_assumed: bool


class SolvedFrameModel(_Model):
    """See `SolvedFrame`."""

    position: Pair
    whole: tuple[int, int]
    probability: Probability
    uncertainty: Annotated[float, Field(ge=0)] | None
    runner_up: Pair | None
    runner_up_probability: Probability
    part: Index
    status: Status
    reason: str


class FrameModel(_Model):
    """One frame: its file, its place in the layout, and where it was found to lie."""

    file: Annotated[str, Field(min_length=1)]
    name: str
    page: Index | None
    shape: tuple[Length, Length]
    channels: Literal[0, 3, 4]
    dtype: str
    size: Index
    mtime_ns: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    position: Pair
    row: int | None
    col: int | None
    number: int | None
    solved: SolvedFrameModel | None


class SettingsModel(_Model):
    """See `StitchSettings`."""

    method: Annotated[str, Field(min_length=1)]
    max_shift: Length
    wide: Length | None
    solver: Solver
    stage_error: Px | None
    feature_size: Px | None


class MapModel(_Model):
    """A map over shifts: see `grids/packing.py`; `values` is base64."""

    values: str
    size: Annotated[int, Field(ge=1, le=10_001)]
    best: float
    scale: float
    meaning: str


class EstimateModel(_Model):
    """See `Estimate`."""

    status: Status
    shift: Pair
    confidence: Probability
    alternatives: list[tuple[float, float, Probability]]
    reason: str
    method: str
    device: str
    map: MapModel | None


class VerdictModel(_Model):
    """See `SolvedSeam`."""

    shift: Pair | None
    residual: Pair | None
    probability: Probability
    status: Status
    reason: str
    used: bool
    needs_look: bool
    loop_error: Annotated[float, Field(ge=0)] | None


class SeamModel(_Model):
    """One seam: which frames, what was found about it, what became of it."""

    first: Index
    second: Index
    nominal: Pair
    estimate: EstimateModel | None
    verdict: VerdictModel | None


class DecisionModel(_Model):
    """See `Decision`."""

    first: Index
    second: Index
    shift: Pair
    who: str
    when: datetime | None
    note: str


class StageModelModel(_Model):
    """See `StageModel`."""

    horizontal: Pair
    vertical: Pair
    by_row: list[tuple[int, float, float]]
    by_col: list[tuple[int, float, float]]
    scatter: Pair
    n_seams: Index


class SolvedModel(_Model):
    """What the solver said, but for frames and seams, which hold their own."""

    solver: Solver
    feature_size: Px | None
    seconds: float
    stage: StageModelModel


class ProjectModel(_Model):
    """The whole file."""

    format: Literal["napari-seamnet project"]
    version: Literal[2]
    program: str
    written: str
    command: str
    root: str
    root_from_here: str | None
    journal: str | None
    layout: LayoutModel
    settings: SettingsModel
    ownership: Ownership
    solved: SolvedModel | None
    locked: list[Index]
    excluded: list[tuple[Index, Index]]
    decisions: list[DecisionModel]
    frames: Annotated[list[FrameModel], Field(min_length=1)]
    seams: list[SeamModel]
