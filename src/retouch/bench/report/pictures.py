"""The run's pictures as data URIs that fit into one page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.results import Picture, Results

SIDES = (1024, 768, 512, 384, 256)  # longest sides in pixels, the largest that fits is taken
QUALITY = 90


@dataclass(frozen=True)
class Card:
    """One sample to look at.

    Attributes:
        picture: which.
        width, height: in pixels.
        photo: data URI.
        outline: data URI of the hole's edge over nothing; None: the hole's file is missing.
        filled: data URIs by model, in the order of the run.
        missing: what has no readable file.
    """

    picture: Picture
    width: int
    height: int
    photo: str
    outline: str | None
    filled: dict[str, str]
    missing: tuple[str, ...]

    @property
    def size(self) -> int:
        """Characters of all its URIs."""
        return sum(map(len, (self.photo, self.outline or "", *self.filled.values())))


@dataclass(frozen=True)
class Cards:
    """What can be shown, and why the rest cannot."""

    cards: tuple[Card, ...]
    left_out: tuple[str, ...]


def cards(results: Results, folder: Path, limit: int) -> Cards:
    """The pictures of `results` from `folder`, together at most `limit` characters.

    All are scaled down alike until they fit; where even the smallest side is too much the last ones are left out.
    Files outside the folder, whatever the document says, are not read.
    """
    for side in SIDES:
        made = _cards(results, folder, limit, side)
        if not any(_NO_ROOM in line for line in made.left_out):
            break
    return made


_NO_ROOM = "no room left in the page"


def _cards(results: Results, folder: Path, limit: int, side: int) -> Cards:
    kept: list[Card] = []
    left_out: list[str] = []
    size = 0
    for picture in results.pictures:
        card = _card(picture, results.models, folder, side)
        if card is None:
            left_out.append(f"{picture.name}: its photo {picture.photo!r} is missing or unreadable")
        elif size + card.size > limit:
            rest = len(results.pictures) - len(kept) - len(left_out)
            left_out.append(f"{rest} more samples: {_NO_ROOM}; they lie in the run's folder")
            break
        else:
            kept.append(card)
            size += card.size
    return Cards(tuple(kept), tuple(left_out))


def _card(picture: Picture, models: tuple[str, ...], folder: Path, side: int) -> Card | None:
    photo = _open(folder, picture.photo)
    if photo is None:
        return None
    scale = min(1.0, side / max(photo.size))
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    hole = _open(folder, picture.hole)
    fills = {model: _open(folder, name) for model in models if (name := picture.filled.get(model)) is not None}
    filled = {model: _lossy(image, size) for model, image in fills.items() if image is not None}
    missing = [f"the fill of {model}" for model in models if model not in filled]
    missing += ["the hole"] if hole is None else []
    outline = None if hole is None else _outline(hole, size)
    return Card(picture, *size, _lossy(photo, size), outline, filled, tuple(missing))


def _open(folder: Path, name: str) -> Image.Image | None:
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            return None
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _lossy(image: Image.Image, size: tuple[int, int]) -> str:
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    return _uri(image, "webp", quality=QUALITY)


def _outline(hole: Image.Image, size: tuple[int, int]) -> str:
    """The hole's edge: white in it, black around it, seen on every photo, and nothing elsewhere."""
    inside = np.asarray(hole.convert("L").resize(size, Image.Resampling.NEAREST)) > 127  # [H, W]
    ring = _grown(inside) & ~inside  # [H, W]
    edge = inside & _grown(~inside)  # [H, W]
    pixels = np.zeros((*inside.shape, 4), np.uint8)  # [H, W, 4]
    pixels[ring] = (0, 0, 0, 200)
    pixels[edge] = (255, 255, 255, 255)
    return _uri(Image.fromarray(pixels), "png", optimize=True)


def _grown(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(area, 1)  # [H+2, W+2]
    return padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:] | area  # [H, W]


def _uri(image: Image.Image, kind: str, **settings: int | bool) -> str:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
