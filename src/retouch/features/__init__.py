"""Feature networks shared by losses, metrics and data: Inception, VGG, AlexNet and LPIPS, ResNet, DINOv2, CLIP.

Each network is a plain torch module whose parameters have the public names, so that published weights load unchanged.
`load(name)` gives an `Extractor`, which turns images into feature vectors. Importing this imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retouch.features.cache import FeatureCache
    from retouch.features.extractor import Extractor
    from retouch.features.loaders import NAMES, load
    from retouch.features.streams import extract, features

_HOME = {
    "Extractor": "retouch.features.extractor",
    "FeatureCache": "retouch.features.cache",
    "NAMES": "retouch.features.loaders",
    "extract": "retouch.features.streams",
    "features": "retouch.features.streams",
    "load": "retouch.features.loaders",
}

__all__ = ["NAMES", "Extractor", "FeatureCache", "extract", "features", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'retouch.features' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
