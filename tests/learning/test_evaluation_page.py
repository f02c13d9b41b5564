import base64
import io
import re
from html.parser import HTMLParser

import imageio.v3 as iio
import numpy as np
import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.learning import evaluation_plots as plots
from napari_seamnet.learning.evaluate import Answer, evaluate
from napari_seamnet.learning.evaluation_page import case_pictures, worst, write_page
from napari_seamnet.learning.labelled import LabelledSeam, from_simulator, spoiled
from napari_seamnet.saving import SavingError
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Cancelled, Status, get_method

VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def evaluated():
    seams = [spoiled(seam, sigma) for seam in from_simulator(6, (48, 64), 6) for sigma in (0, 0.2)]
    methods = {name: get_method(name) for name in ("smoothed", "search")}
    return evaluate(methods, seams, 8), seams


@pytest.fixture(scope="module")
def written(evaluated, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    answers, seams = evaluated
    about = ["Seams of <b>one</b> kind."]
    write_page(path, answers, seams, "A & B", "napari-seamnet evaluate 'x'", about, max_shift=8)
    return path


@pytest.fixture(scope="module")
def page(written):
    return Page(written.read_text(encoding="utf-8"))


def an_answer(error, status="doubtful", *, method="m", seam="s", failed=False, **more):
    return Answer(
        seam, "g", method, Shift(0, 0), Shift(error, 0), Status(status), 0.5, 0.1, failed=failed
    )


def test_the_page_stands_alone(page, written):
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "iframe", "object")
        for name in ("src", "href", "xlink:href", "poster", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/png;base64,"))
    text = written.read_text(encoding="utf-8")
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\((.*?)\)", text))


def test_ids_are_unique_and_what_is_referred_to_is_there(page, written):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    text = written.read_text(encoding="utf-8")
    referred = re.findall(r'url\(#(.*?)\)|href="#(.*?)"', text)
    assert referred
    assert {one or other for one, other in referred} <= set(ids)


def test_the_page_says_what_was_evaluated_and_how_to_repeat_it(page):
    assert "A & B" in page.text
    assert "Seams of <b>one</b> kind." in page.text
    assert "napari-seamnet evaluate 'x'" in page.text
    assert "6 seams, 24 answers of: smoothed, search." in page.text
    for name in ("napari-seamnet", "numpy", "torch", "Python"):
        assert name in page.text


def test_the_plots_are_drawn_for_people_and_for_both_grounds(page, written):
    drawn = page.all("svg")
    assert [svg["aria-label"] for svg in drawn] == [
        "How large the errors are",
        "Does confidence keep its word?",
        "Error against noise",
        "Error against the size of the shift",
    ]
    for label in ("error on the worse axis, px", "confidence claimed", "mean error, px"):
        assert label in page.text
    text = written.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    assert "var(--ink)" in text
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        # Black text would be lost on a dark ground, a white patch would glare.
        assert not re.search(r"#(000000|010203|040506|ffffff)", svg)


def test_every_method_has_its_worst_cases_found_beside_true(page, evaluated):
    pictures = page.all("img")
    assert [p["alt"] for p in pictures] == [
        "composite at the found shift",
        "composite at the true shift",
    ] * (len(pictures) // 2)
    assert len(pictures) == 2 * 4 * 2
    png = base64.b64decode(pictures[0]["src"].split(",")[1])
    assert iio.imread(io.BytesIO(png), extension=".png").shape[2] == 3
    answers, _ = evaluated
    largest = max(a.error for a in answers if a.method == "search")
    assert f"off by {largest:.2f} px" in page.text


def test_without_noise_there_is_no_plot_of_it(evaluated, tmp_path):
    answers, seams = evaluated
    plain = [answer for answer in answers if not answer.noise]
    write_page(tmp_path / "p.html", plain, seams, "t", "c", max_shift=8)
    assert len(Page((tmp_path / "p.html").read_text()).all("svg")) == 3


def test_failures_are_told_with_their_reason_and_never_drawn(tmp_path, evaluated):
    seam = evaluated[1][0]
    failed = Answer(
        *(seam.name, seam.group, "net", seam.truth, Shift(0, 0), Status.UNDETERMINED, 0.0, 0.1),
        reason="squares of 150 px <needed>",
        failed=True,
    )
    write_page(tmp_path / "p.html", [failed], [seam], "t", "c")
    page = Page((tmp_path / "p.html").read_text())
    assert "squares of 150 px <needed>" in page.text
    assert page.all("img") == []


def test_the_worst_are_silent_errors_then_the_largest():
    answers = [
        an_answer(9),
        an_answer(3, "certain"),
        an_answer(0.5, "certain"),
        an_answer(5, "certain"),
        an_answer(99, failed=True),
    ]
    assert [a.error for a in worst(answers, 3)] == [5, 3, 9]


def test_a_case_shows_the_same_place_twice_and_grey_where_it_lies_right():
    scene = np.random.default_rng(1).integers(0, 255, (80, 300)).astype(np.uint8)
    overlap = Overlap(scene[10:70, 10:280], scene[13:73, 6:276])
    found, true = case_pictures(overlap, Shift(0, 0), Shift(3, -4), window=40)
    assert found.shape == true.shape == (40, 40, 3)
    np.testing.assert_array_equal(found[..., 0], true[..., 0])  # red: the first frame's pixels
    assert np.abs(true[..., 0].astype(int) - true[..., 1]).max() <= 2
    assert np.abs(found[..., 0].astype(int) - found[..., 1]).mean() > 40


def test_shifts_that_share_no_pixel_are_shown_each_by_itself():
    crop = np.random.default_rng(1).integers(0, 255, (20, 30)).astype(np.uint8)
    found, true = case_pictures(Overlap(crop, crop), Shift(15, 0), Shift(-15, 0))
    assert found.shape == true.shape == (5, 30, 3)
    found, _ = case_pictures(Overlap(crop, crop), Shift(25, 0), Shift(0, 0))
    assert found.size == 0


def test_a_seam_whose_crops_share_nothing_at_the_found_shift_is_said_to(tmp_path):
    crop = np.random.default_rng(1).integers(0, 255, (20, 30)).astype(np.uint8)
    seam = LabelledSeam("s", Shift(0, 0), lambda margin: Overlap(crop, crop), "g")
    write_page(tmp_path / "p.html", [an_answer(40)], [seam], "t", "c")
    assert "share nothing there" in Page((tmp_path / "p.html").read_text()).text


def test_the_histogram_holds_every_answer_and_one_pixel_sharp_is_within_one():
    answers = [an_answer(error) for error in (0, 0.2, 1.0, 1.1, 50)]
    (axes,) = plots.error_histogram(answers).axes
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == pytest.approx([40, 0, 20, 20, 0, 0, 0, 20])


def test_one_method_keeps_its_colour_through_all_plots():
    answers = [an_answer(k % 3, method=f"m{k % 4}") for k in range(40)]
    for draw in (plots.error_histogram, plots.reliability_diagram, plots.error_against_shift):
        (legend,) = draw(answers).legends
        shown = [text.get_text() for text in legend.get_texts()]
        assert [name for name in shown if name != "as claimed"] == ["m0", "m1", "m2", "m3"]
    many = [an_answer(1, method=f"m{k}") for k in range(13)]
    looks = {(plots._colour(k), plots._dashes(k)) for k in range(13)}
    assert len(looks) == 13
    assert plots.as_svg(plots.error_against_shift(many), "n", "t").startswith("<svg")


def test_a_page_is_whole_or_not_there(tmp_path, evaluated):
    answers, seams = evaluated

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        write_page(tmp_path / "p.html", answers, seams, "t", "c", max_shift=8, progress=stop)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SavingError):
        write_page(tmp_path / "no" / "p.html", answers[:1], [], "t", "c")
    with pytest.raises(ValueError, match="0 answers"):
        write_page(tmp_path / "p.html", [], [], "t", "c")
