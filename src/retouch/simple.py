"""A drop-in for code written against simple-lama-inpainting: two PIL images in, one out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retouch.catalogue import DEFAULT_MODEL
from retouch.filler import load

if TYPE_CHECKING:
    from PIL import Image


class SimpleFill:
    """`SimpleFill()(image, mask) -> PIL.Image`: RGB out, of the image's size; white in the mask = hole.

    Args:
        device: as for `retouch.load`; None means "auto".
        model: a model's name.
    """

    def __init__(self, device: Any = None, model: str = DEFAULT_MODEL) -> None:
        self.filler = load(model, "auto" if device is None else str(device))

    def __call__(self, image: Any, mask: Any) -> Image.Image:
        """Fill `image` (PIL image or array) where `mask` is white; returns an RGB PIL image."""
        from PIL import Image

        filled = self.filler(image, mask)
        if not isinstance(filled, Image.Image):
            filled = Image.fromarray(filled)
        return filled.convert("RGB")
