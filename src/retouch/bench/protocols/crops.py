"""How protocols bring a photo to their size: named pure functions.

Each takes an RGB image, the side in pixels and a generator (only `short-side-random-crop` draws from it), and returns
an RGB image of side x side pixels.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.catalogue import nearest
from retouch.data.square import centre_square as square_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    Crop = Callable[[Image.Image, int, Generator], Image.Image]


def as_it_is(image: Image.Image, side: int, rng: Generator) -> Image.Image:  # noqa: ARG001
    """The image, which must have that size already; ValueError otherwise."""
    if image.size != (side, side):
        raise ValueError(f"photo: is {image.width}x{image.height} pixels; accepted: {side}x{side}")
    return image


def centre_crop_reflect(image: Image.Image, side: int, rng: Generator) -> Image.Image:  # noqa: ARG001
    """Mirror a photo that is too small at its right and lower edge, then cut out the centre (MAT)."""
    pixels = np.asarray(image)  # [H, W, 3]
    down, right = max(side - pixels.shape[0], 0), max(side - pixels.shape[1], 0)
    pixels = np.pad(pixels, ((0, down), (0, right), (0, 0)), mode="reflect")  # [>=side, >=side, 3]
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return Image.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side]))


def resize_bicubic(image: Image.Image, side: int, rng: Generator) -> Image.Image:  # noqa: ARG001
    """Scale both sides, whatever that does to the shape of things (MI-GAN)."""
    return _scaled(image, (side, side), Image.Resampling.BICUBIC)


def resize_lanczos(image: Image.Image, side: int, rng: Generator) -> Image.Image:  # noqa: ARG001
    """The same with Lanczos (2DGS)."""
    return _scaled(image, (side, side), Image.Resampling.LANCZOS)


def centre_square(image: Image.Image, side: int, rng: Generator) -> Image.Image:  # noqa: ARG001
    """Cut out the largest square at the centre, then scale it, bicubic (MISATO's construction)."""
    return square_of(image, side)


def short_side_random_crop(image: Image.Image, side: int, rng: Generator) -> Image.Image:
    """Scale the short side, bicubic, then cut a square out at a random place along the long side (LaMa)."""
    short = min(image.size)
    size = (max(round(image.width * side / short), side), max(round(image.height * side / short), side))
    image = _scaled(image, size, Image.Resampling.BICUBIC)
    left, top = (int(rng.integers(extent - side + 1)) for extent in image.size)
    return image.crop((left, top, left + side, top + side))


def part_of_small(image: Image.Image, side: int, rng: Generator, *, across: float, down: float) -> Image.Image:  # noqa: ARG001
    """Cut a square out at a fixed place after the short side is scaled, bicubic, to at most SMALL pixels (`val-256`).

    `across` and `down` say where, from 0 (left, top) to 1 (right, bottom). Photos are enlarged only up to `side`.
    """
    short = min(image.size)
    zoom = max(min(short, SMALL), side) / short
    size = (max(round(image.width * zoom), side), max(round(image.height * zoom), side))
    image = _scaled(image, size, Image.Resampling.BICUBIC)
    left, top = round((image.width - side) * across), round((image.height - side) * down)
    return image.crop((left, top, left + side, top + side))


SMALL = 400  # pixels
FIVE: dict[str, Crop] = {
    "small-top-left": partial(part_of_small, across=0, down=0),
    "small-top-right": partial(part_of_small, across=1, down=0),
    "small-centre": partial(part_of_small, across=0.5, down=0.5),
    "small-bottom-left": partial(part_of_small, across=0, down=1),
    "small-bottom-right": partial(part_of_small, across=1, down=1),
}
CROPS: dict[str, Crop] = {
    "as-it-is": as_it_is,
    "centre-crop-reflect": centre_crop_reflect,
    "resize-bicubic": resize_bicubic,
    "resize-lanczos": resize_lanczos,
    "centre-square": centre_square,
    "short-side-random-crop": short_side_random_crop,
    **FIVE,
}


def crop(name: str) -> Crop:
    """The function called `name`; ValueError that suggests the nearest name for another one."""
    if name not in CROPS:
        raise ValueError(f"crop {name!r} is unknown{nearest(str(name), list(CROPS))}; known: {', '.join(CROPS)}")
    return CROPS[name]


def _scaled(image: Image.Image, size: tuple[int, int], filter_: Image.Resampling) -> Image.Image:
    return image if image.size == size else image.resize(size, filter_)
