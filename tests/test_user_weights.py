import json

import pytest

from napari_seamnet import user_weights
from napari_seamnet.nets import build
from napari_seamnet.nets.cards import WeightsError
from napari_seamnet.nets.weights import load_network, save_weights
from napari_seamnet.saving import SavingError
from napari_seamnet.user_weights import (
    UserWeightsError,
    add_weights,
    data_folder,
    default_method,
    delete,
    export,
    find_weights,
    list_weights,
    rename,
    set_default,
    weights_folder,
)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv(user_weights.DATA_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def trained(tmp_path):
    """A file of weights, as training leaves it."""
    network = build("first-2", size=8, filters=(2,), dense=(3,))
    path = tmp_path / "trained.safetensors"
    card = {"network": "first-2", "architecture": network.settings, "metrics": {"loss": 0.5}}
    save_weights(path, network.state_dict(), card)
    return path


def names():
    return [found.name for found in list_weights()]


def files():
    return sorted(path.name for path in weights_folder().iterdir())


# ---- where they lie --------------------------------------------------------------------------


def test_without_the_variable_the_systems_own_place_is_taken(monkeypatch, tmp_path):
    monkeypatch.delenv(user_weights.DATA_VARIABLE)
    for variable in ("HOME", "XDG_DATA_HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert data_folder().name == "napari-seamnet"
    assert weights_folder() == data_folder() / "weights"


def test_without_a_folder_there_are_none_and_none_is_made(data):
    assert list_weights() == []
    assert default_method() == "seamnet"
    assert not data.exists()


# ---- adding and finding ----------------------------------------------------------------------


def test_added_weights_are_a_copy_that_outlives_the_file(trained):
    before = load_network(trained).state_dict()
    added = add_weights(trained, "my-sem_2.1")
    for suffix in (".safetensors", ".json"):
        trained.with_suffix(suffix).unlink()
    assert names() == ["my-sem_2.1"]
    assert find_weights("my-sem_2.1") == added
    assert (added.card["network"], added.card["metrics"]) == ("first-2", {"loss": 0.5})
    after = load_network(added.path).state_dict()
    assert all(value.equal(after[name]) for name, value in before.items())
    assert files() == ["my-sem_2.1.json", "my-sem_2.1.safetensors"]


@pytest.mark.parametrize(
    "name", ["", ".hidden", "-o", "a b", "a/b", "..", "../up", "ä", "end.", "x" * 65, "a\n"]
)
def test_a_name_that_is_no_good_file_name_is_refused(trained, name):
    with pytest.raises(UserWeightsError, match="is no name for weights"):
        add_weights(trained, name)
    assert list_weights() == []


@pytest.mark.parametrize("name", ["seamnet", "search", "final", "zero", "Final", "SMOOTHED"])
def test_the_names_of_methods_and_networks_are_refused(trained, name):
    with pytest.raises(UserWeightsError, match=f"'{name}' is the name of a method already"):
        add_weights(trained, name)


@pytest.mark.parametrize("name", ["mine", "MINE"])
def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(trained, name):
    add_weights(trained, "mine")
    with pytest.raises(UserWeightsError, match="you have weights 'mine' already"):
        add_weights(trained, name)
    network = build("final", size=8, filters=(2,), dense=(3,))
    save_weights(
        trained, network.state_dict(), {"network": "final", "architecture": network.settings}
    )
    assert add_weights(trained, "mine", replace=True).card["network"] == "final"
    load_network(find_weights("mine").path)


def test_damaged_weights_are_refused_and_nothing_is_copied(trained):
    content = bytearray(trained.read_bytes())
    content[-1] ^= 1
    trained.write_bytes(content)
    with pytest.raises(WeightsError, match="are not those of their card"):
        add_weights(trained, "mine")
    trained.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match=r"trained\.json.*cannot be read"):
        add_weights(trained, "mine")
    with pytest.raises(UserWeightsError, match=r"kept as \.safetensors"):
        add_weights(trained.with_suffix(".pt"), "mine")
    assert list_weights() == []


def test_weights_that_are_not_there_are_refused_and_those_there_are_listed(trained):
    with pytest.raises(UserWeightsError, match="no weights 'mine'; choose one of: there are none"):
        find_weights("mine")
    add_weights(trained, "other")
    with pytest.raises(UserWeightsError, match="choose one of: other"):
        find_weights("mine")


# ---- broken and foreign files ----------------------------------------------------------------


def spoil_card(path):
    path.with_suffix(".json").write_text("{")


def spoil_network(path):
    card = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**card, "network": "tenth"}))


def spoil_weights(path):
    path.write_bytes(path.read_bytes()[:-10])


def spoil_whole(path):
    path.write_bytes(b"")


def spoil_by_losing_the_card(path):
    path.with_suffix(".json").unlink()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_card, "cannot be read"),
        (spoil_network, "a network 'tenth'"),
        (spoil_weights, "cannot be read"),
        (spoil_whole, "cannot be read"),
        (spoil_by_losing_the_card, "card"),
    ],
)
def test_a_broken_file_is_listed_with_its_reason_and_can_be_deleted(trained, spoil, reason):
    spoil(add_weights(trained, "bad").path)
    add_weights(trained, "good")
    bad, good = list_weights()
    assert reason in bad.broken
    assert (good.name, good.broken) == ("good", "")
    with pytest.raises(UserWeightsError, match=r"'bad' cannot be used: .*weights delete bad"):
        find_weights("bad")
    delete("bad")
    assert files() == ["good.json", "good.safetensors"]


