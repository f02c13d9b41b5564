import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import tifffile

from napari_seamnet.frames import Frame, as_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout, open_layout
from napari_seamnet.learning.frame_file import sha256_of
from napari_seamnet.report import write_report
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Cancelled, Estimate, Status
from napari_seamnet.solve import solve

VOID = {"meta", "br", "img"}
LEAVES = {"circle", "path", "rect", "image", "use", "text"}


class Reader(HTMLParser):
    """Collects ids, links and addresses of a page, and checks that every element is closed."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.addresses, self.words, self.tags = [], [], [], [], Counter()
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.addresses += [v for k, v in attrs.items() if k in ("href", "src", "xlink:href")]
        self.addresses += re.findall(r"url\((.*?)\)", " ".join(v or "" for v in attrs.values()))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def read(path):
    return Reader(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(solution, settings, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(
        solution,
        path,
        settings=settings,
        command="napari-seamnet stitch 'a & b' -o <out>",
        notes=["a.tif has changed"],
    )
    return read(path)


def test_the_page_asks_for_nothing_from_outside_and_runs_nothing(page):
    assert page.addresses
    for address in page.addresses:
        assert address.startswith(("data:image/", "#"))
    assert page.tags["script"] == page.tags["link"] == page.tags["iframe"] == 0


def test_links_lead_to_what_is_there_and_ids_are_unique(page):
    assert len(set(page.ids)) == len(page.ids)
    inner = {address[1:] for address in page.addresses if address.startswith("#")}
    assert inner <= set(page.ids)


def test_names_and_words_of_others_are_escaped(page):
    assert 'r1 <script>alert("x")</script> & c1' in page.text
    assert "simulated <grid>" in page.text
    assert page.tags["i"] == page.tags["b"] == 0
    assert "napari-seamnet stitch 'a & b' -o <out>" in page.text


def test_the_headline_counts_what_needs_a_person(page, solution):
    looks = len(solution.to_look_at)
    assert looks >= 2
    assert f"9 frames, 12 seams: {looks} seams need a look" in page.text
    for status, n in solution.counts().items():
        word = "by hand" if status is Status.HAND else str(status)
        assert f"{n} {word}" in page.text
    assert "a.tif has changed" in page.text


def test_every_seam_to_look_at_has_its_reason_its_card_and_its_number_in_the_overview(
    page, solution
):
    for number, seam in enumerate(solution.to_look_at, 1):
        assert f"seam-{number}" in page.ids
        assert page.addresses.count(f"#seam-{number}") == 2  # table and overview
        assert page.text.count(solution.verdicts[seam].reason) >= 2
    assert page.tags["section"] == len(solution.to_look_at)


def test_the_overview_names_every_frame_and_where_it_lies(page, solution):
    for site, frame in zip(solution.layout, solution.frames, strict=True):
        assert f"{site.name}: ({frame.whole[0]}, {frame.whole[1]}) px" in page.text


def test_settings_versions_and_stage_are_told(page):
    for said in ("max shift 12", "feature size 8.0", "0.25 x 0.25 µm", "numpy", "Python 3."):
        assert said in page.text
    assert "half of it is flagged" in page.text
    assert "What remains scatters by" in page.text


def test_only_the_most_doubtful_get_cards_and_all_are_in_the_table(solution, tmp_path):
    write_report(solution, tmp_path / "r.html", max_seams=1)
    page = read(tmp_path / "r.html")
    assert page.tags["section"] == 1
    assert len(solution.to_look_at) > 1
    assert f"seam-{len(solution.to_look_at)}" in page.ids
    write_report(solution, tmp_path / "r.html", max_seams=0)
    none = read(tmp_path / "r.html")
    assert none.tags["section"] == 0
    assert {address[1:] for address in none.addresses if address[0] == "#"} <= set(none.ids)


@pytest.mark.parametrize("what", ["drawing the overview", "drawing doubtful seams"])
def test_a_stopped_report_leaves_nothing(solution, tmp_path, what):
    def stop(done, total, doing):
        assert 0 <= done <= total
        if doing == what:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_report(solution, tmp_path / "r.html", progress=stop)
    assert not [*tmp_path.iterdir()]


def test_hashes_are_those_of_the_files_and_known_ones_are_not_computed(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (60, 150), np.uint8)
    for k in range(2):
        tifffile.imwrite(tmp_path / f"t_r0_c{k}.tif", scene[:, 60 * k : 60 * k + 80])
    layout = open_layout(tmp_path, pattern="t_r{row}_c{col}.tif", overlap=20)
    paths = [frame.path for frame in layout.frames]
    seams = find_seams(layout)
    solved = solve(layout, seams, [Estimate(Shift(0, 0), Status.CERTAIN, 0.999)])
    write_report(solved, tmp_path / "r.html", known_hashes={paths[0]: "f" * 64})
    text = read(tmp_path / "r.html").text
    assert "f" * 64 in text
    assert sha256_of(paths[1]) in text
    assert sha256_of(paths[0]) not in text
    monkeypatch.setattr("napari_seamnet.report.page.sha256_of", None)  # whoever calls it fails
    write_report(solved, tmp_path / "r.html", hashes=False)
    assert "not computed" in read(tmp_path / "r.html").text


class Broken:
    """A source whose header is sound and whose pixels are not."""

    def __init__(self, source):
        self.source, self.shape, self.dtype = source, source.shape, source.dtype
        self.token = "broken"

    def read(self, box, step):
        from napari_seamnet.frames import UnreadableFrameError

        raise UnreadableFrameError("t.tif is damaged")


def test_a_frame_that_cannot_be_read_is_told_and_all_else_is_there(solution, tmp_path):
    sites = list(solution.layout)
    k = solution.seams[solution.to_look_at[0]].first
    sites[k] = replace(sites[k], frame=Frame(Broken(sites[k].frame.source), sites[k].name))
    damaged = replace(solution, layout=replace(solution.layout, sites=tuple(sites)))
    write_report(damaged, tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert "The mosaic cannot be shown: t.tif is damaged" in page.text
    assert "No picture: t.tif is damaged" in page.text
    assert page.tags["section"] == len(solution.to_look_at)


def test_frames_that_make_no_mosaic_are_reported_all_the_same(solution, tmp_path):
    sites = list(solution.layout)
    other = as_frame(sites[0].frame.read().astype(np.uint16), "wide")
    sites[0] = replace(sites[0], frame=other)
    mixed = replace(solution, layout=replace(solution.layout, sites=tuple(sites)))
    write_report(mixed, tmp_path / "r.html")
    assert "The mosaic cannot be shown" in read(tmp_path / "r.html").text


def test_one_frame_alone_and_two_apart_are_reported(tmp_path):
    one = as_frame(np.arange(600, dtype=np.float32).reshape(20, 30), "one")
    for layout in (
        Layout.of_frames([one], [(0, 0)]),
        Layout.of_frames([one, one], [(-5, 0), (400, 0)]),
    ):
        solved = solve(layout, (), ())
        write_report(solved, tmp_path / "r.html")
        assert "0 seams" in read(tmp_path / "r.html").text


def test_a_grid_without_doubt_says_so(tmp_path):
    frames = [
        as_frame(np.random.default_rng(k).integers(0, 9, (50, 60, 3), np.uint8)) for k in (0, 1)
    ]
    layout = Layout.of_frames(frames, [(0, 0), (2, 40)])
    solved = solve(layout, find_seams(layout), [Estimate(Shift(0, 0), Status.CERTAIN, 0.999)])
    solved = replace(solved, verdicts=tuple(replace(v, needs_look=False) for v in solved.verdicts))
    frames_ = tuple(replace(f, status=Status.CERTAIN, reason="") for f in solved.frames)
    write_report(replace(solved, frames=frames_), tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert "2 frames, 1 seam: all is well, nothing needs a look." in page.text
    assert page.tags["section"] == 0
