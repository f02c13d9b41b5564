"""The file dialogs of Training set: the only thing that pops up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

HAND = "Hand alignments (*.jsonl)"
TABLE = "Tables (*.csv);;All files (*)"
COMPACT = ".safetensors"


def hand_file(parent: QWidget, path: Path) -> Path | None:
    """Ask for a file of hand alignments, present or new."""
    chosen, _ = QFileDialog.getSaveFileName(
        parent,
        "File of hand alignments",
        str(path),
        HAND,
        options=QFileDialog.Option.DontConfirmOverwrite,  # it is only ever added to
    )
    if not chosen:
        return None
    return Path(chosen if chosen.endswith(".jsonl") else f"{chosen}.jsonl")


def source(parent: QWidget, kind: str) -> list[Path]:
    """Ask where pairs come from; empty if nowhere.

    Parameters
    ----------
    parent : QWidget
        Whom the dialog belongs to.
    kind : str
        "table", "seams", "merge" or "folder".
    """
    if kind == "folder":
        chosen = QFileDialog.getExistingDirectory(parent, "Exported folder")
        return [Path(chosen)] if chosen else []
    if kind == "merge":
        several, _ = QFileDialog.getOpenFileNames(parent, "Hand alignment files", "", HAND)
        return [Path(one) for one in several]
    title = "Seams of a stitched grid" if kind == "seams" else "Pairs with known offsets"
    chosen, _ = QFileDialog.getOpenFileName(parent, title, "", TABLE)
    return [Path(chosen)] if chosen else []


def folder(parent: QWidget, title: str) -> Path | None:
    """Ask for a folder, which can be made in the dialog."""
    chosen = QFileDialog.getExistingDirectory(parent, title)
    return Path(chosen) if chosen else None


def tiles(parent: QWidget, compact: bool) -> Path | None:
    """Ask where tiles go to: a folder, or one file."""
    if not compact:
        return folder(parent, "New or empty folder for the tiles, or one to continue")
    chosen, _ = QFileDialog.getSaveFileName(
        parent,
        "File for the tiles",
        f"tiles{COMPACT}",
        f"Compact tiles (*{COMPACT})",
        options=QFileDialog.Option.DontConfirmOverwrite,  # other tiles are never overwritten
    )
    if not chosen:
        return None
    return Path(chosen if chosen.endswith(COMPACT) else f"{chosen}{COMPACT}")