def test_foreign_files_are_listed_as_such_and_hidden_ones_are_not(trained):
    path = add_weights(trained, "mine").path
    (path.parent / "notes.txt").write_text("hello")
    (path.parent / "alone.json").write_text("{}")
    (path.parent / ".part-1-x.safetensors").write_bytes(b"")
    (path.parent / "folder.safetensors").mkdir()
    found = {one.name: one.broken for one in list_weights()}
    assert list(found) == ["alone.json", "folder.safetensors", "mine", "notes.txt"]
    assert [bool(broken) for broken in found.values()] == [True, True, False, True]
    with pytest.raises(UserWeightsError, match="is a folder; remove it yourself"):
        delete("folder.safetensors")
    delete("alone.json")
    assert "alone.json" not in names()


def test_a_file_with_the_name_of_a_method_is_broken(trained):
    path = add_weights(trained, "mine").path
    for suffix in (".safetensors", ".json"):
        path.with_suffix(suffix).rename(path.with_name(f"search{suffix}"))
    (found,) = list_weights()
    assert "is the name of a method already" in found.broken


def test_a_file_in_place_of_the_folder_breaks_nothing(data):
    data.mkdir()
    (data / "weights").write_text("")
    assert list_weights() == []


# ---- renaming, exporting, deleting -----------------------------------------------------------


def test_renamed_weights_keep_their_card_and_stay_the_default(trained):
    add_weights(trained, "old")
    set_default("old")
    renamed = rename("old", "new")
    assert files() == ["new.json", "new.safetensors"]
    assert renamed.card == find_weights("new").card
    assert default_method() == "new"


def test_renaming_to_a_name_that_is_taken_or_not_allowed_changes_nothing(trained):
    add_weights(trained, "one")
    add_weights(trained, "other")
    for name, message in [
        ("other", "you have weights 'other' already"),
        ("one", "already"),
        ("ONE", "capitals only"),
        ("final", "name of a method"),
        ("a b", "no name for weights"),
    ]:
        with pytest.raises(UserWeightsError, match=message):
            rename("one", name)
    assert names() == ["one", "other"]


def test_exported_weights_can_be_added_elsewhere(trained, tmp_path, monkeypatch):
    add_weights(trained, "mine")
    assert export("mine", tmp_path) == tmp_path / "mine.safetensors"
    exported = export("mine", tmp_path / "other.safetensors")
    monkeypatch.setenv(user_weights.DATA_VARIABLE, str(tmp_path / "elsewhere"))
    assert add_weights(exported, "again").card["network"] == "first-2"


def test_exporting_to_nowhere_is_refused(trained, tmp_path):
    add_weights(trained, "mine")
    with pytest.raises(SavingError, match="there is no folder"):
        export("mine", tmp_path / "no" / "x.safetensors")
    with pytest.raises(UserWeightsError, match=r"kept as \.safetensors, but .*x\.pt"):
        export("mine", tmp_path / "x.pt")
    assert export("mine", weights_folder()) == find_weights("mine").path


def test_a_copy_that_fails_leaves_nothing_half_written(trained, monkeypatch):
    add_weights(trained, "mine")
    real = user_weights.shutil.copyfile

    def full(source, target):
        if str(target).endswith(".json"):
            raise OSError("no space left")
        return real(source, target)

    monkeypatch.setattr(user_weights.shutil, "copyfile", full)
    with pytest.raises(OSError, match="no space"):
        add_weights(trained, "twin")
    assert files() == ["mine.json", "mine.safetensors"]


# ---- the default -----------------------------------------------------------------------------


def test_the_default_is_remembered_and_seamnet_again_when_it_is_deleted(trained):
    add_weights(trained, "mine")
    set_default("mine")
    assert default_method() == "mine"
    delete("mine")
    assert default_method() == "seamnet"
    add_weights(trained, "mine")  # another file that happens to have the name
    assert default_method() == "seamnet"


def test_any_method_can_be_the_default_and_none_makes_it_seamnet_again():
    set_default("smoothed")
    assert default_method() == "smoothed"
    set_default(None)
    assert default_method() == "seamnet"
    set_default(None)


def test_what_is_no_method_cannot_be_the_default(trained):
    with pytest.raises(UserWeightsError, match=r"no method 'magic'; choose one of seamnet"):
        set_default("magic")
    spoil_card(add_weights(trained, "bad").path)
    with pytest.raises(UserWeightsError, match="'bad' cannot be used"):
        set_default("bad")
    assert default_method() == "seamnet"


def test_a_default_that_has_broken_or_gone_since_falls_back_to_seamnet(trained, data):
    path = add_weights(trained, "mine").path
    set_default("mine")
    spoil_card(path)
    assert default_method() == "seamnet"
    for content in ("", "[]", "{}", '{"method": 3}', '{"method": "gone"}'):
        (data / "default-method.json").write_text(content)
        assert default_method() == "seamnet"
