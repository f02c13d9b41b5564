"""Old and new weights: counted on the same seams, and better only if nothing speaks against it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_seamnet.learning.adopt import DRAWS, Comparison, compare
from napari_seamnet.learning.evaluate import evaluate
from napari_seamnet.learning.labelled import from_alignments
from napari_seamnet.nets.build import bundled_weights
from napari_seamnet.nets.cards import read_card
from napari_seamnet.nets.weights import load_network, save_weights
from napari_seamnet.shifts import Status, get_method


@pytest.fixture
def held_out(tmp_path, hand_pairs):
    """Two hand-aligned pairs of 150 x 130 px frames that share 60 px."""
    return hand_pairs(tmp_path, 2, pitch=220, width=500)


@pytest.fixture
def shaken(tmp_path):
    """The bundled weights after an accident."""
    network = load_network(bundled_weights("seamnet"))
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in network.weigher.parameters():
            parameter += 2 * torch.randn_like(parameter)
    path = tmp_path / "shaken.safetensors"
    save_weights(path, network.state_dict(), read_card(bundled_weights("seamnet")))
    return path


def counted(method, held_out):
    """Errors and statuses on the seams that `compare` promises, by evaluation alone."""
    seams = [seam for draw in range(DRAWS) for seam in from_alignments(held_out, seed=draw)]
    answers = evaluate({"it": get_method(method, device="cpu")}, seams)
    errors = np.array([answer.error for answer in answers])
    certain = np.array([answer.status is Status.CERTAIN for answer in answers])
    return errors, certain


def test_both_are_counted_as_evaluation_counts_them_on_the_same_seams(held_out, shaken):
    found = compare("seamnet", shaken, held_out, device="cpu")
    assert (found.old.method, found.new.method) == ("seamnet", "shaken")
    for summary, method in ((found.old, "seamnet"), (found.new, str(shaken))):
        errors, certain = counted(method, held_out)
        assert summary.n == len(errors) == DRAWS * len(held_out)
        assert summary.mean_max == pytest.approx(errors.mean(), abs=1e-4)
        assert summary.right_1 == (errors <= 1).sum()
        assert summary.right_2 == (errors <= 2).sum()
        assert summary.certain == certain.sum()
        assert summary.silent == (certain & (errors > 1)).sum()
    assert found.new.mean_max > found.old.mean_max + 0.5, "else a mix-up would not show"
    assert not found.is_better
    assert "not better" in found.as_text()


def test_weights_named_as_those_in_use_are_told_apart_and_no_better(held_out, tmp_path):
    twin = tmp_path / "seamnet.safetensors"
    for ending in (".safetensors", ".json"):
        twin.with_suffix(ending).write_bytes(
            bundled_weights("seamnet").with_suffix(ending).read_bytes()
        )
    found = compare("seamnet", twin, held_out[:1], device="cpu")
    assert (found.old.method, found.new.method) == ("seamnet (in use)", "seamnet (new)")
    assert found.new.mean_max == found.old.mean_max
    assert not found.is_better


@pytest.mark.parametrize(
    ("changes", "is_better"),
    [
        ({"mean_max": -0.1}, True),
        ({"mean_max": -0.1, "right_1": 1, "silent": -1}, True),
        ({"mean_max": 0.0}, False),
        ({"right_1": 1, "silent": -1}, False),
        ({"mean_max": -0.1, "right_1": -1}, False),
        ({"mean_max": -0.1, "silent": 1}, False),
    ],
)
def test_nothing_may_speak_against_new_weights_and_something_must_for_them(
    held_out, changes, is_better
):
    old = compare("seamnet", bundled_weights("seamnet"), held_out[:1], device="cpu").old
    old = replace(old, mean_max=1.0, right_1=2, silent=1)
    new = replace(old, **{name: getattr(old, name) + by for name, by in changes.items()})
    assert Comparison(old, new, ()).is_better is is_better


def test_without_a_held_out_pair_there_is_nothing_to_compare_on(shaken):
    with pytest.raises(ValueError, match="no held-out pair"):
        compare("seamnet", shaken, [])
