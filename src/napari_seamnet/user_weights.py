"""A person's own weights: files with cards, in their data folder, that are methods by their names.

Listing, copying, renaming and the choice of a default are here, without torch. What makes weights
usable is in `nets/cards.py`, which methods there are besides in `shifts/registry.py`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .saving import written_whole

DEFAULT_METHOD = "seamnet"
"""The method where nobody chose another."""
DATA_VARIABLE = "NAPARI_SEAMNET_DATA"
"""Environment variable with the data folder to use instead of the system's own place."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ENDING = ".safetensors"


class UserWeightsError(ValueError):
    """A person's weights are not there, or cannot get this name; the message says what to do."""


@dataclass(frozen=True)
class UserWeights:
    """One file of weights in the data folder, usable or not.

    Parameters
    ----------
    name : str
        Name as a method: the file's, without its ending. Of a file that is none of weights, the
        whole.
    path : Path
        The ``.safetensors`` file.
    card : dict
        What its card says: network, architecture, recipe, metrics, ...; empty if unreadable.
    broken : str
        Why it cannot be used; empty if it can.
    """

    name: str
    path: Path
    card: dict = field(default_factory=dict)
    broken: str = ""


def data_folder() -> Path:
    """Where this package keeps what is the person's own; it need not be there yet."""
    if given := os.environ.get(DATA_VARIABLE):
        return Path(given).expanduser()
    from platformdirs import user_data_path

    return user_data_path("napari-seamnet", appauthor=False)


def weights_folder() -> Path:
    """Folder of the weights; it need not be there yet."""
    return data_folder() / "weights"


def list_weights() -> list[UserWeights]:
    """List what lies in the weights folder, by name.

    Returns
    -------
    list of UserWeights
        Damaged and foreign files too, with the reason in ``broken``. Whether the numbers are those
        of the card is looked at only when they are loaded: that would take a second for many.
    """
    try:
        there = sorted(path for path in weights_folder().iterdir() if path.name[0] != ".")
    except OSError:
        return []
    weights = [path for path in there if path.suffix == _ENDING]
    cards = {path.with_suffix(".json") for path in weights}
    reserved = _reserved() if weights else frozenset()
    return [_looked_at(path, reserved) for path in there if path not in cards]


def find_weights(name: str) -> UserWeights:
    """Find weights that can be used.

    Raises
    ------
    UserWeightsError
        If there are none of this name, or they are broken.
    """
    found = _listed(name)
    if found.broken:
        raise UserWeightsError(
            f"your weights {name!r} cannot be used: {found.broken}; add them again, or delete "
            f"them with `napari-seamnet weights delete {name}`"
        )
    return found


def add_weights(source: Path, name: str, *, replace: bool = False) -> UserWeights:
    """Copy weights and their card into the data folder.

    Parameters
    ----------
    source : Path
        A ``.safetensors`` file with its card beside it.
    name : str
        Name for the method: letters, digits, dots, dashes and underscores.
    replace : bool, default False
        Whether weights of this name may be replaced.

    Returns
    -------
    UserWeights
        The copy.

    Raises
    ------
    UserWeightsError
        If the name is not allowed, or taken.
    WeightsError
        If the weights or their card are missing or damaged.
    """
    from .nets.cards import check_header, read_checked

    if source.suffix != _ENDING:
        raise UserWeightsError(f"weights are kept as {_ENDING}, but {source} is not; name that")
    _check_name(name, taken_by=name if replace else None)
    read_checked(source)
    check_header(source)
    path = weights_folder() / f"{name}{_ENDING}"
    path.parent.mkdir(parents=True, exist_ok=True)
    _copy(source, path)
    return _looked_at(path)


def rename(old: str, new: str) -> UserWeights:
    """Give weights another name; a default stays the default.

    Raises
    ------
    UserWeightsError
        If there are none of the old name, they are broken, or the new name is not allowed or
        taken.
    """
    found = find_weights(old)
    _check_name(new, taken_by=old if new != old else None)
    if new.lower() == old.lower():  # one file, where the system does not tell capitals apart
        raise UserWeightsError(f"{new!r} differs from {old!r} by capitals only; choose another")
    path = found.path.with_name(f"{new}{_ENDING}")
    # Copied first: whenever this is cut short, one of the two names is whole.
    _copy(found.path, path)
    if _remembered_default() == old:
        _remember_default(new)
    _remove(found)
    return _looked_at(path)


