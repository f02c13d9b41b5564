"""What the viewer shows of a grid: its picture, and lines over it, in step with the session.

Which lines there are is in `_grid_marks.py`, the picture is `_grid_picture.py`'s, the mouse
`_grid_mouse.py`'s. Here it is decided what is to be seen, and when it is drawn again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QColor

from ..layouts.gaps import find_gaps
from . import _grid_marks as marks
from ._grid_camera import fit, fly, zoom_in_px
from ._grid_going_on import timer
from ._grid_hover import frame_in_words, seam_in_words
from ._grid_lines import Lines, Words
from ._grid_look import GridLook
from ._grid_marks import Mark
from ._grid_mouse import GridMouse
from ._grid_picture import GridPicture
from ._grid_raised import Raised
from ._grid_seam_view import look_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from ..layouts import Layout
    from ..projects import Project
    from ..projects.grow import Growth
    from ._grid_session import GridSession
    from ._layers import Look
    from ._state import Point

GATHER_MS = 150
"""Many seams a second are estimated, and the wheel turns fast: lines are drawn this often."""
OUTLINE, SELECTED, PATH, GAP, LOOP = "#7cc4ff", "#ffe14d", "#ff9d5c", "#e0703a", "#f25f8b"
SEAM_PX, LINE_PX = 5.0, 1.5
"""Widths on the screen, in its px, as long as frames are large enough there."""
THICKEST = 0.07
"""A bar's width, at most, as a part of the frames' smaller side; a line's is a quarter of it."""
LETTER_PX = 8.5
"""Width of a letter of a frame's name on the screen."""
COLOURS = np.array([QColor(marks.MARK_COLOURS[mark]).getRgbF() for mark in Mark], float)


