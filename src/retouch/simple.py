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
        """Fill `image` where `mask` is white; returns an 8-bit RGB PIL image.

        Both may be whatever `retouch.fill` takes: PIL images, arrays, paths. Errors are those of `Filler.run`.
        """
        import numpy as np
        from PIL import Image

        from retouch import photo as photos

        filled = self.filler.run(image, mask).photo
        if filled.pixels.dtype == np.uint8:
            return photos.to_pil(filled).convert("RGB")
        width, height = filled.size
        rgb = photos.window_rgb(filled, (0, 0, width, height))  # [H, W, 3]
        return Image.fromarray(np.rint(rgb * 255).astype(np.uint8))
