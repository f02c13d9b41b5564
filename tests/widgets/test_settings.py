"""Choices that are remembered, in napari's settings or else for the session."""

from napari_seamnet.widgets._settings import Remembered

MANIFEST = """
name: napari-seamnet
display_name: SeamNet
contributions:
  configurations:
    alignment:
      title: Alignment
      properties:
        device: {title: Device, type: string, enum: [auto, cpu, cuda, mps], default: auto}
        method: {title: Method, type: string, enum: [seamnet, search], default: seamnet}
        coarse_step: {title: Step, type: integer, default: 10, minimum: 1, maximum: 500}
        max_shift: {title: Range, type: integer, default: 15, minimum: 1, maximum: 500}
        hand_file: {title: File, type: string, default: ""}
"""


def install(npe2pm, tmp_path):
    from npe2 import PluginManifest

    path = tmp_path / "napari.yaml"
    path.write_text(MANIFEST)
    npe2pm.register(PluginManifest.from_file(path))


def test_a_choice_is_there_again_next_time(plugin_settings, npe2pm, tmp_path):
    install(npe2pm, tmp_path)
    Remembered.load().keep(device="cpu", method="search", coarse_step=25, max_shift=40)
    again = Remembered.load()
    assert (again.device, again.method) == ("cpu", "search")
    assert (again.coarse_step, again.max_shift) == (25, 40)


def test_a_method_of_another_package_is_remembered_for_the_session(
    plugin_settings, npe2pm, tmp_path
):
    install(npe2pm, tmp_path)
    remembered = Remembered.load()
    remembered.keep(method="theirs")
    assert remembered.method == "theirs"
    assert Remembered.load().method == "seamnet"


def test_without_the_plugins_settings_the_defaults_serve():
    remembered = Remembered.load()
    assert remembered == Remembered("auto", "seamnet", 10, 15)
    remembered.keep(coarse_step=7)
    assert remembered.coarse_step == 7
    assert Remembered.load().coarse_step == 10
