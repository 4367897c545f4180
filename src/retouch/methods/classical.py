"""Peers for comparison from OpenCV and scikit-image (extra `cv`): Telea 2004, Navier-Stokes 2001, biharmonic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.methods.base import PerImage

if TYPE_CHECKING:
    from retouch.methods.base import Images, Masks, Needs, NoOptions
    from retouch.methods.options import RadiusOptions


def _opencv(image: Images, mask: Masks, options: RadiusOptions, flag: str) -> Images:
    import cv2

    pixels = np.rint(image * 255).astype(np.uint8)  # [H, W, 3]; OpenCV inpaints 8 bit only
    filled = cv2.inpaint(pixels, mask.astype(np.uint8), options.radius, getattr(cv2, flag))
    return np.asarray(filled, dtype=np.float32) / np.float32(255)


def telea(image: Images, mask: Masks, options: RadiusOptions, seed: int) -> Images:  # noqa: ARG001 - not random
    """Fast marching from the edge inwards (Telea 2004)."""
    return _opencv(image, mask, options, "INPAINT_TELEA")


def navier_stokes(image: Images, mask: Masks, options: RadiusOptions, seed: int) -> Images:  # noqa: ARG001
    """Continue isophotes by fluid dynamics (Bertalmio et al. 2001)."""
    return _opencv(image, mask, options, "INPAINT_NS")


def biharmonic(image: Images, mask: Masks, options: NoOptions, seed: int) -> Images:  # noqa: ARG001
    """Solve the biharmonic equation in the hole (Damelin and Hoang 2018)."""
    from skimage.restoration import inpaint_biharmonic

    filled = inpaint_biharmonic(image, mask, split_into_regions=True, channel_axis=-1)
    return np.asarray(np.clip(filled, 0.0, 1.0), dtype=np.float32)


def build_telea(needs: Needs, device: str) -> PerImage:  # noqa: ARG001 - it runs on the CPU only
    """The method of the card `telea`."""
    return PerImage(telea, needs)


def build_ns(needs: Needs, device: str) -> PerImage:  # noqa: ARG001
    """The method of the card `ns`."""
    return PerImage(navier_stokes, needs)


def build_biharmonic(needs: Needs, device: str) -> PerImage:  # noqa: ARG001
    """The method of the card `biharmonic`."""
    return PerImage(biharmonic, needs)
