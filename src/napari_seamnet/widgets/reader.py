"""Projects, files of positions and folders of frames, dropped onto napari or opened in its menu.

In a window, *Stitch grid* takes them up; in a script, the mosaic comes as one lazy layer. What
such a file says is the core's business.
"""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari

from ..as_text import Opened
from ..layouts import open_layout
from ..mosaic import Mosaic, Placement, mosaic_of
from ..projects import Project, is_project
from ._grid_session import GridSession
from ._layers import OURS
from ._tiles_open import _open_dock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    LayerData = tuple[Any, dict[str, Any], str]

SESSION = "seamnet grid"
"""Key of a layer's metadata under which its grid is found, for saving it."""
PATTERNS = ["*.seamnet.json", "?ile?onfiguration*.txt", "*global-positions*.txt"]
"""As in the manifest; npe2 compares names in their own case to patterns in lower case."""
PICTURES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp")
LEAST_FRAMES = 2
DOCK = "Stitch grid"
NO_LAYERS: list[Any] = [(None,)]
"""What napari wants to be told by a reader that adds no layer itself."""


def get_reader(
    path: str | PathLike[str] | Sequence[str],
) -> Callable[[Any], list[Any]] | None:
    """Give napari a reader if this is a project, a file of positions or a folder of frames.

    Parameters
    ----------
    path : path, or list of paths
        What is to be opened; a list of several, which napari would stack, is left to others.
    """
    if not isinstance(path, str | PathLike):
        if len(path) != 1:
            return None
        (path,) = path
    path = Path(path)
    if path.is_dir():
        return read if _holds_frames(path) else None
    return read if path.is_file() else None  # its name was one of the manifest's patterns


def read(path: str | PathLike[str] | Sequence[str]) -> list[Any]:
    """Open a grid: in *Stitch grid* where there is a window, else as a layer.

    Returns
    -------
    list of (data, settings, type)
        As napari asks of readers.

    Raises
    ------
    ProjectError, LayoutError
        If it is no grid; the message says why.
    """
    if not isinstance(path, str | PathLike):
        (path,) = path
    viewer = napari.current_viewer()
    if viewer is not None and open_in_dock(viewer, Path(path)):
        return NO_LAYERS
    return [layer_of(open_grid(Path(path)))]


def open_in_dock(viewer: Any, path: Path) -> bool:
    """Let *Stitch grid* take a path up; False where there is no window, or no such dock."""
    try:
        widget = _open_dock(viewer, DOCK)
    except (KeyError, RuntimeError, ValueError):
        return False
    take = getattr(widget, "open", None)
    if take is None:
        return False
    take(path)
    return True


def open_grid(path: Path) -> GridSession:
    """Open a project, a file of positions or a folder of frames.

    Raises
    ------
    ProjectError, LayoutError
        If it is none of these, or frames are not there.
    """
    session = GridSession()
    if path.is_file() and is_project(path):
        session.open(Project.load(path), path)
    else:
        layout = open_layout(path)
        session.lay_out(layout)
        session.remember(layout, Opened(fspath(path)))
    return session


def mosaic_now(session: GridSession) -> Mosaic | None:
    """The mosaic of a grid: where its frames were found, or where they are expected."""
    if session.project is None:
        return None
    if session.solution is not None:
        return mosaic_of(session.solution)
    layout = session.project.layout
    return Mosaic(tuple(Placement(site.frame, site.whole) for site in layout))


def layer_of(session: GridSession) -> LayerData:
    """Give napari the mosaic of a grid as one lazy layer, in source pixels.

    Raises
    ------
    MosaicError
        If the frames cannot be shown in one picture.
    """
    project, mosaic = session.project, mosaic_now(session)
    if project is None or mosaic is None:
        raise ValueError("there is no grid to show; open a folder, a layout file or a project")
    name = "mosaic"
    if session.path is not None:
        name = session.path.name
    elif session.opened is not None and isinstance(session.opened.source, str):
        name = Path(session.opened.source).name
    settings: dict[str, Any] = {
        "name": name,
        "multiscale": True,
        "rgb": bool(mosaic.channels),
        "translate": mosaic.origin,
        "metadata": {OURS: "mosaic", SESSION: session},
    }
    if project.layout.pixel_size is not None:
        sides = project.layout.pixel_size
        settings |= {
            "scale": sides,
            "units": ("um", "um"),
            "translate": tuple(a * b for a, b in zip(sides, mosaic.origin, strict=True)),
        }
    return mosaic.pyramid(project.ownership), settings, "image"


def _holds_frames(folder: Path) -> bool:
    """Whether a folder has pictures in it; told from names, and no Zarr is looked into."""
    if folder.suffix.lower() == ".zarr":
        return False
    n = 0
    for file in folder.iterdir():
        n += file.suffix.lower() in PICTURES
        if n >= LEAST_FRAMES:
            return True
    return False
