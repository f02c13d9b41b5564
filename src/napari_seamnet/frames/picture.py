"""Frames from PNG, JPEG, BMP and whatever else Pillow reads.

These formats are decoded whole; the last few pictures are remembered (`cache.py`). TIFF is in
`tiff.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from PIL import Image

from .cache import decoded
from .errors import PageError, UnreadableFrameError, UnsupportedFrameError, decoding

if TYPE_CHECKING:
    from pathlib import Path

    from ..geometry import Box

# Pillow's mode -> the mode to convert to, and dtype and channels of the frame. A grey picture's
# alpha is dropped, so that grey stays grey.
_MODES: dict[str, tuple[str, str, int]] = {
    "1": ("L", "uint8", 0),  # 0 and 255
    "L": ("L", "uint8", 0),
    "LA": ("L", "uint8", 0),
    "I;16": ("I;16", "uint16", 0),
    "I;16B": ("I;16B", "uint16", 0),
    "I": ("I", "int32", 0),
    "F": ("F", "float32", 0),
    "RGB": ("RGB", "uint8", 3),
    "RGBA": ("RGBA", "uint8", 4),
}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {2: 3, 4: 2, 6: 4}  # colour type in the header -> samples a pixel


@dataclass(frozen=True)
class PictureSource:
    """One picture of a file that Pillow reads.

    Parameters
    ----------
    path : Path
        The file.
    page : int
        Which picture of an animated file; 0 for all others.
    shape : (H, W) or (H, W, C)
        As the header says.
    dtype : dtype
        Of the pixels.
    mode : str
        Pillow's mode to decode to; "PNG16" for colour that Pillow would cut down to 8 bits.
    token : str
        Path, time and size of the file, and page.
    """

    path: Path
    page: int
    shape: tuple[int, ...]
    dtype: np.dtype
    mode: str
    token: str

    @classmethod
    def open(cls, path: Path, page: int | None, token: str) -> PictureSource:
        """Read the header; see `open_frame` for what can go wrong."""
        with decoding(path):
            try:
                picture = Image.open(path)
            except Image.DecompressionBombError as error:
                raise UnsupportedFrameError(
                    f"{path} is too large for its format ({error}); save it as TIFF"
                ) from error
            with picture:
                # The other pictures of a camera's MPO file are its previews.
                n = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
                if page is None and n > 1:
                    raise PageError(
                        f"{path} holds {n} pictures; choose one with page=0 to page={n - 1}"
                    )
                if not 0 <= (page or 0) < n:
                    raise PageError(
                        f"{path} has no page {page}: it holds {n}; choose from 0 to {n - 1}"
                    )
                picture.seek(page or 0)
                mode = _grey_or_rgb(picture) if picture.mode in ("P", "PA") else picture.mode
                size = (picture.height, picture.width)
            depth, colour = _png_header(path)
            if depth == 16 and colour in _PNG_CHANNELS:
                channels = _PNG_CHANNELS[colour]
                shape = size if channels == 2 else (*size, channels)
                return cls(path, 0, shape, np.dtype("uint16"), "PNG16", token)
            if mode not in _MODES:
                raise UnsupportedFrameError(f"{path} is a {mode} picture; save it as grey or RGB")
            target, dtype, channels = _MODES[mode]
            shape = (*size, channels) if channels else size
            return cls(path, page or 0, shape, np.dtype(dtype), target, f"{token}-{page or 0}")

    def read(self, box: Box, step: int) -> np.ndarray:
        """See `frame.Source`; decodes the whole picture, unless it is remembered."""
        pixels = decoded.get(("picture", self.token), self._decode)
        return pixels[box.slices][::step, ::step]

    def _decode(self) -> np.ndarray:
        with decoding(self.path):
            if self.mode == "PNG16":
                pixels = imagecodecs.png_decode(self.path.read_bytes())
                pixels = pixels[..., 0] if len(self.shape) == 2 else pixels
            else:
                with Image.open(self.path) as picture:
                    picture.seek(self.page)
                    pixels = np.array(picture.convert(self.mode), self.dtype)
            if pixels.shape != self.shape:
                raise UnreadableFrameError(
                    f"{self.path} was {self.shape} when it was opened and is {pixels.shape} now; "
                    "open it again"
                )
            return pixels


def _grey_or_rgb(picture: Image.Image) -> str:
    """The mode that a palette's colours need: a palette of greys is a grey picture."""
    colours = np.reshape(picture.getpalette("RGB") or [], (-1, 3))
    return "L" if (colours == colours[:, :1]).all() else "RGB"


def _png_header(path: Path) -> tuple[int, int]:
    """Bit depth and colour type of a PNG file; (0, 0) for any other.

    Pillow reads 16-bit colour as 8-bit and does not say so, hence this look at the header
    (Portable Network Graphics specification, 11.2.1).
    """
    with path.open("rb") as file:
        head = file.read(26)
    is_png = head.startswith(_PNG_SIGNATURE) and len(head) == 26
    return (head[24], head[25]) if is_png else (0, 0)
