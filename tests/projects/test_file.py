import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_seamnet.projects import FramesElsewhereError, Project, ProjectError, is_project
from napari_seamnet.projects.migrations import MIGRATIONS
from napari_seamnet.saving import SavingError
from napari_seamnet.shifts import Cancelled


def edited(path, change):
    """The file's JSON, changed and written back."""
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_what_is_saved_is_read_back(project, saved):
    again = Project.load(saved)
    assert again == project
    assert again.solution().frames == project.solution().frames
    assert again.solution().verdicts == project.solution().verdicts
    assert again.warnings == ()
    assert again.decisions[0].who == "Ö. Person"
    assert again.decisions == project.decisions
    assert again.command == "stitch 'a b'"


def test_maps_over_shifts_come_back_with_their_peaks(project, saved):
    for before, after in zip(project.estimates, Project.load(saved).estimates, strict=True):
        if before.map is None:
            assert after.map is None
            continue
        one, two = before.map.values, after.map.values
        assert np.nanargmax(one) == np.nanargmax(two)
        near = one > np.nanmax(one) - 50
        np.testing.assert_allclose(two[near], one[near], atol=0.05)


def test_saving_twice_writes_the_same_but_for_the_time(saved, tmp_path):
    other = tmp_path / "again.seamnet.json"
    Project.load(saved).save(other)

    def without_time(path):
        return [line for line in path.read_text("utf-8").splitlines() if '"written"' not in line]

    assert without_time(other) == without_time(saved)


def test_one_frame_and_one_seam_a_line(saved):
    lines = saved.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('  {"file":') for line in lines) == 9
    assert sum(line.startswith('  {"first":') and '"nominal"' in line for line in lines) == 12


