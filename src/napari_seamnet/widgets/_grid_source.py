"""What a person asks for in *Lay out*, and in words what was understood of it. No Qt here.

How a layout is found out is `layouts/`' business; here a form's choices become its arguments, and
a layout becomes the few lines that fit into a dock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..as_text import Opened
from ..layouts import LayoutError, open_layout
from ..layouts.describe import ASSUMED, steps_of
from ..layouts.names import PICTURES
from ..layouts.steps import number, typical_shape
from ..projects.grow import BY_HAND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..frames import Frame
    from ..layouts import Layout
    from ..shifts.estimate import Progress

GAPS_SHOWN = 6
FITS_SHOWN = 4
OPTIONS = (
    "pattern", "rows", "cols", "start", "order", "first", "overlap", "flip_y", "flip_x", "swap_yx",
    "pixel_size", "unit", "page",
)  # fmt: skip
"""What of `Asked` are options of `open_layout`."""
KINDS = {0: "grey", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Asked:
    """A source, and how it is to be understood; the same words as of `open_layout`.

    Parameters
    ----------
    paths : tuple of Path
        One folder or file, or several pictures.
    pattern : str
        Empty to guess it from the names.
    rows, cols : int
        0 where nobody said.
    start, order, first : str
        How a series fills the grid.
    overlap : (str, str) or None
        y and x, as "150" in px or as "10%"; None where nobody said.
    flip_y, flip_x, swap_yx : bool
        Turned axes.
    pixel_size : float
        µm; 0 where nobody said.
    unit : str
        Of positions; empty as the source says.
    page : int
        Of every file; -1 for the only one.
    left_out : tuple of str
        Names of frames that a person left out.
    """

    paths: tuple[Path, ...]
    pattern: str = ""
    rows: int = 0
    cols: int = 0
    start: str = "top left"
    order: str = "snake"
    first: str = "rows"
    overlap: tuple[str, str] | None = None
    flip_y: bool = False
    flip_x: bool = False
    swap_yx: bool = False
    pixel_size: float = 0.0
    unit: str = ""
    page: int = -1
    left_out: tuple[str, ...] = ()

    @classmethod
    def of_opened(cls, opened: Opened) -> Asked:
        """The same that was asked for when a layout was opened."""
        source, known = opened.source, {name: opened.options.get(name) for name in OPTIONS}
        given = {name: value for name, value in known.items() if value is not None}
        if (overlap := given.get("overlap")) is not None:
            both = overlap if isinstance(overlap, tuple | list) else str(overlap).split(",")
            given["overlap"] = tuple(str(one).strip() for one in (*both, *both)[:2])
        size = given.get("pixel_size")
        if isinstance(size, tuple | list):
            given["pixel_size"] = float(size[0])
        paths = (source,) if isinstance(source, str) else source
        return cls(tuple(map(Path, paths)), **given, left_out=opened.left_out)

    @property
    def opened(self) -> Opened:
        """The same, to be remembered with the layout."""
        paths = tuple(map(str, self.paths))
        return Opened(paths if len(paths) > 1 else paths[0], self.arguments(), self.left_out)

    @property
    def source(self) -> Path | list[Path]:
        """As `open_layout` takes it."""
        return self.paths[0] if len(self.paths) == 1 else list(self.paths)

    @property
    def has_names(self) -> bool:
        """Whether names may tell where frames lie: not so in a file of positions."""
        return len(self.paths) > 1 or self.paths[0].is_dir()

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `open_layout`; what is as usual is left out.

        Examples
        --------
        >>> Asked((Path("run"),), rows=4, overlap=("150", "10%")).arguments()
        {'rows': 4, 'overlap': ('150', '10%')}
        """
        usual = Asked(self.paths)
        given = {name: getattr(self, name) for name in OPTIONS}
        return {name: value for name, value in given.items() if value != getattr(usual, name)}

    def open(
        self, progress: Progress | None = None, known: Mapping[Path, Frame] | None = None
    ) -> Layout:
        """Open the layout; see `open_layout` for what `known` is, and what can go wrong."""
        try:
            layout = open_layout(self.source, **self.arguments(), known=known, progress=progress)
        except OSError as error:
            raise LayoutError(f"{self.source} cannot be read ({error.strerror})") from error
        gone = [k for k, site in enumerate(layout) if site.name in self.left_out]
        return layout.without(*gone) if 0 < len(gone) < len(layout) else layout


@dataclass(frozen=True)
class Understood:
    """A layout in words: what it is, what a person should heed, and what was done to it."""

    lines: tuple[str, ...]
    notes: tuple[str, ...]
    news: tuple[str, ...] = ()


