"""Which networks there are; their layers are looked at in `test_thesis.py`."""

import subprocess
import sys

import pytest

from napari_seamnet.nets import NETWORKS, build
from napari_seamnet.nets.build import THESIS_NETWORKS, UnknownNetworkError, has_weights
from napari_seamnet.nets.seamnet import SeamNet
from napari_seamnet.nets.thesis import ThesisNet, ZeroNet

FILTERS = {
    "zero": [32, 64],
    "first-2": [32, 64],
    "first-3": [32, 64, 96],
    "second": [32, 64, 96, 128],
    "second-wide": [64, 96, 128, 160],
    "final": [64, 96, 128, 160],
}
ONE_DENSE_LAYER = ("zero", "first-2", "first-3")


@pytest.mark.parametrize("name", THESIS_NETWORKS)
def test_the_six_networks_are_those_of_the_source(name):
    network = build(name, size=16)  # small, so that the dense layers are; their plans are the same
    assert isinstance(network, ZeroNet if name == "zero" else ThesisNet)
    assert network.settings["filters"] == FILTERS[name]
    assert network.settings["dense"] == ([1024] if name in ONE_DENSE_LAYER else [1024, 512])
    assert network.settings["dropout"] == (0.25 if name == "final" else 0)
    assert network.size == network.settings["size"] == 16


@pytest.mark.parametrize("name", NETWORKS)
def test_its_settings_build_a_network_again(name):
    small = {"width": 4} if name == "seamnet" else {"size": 20, "filters": (3,), "dense": (5,)}
    network = build(name, **small)
    again = build(name, **network.settings)
    assert {k: v.shape for k, v in again.state_dict().items()} == {
        k: v.shape for k, v in network.state_dict().items()
    }


def test_seamnet_is_built_by_its_name_too():
    assert isinstance(build("seamnet", width=4, blocks=1, features=2), SeamNet)


def test_a_network_that_is_not_there_is_refused_and_those_there_are_listed():
    with pytest.raises(UnknownNetworkError, match=r"no network 'finale'.*seamnet, zero.*final"):
        build("finale")


def test_a_setting_that_a_network_has_not_is_refused():
    with pytest.raises(TypeError, match="delta"):
        build("final", size=16, delta=10)


def test_seamnet_comes_with_weights_and_a_wrong_name_with_none():
    assert has_weights("seamnet")
    assert not has_weights("../seamnet")


def test_listing_networks_loads_no_torch():
    code = (
        "import sys\n"
        "from napari_seamnet.nets import NETWORKS, build\n"
        "from napari_seamnet.nets.cards import read_card\n"
        "from napari_seamnet.nets.build import bundled_weights\n"
        "read_card(bundled_weights('seamnet'))\n"
        "import napari_seamnet.user_weights\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
