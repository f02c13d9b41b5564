"""What can be wrong with a picture: one small family, whose base is a `ValueError`.

Only the errors, and the translation of the decoders' many own errors into them, are here.
"""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FrameError(ValueError):
    """A picture cannot be used as a frame; the message names it and the way out."""


class FrameNotFoundError(FrameError, FileNotFoundError):
    """There is no such file."""


class UnreadableFrameError(FrameError):
    """The file is no picture, or is damaged or cut short."""


class UnsupportedFrameError(FrameError):
    """The picture is sound, but no 2-D picture of real numbers, grey or RGB(A)."""


class PageError(FrameError):
    """The file holds several planes and none, or one that is not there, was chosen."""


# The decoders (tifffile, imagecodecs, Pillow) fail on damaged files in all these ways, found by
# cutting and garbling files: tests/frames/test_errors.py does so again.
DECODER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises inside the block into a `FrameError` that names the file.

    Raises
    ------
    FrameNotFoundError
        If the file is not there.
    UnreadableFrameError
        If a decoder failed; a `FrameError` raised inside passes as it is.
    """
    try:
        yield
    except FrameError:
        raise
    except FileNotFoundError as error:
        raise FrameNotFoundError(f"{path}: there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise UnreadableFrameError(f"{path} is a folder; name one picture in it") from error
    except PermissionError as error:
        raise UnreadableFrameError(f"{path} may not be read; check its permissions") from error
    except DECODER_ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if str(path) in reason or len(reason) > 160:
            reason = type(error).__name__  # the decoder's text repeats the path, or is an essay
        raise UnreadableFrameError(
            f"{path} cannot be read as a picture ({reason}); it may be damaged or cut short: "
            "copy or export it again, as TIFF, PNG, JPEG or BMP"
        ) from error