def test_project_and_frames_moved_together_need_no_root(saved, frames, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    shutil.move(frames, tmp_path / "elsewhere" / "frames")
    moved = shutil.move(saved, tmp_path / "elsewhere" / saved.name)
    assert Project.load(moved).layout[8].frame.path.is_relative_to(tmp_path / "elsewhere")


def test_a_copy_opens_the_frames_beside_it_though_the_old_ones_are_still_there(
    saved, frames, tmp_path
):
    shutil.copytree(frames, tmp_path / "copy" / "frames")
    copy = shutil.copy2(saved, tmp_path / "copy" / saved.name)
    assert Project.load(copy).layout[0].frame.path.is_relative_to(tmp_path / "copy")


def test_the_project_alone_may_move_while_the_frames_stay(saved, frames, tmp_path):
    (tmp_path / "desk" / "deep").mkdir(parents=True)
    moved = shutil.move(saved, tmp_path / "desk" / "deep" / saved.name)
    assert Project.load(moved).layout[0].frame.path == frames / "tile_r0_c0.tif"


def test_all_that_a_person_set_comes_back(saved, project, tmp_path):
    pair = project.seams[6].pair
    journal = tmp_path / "chip.seams.sqlite"
    set_ = replace(
        Project.load(saved),
        locked=frozenset({3, 5}),
        excluded=frozenset({pair}),
        ownership="last",
        journal=journal,
    ).solve()
    set_.save(saved)
    again = Project.load(saved)
    assert again == set_
    assert (again.locked, again.excluded) == ({3, 5}, {pair})
    assert again.ownership == "last"
    assert again.journal == journal
    assert json.loads(saved.read_text(encoding="utf-8"))["journal"] == "chip.seams.sqlite"
    assert [site.number for site in again.layout] == list(range(9, 0, -1))


def test_frames_elsewhere_are_asked_for_with_the_old_folder(saved, frames, tmp_path):
    shutil.move(frames, tmp_path / "disk")
    with pytest.raises(FramesElsewhereError, match=r"9 of 9 .*--root FOLDER") as error:
        Project.load(saved)
    assert error.value.folder == frames
    assert str(frames) in str(error.value)
    assert len(error.value.missing) == 9
    again = Project.load(saved, root=tmp_path / "disk")
    assert again.layout[0].frame.path == tmp_path / "disk" / "tile_r0_c0.tif"
    assert again.warnings == ()


def test_frames_are_found_by_name_in_other_folders_and_by_content_if_renamed(
    saved, frames, tmp_path, project
):
    disk = tmp_path / "disk"
    (disk / "deep" / "deeper").mkdir(parents=True)
    for k, path in enumerate(sorted(frames.rglob("*.tif"))):
        name = f"renamed {k}.tif" if k % 2 else path.name
        shutil.move(path, disk / "deep" / ("deeper" if k % 3 else ".") / name)
    again = Project.load(saved, root=disk)
    assert again.warnings == ()
    for site, other in zip(again.layout, project.layout, strict=True):
        np.testing.assert_array_equal(site.frame.read(), other.frame.read())
    assert [site.name for site in again.layout][:2] == ["tile_r0_c0.tif", "tile_r0_c1.tif"]


def test_of_two_files_of_one_name_the_right_content_is_taken(saved, frames, tmp_path):
    disk = tmp_path / "disk"
    one, two = "tile_r0_c0.tif", "tile_r0_c1.tif"
    # The right ones lie in different folders: no order of looking at folders finds both.
    for folder, content in (("a", one), ("b", two)):
        (disk / folder).mkdir(parents=True)
        for name in (one, two):
            shutil.copy2(frames / content, disk / folder / name)
    for path in frames.rglob("*.tif"):
        if path.name not in (one, two):
            shutil.copy2(path, disk)
    found = Project.load(saved, root=disk)
    assert found.layout[0].frame.path == disk / "a" / one
    assert found.layout[1].frame.path == disk / "b" / two
    assert found.warnings == ()


def test_a_root_without_all_frames_is_named(saved, tmp_path):
    (tmp_path / "disk").mkdir()
    with pytest.raises(FramesElsewhereError, match=r"not in .*disk"):
        Project.load(saved, root=tmp_path / "disk")
    with pytest.raises(ProjectError, match="no folder"):
        Project.load(saved, root=tmp_path / "nowhere")


def test_changed_files_are_noticed_and_touched_ones_are_not(saved, frames):
    os.utime(frames / "tile_r0_c0.tif", ns=(1, 1))  # as a copy on another machine
    pixels = tifffile.imread(frames / "tile_r0_c1.tif").copy()
    pixels[5, 5] ^= 1
    tifffile.imwrite(frames / "tile_r0_c1.tif", pixels)  # the same size, one pixel other
    tifffile.imwrite(frames / "tile_r0_c2.tif", pixels[:, :250])
    again = Project.load(saved)
    assert again.changed == (1, 2)
    assert len(again.warnings) == 2
    assert "tile_r0_c1.tif has changed: the same size, other content" in again.warnings[0]
    assert "is (260, 250) px now, but was (260, 260)" in again.warnings[1]


def test_without_hashes_a_written_file_may_have_changed(saved, frames, tmp_path, project):
    plain = tmp_path / "plain.seamnet.json"
    edited(saved, lambda data: [frame.update(sha256=None) for frame in data["frames"]])
    Project.load(saved).save(plain, hashes=False)
    assert all(frame["sha256"] is None for frame in json.loads(plain.read_text())["frames"])
    assert Project.load(plain).warnings == ()
    os.utime(frames / "tile_r0_c0.tif", ns=(1, 1))
    assert "may have changed" in Project.load(plain).warnings[0]


def test_untouched_files_are_not_hashed_again(saved, tmp_path, monkeypatch):
    project = Project.load(saved)

    def forbidden(path):
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr("napari_seamnet.projects.stamps.sha256_of", forbidden)
    project.save(tmp_path / "again.seamnet.json")
    assert Project.load(tmp_path / "again.seamnet.json") == project


def test_a_stopped_save_leaves_the_old_file(saved, project):
    before = saved.read_bytes()

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        project.save(saved, progress=stop)
    assert saved.read_bytes() == before
    with pytest.raises(SavingError, match="no folder"):
        project.save(saved.parent / "nowhere" / "p.seamnet.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda d: d["frames"][3].update(position=[1, "x"]),
            r"frames\[3\]\.position\[1\]: is 'x'",
        ),
        (lambda d: d["frames"][3].pop("file"), r"frames\[3\]\.file: is not there"),
        (lambda d: d["seams"][5].update(colour="red"), r"seams\[5\]\.colour: is not known"),
        (lambda d: d["seams"][5]["estimate"].update(confidence=1.5), r"confidence: is 1\.5"),
        (lambda d: d["seams"][5]["estimate"].update(status="sure"), r"status: is 'sure'.*certain"),
        (lambda d: d["seams"][5].update(first=77), "frame 77 is named"),
        (lambda d: d["seams"][5].update(verdict=None), r"seams\[5\]\.verdict: is null"),
        (lambda d: d["frames"][1].update(solved=None), r"frames\[1\]\.solved: is null"),
        (
            lambda d: d["seams"][5]["estimate"]["map"].update(values="AAAA"),
            r"seams\[5\]\.estimate\.map: is damaged",
        ),
        (lambda d: d["settings"].update(max_shift="15"), r"settings\.max_shift: is '15'"),
        (lambda d: d.update(version=99), "version 99.*update"),
        (lambda d: d.update(version=0), "never was a version 0"),
        (lambda d: d.update(version="2"), "version: is '2'"),
        (lambda d: d.update(format="other"), "no project"),
        (lambda d: d["decisions"][0].update(second=8), "share no seam"),
        (lambda d: d.update(frames=[]), "frames: is"),
    ],
)
def test_a_wrong_file_gives_one_line_that_names_the_place(saved, change, said):
    with pytest.raises(ProjectError, match=said) as error:
        Project.load(edited(saved, change))
    assert str(error.value).startswith(str(saved))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"format": 3}', "\ufeff{}", "[" * 100_000])
