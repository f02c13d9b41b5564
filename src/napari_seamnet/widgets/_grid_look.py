"""What is to be seen of a grid besides its frames: switches that tell when they are turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor


@dataclass
class GridLook:
    """Switches; `events` tells of each by its name. The words for them are in `_grid_shows.py`."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    show_seams: bool = True
    show_outlines: bool = True
    show_names: bool = True
    show_path: bool = True
    show_gaps: bool = True
    show_loops: bool = False
    show_provenance: bool = False
    show_nominal: bool = False
    show_levelled: bool = False
