"""PixelHacker's masks for its foreground and background batches (Eq. 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from retouch.holes import lama
from retouch.holes.check import checked_hole
from retouch.holes.comodgan import Counts, comodgan
from retouch.holes.morphology import dilate_box

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.holes.check import Size
    from retouch.holes.objects import Objects
    from retouch.methods.base import Masks

Combine: TypeAlias = Literal["union", "v1", "v1_2"]
CHANCE = 0.5


@dataclass(frozen=True)
class Background:
    """How a background batch's mask is put together.

    Attributes:
        combine: "union": scene, random mask and object united, as the paper's "+" reads. The authors' later training
            code intersects instead: "v1" the scene's mask with the others, "v1_2" an object with the random mask or
            the scene's, whichever was drawn, and widens the result.
        brush: counts of CoModGAN's generator (the paper's) or a configuration of LaMa's (the later code's).
        random: chance of the random mask, in [0, 1].
        other: chance of the other image's object, in [0, 1].
    """

    combine: Combine = "union"
    brush: Counts | lama.Mix = Counts(10, 5, 20)  # noqa: RUF009 - frozen
    random: float = CHANCE
    other: float = CHANCE


PAPER = Background()
SCENE = Background(random=0, other=0)  # Table 6, first row
SCENE_RANDOM = Background(other=0)  # Table 6, second row
MOEBIUS = Background("v1_2", lama.MEDIUM_512)
MOEBIUS_V1 = Background("v1", lama.MEDIUM_512)


def background(scene: Masks, other: Masks, rng: Generator, how: Background = PAPER) -> Masks:
    """Eq. 1: the hole of a background image from its scene mask, a random mask and another image's object.

    Args:
        scene: [H, W] bool, the region of the image's background category.
        other: [H, W] bool, an object of another image, which keeps the network from growing objects in such holes.
        rng: source of everything random.
        how: how they are put together.

    Returns:
        [H, W] bool, True = hole. Intersections may leave nothing: then draw again, as the recipes do.

    Raises:
        ValueError: the masks are no bool arrays of one size.
    """
    checked_hole("scene", scene)
    if checked_hole("other", other).shape != scene.shape:
        raise ValueError(f"other: is of size {other.shape}; accepted: that of scene, {scene.shape}")
    with_random, with_object = (rng.random(2) < (how.random, how.other)).tolist()
    hole = scene
    if with_random:
        drawn = _random(scene.shape, rng, how.brush)  # [H, W]
        hole = drawn if how.combine == "v1_2" else _joined(scene, drawn, how)
    if with_object:
        hole = _joined(hole, other, how)
    return _widened(hole, rng) if how.combine == "v1_2" else hole.copy()


def background_recipe(size: Size, rng: Generator, how: Background, objects: Objects) -> Masks:
    """`background` with two shapes of `objects` on a mask of `size` (height, width) as scene and as other object."""
    return background(objects(size, rng), objects(size, rng), rng, how)


def _joined(hole: Masks, more: Masks, how: Background) -> Masks:
    return hole | more if how.combine == "union" else hole & more


def _random(size: Size, rng: Generator, brush: Counts | lama.Mix) -> Masks:
    return comodgan(size, rng, brush) if isinstance(brush, Counts) else lama.lama(size, rng, brush)


def _widened(hole: Masks, rng: Generator) -> Masks:
    if rng.random() >= 0.99:
        return hole.copy()
    return dilate_box(hole, int(rng.choice((3, 5, 7))), int(rng.integers(1, 3)))
