from pathlib import Path

import pytest

from napari_seamnet.mosaic import MosaicError
from napari_seamnet.mosaic.export import checked_path
from napari_seamnet.mosaic.export.target import bare_name, is_ome_zarr, written_folder


@pytest.mark.parametrize(
    ("name", "zarr"),
    [("a.ome.zarr", True), ("a.zarr", True), ("A.OME.ZARR", True), ("a.ome.tif", False),
     ("a.tiff", False), ("a.TIF", False), ("a.zarr.tif", False)],
)  # fmt: skip
def test_the_ending_says_the_format(name, zarr):
    assert is_ome_zarr(Path(name)) is zarr


@pytest.mark.parametrize("name", ["a.png", "a", "a.ome", "a.ome.zip"])
def test_any_other_ending_is_refused_with_the_two_names_that_would_do(name):
    with pytest.raises(MosaicError, match=r"call it a\.ome\.tif or a\.ome\.zarr"):
        is_ome_zarr(Path(name))


def test_the_bare_name_has_no_ending():
    assert [bare_name(Path(f"x/chip 7{end}")) for end in (".ome.tif", ".tif", ".ome.zarr")] == [
        "chip 7"
    ] * 3


def test_a_zarr_that_holds_a_frame_is_not_replaced(tmp_path):
    path = tmp_path / "a.ome.zarr"
    (path / "frames").mkdir(parents=True)
    (path / "zarr.json").write_text("{}")
    frame = path / "frames" / "f.tif"
    frame.write_text("pixels")
    assert checked_path(path) == path
    with pytest.raises(MosaicError, match=r"a\.ome\.zarr holds one of the frames"):
        checked_path(path, keep=[frame])


def test_an_interrupted_folder_is_removed_and_the_old_one_stays(tmp_path):
    path = tmp_path / "a.zarr"
    path.mkdir()
    (path / "zarr.json").write_text("old")

    def write():
        with written_folder(path) as folder:
            (folder / "zarr.json").write_text("new")
            assert folder.name.startswith(".")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert [one.name for one in tmp_path.iterdir()] == ["a.zarr"]
    assert (path / "zarr.json").read_text() == "old"


def test_a_link_stays_a_link_and_what_it_points_to_is_replaced(tmp_path):
    (tmp_path / "disk").mkdir()
    real = tmp_path / "disk" / "real.zarr"
    link = tmp_path / "a.zarr"
    real.mkdir()
    link.symlink_to(real)
    with written_folder(link) as folder:
        (folder / "zarr.json").write_text("new")
    assert link.is_symlink()
    assert (real / "zarr.json").read_text() == "new"
    assert [one.name for one in (tmp_path / "disk").iterdir()] == ["real.zarr"]
