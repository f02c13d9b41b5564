"""What fine-tuning on ten hand-aligned pairs gains, on frames that it has never seen.

    python benchmarks/fine_tuning.py [--noise 0.2] [--hum 0.3] [--data FOLDER] [--out WEIGHTS]

Ten pairs of lscm_tensile_Ref with their measured offsets are the hand alignments; the test set is
all of lscm_tensile_State1, the same kind of surface on another day. To every frame of both its own
Gaussian noise is added, and the hum of a scanner, oblique stripes that begin elsewhere in every
frame; standard deviation and amplitude are shares of the full range. SeamNet is trained as
`napari-seamnet train --hand` does it, by the same recipe, then bundled and new weights are
evaluated side by side with `smoothed`, each pair at four nominal offsets within ±10 px. Prints the
time, and tables.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile
import torch

from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset
from napari_seamnet.learning.evaluate import evaluate, summarise, table
from napari_seamnet.learning.hand import Decided, HandAlignment, read_hand, record_all
from napari_seamnet.learning.labelled import from_alignments
from napari_seamnet.learning.training.recipes import FINE_TUNE, FitRecipe
from napari_seamnet.learning.training.run import TrainingData, train_network
from napari_seamnet.learning.truth_files import read_truth
from napari_seamnet.nets.build import bundled_weights
from napari_seamnet.shifts import get_method

HUM = 0.11, 0.07
"""Turns a px, down and across."""
SEEDS = 10
DRAWS = 4


def noisy_copy(path: Path, folder: Path, sigma: float, hum: float, seed: int) -> Path:
    """Write a frame with noise of its own."""
    out = folder / f"{path.stem}.tif"
    if not out.exists():
        pixels = open_frame(path).grey()
        rng = np.random.default_rng([seed, *path.name.encode()])
        noisy = pixels + rng.normal(0, 255 * sigma, pixels.shape)
        y, x = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
        turns = HUM[0] * y + HUM[1] * x + rng.uniform()
        noisy += 255 * hum * np.sin(2 * np.pi * turns)
        tifffile.imwrite(out, np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return out


def hand_file(
    truth: Path, folder: Path, sigma: float, hum: float, count: int | None, seed: int
) -> Path:
    """Write noisy frames, and their measured offsets as hand alignments."""
    folder.mkdir()
    pairs = read_truth(truth / "pairs.csv")
    chosen = np.random.default_rng(seed).permutation(len(pairs))[:count]
    alignments = []
    for index in chosen:
        pair = pairs[index]
        frames = [
            open_frame(noisy_copy(path, folder, sigma, hum, seed))
            for path in (pair.first, pair.second)
        ]
        nominal = Offset(*pair.offset.whole())
        shift = pair.offset - nominal
        alignments.append(HandAlignment.make(*frames, nominal, shift, Decided.TRUTH))
    record_all(folder / "hand.jsonl", alignments)
    return folder / "hand.jsonl"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    parser.add_argument("--noise", type=float, default=0.2)
    parser.add_argument("--hum", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="keep the weights here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sets = args.data / "train"
        noise = args.noise, args.hum
        seeds = hand_file(sets / "lscm_tensile_Ref", folder / "ref", *noise, SEEDS, args.seed)
        unseen = hand_file(
            sets / "lscm_tensile_State1", folder / "state1", *noise, None, args.seed + 1
        )
        out = args.out or folder / "tuned.safetensors"
        start = time.perf_counter()
        trained = train_network(
            FitRecipe.read(FINE_TUNE),
            TrainingData(hand=seeds),
            out,
            start=bundled_weights("seamnet"),
            device=args.device,
            resume=False,
            workers=1,
        )
        minutes = (time.perf_counter() - start) / 60
        print(
            f"{SEEDS} pairs, {len(trained.held_out)} of them held out; {minutes:.1f} minutes on "
            f"{args.device}, {torch.get_num_threads()} threads; noise {args.noise:g}, hum "
            f"{args.hum:g}\n"
        )
        methods = {
            "bundled": get_method("seamnet", device="cpu"),
            "fine-tuned": get_method(str(out), device="cpu"),
            "smoothed": get_method("smoothed"),
        }
        for title, alignments in (
            ("lscm_tensile_State1, never seen", read_hand(unseen)),
            ("held-out pairs of lscm_tensile_Ref", trained.held_out),
        ):
            seams = [s for k in range(DRAWS) for s in from_alignments(alignments, seed=k)]
            print(f"{title}\n\n{table(summarise(evaluate(methods, seams)))}\n")


if __name__ == "__main__":
    main()
