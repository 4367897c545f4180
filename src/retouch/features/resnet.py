"""ResNet-50 with the public names, and its dilated form for losses that look far."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a shortcut; the 3x3 carries the stride."""

    def __init__(self, inside: int, width: int, stride: int = 1, dilation: int = 1, project: bool = False):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample: nn.Sequential | None = None
        if project:
            shortcut = nn.Conv2d(inside, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, 4 * width, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet50(nn.Module):
    """ResNet-50 (v1.5), 25,557,032 parameters under their public names.

    `dilated=True` keeps the third and fourth stage at an eighth of the size: strides become dilations 2 and 4, with the
    same parameters.
    """

    def __init__(self, dilated: bool = False, classifier: bool = True):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _stage(64, 64, 3, stride=1)
        self.layer2 = _stage(256, 128, 4, stride=2)
        self.layer3 = _stage(512, 256, 6, stride=1 if dilated else 2, first=1, dilation=2 if dilated else 1)
        self.layer4 = _stage(
            1024, 512, 3, stride=1 if dilated else 2, first=2 if dilated else 1, dilation=4 if dilated else 1
        )
        if classifier:
            self.fc = nn.Linear(2048, 1000)

    def stages(self, x: Tensor) -> list[Tensor]:
        """Outputs of the stem and the four stages: sizes H/4, H/4, H/8, then H/16, H/32 (dilated: H/8, H/8)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)  # [B, 64, H/4, W/4]
        out = [x]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            out.append(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Spatial means [B, 2048] of normalised images [B, 3, H, W]."""
        return self.stages(x)[-1].mean((2, 3))


def _stage(inside: int, width: int, blocks: int, stride: int, first: int = 1, dilation: int = 1) -> nn.Sequential:
    # The first block keeps the dilation of the stage before: it still sees that stage's grid.
    head = Bottleneck(inside, width, stride, first, project=True)
    rest = [Bottleneck(4 * width, width, 1, dilation) for _ in range(blocks - 1)]
    return nn.Sequential(head, *rest)
