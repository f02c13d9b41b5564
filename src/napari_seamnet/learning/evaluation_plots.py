"""Plots of an evaluation, as SVG that a page can hold.

One function draws one figure. Colours of axes and text are left to the page, by the CSS variables
``--ink`` and ``--faint``, so that a plot reads on light and on dark ground alike. What is counted
comes from `summary.py`, where a plot stands from `evaluation_page.py`.
"""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .summary import CLAIMS, summarise, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .evaluate import Answer

COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
    *("#999933", "#aa4499", "#888888"),
)
"""Told apart by people with any kind of colour vision, and seen on white and on black. The first
six are of Okabe and Ito, "Color universal design" (2008), the next two of Paul Tol's."""
DASHES = ("-", "--", ":")
MARKS = "osD^vPX*<>ph"
ERRORS = (0, 0.25, 0.5, 1, 2, 5, 10, 20, np.inf)
"""Bins of the error histogram, in px."""
INK, FAINT = "#010203", "#040506"
"""Stand for the page's own colours until the SVG is written."""
STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it can be selected, and read out
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "figure.facecolor": "none",
}


def error_histogram(answers: Sequence[Answer]) -> Figure:
    """Draw how often each method errs by how much; the bins grow with the error."""
    figure, (axes,) = _figure(1, 3.6)
    methods = _by_method(answers)
    ticks = [_range(low, high) for low, high in pairwise(ERRORS)]
    width = 0.85 / len(methods)
    for k, (method, own) in enumerate(methods.items()):
        # Half-open the other way than numpy: 1 px sharp is "within 1 px".
        bins = np.digitize([answer.error for answer in own], ERRORS[1:-1], right=True)
        shares = 100 * np.bincount(bins, minlength=len(ticks)) / len(own)
        places = np.arange(len(ticks)) + (k - (len(methods) - 1) / 2) * width
        axes.bar(places, shares, width, color=_colour(k), label=method)
    axes.set_xticks(range(len(ticks)), ticks)
    axes.set_xlabel("error on the worse axis, px")
    axes.set_ylabel("seams, %")
    _legend(figure, axes)
    return figure


def reliability_diagram(answers: Sequence[Answer]) -> Figure:
    """Draw what confidence claims against what came true, and below it how many seams claim it."""
    figure, (axes, counts) = _figure(2, 6.4, sharex=False, ratios=(3, 1.3))
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (2, 3)), label="as claimed")
    summaries = summarise(answers)
    width = 0.85 / len(summaries)
    for k, summary in enumerate(summaries):
        filled = [b for b in summary.bins if b.n]
        shares = np.array([b.share for b in filled])
        ends = np.array([b.interval for b in filled]).T
        axes.errorbar(
            [b.claimed for b in filled],
            shares,
            np.maximum([shares - ends[0], ends[1] - shares], 0),
            color=_colour(k),
            linestyle=_dashes(k),
            marker=MARKS[k % len(MARKS)],
            markersize=5,
            linewidth=1.4,
            elinewidth=1,
            capsize=2,
            label=summary.method,
        )
        places = np.arange(len(CLAIMS)) + (k - (len(summaries) - 1) / 2) * width
        bars = counts.bar(places, [b.n for b in summary.bins], width, color=_colour(k))
        if len(summaries) <= 5:
            counts.bar_label(bars, fontsize=8, color=INK)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.04)
    axes.set_xlabel("confidence claimed (mean of the bin)")
    axes.set_ylabel("share of seams within 1 px")
    counts.set_xticks(range(len(CLAIMS)), [f"{low:g}-{high:g}" for low, high in CLAIMS])
    counts.set_xlabel("confidence claimed")
    counts.set_ylabel("seams")
    counts.margins(y=0.2)
    counts.grid(visible=False, axis="x")
    _legend(figure, axes)
    return figure


def error_against_noise(answers: Sequence[Answer]) -> Figure:
    """Draw error and share within 1 px for each noise that was added."""
    noises = sorted({answer.noise for answer in answers})
    parts = [[a for a in answers if a.noise == noise] for noise in noises]
    return _against(noises, parts, "noise added (standard deviation, share of the full range)")


