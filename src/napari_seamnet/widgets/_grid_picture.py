"""The picture of a grid: one lazy layer with all frames in place, and who owns which pixel.

Far views come from thumbnails that are loaded in the background, so that a thousand frames are
there at once. Where the frames lie is told by `_grid_layers.py`.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from ..frames import FrameError
from ..mosaic import Mosaic, MosaicError, Ownership, Placement
from ..mosaic.levelling import gains_of
from ..mosaic.thumbnails import Thumbnails
from ._layers import OURS
from ._mosaic_layer import MosaicLayer
from ._work import Work
from .reader import SESSION

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import napari.layers
    from napari.components import ViewerModel

    from ..layouts import Layout
    from ..shifts.estimate import Progress
    from ._grid_session import GridSession
    from ._layers import Look

NAME = "grid (SeamNet)"
OWNERS = "owners (SeamNet)"
EVERY_S = 0.4
"""Between two looks at what has been loaded meanwhile; drawing a thousand frames takes 0.1 s."""


class GridPicture(QObject):
    """Shows a grid's frames at given positions.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where the layers go.
    session : GridSession
        Noted in the layer, so that *File > Save* finds it.
    parent : QObject
        Its end stops the loading.
    """

    said = Signal(str)
    """One sentence on what could not be shown; empty takes the last back."""
    loaded = Signal()
    """All thumbnails are there."""

    def __init__(self, viewer: ViewerModel, session: GridSession, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._mosaic_layer = MosaicLayer(viewer, NAME, on_top=False, notes={SESSION: session})
        self.owners: napari.layers.Labels | None = None
        self._thumbnails: Thumbnails | None = None
        self._gains: list[float] | None = None
        self._shown: tuple[object, ...] = ()
        self._limits: tuple[float, float] | None = None
        self._positions: tuple[tuple[int, int], ...] = ()
        self._ownership = Ownership.NEAREST_CENTRE
        self._look: Look | None = None
        self._pairs: tuple[tuple[int, int], ...] = ()
        self._is_levelled = False
        self._shows_owners = False
        self.loading = Work(self)
        self.levelling = Work(self)
        self.loading.progressed.connect(self._on_loaded)

    @property
    def layer(self) -> napari.layers.Image | None:
        """The layer with the frames, while it is in the viewer."""
        return self._mosaic_layer.layer if self._mosaic_layer.is_there else None

    @property
    def thumbnails(self) -> Thumbnails | None:
        """What far views are made of."""
        return self._thumbnails

    # -- what is shown ------------------------------------------------------------------------

    def take(self, layout: Layout, pairs: Sequence[tuple[int, int]]) -> None:
        """Take the frames of a layout, and load their thumbnails; show them with `show`.

        Parameters
        ----------
        layout : Layout
            The frames.
        pairs : sequence of (first, second)
            Which of them overlap.
        """
        self.levelling.cancel()
        self._pairs = tuple(pairs)
        self._thumbnails = Thumbnails(layout.frames, like=self._thumbnails)
        self._gains, self._shown, self._limits = None, (), None
        self.said.emit("")
        self._load(self._thumbnails)

    def show(
        self,
        positions: Sequence[tuple[int, int]],
        ownership: Ownership,
        look: Look,
    ) -> None:
        """Show the frames at these positions, (y, x) in whole px; the camera stays."""
        self._positions, self._ownership, self._look = tuple(positions), ownership, look
        if self._is_levelled and self._gains is None:
            self._level()
        self._draw()

    def level(self, on: bool) -> None:
        """Show all frames equally bright, or as they are."""
        self._is_levelled = on
        if not on:
            self.levelling.cancel()
            self._gains = None
        elif self._gains is None:
            self._level()
        self._draw()

    def show_owners(self, on: bool) -> None:
        """Show in a layer above which frame each pixel is taken from, or no longer."""
        self._shows_owners = on
        self._draw_owners()

    def remove(self) -> None:
        """Take the layers away."""
        self.loading.cancel()
        self.levelling.cancel()
        self._mosaic_layer.show(None, (0, 0), None, None)
        for layer in (self.owners,):
            if layer is not None and layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self.owners = None
        self._shown = ()

    # -- inside -------------------------------------------------------------------------------

    def _mosaic(self) -> Mosaic | None:
        if self._thumbnails is None or len(self._thumbnails) != len(self._positions):
            return None
        frames = self._thumbnails.shown(self._gains)
        return Mosaic(tuple(map(Placement, frames, self._positions)))

    def _draw(self) -> None:
        gains = None if self._gains is None else tuple(self._gains)
        wanted = self._thumbnails, self._positions, self._ownership, gains, self._look
        if wanted == self._shown and self.layer is not None:
            return
        try:
            mosaic = self._mosaic()
        except MosaicError as error:
            self.said.emit(f"the frames cannot be shown: {error}")
            self._mosaic_layer.show(None, (0, 0), None, None)
            return
        if mosaic is None:
            return
        self._shown = wanted
        is_new = self.layer is None
        self._mosaic_layer.show(mosaic, (0, 0), None, self._look, self._ownership)
        if is_new:
            self._limits = None
        self._set_limits()
        self._draw_owners(mosaic)

    def _draw_owners(self, mosaic: Mosaic | None = None) -> None:
        layer = self.owners
        is_there = layer is not None and layer in self._viewer.layers
        if not self._shows_owners or self._look is None:
            if layer is not None and is_there:
                layer.visible = False
            return
        mosaic = mosaic or self._mosaic()
        if mosaic is None:
            return
        levels = [level + 1 for level in mosaic.provenance_pyramid(self._ownership)]  # 0 is nobody
        translate = self._look.translate((float(mosaic.origin[0]), float(mosaic.origin[1])))
        # napari takes a pyramid of a single level for a stack.
        is_pyramid = len(levels) > 1
        data = levels if is_pyramid else levels[0]
        if layer is not None and is_there and layer.multiscale != is_pyramid:
            self._viewer.layers.remove(layer)
            is_there = False
        if layer is not None and is_there:
            layer.data = data
            layer.scale, layer.translate = self._look.scale, translate
            layer.visible = True
            return
        selected, active = set(self._viewer.layers.selection), self._viewer.layers.selection.active
        self.owners = self._viewer.add_labels(
            data,
            multiscale=is_pyramid,
            name=OWNERS,
            scale=self._look.scale,
            units=self._look.units,
            axis_labels=self._look.axis_labels,
            translate=translate,
            opacity=0.45,
            metadata={OURS: "owners"},
        )
        if self.layer is not None:  # right above the frames, below all lines
            layers = self._viewer.layers
            layers.move(len(layers) - 1, layers.index(self.layer) + 1)
        self._viewer.layers.selection = selected
        self._viewer.layers.selection.active = active

    def _load(self, thumbnails: Thumbnails) -> None:
        missing = [k for k in range(len(thumbnails)) if thumbnails.small(k) is None]

        def job(progress: Progress) -> Generator[str, None, list[str]]:
            broken: list[str] = []
            last = time.monotonic()
            done = 0
            with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
                waiting = [pool.submit(thumbnails.load, k) for k in missing]
                try:
                    for one in as_completed(waiting):
                        error = one.exception()
                        if isinstance(error, FrameError | OSError):
                            broken.append(str(error))
                        elif error is not None:
                            raise error
                        done += 1
                        if time.monotonic() - last > EVERY_S:
                            progress(done, len(missing), "loading")
                            yield "loading"
                            last = time.monotonic()
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)
            return broken

        self.loading.start(job, self._on_all_loaded, self.said.emit)

    def _on_loaded(self, *_: object) -> None:
        layer = self.layer
        if layer is not None:
            self._set_limits()
            layer.refresh(thumbnail=False, extent=False)

    def _on_all_loaded(self, broken: Sequence[str] | None) -> None:
        if broken:
            more = f" (and {len(broken) - 1} more frames)" if len(broken) > 1 else ""
            self.said.emit(f"not shown: {broken[0]}{more}")
        self._on_loaded()
        if self.layer is not None:
            self.layer.refresh()
        if self._is_levelled and self._gains is None:
            self._level()
        self.loaded.emit()

    def _set_limits(self) -> None:
        """Set contrast from what is loaded, unless a person has set it."""
        layer, thumbnails = self.layer, self._thumbnails
        if layer is None or layer.rgb or thumbnails is None:
            return
        if self._limits is not None and not np.allclose(layer.contrast_limits, self._limits):
            return
        limits = thumbnails.limits()
        if limits is not None:
            low, high = layer.contrast_limits_range
            layer.contrast_limits_range = min(low, limits[0]), max(high, limits[1])
            layer.contrast_limits = limits
            self._limits = tuple(layer.contrast_limits)

    def _level(self) -> None:
        thumbnails, positions, pairs = self._thumbnails, self._positions, self._pairs
        if thumbnails is None or not positions or self.loading.is_busy:
            return

        def job(progress: Progress) -> Generator[str, None, list[float]]:
            yield "levelling"
            return gains_of(thumbnails, positions, pairs)

        self.levelling.start(job, self._on_levelled, self.said.emit)

    def _on_levelled(self, gains: list[float] | None) -> None:
        if gains is not None and self._is_levelled:
            self._gains = gains
            self._draw()
