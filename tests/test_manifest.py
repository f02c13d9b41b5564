"""The manifest: everything in it is used, can be imported, and has a place in napari."""

from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from npe2 import PluginManifest

from napari_seamnet.shifts import method_names
from napari_seamnet.widgets import reader
from napari_seamnet.widgets._grid_settings import OWN

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = yaml.safe_load((ROOT / "napari.yaml").read_text(encoding="utf-8"))
CONTRIBUTIONS = MANIFEST["contributions"]
COMMANDS = {command["id"]: command for command in CONTRIBUTIONS["commands"]}
SECTIONS = {
    "commands", "widgets", "menus", "readers", "writers", "sample_data", "configurations",
}  # fmt: skip


def used_commands():
    """Every command that some contribution names."""
    for section in ("widgets", "sample_data", "readers", "writers"):
        for entry in CONTRIBUTIONS.get(section, []):
            yield entry["command"]
    for items in CONTRIBUTIONS["menus"].values():
        for item in items:
            yield item["command"]


def test_the_packaged_manifest_reads_the_same_as_the_one_at_the_top():
    # If this fails on Windows: git config core.symlinks true, and check the file out again.
    packaged = (files("napari_seamnet") / "napari.yaml").read_text(encoding="utf-8")
    assert packaged == (ROOT / "napari.yaml").read_text(encoding="utf-8")


def test_the_entry_point_leads_to_this_manifest():
    (entry,) = [e for e in entry_points(group="napari.manifest") if e.name == "napari-seamnet"]
    module, _, name = entry.value.partition(":")
    assert (files(module) / name).is_file()


def test_npe2_reads_as_many_contributions_as_there_are():
    # `npe2 validate` lets a misspelt section pass; it just has no contributions then.
    assert set(CONTRIBUTIONS) == SECTIONS
    read = PluginManifest.from_file(ROOT / "napari.yaml").contributions
    for section in SECTIONS - {"menus", "configurations"}:
        assert len(getattr(read, section)) == len(CONTRIBUTIONS[section])
    assert set(read.menus) == set(CONTRIBUTIONS["menus"])
    assert set(read.configurations) == {"alignment", "grid"}
    assert set(read.configurations["grid"].properties) == OWN
    assert set(read.configurations["alignment"].properties) == {
        "device",
        "method",
        "coarse_step",
        "max_shift",
        "hand_file",
    }


def test_every_command_is_used_and_every_used_one_is_there():
    assert set(used_commands()) == set(COMMANDS)
    assert len(COMMANDS) == len(CONTRIBUTIONS["commands"])


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_leads_to_something_that_can_be_called(command):
    module, _, name = command["python_name"].partition(":")
    assert callable(getattr(import_module(module), name))


def test_the_reader_is_asked_for_what_it_knows():
    (entry,) = CONTRIBUTIONS["readers"]
    assert entry["filename_patterns"] == reader.PATTERNS
    assert entry["accepts_directories"]


def test_the_sample_gives_layers():
    (sample,) = CONTRIBUTIONS["sample_data"]
    module, _, name = COMMANDS[sample["command"]]["python_name"].partition(":")
    layers = getattr(import_module(module), name)()
    assert layers
    assert all(isinstance(layer, tuple) for layer in layers)


def test_the_methods_to_choose_from_are_ours_in_their_order():
    method = CONTRIBUTIONS["configurations"]["alignment"]["properties"]["method"]
    ours = [name for name in method_names() if name in method["enum"]]
    assert method["enum"] == ours
    assert len(ours) == 7
    assert method["default"] == ours[0] == "seamnet"


def test_every_menu_is_one_that_napari_has():
    from napari._app_model.constants import MenuId

    contributable = {menu.value for menu in MenuId.contributables()}
    assert set(CONTRIBUTIONS["menus"]) <= contributable
