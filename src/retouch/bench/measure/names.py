"""Which metrics a run can compute, and how they are spelt.

Protocols, results and reports write "p-ids"; `Extractor.standard` and Python functions write "p_ids". `label` is the
one place that goes from one to the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.catalogue import nearest

if TYPE_CHECKING:
    from retouch.features import Extractor

WITHOUT_TRUTH = ("seam-colour-offset", "texture-ratio")
# Measured in every run, whether the protocol names them or not.
ALWAYS = ("psnr", "ssim", "l1", "lpips", "psnr-hole", "l1-hole", "gradient-at-edge", *WITHOUT_TRUTH)
IMAGES = (*ALWAYS, "clip")
SETS = ("fid", "kid", "p-ids", "u-ids", "precision", "recall")

_SHORT = {"fid": "fd", "kid": "kd"}  # stems of labels over other features


def check(name: str) -> str:
    """`name`, a metric of IMAGES or SETS; ValueError that suggests the nearest for another."""
    known = [*IMAGES, *SETS]
    if name not in known:
        raise ValueError(f"metric {name!r} is unknown{nearest(str(name), known)}; known: {', '.join(known)}")
    return name


def label(metric: str, extractor: Extractor) -> str:
    """Name to report a metric of SETS under: "p-ids" over the features it is defined on, else such as "p-ids-vgg"."""
    return extractor.label(metric.replace("-", "_")).replace("_", "-")


def metric_of(label: str) -> str:
    """The metric of SETS that a label speaks of: "fid" for "fid" and for "fd-vgg"; ValueError for none."""
    for metric in SETS:
        if label == metric or label.startswith((f"{metric}-", f"{_SHORT.get(metric, metric)}-")):
            return metric
    raise ValueError(f"metric {label!r} is none of a whole set; known: {', '.join(SETS)}")
