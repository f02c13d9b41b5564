"""The file dialogs of Stitch grid's last step, and its one question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QMessageBox

from ..projects import ENDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

PROJECT = f"Projects (*{ENDING})"
PICTURES = "Pictures (*.tif *.tiff *.png *.jpg *.jpeg *.bmp);;All files (*)"
TABLE = "Table (*.csv)"
FIJI = "TileConfiguration for Fiji (*.txt)"


def where_to(parent: QWidget, title: str, start: Path, endings: Sequence[str]) -> Path | None:
    """Ask for a file to write; one that stands there is asked about by the dialog.

    Parameters
    ----------
    parent : QWidget
        Whom the dialog belongs to.
    title : str
        What is to be written.
    start : Path
        What is suggested.
    endings : sequence of str
        The first is added to a name that has none of them.
    """
    pattern = f"{title} ({' '.join(f'*{ending}' for ending in endings)})"
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(start), pattern)
    if not chosen:
        return None
    known = chosen.lower().endswith(tuple(endings))
    return Path(chosen if known else chosen + endings[0])


def zarr_to(parent: QWidget, start: Path, ending: str) -> Path | None:
    """Ask for the name of a Zarr, which is a folder: one that stands there is asked about here."""
    chosen, _ = QFileDialog.getSaveFileName(
        parent,
        "Mosaic",
        str(start),
        f"OME-Zarr (*{ending})",
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    if not chosen:
        return None
    path = Path(chosen if chosen.lower().endswith(".zarr") else chosen + ending)
    if path.exists() and not is_wanted(
        parent, f"{path.name} is there already. Replace it when the new one is whole?"
    ):
        return None
    return path


def positions_to(parent: QWidget, start: Path) -> Path | None:
    """Ask where positions go: the ending says which format."""
    chosen, kind = QFileDialog.getSaveFileName(parent, "Positions", str(start), f"{TABLE};;{FIJI}")
    if not chosen:
        return None
    if chosen.lower().endswith((".csv", ".txt")):
        return Path(chosen)
    return Path(chosen + (".txt" if kind == FIJI else ".csv"))


def project_from(parent: QWidget, start: Path) -> Path | None:
    """Ask for a project to open."""
    chosen, _ = QFileDialog.getOpenFileName(
        parent, "Open a project", str(start), f"{PROJECT};;All files (*)"
    )
    return Path(chosen) if chosen else None


def frames_folder(parent: QWidget, said: str) -> Path | None:
    """Ask where the frames of a project are now."""
    box = QMessageBox(parent)
    box.setWindowTitle("The frames are not where they were")
    box.setText(said)
    where = box.addButton("Where they are now...", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    if box.clickedButton() is not where:
        return None
    chosen = QFileDialog.getExistingDirectory(parent, "Folder of the frames, of any depth")
    return Path(chosen) if chosen else None


def picture_from(parent: QWidget, title: str, start: Path | None) -> Path | None:
    """Ask for the picture of a frame."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(start or ""), PICTURES)
    return Path(chosen) if chosen else None


def folder_to_watch(parent: QWidget, start: Path | None) -> Path | None:
    """Ask for the folder that a microscope writes to."""
    title = "Folder that the microscope writes frames to"
    chosen = QFileDialog.getExistingDirectory(parent, title, str(start or ""))
    return Path(chosen) if chosen else None


def is_wanted(parent: QWidget, question: str) -> bool:
    """Ask before something is lost."""
    answer = QMessageBox.question(parent, "Stitch grid", question)
    return answer == QMessageBox.StandardButton.Yes
