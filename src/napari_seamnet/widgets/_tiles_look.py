"""Look at seed pairs in the background: are their frames still there, a thumbnail, traits.

What is seen is shown in `_tiles_list.py`; traits are measured in `learning/diversity.py`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache, partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, QTimer, Signal
from qtpy.QtGui import QImage

from ..learning.hand import open_frames, overlap_of
from ..seams.composite import composite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ..learning.diversity import Traits
    from ..learning.hand import HandAlignment

SIDE = 64
"""Of a thumbnail in the list, in px; it is kept twice as large, for fine screens."""
SHOWN = 256
"""Most of the overlap's middle that a thumbnail shows, in px each way: fringes stay visible."""

CHECKED, FINISHED = "checked", "finished"
FETCH_MS = 50
"""Between two looks at what was seen meanwhile."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a pair looks like, or why it cannot be used."""

    picture: QImage | None
    traits: Traits | None
    broken: str = ""
    """Empty, or one sentence."""
    measured: bool = True
    """Whether the traits are known, as far as there are any."""


def as_image(picture: np.ndarray) -> QImage:
    """Turn an (H, W, 3) uint8 picture into Qt's; it is copied."""
    height, width = picture.shape[:2]
    data = picture.tobytes()
    return QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def look_at(alignment: HandAlignment) -> Seen:
    """See whether a pair's frames are still the same, and make its thumbnail: a few ms."""
    try:
        open_frames(alignment)
        return Seen(_thumbnail(_Pixels(alignment)), None, measured=False)
    except (ValueError, OSError) as error:
        return Seen(None, None, str(error))


def measure(alignment: HandAlignment, seen: Seen) -> Seen:
    """Add the traits to what was seen, which takes ten times as long."""
    from ..learning.diversity import traits

    try:
        return Seen(seen.picture, traits(alignment))
    except (
        ValueError,
        OSError,
        ArithmeticError,
        MemoryError,
    ):  # a frame without any contrast, say
        return Seen(seen.picture, None)


class _Pixels:
    """A hand alignment that is equal to another if the thumbnail is."""

    def __init__(self, alignment: HandAlignment) -> None:
        self.alignment = alignment
        files = ((file.sha256, file.page) for file in (alignment.first, alignment.second))
        self._key = (*files, alignment.offset.whole())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pixels) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=1000)  # 66 MB at most
def _thumbnail(pixels: _Pixels) -> QImage:
    overlap = overlap_of(pixels.alignment)
    height, width = overlap.first.shape
    side = min(height, width, SHOWN)
    top, left = (height - side) // 2, (width - side) // 2
    middle = slice(top, top + side), slice(left, left + side)
    picture = as_image(composite(overlap.first[middle], overlap.second[middle]))
    return picture.scaled(
        2 * SIDE,
        2 * SIDE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


class Looker(QObject):
    """Looks at all pairs of a list, one after the other; a new list ends the work on the old.

    It has a thread of its own, since hundreds of pairs would keep Qt's few threads from what a
    person waits for. What was seen waits in a queue until the main thread fetches it: a signal
    sent on behalf of a widget that is just being closed would end napari with it.

    Parameters
    ----------
    parent : QObject
        Its end stops the work.
    """

    seen = Signal(object, object)
    """A `HandAlignment` and its `Seen`."""
    checked = Signal()
    """Which pairs are broken is known."""
    finished = Signal()
    """The traits are known, too."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._stop = Event()
        self._found: deque[tuple[HandAlignment, Seen] | str] = deque()
        self._fetch = QTimer(self)
        self._fetch.setInterval(FETCH_MS)
        self._fetch.timeout.connect(self._fetch_found)
        self.destroyed.connect(self._stop.set)

    def look(self, alignments: Sequence[HandAlignment]) -> None:
        """Look at these."""
        self._stop.set()
        self.destroyed.disconnect(self._stop.set)
        self._stop, self._found = Event(), deque()
        self.destroyed.connect(self._stop.set)
        work = partial(_look, list(alignments), self._found, self._stop)
        Thread(target=work, name="looking at seed pairs", daemon=True).start()
        self._fetch.start()

    def _fetch_found(self) -> None:
        while self._found:
            found = self._found.popleft()
            if found == CHECKED:
                self.checked.emit()
            elif found == FINISHED:
                self._fetch.stop()
                self.finished.emit()
            else:
                self.seen.emit(*found)


def _look(
    alignments: Sequence[HandAlignment],
    queue: deque[tuple[HandAlignment, Seen] | str],
    stop: Event,
) -> None:
    """Put what is seen into a queue: first what is quickly seen of all, then their traits."""
    found = []
    for alignment in alignments:
        if stop.is_set():
            return
        found.append((alignment, look_at(alignment)))
        queue.append(found[-1])
    queue.append(CHECKED)
    for alignment, seen in found:
        if stop.is_set():
            return
        if not seen.broken:
            queue.append((alignment, measure(alignment, seen)))
    queue.append(FINISHED)
