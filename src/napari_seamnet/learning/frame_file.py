"""Frames as files that a hand alignment can find again, and tell whether they changed.

A frame that has no file of its own is saved here, losslessly. What is decided about two frames is
in `hand.py`.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..frames import FrameError, FrameNotFoundError, PageError, open_frame
from ..saving import written_whole
from .hand_journal import HandFileError, sync_folder

if TYPE_CHECKING:
    from ..frames import Frame

TILE = 256
"""Side of the tiles of a saved frame, in px, so that a narrow overlap is read without the rest."""

_hashes: dict[tuple[str, int, int], str] = {}
_hashing = threading.Lock()


@dataclass(frozen=True)
class FrameFile:
    """One picture of a file, and what it must still be when it is opened again.

    Parameters
    ----------
    path : Path
        The file, absolute.
    page : int or None
        Which plane, where the file holds several.
    sha256 : str
        Of the whole file, 64 hexadecimal digits.
    shape : (H, W)
        In px, without channels.
    """

    path: Path
    page: int | None
    sha256: str
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{self.path}: {self.sha256!r} is no SHA-256 of 64 digits")
        if len(self.shape) != 2 or min(self.shape) < 1:
            raise ValueError(f"{self.path}: a frame cannot be {self.shape} px")
        if self.page is not None and self.page < 0:
            raise ValueError(f"{self.path}: pages count from 0, so there is no page {self.page}")

    @classmethod
    def of(cls, frame: Frame) -> FrameFile:
        """Say which file a frame came from.

        Raises
        ------
        HandFileError
            If it came from none, or the file has changed since the frame was opened.
        FrameError
            If the file is gone.
        """
        if frame.path is None:
            raise HandFileError(
                f"{frame.name} comes from no file; record it with record_frames, which saves it"
            )
        path = Path(os.path.abspath(frame.path))
        return cls(path, _page(frame, path), sha256_of(path), frame.shape)

    def open(self) -> Frame:
        """Open the frame, after a look whether its file is still the same.

        Raises
        ------
        FrameError
            If the file is gone, or cannot be read.
        HandFileError
            If it has changed.
        """
        frame = open_frame(self.path, self.page)
        if sha256_of(self.path) != self.sha256 or frame.shape != self.shape:
            raise HandFileError(
                f"{self.path} has changed since it was aligned by hand; put the old file back, or "
                "align the pair again"
            )
        return frame

    @property
    def is_there(self) -> bool:
        """Whether the file is there at all; what it holds is not looked at."""
        return self.path.is_file()


def sha256_of(path: Path) -> str:
    """Hash a file; one that has not been touched since is not read a second time.

    Parameters
    ----------
    path : Path
        The file. Its time and size tell whether it was touched.

    Raises
    ------
    FrameNotFoundError
        If there is no such file.
    FrameError
        If it cannot be read.
    """
    try:
        about = path.stat()
        key = (str(path), about.st_mtime_ns, about.st_size)
        with _hashing:
            if key not in _hashes:
                with path.open("rb") as file:
                    _hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
            return _hashes[key]
    except FileNotFoundError as error:
        raise FrameNotFoundError(f"{path}: there is no such file; check the path") from error
    except OSError as error:
        raise FrameError(f"{path} cannot be read: {error.strerror}") from error


def save_frame(frame: Frame, folder: Path) -> FrameFile:
    """Save a frame losslessly, as a TIFF named after it and its pixels.

    Parameters
    ----------
    frame : Frame
        Of any dtype, grey or coloured; all of it is read.
    folder : Path
        Is made if it is not there. The same pixels are saved in it once.

    Returns
    -------
    FrameFile
        The file, which is on the disk for good.

    Raises
    ------
    HandFileError
        If it cannot be written.
    FrameError
        If the frame cannot be read.
    """
    import tifffile

    pixels = frame.read()
    digest = hashlib.sha256(f"{pixels.dtype.str} {pixels.shape}".encode())
    for row in pixels:  # rows, since the frame may be a view that only a copy would make whole
        digest.update(row.tobytes())
    stem = re.sub(r"[^\w.-]+", "_", Path(frame.name).stem).strip("._")[:60] or "frame"
    path = Path(os.path.abspath(folder / f"{stem}-{digest.hexdigest()[:16]}.tif"))
    if not path.exists():
        options: dict[str, Any] = {"photometric": "minisblack"}
        if frame.channels:
            options = {"photometric": "rgb", "planarconfig": "contig"}
        if frame.channels == 4:
            options["extrasamples"] = ["unassalpha"]
        try:
            folder.mkdir(exist_ok=True)
            with written_whole(path) as beside:
                tifffile.imwrite(
                    beside,
                    pixels,
                    compression="zlib",
                    tile=(TILE, TILE),
                    metadata=None,
                    **options,
                )
                with beside.open("rb+") as file:
                    os.fsync(file.fileno())
            sync_folder(folder)
        except OSError as error:
            raise HandFileError(
                f"{frame.name} cannot be saved as {path}: {error.strerror or error}; choose "
                "another place for the file of hand alignments"
            ) from error
    return FrameFile(path, None, sha256_of(path), frame.shape)


def _page(frame: Frame, path: Path) -> int | None:
    """Which page of its file a frame is; None where it need not be said."""
    last = frame.token.rpartition("-")[2]  # a file's token ends with the page (frames/open.py)
    for page in (None, int(last)) if last.isdigit() else (None,):
        try:
            if open_frame(path, page).token == frame.token:
                return page
        except PageError:
            continue
    raise HandFileError(f"{path} has changed since it was opened; open it again")
