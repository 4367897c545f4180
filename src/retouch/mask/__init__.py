"""Masks: every convention becomes one, white / 1 / True = hole."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from retouch.mask.mask import Mask
from retouch.mask.parse import parse_box, parse_colour

if TYPE_CHECKING:
    from retouch.mask.morphology import bounding_box, dilate, erode

__all__ = ["Mask", "bounding_box", "dilate", "erode", "parse_box", "parse_colour"]


def __getattr__(name: str) -> Any:
    # The command line needs the parsers before it needs NumPy.
    if name not in ("bounding_box", "dilate", "erode"):
        raise AttributeError(f"module 'retouch.mask' has no attribute {name!r}")
    return getattr(import_module("retouch.mask.morphology"), name)
