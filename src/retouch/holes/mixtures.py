"""ASUKA's mixture of masks, as it is, enlarged for its autoencoder, and as MISATO's test masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.holes import lama
from retouch.holes.comodgan import Counts, comodgan
from retouch.holes.patches import PART, enlarge, touched
from retouch.holes.reject import TRIES, redraw, share
from retouch.holes.simple import Rectangles, boxes

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.holes.check import Ratio, Size
    from retouch.holes.objects import Objects
    from retouch.methods.base import Masks

COMODGAN = Counts(10, 5, 20)
RECTANGLE = Rectangles(count=(1, 1), sides=(0.2, 0.95))  # our choice, the paper gives no sizes


@dataclass(frozen=True)
class Mixture:
    """How often each kind comes, as weights, and what share of hole is accepted.

    Attributes:
        lama: LaMa's half of the irregular masks; which configuration is our choice, the paper names none.
        shapes: weight of object shapes.
        irregular: weight of CoModGAN and LaMa masks, evenly.
        regular: weight of a rectangle or all but a rectangle, evenly.
        union: chance that an object shape is united with an irregular mask.
        ratio: accepted shares of hole.
    """

    lama: lama.Mix
    shapes: float = 0.5
    irregular: float = 0.4
    regular: float = 0.1
    union: float = 0.5
    ratio: Ratio = (0.1, 0.75)


def asuka(size: Size, rng: Generator, mixture: Mixture, objects: Objects) -> Masks:
    """A mask of ASUKA's training mixture, or of MISATO with that mixture.

    Kind and union are drawn once and kept while masks are refused for their share, so that the weights hold exactly.

    Args:
        size: (height, width) in pixels.
        rng: source of everything random.
        mixture: weights and accepted shares.
        objects: source of object shapes.

    Returns:
        [H, W] bool, True = hole.

    Raises:
        ValueError: the kind that was drawn does not reach the accepted shares; as `objects` raises.
    """
    u = rng.random() * (mixture.shapes + mixture.irregular + mixture.regular)
    if u < mixture.shapes:
        united = bool(rng.random() < mixture.union)
        return redraw(lambda: _shape(size, rng, mixture, objects, united), mixture.ratio, "the mixture's object part")
    if u < mixture.shapes + mixture.irregular:
        return redraw(lambda: _irregular(size, rng, mixture), mixture.ratio, "the mixture's irregular part")
    return redraw(lambda: _regular(size, rng), mixture.ratio, "the mixture's regular part")


def asuka_enlarged(size: Size, rng: Generator, mixture: Mixture, objects: Objects) -> Masks:
    """As `asuka`, enlarged by random 16-pixel patches to 75 % of all patches, exactly.

    Masks that touch more patches already are drawn again; the accepted shares of `mixture` hold before enlarging.
    """
    for _ in range(TRIES):
        hole = asuka(size, rng, mixture, objects)
        grid = touched(hole)
        if int(grid.sum()) <= round(PART * grid.size):
            return enlarge(hole, rng)
    raise ValueError(f"size: at {size[0]}x{size[1]} the mixture always touches more than {PART:.0%} of the patches")


def misato(size: Size, rng: Generator, mixture: Mixture, objects: Objects, keep: Masks | None = None) -> Masks:
    """A mask as MISATO's; in its COCO part `keep` [H, W] bool marks annotated foreground, which is never hole.

    Arguments and result as `asuka`. The accepted shares hold for what is left of the hole.

    Raises:
        ValueError: as `asuka`; `keep` is of another size, or leaves too little to reach the accepted shares.
    """
    if keep is None:
        return asuka(size, rng, mixture, objects)
    if keep.shape != tuple(size):
        raise ValueError(f"keep: is of size {keep.shape}; accepted: {tuple(size)} (height, width), as the mask")
    if 1 - share(keep) < mixture.ratio[0]:
        raise ValueError(f"keep: leaves {1 - share(keep):.3f} of the image; the hole needs {mixture.ratio[0]:g}")
    return redraw(lambda: asuka(size, rng, mixture, objects) & ~keep, mixture.ratio, "MISATO's mixture less foreground")


def _shape(size: Size, rng: Generator, mixture: Mixture, objects: Objects, united: bool) -> Masks:
    shape = objects(size, rng)
    return shape | _irregular(size, rng, mixture) if united else shape


def _irregular(size: Size, rng: Generator, mixture: Mixture) -> Masks:
    return comodgan(size, rng, COMODGAN) if rng.random() < 0.5 else lama.lama(size, rng, mixture.lama)


def _regular(size: Size, rng: Generator) -> Masks:
    rectangle = boxes(size, rng, RECTANGLE)
    return rectangle if rng.random() < 0.5 else ~rectangle
