"""Blend as a Method: candidates by NumPy and patchmatch, then one pass of the network on whatever runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from retouch.methods.base import Needs, PerImage
from retouch.methods.blend.candidates import candidates
from retouch.methods.blend.config import MULTIPLE, BlendConfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from retouch.methods.base import Images, Masks, NoOptions
    from retouch.methods.blend.config import Network


class Runner(Protocol):
    """The network on one runtime, NumPy arrays in and out."""

    def __call__(self, photos: Images, holes: Images, fills: Images) -> Images:
        """The blended photos [B, 3, H, W] float32 in [0, 1].

        Args:
            photos: [B, 3, H, W] float32 in [0, 1].
            holes: [B, 1, H, W] float32, 1 = hole.
            fills: [B, K, 3, H, W] float32 in [0, 1], the candidates.
        """
        ...


def needs(config: Mapping[str, Any]) -> Needs:
    """What a network of this configuration, an export card's, asks of its caller.

    Raises:
        ValueError: it is none of this method's; a pydantic error that names the field.
    """
    own = BlendConfig.model_validate(config)
    return Needs(multiple=MULTIPLE, smallest=MULTIPLE, native=own.native, stochastic=True)


def method(runner: Runner, network: Network, needs: Needs) -> PerImage:
    """The filling method: for each photo its candidates, then the network."""

    def fill_one(image: Images, mask: Masks, options: NoOptions, seed: int) -> Images:  # noqa: ARG001 - there are none
        if not mask.any():
            return image
        fills = candidates(image, mask, network.patches, seed)  # [K, H, W, 3]
        known = np.where(mask[..., None], np.float32(0), image)  # [H, W, 3]
        blended = runner(_planes(known)[None], mask[None, None].astype(np.float32), _planes(fills)[None])
        if not np.isfinite(blended).all():
            raise ValueError("model: gives values that are no finite numbers; its weights are of no use")
        inside: Images = np.clip(blended[0].transpose(1, 2, 0), 0, 1)  # [H, W, 3]
        return inside

    return PerImage(fill_one, needs)


def _planes(images: Images) -> Images:
    """[..., H, W, 3] to [..., 3, H, W], contiguous."""
    return np.ascontiguousarray(np.moveaxis(images, -1, -3))