def test_what_is_no_project_is_refused(tmp_path, text):
    path = tmp_path / "p.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match="project") as error:
        Project.load(path)
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(ProjectError, match="no such project"):
        Project.load(tmp_path / "p.json")
    (tmp_path / "p.json").write_bytes(bytes(range(128, 256)))
    with pytest.raises(ProjectError, match="no text"):
        Project.load(tmp_path / "p.json")


def test_a_project_is_told_from_other_files(saved, tmp_path):
    assert is_project(saved)
    (tmp_path / "a.json").write_text("{}")
    assert not is_project(tmp_path / "a.json")
    assert not is_project(tmp_path / "nothing.json")


def test_a_draft_of_version_1_becomes_a_project_of_today(saved, project):
    def to_draft(data):
        data["version"] = 1
        data["hand"] = [
            {name: decision[name] for name in ("first", "second", "shift")}
            for decision in data.pop("decisions")
        ]
        for name in ("ownership", "excluded", "locked", "command"):
            del data[name]

    again = Project.load(edited(saved, to_draft))
    assert again.decisions[0].shift == project.decisions[0].shift
    assert again.decisions[0].who == ""
    assert again.solution().frames == project.solution().frames
    again.save(saved)
    assert json.loads(saved.read_text(encoding="utf-8"))["version"] == max(MIGRATIONS) + 1


def test_a_draft_that_is_not_even_one_is_refused(saved):
    with pytest.raises(ProjectError, match="does not look like one"):
        Project.load(edited(saved, lambda data: data.update(version=1, hand=[{"first": 0}])))


def test_projects_load_neither_torch_nor_qt_nor_napari():
    code = "import napari_seamnet.projects, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "napari", "qtpy"}.isdisjoint(done.stdout.split())
