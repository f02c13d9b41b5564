"""Names of files: a pattern such as ``tile_r{row}_c{col}.tif``, and what it says of each file.

The noun only. How a pattern is guessed from the names themselves is in `guess.py`.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cached_property

from .errors import LayoutError

FIELDS = ("row", "col", "serial", "y", "x", "any")
"""What may stand in braces. ``{any}`` is text that says nothing."""
_WHOLE = r"[-+]?\d+"
_DECIMAL = r"[-+]?\d+(?:\.\d+)?"
_NUMBERS = {"row": _WHOLE, "col": _WHOLE, "serial": _WHOLE, "y": _DECIMAL, "x": _DECIMAL}

PICTURES = frozenset(
    [
        ".tif",
        ".tiff",
        ".btf",
        ".tf8",
        ".png",
        ".jpg",
        ".jpeg",
        ".bmp",
        ".jp2",
        ".webp",
        ".gif",
        ".pgm",
        ".ppm",
        ".pnm",
    ]
)
"""Endings of files that a folder is searched for."""


@dataclass(frozen=True)
class NamePattern:
    """Acts like a question to a file name: which row, column, number or position.

    Parameters
    ----------
    text : str
        A file name in which ``{row}``, ``{col}``, ``{serial}``, ``{y}``, ``{x}`` and ``{any}``
        stand for what varies. ``{row:03}`` is a row of three digits, which is needed only where
        two numbers touch. ``{{`` is a brace. With ``/`` in it, folders are looked into.
        Upper and lower case are the same.

    Raises
    ------
    LayoutError
        If it says neither row or column, nor a series, nor a position, or cannot be read.

    Examples
    --------
    >>> NamePattern("tile_r{row}_c{col}.tif").match("tile_r03_c12.tif")
    {'row': 3, 'col': 12}
    >>> NamePattern("x{x}_y{y}_{any}.png").match("x-12.5_y40_0815.png")
    {'x': -12.5, 'y': 40.0}
    """

    text: str

    def __post_init__(self) -> None:
        names = [name for _, name, _ in self._parts if name not in (None, "any")]
        for name in names:
            if name not in FIELDS:
                raise LayoutError(
                    f"the pattern {self.text!r} has {{{name}}} in it; choose from "
                    + ", ".join(f"{{{one}}}" for one in FIELDS)
                )
            if names.count(name) > 1:
                raise LayoutError(f"the pattern {self.text!r} has {{{name}}} in it twice")
        has = set(names)
        if not has & {"row", "col", "serial"} and not has >= {"y", "x"}:
            raise LayoutError(
                f"the pattern {self.text!r} does not say where a frame lies; it needs {{row}} and "
                "{col}, or {serial}, or {y} and {x}"
            )
        if len(has & {"y", "x"}) == 1:
            raise LayoutError(
                f"the pattern {self.text!r} has only one of {{y}} and {{x}}; give both"
            )
        _ = self._regex

    @property
    def fields(self) -> frozenset[str]:
        """Names of what the pattern tells, without ``any``."""
        return frozenset(name for _, name, _ in self._parts if name not in (None, "any"))

    @property
    def says_place(self) -> bool:
        """Whether it tells rows and columns, or one of them."""
        return bool(self.fields & {"row", "col"})

    @property
    def says_position(self) -> bool:
        """Whether it tells positions."""
        return "y" in self.fields

    def match(self, name: str) -> dict[str, float] | None:
        """Read a file name; None if it does not fit the pattern.

        Returns
        -------
        dict
            ``row``, ``col`` and ``serial`` as int, ``y`` and ``x`` as float.
        """
        found = self._regex.fullmatch(name)
        if found is None:
            return None
        return {
            field: float(text) if field in ("y", "x") else int(text)
            for field, text in found.groupdict().items()
        }

    def format(self, **values: float | str) -> str:
        """Make the file name that the pattern gives for some values."""
        return self.text.format(**values)

    @cached_property
    def _parts(self) -> tuple[tuple[str, str | None, str], ...]:
        """(text before, name, format) of each field; at the end, the name is None."""
        try:
            parsed = list(string.Formatter().parse(self.text))
        except ValueError as error:
            raise LayoutError(
                f"the pattern {self.text!r} cannot be read ({error}); a brace that is part of the "
                "name is written twice"
            ) from error
        return tuple((text, name, spec or "") for text, name, spec, _ in parsed)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        out = []
        parts = self._parts
        for k, (text, name, spec) in enumerate(parts):
            out.append(re.escape(text))
            if name is None:
                continue
            if name == "any":
                out.append(".*?")
                continue
            touches = (k + 1 < len(parts) and not parts[k + 1][0] and parts[k + 1][1]) or (
                k > 0 and not text and parts[k - 1][1]
            )
            width = re.fullmatch(r"0?(\d+)d?", spec)
            if spec and width is None:
                raise LayoutError(
                    f"the pattern {self.text!r} has {{{name}:{spec}}} in it; a width is written "
                    f"as {{{name}:03}}"
                )
            if touches and width is None and "any" not in (name, parts[k - 1][1]):
                raise LayoutError(
                    f"in the pattern {self.text!r} two numbers touch; say how many digits each "
                    f"has, as {{{name}:03}}"
                )
            number = rf"\d{{{width[1]}}}" if touches and width else _NUMBERS[name]
            out.append(f"(?P<{name}>{number})")
        return re.compile("".join(out), re.IGNORECASE)


def escaped(text: str) -> str:
    """Write a piece of a file name so that a pattern takes it literally."""
    return text.replace("{", "{{").replace("}", "}}")


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sort names so that ``a2`` comes before ``a10``."""
    return tuple(
        (int(piece), "") if piece.isdecimal() else (-1, piece.casefold())
        for piece in re.split(r"(\d+)", name)
        if piece
    )
