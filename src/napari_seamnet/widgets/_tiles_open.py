"""From a seed pair to the other docks: its layers, Align pair, Train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._layers import FILE, HAND, place, position

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Image

    from ..frames import Frame
    from ..learning.hand import HandAlignment

US = "napari-seamnet"


def add_pair(
    viewer: ViewerModel, path: Path, alignment: HandAlignment, frames: tuple[Frame, Frame]
) -> tuple[Image, Image]:
    """Put a pair into the viewer as it was decided to lie; layers that show it already are moved.

    Parameters
    ----------
    viewer : napari.Viewer or ViewerModel
        Where to put it.
    path : Path
        The file of hand alignments, which a correction goes to.
    alignment : HandAlignment
        The pair.
    frames : (Frame, Frame)
        Its frames.

    Returns
    -------
    first, second : Image
    """
    known_by = (str(path), alignment.id)
    layers = [layer for layer in viewer.layers if layer.metadata.get(HAND) == known_by]
    if len(layers) != 2:
        files = (alignment.first, alignment.second)
        layers = [
            viewer.add_image(
                frame.dask(),
                name=file.path.stem,
                rgb=bool(frame.channels),
                metadata={FILE: str(file.path), HAND: known_by},
            )
            for frame, file in zip(frames, files, strict=True)
        ]
    first, second = layers
    at, offset = position(first), alignment.offset
    place(second, (at[0] + offset.dy, at[1] + offset.dx))
    first.visible = second.visible = True
    viewer.layers.selection = {first, second}
    viewer.fit_to_view(layers=[first, second])
    return first, second


def open_align_pair(viewer: ViewerModel, pair: tuple[Image, Image] | None) -> None:
    """Open the dock Align pair, with a pair chosen if there is one."""
    widget = _open_dock(viewer, "Align pair")
    if widget is not None and pair is not None:
        widget.choose_pair(*pair)


def open_train(viewer: ViewerModel, tiles: Path) -> bool:
    """Open the dock Train with these tiles; False where it cannot take them."""
    try:
        widget = _open_dock(viewer, "Train")
    except (KeyError, RuntimeError, ValueError):  # there is none, or it cannot be loaded
        return False
    take = getattr(widget, "use_tiles", None)
    if take is None:
        return False
    take(tiles)
    return True


def _open_dock(viewer: ViewerModel, name: str) -> Any:
    window = getattr(viewer, "window", None)
    if window is None:
        return None
    dock, widget = window.add_plugin_dock_widget(US, name, tabify=True)
    dock.show()
    dock.raise_()
    return widget
