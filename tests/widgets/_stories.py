"""A person in front of a real viewer, and the grids that are put before them; no tests.

`Person` does what hands do (keys on the canvas, clicks and typing in the dock) and tells what eyes
see. Screenshots of the stages are kept where `SHOTS` names a folder.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.exposure import BORDER, Conditions, expose
from napari_seamnet.learning.scenes import texture_scene
from napari_seamnet.shifts.estimate import Alternative, ShiftMap

SHOTS = os.environ.get("NAPARI_SEAMNET_STORIES", "")
"""Folder for screenshots; none are taken without it."""
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
ARROWS = {
    (1, 0): Qt.Key.Key_Down,
    (-1, 0): Qt.Key.Key_Up,
    (0, 1): Qt.Key.Key_Right,
    (0, -1): Qt.Key.Key_Left,
}
COARSE = 10
"""px that Shift and an arrow key move."""


class Person:
    """Uses the dock *Stitch grid* of a viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        On the screen.
    qtbot : QtBot
        Waits.
    story : str
        Name of the story, for screenshots.
    """

    def __init__(self, viewer, qtbot, story: str) -> None:
        self.viewer, self.qtbot, self.story = viewer, qtbot, story
        viewer.window.resize(1280, 800)
        _, self.widget = viewer.window.add_plugin_dock_widget("napari-seamnet", "Stitch grid")
        self.waits: dict[str, list[float]] = {}
        self._shots = 0
        self._is_gone = False
        qtbot.wait(100)
        self.canvas.setFocus()

    # -- hands --------------------------------------------------------------------------------

    @property
    def canvas(self):
        """What shows the picture, and gets the keys."""
        return self.viewer.window._qt_viewer.canvas.native

    def press(self, key, modifier=NONE, where=None) -> None:
        """Press a key over the canvas, or where the focus was put."""
        QTest.keyClick(where or self.canvas, key, modifier)

    def click(self, button) -> None:
        """Click a button of the dock, which must be there to be clicked."""
        self.unfold(button)
        assert button.isVisible(), f"{button.text()!r} is not to be seen"
        assert button.isEnabled(), f"{button.text()!r} cannot be clicked"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def type(self, box, text: str) -> None:
        """Type into a box in the place of what it says, and press Enter."""
        self.unfold(box)
        assert box.isVisible()
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, text)
        QTest.keyClick(box, Qt.Key.Key_Return)

    def choose(self, combo, data) -> None:
        """Choose from a list, by keys, as one that is not popped up allows."""
        self.unfold(combo)
        combo.setFocus()
        target, here = combo.findData(data), combo.currentIndex()
        key = Qt.Key.Key_Down if target > here else Qt.Key.Key_Up
        for _ in range(abs(target - here)):
            QTest.keyClick(combo, key)
        assert combo.currentData() == data

    def unfold(self, control) -> None:
        """Bring a control into sight: unfold its step by the step's button, and scroll."""
        dock = self.widget.dock
        for step, button in zip(dock.steps, dock.to_steps, strict=True):
            if step.isAncestorOf(control):
                if not step.is_open:
                    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
                dock._scroll.ensureWidgetVisible(control)

    def nudge(self, dy: int, dx: int) -> None:
        """Move the second frame by arrow keys: coarse ones first."""
        for axis, way in ((0, dy), (1, dx)):
            one = int(np.sign(way))
            key = ARROWS[(one, 0) if axis == 0 else (0, one)] if way else None
            for _ in range(abs(way) // COARSE):
                self.timed("arrow", lambda key=key: self.press(key, SHIFT))
            for _ in range(abs(way) % COARSE):
                self.timed("arrow", lambda key=key: self.press(key))

    # -- whole steps --------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open what is typed into step 1."""
        before = self.session.project
        self.type(self.widget.lay_out.source, str(path))
        self.wait(lambda: self.session.project is not before)

    def overlap(self, px: int) -> None:
        """Say how far neighbours overlap."""
        form = self.widget.lay_out.form
        before = self.session.project
        self.type(form.overlap_y, str(px))
        self.type(form.overlap_x, str(px))
        self.wait(
            lambda: (
                self.session.project is not before
                and not self.session.project.layout.overlap_assumed
                and not self.widget.opening.work.is_busy
            )
        )

    def search(self, max_shift: int) -> None:
        """Say how far seams are searched."""
        self.type(self.widget.run.form.max_shift, str(max_shift))

    def stitch(self) -> None:
        """Press Stitch, and wait until every frame has its place."""
        self.click(self.widget.run.start)
        self.settle(120_000)

    def next(self) -> int:
        """Go to the next seam of the list by key; the seam that is looked at then."""
        self.timed("next seam", lambda: self.press(Qt.Key.Key_N))
        return self.session.seam

    def decide(self, wanted: Shift, fit: int | None = None) -> None:
        """Put the present seam right by keys, confirm it, and wait for the frames to settle.

        Parameters
        ----------
        wanted : Shift
            Relative to the nominal offset.
        fit : int, optional
            Which of the listed fits is the right one.
        """
        review = self.widget.review
        if fit is not None:
            self.timed("take a fit", lambda: self.press(getattr(Qt.Key, f"Key_{fit}")))
        y, x = review.draft.shift.whole()
        to_y, to_x = wanted.whole()
        self.nudge(to_y - y, to_x - x)
        assert review.draft.shift.whole() == wanted.whole()
        self.timed("confirm", lambda: self.press(Qt.Key.Key_Return))

    def wait(self, what, timeout: int = 30_000) -> None:
        """Wait until something is so."""
        self.qtbot.waitUntil(what, timeout=timeout)

    def settle(self, timeout: int = 30_000) -> None:
        """Wait until nothing is worked on, and the frames have their places."""
        widget = self.widget
        self.wait(
            lambda: (
                not widget.estimating.is_busy
                and not widget.solving.is_busy
                and not widget.review.again.work.is_busy
                and self.session.is_solved
            ),
            timeout,
        )

    def timed(self, what: str, action) -> None:
        """Do something, and note how long it is until that is drawn, and until all is solved."""
        began = time.perf_counter()
        action()
        self._draw(lambda: True)
        self._note(what, began)
        if not self.session.is_solved:
            self._draw(lambda: self.session.is_solved and not self.widget.solving.is_busy)
            self._note(f"{what}, and solved", began)

    def _draw(self, is_ready) -> None:
        """Let everything be done that waits, and drawn."""
        while True:
            QApplication.processEvents()
            if is_ready() and not self.widget.review._redraw.isActive():
                break
            time.sleep(0.001)  # or this loop would take the time of the thread that solves
        self.canvas.repaint()
        QApplication.processEvents()

    def _note(self, what: str, began: float) -> None:
        self.waits.setdefault(what, []).append(1000 * (time.perf_counter() - began))

    def go_home(self) -> None:
        """Leave nothing running, and nothing to be written into another test's folder."""
        widget = self.widget
        if not self._is_gone:
            widget.estimating.cancel()
            widget.solving.work.cancel()
            widget.autosave.flush()
        widget.autosave.wait()

    def close_napari(self) -> None:
        """Close the window, whatever is going on."""
        self._is_gone = True
        self.viewer.close()
        self.qtbot.wait(50)

    def tell_waits(self) -> None:
        """Print how long keys took."""
        for what, waits in self.waits.items():
            print(
                f"\n{self.story}: {what}: {np.median(waits):.0f} ms median, {max(waits):.0f} ms "
                f"at most, {len(waits)} times",
                end="",
            )

    # -- eyes ---------------------------------------------------------------------------------

    @property
    def session(self):
        """The grid itself, for what is asked at the end."""
        return self.widget.session

    @property
    def state(self) -> str:
        """The line that says where the grid stands."""
        return self.widget.dock.state.text()

    @property
    def headline(self) -> str:
        """How many seams deserve a look."""
        return self.widget.review.dock.headline.text()

    @property
    def notes(self) -> str:
        """What step 1 warns of."""
        return self.widget.lay_out.notes.text()

    def table(self) -> list[list[str]]:
        """The cells of the list of seams, row by row."""
        model = self.widget.review.dock.table.model()
        return [
            [model.data(model.index(row, column)) for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]

    @property
    def row(self) -> int | None:
        """The row of the list that is marked."""
        selected = self.widget.review.dock.table.selectionModel().selectedRows()
        return selected[0].row() if selected else None

    def shot(self, what: str) -> None:
        """Keep a screenshot of the window, if somebody wants it."""
        if not SHOTS:
            return
        self.qtbot.wait(120)
        picture = self.viewer.window.screenshot(flash=False, canvas_only=False)
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        import imageio.v3 as iio

        iio.imwrite(Path(SHOTS) / f"{self.story}_{self._shots:02d}_{what}.png", picture[..., :3])
        self._shots += 1


# -- grids ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """A simulated grid on the disk, and where its frames truly lie.

    Parameters
    ----------
    folder : Path
        With ``tile_r0_c0.tif`` ...
    truth : dict of str to (y, x)
        By the names of the frames, in whole px.
    """

    folder: Path
    truth: dict[str, tuple[int, int]]

    def shift(self, project, seam: int) -> Shift:
        """The true shift of a seam, relative to its nominal offset."""
        which = project.seams[seam]
        (y0, x0), (y1, x1) = (self.truth[project.layout[frame].name] for frame in which.pair)
        return Shift(y1 - y0 - which.nominal.dy, x1 - x0 - which.nominal.dx)

    def misses(self, session) -> np.ndarray:
        """How far each seam's frames lie from where they truly do to each other, in px."""
        project, solution = session.project, session.solution
        placed = [solution.offset(k) - seam.nominal for k, seam in enumerate(project.seams)]
        return np.array(
            [one.distance(self.shift(project, k)) for k, one in enumerate(placed)], float
        )


def texture_grid(
    folder: Path,
    rows: int,
    cols: int,
    size: int = 200,
    overlap: int = 60,
    jitter: int = 3,
    *,
    seed: int = 0,
    blank: tuple[tuple[int, int, int, int], ...] = (),
    missing: tuple[tuple[int, int], ...] = (),
) -> Grid:
    """Write the frames of a texture, each with its own noise and off its place.

    Parameters
    ----------
    folder : Path
        To be made.
    rows, cols, size, overlap, jitter : int
        As of `chip_grid`.
    seed : int
        Decides everything.
    blank : tuple of (y0, x0, y1, x1)
        Where the scene shows nothing, in px of the nominal layout.
    missing : tuple of (row, col)
        Frames that are not written.
    """
    rng = np.random.default_rng(seed)
    step, margin = size - overlap, BORDER + jitter
    scene = texture_scene(step * max(rows, cols) + overlap + 2 * margin, rng)
    for y0, x0, y1, x1 in blank:
        scene[y0 + margin : y1 + margin, x0 + margin : x1 + margin] = 90
    folder.mkdir()
    truth = {}
    for row in range(rows):
        for col in range(cols):
            off = rng.integers(-jitter, jitter + 1, 2)
            place = row * step + int(off[0]), col * step + int(off[1])
            at = float(place[0] + margin), float(place[1] + margin)
            conditions = Conditions(drift=0.25, defects=0.1)
            pixels = expose(scene, at, (size, size), rng, conditions, (6.0, 200.0))
            if (row, col) not in missing:
                name = f"tile_r{row}_c{col}.tif"
                tifffile.imwrite(folder / name, pixels)
                truth[name.removesuffix(".tif")] = truth[name] = place
    return Grid(folder, truth)


def moved(estimate, dy: int, dx: int, *, knows_better: bool = False):
    """The same estimate, as sure of itself as before, of a shift that is wrong by (dy, dx) px.

    Parameters
    ----------
    estimate : Estimate
        With its map, which moves along.
    dy, dx : int
        How far.
    knows_better : bool
        Whether the right shift is listed as another fit.
    """
    right = estimate.map.values
    n = right.shape[0]
    values = np.full_like(right, np.nanmin(right))
    to = slice(max(0, dy), n + min(0, dy)), slice(max(0, dx), n + min(0, dx))
    of = slice(max(0, -dy), n + min(0, -dy)), slice(max(0, -dx), n + min(0, -dx))
    values[to] = right[of]
    others = (Alternative(estimate.shift, 0.0005),) if knows_better else ()
    return replace(
        estimate,
        shift=estimate.shift + Shift(dy, dx),
        confidence=0.999,
        alternatives=others,
        map=ShiftMap(values, estimate.map.meaning),
    )
