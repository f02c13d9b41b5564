"""The mosaic: all placements, as one lazy picture.

Acts like an immutable list of placements that can also be looked at: every operation returns a
new mosaic and leaves the old one as it was, so undo is keeping the old one. How a part is drawn is
in `render.py`, how the whole is written in `export/`; where frames belong is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from dask.base import tokenize

from ..frames import as_frame, lazy_array
from ..geometry import Box, Offset, Shift
from ..shifts.estimate import Status
from .errors import MosaicError
from .ownership import Ownership, stack_boxes
from .placement import Placement, chained, check_alike
from .render import check_fill, owners_at, render_level

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    import dask.array as da

    from ..frames import Frame
    from ..shifts.estimate import Progress


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Placements in the order in which they were made, at least one.

    All frames are of one dtype, and all grey or all coloured; their sizes may differ.

    Parameters
    ----------
    placements : tuple of Placement
        Earlier ones first.

    Raises
    ------
    MosaicError
        If there is none, or they cannot be shown in one picture.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_seamnet import Mosaic, Offset, Shift
    >>> left, right = np.full((4, 6), 7, np.uint8), np.full((4, 6), 9, np.uint8)
    >>> mosaic = Mosaic.start(left).append(right, Offset(0, 4), shift=Shift(-1, 0))
    >>> mosaic.bounds
    Box(y=-1, x=0, height=5, width=10)
    >>> mosaic.array()[:, 3:].compute()
    array([[0, 9, 9, 9, 9, 9, 9],
           [7, 7, 9, 9, 9, 9, 9],
           [7, 7, 9, 9, 9, 9, 9],
           [7, 7, 9, 9, 9, 9, 9],
           [7, 7, 7, 0, 0, 0, 0]], dtype=uint8)
    """

    placements: tuple[Placement, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "placements", tuple(self.placements))
        if not self.placements:
            raise MosaicError("a mosaic has at least one frame; begin one with Mosaic.start")
        for placement in self.placements[1:]:
            check_alike(self.placements[0].frame, placement.frame)

    @classmethod
    def start(
        cls,
        frame: Frame | np.ndarray | da.Array | str | PathLike[str],
        position: tuple[int, int] = (0, 0),
        status: Status = Status.CERTAIN,
        note: str = "",
    ) -> Mosaic:
        """Begin a mosaic with its first frame.

        Parameters
        ----------
        frame : Frame, array or path
            See `as_frame`.
        position : (y, x), default (0, 0)
            Of its top-left pixel, whole px.
        status, note
            As of `Placement`.
        """
        return cls((Placement(as_frame(frame), position, status, note),))

    def append(
        self,
        frame: Frame | np.ndarray | da.Array | str | PathLike[str],
        offset: Offset | tuple[float, float],
        against: int = -1,
        shift: Shift | tuple[float, float] = (0, 0),
        status: Status = Status.CERTAIN,
        note: str = "",
    ) -> Mosaic:
        """Add a frame where it was found to lie, seen from one that is already there.

        Parameters
        ----------
        frame : Frame, array or path
            See `as_frame`.
        offset : Offset or (dy, dx)
            Its nominal offset from the frame it was aligned against, in px.
        against : int, default -1
            Index of that frame's placement; negative ones count from the end.
        shift : Shift or (dy, dx), default (0, 0)
            What to add to the nominal offset (see `geometry.py`). The sum is rounded to whole px,
            once.
        status, note
            As of `Placement`.

        Returns
        -------
        Mosaic
            With one placement more; this one stays as it was.

        Raises
        ------
        MosaicError
            If there is no such placement, or the frame is of another kind than the others.
        """
        n = len(self.placements)
        if not -n <= against < n:
            raise MosaicError(
                f"there is no placement {against}: the mosaic has {n}; choose from 0 to {n - 1}"
            )
        y, x = self.placements[against].position
        dy, dx = (Offset(*offset) + Shift(*shift)).whole()
        return self.place(frame, (y + dy, x + dx), status, note)

    def place(
        self,
        frame: Frame | np.ndarray | da.Array | str | PathLike[str],
        position: tuple[int, int],
        status: Status = Status.CERTAIN,
        note: str = "",
    ) -> Mosaic:
        """Add a frame at a position, (y, x) in whole px; see `append`."""
        placement = Placement(as_frame(frame), position, status, note)
        check_alike(self.placements[0].frame, placement.frame)
        # What is known of those that are there is not found out again: a mosaic that grows frame
        # by frame costs each time what the new frame costs, and a copy of the tuple.
        grown = object.__new__(Mosaic)
        known = grown.__dict__
        known["placements"] = (*self.placements, placement)
        if "table" in self.__dict__:
            known["table"] = np.concatenate([self.table, stack_boxes([placement])])
        if "_content" in self.__dict__:
            known["_content"] = chained(self._content, placement)
        return grown

    def remove_last(self) -> Mosaic:
        """Take the frame that was placed last away again.

        Raises
        ------
        MosaicError
            If it is the only one.
        """
        if len(self.placements) == 1:
            raise MosaicError(
                "the mosaic has only one frame left; begin a new one with Mosaic.start"
            )
        return Mosaic(self.placements[:-1])

    def __len__(self) -> int:
        """How many frames there are."""
        return len(self.placements)

    def positions(self) -> tuple[tuple[int, int], ...]:
        """Positions (y, x) of all frames in the order of `placements`, in px."""
        return tuple(placement.position for placement in self.placements)

    @cached_property
    def bounds(self) -> Box:
        """The smallest box around all frames, in px; its corner may be negative."""
        top, left = (int(edge) for edge in self.table[:, :2].min(axis=0))
        bottom, right = (int(edge) for edge in self.table[:, 2:].max(axis=0))
        return Box(top, left, bottom - top, right - left)

    @property
    def origin(self) -> tuple[int, int]:
        """Where pixel [0, 0] of `array` lies: (y, x) in px, the corner of `bounds`."""
        return self.bounds.y, self.bounds.x

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `array`: (H, W), or (H, W, C) for coloured frames."""
        return self.bounds.shape + ((self.channels,) if self.channels else ())

    @property
    def channels(self) -> int:
        """0 for grey frames, 3 for RGB, 4 for RGBA."""
        return self.placements[0].frame.channels

    @property
    def dtype(self) -> np.dtype:
        """Dtype of all frames."""
        return self.placements[0].frame.dtype

    def array(
        self,
        ownership: Ownership | str = Ownership.NEAREST_CENTRE,
        fill: float = 0,
        chunks: int | tuple[int, int] = 1024,
    ) -> da.Array:
        """Give the picture, lazily: each chunk is assembled from the frames it meets.

        Parameters
        ----------
        ownership : {"nearest centre", "first", "last"}
            Who is shown where frames overlap.
        fill : number, default 0
            Shown where there is no frame; must be a value of the frames' dtype.
        chunks : int or (int, int), default 1024
            Height and width of the chunks, in px.

        Returns
        -------
        dask array
            (H, W) or (H, W, C) in the frames' dtype; pixel [0, 0] lies at `origin`. Its name is
            the same for the same placements of the same pixels, and new for any other.

        Raises
        ------
        MosaicError
            If there is no such ownership, or the dtype cannot hold the fill value.
        """
        return self._level(Ownership.named(ownership), check_fill(fill, self.dtype), chunks, 1)

    def pyramid(
        self,
        ownership: Ownership | str = Ownership.NEAREST_CENTRE,
        fill: float = 0,
        chunks: int | tuple[int, int] = 1024,
        smallest: int = 512,
    ) -> list[da.Array]:
        """Give the picture at full size, a half, a quarter, ..., for display.

        Each level shows every second pixel of the one before, so that whatever is on the screen
        is a source pixel. A coarse level reads the frames' strided pixels itself, not the levels
        above it.

        Parameters
        ----------
        ownership, fill, chunks
            As of `array`.
        smallest : int, default 512
            Levels are added until both sides are at most this, in px.

        Returns
        -------
        list of dask array
            ``levels[k]`` equals ``levels[0][::2**k, ::2**k]``.
        """
        checked = Ownership.named(ownership), check_fill(fill, self.dtype)
        return self._levels(lambda step: self._level(*checked, chunks, step), smallest)

    def provenance(
        self,
        ownership: Ownership | str = Ownership.NEAREST_CENTRE,
        chunks: int | tuple[int, int] = 1024,
    ) -> da.Array:
        """Tell which frame each pixel of `array` is taken from.

        Returns
        -------
        (H, W) int32 dask array
            Index into `placements`; -1 where `array` shows the fill value.
        """
        return self._owners(Ownership.named(ownership), chunks, 1)

    def provenance_pyramid(
        self,
        ownership: Ownership | str = Ownership.NEAREST_CENTRE,
        chunks: int | tuple[int, int] = 1024,
        smallest: int = 512,
    ) -> list[da.Array]:
        """Give `provenance` at full size, a half, a quarter, ..., for display; see `pyramid`."""
        ownership = Ownership.named(ownership)
        return self._levels(lambda step: self._owners(ownership, chunks, step), smallest)

    def reader(
        self,
        ownership: Ownership | str = Ownership.NEAREST_CENTRE,
        fill: float = 0,
    ) -> Callable[[Box], np.ndarray]:
        """Give what draws a part of `array` at once, without dask.

        Returns
        -------
        callable
            ``read(box)`` gives the pixels of a box of `array`, ``array()[box.slices]``. Safe from
            several threads; reads only the frames that own a pixel there.

        Raises
        ------
        MosaicError
            As `array`.
        """
        checked = Ownership.named(ownership), check_fill(fill, self.dtype)
        return partial(render_level, self.placements, self.table, self.origin, *checked, 1)

    def save(
        self,
        path: str | PathLike[str],
        ownership: Ownership | str = Ownership.NEAREST_CENTRE,
        fill: float = 0,
        pixel_size: float | tuple[float, float] | None = None,
        compression: str | None = "auto",
        progress: Progress | None = None,
    ) -> None:
        """Write the whole picture with its pyramid; see `export`.

        Parameters
        ----------
        path : path
            Ends in ``.ome.zarr`` or ``.ome.tif``; what is there is replaced when all is written.
        ownership, fill
            As of `array`.
        pixel_size : float or (y, x), optional
            In µm.
        compression : str or None, default "auto"
            See `export`; None writes the pixels as they are.
        progress : callable, optional
            Called as ``progress(done, total, what)``; may raise `Cancelled`.

        Raises
        ------
        MosaicError
            If it cannot be written so; nothing is left behind then.
        """
        from .export import export  # zarr takes half a second to load, and few calls save

        export(
            self,
            path,
            ownership=ownership,
            fill=fill,
            pixel_size=pixel_size,
            compression=compression,
            progress=progress,
        )

    @cached_property
    def table(self) -> np.ndarray:
        """Boxes of all frames in one array; see `stack_boxes`."""
        return stack_boxes(self.placements)

    @cached_property
    def _content(self) -> str:
        """A name for what is shown: equal only for equal placements of equal pixels."""
        content = ""
        for placement in self.placements:
            content = chained(content, placement)
        return content

    @staticmethod
    def _levels(level: Callable[[int], da.Array], smallest: int) -> list[da.Array]:
        """Levels of a pyramid, each half as large as the one before."""
        levels = [level(1)]
        while max(levels[-1].shape[:2]) > max(1, smallest):
            levels.append(level(2 ** len(levels)))
        return levels

    def _owners(self, ownership: Ownership, chunks: int | tuple[int, int], step: int) -> da.Array:
        """Owners of every `step`-th pixel of the picture."""
        name = f"owners-{tokenize(self._content, str(ownership), chunks, step)}"
        shape = tuple(-(-length // step) for length in self.bounds.shape)
        read = partial(owners_at, self.table, self.origin, ownership, step)
        return lazy_array(read, shape, np.dtype(np.int32), name, chunks)

    def _level(
        self, ownership: Ownership, fill: float, chunks: int | tuple[int, int], step: int
    ) -> da.Array:
        """Every `step`-th pixel of the picture."""
        name = f"mosaic-{tokenize(self._content, str(ownership), repr(fill), chunks, step)}"
        h, w = (-(-length // step) for length in self.bounds.shape)
        read = partial(
            render_level, self.placements, self.table, self.origin, ownership, fill, step
        )
        return lazy_array(read, (h, w, *self.shape[2:]), self.dtype, name, chunks)
