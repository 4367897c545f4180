"""The list of named recipes, and `draw`, which makes a hole of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.catalogue import nearest
from retouch.holes import deepfill, gaussian2d, lama, mixtures, pixelhacker, simple
from retouch.holes.blobs import SyntheticBlobs
from retouch.holes.check import checked_count, checked_ratio, checked_rng, checked_size
from retouch.holes.comodgan import Counts, comodgan
from retouch.holes.objects import Objects, objects_from, one_object
from retouch.holes.reject import redraw

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.random import Generator

    from retouch.holes.check import Ratio, Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Recipe:
    """One way to draw holes that has a name.

    Attributes:
        name: what users write.
        function: draws one hole from (size, rng, parameters), and an object source where `shapes` says so.
        parameters: of the function, a frozen dataclass or None.
        native: side in pixels of the square masks it was made for; others are drawn with the same widths in pixels.
        source: the paper or code, and who uses it.
        shapes: it takes object shapes.
        ratio: shares of hole that are accepted by rejection; None: all that come.
    """

    name: str
    function: Callable[..., Masks]
    parameters: Any
    native: int
    source: str
    shapes: bool = False
    ratio: Ratio | None = None


SMALL, LARGE = gaussian2d.Nominal((0.2, 0.4)), gaussian2d.Nominal((0.4, 0.6))
TEST = "test procedure: at most half hole"
PLACES = "test procedure: square crop of a 4:3 image, at most half hole"
OURS = "sizes are ours"

RECIPES: tuple[Recipe, ...] = (
    Recipe("mat-512-large", comodgan, Counts(5, 3, 9), 512, "MAT: training and large test; PSM; PixelHacker"),
    Recipe("mat-512-small", comodgan, Counts(3, 2, 4), 512, "MAT: small test; PSM; PixelHacker"),
    Recipe("mat-256-large", comodgan, Counts(4, 2, 8), 256, "MAT at 256: training and large test; PSM"),
    Recipe("mat-256-small", comodgan, Counts(2, 2, 3), 256, "MAT at 256: small test; PSM"),
    Recipe("comodgan", comodgan, Counts(10, 5, 20), 512, "CoModGAN; MI-GAN; ASUKA; PixelHacker's random brush"),
    Recipe("comodgan-h0", comodgan, Counts(10, 5, 20, (0.0, 0.2)), 512, "CoModGAN: bucket 0 to 20 %"),
    Recipe("comodgan-h1", comodgan, Counts(10, 5, 20, (0.2, 0.4)), 512, "CoModGAN: bucket 20 to 40 %"),
    Recipe("comodgan-h2", comodgan, Counts(10, 5, 20, (0.4, 0.6)), 512, "CoModGAN: bucket 40 to 60 %"),
    Recipe("comodgan-h3", comodgan, Counts(10, 5, 20, (0.6, 0.8)), 512, "CoModGAN: bucket 60 to 80 %"),
    Recipe("comodgan-h4", comodgan, Counts(10, 5, 20, (0.8, 1.0)), 512, "CoModGAN: bucket 80 to 100 %"),
    Recipe("lama-thin-256", lama.lama, lama.THIN_256, 256, "LaMa"),
    Recipe("lama-thin-512", lama.lama, lama.THIN_512, 512, "LaMa"),
    Recipe("lama-medium-256", lama.lama, lama.MEDIUM_256, 256, "LaMa"),
    Recipe("lama-medium-512", lama.lama, lama.MEDIUM_512, 512, "LaMa; PixelHacker's later training code"),
    Recipe("lama-thick-256", lama.lama, lama.THICK_256, 256, "LaMa; ASUKA's decoder"),
    Recipe("lama-thick-512", lama.lama, lama.THICK_512, 512, "LaMa"),
    Recipe("lama-train-256", lama.lama, lama.TRAIN_256, 256, "LaMa: training of Big-LaMa"),
    Recipe("lama-thin-256-test", lama.lama_test, lama.THIN_256, 256, f"LaMa, {TEST}"),
    Recipe("lama-thin-512-test", lama.lama_test, lama.THIN_512, 512, f"LaMa, {TEST}"),
    Recipe("lama-medium-256-test", lama.lama_test, lama.MEDIUM_256, 256, f"LaMa, {TEST}"),
    Recipe("lama-medium-512-test", lama.lama_test, lama.MEDIUM_512, 512, f"LaMa, {TEST}"),
    Recipe("lama-thick-256-test", lama.lama_test, lama.THICK_256, 256, f"LaMa, {TEST}"),
    Recipe("lama-thick-512-test", lama.lama_test, lama.THICK_512, 512, f"LaMa, {TEST}"),
    Recipe("lama-thin-512-places", lama.lama_places, lama.THIN_512, 512, f"LaMa on Places, {PLACES}"),
    Recipe("lama-medium-512-places", lama.lama_places, lama.MEDIUM_512, 512, f"LaMa on Places, {PLACES}"),
    Recipe("lama-thick-512-places", lama.lama_places, lama.THICK_512, 512, f"LaMa on Places, {PLACES}"),
    Recipe("deepfill-v2", deepfill.deepfill, deepfill.FreeForm(), 256, "DeepFill v2: box and brush"),
    Recipe("deepfill-v2-box", deepfill.deepfill, deepfill.FreeForm(strokes=None), 256, "DeepFill v2: its box"),
    Recipe("deepfill-v2-brush", deepfill.deepfill, deepfill.FreeForm(box=False), 256, "DeepFill v2: its brush"),
    Recipe("2dgs-small", gaussian2d.irregular, SMALL, 256, "2DGS as coded: irregular small"),
    Recipe("2dgs-large", gaussian2d.irregular, LARGE, 256, "2DGS as coded: irregular large"),
    Recipe("2dgs-small-exact", gaussian2d.irregular, SMALL, 256, "2DGS as worded: 20 to 40 %", ratio=(0.2, 0.4)),
    Recipe("2dgs-large-exact", gaussian2d.irregular, LARGE, 256, "2DGS as worded: 40 to 60 %", ratio=(0.4, 0.6)),
    Recipe("2dgs-regular", gaussian2d.regular, gaussian2d.Nominal((0.2, 0.5)), 256, "2DGS as coded: regular"),
    Recipe("2dgs-train", gaussian2d.irregular, gaussian2d.Nominal((0.2, 0.6)), 256, "2DGS: training, full range"),
    Recipe("box", simple.boxes, simple.Rectangles(), 256, f"one random box; {OURS}"),
    Recipe("boxes", simple.boxes, simple.Rectangles((2, 5), (0.1, 0.4)), 256, f"two to five random boxes; {OURS}"),
    Recipe("centre", simple.centred, simple.Centred(), 256, "Context Encoders: the centre, 25 %"),
    Recipe("centre-lama", simple.centred, simple.Centred(0.225), 256, "LaMa: the centre, 22.5 %"),
    Recipe("outpaint", simple.borders, simple.Borders(), 256, "LaMa: borders of 4 to 25 %, each with chance 0.5"),
    Recipe("outpaint-all", simple.centred, simple.Centred(0.25, outside=True), 256, "all but the centre, 75 %"),
    Recipe("objects", one_object, None, 512, "object shapes", shapes=True),
    Recipe("asuka", mixtures.asuka, mixtures.Mixture(lama.THICK_512), 512, "ASUKA: 10 to 75 %", shapes=True),
    Recipe(
        "asuka-enlarged",
        mixtures.asuka_enlarged,
        mixtures.Mixture(lama.TRAIN_256),
        256,
        "ASUKA: autoencoder, enlarged to 75 % of patches",
        shapes=True,
    ),
    Recipe(
        "misato",
        mixtures.misato,
        mixtures.Mixture(lama.THICK_512, regular=0.0, ratio=(0.2, 0.8)),
        512,
        "ASUKA: MISATO, 20 to 80 %, no rectangles",
        shapes=True,
    ),
    Recipe("pixelhacker-foreground", one_object, None, 512, "PixelHacker: foreground batches", shapes=True),
    Recipe(
        "pixelhacker-background",
        pixelhacker.background_recipe,
        pixelhacker.PAPER,
        512,
        "PixelHacker Eq. 1: scene, brush and object united",
        shapes=True,
    ),
    Recipe(
        "pixelhacker-background-moebius",
        pixelhacker.background_recipe,
        pixelhacker.MOEBIUS,
        512,
        "PixelHacker's later training code: lama-medium-512, v1_2",
        shapes=True,
    ),
    Recipe(
        "pixelhacker-background-moebius-v1",
        pixelhacker.background_recipe,
        pixelhacker.MOEBIUS_V1,
        512,
        "PixelHacker's later training code: lama-medium-512, v1",
        shapes=True,
    ),
)


def recipe(name: str) -> Recipe:
    """The recipe called `name`; ValueError that suggests the nearest name for another one."""
    if not isinstance(name, str):
        raise ValueError(f"recipe: is {type(name).__name__}; accepted: a name, such as 'mat-512-large'")
    known = [each.name for each in RECIPES]
    if name not in known:
        near = nearest(name, known) or f"; known: {', '.join(known)}"
        raise ValueError(f"recipe {name!r} is unknown{near}")
    return RECIPES[known.index(name)]


def draw(
    name: str,
    size: Size,
    rng: Generator,
    ratio: Ratio | None = None,
    objects: Objects | str | os.PathLike[str] | None = None,
) -> Masks:
    """Draw one hole of a named recipe.

    Args:
        name: of the recipe; `RECIPES` lists them.
        size: (height, width) in pixels. Widths in pixels stay those of the recipe's native size.
        rng: source of everything random.
        ratio: (low, high) shares of hole; holes outside it are drawn again. None: as the recipe is.
        objects: for recipes with object shapes: a source of them, a folder of PNGs or an annotation file. None:
            synthetic blobs, which are no objects. Read a folder once with `objects_from` to draw many.

    Returns:
        [H, W] bool, True = hole, neither empty nor full.

    Raises:
        FileNotFoundError: there is no such folder or file.
        ValueError: an unknown name (the message suggests the nearest), an argument that is none of these, a size
            too small for the recipe, or a range of shares that it does not reach in many tries.
    """
    chosen = recipe(name)
    size, limits, rng = checked_size(size), checked_ratio(ratio), checked_rng(rng)
    arguments: tuple[Any, ...] = (size, rng, chosen.parameters)
    if chosen.shapes:
        arguments += (_source(objects),)
    elif objects is not None:
        raise ValueError(f"objects: recipe {name!r} takes none; those that do: {', '.join(_with_shapes())}")
    once = partial(chosen.function, *arguments)
    if chosen.ratio is not None:
        limits = _both(chosen, limits)
    return np.ascontiguousarray(redraw(once, limits, f"recipe {name!r}"))


def item_rng(seed: int, k: int) -> Generator:
    """The generator of item `k` under `seed`: the same whatever else is drawn, in whatever order.

    Raises:
        ValueError: `seed` or `k` is no integer from 0 up.
    """
    entropy = np.random.SeedSequence(checked_count("seed", seed), spawn_key=(checked_count("k", k),))
    return np.random.default_rng(entropy)


def _source(given: Objects | str | os.PathLike[str] | None) -> Objects:
    if given is None:
        return SyntheticBlobs()
    return given if callable(given) else objects_from(given)


def _with_shapes() -> list[str]:
    return [each.name for each in RECIPES if each.shapes]


def _both(chosen: Recipe, limits: Ratio | None) -> Ratio:
    """The shares that both the recipe and the caller accept."""
    low, high = chosen.ratio or (0.0, 1.0)
    if limits is None:
        return low, high
    both = max(low, limits[0]), min(high, limits[1])
    if both[0] > both[1]:
        raise ValueError(f"ratio: is {limits}; recipe {chosen.name!r} gives {low:g} to {high:g} only")
    return both
