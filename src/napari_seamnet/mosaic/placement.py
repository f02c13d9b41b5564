"""A placement: one frame, and where it lies in the mosaic.

Nothing is drawn or decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
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
