"""How the page of a report looks: its style sheet, and a sign for each status.

Colours of statuses are those of the widgets. A status is a colour, a shape and a word, so that
nothing hangs on colour alone.
"""

from __future__ import annotations

from html import escape

from ..shifts.estimate import Status

COLOURS = {
    Status.CERTAIN: "#2aa876",
    Status.DOUBTFUL: "#e0a010",
    Status.AMBIGUOUS: "#b678e0",
    Status.UNDETERMINED: "#e2706a",
    Status.HAND: "#4a9be8",
}
WORDS = {
    Status.CERTAIN: "certain",
    Status.DOUBTFUL: "doubtful",
    Status.AMBIGUOUS: "ambiguous",
    Status.UNDETERMINED: "undetermined",
    Status.HAND: "by hand",
}
_SHAPES = {
    Status.CERTAIN: '<circle cx="8" cy="8" r="6" fill="{c}"/>',
    Status.DOUBTFUL: '<circle cx="8" cy="8" r="6" fill="none" stroke="{c}" stroke-width="2"/>'
    '<path d="M8 2a6 6 0 0 0 0 12z" fill="{c}"/>',
    Status.AMBIGUOUS: '<circle cx="5" cy="8" r="4" fill="{c}"/>'
    '<circle cx="11" cy="8" r="4" fill="none" stroke="{c}" stroke-width="1.8"/>',
    Status.UNDETERMINED: '<circle cx="8" cy="8" r="6" fill="none" stroke="{c}" stroke-width="2"/>',
    Status.HAND: '<path d="M5 15q-2-3-3.5-5.5l1.3-.9L5 10.5V3.2h1.7V8h.6V1.6H9V8h.6V2.2h1.7V8.6h.6'
    'V4.6h1.6V11q0 3-2 4z" fill="{c}"/>',
}

_VARIABLES = """--ground: #fff; --ink: #1c2024; --faint: #d9dde2; --soft: #5c646d;
  --panel: #f5f6f8; --bad: #b3261e; --link: #0b5cad;"""
STYLE = (
    f":root {{ color-scheme: light dark; {_VARIABLES} }}\n"
    """@media (prefers-color-scheme: dark) { :root { --ground: #16191d; --ink: #e4e7eb;
  --faint: #3a4149; --soft: #a0a8b1; --panel: #1f242a; --bad: #ff8a80; --link: #8ab8f0; } }
"""
    f"@media print {{ :root {{ color-scheme: light; {_VARIABLES} }} }}\n"
    """* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .4rem; }
h3 { font-size: 1rem; margin: 0; }
p, li { max-width: 50rem; margin: .4rem 0; }
a { color: var(--link); }
.soft, caption, figcaption, .legend { color: var(--soft); font-size: .87rem; }
.headline { font-size: 1.15rem; font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
pre { background: var(--panel); padding: .7rem .9rem; border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums;
  margin: .6rem 0; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .25rem .55rem; border-bottom: 1px solid var(--faint); text-align: right;
  white-space: nowrap; vertical-align: top; }
th { font-weight: 600; }
th.text, td.text { text-align: left; }
td.why { white-space: normal; min-width: 15rem; text-align: left; }
th.why { text-align: left; }
td.hash { font-family: ui-monospace, monospace; font-size: .78rem; text-align: left; }
td.name { overflow-wrap: anywhere; white-space: normal; text-align: left; min-width: 13rem; }
td.name span { display: block; color: var(--soft); }
tr { break-inside: avoid; }
details { margin: .6rem 0; }
summary { cursor: pointer; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; margin: .7rem 0; padding: 0;
  list-style: none; }
.sign { width: 1em; height: 1em; vertical-align: -.13em; margin-right: .3em; }
.plot { display: block; width: 100%; height: auto; }
figure { margin: .6rem 0; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin-top: .3rem; }
.legend svg { width: 34px; height: 12px; vertical-align: -1px; margin-right: .4em; }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem; }
.maps figure { min-width: 0; }
.maps .plot { background: var(--panel); border-radius: 6px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(33rem, 1fr));
  gap: 1rem; margin-top: .8rem; align-items: start; }
@media (max-width: 36rem) { .cards { grid-template-columns: minmax(0, 1fr); } }
.card { padding: .8rem .9rem; background: var(--panel); border-radius: 8px;
  break-inside: avoid; min-width: 0; }
.card h3 { overflow-wrap: anywhere; }
.card p { margin: .25rem 0 .6rem; }
.card .row, .card .fits { display: flex; gap: .7rem; align-items: flex-end; }
.card .row { align-items: flex-start; }
.card .fits { flex-wrap: wrap; }
.card figure { margin: 0; width: min-content; min-width: 5.6rem; }
.card figcaption { font-size: .8rem; line-height: 1.3; margin-bottom: .25rem; }
.card img { display: block; image-rendering: pixelated; border-radius: 2px; }
.card .map { width: 186px; height: auto; display: block; }
.frame { fill: none; stroke: #fff; stroke-opacity: .75; }
.frame.edge { stroke: #000; stroke-opacity: .5; }
.maps .frame { stroke: var(--faint); stroke-opacity: 1; }
.bar { fill: none; stroke-linecap: butt; }
.tag circle { fill: #111; stroke: #fff; }
.tag text { fill: #fff; text-anchor: middle; dominant-baseline: central;
  font: 600 1px system-ui, sans-serif; }
@page { margin: 13mm; }
@media print { body { max-width: none; padding: 0; zoom: .64; } a { color: inherit;
  text-decoration: none; } .cards { grid-template-columns: 1fr 1fr; } .wide { overflow: visible; }
  h2, h3, .soft { break-after: avoid; } figure { break-inside: avoid; } }
"""
)


def sign(status: Status) -> str:
    """The sign of a status, to stand in a line of text."""
    return (
        f'<svg class="sign" viewBox="0 0 16 16" role="img" aria-label="{WORDS[status]}">'
        f"{_SHAPES[status].format(c=COLOURS[status])}</svg>"
    )


def said(status: Status) -> str:
    """Sign and word of a status."""
    return f"{sign(status)}{escape(WORDS[status])}"
