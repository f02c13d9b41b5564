import pytest
import torch

from napari_seamnet.nets.device import DeviceError, choose_device, hand_over, with_cpu_behind


def test_auto_takes_the_fastest_there_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"


def test_an_apple_gpu_is_for_those_who_ask_for_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "cpu"
    assert choose_device("mps").type == "mps"


NO_ROOM = torch.OutOfMemoryError("no room")
LACKING = TypeError("Cannot convert a MPS Tensor to float64 dtype\nas MPS does not support it")


@pytest.mark.parametrize(
    ("device", "error", "said"),
    [
        ("cuda", NO_ROOM, "the cuda device ran out of memory on a seam; .* on the CPU instead"),
        ("mps", NO_ROOM, "the mps device ran out of memory on a seam"),
        ("mps", LACKING, r"the mps device failed \(Cannot convert .* dtype\) on a seam; .* CPU"),
        ("mps", RuntimeError("mm for complex"), r"the mps device failed \(mm for complex\)"),
    ],
)
def test_the_cpu_does_what_a_device_cannot(device, error, said):
    with pytest.warns(UserWarning, match=said):
        assert hand_over(torch.device(device), error, "a seam").type == "cpu"


@pytest.mark.parametrize(
    ("device", "error"),
    [("cpu", NO_ROOM), ("cpu", LACKING), ("cuda", LACKING), ("cuda", RuntimeError("a bug"))],
)
def test_other_errors_are_told(device, error):
    with pytest.raises(type(error), match=str(error).splitlines()[0]):
        hand_over(torch.device(device), error, "a seam")


def test_a_device_that_is_not_there_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"no cuda device.*choose auto.*cpu"):
        choose_device("cuda")


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(DeviceError, match=r"'tpu'.*auto, cpu, cuda, mps"):
        choose_device("tpu")


def test_work_that_a_device_cannot_do_is_done_on_the_cpu_and_no_more_than_once():
    asked = []

    def work(device):
        asked.append(device.type)
        if device.type == "mps":
            raise LACKING
        return "done"

    with pytest.warns(UserWarning, match=r"mps device failed .* on a seam"):
        assert with_cpu_behind(torch.device("mps"), work, "a seam") == "done"
    assert asked == ["mps", "cpu"]
    assert with_cpu_behind(torch.device("cpu"), work, "a seam") == "done"
    assert asked == ["mps", "cpu", "cpu"]
