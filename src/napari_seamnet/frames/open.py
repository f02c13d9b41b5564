"""Open a picture file, or wrap an array: everything becomes a `Frame`.

What a format looks like inside is in `tiff.py` and `picture.py`.
"""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from .arrays import ArraySource
from .errors import UnreadableFrameError, decoding
from .frame import Frame
from .picture import PictureSource
from .tiff import TiffSource, is_tiff

if TYPE_CHECKING:
    import dask.array as da
    import numpy as np


def open_frame(path: str | PathLike[str], page: int | None = None) -> Frame:
    """Open a picture file as a frame; only its header is read.

    Parameters
    ----------
    path : path
        TIFF (plain, compressed, tiled, BigTIFF, OME, ImageJ), PNG, JPEG, BMP, or any other format
        that Pillow reads.
    page : int, optional
        Which 2-D plane, counted from 0 through all planes of the file in their order (a colour
        plane counts once). Need not be given where the file has only one of its size; thumbnails
        of another size do not count.

    Returns
    -------
    Frame
        Named after the file. Pixels are the stored values: no LUT of a viewer, no orientation tag
        and no gamma is applied. 1-bit pictures become uint8, 0 and 255; palette pictures become
        RGB, or grey where the palette holds greys only; alpha beside grey is dropped.

    Raises
    ------
    FrameNotFoundError
        If there is no such file.
    UnreadableFrameError
        If it is no picture, or its header is damaged. Damage further on shows when it is read.
    UnsupportedFrameError
        If it is not a 2-D picture of real numbers, grey or RGB(A).
    PageError
        If the file holds several planes and `page` is not given, or is not one of them.
    """
    path = Path(path)
    with decoding(path):
        about = path.stat()
        with path.open("rb") as file:
            head = file.read(4)
    if not head:
        raise UnreadableFrameError(f"{path} is empty (0 bytes); copy or export it again")
    token = f"{path.resolve()}-{about.st_mtime_ns}-{about.st_size}"
    opener = TiffSource if is_tiff(head) else PictureSource
    return Frame(opener.open(path, page, token), path.name, path)


def is_untouched(frame: Frame) -> bool:
    """Whether the file of a frame is as it was when it was opened, by its size and time.

    Parameters
    ----------
    frame : Frame
        Of the first plane of its file; of any other, and of one without a file, it is not told.

    Returns
    -------
    bool
        False where opening it again is the only way to know.
    """
    path = frame.path
    if path is None or getattr(frame.source, "path", path) not in (path, path.absolute()):
        return False  # the pixels of an OME-TIFF may lie in another file of its set
    try:
        about = path.stat()
    except OSError:
        return False
    token = f"{path.resolve()}-{about.st_mtime_ns}-{about.st_size}"
    return frame.token in (token, f"{token}-0")


def as_frame(
    picture: Frame | np.ndarray | da.Array | str | PathLike[str], name: str = ""
) -> Frame:
    """Make a frame of whatever can be one.

    Parameters
    ----------
    picture : Frame, array or path
        An opened frame (returned as it is), a path (see `open_frame`), or an array: numpy, dask,
        or anything sliced like them, of shape (H, W), (H, W, 3) or (H, W, 4). An array is neither
        copied nor computed; do not change its pixels afterwards.
    name : str, default ""
        What to call it; by default the file's name, or "array".

    Returns
    -------
    Frame
        Lazy.

    Raises
    ------
    FrameError
        As `open_frame`; also for an array that is a stack, empty, boolean or complex.

    Examples
    --------
    >>> import numpy as np
    >>> as_frame(np.zeros((480, 640), np.uint8)).shape
    (480, 640)
    """
    if isinstance(picture, str | PathLike):
        picture = open_frame(picture)
    if isinstance(picture, Frame):
        return replace(picture, name=name) if name and name != picture.name else picture
    name = name or "array"
    return Frame(ArraySource(picture, name), name)
