"""Aligning: what is loaded ahead of the first click; answers are tested in test_pair."""

import sys

import pytest
from qtpy.QtCore import QObject

from napari_seamnet.widgets import _aligning
from napari_seamnet.widgets._aligning import Aligning
from napari_seamnet.widgets._session import PairSession


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """A module that stands for the network's."""
    (tmp_path / "slow_network.py").write_text(
        "def warm_up():\n    global is_warm\n    is_warm = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(_aligning, "NETWORK", "slow_network")
    yield "slow_network"
    sys.modules.pop("slow_network", None)


def test_warm_up_loads_the_network_in_the_background(qapp, qtbot, slow_module):
    parent = QObject()
    aligning = Aligning(PairSession(), parent)
    aligning.warm_up("seamnet")
    qtbot.waitUntil(lambda: hasattr(sys.modules.get(slow_module, None), "is_warm"), timeout=5000)


def test_warm_up_loads_nothing_for_other_methods(qapp, qtbot, slow_module):
    parent = QObject()
    aligning = Aligning(PairSession(), parent)
    aligning.warm_up("smoothed")
    qtbot.wait(100)
    assert slow_module not in sys.modules
