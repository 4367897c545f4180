"""Photos: reading, editing and writing them without losing what is not pixels."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from retouch.photo.photo import Photo, Source

if TYPE_CHECKING:
    from retouch.photo.canvas import edit, enlarge
    from retouch.photo.crop import choose_colours, put_rgb, window_rgb
    from retouch.photo.kinds import from_array, wrap
    from retouch.photo.pil import from_pil, to_pil
    from retouch.photo.reader import DEFAULT_MAX_PIXELS, read
    from retouch.photo.writer import write

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Photo",
    "Source",
    "choose_colours",
    "edit",
    "enlarge",
    "from_array",
    "from_pil",
    "put_rgb",
    "read",
    "to_pil",
    "window_rgb",
    "wrap",
    "write",
]

_HOMES = {
    "DEFAULT_MAX_PIXELS": "reader",
    "choose_colours": "crop",
    "edit": "canvas",
    "enlarge": "canvas",
    "from_array": "kinds",
    "from_pil": "pil",
    "put_rgb": "crop",
    "read": "reader",
    "to_pil": "pil",
    "window_rgb": "crop",
    "wrap": "kinds",
    "write": "writer",
}


def __getattr__(name: str) -> Any:
    # NumPy and Pillow are imported with the first of these, not with the package.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
