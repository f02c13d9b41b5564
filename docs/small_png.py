"""Write a picture as a PNG that is small enough for a page that loads many."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import numpy as np

IMAGES = Path(__file__).parent / "images"


def write_small(picture: np.ndarray, name: str, largest: int) -> None:
    """Write (H, W, 3) uint8 pixels to `IMAGES`, in as many colours as fit into `largest` bytes."""
    for colours in (256, 128, 64, 32):
        file = io.BytesIO()
        # The most different colours: of the most frequent ones, a grey picture leaves nothing
        # for the few signs that are coloured.
        few = Image.fromarray(picture).quantize(
            colours, Image.Quantize.MAXCOVERAGE, 2, dither=Image.Dither.NONE
        )
        few.save(file, "PNG", optimize=True)
        if file.tell() < largest:
            break
    (IMAGES / name).write_bytes(file.getvalue())
    print(f"{name}: {file.tell() // 1000} kB, {colours} colours")
