"""Layouts from OME: stage positions in OME-TIFF files, in one file of many tiles, in companions.

What OME-XML says is read in `ome_xml.py`; here it becomes entries, and back.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile

from ..frames.errors import decoding
from ..frames.tiff import is_tiff
from ..saving import written_whole
from .entries import OPENERS, Entry, Listing, Progress, entries_to_write, plain_name, read_text
from .errors import LayoutError
from .layout import Layout
from .ome_xml import (
    OME_DTYPES,
    PIXEL,
    REFERENCE,
    OmeImage,
    Tile,
    companion_of,
    compose_ome,
    parse_ome,
)
from .planes import open_planes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

ALIKE = 0.01
"""Part by which pixel sizes of one layout may differ: programs round them differently."""
STAGE_NOTE = (
    "the positions are the stage's, whose axes may run the other way: if the drawn layout is "
    "upside down or mirrored, flip y or x"
)


def ome_of(path: Path) -> str | None:
    """Give the OME-XML in a TIFF file; None where there is none, or it is no TIFF.

    Raises
    ------
    FrameError
        If the file is not there or damaged.
    """
    with decoding(path):
        with path.open("rb") as file:
            if not is_tiff(file.read(4)):
                return None
        with tifffile.TiffFile(path) as file:
            return file.ome_metadata


def read(path: str | PathLike[str], page: int | None = None) -> Listing:
    """Read the layout that an OME-TIFF or an OME-XML companion holds.

    Parameters
    ----------
    path : path
        An OME-TIFF whose images are the frames (in the file, or in others of its set), or a
        companion that names files (``.ome``, ``.xml``).
    page : int, optional
        Plane to take of every image, where they hold several (channels, depths, times).

    Returns
    -------
    Listing
        Positions in µm, or in px if the file says so.

    Raises
    ------
    LayoutError
        If there is no OME-XML, an image has no position, or several planes and none is chosen.
    FrameError
        If the file is not there or damaged.
    """
    path = Path(path)
    with decoding(path), path.open("rb") as file:
        is_picture = is_tiff(file.read(4))
    text = ome_of(path) if is_picture else read_text(path)
    if not text:
        raise LayoutError(f"{path} holds no OME-XML, so no positions; open its folder instead")
    if companion := companion_of(text):
        path, is_picture = path.parent / companion, False
        text = read_text(path)
    images = parse_ome(text, str(path))
    if not images:
        raise LayoutError(f"{path} names no image; open the folder of the pictures instead")
    most = max(image.n_planes for image in images)
    if most > 1 and page is None:
        raise LayoutError(
            f"{path} has images of {most} planes each (channels, depths or times); choose one "
            f"with page=0 to page={most - 1}"
        )
    if is_picture:
        entries = _of_picture(path, images, page)
    else:
        entries = [_of_companion(path, image, page or 0) for image in images]
        files = [entry.file for entry in entries]
        is_single = page is None and not any(entry.page for entry in entries)
        if is_single and len(set(files)) == len(files):
            entries = [Entry(entry.file, entry.position) for entry in entries]
    return _listing(entries, images, path.parent, str(path))


def _of_picture(path: Path, images: Sequence[OmeImage], page: int | None) -> list[Entry]:
    if len(images) == 1:
        return [Entry(path.name, images[0].position(page or 0), page=page)]
    total = sum(image.n_planes for image in images)
    there = len(open_planes(path))
    if there != total:
        raise LayoutError(
            f"{path} announces {total} planes, but {there} are there; bring the other files of "
            "the set, or open the folder instead"
        )
    entries, begin = [], 0
    for image in images:
        plane = min(page or 0, image.n_planes - 1)
        entries.append(Entry(path.name, image.position(plane), page=begin + plane))
        begin += image.n_planes
    return entries


def _of_companion(path: Path, image: OmeImage, plane: int) -> Entry:
    name, directory = image.files.get(plane, (None, 0))
    if name is None:
        raise LayoutError(
            f"{path} does not say which file holds its image {image.name!r}; open the OME-TIFF "
            "itself, or the folder"
        )
    return Entry(plain_name(name, path.parent), image.position(plane), page=directory)


def _listing(
    entries: Sequence[Entry], images: Sequence[OmeImage], folder: Path, source: str
) -> Listing:
    """Put together what several images say, if they agree in units."""
    for entry, image in zip(entries, images, strict=True):
        if entry.position is None:
            raise LayoutError(
                f"{source}: the image {image.name or entry.file!r} has no stage position; use "
                "names, a serial order, or a CSV of positions instead"
            )
    units = {image.unit for image in images}
    if len(units) > 1:
        raise LayoutError(
            f"{source} has positions in {' and '.join(sorted(units))}; write them into a CSV, all "
            "in px"
        )
    notes = []
    unit = units.pop()
    if unit == REFERENCE:
        notes.append(
            "the positions have no unit of length, and are taken as µm; if they are px, say so "
            "with the unit"
        )
    sizes = [image.pixel_size for image in images if image.pixel_size is not None]
    pixel_size = None
    if sizes:
        sides = np.median(sizes, axis=0)
        pixel_size = (float(sides[0]), float(sides[1]))
        if np.abs(np.asarray(sizes) / sides - 1).max() > ALIKE:
            raise LayoutError(
                f"{source} has frames of several pixel sizes, {np.min(sizes):g} to "
                f"{np.max(sizes):g} µm; stitch frames of one magnification at a time"
            )
    notes.append(STAGE_NOTE)
    return Listing(
        tuple(entries),
        folder,
        source,
        "px" if unit == PIXEL else "µm",
        pixel_size,
        tuple(notes),
        is_stage=True,
    )


def read_folder(
    folder: Path, names: Sequence[str], page: int | None = None, progress: Progress | None = None
) -> tuple[Listing | None, str]:
    """Read stage positions of a folder of OME-TIFF files, one frame each.

    Parameters
    ----------
    folder : Path
        Where the files are.
    names : sequence of str
        Picture files in it.
    page : int, optional
        Plane whose position is asked for.
    progress : callable, optional
        Called as ``progress(done, total, "reading positions")``.

    Returns
    -------
    listing : Listing or None
        None if the first file holds no position, or all hold the same.
    note : str
        Why there is none although there are positions; else empty.

    Raises
    ------
    LayoutError
        If some of the files hold no position.
    """
    text = ome_of(folder / names[0]) if names else None
    if not text or companion_of(text):
        return None, ""
    images = parse_ome(text, names[0])
    if not any(image.positions for image in images):
        return None, ""
    if len(images) > 1:
        listing = read(folder / names[0], page)
        return listing, ""

    def look(name: str) -> OmeImage:
        found = parse_ome(ome_of(folder / name) or "<OME/>", name)
        if len(found) != 1 or not found[0].positions:
            raise LayoutError(
                f"{folder / name} holds no stage position, as {names[0]} does; leave it out, or "
                "use a pattern of the names"
            )
        return found[0]

    all_images = []
    with ThreadPoolExecutor(OPENERS) as pool:
        try:
            for image in pool.map(look, names):
                all_images.append(image)
                if progress is not None:
                    progress(len(all_images), len(names), "reading positions")
        finally:
            pool.shutdown(cancel_futures=True)
    entries = [
        Entry(name, image.position(page or 0))
        for name, image in zip(names, all_images, strict=True)
    ]
    if len(entries) > 1 and len({entry.position for entry in entries}) == 1:
        return None, "the files hold stage positions, but all the same: they were passed over"
    return _listing(entries, all_images, folder, f"stage positions in the files of {folder}"), ""


def write_xml(
    path: str | PathLike[str],
    frames: Layout | Sequence[str | PathLike[str]],
    positions: Sequence[tuple[float, float]] | None = None,
    *,
    pixel_size: tuple[float, float] | None = None,
    shape: tuple[int, ...] | None = None,
    dtype: str | None = None,
) -> None:
    """Write an OME-XML companion: every frame one image, with its stage position.

    Parameters
    ----------
    path : path
        File to write, best ``.companion.ome`` or ``.ome.xml``.
    frames : Layout, or sequence of paths
        Paths are relative to the folder of `path`. Other programs expect TIFF files.
    positions : sequence of (y, x), optional
        In px; of a layout, its nominal positions by default.
    pixel_size : (y, x), optional
        Side of a pixel in µm; of a layout, its own by default. With it, positions are written in
        µm, without it in px.
    shape, dtype : optional
        Of all frames; needed where `frames` is no layout.

    Raises
    ------
    LayoutError
        If numbers of frames and positions differ, a dtype is none of OME's, or shape and dtype
        are not known.
    SavingError
        If the folder cannot be written to.
    """
    path = Path(path)
    entries = entries_to_write(path, frames, positions)
    if isinstance(frames, Layout):
        pixel_size = frames.pixel_size if pixel_size is None else pixel_size
        kinds = [(f.source.shape, f.dtype.name) for f in frames.frames]
        directories = [getattr(f.source, "page", 0) for f in frames.frames]
    elif shape is None or dtype is None:
        raise LayoutError(f"{path} cannot be written: give shape and dtype of the frames")
    else:
        kinds = [(shape, np.dtype(dtype).name) for _ in entries]
        directories = [0 for _ in entries]
    tiles = []
    for entry, (size, kind), directory in zip(entries, kinds, directories, strict=True):
        if kind not in OME_DTYPES:
            raise LayoutError(f"OME has no pixels of the type {kind}, which {entry.file} holds")
        y, x = entry.position or (0.0, 0.0)
        side = (1.0, 1.0) if pixel_size is None else pixel_size
        tiles.append(Tile(entry.file, directory, size, kind, (y * side[0], x * side[1])))
    of_file = {tile.file: str(uuid.uuid4()) for tile in tiles}
    text = compose_ome(tiles, pixel_size, [*(of_file[t.file] for t in tiles), str(uuid.uuid4())])
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
