"""The weigher learns alone, from maps that are looked at once."""

import numpy as np
import pytest
import torch

from napari_seamnet.learning.training.weighing import (
    LONG_LENGTHS,
    KindsOfSeams,
    collect_first_looks,
    collect_seams,
    fit_weigher,
)
from napari_seamnet.nets.first_look import N_MAPS
from napari_seamnet.nets.plain_maps import N_PLAIN
from napari_seamnet.nets.seamnet import SeamNet
from napari_seamnet.shifts import Cancelled

N = 24


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SeamNet(4, 1, 2)


@pytest.fixture(scope="module")
def seams(network):
    return collect_seams(network, N, 5, (), workers=0)


def test_a_seam_depends_on_its_number_and_the_seed_alone():
    one, other = KindsOfSeams(9, 5, ())[3], KindsOfSeams(4, 5, ())[3]
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])
    assert one[2:] == other[2:]
    assert KindsOfSeams(9, 6, ())[3][2] != one[2]


def test_every_seam_is_kept_with_its_search_range(seams):
    assert sum(len(of.shifts) for of in seams.values()) == N
    for reach, of in seams.items():
        assert of.maps.shape[1:] == (2 + 1 + N_PLAIN, 2 * reach + 1, 2 * reach + 1)
        assert of.shifts.abs().max() <= reach - 2
        assert (of.areas > 0).all()


def test_only_the_weigher_learns_and_its_loss_falls(seams):
    torch.manual_seed(0)
    network = SeamNet(4, 1, 2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first = fit_weigher(network.weigher, seams, 1, 1)["loss"]
    later = fit_weigher(network.weigher, seams, 15, 1)["loss"]
    assert later < first
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith("weigher."), name


def test_the_same_seed_gives_the_same_weights(seams):
    found = []
    for _ in range(2):
        torch.manual_seed(0)
        network = SeamNet(4, 1, 2)
        fit_weigher(network.weigher, seams, 2, 1)
        found.append(network.weigher.out.weight.detach().clone())
    assert torch.equal(*found)


def test_it_can_be_stopped_while_it_looks(network):
    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        collect_seams(network, 3, 5, (), progress=stop, workers=0)


def test_first_looks_are_of_long_seams_and_teach_their_own_weigher():
    long = KindsOfSeams(6, 5, (), are_long=True)
    assert all(max(long[k][0].shape) in LONG_LENGTHS for k in range(6))
    looks = collect_first_looks(N, 5, (), workers=0)
    assert sum(len(of.shifts) for of in looks.values()) == N
    for reach, of in looks.items():
        assert of.maps.shape[1:] == (N_MAPS, 2 * reach + 1, 2 * reach + 1)
        assert (of.areas > 300 * 24 / 2).all()
    torch.manual_seed(0)
    network = SeamNet(4, 1, 2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first = fit_weigher(network.first_weigher, looks, 1, 1)["loss"]
    assert fit_weigher(network.first_weigher, looks, 15, 1)["loss"] < first
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith("first_weigher."), name
