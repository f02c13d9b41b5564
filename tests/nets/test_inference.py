import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_seamnet.nets import inference
from napari_seamnet.nets.seamnet import SeamNet
from napari_seamnet.nets.weights import save_weights


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    network = SeamNet(width=4, blocks=1, features=2)
    save_weights(
        tmp_path / "n.safetensors", network.state_dict(), {"architecture": network.settings}
    )
    return tmp_path / "n.safetensors"


@pytest.fixture
def crops():
    rng = np.random.default_rng(0)
    picture = rng.normal(size=(80, 90)).astype(np.float32)
    return picture[5:65, 5:75], picture[7:67, 2:72]


def test_a_seam_is_compared_step_by_step(weights, crops):
    told = []
    seen = inference.compare(
        *crops, (0, 0), 6, device="cpu", weights=weights, report=lambda *step: told.append(step)
    )
    assert [done for done, _, _ in told] == [0, 1, 2, 3]
    assert told[0][2] == "loading the network"
    place = np.unravel_index(seen.logits.argmax(), seen.logits.shape)
    assert (place[0] - 6, place[1] - 6) == (2, -3)
    assert np.unravel_index(seen.fine.argmax(), seen.fine.shape) == place
    assert seen.device == "cpu"


def test_what_the_report_raises_stops_the_work(weights, crops):
    class Stop(Exception):
        pass

    def report(done, total, what):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        inference.compare(*crops, (0, 0), 6, device="cpu", weights=weights, report=report)


def test_a_gpu_out_of_memory_hands_over_to_the_cpu_and_says_so(weights, crops, monkeypatch):
    real = inference._compare_on
    asked = []

    def short_of_memory(device, *rest):
        asked.append(device.type)
        if device.type != "cpu":
            raise torch.OutOfMemoryError("no room")
        return real(device, *rest)

    monkeypatch.setattr(inference, "choose_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(inference, "_compare_on", short_of_memory)
    with pytest.warns(UserWarning, match="cuda device ran out of memory.*on the CPU instead"):
        seen = inference.compare(*crops, (0, 0), 6, device="cuda", weights=weights)
    assert asked == ["cuda", "cpu"]
    assert seen.device == "cpu"


def test_the_network_is_loaded_once(weights):
    assert inference.loaded(weights, "cpu") is inference.loaded(weights, "cpu")


def test_half_precision_changes_no_answer():
    network = inference.loaded(None, "cpu")
    rng = np.random.default_rng(1)
    scene = 40 * ndimage.gaussian_filter(rng.standard_normal((520, 150)), 1.5)
    first, second = (
        (side + 20 * rng.standard_normal(side.shape)).astype(np.float32)
        for side in (scene[10:510, 15:135], scene[12:512, 20:140])
    )
    before = network.encoder.convolves_in
    answers = []
    try:
        for dtype in (None, torch.bfloat16):
            network.encoder.convolves_in = dtype
            with torch.inference_mode():
                tensors = [torch.from_numpy(crop)[None, None] for crop in (first, second)]
                maps, n_pixels = network.maps(*tensors, 15)
                logits = network.weigh(maps, n_pixels)[0]
                answers.append((int(logits.argmax()), torch.softmax(logits.flatten(), 0).max()))
    finally:
        network.encoder.convolves_in = before
    assert answers[0][0] == answers[1][0]
    assert float(answers[0][1]) == pytest.approx(float(answers[1][1]), abs=0.02)
