"""All planes of one file as frames, its directory read once.

How a plane's pixels are read is in `frames/`. A thousand tiles in one OME-TIFF opened one after
the other with `open_frame` would read the whole directory a thousand times.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import tifffile

from ..frames import Frame, PageError, open_frame
from ..frames.errors import decoding
from ..frames.tiff import TiffSource, is_tiff


def open_planes(path: Path) -> tuple[Frame, ...]:
    """Open every plane of a file, in the order in which `open_frame` counts pages.

    Parameters
    ----------
    path : Path
        A TIFF with any number of planes, or any other picture file, which counts as one plane.

    Returns
    -------
    tuple of Frame
        All named after the file.

    Raises
    ------
    FrameError
        As `open_frame`.
    """
    with decoding(path), path.open("rb") as file:
        head = file.read(4)
    if not is_tiff(head):
        return (open_frame(path, 0),)
    try:
        return (open_frame(path),)
    except PageError:
        pass  # several planes: go on
    frames: list[Frame] = []
    model: tuple[Any, Frame] | None = None  # of the last kind of plane that was opened in full
    with decoding(path), tifffile.TiffFile(path) as file:
        for series in file.series:
            for page in _pages_of(series):
                number = len(frames)
                if page is not None and model is not None and page.keyframe.hash == model[0]:
                    frames.append(replace(model[1], source=_source(model[1], page, number)))
                    continue
                frames.append(open_frame(path, number))
                # Every plane has a palette of its own, which is read with it.
                if page is not None and getattr(frames[-1].source, "palette", None) is None:
                    model = (page.keyframe.hash, frames[-1])
    return tuple(frames)


def _pages_of(series: Any) -> list[Any]:
    """One directory for each plane of a series; None where the planes share one (ImageJ)."""
    present = [page for page in series.pages if page is not None]
    if not present:
        return []
    n = math.prod(series.shape) // max(1, present[0].keyframe.size)
    return list(series.pages) if len(series.pages) == n else [None] * n


def _source(model: Frame, page: Any, number: int) -> TiffSource:
    """Where the pixels of a plane are that looks like the model's."""
    source = model.source
    if not isinstance(source, TiffSource):
        raise TypeError(f"{model.name} is no TIFF")
    path = Path(page.parent.filehandle.path)
    about = path.stat()
    return replace(
        source,
        path=path,
        page=page.index,
        offset=page.dataoffsets[0] if page.keyframe.is_final else None,
        token=f"{path.resolve()}-{about.st_mtime_ns}-{about.st_size}-{number}",
    )
