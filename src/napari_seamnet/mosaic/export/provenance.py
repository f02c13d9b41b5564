"""Which frame each pixel is taken from, in files: the table that goes with the picture.

The picture itself is `Picture.of_owners`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ..mosaic import Mosaic

COLUMNS = ("label", "frame", "y", "x", "height", "width", "status", "note")


def frame_table(mosaic: Mosaic) -> list[dict[str, Any]]:
    """List the frames by their value in the provenance picture.

    Returns
    -------
    list of dict
        ``label`` (1 + the placement's index), the ``frame``'s name, ``y`` and ``x`` of its
        top-left pixel in the exported picture, its ``height`` and ``width`` (all in px), the
        ``status`` of its position, and a ``note``.
    """
    top, left = mosaic.origin
    return [
        {
            "label": index + 1,
            "frame": placement.frame.name,
            "y": placement.position[0] - top,
            "x": placement.position[1] - left,
            "height": placement.frame.shape[0],
            "width": placement.frame.shape[1],
            "status": str(placement.status),
            "note": placement.note,
        }
        for index, placement in enumerate(mosaic.placements)
    ]


def write_frame_table(path: Path, mosaic: Mosaic) -> None:
    """Write `frame_table` as CSV, in UTF-8."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(frame_table(mosaic))
