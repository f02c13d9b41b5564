"""What loading the package, or asking the command for help, must not load."""

import subprocess
import sys

import pytest

import napari_seamnet

HEAVY = ("torch", "napari", "qtpy", "PyQt6", "PySide6", "superqt", "vispy", "magicgui")


def modules_after(code: str) -> set[str]:
    """Run code in a fresh Python; return the names of all top-level modules it has loaded."""
    ending = "\nimport sys; print('\\n'.join({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code + ending], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_neither_torch_nor_qt_nor_napari_nor_numpy():
    loaded = modules_after("import napari_seamnet")
    assert loaded.isdisjoint({*HEAVY, "numpy", "click"})


def test_the_commands_load_nothing_heavy_before_they_run():
    loaded = modules_after("import napari_seamnet.cli")
    assert loaded.isdisjoint({*HEAVY, "numpy", "scipy", "skimage", "dask"})
    assert "click" in loaded


@pytest.mark.parametrize("name", ["search", "smoothed", "median", "bilateral", "vector", "phase"])
def test_aligning_without_a_network_loads_neither_torch_nor_qt_nor_napari(name):
    loaded = modules_after(
        "import numpy as np, napari_seamnet as s\n"
        "scene = np.random.default_rng(0).integers(0, 256, (80, 130), np.uint8)\n"
        f"s.align_pair(scene[:, :80], scene[:, 50:], 'right', 30, method='{name}', max_shift=5)"
    )
    assert loaded.isdisjoint(HEAVY)
    assert "numpy" in loaded


def test_reading_placing_and_simulating_load_neither_torch_nor_qt_nor_napari():
    loaded = modules_after(
        "import napari_seamnet.frames, napari_seamnet.mosaic, napari_seamnet.seams\n"
        "import napari_seamnet.sample_data, napari_seamnet.demo, napari_seamnet.pair_report"
    )
    assert loaded.isdisjoint(HEAVY)


def test_every_public_name_resolves_and_is_listed():
    for name in napari_seamnet.__all__:
        assert getattr(napari_seamnet, name).__name__ == name
        assert name in dir(napari_seamnet)


def test_a_name_is_listed_once_after_its_first_use():
    _ = napari_seamnet.Mosaic
    assert napari_seamnet.__dir__().count("Mosaic") == 1


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="aline_pair"):
        _ = napari_seamnet.aline_pair
