"""LPIPS v0.1: distance between two images through a network's layers, weighted by learned heads.

For each of five layers the activations are scaled to length one per pixel; their squared difference, weighted per
channel, is averaged over the image and the layers are added (Zhang et al. 2018, Eq. 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from retouch.features.alexnet import alexnet_layers
from retouch.features.vgg import vgg16_layers

Net = Literal["alex", "vgg"]

# Ends of the five slices in the public numbering of `features`, each after a ReLU.
_ENDS: dict[str, tuple[int, ...]] = {"alex": (2, 5, 8, 10, 12), "vgg": (4, 9, 16, 23, 30)}
_WIDTHS: dict[str, tuple[int, ...]] = {"alex": (64, 192, 384, 256, 256), "vgg": (64, 128, 256, 512, 512)}


class _Scaling(nn.Module):
    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188])[None, :, None, None])  # [1, 3, 1, 1]
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450])[None, :, None, None])  # [1, 3, 1, 1]

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.shift) / self.scale


class _Slices(nn.Module):
    """The backbone cut in five; every layer keeps its public number as its name."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        layers = alexnet_layers() if net == "alex" else vgg16_layers()
        start = 0
        for k, end in enumerate(_ENDS[net], 1):
            part = nn.Sequential()
            for number in range(start, end):
                part.add_module(str(number), layers[number])
            self.add_module(f"slice{k}", part)
            start = end

    def forward(self, x: Tensor) -> list[Tensor]:
        out = []
        for part in self.children():
            x = part(x)
            out.append(x)
        return out


class _Head(nn.Module):
    """One learned weight per channel; the public name counts the dropout before it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Dropout(), nn.Conv2d(width, 1, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)  # type: ignore[no-any-return]


class Lpips(nn.Module):
    """LPIPS with a backbone `net`; names of its state dict are those of the `lpips` package."""

    def __init__(self, net: Net = "alex") -> None:
        super().__init__()
        if net not in _ENDS:
            raise ValueError(f"net: is {net!r}; accepted: 'alex', 'vgg'")
        self.scaling_layer = _Scaling()
        self.net = _Slices(net)
        for k, width in enumerate(_WIDTHS[net]):
            self.add_module(f"lin{k}", _Head(width))
        self.eval()

    def layers(self, x: Tensor, y: Tensor) -> Tensor:
        """Contribution of each layer, [B, 5]; their sum is the distance.

        Args:
            x: [B, 3, H, W] in [-1, 1].
            y: of the same shape and range.

        Raises:
            ValueError: shapes that differ, or values outside [-1, 1].
        """
        _check(x, y)
        out = []
        pairs = zip(self.net(self.scaling_layer(x)), self.net(self.scaling_layer(y)), strict=True)
        for k, (a, b) in enumerate(pairs):
            difference = (_unit(a) - _unit(b)) ** 2  # [B, C, h, w]
            out.append(self.get_submodule(f"lin{k}")(difference).mean((1, 2, 3)))  # [B]
        return torch.stack(out, 1)  # [B, 5]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Distances [B] of images [B, 3, H, W] in [-1, 1]; 0: equal."""
        return self.layers(x, y).sum(1)


def _unit(x: Tensor) -> Tensor:
    # The small number is added to the length, not under the root: the published values depend on it.
    return x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10)


def _check(x: Tensor, y: Tensor) -> None:
    if x.ndim != 4 or x.shape[1] != 3 or x.shape != y.shape:
        raise ValueError(f"x, y: are {tuple(x.shape)} and {tuple(y.shape)}; accepted: both [B, 3, H, W]")
    for name, value in (("x", x), ("y", y)):
        low, high = float(value.min()), float(value.max())
        # The comparison is false for NaN, which is thereby refused too.
        if not (low >= -1.001 and high <= 1.001):
            raise ValueError(f"{name}: values reach from {low:.4g} to {high:.4g}; accepted: -1 to 1")


def assemble(net: Net, backbone: Mapping[str, Tensor], heads: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State dict of `Lpips(net)` from public backbone weights (`features.N.…`) and heads (`linK.model.1.weight`).

    Layers that lie behind the last slice, a classifier among them, are left out.
    """
    state = {f"scaling_layer.{k}": v for k, v in _Scaling().state_dict().items()}
    state.update(heads)
    for key, value in backbone.items():
        part, number, *rest = key.split(".")
        if part != "features" or int(number) >= _ENDS[net][-1]:
            continue
        cut = next(k for k, end in enumerate(_ENDS[net], 1) if int(number) < end)
        state[f"net.slice{cut}.{number}.{rest[0]}"] = value
    return state
