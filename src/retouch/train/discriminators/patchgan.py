"""PatchGAN: one logit for each overlapping patch (Isola et al. 2017, pix2pix), in the form of taming transformers."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

Norm = Literal["group", "batch"]
GROUPS = 16


class PatchDiscriminator(nn.Module):
    """4 x 4 convolutions: `layers` of stride 2, one more of stride 1, one to a logit; leaky ReLU 0.2 between.

    Names of the state dict are those of the released code (`main.N.weight`). Weights start from N(0, 0.02).

    Args:
        norm: after all convolutions but the first and last. "group": in 16 groups, convolutions with bias
            (2DGS-inpaint); "batch": batch normalisation, convolutions before it without bias (latent diffusion,
            ASUKA's decoder). The latter ties the samples of a batch to one another.
        width: channels of the first layer; they double with each, up to eightfold.
        layers: of stride 2; 3 let a logit see 70 x 70 pixels.
        inside: channels of the image.

    Raises:
        ValueError: another `norm`, no layer, or a width that cannot be cut into 16 groups.
    """

    def __init__(self, norm: Norm, width: int = 64, layers: int = 3, inside: int = 3) -> None:
        super().__init__()
        if norm not in ("group", "batch"):
            raise ValueError(f"norm: is {norm!r}; accepted: 'group', 'batch'")
        if layers < 1:
            raise ValueError(f"layers: is {layers}; accepted: integers from 1 up")
        if width < 1 or (norm == "group" and 2 * width % GROUPS):
            raise ValueError(f"width: is {width}; accepted: multiples of 8, with batch normalisation all from 1 up")
        self.smallest = 3 * 2**layers
        widths = [width * min(2**i, 8) for i in range(layers + 1)]
        modules: list[nn.Module] = [nn.Conv2d(inside, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for i in range(1, layers + 1):
            stride = 2 if i < layers else 1
            modules.append(nn.Conv2d(widths[i - 1], widths[i], 4, stride, padding=1, bias=norm == "group"))
            modules.append(nn.GroupNorm(GROUPS, widths[i]) if norm == "group" else nn.BatchNorm2d(widths[i]))
            modules.append(nn.LeakyReLU(0.2))
        modules.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.main = nn.Sequential(*modules)
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, 1, H/8 - 2, W/8 - 2] (for 3 layers, rounded down) of images [B, inside, H, W]; high: real.

        Args:
            x: in the range that the recipe trains with; 2DGS-inpaint: [0, 1], the others: [-1, 1].

        Raises:
            ValueError: height or width below three patches' strides, 24 for 3 layers.
        """
        if x.ndim != 4 or min(x.shape[2:]) < self.smallest:
            raise ValueError(f"x: is {list(x.shape)}; accepted: [B, C, H, W] of at least {self.smallest} pixels a side")
        return self.main(x)  # type: ignore[no-any-return]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
