"""Training samples of pairs: a square of a photo, a hole of its class, and the class (PixelHacker 3.2, Eq. 1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from retouch.data.categories import ROLES, Category
from retouch.data.items import Item
from retouch.data.lcg.crop import Square, draw_square
from retouch.data.training.decode import upright
from retouch.data.training.order import Epochs, generator, order
from retouch.data.training.samples import Drawn
from retouch.data.training.unusable import Unusable
from retouch.holes.objects import scaled
from retouch.holes.pixelhacker import MOEBIUS, MOEBIUS_V1, PAPER, SCENE, SCENE_RANDOM, background

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    from retouch.data.lcg.pair import Pair
    from retouch.data.lcg.pairs import Pairs
    from retouch.holes.check import Size
    from retouch.methods.base import Masks

WORKING = 512  # shorter side at which masks are put together: random masks have their recipes' widths there
TRIES = 20  # draws for one pair before it is passed over
PATIENCE = 1000  # pairs in a row that cannot be used before it is said that none can
_HOW = {"scene": SCENE, "scene-random": SCENE_RANDOM, "union": PAPER, "v1": MOEBIUS_V1, "v1_2": MOEBIUS}


class PairSettings(BaseModel):
    """What samples of pairs are.

    Attributes:
        size: side in pixels of the square samples.
        combine: how a background hole is put together: "union" as the paper's Eq. 1 reads; "v1", "v1_2" as the
            authors' later training code does (`retouch.holes.pixelhacker.Background`). For Table 6: "scene" is "union"
            with neither random masks nor objects, "scene-random" without objects.
        foreground: share of samples that are foreground, whatever there is more of.
        keep: least share of the hole's extent along the photo's longer side that the square holds.
        flip: chance that a sample is mirrored left to right.
        smallest: photos with a shorter side than this, in pixels, are passed over; None: than `size`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(default=512, ge=16, le=4096)
    combine: Literal["scene", "scene-random", "union", "v1", "v1_2"] = "v1_2"
    foreground: float = Field(default=0.5, ge=0, le=1)
    keep: float = Field(default=0.5, ge=0, le=1)
    flip: float = Field(default=0.5, ge=0, le=1)
    smallest: int | None = Field(default=None, ge=1)

    @property
    def shortest(self) -> int:
        """The shorter side, in pixels, that a photo needs."""
        return self.size if self.smallest is None else self.smallest


@dataclass(frozen=True, eq=False)
class PairSample:
    """A sample.

    Attributes:
        drawn: photo, hole, seed, name, and pairs that were passed over.
        label: 0 = background, 1 = foreground: the class that the network is told.
        category: of the pair.
    """

    drawn: Drawn
    label: int
    category: Category


class PairSet:
    """The endless stream of samples of a run: sample p is the same in every process, at any time, in any order.

    With n pairs, sample p is place p mod n of epoch p // n. It serves as a map-style data set for a DataLoader; its
    length is that of an epoch, but samples have every number from 0 up.

    Args:
        pairs: what to train on.
        settings: what samples are.
        seed: of the run, from 0 up.

    Raises:
        ValueError: a class that is to be drawn has no pair.
    """

    def __init__(self, pairs: Pairs, settings: PairSettings, seed: int = 0) -> None:
        self.pairs, self.settings, self.seed = pairs, settings, seed
        self.objects = pairs.of("foreground")
        # Class after class: then the sampling, which goes through them in even steps, keeps the share in every epoch.
        self._classes = np.argsort(pairs.labels(), kind="stable")  # [n]
        self._weights = pairs.weights(settings.foreground)[self._classes]  # [n]
        self.places = Epochs(len(pairs), self._ordered)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, position: int) -> PairSample:
        if position < 0:
            raise IndexError(f"position: is {position}; accepted: from 0 up")
        epoch, place, k = self.places[position]
        return draw_pair(self.pairs, k, (self.seed, epoch, place), self.settings, self.objects)

    def _ordered(self, epoch: int) -> NDArray[np.int64]:
        """[n] numbers of the pairs of an epoch, in order."""
        return self._classes[order(len(self), epoch, self.seed, self._weights)]


