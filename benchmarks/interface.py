"""How long the window stands still while the network is loaded and works.

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/interface.py

Opens napari with two simulated frames and the dock *Align pair*. A timer of 5 ms ticks in the main
thread; the longest time between two ticks is how long the interface did not answer. Measured while
torch is imported after the dock opened, and while the network aligns, at several search ranges.
A first alignment by the plain method is the rival: what the window costs without any network.
"""

from __future__ import annotations

import sys
import time

import napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_seamnet.sample_data import chip_grid
from napari_seamnet.widgets.pair import PairWidget

TICK = 5  # ms


class Heart:
    """Ticks in the main thread, and remembers the longest pause."""

    def __init__(self) -> None:
        self.timer = QTimer()
        self.timer.setInterval(TICK)
        self.timer.timeout.connect(self.beat)
        self.restart()
        self.timer.start()

    def restart(self) -> None:
        """Forget what was."""
        self.last, self.gaps = time.perf_counter(), []

    def beat(self) -> None:
        """One tick."""
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self.last))
        self.last = now


def run_until(done, limit: float = 60.0) -> None:
    """Let the window live until something is so."""
    app, end = QApplication.instance(), time.perf_counter() + limit
    while not done() and time.perf_counter() < end:
        app.processEvents()
        time.sleep(0.001)


def settle(seconds: float) -> None:
    """Let the window live for a while."""
    end = time.perf_counter() + seconds
    run_until(lambda: time.perf_counter() >= end)


def main() -> None:
    """Measure."""
    viewer = napari.Viewer(show=True)
    grid = chip_grid()
    for k in (0, 1):
        viewer.add_image(grid.frames[k].read(), name=f"chip{k}", translate=grid.nominal[k])
    settle(3)
    heart = Heart()
    widget = PairWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Align pair")
    settle(0.5)  # the dock itself being built and drawn
    heart.restart()
    run_until(lambda: "napari_seamnet.nets.inference" in sys.modules)
    settle(3)  # it warms up
    rows = [("torch is imported", max(heart.gaps))]
    align = widget.dock.align
    plan = [("smoothed", 15), ("seamnet", 15), ("seamnet", 15), ("seamnet", 80)]
    for method, reach in plan:
        align.method.setCurrentIndex(align.method.findData(method))
        align.max_shift.setValue(reach)
        settle(1)
        heart.restart()
        start = time.perf_counter()
        widget.align()
        run_until(lambda: not align.is_busy)
        seconds = time.perf_counter() - start
        rows.append((f"{method}, ±{reach} px ({seconds:.2f} s)", max(heart.gaps)))
        settle(1)
    print("| while | longest pause |")
    print("|---|---|")
    for what, gap in rows:
        print(f"| {what} | {gap:.0f} ms |")
    viewer.close()


if __name__ == "__main__":
    main()
