"""The source's tables once more: its six networks, trained and measured beside all other methods.

    python benchmarks/source_tables.py all --data ../shared/data/train --work FOLDER [--reduced]

makes seed pairs, tiles, the six networks and the tables 2.2 to 2.7 in one go. The steps can be run
one by one (prepare, tiles, train, tables), and each goes on where it was stopped: `prepare` where
the frames are, say, and the others on a machine with a GPU, from where `bring` takes the results,
and the trained `final` in half precision, in parts that `join` puts together. At full size: 16,734
and 8,243 tiles of 150 px, 30 epochs, by recipes/source.toml. `--reduced` is for a single CPU core:
smaller squares, narrower networks, few tiles and epochs. The tables say of every row which it is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from source_report import report
from source_seeds import make_tiles, prepare_seeds

from napari_seamnet.learning.training.recipes import SOURCE, FitRecipe
from napari_seamnet.learning.training.run import TrainingData, train_network
from napari_seamnet.nets.build import THESIS_NETWORKS, build
from napari_seamnet.nets.weights import load_network, read_card, save_weights

if TYPE_CHECKING:
    from napari_seamnet.learning.training.fit import Report

PART = 15 * 2**20
"""Bytes of a part of `bring`: files that come back from a lent machine have up to 16 MiB."""


@dataclass(frozen=True)
class Scale:
    """How large everything is.

    Parameters
    ----------
    size, reach : int
        Side of the squares, and range of the shifts, in px.
    train, validation : int
        Tiles.
    epochs : int
        Of every network.
    narrow : int
        Filters and dense units of every network are divided by this.
    sample : int
        Tiles of each set that the methods without a network are asked about.
    each : int
        Squares of each foreign picture in the stress set.
    """

    size: int = 150
    reach: int = 10
    train: int = 16_734
    validation: int = 8_243
    epochs: int = 30
    narrow: int = 1
    sample: int = 500
    each: int = 10

    def settings(self, name: str) -> dict[str, object]:
        """What differs from the source's plan of a network."""
        with torch.device("meta"):  # no memory for 189 million numbers only to ask their shape
            plan = build(name).settings
        if self.narrow == 1:
            return {}
        return {
            key: [max(4, units // self.narrow) for units in plan[key]]
            for key in ("filters", "dense")
        }


FULL = Scale()
REDUCED = Scale(64, 5, 3_000, 900, 15, 4, 150, 4)


def train_one(work: Path, name: str, scale: Scale, device: str, epochs: int | None = None) -> Path:
    """Train a network on the tiles of a folder, unless it is there; go on from a checkpoint."""
    out = work / "weights" / f"{name}.safetensors"
    if out.exists():
        return out
    if device.startswith("cuda"):
        torch.backends.cudnn.benchmark = True  # all squares are of one size
        torch.backends.cuda.matmul.allow_tf32 = True
    recipe = FitRecipe.read(
        SOURCE,
        network=name,
        epochs=epochs or scale.epochs,
        reach=scale.reach,
        settings=scale.settings(name),
    )
    tiles = work / "tiles"
    data = TrainingData((tiles / "train.safetensors",), tiles / "validation.safetensors")
    out.parent.mkdir(parents=True, exist_ok=True)

    def tell(now: Report) -> None:
        if now.metrics is not None:
            print(
                f"{name}: epoch {now.epoch} of {now.epochs}, loss {now.loss:.3f}, validation "
                f"{now.metrics.mean_max:.3f} px, {now.seconds_left / 60:.1f} min left",
                file=sys.stderr,
                flush=True,
            )

    train_network(recipe, data, out, device=device, watch=tell)
    return out


def train_all(work: Path, names: list[str], scale: Scale, device: str, jobs: int) -> None:
    """Train networks, several at a time as processes of their own; a GPU is shared by them."""
    if jobs == 1:
        for name in names:
            train_one(work, name, scale, device)
        return
    waiting = sorted(names, key=_cost, reverse=True)
    running: dict[str, subprocess.Popen] = {}
    failed = []
    reduced = ["--reduced"] if scale is REDUCED else []
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop(0)
            command = [sys.executable, __file__, "train", "--work", str(work), "--only", name]
            command += ["--device", device, "--jobs", "1", *reduced]
            threads = str(max(1, (os.cpu_count() or 1) // jobs))
            running[name] = subprocess.Popen(
                command, env={**os.environ, "OMP_NUM_THREADS": threads}
            )
        time.sleep(0.5)
        for name in [name for name, process in running.items() if process.poll() is not None]:
            if running.pop(name).returncode:
                failed.append(name)
    if failed:
        raise ValueError(f"the training of {', '.join(failed)} failed; see above, and run again")


def _cost(name: str) -> int:
    """Longest first, so that no processor waits for a last one."""
    return ("first-2", "first-3", "second", "zero", "second-wide", "final").index(name)


def ship_final(work: Path) -> Path:
    """Write the trained ``final`` in half precision with its card, as the plugin bundles it."""
    source = work / "weights" / "final.safetensors"
    out = work / "ship" / "final.safetensors"
    state = load_network(source).state_dict()
    # Running variances can be larger than half precision holds, and are few.
    tensors = {
        key: value.half() if value.is_floating_point() and "running_" not in key else value
        for key, value in state.items()
    }
    card = {key: value for key, value in read_card(source).items() if key != "sha256"}
    save_weights(out, tensors, {**card, "precision": "half"})
    return out


def bring(work: Path, out: Path) -> None:
    """Copy to a folder what is worth keeping, in files of at most `PART` bytes."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("results.json", "tables.md"):
        if (work / name).exists():
            shutil.copyfile(work / name, out / name)
    if not (work / "weights" / "final.safetensors").exists():
        return
    shipped = ship_final(work)
    shutil.copyfile(shipped.with_suffix(".json"), out / "final.json")
    content = shipped.read_bytes()
    for number, at in enumerate(range(0, len(content), PART)):
        (out / f"final.safetensors.{number}").write_bytes(content[at : at + PART])


def join(folder: Path, out: Path) -> Path:
    """Put the parts of ``final`` together again, and check them by the card."""
    parts = sorted(folder.glob("final.safetensors.*"), key=lambda path: int(path.suffix[1:]))
    content = b"".join(path.read_bytes() for path in parts)
    card = json.loads((folder / "final.json").read_text("utf-8"))
    if hashlib.sha256(content).hexdigest() != card["sha256"]:
        raise ValueError(f"the {len(parts)} parts in {folder} are not what their card speaks of")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / "final.json", out / "final.json")
    (out / "final.safetensors").write_bytes(content)
    load_network(out / "final.safetensors")
    return out / "final.safetensors"


def tables(work: Path, scale: Scale, device: str) -> str:
    """Ask all methods, and write ``results.json`` and ``tables.md``; returns the latter."""
    text, results = report(work, FULL, scale, device)
    (work / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    (work / "tables.md").write_text(text, "utf-8")
    return text


def run_step(args: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    scale = REDUCED if args.reduced else FULL
    seeds = args.seeds or (args.work and args.work / "seeds")
    steps = ("prepare", "tiles", "train", "tables") if args.step == "all" else (args.step,)
    jobs = args.jobs or (3 if args.device.startswith("cuda") else 1)
    for step in steps:
        start = time.perf_counter()
        if step == "prepare":
            if args.out is None and args.step == "prepare":
                raise ValueError("prepare needs a folder to write to; give --out FOLDER")
            folder = args.out if args.step == "prepare" else seeds
            if args.step == "all" and (folder / "hand.jsonl").exists():
                continue
            size = prepare_seeds(args.data, folder)
            files = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            print(f"{size} seed pairs, {files / 2**20:.1f} MiB", file=sys.stderr)
        elif step == "tiles":
            counts = scale.train, scale.validation
            make_tiles(seeds, args.work / "tiles", scale.size, scale.reach, counts)
        elif step == "train":
            names = args.only.split(",") if args.only else list(THESIS_NETWORKS)
            train_all(args.work, names, scale, args.device, jobs)
        elif step == "tables":
            print(tables(args.work, scale, args.device))
        elif step == "join":
            print(join(args.bring, args.out))
        if step != "join":
            print(f"{step}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    if args.out is not None and args.step in ("all", "tables"):
        shutil.copyfile(args.work / "tables.md", args.out)
    if args.bring is not None and args.step != "join":
        bring(args.work, args.bring)


def main(words: list[str] | None = None) -> None:
    """Run the benchmark, or a step of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "train"
    steps = ("prepare", "tiles", "train", "tables", "all", "bring", "join")
    parser.add_argument("step", choices=steps)
    parser.add_argument("--data", type=Path, default=beside, help="real frames, for prepare")
    parser.add_argument("--work", type=Path, help="folder for tiles, weights and tables")
    parser.add_argument("--seeds", type=Path, help="what prepare made; WORK/seeds by default")
    parser.add_argument("--out", type=Path, help="prepare, join: folder; tables: a file as well")
    parser.add_argument("--bring", type=Path, help="copy results and `final` to this folder")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--jobs", type=int, help="trainings at a time; on a GPU 3, else 1")
    parser.add_argument("--only", help="train these networks only, such as final,second")
    parser.add_argument("--reduced", action="store_true", help="small enough for a CPU core")
    args = parser.parse_args(words)
    if args.work is None and args.step not in ("prepare", "join"):
        parser.error(f"{args.step} needs a folder; give --work FOLDER")
    if args.step == "join" and (args.bring is None or args.out is None):
        parser.error("join needs the parts' folder and another: --bring FOLDER --out FOLDER")
    if args.step == "bring" and args.bring is None:
        parser.error("bring needs a folder; give --bring FOLDER")
    try:
        run_step(args)
    except (ValueError, OSError) as error:
        raise SystemExit(f"{args.step}: {error}") from error


if __name__ == "__main__":
    main()
