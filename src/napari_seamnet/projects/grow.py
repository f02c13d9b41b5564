"""Frames that came later: a grid takes in what there is by now, and keeps all that was said of it.

What a person did by hand stays: frames left out, swapped, replaced or added from elsewhere, places
and decisions. Which files there are, and how they are understood, is told by a layout of them all;
the frames of a grid are changed one by one in `edit.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..geometry import Offset
from ..mosaic.errors import MosaicError
from ..mosaic.placement import check_alike
from ..seams.seam import find_seams
from .decision import in_order
from .edit import LEFT_OUT
from .errors import ProjectError
from .grow_places import Grown, grown_sites, is_same_place, missing_now

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..layouts import Layout, Site
    from ..seams.seam import Seam
    from ..shifts import Estimate
    from .decision import Decision
    from .project import Project

BY_HAND = ("by hand", "was replaced by", "from the pictures", "a coarse look")
"""In notes on what was done to a layout since it was opened; other notes are said anew."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What a layout becomes, for every project of it: see `growth`.

    Parameters
    ----------
    before, layout : Layout
        As it was, and with the frames that came.
    seams : tuple of Seam
        Of the new layout.
    where : mapping of int to int
        From indices of frames before to those now.
    added : tuple of int
        New indices of frames that came.
    rewritten : frozenset of int
        New indices of frames whose files are other pictures now.
    refused : tuple of str
        Why pictures were not taken in, a sentence each.
    """

    before: Layout
    layout: Layout
    seams: tuple[Seam, ...]
    where: Mapping[int, int]
    added: tuple[int, ...]
    rewritten: frozenset[int]
    refused: tuple[str, ...] = ()

    def seam_now(self, seam: Seam) -> int | None:
        """Index of a seam of before; None if it is gone, or its pictures are others."""
        pair = self.where.get(seam.first, -1), self.where.get(seam.second, -1)
        if not self.rewritten.isdisjoint(pair):
            return None
        return self._by_pair.get(pair, self._by_pair.get(pair[::-1]))

    def carried(
        self, seams: Sequence[Seam], estimates: Mapping[int, Estimate | None]
    ) -> dict[int, Estimate]:
        """Estimates by the new indices of their seams; of those only that are the same seams.

        Parameters
        ----------
        seams : sequence of Seam
            Of the layout before.
        estimates : mapping of int to (Estimate or None)
            By their indices among those.
        """
        carried = {}
        for index, estimate in estimates.items():
            seam = seams[index]
            if estimate is None or (k := self.seam_now(seam)) is None:
                continue
            new = self.seams[k]
            if self.where[seam.first] == new.first and seam.nominal == new.nominal:
                carried[k] = estimate
        return carried

    def of(self, project: Project) -> Project:
        """Give a project of the layout before the frames that came.

        Returns
        -------
        Project
            With all decisions, turned to where the layout has the frames now, and all estimates
            that are still of the same seams. New seams are to be estimated.
        """
        known = self.carried(project.seams, dict(enumerate(project.estimates)))
        old = {seam.pair: seam for seam in project.seams}
        decisions = [
            self._turned(decision, old[decision.pair], self.seams[k])
            for decision in project.decisions
            if (k := self.seam_now(old[decision.pair])) is not None
        ]
        excluded = {
            self.seams[k].pair
            for pair in project.excluded
            if (k := self.seam_now(old[pair])) is not None
        }
        stay = {old: new for old, new in self.where.items() if new not in self.rewritten}
        fresh = {self.layout[k].frame.path for k in self.rewritten}
        return replace(
            project,
            layout=self.layout,
            seams=self.seams,
            estimates=tuple(known.get(k) for k in range(len(self.seams))),
            decisions=in_order(decisions),
            excluded=frozenset(excluded),
            locked=frozenset(stay[frame] for frame in project.locked if frame in stay),
            solved=None,
            stamps={path: stamp for path, stamp in project.stamps.items() if path not in fresh},
            changed=tuple(sorted(stay[frame] for frame in project.changed if frame in stay)),
        )

    @cached_property
    def _by_pair(self) -> dict[tuple[int, int], int]:
        return {seam.pair: k for k, seam in enumerate(self.seams)}

    def _turned(self, decision: Decision, old: Seam, new: Seam) -> Decision:
        """Say the same of a seam that may be counted, or lie, otherwise now."""
        true = old.nominal + decision.shift
        if self.where[old.first] != new.first:
            true = Offset(-true.dy, -true.dx)
        return replace(decision, first=new.first, second=new.second, shift=true - new.nominal)


def growth(
    layout: Layout,
    arrived: Layout,
    left_out: Collection[str] = (),
    *,
    elsewhere: bool = True,
) -> Growth | None:
    """Find out what a layout becomes when frames have come.

    Parameters
    ----------
    layout : Layout
        As it is, perhaps changed by hand.
    arrived : Layout
        Of all files that there are by now, as they were opened.
    left_out : collection of str
        Names of frames that a person left out, besides those that the layout's notes tell.
    elsewhere : bool
        Whether the frames may lie elsewhere than before, where `arrived` understands them
        otherwise: more names may tell more about rows and columns.

    Returns
    -------
    Growth or None
        None if nothing has come, and no file was written anew.

    Raises
    ------
    ProjectError
        If `arrived` holds none of the frames, or understands them otherwise and must not.
    """
    gone = {*left_out, *left_out_of(layout)}
    there = [site for site in arrived if site.name not in gone]
    old = {_key(site): k for k, site in enumerate(layout)}
    common = _common(old, there)
    if not common:
        raise ProjectError("none of the grid's frames is among the files; open their folder anew")
    rewritten = {k for k, j in common.items() if layout[k].frame.token != there[j].frame.token}
    if len(common) == len(there) and not rewritten:
        return None
    agrees = is_same_place(layout, there, common)
    if not agrees and not elsewhere:
        raise ProjectError(
            "the files are laid out otherwise than this grid, so new frames cannot be placed; "
            "open their folder anew"
        )
    fit, refused = _fitting(layout, there, common)
    if agrees:
        grown = grown_sites(layout, fit, _common(old, fit))
    else:
        grown = Grown(fit, _common(old, fit))
    back = {new: k for k, new in grown.where.items()}
    added = tuple(j for j in range(len(grown.sites)) if j not in back)
    if not added and not rewritten:
        return None
    new = replace(
        arrived,
        sites=tuple(grown.sites),
        pixel_size=layout.pixel_size or arrived.pixel_size,
        missing=missing_now(arrived, grown.sites),
        notes=_notes(layout, arrived),
        overlap_assumed=layout.overlap_assumed and arrived.overlap_assumed,
    )
    return Growth(
        layout,
        new,
        find_seams(new),
        grown.where,
        added,
        frozenset(grown.where[k] for k in rewritten),
        refused,
    )


def left_out_of(layout: Layout) -> frozenset[str]:
    """Names of the frames that a person left out of a layout, as its notes tell."""
    told = [note.removeprefix(LEFT_OUT) for note in layout.notes if note.startswith(LEFT_OUT)]
    there = {site.name for site in layout}
    return frozenset(name for one in told for name in one.split(", ")) - there


def _key(site: Site) -> tuple[str, int | None]:
    """What makes a frame the same frame: its file, whatever is written there."""
    frame = site.frame
    return (frame.token if frame.path is None else str(frame.path.absolute())), site.page


def _common(old: Mapping[tuple[str, int | None], int], there: Sequence[Site]) -> dict[int, int]:
    """From indices of the grid's frames to those of the same files."""
    return {old[_key(site)]: j for j, site in enumerate(there) if _key(site) in old}


def _fitting(
    layout: Layout, there: list[Site], common: Mapping[int, int]
) -> tuple[list[Site], tuple[str, ...]]:
    """Sites but for new ones that are pictures of another kind, and why not those."""
    known, fit, refused = {*common.values()}, [], []
    for j, site in enumerate(there):
        try:
            if j not in known:
                check_alike(layout[0].frame, site.frame)
        except MosaicError as error:
            refused.append(str(error))
        else:
            fit.append(site)
    return fit, tuple(refused)


def _notes(layout: Layout, arrived: Layout) -> tuple[str, ...]:
    kept = [
        note
        for note in layout.notes
        if note not in arrived.notes and any(words in note for words in BY_HAND)
    ]
    return (*arrived.notes, *kept)
