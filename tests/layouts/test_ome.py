import numpy as np
import pytest
import tifffile

from napari_seamnet.layouts import Layout, LayoutError, Site, ome, open_layout
from napari_seamnet.layouts.ome_xml import parse_ome

from .conftest import numbered


def stage(y, x, unit="µm", pixel=None, pixel_unit="µm"):
    """Metadata for tifffile: one plane on the stage."""
    metadata = {"axes": "YX", "Plane": {"PositionY": y, "PositionX": x}}
    if unit is not None:
        metadata["Plane"] |= {"PositionYUnit": unit, "PositionXUnit": unit}
    for axis, side in zip("YX", pixel or (), strict=False):
        metadata |= {f"PhysicalSize{axis}": side, f"PhysicalSize{axis}Unit": pixel_unit}
    return metadata


@pytest.fixture
def write(tmp_path):
    """Write OME-TIFF files, one frame each, at these (y, x) of the stage."""

    def write(positions, **how):
        for k, at in enumerate(positions):
            tifffile.imwrite(
                tmp_path / f"frame{k}.ome.tif",
                numbered(20, 30, 10_000 * k).astype(np.uint16),
                metadata=stage(*at, **how),
            )
        return tmp_path

    return write


FOUR = [(-8.0, 100.0), (-8.0, 112.5), (0.5, 100.0), (0.5, 112.5)]


def positions_of(layout):
    return {site.name: site.position for site in layout}


def test_stage_positions_in_the_files_come_before_their_names(write):
    layout = open_layout(write(FOUR, pixel=(0.5, 0.5)))
    assert positions_of(layout) == {
        "frame0.ome.tif": (0, 0),
        "frame1.ome.tif": (0, 25),
        "frame2.ome.tif": (17, 0),
        "frame3.ome.tif": (17, 25),
    }
    assert [(s.row, s.col) for s in layout] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert layout.pixel_size == (0.5, 0.5)
    assert layout[1].frame.read()[0, 0] == 10_000
    assert any("flip y or x" in note for note in layout.notes)


@pytest.mark.parametrize(
    ("how", "scale"),
    [
        ({"unit": "mm", "pixel": (500, 500), "pixel_unit": "nm"}, 1000),
        ({"unit": "nm", "pixel": (0.5e-3, 0.5e-3)}, 1),
        ({"unit": "pixel", "pixel": (0.5, 0.5)}, 0.5),
        ({"unit": "pixel"}, 0.5),
    ],
)
def test_units_are_turned_into_px(write, how, scale):
    layout = open_layout(write(FOUR, **how))
    assert layout[3].position == pytest.approx((17 * scale, 25 * scale))


def test_positions_without_a_unit_are_taken_as_um_and_that_is_said(write):
    layout = open_layout(write(FOUR, unit=None, pixel=(0.5, 0.5)))
    assert layout[3].position == (17, 25)
    assert any("no unit of length" in note for note in layout.notes)
    in_px = open_layout(write(FOUR, unit=None, pixel=(0.5, 0.5)), unit="px")
    assert in_px[3].position == (8.5, 12.5)


def test_um_without_a_pixel_size_need_one(write):
    folder = write(FOUR)
    with pytest.raises(LayoutError, match="give the pixel size"):
        open_layout(folder)
    assert open_layout(folder, pixel_size=0.25)[3].position == (34, 50)


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ({"flip_y": True}, [(17, 0), (17, 25), (0, 0), (0, 25)]),
        ({"flip_x": True}, [(0, 25), (0, 0), (17, 25), (17, 0)]),
        ({"swap_yx": True}, [(0, 0), (25, 0), (0, 17), (25, 17)]),
        ({"swap_yx": True, "flip_y": True}, [(25, 0), (0, 0), (25, 17), (0, 17)]),
    ],
)
def test_stage_axes_are_turned_round(write, turn, expected):
    layout = open_layout(write(FOUR, pixel=(0.5, 0.5)), **turn)
    assert [*layout.positions] == expected
    tops = sorted({y for y, _ in expected})
    assert [site.row for site in layout] == [tops.index(y) for y, _ in expected]


def test_equal_stage_positions_say_nothing(write):
    folder = write([(1, 1)] * 4, pixel=(1, 1))
    with pytest.raises(LayoutError, match="give rows or cols"):
        open_layout(folder)
    layout = open_layout(folder, rows=2, overlap=5)
    assert layout[3].position == (15, 0)


def test_one_file_without_a_position_is_named(write):
    folder = write(FOUR, pixel=(0.5, 0.5))
    tifffile.imwrite(folder / "frame9.tif", numbered(20, 30))
    with pytest.raises(LayoutError, match=r"frame9\.tif holds no stage position"):
        open_layout(folder)


