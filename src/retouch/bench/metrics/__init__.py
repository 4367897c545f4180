"""Metrics, one per file; each is a function of feature matrices or of images, in float64.

    from retouch.bench.metrics import fid, kid, u_ids, p_ids, precision_recall, psnr, ssim, l1, lpips

Importing this imports neither NumPy nor torch. Conventions that papers mix silently have names here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retouch.bench.metrics.absolute import l1
    from retouch.bench.metrics.buckets import Bucket, by_hole_area
    from retouch.bench.metrics.ciede import ciede2000, srgb_to_lab
    from retouch.bench.metrics.distinguish import Ids, ids, p_ids, u_ids
    from retouch.bench.metrics.edges import gradient_at_edge, gradient_at_edge_channels
    from retouch.bench.metrics.frechet import RankDeficiencyWarning, fid
    from retouch.bench.metrics.kernel import Kid, kid, kid_subsets
    from retouch.bench.metrics.neighbours import PrecisionRecall, precision, precision_recall, recall
    from retouch.bench.metrics.perceptual import lpips, lpips_layers
    from retouch.bench.metrics.seam import seam_colour_offset
    from retouch.bench.metrics.semantic import clip_similarity, only_hole
    from retouch.bench.metrics.signal import psnr
    from retouch.bench.metrics.statistics import Accumulator, Statistics
    from retouch.bench.metrics.structural import ssim
    from retouch.bench.metrics.texture import texture_ratio

# No file has the name of a function: a module would take the function's place in this namespace.
_HOME = {
    "Accumulator": "statistics",
    "Bucket": "buckets",
    "Ids": "distinguish",
    "Kid": "kernel",
    "PrecisionRecall": "neighbours",
    "RankDeficiencyWarning": "frechet",
    "Statistics": "statistics",
    "by_hole_area": "buckets",
    "ciede2000": "ciede",
    "clip_similarity": "semantic",
    "fid": "frechet",
    "gradient_at_edge": "edges",
    "gradient_at_edge_channels": "edges",
    "ids": "distinguish",
    "kid": "kernel",
    "kid_subsets": "kernel",
    "l1": "absolute",
    "lpips": "perceptual",
    "lpips_layers": "perceptual",
    "only_hole": "semantic",
    "p_ids": "distinguish",
    "precision": "neighbours",
    "precision_recall": "neighbours",
    "psnr": "signal",
    "recall": "neighbours",
    "seam_colour_offset": "seam",
    "srgb_to_lab": "ciede",
    "ssim": "structural",
    "texture_ratio": "texture",
    "u_ids": "distinguish",
}

__all__ = [
    "Accumulator",
    "Bucket",
    "Ids",
    "Kid",
    "PrecisionRecall",
    "RankDeficiencyWarning",
    "Statistics",
    "by_hole_area",
    "ciede2000",
    "clip_similarity",
    "fid",
    "gradient_at_edge",
    "gradient_at_edge_channels",
    "ids",
    "kid",
    "kid_subsets",
    "l1",
    "lpips",
    "lpips_layers",
    "only_hole",
    "p_ids",
    "precision",
    "precision_recall",
    "psnr",
    "recall",
    "seam_colour_offset",
    "srgb_to_lab",
    "ssim",
    "texture_ratio",
    "u_ids",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'retouch.bench.metrics' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"retouch.bench.metrics.{_HOME[name]}"), name)
    globals()[name] = value
    return value
