"""The registry itself, and what every plain method of it must hold to."""

from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest

from napari_seamnet import user_weights
from napari_seamnet.nets import build
from napari_seamnet.nets.cards import WeightsError
from napari_seamnet.nets.weights import save_weights
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Cancelled, Status, UnknownMethodError, get_method, method_names
from napari_seamnet.shifts import registry as registry_module
from napari_seamnet.shifts.estimate import undetermined
from napari_seamnet.shifts.registry import (
    BrokenMethodError,
    UntrainedNetworkError,
    reserved_names,
    runs_on_device,
)
from napari_seamnet.shifts.seamnet import SeamNetMethod
from napari_seamnet.shifts.thesis import ThesisMethod

PLAIN = ("smoothed", "search", "median", "bilateral", "vector", "phase")
SHIFTS = [(0, 0), (5, 0), (0, -7), (-4, 9), (11, -12)]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """An empty data folder, whatever the person who runs the tests has in theirs."""
    monkeypatch.setenv(user_weights.DATA_VARIABLE, str(tmp_path / "data"))


@pytest.fixture
def weights(tmp_path):
    """Save weights of a network: ``weights("final")`` gives the file."""

    def save(network, name="trained"):
        small = {"width": 4} if network == "seamnet" else {"size": 14, "filters": (3,)}
        made = build(network, **small)
        path = tmp_path / f"{name}.safetensors"
        save_weights(path, made.state_dict(), {"network": network, "architecture": made.settings})
        return path

    return save


class Guess:
    """A method of another package."""

    name = "guess"
    wants_margin = False

    def __init__(self, luck=0):
        self.luck = luck

    def estimate(self, overlap, *, max_shift=15, progress=None):
        return undetermined(self.name, "only guessing")


@pytest.fixture
def other_package(monkeypatch):
    """Pretend that a package with a method called "guess" (and one called "search") is there."""
    points = EntryPoints(
        EntryPoint(name, f"{name}_package:Guess", registry_module.ENTRY_POINT_GROUP)
        for name in ("guess", "guess", "search")
    )
    monkeypatch.setattr(
        registry_module, "entry_points", lambda *, group: points.select(group=group)
    )
    monkeypatch.setattr(EntryPoint, "load", lambda self: Guess)


def test_our_methods_are_all_there_and_have_the_names_they_go_by():
    assert set(method_names()) >= {"seamnet", *PLAIN}
    assert [get_method(name).name for name in PLAIN] == list(PLAIN)


def test_settings_reach_the_method():
    assert get_method("median", size=3).size == 3


def test_a_method_that_is_not_there_is_refused_and_those_there_are_listed():
    with pytest.raises(UnknownMethodError, match=r"no method 'magic'.*smoothed, search"):
        get_method("magic")


@pytest.mark.usefixtures("other_package")
def test_another_package_adds_a_method_by_an_entry_point():
    assert method_names()[-1] == "guess"
    method = get_method("guess", luck=7)
    assert (method.name, method.luck) == ("guess", 7)


@pytest.mark.usefixtures("other_package")
def test_another_package_cannot_take_the_place_of_ours():
    assert method_names().count("search") == 1
    assert get_method("search").name == "search"
    assert not isinstance(get_method("search"), Guess)


@pytest.mark.usefixtures("other_package")
@pytest.mark.parametrize("error", [ImportError("no module"), AttributeError("no class")])
def test_a_method_that_cannot_be_imported_names_its_package_s_place(monkeypatch, error):
    def load(self):
        raise error

    monkeypatch.setattr(EntryPoint, "load", load)
    with pytest.raises(BrokenMethodError, match=rf"'guess' \(guess_package:Guess\).*{error}"):
        get_method("guess")


# ---- networks, and a person's own weights ----------------------------------------------------


@pytest.mark.parametrize(
    ("network", "kind"), [("seamnet", SeamNetMethod), ("final", ThesisMethod)]
)
def test_own_weights_are_a_method_by_their_name_after_ours(network, kind, weights):
    user_weights.add_weights(weights(network), "my-sem")
    assert method_names()[-1] == "my-sem"
    method = get_method("my-sem", device="cpu")
    assert isinstance(method, kind)
    assert (method.name, method.device) == ("my-sem", "cpu")
    assert method.weights == user_weights.find_weights("my-sem").path


