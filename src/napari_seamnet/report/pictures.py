"""Pictures inside a page: arrays as data that an ``<img>`` or an ``<image>`` holds.

Only encoding and contrast for the eye are here; no file is read or written.
"""

from __future__ import annotations

import base64
import io

import numpy as np

SHADES = (0.5, 99.5)
"""Percentiles that become black and white."""


def data_of(picture: np.ndarray, kind: str = "jpeg", quality: int = 85) -> str:
    """Encode a picture as a ``data:`` address.

    Parameters
    ----------
    picture : (H, W) or (H, W, 3) or (H, W, 4) uint8 array
        Not empty; with 4 channels, as PNG only.
    kind : {"jpeg", "png"}
        JPEG for photographs, PNG where every pixel counts.
    quality : int
        Of a JPEG; colours keep their full resolution, since fringes are what is looked for.
    """
    from PIL import Image

    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(picture))
    if kind == "jpeg":
        image.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True)
    else:
        image.save(buffer, "PNG", optimize=True)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def for_the_eye(picture: np.ndarray, shown: np.ndarray | None = None) -> np.ndarray:
    """Stretch a picture to 8 bits between its percentiles.

    Parameters
    ----------
    picture : (H, W) or (H, W, C) array
        Of any real dtype; a fourth channel is left out.
    shown : (H, W) bool array, optional
        Pixels that count for the contrast; all by default.

    Returns
    -------
    (H, W) or (H, W, 3) uint8 array
        What is not finite becomes black; what has no contrast, mid-grey.
    """
    values = picture[..., :3] if picture.ndim == 3 else picture
    counted = values if shown is None else values[shown]
    counted = counted[np.isfinite(counted)]
    if not counted.size:
        return np.zeros(values.shape, np.uint8)
    black, white = np.percentile(counted.astype(float), SHADES)
    if not white > black:
        black, white = float(counted.min()), float(counted.max())
    if not white > black:
        return np.full(values.shape, 128, np.uint8)
    with np.errstate(invalid="ignore"):
        scaled = np.clip((values.astype(float) - black) / (white - black), 0, 1)
    return (255 * np.nan_to_num(scaled) + 0.5).astype(np.uint8)
