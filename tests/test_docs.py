"""The pages: every Python block runs, every command line parses.

A fence ```` ```python ```` is run, page by page in one namespace, in a folder with the files
``first.tif`` and ``second.tif`` (the second right of the first, overlap 150 px), a grid in
``frames`` (2 x 2, names ``tile_r0_c0.tif``, overlap 10 %) and another in ``run_17`` (5 x 5 but
one, overlap 60 px). A block that cannot be run there says why after the word:
```` ```python not run: needs a window ````. In fences ``sh``, each line that begins with
``napari-seamnet`` must be a command that is understood.
"""

import re
import shlex
from pathlib import Path

import click
import numpy as np
import pytest
import tifffile

from napari_seamnet import cli
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid, chip_pair

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<ticks>```+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=ticks)[ ]*$", re.M | re.S
)


def blocks(page, language):
    """Code and its info string, with as many blank lines in front as there are lines above."""
    text = page.read_text(encoding="utf-8")
    for fence in FENCE.finditer(text):
        first, _, rest = fence["info"].strip().partition(" ")
        if first == language:
            yield "\n" * text.count("\n", 0, fence.start("text")) + fence["text"], rest


def of_pages(language):
    """The pages that have such blocks, for parametrize."""
    pages = [page for page in PAGES if any(True for _ in blocks(page, language))]
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.fixture
def beside_frames(tmp_path, run_17, monkeypatch):
    """Be in a folder with the files that the pages speak of."""
    for name, frame in zip(("first", "second"), chip_pair(), strict=True):
        pixels = frame.read() if hasattr(frame, "read") else frame
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels)
    (tmp_path / "frames").mkdir()
    for k, frame in enumerate(chip_grid(2, 2, size=500, overlap=50, jitter=4).frames):
        tifffile.imwrite(tmp_path / "frames" / f"tile_r{k // 2}_c{k % 2}.tif", frame.read())
    monkeypatch.chdir(tmp_path)


@of_pages("python")
@pytest.mark.usefixtures("beside_frames")
def test_every_python_block_of_the_page_runs(page):
    run(page)


def run(page):
    """Run the blocks of a page; what they left behind in their namespace."""
    namespace = {"__name__": page.stem}
    for code, not_run in blocks(page, "python"):
        if not_run:
            assert re.fullmatch(r"not run: .{8,}", not_run), f"say why: {not_run!r}"
            continue
        exec(compile(code, str(page), "exec"), namespace)
    return namespace


@pytest.mark.usefixtures("beside_frames")
def test_the_grid_s_tutorial_comes_to_what_it_says(run_17):
    names = run(ROOT / "docs" / "grid-tutorial.md")
    project, solution, layout = names["project"], names["solution"], names["layout"]
    assert len(layout) == 24
    assert solution.counts()["certain"] > 30, "of 36 seams"
    (decision,) = project.decisions
    assert solution.verdicts[project.seams.index(seam_of(project, decision.pair))].status == "hand"
    assert Project.load(Path("run_17.seamnet.json")) == project
    mosaic = tifffile.imread("run_17.ome.tif")
    owners = tifffile.imread("run_17.provenance.ome.tif")
    assert mosaic.shape == owners.shape
    assert len(np.unique(owners)) == 24 + 1
    assert "<html" in Path("run_17.report.html").read_text(encoding="utf-8")[:200]
    for name, lines in (("positions", 24), ("seams", 36)):
        assert len(Path(f"run_17.{name}.csv").read_text().splitlines()) == 1 + lines
    # Those that nobody decided about lie where they truly do.
    true = np.array([run_17.truth[site.name] for site in layout])
    off = np.array([frame.whole for frame in solution.frames]) - true
    off = np.abs(off - np.median(off, axis=0)).max(axis=1)
    undecided = [k for k in range(24) if k not in decision.pair]
    assert off[undecided].max() <= 1


def seam_of(project, pair):
    """The seam between two frames."""
    return next(seam for seam in project.seams if seam.pair == pair)


@of_pages("sh")
def test_every_command_line_of_the_page_is_understood(page):
    for code, _ in blocks(page, "sh"):
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["napari-seamnet"]:
                understand(words[1:])


def understand(words):
    """Let click read a command line, without running it."""
    context = click.Context(cli.main, info_name="napari-seamnet")
    name, command, rest = cli.main.resolve_command(context, words)
    command.make_context(name, rest, parent=context)


def test_a_misspelt_option_of_a_page_would_be_found():
    with pytest.raises(click.NoSuchOption):
        understand(["align", "a.tif", "b.tif", "--sied", "right"])


def test_the_readme_has_blocks_of_both_kinds():
    assert [*blocks(ROOT / "README.md", "python")]
    assert [*blocks(ROOT / "README.md", "sh")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_of_the_repository_leads_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target
