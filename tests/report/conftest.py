"""A solved 3 x 3 grid with a blank frame, an ambiguous, a wrong, a weak and a decided seam."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Alternative, Status
from napari_seamnet.stitching import StitchSettings, estimate, resolve

SETTINGS = StitchSettings(method="smoothed", max_shift=12, feature_size=8.0)


@pytest.fixture(scope="session")
def settings() -> StitchSettings:
    return SETTINGS


@pytest.fixture(scope="session")
def solution():
    chip = chip_grid(3, 3, size=260, overlap=70, jitter=4)
    frames = list(chip.frames)
    frames[4] = as_frame(frames[4].read(), 'r1 <script>alert("x")</script> & c1')
    frames[8] = as_frame(np.full((260, 260), 7, np.uint8), "blank")
    sites = zip(frames, chip.nominal, strict=True)
    layout = Layout(
        tuple(Site(frame, at, k // 3, k % 3, k) for k, (frame, at) in enumerate(sites)),
        "simulated <grid>",
        (0.25, 0.25),
    )
    seams = find_seams(layout)
    found = list(estimate(layout, seams, SETTINGS))
    found[0] = replace(
        found[0],
        status=Status.AMBIGUOUS,
        confidence=0.6,
        alternatives=(Alternative(Shift(7.25, -3.5), 0.4),),
        map=None,
    )
    found[4] = replace(found[4], shift=found[4].shift + Shift(9, -6))
    found[6] = replace(found[6], status=Status.DOUBTFUL, confidence=0.5, map=None)
    decisions = {seams[2].pair: found[2].shift + Shift(0.25, 0)}
    solved = resolve(layout, seams, found, SETTINGS, decisions=decisions)
    verdicts = list(solved.verdicts)
    first = solved.to_look_at[0]
    verdicts[first] = replace(verdicts[first], reason=f"{verdicts[first].reason} <i>&")
    return replace(solved, verdicts=tuple(verdicts))
