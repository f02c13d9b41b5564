"""A placement: one frame, and where it lies in the mosaic.

Nothing is drawn or decided here, but whether frames go together.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from operator import index
from typing import TYPE_CHECKING

from ..geometry import Box
from ..shifts.estimate import Status
from .errors import MosaicError

if TYPE_CHECKING:
    from ..frames import Frame


@dataclass(frozen=True, eq=False)
class Placement:
    """A frame at a position.

    Parameters
    ----------
    frame : Frame
        The picture.
    position : (y, x)
        Where its top-left pixel lies in the mosaic, whole px; may be negative.
    status : Status
        How far the position can be trusted.
    note : str
        Anything worth telling about it, in words.
    """

    frame: Frame
    position: tuple[int, int]
    status: Status = Status.CERTAIN
    note: str = ""

    def __post_init__(self) -> None:
        try:
            y, x = (index(value) for value in self.position)
        except (TypeError, ValueError) as error:
            raise MosaicError(
                f"{self.frame.name} cannot lie at {self.position}: a position is two whole "
                "numbers of px, (y, x); round it with Offset.whole"
            ) from error
        object.__setattr__(self, "position", (y, x))  # numpy's integers become Python's

    @property
    def box(self) -> Box:
        """The pixels of the mosaic that the frame can show."""
        return Box.of_shape(self.frame.shape, at=self.position)


def check_alike(first: Frame, frame: Frame) -> None:
    """Raise unless a frame can be shown in one picture with a mosaic's first one.

    Raises
    ------
    MosaicError
        If their dtypes differ, or one is coloured and the other is not.
    """
    if frame.dtype != first.dtype:
        raise MosaicError(
            f"{frame.name} is {frame.dtype}, but the mosaic is {first.dtype}; convert one of "
            "them, so that all frames are of one dtype"
        )
    if frame.channels != first.channels:
        kind = {0: "grey", 3: "RGB", 4: "RGBA"}
        raise MosaicError(
            f"{frame.name} is {kind[frame.channels]}, but the mosaic is {kind[first.channels]}; "
            "convert one of them, so that all frames are alike"
        )


def chained(content: str, placement: Placement) -> str:
    """Name the content of a mosaic from the name of what it was without its last placement."""
    last = repr((placement.frame.token, placement.position, placement.frame.shape))
    return blake2b((content + last).encode(), digest_size=16).hexdigest()
