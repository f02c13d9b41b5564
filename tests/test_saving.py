import os

import pytest

from napari_seamnet.saving import SavingError, check_folder, written_whole


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    final = tmp_path / "mosaic.ome.tif"
    with written_whole(final) as beside:
        beside.write_text("half")
        assert not final.exists()
        assert beside.parent == tmp_path
        assert beside.name.endswith(".ome.tif")
    assert final.read_text() == "half"
    assert [*tmp_path.iterdir()] == [final]


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_what_was_half_written_goes_and_the_old_file_stays(tmp_path, stop):
    final = tmp_path / "shifts.csv"
    final.write_text("old")

    def write_and_stop():
        with written_whole(final) as beside:
            beside.write_text("half")
            raise stop

    with pytest.raises(stop):
        write_and_stop()
    assert final.read_text() == "old"
    assert [*tmp_path.iterdir()] == [final]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SavingError, match=r"no folder .*nowhere; make it"):
        check_folder(tmp_path / "nowhere" / "a.csv")


def test_a_folder_in_the_files_place_is_named(tmp_path):
    with pytest.raises(SavingError, match="is a folder"):
        check_folder(tmp_path)


def test_a_read_only_folder_is_named(tmp_path, monkeypatch):
    # Asked of the system, not tried with chmod: a superuser may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    with pytest.raises(SavingError, match="read-only"):
        check_folder(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["frame.tif", "sub/../frame.tif"])
def test_a_frame_is_never_written_over(tmp_path, name):
    (tmp_path / "sub").mkdir()
    with pytest.raises(SavingError, match=r"frame\.tif is one of the frames; give another name"):
        check_folder(tmp_path / name, keep=[tmp_path / "frame.tif"])
    check_folder(tmp_path / "other.tif", keep=[tmp_path / "frame.tif"])
