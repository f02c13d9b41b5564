"""The keys of the review: which there are, what they do, when they are bound, and their legend.

Most are bound on the layer that shows the seam, where they win over napari's own (see `_keys.py`);
those that help to find a seam, and to undo, also on the viewer. What they lead to is decided in
`_grid_review.py`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ._keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.layers
    from napari.components import ViewerModel

ARROWS = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}
EVERYWHERE = ("N", "P", "Control-Z", "Control-Shift-Z")
"""Keys that need no seam."""
DIGITS = 10


class Reviewer(Protocol):
    """What keys can do to a review."""

    def nudge(self, dy: int, dx: int, *, coarse: bool = False) -> None:
        """Move the second frame."""

    def take(self, number: int) -> None:
        """Take a fit."""

    def confirm(self) -> None:
        """Decide."""

    def exclude(self) -> None:
        """Exclude, or take that back."""

    def take_back(self) -> None:
        """Forget what was decided."""

    def estimate_again(self) -> None:
        """Look wider, or by another method."""

    def snap(self) -> None:
        """Move to the best fit nearby."""

    def reset(self) -> None:
        """Put the second frame back."""

    def blink(self, on: bool) -> None:
        """Show the frames in turns."""

    def step(self, by: int) -> None:
        """Look at another seam."""

    def go_to_seam(self) -> None:
        """Fly to the seam."""

    def undo(self) -> None:
        """Undo."""

    def redo(self) -> None:
        """Redo."""


def actions(review: Reviewer) -> dict[str, Callable[[], None]]:
    """What each key does when it is pressed."""
    found: dict[str, Callable[[], None]] = {
        "Enter": review.confirm,
        "X": review.exclude,
        "Delete": review.take_back,
        "R": review.estimate_again,
        "S": review.snap,
        "F": review.go_to_seam,
        "Escape": review.reset,
        "N": partial(review.step, 1),
        "P": partial(review.step, -1),
        "Control-Z": review.undo,
        "Control-Shift-Z": review.redo,
    }
    for key, (dy, dx) in ARROWS.items():
        found[key] = partial(review.nudge, dy, dx)
        found[f"Shift-{key}"] = partial(review.nudge, dy, dx, coarse=True)
    for number in range(DIGITS):
        found[str(number)] = partial(review.take, number)
    return found


class GridKeys:
    """The keys on loan from the seam's layer and the viewer; taking or giving twice does no harm.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Lends those of `EVERYWHERE`.
    review : Reviewer
        What they act on.
    """

    def __init__(self, viewer: ViewerModel, review: Reviewer) -> None:
        self._viewer = viewer
        self._actions = actions(review)
        blink = partial(review.blink, True), partial(review.blink, False)
        self._on_layer = Keys(self._actions, {"B": blink}, lambda dy, dx: None)
        self._on_layer.drags = False  # at this zoom a drag must move the view
        self._replaced: dict[str, Callable | None] | None = None

    @property
    def layer(self) -> napari.layers.Image | None:
        """The layer whose keys are bound."""
        return self._on_layer.layer

    def take(self, layer: napari.layers.Image | None) -> None:
        """Take the viewer's keys, and those of the layer that shows the seam, if there is one."""
        if self._replaced is None:
            self._replaced = {}
            for key in EVERYWHERE:
                action = _ignoring_viewer(self._actions[key])
                self._replaced[key] = self._viewer.bind_key(key, action, overwrite=True)
        if layer is None:
            self._on_layer.let_go()
        else:
            self._on_layer.bind(layer)

    def let_go(self) -> None:
        """Give all keys back."""
        self._on_layer.let_go()
        replaced, self._replaced = self._replaced, None
        for key, before in (replaced or {}).items():
            self._viewer.bind_key(key, None)
            if before is not None:
                self._viewer.bind_key(key, before)


def legend(
    *, seam: bool, fits: int, coarse: int, listed: bool, can_undo: bool, can_redo: bool
) -> str:
    """List the keys that work now, and only those.

    Parameters
    ----------
    seam : bool
        Whether a seam is shown.
    fits : int
        How many other fits it has.
    coarse : int
        How far Shift and an arrow key move, in px.
    listed : bool
        Whether there is a seam to go to.
    can_undo, can_redo : bool
        Whether there is a step to undo, and to do again.
    """
    keys = []
    if seam:
        keys += ["Enter confirm", "arrows 1 px", f"Shift+arrows {coarse} px"]
        if fits:
            keys.append("1 takes the other fit" if fits == 1 else f"1-{fits} take that fit")
            keys.append("0 the method's own")
        keys += ["S snap", "R re-estimate", "X exclude", "hold B blink"]
        keys += ["F fly to it", "Esc reset"]
    if listed:
        keys += ["N next", "P previous"]
    if can_undo:
        keys.append("Ctrl+Z undo")
    if can_redo:
        keys.append("Ctrl+Shift+Z redo")
    return "Keys: " + " · ".join(keys) if keys else ""


def _ignoring_viewer(action: Callable[[], None]) -> Callable[[Any], None]:
    def pressed(viewer: object) -> None:
        action()

    return pressed
