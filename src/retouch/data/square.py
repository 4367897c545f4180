"""The largest square at an image's centre."""

from __future__ import annotations

from PIL import Image


def centre_square(image: Image.Image, side: int, filter_: Image.Resampling = Image.Resampling.BICUBIC) -> Image.Image:
    """Cut out the largest square at the centre and scale it to side x side pixels."""
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    square = image.crop((left, top, left + short, top + short))
    return square if short == side else square.resize((side, side), filter_)
