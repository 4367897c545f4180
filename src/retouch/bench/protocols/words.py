"""Conventions, differences and sets of holes that several protocols share."""

from __future__ import annotations

from retouch.bench.protocols.protocol import Holes

INCEPTION = "inception-2015-12-05"
IMAGENET_INCEPTION = "inception-imagenet1k-v1"
MAT_METRICS = ("fid", "p-ids", "u-ids", "lpips")
MAT_CONVENTIONS = ("fid: covariance divided by n", "lpips: AlexNet, inputs in [-1, 1]")
NUMPY_CONVENTIONS = ("fid: covariance divided by n - 1", "lpips: AlexNet, inputs in [-1, 1]")
LAMA_CONVENTIONS = (
    "fid: covariance divided by n - 1",
    "lpips: VGG16, inputs in [-1, 1]",
    "ssim: lama",
    "results per tenth of hole area",
)
ASUKA_CONVENTIONS = (*NUMPY_CONVENTIONS, "psnr: asuka", "ssim: asuka")
DGS_CONVENTIONS = ("fid: covariance divided by n - 1", "lpips: AlexNet, inputs in [0, 1] as the official script has it")

FIXED_MASKS = "the paper's masks are fixed PNG files that cannot be had; ours are of the same distribution"
ASUKA_SCRIPT = "the official script takes features of an ImageNet Inception, so FID and IDS differ from everyone else's"
ASUKA_PCA = "the official script reduces features by a random PCA before IDS; ours does not"
DGS_LPIPS = "the official script gives LPIPS inputs in [0, 1]: its LPIPS is lower than that of others"
DGS_RATIO = "the official generator's shares are nominal; 2dgs-small-exact and 2dgs-large-exact hold them"
WHICH_MAT = "CelebA-HQ at 512 comes ready-made there; how it was scaled from 1024 is not said, ours is bicubic"
OBJECTS = "object shapes are made-up blobs unless a source of real ones is given"


def mat_holes(side: int, shown: int | None = None, only: tuple[str, ...] = ("small", "large")) -> tuple[Holes, ...]:
    """MAT's sets of holes for photos of `side`, reported under the size `shown`."""
    return tuple(Holes(name, f"mat-{side}-{name}", f"{shown or side}, {name}") for name in only)