def delete(name: str) -> None:
    """Delete weights, broken ones too; if they were the default, ``seamnet`` is it again.

    Raises
    ------
    UserWeightsError
        If there are none of this name.
    """
    found = _listed(name)
    if found.path.is_dir() and not found.path.is_symlink():
        raise UserWeightsError(f"{found.path} is a folder; remove it yourself")
    if _remembered_default() == name:
        _remember_default(None)
    _remove(found)


def export(name: str, path: Path) -> Path:
    """Copy weights and their card out of the data folder.

    Parameters
    ----------
    name : str
        Of weights that can be used.
    path : Path
        A ``.safetensors`` file to write, or a folder, which gets one of that name.

    Returns
    -------
    Path
        The ``.safetensors`` file; its card is beside it.

    Raises
    ------
    UserWeightsError
        If there are no such weights, or the ending is another.
    SavingError
        If nothing can be written there.
    """
    found = find_weights(name)
    target = path / found.path.name if path.is_dir() else path
    if target.suffix != _ENDING:
        raise UserWeightsError(f"weights are kept as {_ENDING}, but {target} is not; name it so")
    if target.resolve() != found.path.resolve():
        _copy(found.path, target)
    return target


def default_method() -> str:
    """The method that is used where nobody names one: what the person chose, else ``seamnet``."""
    chosen = _remembered_default()
    if chosen is None or chosen == DEFAULT_METHOD:
        return DEFAULT_METHOD
    from .shifts.registry import method_names

    return chosen if chosen in method_names() else DEFAULT_METHOD


def set_default(name: str | None) -> None:
    """Choose the default method: any there is, or None for ``seamnet`` again.

    Raises
    ------
    UserWeightsError
        If there is no such method, or it is a person's and broken.
    """
    if name is not None:
        from .shifts.registry import method_names

        if name not in method_names():
            if any(found.name == name for found in list_weights()):
                find_weights(name)
            raise UserWeightsError(
                f"there is no method {name!r}; choose one of {', '.join(method_names())}"
            )
    _remember_default(name)


def _reserved() -> frozenset[str]:
    """Names of methods and networks, in small letters: some systems' files have no others."""
    from .shifts.registry import reserved_names

    return frozenset(name.lower() for name in reserved_names())


def _looked_at(path: Path, reserved: frozenset[str] = frozenset()) -> UserWeights:
    from .nets.cards import WeightsError, check_header, read_card

    if path.suffix != _ENDING or not path.is_file():
        return UserWeights(path.name, path, broken=f"it is no {_ENDING} file with a card")
    name, card = path.stem, {}
    try:
        card = read_card(path)
        check_header(path)
        _check_spelling(name, reserved)
    except (WeightsError, UserWeightsError) as error:
        return UserWeights(name, path, card, str(error))
    return UserWeights(name, path, card)


def _listed(name: str) -> UserWeights:
    found = {one.name: one for one in list_weights()}
    if name not in found:
        names = ", ".join(found) or "there are none"
        raise UserWeightsError(f"you have no weights {name!r}; choose one of: {names}")
    return found[name]


def _check_spelling(name: str, reserved: frozenset[str]) -> None:
    if not _NAME.fullmatch(name) or name.endswith((".", _ENDING)):
        raise UserWeightsError(
            f"{name!r} is no name for weights; use up to 64 letters, digits, dots, dashes and "
            "underscores, with a letter or digit first and no dot last"
        )
    if name.lower() in reserved:
        raise UserWeightsError(f"{name!r} is the name of a method already; choose another name")


def _check_name(name: str, taken_by: str | None) -> None:
    _check_spelling(name, _reserved())
    for found in list_weights():
        if found.path.stem.lower() == name.lower() and found.name != taken_by:
            raise UserWeightsError(
                f"you have weights {found.name!r} already; choose another name, or rename or "
                "delete those"
            )


def _copy(source: Path, target: Path) -> None:
    with ExitStack() as both:
        # The weights are named last: without them the card alone is no method.
        pairs = [(source.with_suffix(e), target.with_suffix(e)) for e in (_ENDING, ".json")]
        for old, new in pairs:
            shutil.copyfile(old, both.enter_context(written_whole(new)))


def _remove(found: UserWeights) -> None:
    found.path.unlink(missing_ok=True)
    if found.path.suffix == _ENDING:
        found.path.with_suffix(".json").unlink(missing_ok=True)


def _default_file() -> Path:
    return data_folder() / "default-method.json"


def _remembered_default() -> str | None:
    try:
        chosen = json.loads(_default_file().read_text("utf-8"))["method"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return chosen if isinstance(chosen, str) else None


def _remember_default(name: str | None) -> None:
    path = _default_file()
    if name is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as new:
        new.write_text(json.dumps({"method": name}) + "\n", "utf-8")
