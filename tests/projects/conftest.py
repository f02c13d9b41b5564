"""A solved 3 x 3 grid in files, with a blank frame, an ambiguous, a wrong and a decided seam."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects import Decision, Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts import Alternative, Status
from napari_seamnet.stitching import StitchSettings, estimate, resolve

SETTINGS = StitchSettings(method="smoothed", max_shift=12, feature_size=8.0)


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> tuple[Path, Project]:
    """A folder of frames and its project; use `project` and `frames`, which are copies."""
    folder = tmp_path_factory.mktemp("made") / "frames"
    (folder / "lower").mkdir(parents=True)
    chip = chip_grid(3, 3, size=260, overlap=70, jitter=4)
    names = [f"{'lower/' * (k > 5)}tile_r{k // 3}_c{k % 3}.tif" for k in range(9)]
    for k, (frame, name) in enumerate(zip(chip.frames, names, strict=True)):
        pixels = np.full((260, 260), 7, np.uint8) if k == 8 else frame.read()
        tifffile.imwrite(folder / name, pixels)
    rows = "\n".join(
        f"{name},{k // 3},{k % 3},{y},{x},{9 - k}"
        for k, (name, (y, x)) in enumerate(zip(names, chip.nominal, strict=True))
    )
    (folder / "positions.csv").write_text(f"file,row,col,y,x,number\n{rows}\n")
    layout = replace(open_layout(folder / "positions.csv"), pixel_size=(0.25, 0.5))
    seams = find_seams(layout)
    found = list(estimate(layout, seams, SETTINGS))
    found[0] = replace(
        found[0],
        status=Status.AMBIGUOUS,
        confidence=0.6,
        alternatives=(Alternative(Shift(7.25, -3.5), 0.4),),
    )
    found[4] = replace(found[4], shift=found[4].shift + Shift(9, -6))
    decision = Decision(
        *seams[2].pair, Shift(2, -1), "Ö. Person", datetime(2026, 3, 4, 5, 6, tzinfo=UTC), "wire"
    )
    solution = resolve(layout, seams, found, SETTINGS, decisions={decision.pair: decision.shift})
    project = Project.from_solution(
        solution, SETTINGS, estimates=found, decisions=[decision], command="stitch 'a b'"
    )
    return folder, project


@pytest.fixture
def frames(made, tmp_path) -> Path:
    """A copy of the frames' folder, times included, to move and change."""
    return Path(shutil.copytree(made[0], tmp_path / "frames"))


@pytest.fixture
def project(made) -> Project:
    """The project of the frames that nobody may touch."""
    return made[1]


@pytest.fixture
def saved(made, frames, tmp_path) -> Path:
    """A project file beside `frames`, which lie where it says."""
    layout = open_layout(frames / "positions.csv")
    solved = made[1]
    sites = tuple(
        replace(site, frame=other.frame) for site, other in zip(solved.layout, layout, strict=True)
    )
    path = tmp_path / "chip.seamnet.json"
    replace(solved, layout=replace(solved.layout, sites=sites)).save(path)
    return path
