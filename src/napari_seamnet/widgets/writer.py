"""File > Save: the mosaic as OME-Zarr or OME-TIFF, its positions, its project.

What is in such files is the business of `mosaic/export/`, `solution_files.py` and `projects/`.
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QProgressDialog

from ..mosaic import MosaicError
from ..mosaic.export import export, save_ome_tiff, save_ome_zarr
from ..mosaic.export.target import is_ome_zarr
from ..projects import ENDING
from ..saving import SavingError, check_folder
from ..shifts import Cancelled
from ..solution_files import write_positions as write_table
from ..solution_files import write_tile_configuration
from .reader import SESSION, mosaic_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..projects import Project
    from ..shifts.estimate import Progress
    from ..solve import Solution
    from ._grid_session import GridSession

SHOWS_AFTER_MS = 1000
STEPS = 1000
"""Qt counts to 2^31; a mosaic may have more pixels."""


class WriterError(RuntimeError):
    """Why a layer was not written, in one sentence."""


def _told(
    write: Callable[[str, Any, Mapping[str, Any]], list[str]],
) -> Callable[[str, Any, Mapping[str, Any]], list[str]]:
    """Tell napari what is wrong; a `ValueError` it would take for "no writer", and drop."""

    @wraps(write)
    def told(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
        try:
            return write(path, data, meta)
        except ValueError as error:
            raise WriterError(str(error)) from error

    return told


@_told
def write_mosaic(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write an image layer with its pyramid; that of a grid from its frames.

    Parameters
    ----------
    path : str
        Ends in ``.ome.zarr`` or ``.ome.tif``.
    data : array, or pyramid of arrays
        (H, W) or, with ``rgb``, (H, W, C); other layers are left to napari's own writer.
    meta : mapping
        The layer's attributes.

    Returns
    -------
    list of str
        What was written; nothing if the person cancelled.

    Raises
    ------
    WriterError
        If it cannot be written.
    """
    session = _session(meta)
    mosaic = None if session is None else mosaic_now(session)
    if session is not None and session.project is not None and mosaic is not None:
        project = session.project

        def write(progress: Progress) -> None:
            export(
                mosaic,
                path,
                ownership=project.ownership,
                pixel_size=project.layout.pixel_size,
                progress=progress,
            )

        return _with_progress(path, write)
    whole = data[0] if meta.get("multiscale") or isinstance(data, list | tuple) else data
    if len(whole.shape) != (3 if meta.get("rgb") else 2):
        if is_ome_zarr(Path(path)):
            raise MosaicError(
                f"the layer has {len(whole.shape)} axes, and only flat pictures are written as "
                "OME-Zarr here; save one plane, or as .tif"
            )
        from napari_builtins.io import napari_write_image

        written = napari_write_image(path, whole, dict(meta))
        return [written] if written else []
    save = save_ome_zarr if is_ome_zarr(Path(path)) else save_ome_tiff
    return _with_progress(path, lambda progress: save(whole, Path(path), progress=progress))


@_told
def write_positions(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write where the frames of a grid's layer lie: a ``.csv``, or Fiji's ``.txt``.

    Raises
    ------
    WriterError
        If the layer is no grid's, it has no positions yet, or the file cannot be written.
    """
    _, solution = _solved(meta, "positions")
    target = Path(path)
    check_folder(target, [f.path for f in solution.layout.frames if f.path is not None])
    write = write_tile_configuration if target.suffix.lower() == ".txt" else write_table
    write(target, solution)
    return [path]


@_told
def write_project(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write the project of a grid's layer.

    Raises
    ------
    WriterError
        If the layer is no grid's, or the file cannot be written.
    """
    session = _session(meta)
    if session is None or session.project is None:
        raise SavingError(f"{_name(meta)} shows no grid, so there is no project of it to save")
    # napari adds the first ending of the manifest only to names without any.
    target = Path(path if path.endswith(ENDING) else path.removesuffix(".json") + ENDING)
    project: Project = session.project
    written = _with_progress(str(target), lambda report: project.save(target, progress=report))
    if written:
        session.path = target
    return written


def _session(meta: Mapping[str, Any]) -> GridSession | None:
    """The grid that a layer shows, if it does."""
    return (meta.get("metadata") or {}).get(SESSION)


def _solved(meta: Mapping[str, Any], what: str) -> tuple[GridSession, Solution]:
    session = _session(meta)
    if session is None:
        raise SavingError(
            f"{_name(meta)} shows no grid, so it has no {what}; choose the mosaic of Stitch grid"
        )
    if session.solution is None or not session.is_solved:
        raise SavingError(f"the frames of {_name(meta)} have no {what} yet; stitch them first")
    return session, session.solution


def _name(meta: Mapping[str, Any]) -> str:
    return f"the layer {meta.get('name', '')!r}"


def _with_progress(path: str, write: Callable[[Progress], object]) -> list[str]:
    """Write with a dialog that shows how far it is, and cancels; napari waits for writers."""
    dialog = None
    if QApplication.instance() is not None:
        dialog = QProgressDialog(f"Saving {Path(path).name}", "Cancel", 0, STEPS)
        dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        dialog.setMinimumDuration(SHOWS_AFTER_MS)

    def progress(done: int, total: int, what: str) -> None:
        if dialog is None:
            return
        # Being modal, it lets Qt work whenever it moves.
        dialog.setValue(done * (STEPS - 1) // total if total else 0)
        if dialog.wasCanceled():
            raise Cancelled

    try:
        write(progress)
    except Cancelled:
        return []
    finally:
        if dialog is not None:
            dialog.close()
            dialog.deleteLater()
    return [path]
