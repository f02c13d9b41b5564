"""Wheel, `pip install .` and `pip install -e .`: each gives a plugin that napari finds whole."""

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

import napari_seamnet

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Run without the site module: otherwise the editable install that the tests themselves run on
# would be found, and hide a broken one. Dependencies come last, without their .pth files.
VALIDATE = """
import site, sys
site.addsitedir(sys.argv[1])
sys.path.append(sys.argv[2])
import importlib.metadata, napari_seamnet
from importlib.resources import files
print("package", napari_seamnet.__file__)
print("manifest", files("napari_seamnet") / "napari.yaml")
print("metadata", importlib.metadata.distribution("napari-seamnet").locate_file(""))
from npe2.cli import main
sys.argv = ["npe2", "validate", "napari-seamnet"]
main()
"""


def run(*command: str | Path) -> str:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(*what: str | Path) -> None:
    run(
        *("-m", "pip", "install", "-q", "--disable-pip-version-check"),
        *("--no-deps", "--no-build-isolation", "--ignore-installed", "--no-warn-script-location"),
        *what,
    )


def validate(place: Path) -> dict[str, Path]:
    """Let npe2 judge the plugin installed in a folder; return where its parts were found."""
    said = run("-S", "-W", "ignore", "-c", VALIDATE, place, sysconfig.get_path("purelib"))
    assert "valid" in said.splitlines()[-1]
    lines = (line.split(" ", 1) for line in said.splitlines()[:3])
    found = {name: Path(path) for name, path in lines}
    assert found["metadata"].samefile(place)
    return found


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> dict[str, Path]:
    """The sdist, and the wheel that is built from it."""
    place = tmp_path_factory.mktemp("dist")
    run("-m", "build", "--no-isolation", "--outdir", place, ROOT)
    return {"sdist": next(place.glob("*.tar.gz")), "wheel": next(place.glob("*.whl"))}


@pytest.mark.slow
def test_the_wheel_holds_the_manifest_once_and_the_weights_and_no_tests(archives):
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        names = wheel.namelist()
        manifest = wheel.read("napari_seamnet/napari.yaml")
    assert manifest == (ROOT / "napari.yaml").read_bytes()
    assert len(names) == len(set(names))
    assert "napari_seamnet/py.typed" in names
    weights = ROOT / "src" / "napari_seamnet" / "nets" / "weights"
    bundled = {f"napari_seamnet/nets/weights/{path.name}" for path in weights.iterdir()}
    assert bundled <= set(names)
    assert any(name.endswith(".safetensors") for name in bundled)
    assert {name.split("/")[0] for name in names} == {
        "napari_seamnet",
        f"napari_seamnet-{napari_seamnet.__version__}.dist-info",
    }
    assert archives["wheel"].stat().st_size < 10e6


@pytest.mark.slow
def test_the_sdist_holds_what_the_tests_need(archives):
    with tarfile.open(archives["sdist"]) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    assert {"napari.yaml", "LICENSE", "README.md", "constraints.txt", "tests/conftest.py"} <= names
    assert not any(name.startswith((".venv", "demo/", "dist/")) for name in names)


@pytest.mark.slow
def test_the_built_wheel_gives_a_valid_plugin(archives, tmp_path):
    install("--target", tmp_path, archives["wheel"])
    found = validate(tmp_path)
    assert found["package"].is_relative_to(tmp_path)
    assert found["manifest"].is_relative_to(tmp_path)


@pytest.mark.slow
def test_pip_install_gives_a_valid_plugin(tmp_path):
    install("--target", tmp_path, ".")
    assert validate(tmp_path)["manifest"].is_relative_to(tmp_path)


@pytest.mark.slow
def test_an_editable_install_gives_a_valid_plugin_that_follows_the_manifest(tmp_path):
    install("--prefix", tmp_path, "-e", ".")
    (place,) = {path.parent for path in tmp_path.rglob("napari_seamnet-*.dist-info")}
    found = validate(place)
    assert found["package"].is_relative_to(ROOT / "src")
    # The file at the top itself, so that an edit of it is seen at once.
    assert found["manifest"].samefile(ROOT / "napari.yaml")


def test_the_version_is_told_alike_everywhere():
    assert PROJECT["project"]["version"] == napari_seamnet.__version__ == version("napari-seamnet")


def test_qt_is_asked_for_only_by_an_extra():
    required = " ".join(PROJECT["project"]["dependencies"]).lower()
    assert "pyqt" not in required
    assert "pyside" not in required
    assert "napari[" not in required
    assert PROJECT["project"]["optional-dependencies"]["all"] == ["napari[pyqt6]>=0.9"]


def test_the_hooks_use_the_versions_that_the_set_up_pins():
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    assert pins["torch"] == "2.13.0"
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    asked = [need for hook in hooks for need in hook["additional_dependencies"]]
    assert f"ruff=={pins['ruff']}" in asked
    assert all(pins.get(name, pin) == pin for name, pin in (need.split("==") for need in asked))
