"""The numbers in file names: what stands before each, and whether its values count or measure.

What a number means is decided in `guess.py`.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW = frozenset(["r", "row", "rows", "iy", "line"])
COL = frozenset(["c", "col", "cols", "column", "columns", "ix"])
DOWN = frozenset(["y", "ypos", "posy"])
ACROSS = frozenset(["x", "xpos", "posx"])
OTHER = frozenset(
    "z slice plane t time tp timepoint ch chn channel w wave wavelength lambda".split()  # noqa: SIM905
)
"""Words before a number that counts planes of one place, not places."""
LEAST_STEP = 16
"""px or µm: numbers behind x and y that differ by less count frames, others are positions."""

# A minus right behind a digit separates ("2024-05-01"); elsewhere it may be a sign. Decimals only
# behind x and y, for elsewhere a point separates ("img.001.002.tif").
NUMBER = re.compile(
    r"(?:(?<=[xy])|(?<=[xy][_=@: -]))[-+]?\d+\.\d+(?=\D)|(?<!\d)[-+]\d+|\d+", re.IGNORECASE
)
_WORD = re.compile(r"([A-Za-zµ]+)[\s_\-=.:#(\[]*$")
_TAIL = re.compile(r"[A-Z]?[a-z]+$|[A-Z]$")


@dataclass(frozen=True)
class NameNumber:
    """One number of names that agree in all but their numbers.

    Parameters
    ----------
    index : int
        Which number of a name it is, from 0 on.
    before : str
        The text between the number before it and this one.
    values : tuple of str
        One for each name, as they are written.
    """

    index: int
    before: str
    values: tuple[str, ...]

    @property
    def varies(self) -> bool:
        """Whether not all names have the same."""
        return len(set(self.values)) > 1

    @property
    def word(self) -> str:
        """The word right before the number: "row" of "tileRow_03"."""
        found = _WORD.search(self.before)
        if not found:
            return ""
        tail = _TAIL.search(found[1])
        whole = found[1].casefold()
        known = ROW | COL | DOWN | ACROSS | OTHER
        return whole if whole in known or tail is None else tail[0].casefold()

    @property
    def numbers(self) -> list[float]:
        """The values, in the order of the names."""
        return [float(value) for value in self.values]

    @property
    def counts_all(self) -> bool:
        """Whether every file has its own value."""
        return len(set(self.numbers)) == len(self.values)

    @property
    def is_dense(self) -> bool:
        """Whether the values are a count with few gaps."""
        values = set(self.numbers)
        return max(values) - min(values) + 1 <= 1.5 * len(values) + 1

    @property
    def is_position(self) -> bool:
        """Whether values behind x or y are positions, rather than counted frames."""
        if any("." in value for value in self.values):
            return True
        found = sorted(set(self.numbers))
        gaps = [b - a for a, b in itertools.pairwise(found)]
        return bool(gaps) and min(gaps) >= LEAST_STEP


def texts_of(name: str) -> tuple[str, ...]:
    """Give the text between the numbers of a name, in small letters: equal for names alike."""
    return tuple(NUMBER.sub("\0", name).casefold().split("\0"))


def numbers_of(names: Sequence[str]) -> list[NameNumber]:
    """The numbers of names that agree in their texts; a sign that all have is no sign."""
    texts = NUMBER.split(names[0])
    columns = list(zip(*(NUMBER.findall(name) for name in names), strict=True))
    numbers = []
    before = ""
    for index, column in enumerate(columns):
        before += texts[index]
        signs = {value[0] for value in column}
        values = tuple(column)
        if len(signs) == 1 and signs <= {"-", "+"}:
            before += column[0][0]
            values = tuple(value[1:] for value in column)
        numbers.append(NameNumber(index, before, values))
        before = ""
    return numbers
