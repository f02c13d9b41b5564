"""kill -9 of a whole run, at any time: a real process, a real signal."""

import json
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from napari_seamnet.grids import Journal, estimate_seams

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

RUN = """
import os, sys, time
from pathlib import Path
from napari_seamnet.frames import open_frame
from napari_seamnet.grids import estimate_seams
from napari_seamnet.layouts import Layout
from napari_seamnet.seams.seam import find_seams
from napari_seamnet.shifts.smoothed import SmoothedMethod
import json

folder, log = Path(sys.argv[1]), sys.argv[2]
positions = json.loads((folder / "positions.json").read_text())
layout = Layout.of_frames([open_frame(folder / n) for n in positions], positions.values())
estimate = SmoothedMethod.estimate

def slow(self, overlap, **settings):
    with open(log, "a") as file:
        file.write("x")
    time.sleep(0.03)
    return estimate(self, overlap, **settings)

SmoothedMethod.estimate = slow
print("ready", flush=True)
estimate_seams(layout, find_seams(layout), "smoothed", max_shift=6, workers=int(sys.argv[3]),
               journal=folder / "a.seams.sqlite")
print("done", flush=True)
"""


@pytest.mark.parametrize(("workers", "seed"), [(1, 0), (2, 1)])
def test_a_killed_run_loses_at_most_the_seams_in_flight(files, tmp_path, agree, workers, seed):
    folder = files.layout[0].frame.path.parent
    positions = {site.name: site.position for site in files.layout}
    (folder / "positions.json").write_text(json.dumps(positions))
    log, journal = tmp_path / "log", folder / "a.seams.sqlite"
    log.touch()
    rng = np.random.default_rng(seed)
    kills = 0
    while True:
        run = subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder), str(log), str(workers)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert run.stdout.readline() == "ready\n"
        if kills < 3:
            time.sleep(rng.uniform(0.02, 0.3))
            run.kill()
        word = run.stdout.readline()
        run.wait()
        run.stdout.close()
        if word == "done\n":
            break
        kills += 1
        if journal.is_file():
            connection = sqlite3.connect(journal)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()
    computed, n = len(log.read_text()), len(files.seams)
    assert n <= computed <= n + kills * workers
    with Journal(journal) as kept:
        assert len(kept) == n
        from_journal = estimate_seams(
            files.layout, files.seams, "smoothed", max_shift=6, journal=kept
        )
    undisturbed = estimate_seams(files.layout, files.seams, "smoothed", max_shift=6)
    assert agree(from_journal, undisturbed)
