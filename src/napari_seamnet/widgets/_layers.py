"""Between napari's layers and our frames: pixels, positions, pixel sizes.

The only file that knows how a layer's scale, translation and affine make its place in the world.
Everywhere else positions are (y, x) in frame pixels. What is done with them is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from ..frames import as_frame

if TYPE_CHECKING:
    import napari.layers

    from ..frames import Frame
    from ._state import Point

OURS = "seamnet"
"""Key in a layer's metadata: this layer was made by us to be looked at, and is no frame."""
FILE = "seamnet-file"
"""Key in a layer's metadata: the file that a frame was opened from, as text."""
HAND = "seamnet-hand"
"""Key in a layer's metadata: file and id of the hand alignment that it was opened for, as text."""
STRAIGHT = 1e-5
"""Most that an axis may lean: 0.04 px over a frame of 4000 px."""
SAME_SIZE = 1e-3
"""Largest relative difference of two pixel sizes that count as equal."""


class LayerError(ValueError):
    """A layer cannot serve as a frame; the message says why and what to do."""


def pixel_size(layer: napari.layers.Layer) -> Point:
    """Tell how large a layer's pixel is, in world units, (y, x).

    Parameters
    ----------
    layer : napari.layers.Layer
        Scaled and moved in any way, by its own numbers or by its affine.

    Raises
    ------
    LayerError
        If the layer is rotated, sheared or mirrored: pixels are only ever moved, never resampled.
    """
    origin = np.zeros(layer.ndim)
    corner = np.array(layer.data_to_world(origin))[-2:]
    axes = []
    for axis in (-2, -1):
        step = origin.copy()
        step[axis] = 1
        axes.append(np.array(layer.data_to_world(step))[-2:] - corner)
    (down, leans_x), (leans_y, right) = axes
    if down <= 0 or right <= 0 or max(abs(leans_x) / down, abs(leans_y) / right) > STRAIGHT:
        raise LayerError(
            f"{layer.name!r} is rotated, sheared or mirrored, and no pixel may be resampled; "
            "reset its transform (Layers > Transform) first"
        )
    return float(down), float(right)


def position(layer: napari.layers.Layer) -> Point:
    """Tell where a layer's pixel (0, 0) lies, in px of its own size."""
    size = pixel_size(layer)
    y, x = np.array(layer.data_to_world(np.zeros(layer.ndim)))[-2:]
    return float(y / size[0]), float(x / size[1])


def place(layer: napari.layers.Layer, at: Point) -> None:
    """Move a layer so that its pixel (0, 0) lies at a position; only `translate` is written.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    at : (y, x)
        In px of the layer's own size, as `position` gives it.
    """
    here, size = position(layer), pixel_size(layer)
    if here == at:
        return
    move = np.zeros(layer.ndim)
    move[-2:] = (at[0] - here[0]) * size[0], (at[1] - here[1]) * size[1]
    # The affine comes after translate, so a step in the world has to go back through it.
    layer.translate = layer.translate + np.linalg.solve(layer.affine.linear_matrix, move)


def check_same_pixels(first: napari.layers.Layer, second: napari.layers.Layer) -> Point:
    """Return the two layers' common pixel size.

    Raises
    ------
    LayerError
        If the sizes differ, or one of the layers is rotated, sheared or mirrored.
    """
    one, other = pixel_size(first), pixel_size(second)
    if not np.allclose(one, other, rtol=SAME_SIZE, atol=0):
        raise LayerError(
            f"a pixel of {first.name!r} is {one[0]:g} x {one[1]:g} large, one of {second.name!r} "
            f"{other[0]:g} x {other[1]:g}; give both layers the same scale"
        )
    return one


def picture(layer: napari.layers.Image) -> Any:
    """Return the layer's pixels at full resolution, (H, W) or (H, W, C), neither read nor copied.

    Raises
    ------
    LayerError
        If the layer is a stack of more than one picture.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    extra = data.ndim - (3 if layer.rgb else 2)
    if extra < 0 or any(n != 1 for n in data.shape[:extra]):
        shape = " x ".join(str(n) for n in data.shape)
        raise LayerError(
            f"{layer.name!r} is a stack ({shape}), and a frame is one picture; take one plane out "
            "of it first"
        )
    return data[(0,) * extra] if extra else data


def source_file(layer: napari.layers.Image) -> Path | None:
    """The file that a layer says it was opened from, if any; nobody has looked whether it is."""
    path = layer.metadata.get(FILE) or layer.source.path
    return Path(path) if path else None


def opened_for(first: napari.layers.Layer, second: napari.layers.Layer) -> tuple[str, str] | None:
    """File and id of the hand alignment that both layers were opened for, if they were."""
    one, other = first.metadata.get(HAND), second.metadata.get(HAND)
    return tuple(one) if one and one == other else None


def unit_name(layer: napari.layers.Layer) -> str:
    """Name the world's unit as people write it: "µm", "nm", ... ; empty for plain pixels."""
    unit = layer.units[-1]
    name = f"{getattr(unit, 'units', unit):~}"
    return "" if name in ("pixel", "px", "") else name


@dataclass(frozen=True)
class Look:
    """What a new layer copies from a frame's layer, so that it lies and looks alike."""

    scale: Point
    units: tuple[object, ...]
    axis_labels: tuple[str, ...]

    @classmethod
    def of(cls, layer: napari.layers.Layer) -> Look:
        """Read it off a layer; only the two axes of the picture count."""
        return cls(pixel_size(layer), tuple(layer.units[-2:]), tuple(layer.axis_labels[-2:]))

    def translate(self, at: Point) -> Point:
        """Where a layer of this look goes to have its pixel (0, 0) at `at`, in world units."""
        return at[0] * self.scale[0], at[1] * self.scale[1]


class LayerFrames:
    """One frame per layer, the same one as long as the layer's pixels are the same object.

    A frame's identity is what the mosaic remembers it by, so it must outlive a change of choice.
    """

    def __init__(self) -> None:
        self._frames: WeakKeyDictionary = WeakKeyDictionary()
        self._layers: WeakValueDictionary[int, napari.layers.Image] = WeakValueDictionary()

    def frame(self, layer: napari.layers.Image) -> Frame:
        """The layer's frame.

        Raises
        ------
        LayerError
            If the layer is no single picture, or is rotated, sheared or mirrored.
        """
        pixel_size(layer)
        known = self._frames.get(layer)
        if known is not None and known[0] is layer.data:
            return known[1]
        frame = as_frame(picture(layer), name=layer.name)
        self._frames[layer] = (layer.data, frame)
        self._layers[id(frame)] = layer
        return frame

    def layer(self, frame: Frame | None) -> napari.layers.Image | None:
        """The layer that shows a frame; None once it is gone from memory."""
        layer = self._layers.get(id(frame))
        return layer if layer is not None and self._frames[layer][1] is frame else None
