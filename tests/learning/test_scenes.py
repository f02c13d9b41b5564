import imageio.v3 as iio
import numpy as np
import pytest

from napari_seamnet.learning.scenes import BUNDLED_PICTURES, DRAWN, Pictures, lattice_scene


@pytest.mark.parametrize("kind", DRAWN)
def test_a_scene_has_its_size_contrast_and_a_range_of_grey_levels(kind):
    for seed in range(8):
        scene = DRAWN[kind](140, np.random.default_rng(seed))
        assert scene.shape == (140, 140)
        assert scene.dtype == np.float32
        assert np.isfinite(scene).all()
        assert scene.std() > 0.5
        assert scene.min() > -60
        assert scene.max() < 400


@pytest.mark.parametrize("kind", DRAWN)
def test_a_scene_depends_on_its_generator_alone(kind):
    draw = DRAWN[kind]
    again = [draw(90, np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    assert not np.array_equal(again[0], draw(90, np.random.default_rng(6)))


def test_an_array_without_irregularities_repeats_itself():
    """Shifted by its cell it is itself again, in x and in y (unless its rows are staggered)."""
    for seed in range(12):
        scene = lattice_scene(300, np.random.default_rng(seed))
        here = scene[70:200, 70:200]
        in_x = [np.abs(scene[70:200, 70 + n : 200 + n] - here).max() for n in range(6, 61)]
        assert min(in_x) < 0.1, seed
        assert max(in_x) > 5, seed


def test_pictures_are_found_in_all_folders_below_and_scikit_image_s_always(tmp_path):
    (tmp_path / "deep").mkdir()
    rng = np.random.default_rng(0)
    iio.imwrite(tmp_path / "deep" / "a.png", rng.integers(0, 256, (300, 200)).astype(np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    pictures = Pictures((tmp_path,))
    assert len(pictures) == 1 + len(BUNDLED_PICTURES)
    for seed in range(6):
        scene = pictures(250, np.random.default_rng(seed))
        assert scene.shape == (250, 250)
        assert scene.std() > 1


def test_without_folders_there_are_the_bundled_pictures():
    assert Pictures()(120, np.random.default_rng(1)).shape == (120, 120)
