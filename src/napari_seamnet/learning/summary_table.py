"""Tables of summaries: as text that is Markdown too, as cells, and as plain values for JSON.

Only their form is decided here; what is in them is counted in `summary.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .summary import CLAIMS, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .summary import Summary


def table(summaries: Sequence[Summary]) -> str:
    """Put summaries side by side, as two tables of text that are Markdown too.

    Parameters
    ----------
    summaries : sequence of Summary
        One a row.

    Returns
    -------
    str
        Errors first, then trust. Shares stand with their 95 % interval.
    """
    return "\n\n".join(_aligned(head, rows) for head, rows in table_cells(summaries))


def table_cells(
    summaries: Sequence[Summary],
) -> list[tuple[list[str], list[list[str]]]]:
    """Give the tables as heads and rows of text, for other forms than Markdown."""
    labels = [
        name
        for name in ("group", "noise")
        if any(getattr(summary, name) is not None for summary in summaries)
    ]

    def label(s: Summary) -> list[str]:
        noise = "" if s.noise is None else f"{s.noise:g}"
        values = {"group": s.group or "", "noise": noise}
        return [*(values[name] for name in labels), s.method]

    errors = [
        [
            *label(s),
            str(s.n),
            *(_px(e) for e in (s.mean_max, s.mean_dx, s.mean_dy)),
            *(_px(e) for e in (s.rounded_max, s.rounded_dx, s.rounded_dy)),
            _share(s.right_1, s.n),
            _share(s.right_2, s.n),
        ]
        for s in summaries
    ]
    trust = [
        [
            *label(s),
            f"{s.share_undetermined:.1%}",
            str(s.certain),
            str(s.silent),
            f"{s.flagged_right} of {s.flagged}",
            f"{s.calibration_error:.3f}",
            *(f"{b.right} of {b.n}" if b.n else "-" for b in s.bins),
            f"{s.seconds:.3f}" if s.seconds == s.seconds else "-",
            *([str(s.failed)] if any(other.failed for other in summaries) else []),
        ]
        for s in summaries
    ]
    error_head = ["seams", "max, px", "x, px", "y, px", "max, whole px", "x, whole", "y, whole"]
    error_head += ["within 1 px", "within 2 px"]
    trust_head = ["undetermined", "certain", "silent errors", "flagged, right"]
    trust_head += ["calibration error", *(f"p {low:g}-{high:g}" for low, high in CLAIMS)]
    trust_head += ["s a seam", *(["failed"] if any(s.failed for s in summaries) else [])]
    return [
        ([*labels, "method", *error_head], errors),
        ([*labels, "method", *trust_head], trust),
    ]


def as_json(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """Put summaries into plain values; what is not known is null."""
    found = []
    for s in summaries:
        found.append(
            {
                "method": s.method,
                "group": s.group,
                "noise": s.noise,
                "seams": s.n,
                "failed": s.failed,
                "mean_max": s.mean_max,
                "mean_dx": s.mean_dx,
                "mean_dy": s.mean_dy,
                "rounded": {
                    "mean_max": s.rounded_max,
                    "mean_dx": s.rounded_dx,
                    "mean_dy": s.rounded_dy,
                },
                "within_1": s.within_1,
                "within_1_interval": list(wilson(s.right_1, s.n)),
                "within_2": s.within_2,
                "within_2_interval": list(wilson(s.right_2, s.n)),
                "undetermined": s.share_undetermined,
                "certain": s.certain,
                "silent_errors": s.silent,
                "flagged": s.flagged,
                "flagged_right": s.flagged_right,
                "calibration_error": s.calibration_error,
                "reliability": [
                    {
                        "low": b.low,
                        "high": b.high,
                        "seams": b.n,
                        "right": b.right,
                        "claimed": b.claimed if b.n else None,
                    }
                    for b in s.bins
                ],
                "seconds": s.seconds if s.seconds == s.seconds else None,
            }
        )
    return found


def _px(error: float) -> str:
    return f"{error:.3f}"


def _share(k: int, n: int) -> str:
    low, high = wilson(k, n)
    return f"{k / n:.1%} ({100 * low:.0f}-{100 * high:.0f})"


def _aligned(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table whose columns stand below each other in a terminal as well."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)
