"""The six networks of the source: one square in, one shift out.

Layers, losses and what an output means are here. Which of them has which sizes is in `build.py`,
how squares become an estimate in `shifts/thesis.py`. The source says (x, y); everything here is
(dy, dx), as everywhere in the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from .build import SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

CONVOLUTIONS = (2, 2, 3, 3)
"""Convolutions of each pack."""
SLOPE = 0.2
EPSILON, MOMENTUM = 1e-3, 0.01
"""Of every batch normalisation: the defaults of Keras, in which the source was written. Its
momentum of 0.99 is torch's 0.01. The running statistics so remember some 100 batches: they are not
to be trusted in a run of fewer steps than several hundreds."""


class SquareSizeError(ValueError):
    """Squares have another size than a network takes; the message names both."""


class Pack(nn.Sequential):
    """Some times [3x3 convolution, LeakyReLU, batch normalisation], then a pooling that halves.

    Parameters
    ----------
    channels : int
        Maps that come in.
    filters : int
        Maps that go out.
    convolutions : int
        How many times.
    """

    def __init__(self, channels: int, filters: int, convolutions: int) -> None:
        layers: list[nn.Module] = []
        for _ in range(convolutions):
            layers += [
                nn.Conv2d(channels, filters, 3, padding=1),
                nn.LeakyReLU(SLOPE),
                nn.BatchNorm2d(filters, eps=EPSILON, momentum=MOMENTUM),
            ]
            channels = filters
        # "Same" padding of a pooling: the last row and column of an odd map stand alone, 75 -> 38.
        super().__init__(*layers, nn.MaxPool2d(2, ceil_mode=True))


class Trunk(nn.Sequential):
    """Packs, dense layers, and a linear output.

    Parameters
    ----------
    size : int
        Side of the squares, in px.
    filters : sequence of int
        Filters of each pack.
    dense : sequence of int
        Units of each dense layer.
    dropout : float
        Part of each dense layer's units that is dropped in training.
    outputs : int
        Linear outputs.
    """

    def __init__(
        self,
        size: int,
        filters: Sequence[int],
        dense: Sequence[int],
        dropout: float,
        outputs: int,
    ) -> None:
        layers: list[nn.Module] = []
        channels = 2
        for n_filters, convolutions in zip(filters, CONVOLUTIONS, strict=False):
            layers.append(Pack(channels, n_filters, convolutions))
            channels, size = n_filters, -(-size // 2)
        layers.append(nn.Flatten())
        units = channels * size * size
        for n_units in dense:
            layers += [nn.Linear(units, n_units), nn.LeakyReLU(SLOPE)]
            layers += [nn.Dropout(dropout)] if dropout else []
            units = n_units
        super().__init__(*layers, nn.Linear(units, outputs))


class ThesisNet(nn.Module):
    """Regression: the shift of a square, as two numbers.

    Parameters
    ----------
    size : int, default 150
        Side S of the squares, in px.
    filters : sequence of int
        Filters of each pack, of 1 to 4; the packs have 2, 2, 3 and 3 convolutions.
    dense : sequence of int
        Units of each dense layer.
    dropout : float, default 0.25
        Part of each dense layer's units that is dropped in training; 0 leaves the layers out.

    Raises
    ------
    ValueError
        If a setting makes no sense.

    Notes
    -----
    Source: thesis, the six networks; the defaults are its final one. Kernels are He-uniform (K. He
    et al. (2015), doi:10.1109/ICCV.2015.123: limit ``sqrt(6 / inputs)``), biases 0.
    """

    def __init__(
        self,
        size: int = SIZE,
        filters: Sequence[int] = (64, 96, 128, 160),
        dense: Sequence[int] = (1024, 512),
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        if not 1 <= len(filters) <= len(CONVOLUTIONS):
            raise ValueError(f"a network has 1 to 4 packs, not {len(filters)}")
        if min(size, *filters, *dense) < 1:
            raise ValueError(
                f"size, filters and dense layers are at least 1, but are {size}, {list(filters)}, "
                f"{list(dense)}"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"a dropout is a part of all units from 0 on, not {dropout}")
        self.size = size
        self.settings: dict[str, object] = {
            "size": size,
            "filters": list(filters),
            "dense": list(dense),
            "dropout": dropout,
        }
        self._add_trunks()
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def _add_trunks(self) -> None:
        self.trunk = self._trunk(2)

    def _trunk(self, outputs: int) -> Trunk:
        size, filters, dense, dropout = (
            self.settings[name] for name in ("size", "filters", "dense", "dropout")
        )
        return Trunk(size, filters, dense, dropout, outputs)  # type: ignore[arg-type]

    def forward(self, squares: torch.Tensor) -> torch.Tensor:
        """Look at squares.

        Parameters
        ----------
        squares : (B, 2, S, S) float32 tensor
            Red (the first frame) and green (the second), 0..1.

        Returns
        -------
        (B, 2) tensor
            (dy, dx) in px, of ``zero`` (B, 2, 2 delta + 1) logits; see `shifts`.

        Raises
        ------
        SquareSizeError
            If the squares have another size than the network takes.
        """
        self._check(squares)
        output: torch.Tensor = self.trunk(squares)
        return output

    def loss(self, output: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
        """Compute what training lowers: the mean squared error, in px^2.

        Parameters
        ----------
        output : tensor
            As `forward` gives it.
        shifts : (B, 2) float tensor
            True (dy, dx), in px.

        Returns
        -------
        () tensor
        """
        return functional.mse_loss(output, shifts.to(output.dtype))

    def shifts(self, output: torch.Tensor) -> torch.Tensor:
        """Turn an output into (B, 2) shifts (dy, dx) in px."""
        return output

    def _check(self, squares: torch.Tensor) -> None:
        if squares.shape[1:] != (2, self.size, self.size):
            raise SquareSizeError(
                f"this network takes squares of 2 x {self.size} x {self.size}, but these are "
                f"{' x '.join(map(str, squares.shape[1:]))}; build it with their size"
            )


class ZeroNet(ThesisNet):
    """Classification: two networks side by side, one per axis, that choose among whole pixels.

    Parameters
    ----------
    size, filters, dense, dropout
        See `ThesisNet`.
    delta : int, default 10
        Largest shift that can be chosen, in px each way.

    Notes
    -----
    Source: thesis, the zeroth network. The loss is the sum of both axes' cross-entropies: they
    share no parameter, so each is trained as if it were alone.
    """

    def __init__(
        self,
        size: int = SIZE,
        filters: Sequence[int] = (32, 64),
        dense: Sequence[int] = (1024,),
        dropout: float = 0.0,
        delta: int = 10,
    ) -> None:
        if delta < 1:
            raise ValueError(f"the largest shift to choose from is at least 1 px, not {delta}")
        self.delta = delta
        super().__init__(size, filters, dense, dropout)
        self.settings["delta"] = delta

    def _add_trunks(self) -> None:
        self.axes = nn.ModuleList(self._trunk(2 * self.delta + 1) for _ in ("dy", "dx"))

    def forward(self, squares: torch.Tensor) -> torch.Tensor:
        """Look at squares: (B, 2, 2 delta + 1) logits of dy and dx from -delta on."""
        self._check(squares)
        return torch.stack([axis(squares) for axis in self.axes], 1)

    def loss(self, output: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
        """Compute the cross-entropy to the one-hot truth, summed over the axes."""
        truth = one_hot(shifts, self.delta)
        return -(truth * output.float().log_softmax(-1)).sum((-2, -1)).mean()

    def shifts(self, output: torch.Tensor) -> torch.Tensor:
        """Turn logits into (B, 2) shifts (dy, dx) in whole px."""
        return from_one_hot(output)


def one_hot(shifts: torch.Tensor, delta: int) -> torch.Tensor:
    """Encode shifts for a classification.

    Parameters
    ----------
    shifts : (B, 2) tensor
        (dy, dx) in px; rounded to whole pixels.
    delta : int
        Largest shift there is a place for.

    Returns
    -------
    (B, 2, 2 delta + 1) float32 tensor
        1 at the place ``delta + dy``, and ``delta + dx``; else 0.

    Raises
    ------
    ValueError
        If a shift is larger than `delta`.

    Examples
    --------
    >>> one_hot(torch.tensor([[-1, 2]]), 2).int().tolist()
    [[[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]]
    """
    places = shifts.round().long() + delta
    if places.numel() and not 0 <= int(places.min()) <= int(places.max()) <= 2 * delta:
        raise ValueError(
            f"a shift of {int((places - delta).abs().max())} px has no place in a classification "
            f"up to {delta} px; build the network with a larger delta, or sieve the tiles"
        )
    return functional.one_hot(places, 2 * delta + 1).float()


def from_one_hot(scores: torch.Tensor) -> torch.Tensor:
    """Decode (B, 2, 2 delta + 1) scores to (B, 2) float32 shifts: the place of the largest.

    Examples
    --------
    >>> from_one_hot(one_hot(torch.tensor([[-1, 2]]), 2)).tolist()
    [[-1.0, 2.0]]
    """
    return (scores.argmax(-1) - scores.shape[-1] // 2).float()


def parameter_count(network: nn.Module) -> tuple[int, int]:
    """Count all parameters of a network, and the trainable ones, as Keras does.

    Returns
    -------
    all, trainable : int
        All include the running mean and variance of every batch normalisation.
    """
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    fixed = sum(p.numel() for p in network.parameters() if not p.requires_grad)
    running = sum(b.numel() for n, b in network.named_buffers() if "running_" in n)
    return trainable + fixed + running, trainable
