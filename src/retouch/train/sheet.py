"""A sheet of samples to look at: masked, filled and truth side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.data.training.samples import Drawn

ROWS = 6  # samples on a sheet
GREY = 128  # of the hole
GAP, LINE = 4, 16  # pixels between pictures, and height of the line of text
PAPER, INK = (255, 255, 255), (30, 30, 30)
COLUMNS = ("masked", "filled", "truth")


def sheet(samples: Sequence[Drawn], filled: Sequence[NDArray[np.uint8]], title: str) -> Image.Image:
    """One row a sample: the photo with its hole grey, the filled photo, the truth.

    Args:
        samples: of one size.
        filled: [S, S, 3] uint8, one for each sample.
        title: stands above.

    Raises:
        ValueError: no sample, another number of fills, or pictures of several sizes.
    """
    if not samples or len(filled) != len(samples):
        raise ValueError(f"filled: {len(filled)} pictures for {len(samples)} samples; accepted: one each, at least one")
    shapes = {picture.shape for picture in (*filled, *(sample.photo for sample in samples))}
    if len(shapes) > 1:
        raise ValueError(f"samples: have the shapes {sorted(shapes)}; accepted: one size")
    side = samples[0].photo.shape[0]
    step = side + GAP
    picture = Image.new("RGB", (3 * step + GAP, len(samples) * step + GAP + 2 * LINE), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((GAP, 2), title, fill=INK)
    for column, name in enumerate(COLUMNS):
        pen.text((GAP + column * step, 2 + LINE), name, fill=INK)
    for row, (sample, fill) in enumerate(zip(samples, filled, strict=True)):
        masked = np.where(sample.hole[..., None], np.uint8(GREY), sample.photo)  # [S, S, 3]
        for column, image in enumerate((masked, fill, sample.photo)):
            picture.paste(Image.fromarray(image), (GAP + column * step, 2 * LINE + GAP + row * step))
    return picture
