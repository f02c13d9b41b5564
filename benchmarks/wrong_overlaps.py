"""Grids whose overlap was told wrongly: what is called certain there, and is not right.

    python benchmarks/wrong_overlaps.py [--data ../shared/data] [--off=-40,-26,-12,0,20,40]

Cut from real pictures of chips (regular, so that a wrong shift may fit), with noise and a stage
that is off by up to 6 px each way; the seams are searched within ±15 px, so that of an overlap
that is off by 40 px none can be right, and of one that is off by 12 px two thirds can. Prints by
what the overlap was told to be off: seams and frames, of these certain, and of these wrong.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from napari_seamnet import Layout, StitchSettings, stitch
from napari_seamnet.frames import as_frame, open_frame
from napari_seamnet.shifts import Status

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SIDE, OVERLAP, STAGE, NOISE, MOST = 420, 100, 6, 8.0, 5
WRONG = 1.5
"""px from which on a certain seam or frame is wrong: 1, and half of one for rounding."""


def cut(picture: np.ndarray, off: int, seed: int) -> tuple[Layout, np.ndarray] | None:
    """A grid from one picture, laid out with a wrong overlap, and the true positions."""
    rng = np.random.default_rng(seed)
    step = SIDE - OVERLAP
    rows, cols = (min(MOST, (side - SIDE - 2 * STAGE) // step + 1) for side in picture.shape)
    if min(rows, cols) < 2:
        return None
    places = [(row, col) for row in range(rows) for col in range(cols)]
    truth = np.array(places) * step + STAGE + rng.integers(-STAGE, STAGE + 1, (len(places), 2))
    frames = []
    for y, x in truth:
        seen = picture[y : y + SIDE, x : x + SIDE] + rng.normal(0, NOISE, (SIDE, SIDE))
        frames.append(as_frame(np.clip(seen, 0, 255).round().astype(np.uint8)))
    told = [(float(row * (step - off)), float(col * (step - off))) for row, col in places]
    return Layout.of_frames(frames, told), truth


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--off", default="-40,-26,-12,0,20,40", help="px, told less real overlap")
    args = parser.parse_args()
    files = sorted(args.data.glob("*/ic_optical/*.jpg"))
    pictures = [open_frame(file).grey().astype(float) for file in files]
    print(
        "| told less real overlap | seams | certain | of these wrong | frames | certain | wrong |"
    )
    print("|---|---|---|---|---|---|---|")
    for off in map(int, args.off.split(",")):
        counts = np.zeros(6, int)
        for number, picture in enumerate(pictures):
            made = cut(picture, off, 1000 + number)
            if made is None:
                continue
            layout, truth = made
            solution = stitch(layout, StitchSettings())
            moved = np.array([frame.position for frame in solution.frames]) - truth
            frame_error = np.abs(moved - np.median(moved, axis=0)).max(axis=1)
            seam_error = np.array(
                [np.abs(moved[seam.second] - moved[seam.first]).max() for seam in solution.seams]
            )
            for at, nouns, error in (
                (0, solution.verdicts, seam_error),
                (3, solution.frames, frame_error),
            ):
                sure = np.array([noun.status is Status.CERTAIN for noun in nouns])
                counts[at : at + 3] += len(nouns), sure.sum(), (sure & (error > WRONG)).sum()
        print(f"| {off:+d} px | " + " | ".join(str(n) for n in counts) + " |", flush=True)


if __name__ == "__main__":
    main()
