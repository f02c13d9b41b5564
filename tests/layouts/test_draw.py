import subprocess
import sys

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle
from PIL import Image

from napari_seamnet.frames import as_frame
from napari_seamnet.layouts import Layout, open_layout
from napari_seamnet.layouts.describe import describe_layout, layout_as_json
from napari_seamnet.layouts.draw import GAP, draw_layout, picture_of
from napari_seamnet.saving import SavingError


def frames(n, shape=(200, 300)):
    """Frame k is grey 20 k, but for a white corner at its top left."""
    made = []
    for k in range(n):
        pixels = np.full(shape, 20 * k, np.uint8)
        pixels[:40, :40] = 255
        made.append(as_frame(pixels, f"frame {k}"))
    return made


@pytest.fixture
def layout():
    """Three rows of three, the last place and one in the middle empty."""
    return open_layout(frames(7), rows=3, cols=3, missing=[(1, 1)], overlap=(20, 60))


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_every_frame_is_drawn_where_it_lies_with_its_number(layout):
    figure = picture_of(layout)
    axes = figure.axes[0]
    (outlines,) = (c for c in axes.collections if isinstance(c, PolyCollection))
    corners = [path.vertices[0].tolist() for path in outlines.get_paths()]
    assert corners == [[x, y] for y, x in layout.positions]
    assert [t for t in texts(figure) if "," not in t] == [str(k) for k in range(7)]
    for k, text in enumerate(axes.texts[-7:]):
        x, y = text.get_position()
        box = layout[k].box
        assert box.x < x < box.x + box.width
        assert box.y < y < box.y + box.height


def test_thumbnails_show_each_frame_at_its_place(layout):
    axes = picture_of(layout).axes[0]
    shown = axes.images[0].get_array().filled(np.nan)
    left, _, bottom, top = axes.images[0].get_extent()
    scale = shown.shape[0] / (bottom - top)
    levels = []
    for site in layout:
        y, x = site.position
        row, col = int((y - top + 100) * scale), int((x - left + 150) * scale)
        levels.append(shown[row, col])
    assert levels == sorted(levels)
    assert len(set(levels)) == 7
    y, x = layout[6].position
    assert shown[int((y + 10) * scale), int((x + 10) * scale)] == 1  # its white corner
    assert np.isnan(shown[int(280 * scale), int(400 * scale)])  # the gap


def test_gaps_are_hatched_and_named_by_row_and_column(layout):
    figure = picture_of(layout, thumbnails=False)
    gaps = [p for p in figure.axes[0].patches if isinstance(p, Rectangle) and p.get_hatch()]
    assert np.allclose([gap.get_xy() for gap in gaps], [(240, 180), (480, 360)])
    assert all(gap.get_edgecolor()[:3] != (0, 0, 0) for gap in gaps)
    assert {"1,1", "2,2"} < set(texts(figure))
    assert GAP.startswith("#")


def test_the_path_goes_from_frame_to_frame_in_time(layout):
    lines = picture_of(layout, thumbnails=False).axes[0].lines
    path = lines[0].get_xydata()
    centres = [(x + 150, y + 100) for y, x in layout.positions]
    assert path.tolist() == pytest.approx(np.array(centres))
    unknown = Layout.of_frames(layout.frames, layout.positions)
    assert not picture_of(unknown, thumbnails=False).axes[0].lines


def test_axes_are_in_px_and_in_um_where_the_pixel_size_is_known(layout):
    figure = picture_of(layout, thumbnails=False)
    assert figure.axes[0].get_xlabel() == "x, px"
    assert figure.axes[0].yaxis_inverted()
    assert not figure.axes[0].child_axes
    scaled = open_layout(frames(4), rows=2, overlap=20, pixel_size=(0.5, 0.25))
    figure = picture_of(scaled, thumbnails=False)
    figure.canvas.draw()
    upper, right = figure.axes[0].child_axes
    assert upper.get_xlabel() == "x, µm"
    assert upper.get_xlim() == pytest.approx((0, 580 * 0.25))
    assert right.get_ylim() == pytest.approx((380 * 0.5, 0))


def test_a_picture_is_written_whole_or_not_at_all(layout, tmp_path):
    told = []
    draw_layout(layout, tmp_path / "l.png", progress=lambda *what: told.append(what))
    assert told[-1] == (7, 7, "drawing frames")
    with Image.open(tmp_path / "l.png") as picture:
        assert min(picture.size) > 400
        assert np.asarray(picture.convert("L")).std() > 10
    with pytest.raises(ValueError, match="not supported"):
        draw_layout(layout, tmp_path / "l.nonsense", thumbnails=False)
    with pytest.raises(SavingError):
        draw_layout(layout, tmp_path / "not" / "l.png")
    assert [path.name for path in tmp_path.iterdir()] == ["l.png"]


@pytest.mark.parametrize(
    "some",
    [
        lambda: open_layout([np.full((50, 60), 7, np.uint8)], rows=1),
        lambda: open_layout([np.zeros((50, 60, 3), np.uint16)] * 3, cols=1, overlap=5),
        lambda: open_layout([np.full((9, 7000), 0.5, np.float32)] * 5, rows=5, cols=6, overlap=1),
        lambda: Layout.of_frames(frames(3), [(-1000.5, 3), (0, 0), (0.25, -900)]),
    ],
)
def test_odd_layouts_are_drawn_and_described_too(some, tmp_path):
    draw_layout(some(), tmp_path / "l.png")
    assert describe_layout(some())


def test_drawing_leaves_pyplot_alone():
    code = (
        "import numpy as np, sys\n"
        "from napari_seamnet.layouts import open_layout\n"
        "from napari_seamnet.layouts.draw import picture_of\n"
        "picture_of(open_layout([np.eye(50)] * 4, rows=2, overlap=5))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert 'torch' not in sys.modules and 'napari' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- in words --------------------------------------------------------------------------------


def test_the_description_says_all_that_was_understood(layout):
    text = describe_layout(layout)
    for said in (
        "layout    series of 7 frames, 3 x 3, snake along rows, from the top left",
        "frames    7, 200 x 300 px, uint8 grey",
        "grid      3 rows x 3 columns",
        "gaps      2 (row, column): (1, 1), (2, 2)",
        "down      step (dy 180, dx 0) px, overlap 20 px (10 %)",
        "right     step (dy 0, dx 240) px, overlap 60 px (20 %)",
        "extent    560 x 780 px",
        "       0  frame 0  row 0, column 0  (y 0, x 0)",
        "       6  frame 6  row 2, column 1  (y 360, x 240)",
    ):
        assert said in text, text


def test_an_assumed_overlap_is_said_to_be_one():
    assumed = describe_layout(open_layout(frames(2), rows=1))
    assert "30 px (10 %, assumed)" in assumed
    assert "nobody said how far frames overlap: 10% is assumed" in assumed
    assert "assumed" not in describe_layout(open_layout(frames(2), rows=1, overlap="10%"))


def test_json_names_every_axis(layout):
    found = layout_as_json(layout)
    assert (found["count"], found["rows"], found["cols"]) == (7, 3, 3)
    assert found["missing"] == [[1, 1], [2, 2]]
    assert found["overlap"] == {"y": 20.0, "x": 60.0}
    assert found["step"]["right"] == {"dy": 0.0, "dx": 240.0}
    assert found["frames"][6] == {
        "file": "frame 6",
        "name": "frame 6",
        "row": 2,
        "col": 1,
        "number": 6,
        "page": None,
        "y": 360.0,
        "x": 240.0,
        "height": 200,
        "width": 300,
    }
