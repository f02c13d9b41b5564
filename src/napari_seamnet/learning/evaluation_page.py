"""The page of an evaluation: one HTML file with tables, plots and the worst cases.

The page holds everything it shows and asks for nothing from outside. How plots are drawn is in
`evaluation_plots.py`, what tables say in `summary_table.py`; nothing is measured here.
"""

from __future__ import annotations

import base64
import io
import platform
from datetime import UTC, datetime
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ..geometry import Box, Shift
from ..pairs import DEFAULT_MAX_SHIFT
from ..saving import written_whole
from ..seams.composite import view
from . import evaluation_plots as plots
from .summary import summarise
from .summary_table import table_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from matplotlib.figure import Figure

    from ..seams import Overlap
    from ..shifts.estimate import Progress
    from .evaluate import Answer
    from .labelled import LabelledSeam

WORST = 4
"""Worst cases shown of each method."""
WINDOW = 160
"""px; the part of a seam that a worst case shows is at most this high and wide."""
SHOWN = 200
"""Longer side of such a picture on the page, in CSS px."""
PACKAGES = ("napari-seamnet", "numpy", "scipy", "torch")

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1c2024; --faint: #d9dde2;
  --soft: #5c646d; --panel: #f5f6f8; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #16191d; --ink: #e4e7eb;
  --faint: #3a4149; --soft: #a0a8b1; --panel: #1f242a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p, li { max-width: 46rem; }
.soft, caption, figcaption { color: var(--soft); font-size: .87rem; }
pre { background: var(--panel); padding: .7rem .9rem; border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums;
  margin: .6rem 0; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--faint); text-align: right;
  white-space: nowrap; }
