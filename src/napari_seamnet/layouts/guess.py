"""Guess the pattern of file names from the names themselves.

Only names are looked at, no picture. What is in doubt is said in `Guess.notes`, and where two
readings are about as likely, nothing is guessed: a person is asked for the pattern.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import LayoutError
from .name_numbers import ACROSS, COL, DOWN, NUMBER, OTHER, ROW, NameNumber, numbers_of, texts_of
from .names import NamePattern, escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_FILLED = 0.5
"""Part of rows x columns that files fill, or two numbers are not taken for row and column."""


@dataclass(frozen=True)
class Guess:
    """What file names seem to say.

    Parameters
    ----------
    pattern : NamePattern
        That the names follow.
    names : tuple of str
        Those that do.
    left_out : tuple of str
        Those that do not.
    notes : tuple of str
        What is in doubt, in sentences.
    unit : {"px", "µm"} or None
        Of positions, where the names say so.
    """

    pattern: NamePattern
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unit: str | None = None


def guess_pattern(names: Sequence[str]) -> Guess:
    """Find the pattern that most of the names follow.

    Parameters
    ----------
    names : sequence of str
        Names of picture files, without their folder.

    Returns
    -------
    Guess
        Names whose text between the numbers differs from the rest are left out.

    Raises
    ------
    LayoutError
        If names follow several patterns about equally, have no varying number, or have numbers
        that may mean several things. It asks for a pattern, and shows one.

    Examples
    --------
    >>> guess_pattern(["a_r0_c0.tif", "a_r0_c1.tif", "a_r1_c0.tif"]).pattern.text
    'a_r{row}_c{col}.tif'
    """
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        groups[texts_of(name)].append(name)
    ranked = sorted(groups.values(), key=len, reverse=True)
    if not ranked:
        raise LayoutError("there are no names to guess a pattern from")
    chosen, others = ranked[0], ranked[1:]
    if others and 2 * len(others[0]) > len(chosen):
        raise LayoutError(
            f"the names follow several patterns: {len(chosen)} are like {chosen[0]}, "
            f"{len(others[0])} like {others[0][0]}; say which to take with a pattern such as "
            f"{_example(chosen[0])}"
        )
    numbers = numbers_of(chosen)
    if not any(number.varies for number in numbers):
        raise LayoutError(
            f"{chosen[0]} and the others have no number that tells them apart; rename them, or "
            "write a CSV with the columns file,row,col or file,y,x"
        )
    roles, notes, unit = _roles(numbers, chosen)
    notes += [_hyphen(number) for number in numbers if _may_be_minus(number, roles)]
    guess = Guess(
        _pattern(chosen[0], numbers, roles),
        tuple(chosen),
        tuple(name for group in others for name in group),
        tuple(notes),
        unit,
    )
    lost = [name for name in chosen if guess.pattern.match(name) is None]
    if not lost:
        return guess
    kept = tuple(name for name in chosen if name not in set(lost))
    return replace(guess, names=kept, left_out=(*guess.left_out, *lost))


def _roles(
    numbers: Sequence[NameNumber], names: Sequence[str]
) -> tuple[dict[int, str], list[str], str | None]:
    """Say what each number is: index -> field. Numbers without a role are constant text."""
    varying = [number for number in numbers if number.varies]
    down, across = _by_word(numbers, ROW | DOWN), _by_word(numbers, COL | ACROSS)
    if len(down) > 1 or len(across) > 1:
        raise _ask(names[0], "several numbers may be the row, or the column")
    if down or across:
        answer = _named_axes(numbers, down, across, names)
        if answer is not None:
            return answer
    if len(varying) == 1:
        number = varying[0]
        if not number.counts_all:
            raise _ask(names[0], "several files bear the same number")
        doubt = (
            f"the number behind {number.word!r} is taken for the order of frames, though such "
            "numbers often count planes or times of one place"
        )
        return {number.index: "serial"}, [doubt] if number.word in OTHER else [], None
    series = [n for n in varying if n.counts_all and n.is_dense and n.word not in OTHER]
    if len(series) == 1:
        roles = {n.index: "any" for n in varying} | {series[0].index: "serial"}
        return roles, [_passed_over(varying, series)], None
    if not series and len(varying) == 2:
        return _two(varying, names)
    raise _ask(names[0], f"{len(varying)} numbers vary, and nothing says which is what")


def _by_word(numbers: Sequence[NameNumber], words: frozenset[str]) -> list[NameNumber]:
    """Numbers behind such a word: the varying ones, or else a constant one."""
    found = [number for number in numbers if number.word in words]
    return [number for number in found if number.varies] or found[:1]


def _named_axes(
    numbers: Sequence[NameNumber],
    down: list[NameNumber],
    across: list[NameNumber],
    names: Sequence[str],
) -> tuple[dict[int, str], list[str], str | None] | None:
    """Roles where a word says row or column; None if the numbers behind it do not vary."""
    named = [*down, *across]
    if not any(number.varies for number in named):
        return None
    notes = []
    rest = [n for n in numbers if n.varies and n not in named]
    if len(named) == 1:
        partners = [n for n in rest if n.word not in OTHER]
        keys = list(zip(named[0].values, *(p.values for p in partners), strict=True))
        if len(partners) == 1 and len(set(keys)) == len(names) and not partners[0].counts_all:
            which, other = ("row", "column") if down else ("column", "row")
            notes.append(
                f"{named[0].word!r} says {which}; the other number, {partners[0].values[0]} in "
                f"{names[0]}, is taken for the {other}"
            )
            (across if down else down).append(partners[0])
            named = [*down, *across]
            rest = [n for n in rest if n is not partners[0]]
    places = list(zip(*(n.values for n in named), strict=True))
    if len(set(places)) != len(names):
        if not rest:
            raise _ask(names[0], "two files bear the same row and column")
        differing = next((n for n in rest if n.word in OTHER), rest[0])
        roles = {n.index: "row" for n in down} | {n.index: "col" for n in across}
        raise LayoutError(
            f"several files are of one place, and differ in a number such as "
            f"{differing.values[0]} in {names[0]}"
            + (f", behind {differing.word!r}" if differing.word else "")
            + "; take one of each place with a pattern such as "
            + _pattern(names[0], numbers, roles).text
        )
    xy = [n for n in named if n.word in DOWN | ACROSS]
    is_position = (
        len(named) == 2 and len(xy) == 2 and all(n.is_position or not n.varies for n in xy)
    )
    unit = None
    if is_position:
        roles = {down[0].index: "y", across[0].index: "x"}
        unit = _unit(numbers, max(xy, key=lambda n: n.index), names)
    else:
        roles = {n.index: "row" for n in down} | {n.index: "col" for n in across}
        if any(n.is_position for n in xy):
            raise _ask(names[0], "x and y may be positions, or count frames")
        if xy:
            notes.append(
                f"{' and '.join(n.word for n in xy)} count frames here, with values "
                + " and ".join(_span(n) for n in xy)
                + ", and are no positions in px"
            )
    roles, more = _with_series(roles, rest)
    return roles, notes + more, unit


def _with_series(
    roles: dict[int, str], rest: list[NameNumber]
) -> tuple[dict[int, str], list[str]]:
    """Let one more number be the serial one, and pass over the others."""
    series = [n for n in rest if n.counts_all and n.is_dense and n.word not in OTHER]
    roles = roles | {n.index: "any" for n in rest}
    if len(series) == 1:
        roles[series[0].index] = "serial"
        rest = [n for n in rest if n is not series[0]]
    return roles, [_passed_over(rest, [])] if rest else []


def _two(
    varying: Sequence[NameNumber], names: Sequence[str]
) -> tuple[dict[int, str], list[str], str | None]:
    """Row and column from two numbers that no word names."""
    first, second = varying
    pairs = set(zip(first.numbers, second.numbers, strict=True))
    n_first, n_second = len(set(first.numbers)), len(set(second.numbers))
    if len(pairs) < len(names):
        raise _ask(names[0], "two files bear the same two numbers")
    if len(names) < LEAST_FILLED * n_first * n_second or {first.word, second.word} & OTHER:
        raise _ask(names[0], "two numbers vary, but they do not look like row and column")
    if first.before.casefold().endswith("grid@") and second.before == " ":
        # Thermo's spectrum imaging system writes "[Grid@column row]".
        return {first.index: "col", second.index: "row"}, [], None
    return (
        {first.index: "row", second.index: "col"},
        [
            "nothing in the names says which number is the row: the first is taken for the row, "
            f"the second for the column ({n_first} x {n_second}); if it is the other way round, "
            "give the pattern, or swap y and x"
        ],
        None,
    )


def _may_be_minus(number: NameNumber, roles: dict[int, str]) -> bool:
    """Whether a hyphen that stands before all values may be a minus: none stands before 0."""
    if roles.get(number.index) not in ("row", "col", "y", "x") or 0.0 in number.numbers:
        return False
    return number.before.endswith("-") and bool(number.before.strip("-_ "))


def _hyphen(number: NameNumber) -> str:
    name = number.before + number.values[0]
    return f"the - in {name!r} is taken for a hyphen; if it is a minus, turn the axis round"


def _unit(numbers: Sequence[NameNumber], last: NameNumber, names: Sequence[str]) -> str | None:
    """The unit behind the last position: "x12um_y40um.tif"."""
    tail = NUMBER.split(names[0])[last.index + 1]
    if re.match(r"\s*_?(um|µm|μm|micron)", tail, re.IGNORECASE):
        return "µm"
    return "px" if re.match(r"\s*_?(px|pix)", tail, re.IGNORECASE) else None


def _pattern(name: str, numbers: Sequence[NameNumber], roles: dict[int, str]) -> NamePattern:
    """The pattern in which each number has its role; one without keeps its first value."""
    pieces = [
        escaped(number.before)
        + ("{" + roles[number.index] + "}" if number.index in roles else number.values[0])
        for number in numbers
    ]
    return NamePattern("".join(pieces) + escaped(NUMBER.split(name)[-1]))


def _span(number: NameNumber) -> str:
    low, high = min(number.numbers), max(number.numbers)
    return f"{math.floor(low)} to {math.ceil(high)}"


def _passed_over(numbers: Sequence[NameNumber], kept: Sequence[NameNumber]) -> str:
    passed = [n for n in numbers if n not in kept]
    what = ", ".join(n.values[0] + (f" behind {n.word!r}" if n.word else "") for n in passed)
    return f"numbers that vary from name to name are taken to say nothing of the place: {what}"


def _ask(name: str, why: str) -> LayoutError:
    return LayoutError(f"{why}: {name}; say what is what with a pattern such as {_example(name)}")


def _example(name: str) -> str:
    """A pattern for this name that a person can correct."""
    fields = iter(("{row}", "{col}"))
    pieces = re.split(r"(\d+)", name)
    places = [k for k, piece in enumerate(pieces) if piece.isdecimal()][-2:]
    if len(places) == 1:
        fields = iter(("{serial}",))
    return "".join(next(fields) if k in places else escaped(p) for k, p in enumerate(pieces))