def test_several_magnifications_are_refused(write, tmp_path):
    folder = write(FOUR, pixel=(0.5, 0.5))
    tifffile.imwrite(
        folder / "frame9.ome.tif", numbered(20, 30), metadata=stage(3, 3, pixel=(0.25, 0.25))
    )
    with pytest.raises(LayoutError, match="several pixel sizes"):
        open_layout(folder)


def write_many(path, at, planes=1):
    """One OME-TIFF of many tiles: each image one tile, of several planes."""
    with tifffile.TiffWriter(path, ome=True) as file:
        for k, (y, x) in enumerate(at):
            tile = np.stack([numbered(20, 30, 10_000 * k + 1000 * c) for c in range(planes)])
            metadata = stage(y, x, pixel=(0.5, 0.5))
            metadata["axes"] = "CYX" if planes > 1 else "YX"
            if planes > 1:
                metadata["Plane"] = {
                    key: [value] * planes for key, value in metadata["Plane"].items()
                }
            file.write(tile if planes > 1 else tile[0], metadata=metadata, contiguous=False)


def test_one_file_of_many_tiles_gives_a_frame_for_each(tmp_path):
    write_many(tmp_path / "tiles.ome.tif", FOUR)
    layout = open_layout(tmp_path / "tiles.ome.tif")
    assert [site.name for site in layout] == [f"tiles.ome.tif[{k}]" for k in range(4)]
    assert [site.page for site in layout] == [0, 1, 2, 3]
    assert [*layout.positions] == [(0, 0), (0, 25), (17, 0), (17, 25)]
    for k, site in enumerate(layout):
        np.testing.assert_array_equal(site.frame.read(), numbered(20, 30, 10_000 * k))


def test_of_images_of_several_planes_one_is_chosen(tmp_path):
    path = tmp_path / "tiles.ome.tif"
    write_many(path, FOUR, planes=3)
    with pytest.raises(LayoutError, match="page=0 to page=2"):
        open_layout(path)
    layout = open_layout(path, page=1)
    assert [site.frame.read()[0, 0] for site in layout] == [1000, 11_000, 21_000, 31_000]
    assert layout[3].position == (17, 25)


def test_the_frame_of_a_page_can_be_opened_again_by_its_number(tmp_path):
    from napari_seamnet.frames import open_frame

    path = tmp_path / "tiles.ome.tif"
    write_many(path, FOUR, planes=2)
    for site in open_layout(path, page=1):
        again = open_frame(path, site.page)
        np.testing.assert_array_equal(again.read(), site.frame.read())
        assert again.token == site.frame.token


def test_a_table_keeps_the_pages_apart(tmp_path):
    from napari_seamnet.layouts import table

    write_many(tmp_path / "tiles.ome.tif", FOUR)
    layout = open_layout(tmp_path / "tiles.ome.tif")
    table.write(tmp_path / "p.csv", layout)
    again = open_layout(tmp_path / "p.csv")
    assert positions_of(again) == positions_of(layout)
    assert [site.frame.read()[0, 0] for site in again] == [0, 10_000, 20_000, 30_000]


@pytest.mark.parametrize("pixel_size", [None, (0.5, 0.25)])
def test_a_companion_is_read_as_it_was_written(make_frames, tmp_path, pixel_size):
    layout = open_layout(
        make_frames([f"r{k // 3} c{k % 3}.tif" for k in range(6)]),
        overlap=(3, 4.5),
        pixel_size=pixel_size,
    )
    path = tmp_path / "grid.companion.ome"
    ome.write_xml(path, layout)
    again = open_layout(path)
    assert again.pixel_size == pixel_size
    assert [site.name for site in again] == [site.name for site in layout]
    assert np.allclose(again.positions, layout.positions, atol=1e-9)
    assert [(s.row, s.col) for s in again] == [(s.row, s.col) for s in layout]
    np.testing.assert_array_equal(again[5].frame.read(), layout[5].frame.read())


def test_a_companion_of_tiles_in_one_file_is_read_as_it_was_written(tmp_path):
    write_many(tmp_path / "tiles.ome.tif", FOUR)
    layout = open_layout(tmp_path / "tiles.ome.tif")
    ome.write_xml(tmp_path / "grid.ome.xml", layout, [(1, 2), (3, 4), (5, 60), (70, 8)])
    again = open_layout(tmp_path / "grid.ome.xml")
    assert np.allclose(again.positions, [(0, 0), (2, 2), (4, 58), (69, 6)])
    assert [site.frame.read()[0, 0] for site in again] == [0, 10_000, 20_000, 30_000]


def test_a_companion_of_names_needs_shape_and_dtype(tmp_path):
    with pytest.raises(LayoutError, match="shape and dtype"):
        ome.write_xml(tmp_path / "a.ome", ["a.tif"], [(0, 0)])
    ome.write_xml(tmp_path / "a.ome", ["a b.tif"], [(-1.5, 2)], shape=(4, 5, 3), dtype="float64")
    (image,) = parse_ome((tmp_path / "a.ome").read_text(), "a.ome")
    assert image.positions == {0: (-1.5, 2)}
    assert image.files == {0: ("a b.tif", 0)}
    assert image.n_planes == 1


