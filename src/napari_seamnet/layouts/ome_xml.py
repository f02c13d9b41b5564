"""OME-XML: what it says of images, their planes, files and stage positions.

Text in, nouns out, and back; no picture is opened. How a layout comes from it is in `ome.py`.

Notes
-----
Source: OME data model, schema of June 2016. Units became attributes in 2015; files older than that
count positions in "reference frame" units, and nearly all programs mean µm by it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from .errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

IN_UM = {
    "m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1e3, "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0,
    "nm": 1e-3, "pm": 1e-6, "Å": 1e-4, "in": 25400.0, "mil": 25.4, "thou": 25.4, "pt": 25400 / 72,
}  # fmt: skip
"""µm in one of a unit, as OME writes them (and some programs that are not so strict)."""
PIXEL, REFERENCE = "pixel", "reference frame"
_SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
TYPES = {"float32": "float", "float64": "double"}
"""OME's names of pixel types that are not numpy's."""
OME_DTYPES = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")


@dataclass(frozen=True)
class OmeImage:
    """One Image element.

    Parameters
    ----------
    name : str
        As the program that wrote it called it.
    n_planes : int
        Planes that it should have; a colour plane counts once.
    positions : dict
        Plane -> (y, x) on the stage, in `unit`; holds only planes that have one.
    unit : str
        "µm", "pixel", or "reference frame", which is µm by all likelihood.
    pixel_size : (y, x) or None
        Side of a pixel in µm.
    files : dict
        Plane -> (file name or None for this very file, directory in it).
    """

    name: str
    n_planes: int
    positions: dict[int, tuple[float, float]] = field(default_factory=dict)
    unit: str = "µm"
    pixel_size: tuple[float, float] | None = None
    files: dict[int, tuple[str | None, int]] = field(default_factory=dict)

    def position(self, plane: int) -> tuple[float, float] | None:
        """Where the stage was for a plane, or for the first plane that says it."""
        if plane in self.positions or not self.positions:
            return self.positions.get(plane)
        return self.positions[min(self.positions)]


def parse_ome(text: str, where: str) -> tuple[OmeImage, ...]:
    """Read OME-XML.

    Parameters
    ----------
    text : str
        The XML.
    where : str
        The file that it comes from, for messages.

    Returns
    -------
    tuple of OmeImage
        In the order of the file; empty if it is a pointer to a companion file.

    Raises
    ------
    LayoutError
        If it is no OME-XML, or a number in it is none.
    """
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - expat itself stops entity bombs
    except (ElementTree.ParseError, ValueError) as error:
        raise LayoutError(f"{where} holds no OME-XML that can be read ({error})") from error
    if _plain(root) != "OME":
        raise LayoutError(f"{where} is XML, but no OME-XML: it begins with <{_plain(root)}>")
    try:
        return tuple(_image(one) for one in root if _plain(one) == "Image")
    except ValueError as error:
        raise LayoutError(f"{where} has OME-XML with a number that is none ({error})") from error


def companion_of(text: str) -> str | None:
    """Name of the companion file that holds the OME-XML proper, where a file only points to it."""
    found = re.search(r"<(?:\w+:)?BinaryOnly\b[^>]*\bMetadataFile=\"([^\"]+)\"", text)
    return found[1] if found else None


def _image(element: ElementTree.Element) -> OmeImage:
    pixels = next((child for child in element if _plain(child) == "Pixels"), None)
    if pixels is None:
        return OmeImage(element.get("Name", ""), 0)
    samples = 1
    for channel in pixels:
        if _plain(channel) == "Channel":
            samples = int(channel.get("SamplesPerPixel", "1"))
            break
    sizes = {axis: int(pixels.get(f"Size{axis}", "1")) for axis in "ZCT"}
    sizes["C"] = max(1, sizes["C"] // max(1, samples))
    order = [axis for axis in pixels.get("DimensionOrder", "XYZCT") if axis in "ZCT"]

    def plane_of(what: ElementTree.Element, prefix: str) -> int:
        index, stride = 0, 1
        for axis in order:
            index += int(what.get(f"{prefix}{axis}", "0")) * stride
            stride *= sizes[axis]
        return index

    positions: dict[int, tuple[float, float]] = {}
    units: set[str] = set()
    files: dict[int, tuple[str | None, int]] = {}
    next_ifd = 0
    for child in pixels:
        if _plain(child) == "Plane" and None not in (
            child.get("PositionY"),
            child.get("PositionX"),
        ):
            at = tuple(
                _um(child.get(f"Position{axis}", ""), child.get(f"Position{axis}Unit"), units)
                for axis in "YX"
            )
            positions[plane_of(child, "The")] = (at[0], at[1])
        elif _plain(child) == "TiffData":
            uuid = next((one for one in child if _plain(one) == "UUID"), None)
            name = None if uuid is None else uuid.get("FileName")
            ifd = int(child.get("IFD", str(next_ifd if name is None else 0)))
            first = plane_of(child, "First")
            # Without both, one element stands for all planes of the file.
            rest = math.prod(sizes.values()) - first if child.get("IFD") is None else 1
            for k in range(int(child.get("PlaneCount", str(rest)))):
                files[first + k] = (name, ifd + k)
                next_ifd = ifd + k + 1
    if not positions:
        for label in element:
            if _plain(label) == "StageLabel" and None not in (label.get("Y"), label.get("X")):
                y, x = (_um(label.get(a, ""), label.get(f"{a}Unit"), units) for a in "YX")
                positions[0] = (y, x)
    unit = PIXEL if PIXEL in units else REFERENCE if REFERENCE in units else "µm"
    return OmeImage(
        element.get("Name", ""), math.prod(sizes.values()), positions, unit, _size(pixels), files
    )


def _um(text: str, unit: str | None, units: set[str]) -> float:
    """A length in µm, or as it is where its unit is none of length."""
    unit = REFERENCE if unit is None else unit.strip()
    value = float(text)
    if unit in IN_UM:
        return value * IN_UM[unit]
    units.add(PIXEL if unit.casefold().startswith("pix") else REFERENCE)
    return value


def _size(pixels: ElementTree.Element) -> tuple[float, float] | None:
    sides = []
    for axis in "YX":
        text = pixels.get(f"PhysicalSize{axis}")
        unit = pixels.get(f"PhysicalSize{axis}Unit", "µm").strip()
        if text is None or unit not in IN_UM:
            return None
        sides.append(float(text) * IN_UM[unit])
    return (sides[0], sides[1]) if min(sides) > 0 and math.isfinite(sum(sides)) else None


def _plain(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


@dataclass(frozen=True)
class Tile:
    """What one frame is to OME-XML: a file's plane of some size and dtype.

    Parameters
    ----------
    file : str
        Relative to the XML.
    ifd : int
        Directory in the file.
    shape : (H, W) or (H, W, C)
        Of the pixels.
    dtype : str
        numpy's name.
    position : (y, x)
        In µm with a pixel size, in px without.
    """

    file: str
    ifd: int
    shape: tuple[int, ...]
    dtype: str
    position: tuple[float, float]


def compose_ome(
    tiles: Sequence[Tile], pixel_size: tuple[float, float] | None, uuids: Sequence[str]
) -> str:
    """Write OME-XML in which each tile is one Image.

    Parameters
    ----------
    tiles : sequence of Tile
        In order.
    pixel_size : (y, x) or None
        Side of a pixel, in µm.
    uuids : sequence of str
        One for each tile and one for the XML itself, last.

    Returns
    -------
    str
        The XML.
    """
    ElementTree.register_namespace("", _SCHEMA)
    root = ElementTree.Element(f"{{{_SCHEMA}}}OME", UUID=f"urn:uuid:{uuids[-1]}")

    def add(parent: ElementTree.Element, tag: str, **attributes: object) -> ElementTree.Element:
        texts = {name: str(value) for name, value in attributes.items()}
        return ElementTree.SubElement(parent, f"{{{_SCHEMA}}}{tag}", texts)

    for k, (tile, uuid) in enumerate(zip(tiles, uuids, strict=False)):
        image = add(root, "Image", ID=f"Image:{k}", Name=tile.file)
        colours = tile.shape[2] if len(tile.shape) == 3 else 1
        about: dict[str, object] = {
            "ID": f"Pixels:{k}",
            "DimensionOrder": "XYCZT",
            "Type": TYPES.get(tile.dtype, tile.dtype),
            "SizeX": tile.shape[1],
            "SizeY": tile.shape[0],
            "SizeZ": 1,
            "SizeC": colours,
            "SizeT": 1,
        }
        if pixel_size is not None:
            for axis, side in zip("YX", pixel_size, strict=True):
                about |= {f"PhysicalSize{axis}": side, f"PhysicalSize{axis}Unit": "µm"}
        pixels = add(image, "Pixels", **about)
        add(pixels, "Channel", ID=f"Channel:{k}:0", SamplesPerPixel=colours)
        data = add(pixels, "TiffData", IFD=tile.ifd, PlaneCount=1)
        add(data, "UUID", FileName=tile.file).text = f"urn:uuid:{uuid}"
        unit = PIXEL if pixel_size is None else "µm"
        add(
            pixels, "Plane", TheZ=0, TheC=0, TheT=0,
            PositionX=tile.position[1], PositionXUnit=unit,
            PositionY=tile.position[0], PositionYUnit=unit,
        )  # fmt: skip
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(
        root, encoding="unicode"
    )
