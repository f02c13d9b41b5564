import numpy as np
import pytest

from napari_seamnet.learning.exposure import Conditions
from napari_seamnet.learning.simulator import DEFAULT_MIXTURE, Simulator


def test_pairs_depend_on_the_generator_alone():
    draw = [Simulator().pairs(4, (50, 60), 6, np.random.default_rng(2)) for _ in range(2)]
    for one, other in zip(*draw, strict=True):
        np.testing.assert_array_equal(one.first, other.first)
        np.testing.assert_array_equal(one.second, other.second)
        assert one.shift == other.shift
        assert one.content == other.content


def test_every_kind_of_scene_comes_up_about_as_often_as_asked():
    pairs = Simulator().pairs(200, (16, 16), 2, np.random.default_rng(0))
    found = [pair.content for pair in pairs]
    for kind, share in DEFAULT_MIXTURE.items():
        assert abs(found.count(kind) / 200 - share) < 0.12


def test_a_mixture_of_one_kind_gives_only_that_kind():
    pairs = Simulator({"speck": 1}).pairs(5, (20, 20), 2, np.random.default_rng(0))
    assert {pair.content for pair in pairs} == {"speck"}


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"'sand'.*chip, array, texture, grain, speck, pictures"):
        Simulator({"sand": 1.0})


def test_harsher_means_more_noise_and_fewer_photons_within_limits():
    plain = Simulator(conditions=Conditions(noise=10, photons=8))
    twice = plain.harsher(2).conditions
    assert (twice.noise, twice.photons) == (20, 2)
    assert plain.harsher(50).conditions == twice
    assert plain.harsher(0.01).conditions.noise == pytest.approx(6)