def test_a_dtype_that_ome_does_not_know_is_refused(tmp_path):
    from napari_seamnet.frames import as_frame

    layout = Layout((Site(as_frame(np.zeros((4, 4), np.int64)), (0, 0)),))
    with pytest.raises(LayoutError, match="int64"):
        ome.write_xml(tmp_path / "a.ome", layout)


def test_what_is_written_makes_several_files_one_set_for_others_too(make_frames, tmp_path):
    """The companion's XML in the first file of the set: tifffile finds all, and so do we."""
    folder = make_frames(["r0.tif", "r1.tif"])
    ome.write_xml(tmp_path / "c.ome", open_layout(folder, overlap=5))
    xml = (tmp_path / "c.ome").read_text()
    tifffile.imwrite(folder / "r0.tif", numbered(20, 30), description=xml.encode(), metadata=None)
    with tifffile.TiffFile(folder / "r0.tif") as file:
        assert file.is_ome
        assert len(file.series) == 2
        assert file.series[1].pages[0].parent.filehandle.name == "r1.tif"
    layout = open_layout(folder / "r0.tif")
    assert [*layout.positions] == [(0, 0), (15, 0)]
    np.testing.assert_array_equal(layout[1].frame.read(), numbered(20, 30, 10_000))


XML = """<?xml version="1.0"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2013-06"><Image ID="Image:0" Name="a">
{label}<Pixels DimensionOrder="XYZCT" SizeX="4" SizeY="5" SizeZ="2" SizeC="3" SizeT="1"
PhysicalSizeX="0.5" PhysicalSizeY="0.25">{planes}</Pixels></Image></OME>"""


def test_the_plane_that_was_asked_for_has_its_own_position():
    planes = '<Plane TheZ="1" TheC="2" TheT="0" PositionX="7" PositionY="8"/>'
    (image,) = parse_ome(XML.format(label="", planes=planes), "x")
    assert image.n_planes == 6
    assert image.positions == {5: (8.0, 7.0)}  # z runs fastest: 1 + 2 * 2
    assert image.position(0) == (8.0, 7.0)
    assert image.unit == "reference frame"
    assert image.pixel_size == (0.25, 0.5)


def test_a_stage_label_will_do_where_planes_have_no_position():
    label = '<StageLabel Name="s" X="0.007" XUnit="mm" Y="8" YUnit="µm"/>'
    (image,) = parse_ome(XML.format(label=label, planes=""), "x")
    assert image.position(0) == pytest.approx((8.0, 7.0))
    assert image.unit == "µm"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<OME", "no OME-XML that can be read"),
        ("<svg/>", "begins with <svg>"),
        (XML.format(label="", planes='<Plane PositionX="a" PositionY="1"/>'), "number that is"),
        ("<OME/>", "names no image"),
        (XML.format(label="", planes=""), "images of 6 planes each"),
        (
            XML.format(label="", planes="").replace('"2"', '"1"').replace('"3"', '"1"'),
            "which file",
        ),
    ],
)
def test_xml_that_says_too_little_is_refused(tmp_path, text, said):
    (tmp_path / "a.ome.xml").write_text(text)
    with pytest.raises(LayoutError, match=said):
        open_layout(tmp_path / "a.ome.xml")


def test_a_file_that_points_to_its_companion_is_followed(make_frames, tmp_path):
    folder = make_frames(["r0.tif", "r1.tif"])
    ome.write_xml(tmp_path / "set.companion.ome", open_layout(folder, overlap=5))
    pointer = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:0"/></OME>'
    )
    tifffile.imwrite(folder / "r0.tif", numbered(20, 30), description=pointer, metadata=None)
    assert [*open_layout(folder / "r0.tif").positions] == [(0, 0), (15, 0)]


def test_a_missing_file_of_a_set_is_told(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        file.write(
            numbered(20, 30),
            description=XML.format(label="", planes='<TiffData IFD="0"/>')
            .replace('SizeZ="2" SizeC="3"', 'SizeZ="1" SizeC="1"')
            .replace(
                "</OME>",
                "<Image ID='b'><Pixels DimensionOrder='XYZCT' SizeX='4' SizeY='5'"
                " SizeZ='1' SizeC='1' SizeT='1'><TiffData IFD='0'><UUID FileName='gone.tif'>"
                "urn:uuid:1</UUID></TiffData></Pixels></Image></OME>",
            )
            .encode(),
            metadata=None,
        )
    with pytest.raises(LayoutError, match="announces 2 planes"):
        open_layout(tmp_path / "a.ome.tif")
