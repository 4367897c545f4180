"""Where object shapes come from: a folder of PNGs, a COCO file, a panoptic file, or made-up blobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from retouch.holes.annotations import read_json
from retouch.holes.coco import CocoImage, read_coco, segment
from retouch.holes.panoptic import PanopticImage, read_panoptic
from retouch.holes.reject import TRIES
from retouch.mask.morphology import bounding_box

if TYPE_CHECKING:
    import os

    from numpy.random import Generator

    from retouch.holes.check import Ratio, Size
    from retouch.methods.base import Masks

EXTENT = (0.3, 0.9)  # longer side of a placed shape as part of the mask's shorter side; no paper states theirs


class Objects(Protocol):
    """A source of object shapes."""

    def __call__(self, size: Size, rng: Generator) -> Masks:
        """One shape on a canvas of `size` (height, width): [H, W] bool, True = object."""
        ...


@dataclass(frozen=True)
class FolderObjects:
    """Shapes from PNG files, white = object, found in a folder and below it.

    Attributes:
        files: the PNGs, sorted.
        placed: True: shapes are cut out and placed at random; False: pictures are scaled to the mask as they are;
            None: placed where the shape fills its picture from edge to edge, as tight crops do.
    """

    files: tuple[Path, ...]
    placed: bool | None = None

    def __call__(self, size: Size, rng: Generator) -> Masks:
        """As `Objects`. Raises OSError or ValueError naming the file where it is missing, damaged or black."""
        path = self.files[int(rng.integers(len(self.files)))]
        shape = read_shape(path)
        box = bounding_box(shape)
        if box is None:
            raise ValueError(f"objects: {str(path)!r} has no white pixel, so no object")
        tight = box == (0, 0, shape.shape[1], shape.shape[0])
        if tight if self.placed is None else self.placed:
            return place(shape, size, rng)
        return scaled(shape, size)


@dataclass(frozen=True)
class AnnotatedObjects:
    """Shapes from an annotation file, scaled to the mask with their image; crowds and void are left out.

    Attributes:
        images: those with at least one object.
        stuff: take stretches of sky, grass, walls (panoptic files only) and not things.
    """

    images: tuple[CocoImage | PanopticImage, ...]
    stuff: bool = False

    def __call__(self, size: Size, rng: Generator) -> Masks:
        """As `Objects`. Raises OSError or ValueError where an annotation is missing or damaged."""
        for _ in range(TRIES):
            image = self.images[int(rng.integers(len(self.images)))]
            shapes = self._shapes(image, rng)
            if shapes:
                return scaled(shapes[int(rng.integers(len(shapes)))], size)
        raise ValueError(f"objects: no {'stuff' if self.stuff else 'object'} in {TRIES} annotated images")

    def _shapes(self, image: CocoImage | PanopticImage, rng: Generator) -> list[Masks]:
        if isinstance(image, PanopticImage):
            return [part.hole for part in image.segments(crowds=False) if part.thing != self.stuff]
        rows = [row for row in image.rows if not row.get("iscrowd")]
        if self.stuff or not rows:
            return []
        hole = segment(rows[int(rng.integers(len(rows)))], image.size).hole  # decodes one, not all
        return [hole] if hole.any() else []


def objects_from(path: str | os.PathLike[str], placed: bool | None = None, stuff: bool = False) -> Objects:
    """The source of shapes at `path`: a folder of PNGs, or a COCO, COCONut or panoptic JSON file.

    Args:
        path: the folder or file. The PNGs of a panoptic file are in the folder beside it with the same name.
        placed: of a folder; see `FolderObjects`.
        stuff: of a panoptic file; see `AnnotatedObjects`.

    Raises:
        FileNotFoundError: there is no such folder or file.
        ValueError: the folder holds no PNG, or the file is no annotation file.
    """
    at = Path(path)
    if at.is_dir():
        files = tuple(sorted(file for file in at.rglob("*") if file.suffix.lower() == ".png" and file.is_file()))
        if not files:
            raise ValueError(f"objects: the folder {str(path)!r} holds no PNG")
        return FolderObjects(files, placed)
    if not at.exists():
        raise FileNotFoundError(f"objects: {str(path)!r} does not exist; accepted: a folder of PNGs or a JSON file")
    rows = read_json(at, ("annotations",))["annotations"]
    images: tuple[Any, ...]
    if rows and "segments_info" in rows[0]:
        images = tuple(image for image in read_panoptic(at) if image.rows)
    else:
        images = tuple(image for image in read_coco(at) if image.rows)
    if not images:
        raise ValueError(f"objects: {str(path)!r} annotates no object")
    return AnnotatedObjects(images, stuff)


def one_object(size: Size, rng: Generator, _: None, source: Objects) -> Masks:
    """One shape of `source` on a mask of `size` (height, width): [H, W] bool, True = hole."""
    return source(size, rng)


def read_shape(path: str | os.PathLike[str]) -> Masks:
    """[H, W] bool of a PNG, white = object; a picture of only 0 and 1 is read as such.

    Raises:
        OSError: the file is missing.
        ValueError: it is no PNG or damaged.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            grey = np.asarray(image.convert("L"))  # [H, W]
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"objects: {str(path)!r} is not a readable PNG ({error})") from error
    shape: Masks = grey >= (1 if grey.max() == 1 else 128)
    return shape


def place(shape: Masks, size: Size, rng: Generator, extent: Ratio = EXTENT) -> Masks:
    """Cut a shape out, scale it, mirror it in half of the cases, and put it wholly inside the mask at random.

    Args:
        shape: [h, w] bool with at least one True pixel.
        size: (height, width) of the mask in pixels.
        rng: source of everything random.
        extent: range of the shape's longer side, as part of the mask's shorter side.

    Returns:
        [H, W] bool, True = object.

    Raises:
        ValueError: the shape is empty.
    """
    box = bounding_box(shape)
    if box is None:
        raise ValueError("shape: has no True pixel")
    cut = shape[box[1] : box[3], box[0] : box[2]]  # [h, w]
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    zoom = min(size) * rng.uniform(*extent) / max(cut.shape)
    height, width = (max(1, min(round(side * zoom), most)) for side, most in zip(cut.shape, size, strict=True))
    y, x = int(rng.integers(size[0] - height + 1)), int(rng.integers(size[1] - width + 1))
    hole = np.zeros(size, bool)  # [H, W]
    hole[y : y + height, x : x + width] = scaled(cut, (height, width))
    return hole


def scaled(shape: Masks, size: Size) -> Masks:
    """`shape` [h, w] bool scaled to `size` (height, width), smooth when enlarged; never empty where `shape` is not."""
    if shape.shape == tuple(size):
        return shape
    grey = Image.fromarray(shape.astype(np.uint8) * 255)
    covered = np.asarray(grey.resize((size[1], size[0]), Image.Resampling.BILINEAR))  # [H, W]
    hole: Masks = covered >= 128
    # A shape thinner than half a pixel would vanish altogether.
    return hole if hole.any() else covered > 0
