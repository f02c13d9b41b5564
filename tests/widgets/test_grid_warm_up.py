from __future__ import annotations

import subprocess
import sys

ASK_AT_ONCE = """
import pint
from napari_seamnet.widgets._grid_warm_up import warm_up

assert type(pint.application_registry.get()) is not pint.UnitRegistry  # nobody asked before
warm_up()
assert type(pint.application_registry.get()) is pint.UnitRegistry
pint.get_application_registry().Unit("pixel")
"""


def test_units_are_known_as_soon_as_the_warm_up_has_begun():
    # In a process of its own: the registry is read once in a process.
    subprocess.run([sys.executable, "-c", ASK_AT_ONCE], check=True, timeout=120)
