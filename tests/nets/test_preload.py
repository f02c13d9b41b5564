import subprocess
import sys
from pathlib import Path

import pytest

PRELOAD = "from napari_seamnet.nets.preload import preload_libraries\npreload_libraries()\n"


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists them there")
def test_the_libraries_are_loaded_and_torch_is_not_imported():
    said = run(
        PRELOAD
        + "import sys; print('torch' in sys.modules)\nprint(open('/proc/self/maps').read())"
    )
    assert said.startswith("False\n")
    for library in ("libc10.so", "libtorch_cpu.so", "libtorch.so", "libtorch_python.so"):
        assert library in said


def test_torch_works_afterwards():
    said = run(PRELOAD + "import torch; print(float(torch.ones(3).sum()))")
    assert said == "3.0\n"


def test_without_torch_nothing_happens():
    code = "import importlib.util as u, napari_seamnet.nets.preload as p\n"
    code += "p.find_spec = lambda name: None\np.preload_libraries()\nprint('well')"
    assert run(code) == "well\n"
