"""What a journal knows of the seams of one layout, estimated in one way.

Keys are made, looked up and kept here; the file is in `journal.py`. Without a journal a ledger
knows nothing, and keeps nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frames import FrameError
from .identity import Identities, method_settings, seam_key
from .packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate
    from .journal import Journal
    from .task import Answer, Recipe


class Ledger:
    """The journal's view of a layout's seams; safe from several threads.

    Parameters
    ----------
    journal : Journal or None
        Where results are kept.
    layout : Layout
        The frames.
    seams : sequence of Seam
        Asked for by their index here.
    recipe : Recipe
        How they are estimated.
    """

    def __init__(
        self, journal: Journal | None, layout: Layout, seams: Sequence[Seam], recipe: Recipe
    ) -> None:
        self._journal = journal
        self._layout = layout
        self._seams = seams
        self._max_shift = recipe.max_shift
        if journal is not None:
            self._identities = Identities(journal)
            self._settings = method_settings(recipe.make())

    def known(self, index: int) -> Estimate | None:
        """What the journal holds of a seam, as far as that can be told without reading files."""
        if self._journal is None:
            return None
        seam = self._seams[index]
        try:
            ids = [self._identities.known(self._layout[frame].frame) for frame in seam.pair]
        except FrameError:
            return None  # whoever reads it will tell
        if None in ids:
            return None
        return self._journal.get(self._key(index, str(ids[0]), str(ids[1])))

    def find(self, index: int) -> Estimate | None:
        """What the journal holds of a seam; files that are new or have changed are read.

        Raises
        ------
        FrameError
            If a file cannot be read.
        """
        return None if self._journal is None else self._journal.get(self.key(index))

    def key(self, index: int) -> str:
        """The seam's key in the journal; files that are new or have changed are read."""
        first, second = (self._layout[frame].frame for frame in self._seams[index].pair)
        return self._key(index, self._identities.of(first), self._identities.of(second))

    def keep(self, index: int, answer: Answer) -> Estimate:
        """Put a finished seam into the journal; give what the journal will give another time."""
        if self._journal is None:
            return answer.estimate
        first, second = (self._layout[frame].name for frame in self._seams[index].pair)
        self._journal.put(
            self.key(index), answer.estimate, names=(first, second), seconds=answer.seconds
        )
        # The same, whether a run was interrupted or not: maps are rounded in either case.
        return unpack(pack(answer.estimate))

    def _key(self, index: int, first: str, second: str) -> str:
        nominal = self._seams[index].nominal
        return seam_key(first, second, nominal, self._settings, self._max_shift)
