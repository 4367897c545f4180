"""The networks of a run, looked for in the user's folder of weights."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from retouch.catalogue import nearest

if TYPE_CHECKING:
    from typing import Literal

    from retouch.features import Extractor
    from retouch.features.lpips import Lpips

# Protocols write the network's edition in full.
_EDITIONS = {"inception-2015-12-05": "inception", "inception-imagenet1k-v1": "inception-imagenet"}
# Networks of several files lie in a folder of their own, as they do in folders of RETOUCH_WEIGHTS.
_FOLDERS = {"clip": "clip-vit-large-patch14", "dinov2": "dinov2-large"}


def extractor_name(name: str) -> str | None:
    """What `retouch.features.load` calls the extractor that a protocol or a user names; None for "none".

    Raises:
        ValueError: there is no such extractor; the message suggests the nearest.
    """
    from retouch.features import NAMES

    if name == "none":
        return None
    known = _EDITIONS.get(name, name)
    if known not in NAMES:
        raise ValueError(f"extractor {name!r} is unknown{nearest(str(name), list(NAMES))}; known: {', '.join(NAMES)}")
    return known


def load_extractor(name: str, weights: str | None, device: str = "cpu") -> Extractor:
    """The extractor `name`; errors as `retouch.features.load`."""
    from retouch.features import load

    if weights is not None and name in _FOLDERS:
        own = os.path.join(weights, _FOLDERS[name])  # noqa: PTH118
        weights = own if os.path.isdir(own) else weights  # noqa: PTH112
    return load(name, weights, device)


def load_lpips(net: Literal["alex", "vgg"], weights: str | None, device: str = "cpu") -> Lpips:
    """LPIPS with the public weights; errors as `retouch.features.load`."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError("lpips: needs the extra 'torch': pip install 'retouch[torch]'") from error
    from retouch.features import loaders

    return loaders.load_lpips(net, weights, device=device)
