"""Which mask belongs to which photo: by name beside it, or in one of MISATO's three ways."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retouch.data.items import Item
from retouch.files.listing import listed, natural
from retouch.files.pairs import pair

if TYPE_CHECKING:
    from pathlib import Path


def paired_items(root: Path) -> tuple[Item, ...]:
    """The photos of any folder, with masks where there are some (`mask/` or `dog.mask.png` beside `dog.jpg`).

    Raises:
        FileNotFoundError: it holds no photo.
    """
    photos = next((root / name for name in ("image", "photos") if (root / name).is_dir()), root)
    masks = root / "mask" if (root / "mask").is_dir() else photos
    files = listed(photos, "data", recursive=True)
    found = pair(photos, masks, recursive=True)
    items = [Item(0, one.name, one.photo, one.mask) for one in found.pairs]
    # A photo without mask stays in its place: whoever needs one is told which photo lacks it.
    items += [Item(0, files.key(one.path), one.path) for one in found.unpaired if one.reason.startswith("the photo ")]
    ordered = sorted(items, key=lambda item: natural(item.name))
    return tuple(replace(item, k=k) for k, item in enumerate(ordered))


def misato_masks(items: tuple[Item, ...], folder: Path) -> tuple[Item, ...]:
    """The same items with their masks: named as the photo, with "00" before it, or with the suffix .png.

    Raises:
        FileNotFoundError: a photo has no mask.
    """
    return tuple(replace(item, mask=_misato_mask(item, folder)) for item in items)


def _misato_mask(item: Item, folder: Path) -> Path:
    name = str(getattr(item.photo, "name", item.name))
    stem = name.rsplit(".", 1)[0]
    for accepted in (name, f"{stem}.png", f"00{name}", f"00{stem}.png"):
        if (folder / accepted).is_file():
            return folder / accepted
    raise FileNotFoundError(
        f"data: photo {name!r} has no mask in {str(folder)!r}; accepted: {name}, 00{name}, {stem}.png"
    )