def understood(layout: Layout, n_seams: int) -> Understood:
    """Say what was understood of a layout, in a few short lines.

    Parameters
    ----------
    layout : Layout
        Any.
    n_seams : int
        How many of its frames' neighbours overlap.
    """
    shape = typical_shape([frame.shape for frame in layout.frames])
    several = len({frame.shape for frame in layout.frames}) > 1
    frame = layout[0].frame
    lines = [
        f"{_count(len(layout), 'frame')} of {'about ' * several}{shape[0]} x {shape[1]} px, "
        f"{frame.dtype.name} {KINDS[frame.channels]}"
    ]
    grid = ""
    if layout.rows is not None and layout.cols is not None:
        grid = f"{_count(layout.rows, 'row')} x {_count(layout.cols, 'column')}, "
    lines.append(f"{grid}{_count(n_seams, 'seam')}")
    lines.append(_overlaps(layout, shape))
    height, width = layout.bounds.shape
    size = f"{height:,} x {width:,} px"
    if layout.pixel_size is not None:
        y, x = layout.pixel_size
        size += f" = {height * y:,.4g} x {width * x:,.4g} µm"
    lines.append(size)
    notes = []
    if layout.missing:
        shown = ", ".join(f"r{row} c{col}" for row, col in layout.missing[:GAPS_SHOWN])
        more = ", ..." if len(layout.missing) > GAPS_SHOWN else ""
        verb = "is" if len(layout.missing) == 1 else "are"
        notes.append(f"{_count(len(layout.missing), 'place')} {verb} empty: {shown}{more}")
    news = tuple(note for note in layout.notes if any(words in note for words in BY_HAND))
    notes += [note for note in layout.notes if note not in news]
    if layout.overlap_assumed:
        notes.append(ASSUMED)
    if len(layout) > 1 and not n_seams:
        notes.append("no two frames overlap, so there is nothing to stitch: check the overlap")
    return Understood(tuple(line for line in lines if line), tuple(notes), news)


def overlap_of(layout: Layout) -> tuple[float, float] | None:
    """How far neighbours overlap nominally, (y, x) in px; None where none are neighbours."""
    steps = steps_of(layout)
    y, x = steps.overlap_y, steps.overlap_x
    if y is None and x is None:
        return None
    known = x if y is None else y
    return (known if y is None else y) or 0.0, (known if x is None else x) or 0.0


def is_same(one: Layout, other: Layout) -> bool:
    """Whether two layouts put the same pictures at the same places, and say the same of them."""

    def content(layout: Layout) -> tuple[object, ...]:
        sites = tuple((s.frame.token, s.position, s.row, s.col, s.number, s.page) for s in layout)
        return (
            sites, layout.source, layout.pixel_size, layout.missing, layout.notes,
            layout.overlap_assumed,
        )  # fmt: skip

    return one is other or content(one) == content(other)


def known_frames(layout: Layout, opened: Opened | None) -> dict[Path, Frame]:
    """Frames of a layout by their files, which need not be opened again to be laid out anew.

    Parameters
    ----------
    layout : Layout
        The present one.
    opened : Opened or None
        How it was opened; of files that hold several pages, nothing is taken for known.
    """
    if opened is not None and opened.options.get("page") is not None:
        return {}
    return {
        site.frame.path: site.frame
        for site in layout
        if site.frame.path is not None and site.page is None
    }


def fits(paths: tuple[Path, ...]) -> tuple[tuple[int, int], ...]:
    """Rows and columns that as many pictures would fill, the squarest first.

    Parameters
    ----------
    paths : tuple of Path
        Pictures, or the folder of them.
    """
    if len(paths) > 1:
        n = len(paths)
    elif paths and paths[0].is_dir():
        n = sum(p.suffix.casefold() in PICTURES and p.name[0] != "." for p in paths[0].iterdir())
    else:
        n = 0
    pairs = [(rows, n // rows) for rows in range(1, n + 1) if n % rows == 0 and n > 1]
    return tuple(sorted(pairs, key=lambda pair: abs(pair[0] - pair[1]))[:FITS_SHOWN])


def _overlaps(layout: Layout, shape: tuple[int, int]) -> str:
    steps = steps_of(layout)
    said = [
        f"{axis} {number(overlap)} px ({number(100 * overlap / side)} %)"
        for axis, overlap, side in (
            ("y", steps.overlap_y, shape[0]),
            ("x", steps.overlap_x, shape[1]),
        )
        if overlap is not None
    ]
    return "overlap " + ", ".join(said) if said else ""


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"
