"""The metadata of an OME-Zarr: OME-NGFF 0.5, as plain dictionaries.

Which arrays there are, and how they are written, is in `ome_zarr.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .display import display_window, value_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = "0.5"
"""What programs read today. 0.6, of September 2026, writes axes and scales in another way, which
few know yet: yaozarrs 0.3.4 has no model of it, and ngff-zarr 0.50 still writes 0.5 by default."""
TYPE = "subsampling"
DESCRIPTION = (
    "Level 0 holds the source pixels, unaltered. Each further level shows every second row and "
    "column of the one before, so that every pixel of every level is a source pixel."
)
CHANNELS = {
    0: (("intensity", "FFFFFF"),),
    3: (("red", "FF0000"), ("green", "00FF00"), ("blue", "0000FF")),
    4: (("red", "FF0000"), ("green", "00FF00"), ("blue", "0000FF"), ("alpha", "FFFFFF")),
}


def multiscales(
    name: str, n_levels: int, channels: int, pixel_size: tuple[float, float] | None
) -> dict[str, Any]:
    """Describe the axes and the levels.

    Parameters
    ----------
    name : str
        Of the picture.
    n_levels : int
        They are called "0", "1", ...
    channels : int
        0 for a grey picture, which has no axis for them.
    pixel_size : (y, x) or None
        In µm; without it, axes bear no unit, and a pixel is 1.

    Returns
    -------
    dict
        One element of ``multiscales``. Pixel i of level k is pixel ``i * 2**k`` of level 0, so
        that scales are all there is, and no level is moved.
    """
    unit = {} if pixel_size is None else {"unit": "micrometer"}
    axes: list[dict[str, str]] = [{"name": one, "type": "space", **unit} for one in "yx"]
    scale = list(pixel_size or (1.0, 1.0))
    datasets = []
    for level in range(n_levels):
        scaled = [side * 2**level for side in scale]
        scaled = [1.0, *scaled] if channels else scaled
        transform = {"type": "scale", "scale": scaled}
        datasets.append({"path": str(level), "coordinateTransformations": [transform]})
    if channels:
        axes.insert(0, {"name": "c", "type": "channel"})
    return {
        "name": name,
        "axes": axes,
        "datasets": datasets,
        "type": TYPE,
        "metadata": {
            "description": DESCRIPTION,
            "method": "numpy.ndarray.__getitem__",
            "version": np.__version__,
            "args": ["[..., ::2, ::2]"],
        },
    }


def omero(name: str, coarse: np.ndarray, shown: np.ndarray | None) -> dict[str, Any]:
    """Say how the picture is best shown at first.

    Parameters
    ----------
    name : str
        Of the picture.
    coarse : (h, w) or (C, h, w) array
        A coarse level, from which the contrast is taken.
    shown : (h, w) bool array or None
        Where there are frames.
    """
    levels = coarse[None] if coarse.ndim == 2 else coarse
    channels = CHANNELS[0 if coarse.ndim == 2 else len(levels)]
    colours = levels[:3]
    low, high = value_range(colours)
    # One window for all colours, since stretching each by itself would turn grey into colour; and
    # 8-bit colours are seldom meant to be stretched at all.
    window = {"min": low, "max": high, "start": low, "end": high}
    if len(levels) == 1 or colours.dtype.itemsize > 1:
        there = None if shown is None else np.broadcast_to(shown, colours.shape)
        window["start"], window["end"] = display_window(colours, there)
    described = [
        {
            "label": label,
            "color": colour,
            "active": label != "alpha",
            "coefficient": 1,
            "family": "linear",
            "inverted": False,
            "window": window,
        }
        for label, colour in channels
    ]
    model = "greyscale" if len(levels) == 1 else "color"
    return {
        "name": name,
        "channels": described,
        "rdefs": {"defaultT": 0, "defaultZ": 0, "model": model},
    }


def image_label(table: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Say what the values of a label picture mean; `table` has a column ``label``."""
    properties = [
        {"label-value": row["label"], **{k: v for k, v in row.items() if k != "label"}}
        for row in table
    ]
    return {"properties": properties, "source": {"image": "../../"}}