def draw_pair(
    pairs: Pairs, k: int, key: tuple[int, int, int], settings: PairSettings, objects: NDArray[np.int64] | None = None
) -> PairSample:
    """Make a sample of pair `k`; everything random in it follows from `key`.

    A pair whose photo or mask cannot be used is passed over for the next one of its class.

    Args:
        pairs: all of them.
        k: which one.
        key: (seed of the run, epoch, place in the epoch).
        settings: what the sample is.
        objects: `pairs.of("foreground")`, whose masks go into background holes; None: it is found here.

    Raises:
        ValueError: none of many pairs in a row can be used; a bad key.
    """
    seed, epoch, place = key
    rng = generator(seed, epoch, place)
    drawn_seed = int(rng.integers(1 << 63, dtype=np.uint64))
    others = pairs.of("foreground") if objects is None else objects
    unusable: list[Unusable] = []
    for number in _from(pairs, k):
        name = f"pair {number}"
        try:
            pair = pairs[number]
            name = pair.image
            photo, hole = _drawn(pairs, number, pair, rng, settings, others)
        except (OSError, ValueError) as error:
            unusable.append(Unusable(name, str(error)))
        else:
            drawn = Drawn(photo, hole, drawn_seed, name, tuple(unusable))
            return PairSample(drawn, ROLES.index(pair.category.role), pair.category)
    raise ValueError(f"pairs: none of {len(unusable)} in a row can be used; the first: {unusable[0].reason}")


def fingerprint(pairs: Pairs, settings: PairSettings) -> str:
    """16 hexadecimal digits that change with the shards and with the settings; folders may move."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    for part in (pairs.shard, pairs.offset, pairs.kind):
        digest.update(part.tobytes())
    for path in pairs.shards:
        digest.update(path.name.encode())
    return digest.hexdigest()[:16]


def _from(pairs: Pairs, k: int) -> Iterator[int]:
    """Pair k, and then those of its class that follow it, which are looked for only where they are needed."""
    yield k
    alike = np.flatnonzero(pairs.labels() == pairs.labels()[k])  # [m]
    start = int(np.searchsorted(alike, k))
    for step in range(1, min(len(alike), PATIENCE)):
        yield int(alike[(start + step) % len(alike)])


def _drawn(
    pairs: Pairs, k: int, pair: Pair, rng: Generator, settings: PairSettings, objects: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], Masks]:
    """Photo [S, S, 3] and hole [S, S] of one pair."""
    photo = upright(Item(k, pair.image, pairs.photo(k, pair)))
    height, width = pair.size
    if photo.size != (width, height):
        raise ValueError(f"photo {pair.image!r}: is {photo.width}x{photo.height} pixels; its mask is {width}x{height}")
    if min(pair.size) < settings.shortest:
        needed = f"accepted: a shorter side of at least {settings.shortest}"
        raise ValueError(f"photo {pair.image!r}: is {width}x{height} pixels; {needed}")
    zoom = WORKING / min(pair.size)
    working = (round(height * zoom), round(width * zoom))
    shape = scaled(pair.mask(), working)  # [h, w]
    for _ in range(TRIES):
        whole = _hole(pairs, pair, shape, rng, settings, objects)  # [h, w]
        square = draw_square(whole, rng, settings.keep, settings.flip)
        if square is None:
            continue
        hole = scaled(square.cut(whole), (settings.size, settings.size))  # [S, S]
        if hole.any() and not hole.all():
            return _photo(photo, square, working, settings.size), hole
    raise ValueError(f"photo {pair.image!r}: its mask of {pair.category.name!r} gave no hole in {TRIES} draws")


def _hole(
    pairs: Pairs, pair: Pair, shape: Masks, rng: Generator, settings: PairSettings, objects: NDArray[np.int64]
) -> Masks:
    """M_fg = M_obj; M_bg = M_scene + random mask + another photo's object, the last two each in half of the cases."""
    if pair.category.role == "foreground":
        return shape
    other = np.zeros(shape.shape, bool)  # [h, w]
    if len(objects):
        other = scaled(pairs[int(objects[int(rng.integers(len(objects)))])].mask(), shape.shape)  # [h, w]
    return background(shape, other, rng, _HOW[settings.combine])


def _photo(photo: Image.Image, square: Square, working: Size, size: int) -> NDArray[np.uint8]:
    """[S, S, 3] of the square, whose place is one at the working size."""
    across, down = photo.width / working[1], photo.height / working[0]
    x0, y0, x1, y1 = square.box
    box = (x0 * across, y0 * down, min(x1 * across, photo.width), min(y1 * down, photo.height))
    pixels = np.asarray(photo.resize((size, size), Image.Resampling.LANCZOS, box=box))  # [S, S, 3]
    return np.ascontiguousarray(pixels[:, ::-1]) if square.mirrored else pixels
