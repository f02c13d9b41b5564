"""Choices that are remembered, in napari's settings or else for the session."""

import gc
import weakref

from napari_seamnet.widgets._settings import Remembered, follow

from .conftest import install


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


class Listener:
    def __init__(self):
        self.heard = []

    def hear(self, event):
        self.heard.append(event.value)


def test_a_choice_made_elsewhere_is_present_and_heard_of(plugin_settings, npe2pm, tmp_path):
    install(npe2pm, tmp_path)
    here, listener = Remembered.load(), Listener()
    follow("hand_file", listener.hear)
    Remembered.load().keep(hand_file="seeds.jsonl", coarse_step=7)
    assert listener.heard == ["seeds.jsonl"]
    assert here.hand_file == ""
    assert here.present("hand_file") == here.hand_file == "seeds.jsonl"


def test_who_follows_a_choice_is_not_kept_alive(plugin_settings, npe2pm, tmp_path):
    install(npe2pm, tmp_path)
    listener = Listener()
    gone = weakref.ref(listener)
    follow("hand_file", listener.hear)
    del listener
    gc.collect()
    assert gone() is None
    Remembered.load().keep(hand_file="seeds.jsonl")


def test_without_the_plugins_settings_a_choice_is_the_widgets_own():
    listener = Listener()
    follow("hand_file", listener.hear)
    here, elsewhere = Remembered.load(), Remembered.load()
    here.keep(hand_file="seeds.jsonl")
    assert (here.present("hand_file"), elsewhere.present("hand_file")) == ("seeds.jsonl", "")
    assert listener.heard == []
