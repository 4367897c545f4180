"""retouch fills holes in photographs: a photo and a mask go in, the same photo without the hole comes out.

    import retouch
    retouch.fill("photo.jpg", "mask.png").save("out.jpg")

Importing it is cheap: NumPy, Pillow and the runtimes are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from retouch.catalogue import Card, models
    from retouch.filler import Filler, Result, fill, load
    from retouch.harmoniser import harmonise, load_harmoniser
    from retouch.mask import Mask
    from retouch.methods.base import Cancelled, Progress
    from retouch.photo import Photo
    from retouch.simple import SimpleFill

__all__ = [
    "Cancelled",
    "Card",
    "Filler",
    "Mask",
    "Photo",
    "Progress",
    "Result",
    "SimpleFill",
    "__version__",
    "fill",
    "harmonise",
    "load",
    "load_harmoniser",
    "models",
]

_HOME = {
    "Cancelled": "retouch.methods.base",
    "Card": "retouch.catalogue",
    "Filler": "retouch.filler",
    "Mask": "retouch.mask",
    "Photo": "retouch.photo",
    "Progress": "retouch.methods.base",
    "Result": "retouch.filler",
    "SimpleFill": "retouch.simple",
    "fill": "retouch.filler",
    "harmonise": "retouch.harmoniser",
    "load": "retouch.filler",
    "load_harmoniser": "retouch.harmoniser",
    "models": "retouch.catalogue",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'retouch' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
