"""EfficientNet-Lite0: an ImageNet classifier small enough to come from a package index, for offline comparisons."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

# repeats, kernel, stride, expansion, width: the seven stages of the network
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=0.001)


def _padded(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """TensorFlow's "same" padding: what is odd goes to the lower right."""
    pads = []
    for size, kernel, stride in zip(x.shape[:1:-1], conv.kernel_size[::-1], conv.stride[::-1], strict=True):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return conv(F.pad(x, pads))  # type: ignore[no-any-return]


class _Block(nn.Module):
    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        middle = inside * expansion
        self.expands = expansion != 1
        self.skips = stride == 1 and inside == outside
        if self.expands:
            self._expand_conv = nn.Conv2d(inside, middle, 1, bias=False)
            self._bn0 = _norm(middle)
        self._depthwise_conv = nn.Conv2d(middle, middle, kernel, stride, groups=middle, bias=False)
        self._bn1 = _norm(middle)
        self._project_conv = nn.Conv2d(middle, outside, 1, bias=False)
        self._bn2 = _norm(outside)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(_padded(self._depthwise_conv, y)))
        y = self._bn2(self._project_conv(y))
        out: Tensor = x + y if self.skips else y
        return out


class EfficientNetLite0(nn.Module):
    """4,652,008 parameters under the names of the published file (`_conv_stem`, `_blocks.N.…`, `_conv_head`, `_fc`)."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        self._blocks = nn.ModuleList()
        inside = 32
        for repeats, kernel, stride, expansion, width in _STAGES:
            for k in range(repeats):
                self._blocks.append(_Block(inside, width, kernel, stride if k == 0 else 1, expansion))
                inside = width
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Spatial means [B, 1280] of normalised images [B, 3, 224, 224]."""
        x = F.relu6(self._bn0(_padded(self._conv_stem, x)))
        for block in self._blocks:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)))  # [B, 1280, 7, 7]
        return x.mean((2, 3))
