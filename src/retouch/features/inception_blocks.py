"""Building blocks of Inception-v3, shared by its two variants.

`fid=True` gives the blocks of the TensorFlow graph of 2015-12-05: average pools do not count the padding, and the
pooling branch of the last block takes the maximum. Everything else is the same, and so are the parameter names.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvUnit(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inside: int, outside: int, size: int | tuple[int, int], stride: int = 1, padding: object = 0):
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, size, stride, padding, bias=False)  # type: ignore[arg-type]
        self.bn = nn.BatchNorm2d(outside, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, outside, h, w], not negative."""
        return F.relu(self.bn(self.conv(x)))


def pool3(x: Tensor, fid: bool) -> Tensor:
    """3 x 3 average at stride 1; the FID variant does not count the padding."""
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=not fid)


class BlockA(nn.Module):
    """Mixed_5b to 5d: 1x1, 5x5, double 3x3 and pooling branches at stride 1."""

    def __init__(self, inside: int, pooled: int, fid: bool):
        super().__init__()
        self.fid = fid
        self.branch1x1 = ConvUnit(inside, 64, 1)
        self.branch5x5_1 = ConvUnit(inside, 48, 1)
        self.branch5x5_2 = ConvUnit(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = ConvUnit(inside, 64, 1)
        self.branch3x3dbl_2 = ConvUnit(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvUnit(96, 96, 3, padding=1)
        self.branch_pool = ConvUnit(inside, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, 224 + pooled, H, W]."""
        five = self.branch5x5_2(self.branch5x5_1(x))
        three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, three, self.branch_pool(pool3(x, self.fid))], 1)


class BlockB(nn.Module):
    """Mixed_6a: halves the size."""

    def __init__(self, inside: int):
        super().__init__()
        self.branch3x3 = ConvUnit(inside, 384, 3, stride=2)
        self.branch3x3dbl_1 = ConvUnit(inside, 64, 1)
        self.branch3x3dbl_2 = ConvUnit(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvUnit(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, 480 + inside, H/2, W/2]."""
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, F.max_pool2d(x, 3, 2)], 1)


class BlockC(nn.Module):
    """Mixed_6b to 6e: 7 x 7 as pairs of 1 x 7 and 7 x 1."""

    def __init__(self, inside: int, middle: int, fid: bool):
        super().__init__()
        self.fid = fid
        wide: tuple[int, int] = (1, 7)
        tall: tuple[int, int] = (7, 1)
        self.branch1x1 = ConvUnit(inside, 192, 1)
        self.branch7x7_1 = ConvUnit(inside, middle, 1)
        self.branch7x7_2 = ConvUnit(middle, middle, wide, padding=(0, 3))
        self.branch7x7_3 = ConvUnit(middle, 192, tall, padding=(3, 0))
        self.branch7x7dbl_1 = ConvUnit(inside, middle, 1)
        self.branch7x7dbl_2 = ConvUnit(middle, middle, tall, padding=(3, 0))
        self.branch7x7dbl_3 = ConvUnit(middle, middle, wide, padding=(0, 3))
        self.branch7x7dbl_4 = ConvUnit(middle, middle, tall, padding=(3, 0))
        self.branch7x7dbl_5 = ConvUnit(middle, 192, wide, padding=(0, 3))
        self.branch_pool = ConvUnit(inside, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, 768, H, W]."""
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(x), single, double, self.branch_pool(pool3(x, self.fid))], 1)


class BlockD(nn.Module):
    """Mixed_7a: halves the size."""

    def __init__(self, inside: int):
        super().__init__()
        self.branch3x3_1 = ConvUnit(inside, 192, 1)
        self.branch3x3_2 = ConvUnit(192, 320, 3, stride=2)
        self.branch7x7x3_1 = ConvUnit(inside, 192, 1)
        self.branch7x7x3_2 = ConvUnit(192, 192, (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = ConvUnit(192, 192, (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = ConvUnit(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, 512 + inside, H/2, W/2]."""
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([three, seven, F.max_pool2d(x, 3, 2)], 1)


class BlockE(nn.Module):
    """Mixed_7b and 7c: branches that fan out at their ends; `maximum` pools by maximum (7c of the FID variant)."""

    def __init__(self, inside: int, fid: bool, maximum: bool):
        super().__init__()
        self.fid, self.maximum = fid, maximum
        self.branch1x1 = ConvUnit(inside, 320, 1)
        self.branch3x3_1 = ConvUnit(inside, 384, 1)
        self.branch3x3_2a = ConvUnit(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_2b = ConvUnit(384, 384, (3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = ConvUnit(inside, 448, 1)
        self.branch3x3dbl_2 = ConvUnit(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = ConvUnit(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = ConvUnit(384, 384, (3, 1), padding=(1, 0))
        self.branch_pool = ConvUnit(inside, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, 2048, H, W]."""
        three = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = F.max_pool2d(x, 3, 1, 1) if self.maximum else pool3(x, self.fid)
        branches = [self.branch1x1(x), self.branch3x3_2a(three), self.branch3x3_2b(three)]
        branches += [self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double), self.branch_pool(pooled)]
        return torch.cat(branches, 1)
