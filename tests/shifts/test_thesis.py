"""A network of the source on a whole seam.

No network is trained here: on sawteeth, a shift is the difference of two mean greys, so weights
that give it can be written down.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.nets import build
from napari_seamnet.nets.cards import WeightsError
from napari_seamnet.nets.device import DeviceError
from napari_seamnet.nets.thesis import EPSILON
from napari_seamnet.nets.weights import save_weights
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Cancelled, Status
from napari_seamnet.shifts.consensus import trimmed_mean
from napari_seamnet.shifts.thesis import NarrowSeamError, ThesisMethod, move, squares_of, to_unit

SIZE, STEP, N = 40, 5, 14
"""Side of the squares, grey levels a px, squares of a seam."""


def sawteeth(height, width):
    """Of each square's period, the left half rises downwards, the right half to the right."""
    y, x = np.mgrid[:height, :width] % SIZE
    return (STEP * np.where(x < SIZE // 2, y, x)).astype(np.uint8)


@torch.no_grad()
def written_down(gain=1.0):
    """A network that knows sawteeth; it gives back `gain` times the true shift."""
    network = build("final", size=SIZE, filters=(1,), dense=(2,)).eval()
    for parameter in network.parameters():
        parameter.zero_()
    pack, linear, out = network.trunk[0], network.trunk[2], network.trunk[-1]
    for layer in (pack[2], pack[5]):
        layer.weight.fill_((1 + EPSILON) ** 0.5)  # normalisation does nothing
    pack[0].weight[0, :, 1, 1] = torch.tensor([-1.0, 1.0])  # second less first,
    pack[0].bias.fill_(1)  # and always positive
    pack[3].weight[0, 0, 1, 1] = 1
    half, middle = SIZE // 2, slice(6, 14)  # of the pooled map, away from where teeth begin
    for unit, columns in enumerate((slice(4, 7), slice(13, 17))):
        weight = torch.zeros(half, half)
        weight[middle, columns] = 1 / (8 * (columns.stop - columns.start))
        linear.weight[unit] = weight.flatten()
        out.weight[unit, unit] = gain * 255 / STEP
        out.bias[unit] = -gain * 255 / STEP
    return network


def weights_of(network, folder, half=False):
    state = network.state_dict()
    if half:
        state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    path = folder / "w.safetensors"
    save_weights(path, state, {"network": "final", "architecture": network.settings})
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return weights_of(written_down(), tmp_path_factory.mktemp("weights"))


@pytest.fixture
def method(weights):
    return ThesisMethod("final", "cpu", weights)


def seam(dy, dx, height=N * SIZE, width=SIZE):
    """Two crops with the true shift (dy, dx); the squares begin where the teeth do."""
    scene = sawteeth(height + 2 * SIZE, width + 2 * SIZE)
    return Overlap(
        scene[SIZE : SIZE + height, SIZE : SIZE + width],
        scene[SIZE + dy : SIZE + dy + height, SIZE + dx : SIZE + dx + width],
    )


SHIFTS = [(0, 0), (5, 0), (0, -4), (-5, 6), (3, 2)]


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("turned", [False, True])
def test_the_shift_is_found_and_its_sides_are_not_mixed_up(method, shift, turned):
    size = {"height": SIZE, "width": N * SIZE} if turned else {}
    found = method.estimate(seam(*shift, **size))
    assert tuple(found.shift) == pytest.approx(shift, abs=0.05)
    assert found.status is Status.CERTAIN
    assert (found.method, found.device, found.reason) == ("final", "cpu", "")


def test_half_precision_weights_find_it_too(tmp_path):
    path = weights_of(written_down(), tmp_path, half=True)
    found = ThesisMethod("final", "cpu", path).estimate(seam(-5, 6))
    assert tuple(found.shift) == pytest.approx((-5, 6), abs=0.2)


def test_the_shift_is_the_trimmed_mean_of_the_squares(method):
    crops = seam(3, -2)
    second = crops.second.copy()
    rng = np.random.default_rng(0)
    for k in (1, 4, 9):  # three squares out of N show something else
        second[k * SIZE : (k + 1) * SIZE] = rng.integers(0, 256, (SIZE, SIZE))
    found = method.estimate(Overlap(crops.first, second))
    assert tuple(found.shift) == pytest.approx((3, -2), abs=0.05)
    network = written_down()
    squares = squares_of(*to_unit(crops.first, second), SIZE)
    with torch.inference_mode():
        each = network(torch.from_numpy(squares)).tolist()
    assert tuple(found.shift) == pytest.approx(tuple(trimmed_mean(each)), abs=1e-3)


def test_of_a_wider_overlap_the_middle_is_looked_at(method):
    crops = seam(4, -3)
    wide = [
        np.random.default_rng(k).integers(0, 256, (N * SIZE, SIZE + 21)).astype(np.uint8)
        for k in (0, 1)
    ]
    for around, crop in zip(wide, (crops.first, crops.second), strict=True):
        around[:, 10 : 10 + SIZE] = crop
    found = method.estimate(Overlap(*wide))
    assert tuple(found.shift) == pytest.approx((4, -3), abs=0.05)


def test_crops_with_a_margin_are_brought_to_the_nominal_overlap(method):
    assert not method.wants_margin
    scene = sawteeth((N + 2) * SIZE, 3 * SIZE)
    first = scene[SIZE:-SIZE, SIZE - 7 : 2 * SIZE]
    second = scene[SIZE + 2 : -SIZE + 2, SIZE + 3 : 2 * SIZE + 3 + 9]
    found = method.estimate(Overlap(first, second, origin=(0, 7)))
    assert tuple(found.shift) == pytest.approx((2, 3), abs=0.05)


def test_a_narrower_overlap_is_refused_and_both_sizes_named(method):
    with pytest.raises(NarrowSeamError, match=r"squares of 40 px.*only 39 px wide.*--size 39"):
        method.estimate(seam(0, 0, width=39))


# ---- how sure --------------------------------------------------------------------------------


@pytest.mark.parametrize("noisy", [0, 1, 2])
def test_of_noise_nothing_is_ever_certain_though_all_squares_agree(method, noisy):
    rng = np.random.default_rng(noisy)
    crops = [rng.integers(0, 256, (30 * SIZE, SIZE)).astype(np.uint8) for _ in range(2)]
    found = method.estimate(Overlap(*crops))
    assert found.status.needs_person
    assert found.confidence < 0.3


def test_a_network_that_always_says_the_same_is_not_believed(tmp_path):
    network = written_down(gain=0.0)
    with torch.no_grad():
        network.trunk[-1].bias.copy_(torch.tensor([1.0, -2.0]))
    found = ThesisMethod("mine", "cpu", weights_of(network, tmp_path)).estimate(seam(1, -2))
    assert found.status is Status.DOUBTFUL
    assert found.confidence == pytest.approx(0, abs=0.01)
    assert tuple(found.shift) == pytest.approx((1, -2), abs=1e-4)  # it is right, by chance
    assert "lags by 5.0 px" in found.reason


def test_a_network_that_gives_half_a_shift_is_not_believed(tmp_path):
    found = ThesisMethod("mine", "cpu", weights_of(written_down(0.5), tmp_path)).estimate(
        seam(4, 0)
    )
    assert found.status is Status.DOUBTFUL
    assert found.confidence <= 0.5


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_squares_are_never_certain(method, n):
    found = method.estimate(seam(2, 1, height=n * SIZE))
    assert tuple(found.shift) == pytest.approx((2, 1), abs=0.05)
    assert (found.status, found.confidence) == (Status.DOUBTFUL, 0.5)


def test_an_answer_beyond_the_range_is_undetermined_and_still_listed(method):
    found = method.estimate(seam(-5, 6), max_shift=5)
    assert found.status is Status.UNDETERMINED
    assert tuple(found.shift) == (0, 0)
    assert found.reason == "the network's answer, (-5.0, 6.0), lies outside the range of ±5 px"
    assert found.alternatives[0].shift.whole() == (-5, 6)


@pytest.mark.parametrize("blank", [np.uint8(7), np.nan])
def test_a_blank_crop_is_undetermined_and_named(method, blank):
    first = seam(0, 0).first.astype(np.result_type(blank))
    found = method.estimate(Overlap(first, np.full_like(first, blank)))
    assert found.status is Status.UNDETERMINED
    assert "second" in found.reason


def test_blank_squares_have_no_say(method):
    crops = seam(4, 3)
    first = crops.first.copy()
    first[: 8 * SIZE] = 99
    found = method.estimate(Overlap(first, crops.second))
    assert tuple(found.shift) == pytest.approx((4, 3), abs=0.05)


def test_where_every_square_is_blank_on_one_side_nothing_is_known(method):
    first = np.zeros((3 * SIZE + 5, SIZE), np.uint8)
    first[-5:] = 200  # the remainder, which belongs to no square
    found = method.estimate(Overlap(first, seam(0, 0, height=3 * SIZE + 5).second))
    assert found.status is Status.UNDETERMINED
    assert found.reason == "none of 3 squares could tell"


# ---- settings and steps ----------------------------------------------------------------------


def test_progress_runs_to_its_end_and_can_stop_the_work(method):
    calls = []
    method.estimate(seam(0, 0), progress=lambda *call: calls.append(call))
    assert [(done, total) for done, total, _ in calls] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert all("final" in what for _, _, what in calls)

    def stop(done, total, what):
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        method.estimate(seam(0, 0), progress=stop)


def test_a_device_that_is_not_there_is_told_even_of_a_blank_seam(weights):
    blank = np.zeros((80, 40))
    with pytest.raises(DeviceError):
        ThesisMethod("final", "tpu", weights).estimate(Overlap(blank, blank))


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.safetensors"):
        ThesisMethod("final", "cpu", tmp_path / "gone.safetensors").estimate(seam(0, 0))


# ---- squares and greys -----------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "n"), [((200, 46), 5), ((40, 95), 2), ((47, 47), 1)])
def test_squares_are_cut_along_the_middle(shape, n):
    numbered = np.arange(np.prod(shape)).reshape(shape)
    squares = squares_of(numbered, -numbered, SIZE)
    assert squares.shape == (n, 2, SIZE, SIZE)
    top, left = ((min(shape) - SIZE) // 2 if side == min(shape) else 0 for side in shape)
    if shape[0] == shape[1]:
        top = 0
    np.testing.assert_array_equal(squares[0, 0], numbered[top : top + 40, left : left + 40])
    np.testing.assert_array_equal(squares[:, 1], -squares[:, 0])


@settings(deadline=None)
@given(st.integers(-5, 5), st.integers(-5, 5))
def test_moving_makes_the_shift_grow(dy, dx):
    scene = np.arange(900).reshape(30, 30)
    moved = move(scene, dy, dx)
    # What lay at (y + dy, x + dx) now lies at (y, x).
    np.testing.assert_array_equal(moved[6:-6, 6:-6], scene[6 + dy : 24 + dy, 6 + dx : 24 + dx])
    assert moved.shape == scene.shape


def test_eight_bits_are_divided_by_255_however_dark():
    first, second = to_unit(np.uint8([[0, 51]]), np.uint8([[102, 255]]))
    np.testing.assert_allclose([first, second], [[[0, 0.2]], [[0.4, 1]]])
    assert first.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32, np.float64])
def test_others_share_one_scale_that_their_greys_fill(dtype):
    rng = np.random.default_rng(0)
    crops = [(rng.integers(0, 400, (50, 50)) + low).astype(dtype) for low in (1000, 1400)]
    first, second = to_unit(*crops)
    assert first.min() == 0
    assert second.max() == 1
    assert first.max() == pytest.approx(0.5, abs=0.01)
    scale = np.diff(first.ravel()[1:3]) / np.diff(crops[0].ravel().astype(float)[1:3])
    assert 1 / scale == pytest.approx(800, rel=0.01)


def test_a_hot_pixel_does_not_darken_the_rest_and_holes_get_the_mean():
    first = np.linspace(0, 100, 10_000).reshape(100, 100)
    second = first.copy()
    second[0, 0], first[5, 5] = 1e9, np.nan
    one, other = to_unit(first, second)
    assert other.max() == 1
    assert one[50, 50] == pytest.approx(0.5, abs=0.01)
    assert one[5, 5] == pytest.approx(0.5, abs=0.01)
