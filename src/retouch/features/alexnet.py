"""AlexNet's convolutions (the variant of 2014 with one tower), which LPIPS looks through."""

from __future__ import annotations

from torch import Tensor, nn


def alexnet_layers() -> list[nn.Module]:
    """The 13 layers of `features` in the public numbering."""
    return [
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
    ]


class AlexNetFeatures(nn.Module):
    """AlexNet without its classifier; parameters have the public names `features.N.…`."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*alexnet_layers())

    def forward(self, x: Tensor) -> Tensor:
        """[B, 3, H, W], normalised, to [B, 256, h, w]."""
        return self.features(x)  # type: ignore[no-any-return]
