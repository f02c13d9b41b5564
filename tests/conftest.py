"""Fixtures for all tests."""

from pathlib import Path

import pytest

REAL_FRAMES = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_frames() -> Path:
    """Folder of the real frames, which lie beside the repository and never in it."""
    if not REAL_FRAMES.is_dir():
        pytest.skip("the real frames (../shared/data beside the repository) are not here")
    return REAL_FRAMES


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    """Keep a person's own weights out of the tests, and the tests out of their folder."""
    monkeypatch.setenv("NAPARI_SEAMNET_DATA", str(tmp_path_factory.mktemp("data")))