def error_against_shift(answers: Sequence[Answer]) -> Figure:
    """Draw error and share within 1 px by the size of the true shift, in up to six even bins."""
    sizes = np.array([max(abs(a.truth.dy), abs(a.truth.dx)) for a in answers])
    step = max(1.0, float(np.ceil(sizes.max() / 6)))
    numbers = np.maximum(np.ceil(sizes / step) - 1, 0).astype(int)  # (0, step], (step, 2 step] ...
    used = sorted(set(numbers.tolist()))
    parts = [[a for a, n in zip(answers, numbers, strict=True) if n == number] for number in used]
    middles = [(number + 0.5) * step for number in used]
    return _against(middles, parts, f"true shift on the larger axis, px (bins of {step:g} px)")


def as_svg(figure: Figure, name: str, title: str) -> str:
    """Turn a figure into an SVG element for a page.

    Parameters
    ----------
    figure : matplotlib figure
        As drawn here.
    name : str
        Put before every id in it: ids are unique in a page.
    title : str
        What the figure shows, for those who do not see it.

    Returns
    -------
    str
        One ``<svg>`` element that refers to nothing outside it, with ``var(--ink)`` and
        ``var(--faint)`` for colours.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with rc_context({**STYLE, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata=nothing)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    svg = svg.replace(INK, "var(--ink)").replace(FAINT, "var(--faint)")
    head, body = svg.split(">", 1)
    # The page decides how wide; the view box keeps the proportions.
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{title}">{body.strip()}'


def _against(places: list[float], parts: list[list[Answer]], label: str) -> Figure:
    """Two lines for each method: mean error above, share within 1 px below."""
    figure, (above, below) = _figure(2, 5.2)
    methods = list(dict.fromkeys(answer.method for part in parts for answer in part))
    apart = 0.008 * float(np.ptp(places))
    for k, method in enumerate(methods):
        own = [[answer for answer in part if answer.method == method] for part in parts]
        known = [i for i, answers in enumerate(own) if answers]
        # A little beside each other, so that no interval hides another.
        x = [places[i] + (k - (len(methods) - 1) / 2) * apart for i in known]
        means = [np.mean([answer.error for answer in own[i]]) for i in known]
        right = [(sum(a.is_right for a in own[i]), len(own[i])) for i in known]
        shares = 100 * np.array([hits / n for hits, n in right])
        ends = 100 * np.array([wilson(hits, n) for hits, n in right]).T
        look: Any = {
            "color": _colour(k),
            "linestyle": _dashes(k),
            "marker": MARKS[k % len(MARKS)],
            "markersize": 5,
            "linewidth": 1.4,
        }
        above.plot(x, means, label=method, **look)
        below.errorbar(
            x,
            shares,
            np.maximum([shares - ends[0], ends[1] - shares], 0),
            elinewidth=1,
            capsize=2,
            **look,
        )
    above.set_ylabel("mean error, px")
    above.set_ylim(bottom=0)
    below.set_ylabel("within 1 px, %")
    below.set_ylim(-2, 104)
    below.set_xlabel(label)
    _legend(figure, above)
    return figure


def _figure(
    rows: int, height: float, sharex: bool = True, ratios: tuple[float, ...] | None = None
) -> tuple[Figure, list[Axes]]:
    # Without pyplot: no window, no global state, safe in a thread.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(7.6, height), layout="constrained")
        grid = figure.subplots(
            rows, 1, squeeze=False, sharex=sharex, gridspec_kw={"height_ratios": ratios}
        )
    return figure, list(grid[:, 0])


def _legend(figure: Figure, axes: Axes) -> None:
    """Above the plot, where it hides nothing."""
    from matplotlib import rc_context

    handles, labels = axes.get_legend_handles_labels()
    with rc_context(STYLE):
        figure.legend(handles, labels, loc="outside upper left", ncols=5, fontsize=9)


def _by_method(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    methods: dict[str, list[Answer]] = {}
    for answer in answers:
        methods.setdefault(answer.method, []).append(answer)
    return methods


def _colour(k: int) -> str:
    return COLOURS[k % len(COLOURS)]


def _dashes(k: int) -> str:
    return DASHES[k // len(COLOURS) % len(DASHES)]


def _range(low: float, high: float) -> str:
    return f"> {low:g}" if np.isinf(high) else f"{low:g}-{high:g}"
