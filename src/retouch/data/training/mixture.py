"""The holes of training samples: one recipe, or several with weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from retouch.data.training.curriculum import Curriculum, ratio_range
from retouch.holes.gaussian2d import Nominal
from retouch.holes.objects import Objects, objects_from
from retouch.holes.recipes import Recipe, draw, recipe
from retouch.holes.reject import redraw

if TYPE_CHECKING:
    import os

    from numpy.random import Generator

    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Part:
    """A recipe and how often it is drawn, relative to the others."""

    recipe: Recipe
    weight: float


@dataclass(frozen=True)
class Holes:
    """What holes are drawn from.

    Attributes:
        parts: recipes with weights.
        objects: shapes for the recipes that take some; None: made-up blobs.
        curriculum: of the parts with a nominal ratio; None: as these recipes are.
    """

    parts: tuple[Part, ...]
    objects: Objects | None = None
    curriculum: Curriculum | None = None


def parse_mixture(text: str) -> tuple[Part, ...]:
    """Read "mat-256-large" or "mat-256-large:0.5,objects:0.5"; a part without number weighs 1.

    Raises:
        ValueError: an unknown recipe (the message suggests the nearest), one that is named twice, or a weight that is
            no positive number.
    """
    parts: list[Part] = []
    for word in text.split(","):
        name, colon, number = (piece.strip() for piece in word.partition(":"))
        try:
            weight = float(number) if colon else 1.0
        except ValueError:
            weight = math.nan
        if not 0 < weight < math.inf:
            raise ValueError(f"holes: {word.strip()!r} has no positive weight; accepted: NAME:WEIGHT, such as box:0.5")
        try:
            chosen = recipe(name)
        except ValueError as error:
            raise ValueError(f"holes: {error}") from None
        if any(part.recipe.name == name for part in parts):
            raise ValueError(f"holes: {text!r} names {name!r} twice")
        parts.append(Part(chosen, weight))
    return tuple(parts)


def holes_from(text: str, objects: str | os.PathLike[str] | None = None, curriculum: Curriculum | None = None) -> Holes:
    """What `draw_hole` draws from.

    Args:
        text: recipes, as `parse_mixture` reads them.
        objects: shapes for recipes that take some: a folder of PNGs or an annotation file; None: made-up blobs.
        curriculum: growing holes for the recipes with a nominal ratio (the 2DGS paper's).

    Raises:
        FileNotFoundError: there is no such folder or file.
        ValueError: as `parse_mixture`; or objects or a curriculum for a mixture in which no recipe takes them.
    """
    parts = parse_mixture(text)
    if objects is not None and not any(part.recipe.shapes for part in parts):
        raise ValueError(f"objects: no recipe of {text!r} takes shapes; one that does: objects")
    if curriculum is not None and not any(_has_nominal_ratio(part.recipe) for part in parts):
        raise ValueError(f"curriculum: no recipe of {text!r} has a nominal ratio; one that has: 2dgs-train")
    return Holes(parts, None if objects is None else objects_from(objects), curriculum)


def draw_hole(holes: Holes, side: int, epoch: int, rng: Generator) -> Masks:
    """Draw one hole.

    Args:
        holes: recipes with weights.
        side: of the square mask, in pixels.
        epoch: from 0 up; only a curriculum looks at it.
        rng: source of everything random.

    Returns:
        [S, S] bool, True = hole, neither empty nor full.

    Raises:
        OSError: the file of an object shape is missing or damaged.
        ValueError: as `retouch.holes.draw`.
    """
    chosen = _chosen(holes.parts, rng)
    size = (side, side)
    if holes.curriculum is not None and _has_nominal_ratio(chosen):
        nominal = Nominal(ratio_range(epoch, holes.curriculum))
        return redraw(partial(chosen.function, size, rng, nominal), None, f"recipe {chosen.name!r}")
    return draw(chosen.name, size, rng, objects=holes.objects if chosen.shapes else None)


def _chosen(parts: tuple[Part, ...], rng: Generator) -> Recipe:
    # With one recipe nothing is drawn here: its holes are those of retouch.holes.draw for the same generator.
    if len(parts) == 1:
        return parts[0].recipe
    left = rng.random() * sum(part.weight for part in parts)
    for part in parts:
        left -= part.weight
        if left < 0:
            return part.recipe
    return parts[-1].recipe


def _has_nominal_ratio(chosen: Recipe) -> bool:
    return isinstance(chosen.parameters, Nominal) and chosen.ratio is None
