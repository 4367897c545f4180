"""Tokens of photos, clean and with holes of all sizes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from retouch.data.items import Item
from retouch.data.square import centre_square
from retouch.data.training.decode import upright
from retouch.data.training.unusable import Unusable
from retouch.files.listing import listed
from retouch.holes.check import checked_count
from retouch.holes.recipes import draw, item_rng
from retouch.holes.reject import share
from retouch.methods.gaussian.analyse.statistics import BINS, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from retouch.methods.base import Masks
    from retouch.methods.gaussian.analyse.subject import Subject

# CoModGAN's buckets of hole sizes, a fifth each, which together have all; the paper does not name its holes.
RECIPES = ("comodgan-h0", "comodgan-h1", "comodgan-h2", "comodgan-h3", "comodgan-h4")
SHARES = (0.05, 0.95)  # smallest and largest hole


@dataclass(frozen=True, eq=False)
class Measured:
    """The tokens, and what is missing from them.

    Attributes:
        tokens: of the photos that could be used.
        unusable: photos that could not.
    """

    tokens: Tokens
    unusable: tuple[Unusable, ...]


def photos_of(folder: str | os.PathLike[str], limit: int) -> tuple[Item, ...]:
    """At most `limit` photos of a folder and its subfolders (or of a glob), evenly spread in natural order of names.

    Raises:
        FileNotFoundError: there is no such folder, or no photo in it.
        ValueError: a limit, or a number of photos, below ten: each tenth of the hole's share needs one.
    """
    checked_count("limit", limit, least=BINS)
    found = listed(folder, "photos", recursive=True)
    paths = [path for path in found.files if not path.stem.lower().endswith(".mask")]
    if len(paths) < BINS:
        raise ValueError(
            f"photos: {str(folder)!r} holds {len(paths)}; accepted: {BINS} or more, one for each size of hole"
        )
    taken = min(limit, len(paths))
    chosen = (k * len(paths) // taken for k in range(taken))
    return tuple(Item(k, found.key(paths[k]), Path(paths[k])) for k in chosen)


def measure(
    photos: Sequence[Item],
    subject: Subject,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Measured:
    """Draw one hole for each photo, of the ten tenths of hole shares in turns, and take the tokens.

    Args:
        photos: their centre squares are used, scaled to the subject's size.
        subject: encoder, and adaptation where there is one.
        seed: of the holes.
        progress: called with (photos done, photos).

    Raises:
        ValueError: fewer than two photos can be used.
    """
    drawing = _Holes(subject.size, seed)
    rows: list[tuple[float, NDArray[np.float32]]] = []  # share of the hole, [2 or 3, d]
    unusable: list[Unusable] = []
    for done, item in enumerate(photos, start=1):
        try:
            photo = np.asarray(centre_square(upright(item), subject.size))  # [S, S, 3]
        except (OSError, ValueError) as error:
            unusable.append(Unusable(item.name, str(error)))
        else:
            hole = drawing.draw(item.k)  # [S, S]
            rows.append((share(hole), _tokens(photo, hole, subject)))
        if progress is not None:
            progress(done, len(photos))
    if len(rows) < 2:
        reason = f"; the first: {unusable[0].reason}" if unusable else ""
        raise ValueError(f"photos: {len(rows)} of {len(photos)} can be used; accepted: at least 2{reason}")
    shares = np.array([part for part, _ in rows], np.float64)  # [N]
    kinds = np.stack([kinds for _, kinds in rows], 1)  # [2 or 3, N, d]
    tokens = Tokens(shares, kinds[0], kinds[1], kinds[2] if len(kinds) == 3 else None)
    return Measured(tokens, tuple(unusable))


class _Holes:
    """Holes of all tenths in turns; a tenth that many tries did not reach is not asked for again."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed = size, seed
        self.tenths, self.drawn = list(range(BINS)), 0

    def draw(self, k: int) -> Masks:
        """The hole [S, S] bool of photo `k`."""
        while self.tenths:
            tenth = self.tenths[self.drawn % len(self.tenths)]
            limits = max(SHARES[0], tenth / BINS), min(SHARES[1], (tenth + 1) / BINS)
            name = RECIPES[tenth * len(RECIPES) // BINS]
            try:
                hole = draw(name, (self.size, self.size), item_rng(self.seed, k), ratio=limits)
            except ValueError:
                self.tenths.remove(tenth)
            else:
                self.drawn += 1
                return hole
        raise ValueError(f"size: at {self.size} x {self.size} there are no holes; accepted: larger photos")


def _tokens(photo: NDArray[np.uint8], hole: Masks, subject: Subject) -> NDArray[np.float32]:
    """Tokens [2 or 3, d], clean, masked, mapped, of a photo [S, S, 3] with a hole [S, S]."""
    clean = torch.from_numpy(photo.astype(np.float32) / 255).permute(2, 0, 1)  # [3, S, S]
    masked = clean.masked_fill(torch.from_numpy(hole), 0)  # [3, S, S]
    with torch.inference_mode():
        tokens = subject.encode(torch.stack([clean, masked])).float()  # [2, d]
        if subject.adapt is not None:
            tokens = torch.cat([tokens, subject.adapt(tokens[1:])])  # [3, d]
    found: NDArray[np.float32] = tokens.numpy()
    return found