@pytest.mark.parametrize(
    ("network", "kind"), [("seamnet", SeamNetMethod), ("first-2", ThesisMethod)]
)
def test_a_file_of_weights_is_a_method_too(network, kind, weights):
    path = weights(network)
    method = get_method(str(path), device="cpu")
    assert isinstance(method, kind)
    assert (method.name, method.weights) == ("trained.safetensors", path)
    assert str(path) not in method_names()


def test_the_estimate_of_own_weights_says_whose_it_is(weights, cut):
    user_weights.add_weights(weights("seamnet"), "my-sem")
    assert get_method("my-sem", device="cpu").estimate(cut(2, -3)).method == "my-sem"
    user_weights.add_weights(weights("final"), "squares")
    assert get_method("squares", device="cpu").estimate(cut(2, -3)).method == "squares"


def test_a_file_without_card_or_that_is_not_there_is_refused(weights, tmp_path):
    path = weights("final")
    path.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match=r"the card .*trained\.json"):
        get_method(str(path))
    with pytest.raises(WeightsError, match=r"there are no weights .*gone\.safetensors"):
        get_method(str(tmp_path / "gone.safetensors"))


def test_broken_own_weights_are_no_method_and_say_why(weights):
    user_weights.add_weights(weights("final"), "mine")
    user_weights.find_weights("mine").path.with_suffix(".json").write_text("{}")
    assert "mine" not in method_names()
    with pytest.raises(user_weights.UserWeightsError, match=r"'mine' cannot be used: .*card"):
        get_method("mine")


@pytest.mark.usefixtures("other_package")
def test_own_weights_cannot_take_another_package_s_name(weights):
    path = user_weights.add_weights(weights("final"), "mine").path
    for suffix in (".safetensors", ".json"):  # as if that package had come later
        path.with_suffix(suffix).rename(path.with_name(f"guess{suffix}"))
    assert method_names().count("guess") == 1
    assert isinstance(get_method("guess"), Guess)


@pytest.fixture
def without_weights(monkeypatch):
    monkeypatch.setattr(registry_module, "has_weights", lambda name: name == "seamnet")


@pytest.mark.usefixtures("without_weights")
def test_a_network_without_weights_is_not_listed_and_says_how_to_train_it(weights):
    assert "final" not in method_names()
    with pytest.raises(UntrainedNetworkError, match="train --network final --tiles"):
        get_method("final")
    method = get_method("final", device="cpu", weights=weights("final"))
    assert (method.name, method.device) == ("final", "cpu")


def test_a_network_with_weights_is_listed_after_the_plain_methods(monkeypatch, weights):
    monkeypatch.setattr(registry_module, "has_weights", lambda name: name in ("seamnet", "final"))
    user_weights.add_weights(weights("final"), "mine")
    assert method_names() == ("seamnet", *PLAIN, "final", "mine")
    assert get_method("final").weights.name == "final.safetensors"


def test_names_of_methods_and_networks_are_reserved():
    assert reserved_names() >= {"seamnet", "zero", "final", *PLAIN}


def test_only_networks_run_on_a_device(weights):
    user_weights.add_weights(weights("final"), "mine")
    names = ("seamnet", "final", "mine", "x.safetensors", *PLAIN, "magic")
    assert [name for name in names if runs_on_device(name)] == list(names[:4])


