"""Measures on held-out photos: the same photos and holes every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from retouch.bench.metrics.absolute import l1
from retouch.bench.metrics.perceptual import lpips
from retouch.bench.metrics.signal import psnr
from retouch.features.loaders import load_lpips
from retouch.train.fixed import fill_samples
from retouch.weights import WeightsMissing

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from retouch.data.training.samples import Drawn
    from retouch.features.lpips import Lpips
    from retouch.train.recipe import Recipe


def find_lpips(weights: Path | None, device: str = "cpu") -> Lpips | None:
    """LPIPS over AlexNet; None where its weights cannot be had. ValueError: a file with another content."""
    try:
        return load_lpips("alex", weights, device=device)
    except WeightsMissing:
        return None


def validate(
    recipe: Recipe,
    networks: Mapping[str, nn.Module],
    samples: Sequence[Drawn],
    network: Lpips | None = None,
    batch: int = 8,
) -> dict[str, float]:
    """Mean over the samples of what `retouch.bench` measures under the same names.

    Args:
        recipe: fills.
        networks: with these, in evaluation mode.
        samples: held-out photos with fixed holes.
        network: of LPIPS; None: it is left out.
        batch: samples filled at a time.

    Returns:
        "lpips" (whole photo, lower is better), "psnr-hole" (dB, over the hole, higher is better), "l1-hole" (0 to 1,
        over the hole, lower is better).
    """
    filled = fill_samples(recipe, networks, samples, batch)
    pairs = list(zip(samples, filled, strict=True))
    values = {}
    if network is not None:
        values["lpips"] = fmean(lpips(sample.photo, fill, network) for sample, fill in pairs)
    values["psnr-hole"] = fmean(psnr(sample.photo, fill, mask=sample.hole) for sample, fill in pairs)
    values["l1-hole"] = fmean(l1(sample.photo, fill, mask=sample.hole) for sample, fill in pairs)
    return values
