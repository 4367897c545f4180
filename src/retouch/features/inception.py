"""Inception-v3: the network of FID (2015-12-05), and the ImageNet one that ASUKA's released script uses."""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from retouch.features.inception_blocks import BlockA, BlockB, BlockC, BlockD, BlockE, ConvUnit
from retouch.features.resize import tf1_bilinear

LAYERS = ("64", "192", "768", "2048", "logits_unbiased")


class Inception(nn.Module):
    """Inception-v3 up to its logits; `fid` says which of the two variants.

    The FID variant has 1008 logits and the TensorFlow graph's pooling; its parameter names are those of the published
    `pt_inception-2015-12-05` file. The other is the ImageNet classifier with 1000 logits, without auxiliary head.
    """

    def __init__(self, fid: bool = True):
        super().__init__()
        self.fid = fid
        self.Conv2d_1a_3x3 = ConvUnit(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = ConvUnit(32, 32, 3)
        self.Conv2d_2b_3x3 = ConvUnit(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = ConvUnit(64, 80, 1)
        self.Conv2d_4a_3x3 = ConvUnit(80, 192, 3)
        self.Mixed_5b = BlockA(192, 32, fid)
        self.Mixed_5c = BlockA(256, 64, fid)
        self.Mixed_5d = BlockA(288, 64, fid)
        self.Mixed_6a = BlockB(288)
        self.Mixed_6b = BlockC(768, 128, fid)
        self.Mixed_6c = BlockC(768, 160, fid)
        self.Mixed_6d = BlockC(768, 160, fid)
        self.Mixed_6e = BlockC(768, 192, fid)
        self.Mixed_7a = BlockD(768)
        self.Mixed_7b = BlockE(1280, fid, maximum=False)
        self.Mixed_7c = BlockE(2048, fid, maximum=fid)
        self.fc = nn.Linear(2048, 1008 if fid else 1000)

    def layers(self, x: Tensor) -> dict[str, Tensor]:
        """Spatial means after the first and second pooling, Mixed_6e and Mixed_7c, and the logits without bias.

        Args:
            x: [B, 3, 299, 299] in about [-1, 1], what `prepare` gives.

        Returns:
            {"64": [B, 64], "192": [B, 192], "768": [B, 768], "2048": [B, 2048], "logits_unbiased": [B, 1008]}.
        """
        out = {}
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))  # [B, 64, 147, 147]
        x = F.max_pool2d(x, 3, 2)  # [B, 64, 73, 73]
        out["64"] = x.mean((2, 3))
        x = F.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)), 3, 2)  # [B, 192, 35, 35]
        out["192"] = x.mean((2, 3))
        x = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x))))  # [B, 768, 17, 17]
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))  # [B, 768, 17, 17]
        out["768"] = x.mean((2, 3))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))  # [B, 2048, 8, 8]
        out["2048"] = x.mean((2, 3))
        out["logits_unbiased"] = out["2048"] @ self.fc.weight.T
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Pooled features [B, 2048] of prepared images [B, 3, 299, 299]."""
        return self.layers(x)["2048"]


def prepare(images: Tensor) -> Tensor:
    """What the FID variant sees: TensorFlow 1 bilinear to 299 x 299, then (x - 128) / 128.

    Args:
        images: [B, 3, H, W] uint8 values 0 to 255 of any size.

    Returns:
        [B, 3, 299, 299] float32.
    """
    return (tf1_bilinear(images.float(), 299, 299) - 128.0) / 128.0


def prepare_imagenet(images: Tensor) -> Tensor:
    """What the ImageNet variant sees: [B, 3, 299, 299] uint8 crops to [-1, 1].

    The published pipeline normalises by ImageNet's mean and deviation and the network undoes it; this is what is left.
    """
    return images.float() / 127.5 - 1.0


def without_auxiliary(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out the auxiliary head of the ImageNet file: it has no part in the features."""
    return {k: v for k, v in tensors.items() if not k.startswith("AuxLogits.")}
