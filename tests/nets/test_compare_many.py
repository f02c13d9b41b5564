import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_seamnet.nets import inference
from napari_seamnet.nets.threads import limit_threads, limited_threads


@pytest.fixture
def pairs():
    """Five pairs of crops of one size, each of another picture and shift."""
    rng = np.random.default_rng(0)
    firsts, seconds = [], []
    for n in range(5):
        picture = rng.normal(size=(100, 80)).astype(np.float32) * 10**n + n
        firsts.append(picture[5:95, 5:65])
        seconds.append(picture[3 + n : 93 + n, 18:73])
    return np.stack(firsts), np.stack(seconds)


def test_a_batch_is_what_one_by_one_is(pairs):
    many = inference.compare_many(*pairs, (0, 12), 6, device="cpu")
    assert len(many) == 5
    for first, second, seen in zip(*pairs, many, strict=True):
        alone = inference.compare(first, second, (0, 12), 6, device="cpu")
        np.testing.assert_allclose(seen.logits, alone.logits, atol=1e-4)
        np.testing.assert_allclose(seen.fine, alone.fine, atol=1e-4)
        assert (seen.is_warped, seen.device) == (alone.is_warped, "cpu")
    places = [np.unravel_index(seen.logits.argmax(), (13, 13)) for seen in many]
    assert [(int(y) - 6, int(x) - 6) for y, x in places] == [(n - 2, 1) for n in range(5)]


def test_a_gpu_out_of_memory_gets_half_and_at_last_the_cpu(pairs, monkeypatch):
    real, compare, asked = inference._compare_batch_on, inference.compare, []

    def short_of_memory(device, firsts, *rest):
        asked.append(len(firsts))
        if len(firsts) > 2:
            raise torch.OutOfMemoryError("no room")
        return real(torch.device("cpu"), firsts, *rest)

    choose = {"cuda": torch.device("cuda"), "cpu": torch.device("cpu")}.__getitem__
    monkeypatch.setattr(inference, "choose_device", choose)
    monkeypatch.setattr(inference, "_compare_batch_on", short_of_memory)

    def compare_on_cpu(*args, **rest):
        return compare(*args, **{**rest, "device": "cpu"})

    monkeypatch.setattr(inference, "compare", compare_on_cpu)
    seen = inference.compare_many(*pairs, (0, 12), 6, device="cuda")
    assert asked == [5, 3, 2, 2]
    alone = compare_on_cpu(pairs[0][4], pairs[1][4], (0, 12), 6)
    np.testing.assert_allclose(seen[4].logits, alone.logits, atol=1e-4)


def test_a_cpu_out_of_memory_is_an_error(pairs, monkeypatch):
    def no_room(*args):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(inference, "_compare_batch_on", no_room)
    with pytest.raises(torch.OutOfMemoryError):
        inference.compare_many(*pairs, (0, 12), 6, device="cpu")


def test_threads_are_limited_inside_and_given_back_after():
    before = torch.get_num_threads()
    with limited_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    limit_threads(before)
    assert torch.get_num_threads() == before


@pytest.fixture
def long_pairs():
    """Four pairs of long crops, all 4 px apart: two clear, a pure array, and nothing but noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:900, :144]
    whole = np.stack(
        [
            *ndimage.gaussian_filter(rng.standard_normal((2, 900, 144)), (0, 2, 2)),
            np.sin(2 * np.pi * y / 11) + np.sin(2 * np.pi * x / 9),
            np.zeros(y.shape),
        ]
    )
    made = (whole[..., start : start + 140].astype("f4") for start in (0, 4))
    noise = whole[:2].std() / 10
    firsts, seconds = (
        (side + noise * rng.standard_normal(side.shape)).astype("f4") for side in made
    )
    return firsts, seconds


def test_in_a_batch_each_gets_the_look_it_needs(long_pairs):
    seen = inference.compare_many(*long_pairs, (0, 0), 8, device="cpu")
    assert [each.is_first_look for each in seen] == [True, True, False, False]
    for first, second, each in zip(*long_pairs, seen, strict=True):
        alone = inference.compare(first, second, (0, 0), 8, device="cpu")
        assert each.is_first_look == alone.is_first_look
        np.testing.assert_allclose(each.logits, alone.logits, atol=1e-3)
        np.testing.assert_allclose(each.fine, alone.fine, atol=1e-3)


def test_in_full_means_in_full(long_pairs):
    for n in (1, 2):
        pairs = (side[:n] for side in long_pairs)
        seen = inference.compare_many(*pairs, (0, 0), 8, in_full=True, device="cpu")
        assert [each.is_first_look for each in seen] == [False] * n
