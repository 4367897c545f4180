"""Building a test set the way MISATO was built, from any photos."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.atomic import atomic
from retouch.data.items import Item
from retouch.data.square import centre_square
from retouch.files.listing import listed
from retouch.files.targets import check_settings, claim
from retouch.holes.check import checked_count
from retouch.holes.mixtures import misato
from retouch.holes.objects import objects_from, read_shape
from retouch.holes.recipes import item_rng, recipe

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from retouch.holes.objects import Objects

RECORD = "misato.json"
CATEGORIES = ("landscape", "indoor", "building", "background")


@dataclass(frozen=True)
class Construction:
    """What a run did.

    Attributes:
        folder: with image/ and mask/.
        made: photos written now.
        kept: photos that were there already.
        unusable: (name, reason) of photos that could not be used.
    """

    folder: Path
    made: int
    kept: int
    unusable: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Setting:
    """What the record keeps: photos of other settings must not be mixed."""

    photos: str
    size: int
    seed: int
    per_category: int | None
    objects: str | None
    foreground: str | None


def make_misato(
    photos: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    size: int = 512,
    seed: int = 0,
    per_category: int | None = None,
    objects: str | os.PathLike[str] | None = None,
    foreground: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Construction:
    """Cut the centre squares of photos to `size` and draw a hole for each as MISATO's: no rectangles, 20 to 80 %.

    Subfolders of `photos` are categories, in MISATO's order where they bear its names. Photos 0000.png, 0001.png, ...
    are written to out/SIZE/image and their masks to out/SIZE/mask. Called again it goes on where it was stopped.
    Hole k depends on `seed`, k and the two folders of shapes only. The paper picks photos nearest to the centres of
    500 clusters of CLIP features for each category; here `per_category` picks them at random.

    Args:
        photos: a folder.
        out: where to; it is made if need be.
        size: side in pixels.
        seed: of the choice and of the holes, from 0 up.
        per_category: how many photos of each category; None: all.
        objects: object shapes, a folder of PNGs or an annotation file; None: made-up blobs.
        foreground: folder of PNGs named as photos, white on what must not be hole (the paper's COCO part).
        progress: is called with (photos done, of how many) after each.

    Raises:
        FileExistsError: `out` holds photos of other settings.
        FileNotFoundError: a folder does not exist or holds no photo.
        OSError: `out` cannot be written.
        ValueError: an argument is none of these.
    """
    checked_count("size", size, least=16)
    checked_count("seed", seed)
    if per_category is not None:
        checked_count("per_category", per_category, least=1)
    if foreground is not None and not Path(foreground).is_dir():
        raise FileNotFoundError(f"foreground: there is no folder {str(foreground)!r}")
    source = objects_from(objects) if objects is not None else None
    items = _chosen(Path(photos), per_category, seed)
    named = tuple(None if given is None else str(given) for given in (objects, foreground))
    into = Path(out, str(size))
    setting = asdict(_Setting(str(photos), size, seed, per_category, named[0], named[1]))
    claim(into, RECORD, json.dumps(setting, indent=1))
    check_settings(into, RECORD, setting)  # another run may have made it
    for name in ("image", "mask"):
        (into / name).mkdir(exist_ok=True)
    made = kept = 0
    unusable: list[tuple[str, str]] = []
    for item in items:
        targets = into / "image" / f"{item.k:04d}.png", into / "mask" / f"{item.k:04d}.png"
        if all(target.exists() for target in targets):
            kept += 1
        else:
            try:
                picture, hole = _one(item, size, seed, source, None if foreground is None else Path(foreground))
            except (OSError, ValueError) as error:
                unusable.append((item.name, str(error)))
                continue
            # The photo is written last: one that is there has its mask.
            _write(Image.fromarray(hole.astype(np.uint8) * 255), targets[1])
            _write(picture, targets[0])
            made += 1
        if progress is not None:
            progress(made + kept + len(unusable), len(items))
    return Construction(into, made, kept, tuple(unusable))


def _chosen(photos: Path, per_category: int | None, seed: int) -> tuple[Item, ...]:
    """The photos that take part, category after category; their places are those of the result."""
    if not photos.is_dir():
        raise FileNotFoundError(f"photos: there is no folder {str(photos)!r}")
    found = listed(photos, "photos", recursive=True)
    groups: dict[str, list[Path]] = {}
    for path in found.files:
        inside = path.relative_to(photos).parts
        groups.setdefault(inside[0] if len(inside) > 1 else "", []).append(path)
    rank = {name: place for place, name in enumerate(CATEGORIES)}
    chosen: list[Path] = []
    for place, name in enumerate(sorted(groups, key=lambda name: (rank.get(name.lower(), len(rank)), name))):
        paths = groups[name]
        if per_category is not None and per_category < len(paths):
            picked = item_rng(seed, (1 << 31) + place).choice(len(paths), per_category, replace=False)
            paths = [paths[k] for k in sorted(int(k) for k in picked)]
        chosen += paths
    return tuple(Item(k, found.key(path), path) for k, path in enumerate(chosen))


def _one(
    item: Item, size: int, seed: int, objects: Objects | None, foreground: Path | None
) -> tuple[Image.Image, NDArray[np.bool_]]:
    from retouch.holes import SyntheticBlobs

    photo = item.image()
    picture = centre_square(photo, size)
    keep = None
    if foreground is not None:
        covered = read_shape(foreground / f"{Path(item.name).name}.png")  # [H, W]
        mask = Image.fromarray(covered.astype(np.uint8) * 255)
        if mask.size != photo.size:
            raise ValueError(f"foreground: of {item.name!r} is {mask.width}x{mask.height} pixels, unlike the photo")
        keep = np.asarray(centre_square(mask, size, Image.Resampling.BOX)) > 0  # [S, S]
    mixture = recipe("misato").parameters
    hole = misato((size, size), item_rng(seed, item.k), mixture, objects or SyntheticBlobs(), keep)
    return picture, hole


def _write(picture: Image.Image, path: Path) -> None:
    with atomic(path, overwrite=True) as file:
        picture.save(file, format="PNG")
