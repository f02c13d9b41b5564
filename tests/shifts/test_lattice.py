import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet import Shift
from napari_seamnet.learning import scenes
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.lattice import Lattice, find_lattice
from napari_seamnet.shifts.repeats import rival_in
from napari_seamnet.shifts.seamnet import SeamNetMethod


def array_of(shape, vectors, seed=0, noise=0.0):
    """A Gaussian spot on each node of a lattice, at any fraction of a pixel, and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    steps = np.linalg.solve(np.array(vectors).T, np.stack([y.ravel(), x.ravel()]))
    apart = np.array(vectors).T @ (steps - np.rint(steps))
    near = np.exp(-(apart**2).sum(0) / (2 * 1.8**2)).reshape(shape)
    return 60 + 120 * near + noise * rng.standard_normal(shape)


@settings(max_examples=15, deadline=None)
@given(st.floats(7, 14), st.floats(7, 14), st.integers(0, 99), st.sampled_from([0.0, 60.0]))
def test_the_vectors_of_an_array_are_measured_to_a_fraction_of_a_pixel(py, px, seed, noise):
    vectors = ((py, 0.0), (0.0, px))
    first, second = (array_of((300, 100), vectors, seed + k, noise) for k in (0, 500))
    found = find_lattice(first, second, 15)
    assert found is not None
    assert len(found.vectors) == 2
    assert sorted(np.hypot(*v) for v in found.vectors) == pytest.approx(sorted((py, px)), abs=0.2)


def test_a_staggered_array_has_slanted_vectors():
    picture = array_of((300, 120), ((8.0, 5.0), (0.0, 10.0)))
    found = find_lattice(picture, picture, 15)
    assert found is not None
    places = [(8.0, 5.0), (8.0, -5.0), (0.0, 10.0)]
    for vector in found.vectors:
        assert min(
            min(np.hypot(vector[0] - s * y, vector[1] - s * x) for s in (1, -1)) for y, x in places
        ) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("draw", [scenes.texture_scene, scenes.grain_scene, scenes.speck_scene])
def test_irregular_pictures_have_no_lattice(draw):
    for seed in range(4):
        scene = draw(500, np.random.default_rng(seed))
        assert find_lattice(scene[:400, :120], scene[50:450, 10:130], 15) is None


def test_noise_and_narrow_strips_have_no_lattice():
    noise = np.random.default_rng(0).normal(size=(2, 200, 60))
    assert find_lattice(noise[0], noise[1], 15) is None
    assert find_lattice(np.zeros((40, 40)), np.zeros((40, 40)), 15) is None
    narrow = array_of((200, 4), ((9.0, 0.0), (0.0, 9.0)))
    assert find_lattice(narrow, narrow, 15) is None


def test_neighbours_are_all_sums_of_the_vectors_within_reach():
    lattice = Lattice(((0.0, 10.0), (12.0, 0.0)), 1.0)
    found = set(lattice.neighbours(15))
    assert found == {(y, x) for y in (-12.0, 0.0, 12.0) for x in (-10.0, 0.0, 10.0)} - {(0.0, 0.0)}
    assert str(lattice) == "10.0 px in x and 12.0 px in y"
    assert str(Lattice(((8.0, -5.0),), 1.0)) == "(8.0, -5.0) px"


@pytest.fixture(scope="module")
def method():
    return SeamNetMethod(device="cpu")


def seam_of(scene, shift, noise=12.0, seed=0, shape=(300, 90)):
    """Two crops of a scene, `shift` whole px apart, each with noise of its own."""
    rng = np.random.default_rng(seed)
    crops = []
    for dy, dx in ((0, 0), shift):
        crop = scene[30 + dy : 30 + dy + shape[0], 30 + dx : 30 + dx + shape[1]]
        crops.append(np.clip(crop + noise * rng.standard_normal(shape), 0, 255).astype(np.uint8))
    return Overlap(*crops)


def test_a_pure_array_is_ambiguous_and_its_alternatives_are_the_lattice(method):
    scene = array_of((400, 200), ((11.0, 0.0), (0.0, 9.0)))
    found = method.estimate(seam_of(scene, (3, -2)), max_shift=12)
    assert found.status is Status.AMBIGUOUS
    assert found.reason.endswith("fit: the picture repeats every 9.0 px in x and 11.0 px in y")
    fits = [found.shift, *(a.shift for a in found.alternatives)]
    # All in range that lie on the lattice, each once, and nothing else.
    expected = [Shift(y, x) for y in (-8, 3) for x in (-11, -2, 7)]
    assert len(fits) == len(expected)
    assert all(min(fit.distance(shift) for fit in fits) < 0.6 for shift in expected)
    assert found.confidence + sum(a.probability for a in found.alternatives) <= 1 + 1e-9


def test_missing_cells_in_both_frames_decide(method):
    scene = array_of((400, 200), ((11.0, 0.0), (0.0, 9.0)))
    for y, x in ((120, 60), (200, 75), (260, 50)):
        scene[y : y + 9, x : x + 8] = 60
    found = method.estimate(seam_of(scene, (3, -2)), max_shift=12)
    assert found.shift.distance(Shift(3, -2)) < 0.5
    assert found.status is Status.CERTAIN


def test_dust_on_one_side_decides_nothing(method):
    scene = array_of((400, 200), ((11.0, 0.0), (0.0, 9.0)))
    overlap = seam_of(scene, (3, -2))
    dusty = overlap.second.copy()
    dusty[100:109, 40:50] = 0
    dusty[200:212, 20:28] = 255
    found = method.estimate(Overlap(overlap.first, dusty), max_shift=12)
    assert found.status is Status.AMBIGUOUS


def test_a_map_with_one_peak_has_no_rival():
    y, x = np.mgrid[-15:16, -15:16]
    one = np.exp(-(y**2 + x**2) / 8.0)
    assert not rival_in(one)
    assert rival_in(one + 0.6 * np.exp(-((y - 9) ** 2 + x**2) / 8.0))
