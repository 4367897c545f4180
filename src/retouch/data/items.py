"""One photo of a data set, in a file or in a shard, and its mask where the data set has masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image

from retouch.mask import Mask
from retouch.photo.pil import eight_bits, to_pil
from retouch.photo.reader import read

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Member:
    """A file inside an uncompressed tar.

    Attributes:
        shard: the tar.
        name: of the file in it.
        offset: of its first byte in the tar.
        size: in bytes.
    """

    shard: Path
    name: str
    offset: int
    size: int

    def content(self) -> bytes:
        """Its bytes; OSError where the shard is missing or ends too early."""
        with self.shard.open("rb") as file:
            file.seek(self.offset)
            content = file.read(self.size)
        if len(content) < self.size:
            raise OSError(f"photo: {self} is cut: the shard ends too early")
        return content

    def __str__(self) -> str:
        return f"{self.shard}:{self.name}"


Where: TypeAlias = Path | Member


@dataclass(frozen=True)
class Item:
    """One photo of a data set.

    Attributes:
        k: its place in the data set; its hole is drawn from that and a seed.
        name: unique in the data set, without suffix, "/" between folders.
        photo: where it is.
        mask: where its mask is, for data sets with masks.
    """

    k: int
    name: str
    photo: Where
    mask: Where | None = None

    def image(self) -> Image.Image:
        """The photo as an 8-bit RGB image, colours as stored.

        Raises:
            OSError: it is missing, empty or damaged; the message names it.
            ValueError: it is no photo.
        """
        photo = read(_source(self.photo), argument=f"photo {self.name!r}")
        if photo.pixels.shape[2] == 4:
            return to_pil(photo).convert("RGB")
        pixels = eight_bits(photo.pixels)  # [H, W, 1 or 3]
        return Image.fromarray(np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))))

    def hole(self) -> NDArray[np.bool_]:
        """The data set's own mask: [H, W] bool, True = hole (white).

        Raises:
            OSError: it is missing or damaged; the message names it.
            ValueError: there is none, or it is no mask.
        """
        if self.mask is None:
            raise ValueError(f"mask: {self.name!r} has none")
        return Mask.from_any(_source(self.mask)).hole


def _source(where: Where) -> Path | bytes:
    return where.content() if isinstance(where, Member) else where
