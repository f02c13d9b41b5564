"""What a training is to be, and where it lies in the person's data folder; no Qt.

A plan becomes the words of one call of `napari-seamnet train`, and is kept beside its weights, so
that a training that was stopped can be taken up again. How one comes along is in
`_train_state.py`, the process that runs it in `_train_process.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tomllib
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import learning
from ..saving import written_whole
from ..user_weights import data_folder
from ._train_state import TrainState

RECIPES = Path(learning.__file__).parent / "recipes"
FINE_TUNE = RECIPES / "fine-tune.toml"
SOURCE = RECIPES / "source.toml"
BUNDLED, NOTHING = "bundled", "nothing"
"""What to start from, if not from weights of the person's own."""
_ENDINGS = (".safetensors", ".json", ".part.safetensors", ".examples.png", ".run.json")


@dataclass(frozen=True)
class TrainPlan:
    """One training: network, data, recipe.

    Parameters
    ----------
    network : str
        One of `nets.NETWORKS`.
    start : str
        ``bundled``, ``nothing``, or the name of weights of the person's own.
    recipe : Path
        TOML file with all other numbers.
    epochs, seed : int
        Instead of the recipe's.
    hand : Path or None
        Hand alignments.
    tiles : tuple of Path
        Folders and compact files of tiles.
    simulated : float
        Share (0..1) of the batches that the simulator draws.
    device : str
        Where to train; another one is still the same training.
    """

    network: str = "seamnet"
    start: str = BUNDLED
    recipe: Path = FINE_TUNE
    epochs: int = 1
    seed: int = 1
    hand: Path | None = None
    tiles: tuple[Path, ...] = ()
    simulated: float = 0.0
    device: str = "auto"

    @property
    def has_data(self) -> bool:
        """Whether there is anything to learn from."""
        return bool(self.hand or self.tiles or self.simulated)

    @property
    def subject(self) -> str:
        """What the data is called, in one word: the first file's or folder's name."""
        named = [*([self.hand] if self.hand else []), *self.tiles]
        return named[0].stem if named else "simulated"

    @property
    def name(self) -> str:
        """The files' name: the same for the same training, another one for any other."""
        what = json.dumps({**self.as_json(), "device": None}, sort_keys=True)
        plain = re.sub(r"[^A-Za-z0-9-]+", "-", f"{self.network}-{self.subject}").strip("-")
        return f"{plain[:40]}-{hashlib.sha256(what.encode()).hexdigest()[:6]}"

    @property
    def out(self) -> Path:
        """Where its weights go until the person has decided."""
        return trainings_folder() / f"{self.name}.safetensors"

    @property
    def has_checkpoint(self) -> bool:
        """Whether it was stopped, and can go on."""
        return self.out.with_suffix(".part.safetensors").is_file()

    def describe(self) -> str:
        """Say it in one sentence."""
        start = {BUNDLED: "from the bundled weights", NOTHING: "from nothing"}
        named = [*([self.hand] if self.hand else []), *self.tiles]
        on = [path.name for path in named]
        if self.simulated:
            on.append(f"{self.simulated:.0%} simulated pairs" if on else "simulated pairs")
        title = "SeamNet" if self.network == "seamnet" else self.network
        recipe = {FINE_TUNE: "fine-tune", SOURCE: "the source's"}.get(self.recipe)
        return (
            f"{title}, {start.get(self.start, f'from {self.start!r}')}, on {', '.join(on)}; "
            f"recipe: {recipe or self.recipe.name}, {self.epochs} epochs"
        )

    def arguments(self, *, anew: bool = False) -> list[str]:
        """Put it into words for ``python``: the command and all of its options."""
        words = ["-m", "napari_seamnet", "train", "--events", "--network", self.network]
        words += ["--start", self.start, "--recipe", str(self.recipe)]
        words += ["--epochs", str(self.epochs), "--seed", str(self.seed)]
        words += ["--hand", str(self.hand)] if self.hand else []
        for path in self.tiles:
            words += ["--tiles", str(path)]
        words += ["--simulated", f"{self.simulated:g}", "--device", self.device]
        # Batches by the training itself: another process for them would begin anew each epoch.
        words += ["--workers", "0", "--out", str(self.out)]
        return [*words, *(["--anew"] if anew else [])]

    def as_json(self) -> dict[str, Any]:
        """Turn it into plain values."""
        return {
            **asdict(self),
            "recipe": str(self.recipe),
            "hand": str(self.hand) if self.hand else None,
            "tiles": [str(path) for path in self.tiles],
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TrainPlan:
        """Make a plan of what `as_json` gave."""
        return cls(
            **{
                **values,
                "recipe": Path(values["recipe"]),
                "hand": Path(values["hand"]) if values["hand"] else None,
                "tiles": tuple(map(Path, values["tiles"])),
            }
        )


def recipe_numbers(path: Path) -> dict[str, Any]:
    """Read a recipe's numbers, to show them; none if that fails: training says what is wrong."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def trainings_folder() -> Path:
    """Where trainings lie until the person has decided; it need not be there yet."""
    return data_folder() / "trainings"


def remember(plan: TrainPlan, state: TrainState, *, is_decided: bool = False) -> None:
    """Keep a training's settings and course beside its weights, so that it can be taken up."""
    path = trainings_folder() / f"{plan.name}.run.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"plan": plan.as_json(), "state": state.as_json(), "is_decided": is_decided}
    with written_whole(path) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def recall() -> tuple[TrainPlan, TrainState] | None:
    """Find the last training that nobody has decided about, and how far it came."""
    for path in sorted(trainings_folder().glob("*.run.json"), key=_age):
        if (found := _read(path)) is not None and not found[2]:
            return found[:2]
    return None


def recall_state(plan: TrainPlan) -> TrainState:
    """How far a training of this plan had come; the beginning, if there is no checkpoint."""
    found = _read(trainings_folder() / f"{plan.name}.run.json")
    return found[1] if found is not None and plan.has_checkpoint else TrainState()


def forget(plan: TrainPlan) -> None:
    """Remove all files of a training."""
    for ending in _ENDINGS:
        plan.out.with_suffix(ending).unlink(missing_ok=True)


def forget_decided(but: TrainPlan) -> None:
    """Remove the files of all trainings that the person has decided about."""
    for path in trainings_folder().glob("*.run.json"):
        found = _read(path)
        if found is not None and found[2] and found[0].name != but.name:
            forget(found[0])


def copy_weights(source: Path, target: Path) -> None:
    """Copy weights and their card; the weights are named last, for alone a card is nothing."""
    with ExitStack() as both:
        for ending in (".safetensors", ".json"):
            part = both.enter_context(written_whole(target.with_suffix(ending)))
            shutil.copyfile(source.with_suffix(ending), part)


def remembered_pace(plan: TrainPlan) -> float | None:
    """Seconds that an epoch of such a training took last time on this computer, if known."""
    try:
        found = json.loads(_paces_file().read_text("utf-8"))[_kind(plan)]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return float(found) if isinstance(found, int | float) and found > 0 else None


def remember_pace(plan: TrainPlan, seconds: float) -> None:
    """Keep how long an epoch took."""
    try:
        paces = dict(json.loads(_paces_file().read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        paces = {}
    with written_whole(_paces_file()) as part:
        part.write_text(json.dumps({**paces, _kind(plan): round(seconds, 2)}), "utf-8")


def _kind(plan: TrainPlan) -> str:
    # What decides an epoch's time: on tiles, also how many there are.
    tiles = " ".join(path.name for path in plan.tiles)
    return f"{plan.network} {plan.recipe.name} {plan.device} {tiles}".strip()


def _paces_file() -> Path:
    return trainings_folder() / "paces.json"


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def _read(path: Path) -> tuple[TrainPlan, TrainState, bool] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        plan = TrainPlan.from_json(found["plan"])
        return plan, TrainState.from_json(found["state"]), bool(found["is_decided"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # of another version, or damaged: then it is as if it had never been