th { font-weight: 600; }
th[scope=row], th.name, td.name { text-align: left; }
svg { display: block; width: 100%; max-width: 47rem; height: auto; }
.cases { display: flex; flex-wrap: wrap; gap: 1.2rem; }
.case { margin: 0; padding: .7rem; background: var(--panel); border-radius: 6px; }
.case div { display: flex; gap: .5rem; align-items: flex-start; }
.case span { display: block; font-size: .8rem; color: var(--soft); }
.case img { display: block; image-rendering: pixelated; }
.case figcaption { max-width: 408px; margin-top: .4rem; color: var(--ink); }
.bad { color: var(--bad); font-weight: 600; }
"""


def write_page(
    path: Path,
    answers: Sequence[Answer],
    seams: Sequence[LabelledSeam],
    title: str,
    command: str,
    about: Iterable[str] = (),
    max_shift: int = DEFAULT_MAX_SHIFT,
    progress: Progress | None = None,
) -> None:
    """Write an evaluation as one HTML file; it appears whole or not at all.

    Parameters
    ----------
    path : Path
        File to write.
    answers : sequence of Answer
        As `evaluate` gives them; at least one.
    seams : sequence of LabelledSeam
        Those that were evaluated: the worst are cut again for their pictures.
    title : str
        What the page is called.
    command : str
        The command that does it all once more.
    about : iterable of str
        Sentences that say what was evaluated, in plain text, besides what can be counted.
    max_shift : int, default 15
        Search range of the evaluation, in px: the worst cases are cut with it as their margin, and
        so show the very pixels that the methods saw.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Raises
    ------
    ValueError
        If there are no answers.
    SavingError
        If the file cannot be written.
    """
    if not answers:
        raise ValueError("a page of 0 answers would show nothing; evaluate at least one seam")
    parts = [
        _head(answers, title, command, about),
        _tables(answers),
        _plots(answers),
        _worst_cases(answers, seams, max_shift, progress),
        _versions(),
    ]
    with written_whole(path) as beside:
        beside.write_text(
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            + "\n".join(parts)
            + "\n</body>\n</html>\n",
            encoding="utf-8",
        )


def worst(answers: Sequence[Answer], count: int = WORST) -> list[Answer]:
    """Pick the answers to look at: silent errors first, then by the size of the error.

    Failures are no answers, and never picked.
    """
    own = [answer for answer in answers if not answer.failed]
    return sorted(own, key=lambda answer: (not answer.is_silent, -answer.error))[:count]


def case_pictures(
    overlap: Overlap, found: Shift, truth: Shift, window: int = WINDOW
) -> tuple[np.ndarray, np.ndarray]:
    """Show one place of a seam twice: as it was aligned, and as it should have been.

    Parameters
    ----------
    overlap : Overlap
        The seam.
    found, truth : Shift
        In px; rounded to whole pixels.
    window : int
        Largest height and width, in px.

    Returns
    -------
    found, true : (h, w, 3) uint8 array
        Composites: first frame red, second green. Of the same pixels of the first frame where
        there are any that both shifts show.
    """
    pictures = [view(overlap, shift) for shift in (found, truth)]
    boxes = [Box.of_shape(picture.shape, at) for picture, at in pictures]
    shared = boxes[0].meet(boxes[1])
    shown = []
    for (picture, (y, x)), own in zip(pictures, boxes, strict=True):
        box = _middle(own if shared.is_empty else shared, window)
        shown.append(picture[box.moved(-y, -x).slices])
    return shown[0], shown[1]


def _middle(box: Box, window: int) -> Box:
    height, width = min(box.height, window), min(box.width, window)
    return Box(box.y + (box.height - height) // 2, box.x + (box.width - width) // 2, height, width)


def _head(answers: Sequence[Answer], title: str, command: str, about: Iterable[str]) -> str:
    methods = list(dict.fromkeys(answer.method for answer in answers))
    noises = sorted({answer.noise for answer in answers})
    groups = list(dict.fromkeys(answer.group for answer in answers if answer.group))
    seams = len({(answer.group, answer.seam) for answer in answers})
    facts = [*about, f"{seams} seams, {len(answers)} answers of: {', '.join(methods)}."]
    if groups:
        facts.append(f"Groups: {', '.join(groups)}.")
    if noises != [0]:
        facts.append(
            "Noise added to both crops, after the second's contrast was halved (share of the full "
            f"range; 0: pixels as they are): {', '.join(f'{noise:g}' for noise in noises)}."
        )
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        f'<h1>{escape(title)}</h1>\n<p class="soft">Written {now} by napari-seamnet.</p>\n<ul>'
        + "".join(f"<li>{escape(fact)}</li>" for fact in facts)
        + f"</ul>\n<p>To repeat it:</p>\n<pre>{escape(command)}</pre>"
    )


def _tables(answers: Sequence[Answer]) -> str:
    captions = (
        "Mean errors in px, of the shift as found and of the shift in whole pixels: the larger of "
        "the two axes', x, and y. Undetermined seams count as the shift (0, 0). Shares with their "
        "95 % interval.",
        "Silent errors: called certain, and off by more than 1 px. Flagged, right: seams that "
        "asked for a person although they were within 1 px. Calibration error: how far claimed "
        "and true probability differ, on average. p: seams within 1 px, of those that claimed "
        "this much.",
    )
    parts = ["<h2>Results</h2>"]
    divisions: list[tuple[str, tuple[str, ...]]] = [("", ())]
    if len({answer.noise for answer in answers}) > 1:
        divisions.append(("By noise", ("noise",)))
    if len({answer.group for answer in answers}) > 1:
        divisions.append(("By group", ("group",)))
    for heading, by in divisions:
        if heading:
            parts.append(f"<h3>{heading}</h3>")
        cells = table_cells(summarise(answers, by))
        for caption, (head, rows) in zip(captions, cells, strict=True):
            parts.append(_table("" if heading else caption, head, rows))
    failures = _counted((a.method, a.reason) for a in answers if a.failed)
    if failures:
        parts.append("<h3>Seams that a method could not take</h3>")
        rows = [[method, str(n), why] for (method, why), n in failures.items()]
        parts.append(_table("", ["method", "seams", "why"], rows))
    return "\n".join(parts)


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    named = {k for k, name in enumerate(head) if name in ("group", "method", "why")}

    def cell(tag: str, k: int, text: str) -> str:
        kind = ' class="name"' if k in named else ""
        if head[k] == "silent errors" and tag == "td" and text != "0":
            kind = ' class="bad"'
        return f"<{tag}{kind}>{escape(text)}</{tag}>"

    lines = ["".join(cell("td", k, text) for k, text in enumerate(row)) for row in rows]
    return (
        '<div class="wide"><table>'
        + (f"<caption>{escape(caption)}</caption>" if caption else "")
        + f"<thead><tr>{''.join(cell('th', k, name) for k, name in enumerate(head))}</tr></thead>"
        + f"<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table></div>"
    )


def _plots(answers: Sequence[Answer]) -> str:
    figures: list[tuple[str, str, Figure]] = [
        ("errors", "How large the errors are", plots.error_histogram(answers)),
        ("reliability", "Does confidence keep its word?", plots.reliability_diagram(answers)),
    ]
    if len({answer.noise for answer in answers}) > 1:
        noise = plots.error_against_noise(answers)
        figures.append(("noise", "Error against noise", noise))
    shift = plots.error_against_shift(answers)
    figures.append(("shift", "Error against the size of the shift", shift))
    return "\n".join(
        f"<h2>{title}</h2>\n{plots.as_svg(figure, name, title)}" for name, title, figure in figures
    )


def _worst_cases(
    answers: Sequence[Answer],
    seams: Sequence[LabelledSeam],
    max_shift: int,
    progress: Progress | None,
) -> str:
    known = {(seam.group, seam.name, seam.noise): seam for seam in seams}
    methods = list(dict.fromkeys(answer.method for answer in answers))
    parts = [
        "<h2>Worst cases</h2>",
        '<p class="soft">Silent errors first, then the largest errors. The first frame is red, '
        "the second green: what lies right is grey, what does not has red and green "
        f"fringes. Of long seams the middle {WINDOW} px are shown.</p>",
    ]
    for k, method in enumerate(methods):
        if progress is not None:
            progress(k, len(methods), f"worst cases of {method}")
        cases = worst([answer for answer in answers if answer.method == method])
        shown = [
            _case(case, known[key].cut(max_shift))
            for case in cases
            if (key := (case.group, case.seam, case.noise)) in known
        ]
        if shown:
            parts.append(f'<h3>{escape(method)}</h3>\n<div class="cases">{"".join(shown)}</div>')
    return "\n".join(parts)


def _case(answer: Answer, overlap: Overlap) -> str:
    pictures = case_pictures(overlap, answer.shift, answer.truth)
    images = [
        f"<div><span>{label} ({shift.dy:.1f}, {shift.dx:.1f})</span>{_image(picture, label)}</div>"
        for label, shift, picture in zip(
            ("found", "true"), (answer.shift, answer.truth), pictures, strict=True
        )
    ]
    where = " / ".join(part for part in (answer.group, answer.seam) if part)
    noise = f", noise {answer.noise:g}" if answer.noise else ""
    said = f"{answer.status}, confidence {answer.confidence:.2f}"
    silent = '<span class="bad">silent error</span>' if answer.is_silent else ""
    return (
        f'<figure class="case"><div>{"".join(images)}</div><figcaption>{silent}'
        f"{escape(where)}{noise}: off by {answer.error:.2f} px; {said}</figcaption></figure>"
    )


def _image(picture: np.ndarray, label: str) -> str:
    import imageio.v3 as iio

    if not picture.size:
        return "<span>the crops share nothing there</span>"
    buffer = io.BytesIO()
    iio.imwrite(buffer, picture, extension=".png")
    data = base64.b64encode(buffer.getvalue()).decode()
    height, width = (round(SHOWN * side / max(picture.shape[:2])) for side in picture.shape[:2])
    return (
        f'<img alt="composite at the {label} shift" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{data}">'
    )


def _versions() -> str:
    known = {}
    for name in PACKAGES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:  # run from a copy of the source
            known[name] = "unknown"
    known |= {"Python": platform.python_version(), "system": platform.platform()}
    rows = [[name, value] for name, value in known.items()]
    return "<h2>Versions</h2>\n" + _table("", ["", "version"], rows)


def _counted(things: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1
    return counts
