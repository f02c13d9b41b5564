"""The networks of the source, layer by layer."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from napari_seamnet.nets import build
from napari_seamnet.nets.thesis import (
    Pack,
    SquareSizeError,
    ThesisNet,
    ZeroNet,
    from_one_hot,
    one_hot,
    parameter_count,
)


def tiny(name="final", **changes):
    plan = {"size": 20, "filters": (4, 4, 6, 6), "dense": (8, 6)}
    return build(name, **{**plan, **changes})


@pytest.fixture(scope="module")
def final():
    torch.manual_seed(0)
    return build("final")


# ---- the final network -----------------------------------------------------------------------


def test_the_final_network_has_the_parameters_of_the_source(final):
    assert parameter_count(final) == (18_143_650, 18_141_282)


def test_its_maps_halve_with_same_padding_and_its_output_is_two_numbers(final):
    seen = []
    hooks = [
        layer.register_forward_hook(lambda layer, given, out: seen.append(tuple(out.shape[1:])))
        for layer in final.modules()
        if isinstance(layer, Pack | nn.Linear)
    ]
    final.eval()
    with torch.inference_mode():
        output = final(torch.rand(2, 2, 150, 150))
    for hook in hooks:
        hook.remove()
    assert output.shape == (2, 2)
    assert seen == [
        *((64, 75, 75), (96, 38, 38), (128, 19, 19), (160, 10, 10)),
        *((1024,), (512,), (2,)),
    ]


def test_every_pack_is_convolution_leaky_relu_and_normalisation_in_this_order(final):
    packs = [layer for layer in final.modules() if isinstance(layer, Pack)]
    for pack, times in zip(packs, (2, 2, 3, 3), strict=True):
        kinds = [nn.Conv2d, nn.LeakyReLU, nn.BatchNorm2d] * times + [nn.MaxPool2d]
        assert [type(layer) for layer in pack] == kinds
        for layer in pack:
            if isinstance(layer, nn.Conv2d):
                assert (layer.kernel_size, layer.padding, layer.stride) == ((3, 3), (1, 1), (1, 1))
                assert layer.bias is not None
            if isinstance(layer, nn.LeakyReLU):
                assert layer.negative_slope == 0.2


def test_both_dense_layers_of_the_final_network_are_followed_by_dropout(final):
    head = list(final.trunk)[5:]
    kinds = [nn.Linear, nn.LeakyReLU, nn.Dropout] * 2 + [nn.Linear]
    assert [type(layer) for layer in head] == kinds
    assert [layer.p for layer in head if isinstance(layer, nn.Dropout)] == [0.25, 0.25]


def test_kernels_are_he_uniform_and_biases_zero(final):
    for layer in final.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            limit = (6 / layer.weight[0].numel()) ** 0.5
            largest = float(layer.weight.detach().abs().max())
            assert largest <= limit
            assert largest > 0.97 * limit
            assert not layer.bias.any()


# ---- all of them -----------------------------------------------------------------------------


def test_the_others_have_no_dropout():
    for name in ("zero", "first-2", "first-3", "second", "second-wide"):
        assert not any(isinstance(layer, nn.Dropout) for layer in tiny(name).modules())


@pytest.mark.parametrize("size", [1, 7, 64])
@pytest.mark.parametrize("name", ["final", "first-2", "zero"])
def test_squares_of_another_size_get_a_resized_network(name, size):
    network = tiny(name, size=size).eval()
    shifts = network.shifts(network(torch.rand(3, 2, size, size)))
    assert shifts.shape == (3, 2)


def test_squares_of_a_wrong_size_are_refused_and_both_sizes_named():
    with pytest.raises(SquareSizeError, match=r"2 x 20 x 20.*2 x 30 x 30"):
        tiny()(torch.rand(1, 2, 30, 30))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 0}, "at least 1, but are 0"),
        ({"filters": ()}, "1 to 4 packs, not 0"),
        ({"filters": (4,) * 5}, "1 to 4 packs, not 5"),
        ({"dropout": 1.0}, r"dropout.*not 1\.0"),
    ],
)
def test_settings_without_sense_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny(**changes)
    with pytest.raises(ValueError, match="at least 1 px, not 0"):
        tiny("zero", delta=0)


def test_the_loss_of_a_regression_is_the_mean_squared_error():
    output = torch.tensor([[1.0, -2.0], [0.0, 3.0]])
    truth = torch.tensor([[0.0, -2.0], [2.0, 0.0]])
    assert tiny().loss(output, truth).item() == pytest.approx((1 + 4 + 9) / 4)


@pytest.mark.parametrize("name", ["final", "first-3", "zero"])
def test_a_few_steps_of_training_lower_the_loss_in_both_axes(name):
    torch.manual_seed(1)
    network = tiny(name, dropout=0.0)
    squares = torch.rand(16, 2, 20, 20)
    truth = torch.randint(-10, 11, (16, 2)).float()
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(80):
        loss = network.loss(network(squares), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
    found = network.shifts(network(squares)).detach()
    assert (found - truth).abs().mean(0).max() < 2


# ---- one-hot ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(1, 50), st.data())
def test_one_hot_codes_come_back_as_the_shifts_they_were(delta, data):
    whole = st.integers(-delta, delta)
    shifts = data.draw(st.lists(st.tuples(whole, whole), min_size=1, max_size=8))
    code = one_hot(torch.tensor(shifts), delta)
    assert code.shape == (len(shifts), 2, 2 * delta + 1)
    assert (code.sum(-1) == 1).all()
    np.testing.assert_array_equal(from_one_hot(code).numpy(), shifts)


def test_the_first_place_is_minus_delta_and_the_axes_are_y_then_x():
    code = one_hot(torch.tensor([[-10, 3]]), 10)[0]
    assert code[0, 0] == 1
    assert code[1, 13] == 1


def test_a_shift_without_a_place_is_refused_and_named():
    with pytest.raises(ValueError, match=r"shift of 11 px.*up to 10 px"):
        one_hot(torch.tensor([[0.0, -11.0]]), 10)


def test_zero_is_two_networks_that_share_nothing():
    network = tiny("zero", delta=4)
    assert isinstance(network, ZeroNet)
    output = network(torch.rand(3, 2, 20, 20))
    assert output.shape == (3, 2, 9)
    output[:, 0].sum().backward()
    own, other = ([bool(p.grad.any()) for p in axis.parameters()] for axis in network.axes)
    assert any(own)
    assert not any(other)
    assert ZeroNet(**network.settings).delta == 4


def test_its_loss_is_the_cross_entropy_of_both_axes():
    network = tiny("zero", delta=1)
    output = torch.log(torch.tensor([[[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]]))
    loss = network.loss(output, torch.tensor([[-1.0, 1.0]]))
    assert loss.item() == pytest.approx(-np.log(0.5) - np.log(0.8), rel=1e-5)


def test_fixed_parameters_count_but_not_as_trainable():
    network = ThesisNet(size=8, filters=(2,), dense=(3,), dropout=0)
    everything, trainable = parameter_count(network)
    for parameter in network.trunk[0].parameters():
        parameter.requires_grad = False
    assert parameter_count(network)[0] == everything
    # 2 convolutions of 2 -> 2 maps, and 2 normalisations
    assert trainable - parameter_count(network)[1] == 2 * (2 * 2 * 9 + 2) + 2 * 4