class GridLayers(QObject):
    """Keeps the viewer's layers in step with a session.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where the layers go.
    session : GridSession
        The grid.
    parent : QObject
        Its end is the end of timers and loading; call `stop` for the rest.

    Attributes
    ----------
    look : GridLook
        What is to be seen.
    movable : callable
        Tells which frame can be dragged, if any; none by default.
    """

    seam_clicked = Signal(int)
    """A bar was clicked: index of the seam."""
    frame_clicked = Signal(object)
    """A frame was clicked: its index; None beside all frames."""
    dragged = Signal(int, int)
    """The selected frame was dragged to (dy, dx), in px from where it lay."""

    def __init__(self, viewer: ViewerModel, session: GridSession, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = session
        self.look = GridLook()
        self.movable: Callable[[], int | None] = lambda: None
        self._boxes = np.zeros((0, 4))
        self._bars = marks.Bars(np.zeros((0, 2)), np.zeros((0, 2)))
        self._marks: list[Mark] = []
        self._positions: tuple[tuple[int, int], ...] = ()
        self._frame: int | None = None
        self._moved: tuple[int, int, int] | None = None
        self._is_laying_out = True
        self._layout: Layout | None = None
        self.picture = GridPicture(viewer, session, self)
        self.gaps = Lines(viewer, "gaps")
        self.outlines = Lines(viewer, "frames")
        self.path = Lines(viewer, "scan path", "arrow")
        self.bars = Lines(viewer, "seams")
        self.names = Words(viewer, "names")
        self.loops = Words(viewer, "loop errors")
        self.selected = Lines(viewer, "selected frame")
        self.raised = Raised(viewer, session, self.frame_at, lambda: self.picture.layer, self)
        self.mouse = GridMouse(
            viewer, self.to_px, self._zoom, self.bar_at, self.frame_under, self._words_at,
            lambda: self.movable(), self,
        )  # fmt: skip
        self._soon = timer(self, GATHER_MS, self._draw_bars)
        self._zoomed = timer(self, GATHER_MS, self._draw_lines)
        self._connect()
        self._on_laid_out()

    # -- what is asked ------------------------------------------------------------------------

    def layer_look(self) -> Look:
        """Pixel size and units of all layers."""
        project = self._session.project
        return look_of(None if project is None else project.layout)

    def frame_at(self, frame: int) -> Point:
        """Where a frame is shown, (y, x) in px."""
        y, x = self._positions[frame] if frame < len(self._positions) else (0, 0)
        return float(y), float(x)

    def frame_under(self, point: Point) -> int | None:
        """Which frame is at a place, (y, x) in px."""
        return marks.frame_under(self._boxes, point)

    def bar_at(self, point: Point, within: float) -> int | None:
        """Which seam's bar is at a place, (y, x) in px, or no farther than that from it."""
        if not self.bars.is_visible:
            return None
        return marks.nearest_bar(self._bars, point, within)

    def to_px(self, world: Point) -> Point:
        """Make px of the grid from a position in the world."""
        scale = self.layer_look().scale
        return world[0] / scale[0], world[1] / scale[1]

    # -- what a person does -------------------------------------------------------------------

    def fly_to(self, seam: int) -> None:
        """Show a seam from so near that single pixels can be judged."""
        project = self._session.project
        if project is None or seam >= len(self._bars.centres):
            return
        first, second = (self._boxes[frame] for frame in project.seams[seam].pair)
        sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
        y, x = self._bars.centres[seam]
        narrow = float(max(1.0, sides.min()))
        fly(self._viewer, (float(y), float(x)), narrow, self.layer_look())
        self._draw_lines()  # at once: lines of before would be as wide as bands here

    def fit(self) -> None:
        """Show the whole grid."""
        fit(self._viewer, self.picture.layer)

    def show_frame(self, index: int | None) -> None:
        """Mark the selected frame."""
        self._frame = index
        self._draw_selected()

    def front(self, index: int | None) -> None:
        """Show a frame over all others; None shows none so."""
        self.raised.front(index)
        self.raised.draw(self.layer_look())

    def hold(self, moved: tuple[int, int, int] | None) -> None:
        """Show a frame elsewhere, with its seams: (index, dy, dx); None puts it back."""
        self._moved = moved
        self.raised.move(moved)
        self.raised.draw(self.layer_look())
        self._draw_selected()

    def preview(self, layout: Layout, places: tuple[tuple[int, int], ...]) -> None:
        """Show frames where they would lie by what is known so far, until they are solved."""
        project = self._session.project
        if project is None or project.layout is not layout or self._session.solution is not None:
            return
        if not self.look.show_nominal:
            self._show(places)

    def take_viewer(self) -> None:
        """Hear the viewer's mouse."""
        self.mouse.listen()

    def give_back(self) -> None:
        """Leave the viewer's mouse alone; what is shown stays."""
        self.mouse.stop()
        self.hold(None)
        self.front(None)

    def stop(self) -> None:
        """Hear nothing any more; needs no more than the Python half of this object."""
        session = self._session
        session.grown.disconnect(self._on_grown)
        session.laid_out.disconnect(self._on_laid_out)
        session.changed.disconnect(self._on_changed)
        session.estimated.disconnect(self._on_estimated)
        self.look.events.disconnect(self._on_look)
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
        self.mouse.stop()

    # -- when it is drawn ---------------------------------------------------------------------

    def _connect(self) -> None:
        session = self._session
        session.grown.connect(self._on_grown)
        session.laid_out.connect(self._on_laid_out)
        session.changed.connect(self._on_changed)
        session.estimated.connect(self._on_estimated)
        self.look.events.connect(self._on_look)
        self._viewer.scene.camera.events.zoom.connect(self._on_zoom)
        self.mouse.seam_clicked.connect(self.seam_clicked)
        self.mouse.frame_clicked.connect(self.frame_clicked)
        self.mouse.dragged.connect(self.dragged)

    def _on_laid_out(self) -> None:
        project = self._session.project
        self._frame = self._moved = None
        self.raised.front(None)
        self.raised.move(None)
        if project is None:
            return
        before, grows = self._boxes, project.layout is self._layout
        self.picture.take(project.layout, [seam.pair for seam in project.seams])
        if project.solved is None and not self._is_laying_out and not grows:
            # Another grid is laid out: what helps there is shown again.
            self.look.show_path = self.look.show_names = True
        self._is_laying_out = project.solved is None and not grows
        if not grows:
            self._positions = ()
        self._place(anew=True)
        if not marks.alike(before, self._boxes):
            fit(self._viewer, self.picture.layer)

    def _on_grown(self, growth: Growth) -> None:
        """Leave what was there where it was shown, and put what came beside it."""
        layout = growth.layout
        if not self._positions or self.look.show_nominal or growth.before is not self._layout:
            return
        nominal = np.array([site.whole for site in layout])
        known = {new: self._positions[old] for old, new in growth.where.items()}
        if not known:
            return
        off = np.array([np.subtract(at, nominal[k]) for k, at in known.items()])
        others = nominal + np.round(np.median(off, axis=0)).astype(int)
        self._positions = tuple(
            known.get(k, (int(others[k, 0]), int(others[k, 1]))) for k in range(len(layout))
        )
        self._layout = layout

    def _on_changed(self) -> None:
        if self._session.project is not None:
            self._place()

    def _on_estimated(self, seam: int) -> None:
        self._make_room()
        if not self._soon.isActive():
            self._soon.start()

    def _make_room(self) -> None:
        """Hide what helps to lay out: it lies over what is to be looked at from now on."""
        if self._is_laying_out:
            self._is_laying_out = False
            self.look.show_path = self.look.show_names = False

    def _on_zoom(self, event: object = None) -> None:
        self._zoomed.start()

    def _on_look(self, info: object = None) -> None:
        self.picture.level(self.look.show_levelled)
        self.picture.show_owners(self.look.show_provenance)
        self._place(anew=True)

    # -- how it is drawn ----------------------------------------------------------------------

    def _place(self, *, anew: bool = False) -> None:
        """Draw all frames where they are now, and what has changed besides."""
        project, solution = self._session.project, self._session.solution
        if project is None:
            return
        positions = self._places(project)
        if solution is not None or any(project.estimates):
            self._make_room()
        self._show(positions, anew=anew)

    def _show(self, positions: tuple[tuple[int, int], ...], *, anew: bool = False) -> None:
        project = self._session.project
        if project is None:
            return
        layout = project.layout
        self.picture.show(positions, project.ownership, self.layer_look())
        if anew or positions != self._positions or layout is not self._layout:
            self._positions, self._layout = positions, layout
            self._boxes = marks.boxes_of([f.shape for f in layout.frames], positions)
            self._bars = marks.bars(self._boxes, project.seams)
            self.raised.draw(self.layer_look())
            self._draw_lines()
        else:
            self._draw_bars()
        self._draw_loops()

    def _places(self, project: Project) -> tuple[tuple[int, int], ...]:
        """Where the frames are to be shown, (y, x) in whole px."""
        layout, solution = project.layout, self._session.solution
        if not self.look.show_nominal:
            if solution is not None and len(solution.frames) == len(layout):
                return tuple(frame.whole for frame in solution.frames)
            if layout is self._layout and self._positions and any(project.estimates):
                return self._positions  # better than none, until there are new ones
        return tuple(site.whole for site in layout)

    def _draw_lines(self) -> None:
        project, look, thin = self._session.project, self.layer_look(), self._width(LINE_PX)
        if project is None:
            return
        if self.look.show_gaps and project.layout.missing:
            boxes = [gap.box for gap in find_gaps(project.layout)]
            self.gaps.show(marks.hatch(boxes), GAP, thin, look)
        else:
            self.gaps.hide()
        if self.look.show_outlines:
            self.outlines.show(marks.outlines(self._boxes), OUTLINE, thin, look)
        else:
            self.outlines.hide()
        steps = marks.path(self._boxes, project.layout)
        if self.look.show_path and len(steps):
            self.path.show(steps, PATH, 2 * thin, look)
        else:
            self.path.hide()
        self._draw_bars()
        self._draw_names()
        self._draw_selected()

    def _draw_bars(self) -> None:
        project = self._session.project
        if project is None or not self.look.show_seams or not project.seams:
            self.bars.hide()
            return
        self._marks = marks.marks_of(self._session)
        width = self._width(SEAM_PX, 1.0)
        lines, _, which = marks.bar_lines(self._bars, self._marks, width)
        self.bars.show(lines, COLOURS[which], width, self.layer_look())

    def _draw_names(self) -> None:
        project = self._session.project
        if project is None or not self.look.show_names or not len(self._boxes):
            self.names.hide()
            return
        room = float((self._boxes[:, 3] - self._boxes[:, 1]).min()) * self._zoom()
        # The longest that do not lie over each other; the mouse shows them in full.
        for names in (
            [site.name.rsplit(".", 1)[0] for site in project.layout],
            ["" if site.row is None else f"r{site.row} c{site.col}" for site in project.layout],
        ):
            if any(names) and LETTER_PX * max(map(len, names)) <= room:
                break
        else:
            self.names.hide()
            return
        middles = (self._boxes[:, :2] + self._boxes[:, 2:]) / 2
        self.names.show(middles, names, self.layer_look())

    def _draw_selected(self) -> None:
        if self._frame is None or self._frame >= len(self._boxes):
            self.selected.hide()
            return
        box = self._boxes[self._frame : self._frame + 1]
        if self._moved is not None:
            box = box + np.array([*self._moved[1:], *self._moved[1:]])
        width = self._width(2 * LINE_PX)
        self.selected.show(marks.outlines(box), SELECTED, width, self.layer_look())

    def _draw_loops(self) -> None:
        solution = self._session.solution
        if not self.look.show_loops or solution is None or not solution.loops:
            self.loops.hide()
            return
        places, texts, dots = marks.loop_marks(self._boxes, solution.loops)
        self.loops.show(places, texts, self.layer_look(), colour=LOOP, dots=dots)

    # -- inside -------------------------------------------------------------------------------

    def _side(self) -> float:
        """Side of a usual frame, in px."""
        return marks.usual_side(self._boxes)

    def _width(self, screen_px: float, part: float = 0.25) -> float:
        """Width in px of the grid of what is to be so wide on the screen.

        In steps, so that lines need not be drawn anew at each turn of the wheel.
        """
        width = min(screen_px / self._zoom(), part * THICKEST * self._side())
        return float(2 ** (np.round(2 * np.log2(max(width, 1e-3))) / 2))

    def _zoom(self) -> float:
        return zoom_in_px(self._viewer, self.layer_look())

    def _words_at(self, point: Point, within: float) -> str:
        seam = self.bar_at(point, within)
        if seam is not None and seam < len(self._marks):
            return seam_in_words(self._session, seam, self._marks[seam])
        frame = self.frame_under(point)
        return "" if frame is None else frame_in_words(self._session, frame)
