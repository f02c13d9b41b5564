"""Running a network on squares: batches, devices, and too little memory."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from napari_seamnet.nets import build, squares
from napari_seamnet.nets import weights as weights_module
from napari_seamnet.nets.cards import WeightsError
from napari_seamnet.nets.device import DeviceError
from napari_seamnet.nets.thesis import SquareSizeError
from napari_seamnet.nets.weights import BUNDLED, loaded_network, save_weights


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build("second", size=12, filters=(3, 4), dense=(6,)).eval()


@pytest.fixture
def weights(network, tmp_path):
    card = {"network": "second", "architecture": network.settings}
    save_weights(tmp_path / "n.safetensors", network.state_dict(), card)
    return tmp_path / "n.safetensors"


@pytest.fixture
def some():
    return np.random.default_rng(0).random((70, 2, 12, 12), np.float32)


def test_every_square_gets_its_answer_however_many_there_are(network, weights, some):
    shifts, device = squares.shifts_of_squares(some, weights, "cpu")
    with torch.inference_mode():
        expected = network(torch.from_numpy(some)).numpy()
    np.testing.assert_allclose(shifts, expected, atol=1e-4)
    assert device == "cpu"
    assert squares.shifts_of_squares(some[:0], weights, "cpu")[0].shape == (0, 2)


def test_short_of_memory_fewer_squares_are_taken_at_a_time(weights, some, monkeypatch):
    real, asked = squares._shifts_on, []

    def short(device, squares, weights, batch):
        asked.append(batch)
        if batch > 8:
            raise torch.OutOfMemoryError("no room")
        return real(device, squares, weights, batch)

    expected, _ = squares.shifts_of_squares(some, weights, "cpu")
    monkeypatch.setattr(squares, "_shifts_on", short)
    found, _ = squares.shifts_of_squares(some, weights, "cpu")
    assert asked == [32, 16, 8]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_gpu_without_room_for_one_square_hands_over_to_the_cpu(weights, some, monkeypatch):
    real = squares._shifts_on

    def short(device, *rest):
        if device.type != "cpu":
            raise torch.OutOfMemoryError("no room")
        return real(device, *rest)

    monkeypatch.setattr(squares, "choose_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(squares, "_shifts_on", short)
    with pytest.warns(UserWarning, match="cuda device ran out of memory.*on the CPU instead"):
        _, device = squares.shifts_of_squares(some, weights, "cuda")
    assert device == "cpu"


def test_a_cpu_without_room_for_one_square_says_so(weights, some, monkeypatch):
    def short(*_):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(squares, "_shifts_on", short)
    with pytest.raises(torch.OutOfMemoryError):
        squares.shifts_of_squares(some, weights, "cpu")


def test_a_wrong_device_wrong_squares_and_wrong_weights_are_refused(weights, some):
    with pytest.raises(DeviceError):
        squares.shifts_of_squares(some, weights, "tpu")
    with pytest.raises(SquareSizeError, match="12 x 12"):
        squares.shifts_of_squares(some[..., :10], weights, "cpu")
    with pytest.raises(WeightsError, match="no network that looks at squares"):
        squares.shifts_of_squares(some, BUNDLED, "cpu")


def test_many_threads_get_one_network(weights, monkeypatch):
    def slowly(path):
        time.sleep(0.05)  # as a large network takes, so that all threads ask meanwhile
        return load_network(path)

    load_network = weights_module.load_network
    monkeypatch.setattr(weights_module, "load_network", slowly)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: loaded_network(weights, "cpu"), range(16)))
    assert len({id(network) for network in got}) == 1


def test_a_file_that_was_replaced_is_loaded_anew(network, weights):
    before = loaded_network(weights, "cpu")
    state = {k: v + 1 if v.is_floating_point() else v for k, v in network.state_dict().items()}
    save_weights(weights, state, {"network": "second", "architecture": network.settings})
    after = loaded_network(weights, "cpu")
    assert after is not before
    torch.testing.assert_close(after.state_dict()["trunk.0.0.bias"], torch.ones(3))