# ---- what every plain method holds to --------------------------------------------------------


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("shift", SHIFTS)
def test_two_crops_of_one_picture_give_the_shift_they_were_cut_with(name, shift, cut):
    # first[y + dy, x + dx] shows what second[y, x] shows.
    estimate = get_method(name).estimate(cut(*shift))
    assert estimate.shift.whole() == shift
    assert estimate.status in (Status.CERTAIN, Status.DOUBTFUL)
    assert estimate.confidence >= 0.89
    assert estimate.method == name
    assert estimate.map.at(estimate.shift) == np.nanmax(estimate.map.values)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("shift", [(3, -5), (-2, 8)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_margin_is_taken_into_account(name, shift, turned, cut, scene):
    size = {"height": 70, "width": 130} if turned else {"height": 130, "width": 70}
    seam = cut(*shift, **size, origin=(4, -6), second_size=(90, 80))
    assert get_method(name).estimate(seam).shift.whole() == shift


@pytest.mark.parametrize("name", PLAIN)
def test_a_fraction_of_a_pixel_is_found(name, cut_between_pixels):
    # Phase correlation lives on fine structure, the others have to do without.
    seam = cut_between_pixels(3.3, -6.6, sigma=0.8 if name == "phase" else 2.0)
    estimate = get_method(name).estimate(seam)
    tolerance = {"vector": 0.3}.get(name, 0.12)
    assert tuple(estimate.shift) == pytest.approx((3.3, -6.6), abs=tolerance)


@pytest.mark.parametrize("name", PLAIN)
def test_crops_with_holes_are_compared_where_both_have_pixels(name, cut):
    seam = cut(4, -6)
    first, second = seam.first.astype(np.float32), seam.second.astype(np.float32)
    first[20:30, 10:25] = np.nan
    second[70:76] = np.inf
    estimate = get_method(name).estimate(Overlap(first, second))
    assert estimate.shift.whole() == (4, -6)
    assert np.isfinite(estimate.map.values).any()


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("value", [0, 7, np.nan])
@pytest.mark.parametrize("which", [0, 1])
def test_a_blank_crop_is_undetermined_and_named(name, value, which, scene):
    crops = [scene[:60, :40].astype(float), scene[:60, :40].astype(float)]
    crops[which] = np.full((60, 40), value, float)
    estimate = get_method(name).estimate(Overlap(*crops))
    assert estimate.status is Status.UNDETERMINED
    assert tuple(estimate.shift) == (0, 0)
    assert ("first", "second")[which] in estimate.reason


@pytest.mark.parametrize("name", [n for n in PLAIN if n != "phase"])
def test_the_best_fit_on_the_edge_of_the_range_is_undetermined(name, cut):
    estimate = get_method(name).estimate(cut(8, 2), max_shift=8)
    assert estimate.status is Status.UNDETERMINED
    assert "edge of the range of ±8 px" in estimate.reason
    assert estimate.alternatives[0].shift.whole() == (8, 2)


@pytest.mark.parametrize("name", PLAIN)
def test_the_range_may_be_wider_than_the_crops(name, cut):
    estimate = get_method(name).estimate(cut(2, -3, height=80, width=24), max_shift=40)
    assert estimate.map.values.shape == (81, 81)
    assert np.isnan(estimate.map.values[:, 0]).all()
    assert estimate.shift.whole() == (2, -3)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, float])
def test_every_type_of_pixel_gives_the_same_answer(name, dtype, cut):
    seam = cut(4, -6)
    other = Overlap(seam.first.astype(dtype) * 100, seam.second.astype(dtype) * 100)
    assert get_method(name).estimate(other).shift.whole() == (4, -6)


@pytest.mark.parametrize("name", PLAIN)
def test_the_crops_are_left_as_they_are(name, cut):
    seam = cut(4, -6)
    first, second = seam.first.copy(), seam.second.copy()
    read_only = Overlap(first, second)
    first.flags.writeable = second.flags.writeable = False
    get_method(name).estimate(read_only)
    np.testing.assert_array_equal(first, seam.first)
    np.testing.assert_array_equal(second, seam.second)


@pytest.mark.parametrize("name", PLAIN)
def test_progress_runs_to_its_end_and_can_stop_the_work(name, cut):
    calls = []
    get_method(name).estimate(cut(0, 0), progress=lambda *call: calls.append(call))
    done, totals = [c[0] for c in calls], {c[1] for c in calls}
    assert len(totals) == 1
    assert done == list(range(totals.pop() + 1))
    assert all(name in what for _, _, what in calls)

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        get_method(name).estimate(cut(0, 0), progress=stop)
