import pytest
import torch

from napari_seamnet.nets.device import DeviceError, choose_device


def test_auto_takes_the_fastest_there_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"


def test_a_device_that_is_not_there_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"no cuda device.*choose auto.*cpu"):
        choose_device("cuda")


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(DeviceError, match=r"'tpu'.*auto, cpu, cuda, mps"):
        choose_device("tpu")
