"""Latent-augmented photos of a whole folder, made once, before the decoder is trained: what `data.beside` names."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from retouch.atomic import atomic
from retouch.data.items import Member
from retouch.data.training.decode import upright
from retouch.data.training.photos import photos_in
from retouch.files.targets import check_settings, claim
from retouch.holes.check import checked_count, checked_share
from retouch.methods.asuka.denoisers import check_embedding, check_parts, unet_denoise
from retouch.methods.asuka.latents import augment
from retouch.methods.asuka.parts import read_denoiser, read_scheduler, read_vae, told_nothing
from retouch.methods.asuka.release import UNTOLD, find_told_nothing
from retouch.methods.torch_method import find_device, to_array, to_tensor
from retouch.ops.codec import Vae
from retouch.train.seeds import uniform

if TYPE_CHECKING:
    from retouch.data.items import Item

RECORD = "asuka-latents.json"

Augment: TypeAlias = Callable[[Image.Image, Tensor], Image.Image]
"""(8-bit RGB photo, its seed [1] int64) to the augmented photo of its size."""


@dataclass(frozen=True)
class Setting:
    """What all photos of a folder have in common; the record keeps it.

    Attributes:
        base: name of the model, without the way to it.
        share: of the photos that are augmented; the others are copied.
        seed: of everything random.
    """

    base: str
    share: float
    seed: int


@dataclass(frozen=True)
class Made:
    """What a run did.

    Attributes:
        augmented: photos written now.
        copied: files copied now.
        kept: photos that were there already.
        unusable: (name, reason) of photos that could not be used.
    """

    augmented: int
    copied: int
    kept: int
    unusable: tuple[tuple[str, str], ...]


def make_latents(
    photos: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    base: str,
    share: float = 0.5,
    seed: int = 0,
    shard: tuple[int, int] = (1, 1),
    limit: int | None = None,
    device: str = "auto",
    progress: Callable[[int, int], object] | None = None,
) -> Made:
    """Write the augmented photo (Eq. 1) of a share of the photos, and copy the others' files as they are.

    `out` then holds a photo of every one's name and size, as `data.beside` needs. Augmented ones are PNGs. What becomes
    of a photo follows from `seed` and its name alone. Called again, the run goes on where it was stopped.

    Args:
        photos: a folder, searched with its subfolders, or shards.
        out: folder, made if need be; not inside `photos`.
        base: an inpainting model over Stable Diffusion's latents: a folder in diffusers' layout, or a name on the hub.
        share: of the photos that are augmented, 0 to 1.
        seed: from 0 up.
        shard: (i, n): only the i-th of n shares of the photos, i from 1, for several machines.
        limit: only so many photos, the first ones; None: all.
        device: "auto", or one by name.
        progress: is called with (photos done, of how many) after each.

    Raises:
        FileExistsError: `out` holds photos of other settings, or other files.
        FileNotFoundError: there is no photo, or no base.
        NotADirectoryError: `out` is a file.
        OSError: `out` cannot be written; finished photos stay.
        MemoryError: a photo is too large.
        ValueError: an argument is none of these, or the base is no inpainting model or gives no finite numbers.
    """
    out = Path(out)
    items = _checked(Path(photos), out, share, seed, shard, limit)
    setting = asdict(Setting(Path(base).resolve().name if Path(base).is_dir() else base, share, seed))
    check_settings(out, RECORD, setting)
    change = load_augment(base, device)
    claim(out, RECORD, json.dumps(setting, indent=1))
    check_settings(out, RECORD, setting)  # another machine may have come first
    done, unusable = {"augmented": 0, "copied": 0, "kept": 0}, []
    for k, item in enumerate(items, start=1):
        try:
            done[_one(item, out, change, photo_seed(item.name, seed), share)] += 1
        except _UnusableError as error:
            unusable.append((item.name, str(error)))
        if progress is not None:
            progress(k, len(items))
    return Made(**done, unusable=tuple(unusable))


def photo_seed(name: str, seed: int) -> Tensor:
    """The seed [1] int64 of the photo `name` in a run under `seed`, whatever other photos there are."""
    digest = hashlib.sha256(f"{seed} {name}".encode("utf-8", "surrogateescape")).digest()
    return torch.tensor([int.from_bytes(digest[:8], "big") >> 1])


def load_augment(base: str, device: str = "auto") -> Augment:
    """Eq. 1 with the networks of a base and an empty text.

    Raises:
        FileNotFoundError, WeightsMissing: it is not to be had.
        ValueError: it cannot be read, or is no inpainting model; also later, where it gives no finite numbers.
    """
    place, folder = find_device(device), find_told_nothing(base)
    unet, vae = read_denoiser(UNTOLD, folder).to(place), read_vae(folder).to(place)
    check_parts(unet, vae)
    config = read_scheduler(UNTOLD, folder).config
    told = told_nothing(folder).to(place)
    check_embedding(unet, told)
    denoise, codec = unet_denoise(unet, told.tokens), Vae(vae)

    def change(photo: Image.Image, seeds: Tensor) -> Image.Image:
        pixels = np.asarray(photo, np.float32)[None] / np.float32(255)  # [1, H, W, 3]
        with torch.inference_mode():
            changed = augment(denoise, codec, to_tensor(pixels, place), seeds, config)  # [1, 3, H, W]
        if not changed.isfinite().all():
            raise ValueError(f"base: {base} gives values that are no finite numbers; its weights are of no use")
        return Image.fromarray(np.rint(to_array(changed)[0] * 255).astype(np.uint8))

    return change


class _UnusableError(Exception):
    """A photo cannot be read."""


def _one(item: Item, out: Path, change: Augment, seeds: Tensor, share: float) -> str:
    """Write what belongs to one photo; returns which count it adds to."""
    taken = float(uniform(seeds, (1,), "share")) < share
    where = item.photo
    suffix = ".png" if taken else Path(where.name).suffix
    target = out / f"{item.name}{suffix}"
    if target.exists():
        return "kept"
    try:
        photo = upright(item)
        content = b"" if taken else where.content() if isinstance(where, Member) else where.read_bytes()
    except (OSError, ValueError) as error:
        raise _UnusableError(str(error)) from error
    target.parent.mkdir(parents=True, exist_ok=True)
    if taken:
        try:
            photo = change(photo, seeds)
        except torch.OutOfMemoryError as error:
            size = f"{photo.width}x{photo.height}"
            raise MemoryError(f"photos: {item.name!r} of {size} does not fit; accepted: smaller photos") from error
    # Overwriting: another machine may have written the same photo meanwhile.
    with atomic(target, overwrite=True) as file:
        if taken:
            photo.save(file, format="PNG")
        else:
            file.write(content)
    return "augmented" if taken else "copied"


def _checked(
    photos: Path, out: Path, share: float, seed: int, shard: tuple[int, int], limit: int | None
) -> tuple[Item, ...]:
    """The photos of this share; errors as `make_latents`."""
    i, n = checked_share("shard", shard)
    if not 0 <= share <= 1:
        raise ValueError(f"share: is {share}; accepted: 0 to 1")
    checked_count("seed", seed)
    if limit is not None:
        checked_count("limit", limit, least=1)
    if out.resolve().is_relative_to(photos.resolve()):
        raise ValueError(f"out: {str(out)!r} lies in the folder of photos; accepted: a folder elsewhere")
    try:
        items = photos_in(photos).items
    except (FileNotFoundError, ValueError) as error:  # it speaks of the argument "data"
        raise type(error)(f"photos: {str(error).removeprefix('data: ')}") from error
    names = [item.name for item in items]
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise ValueError(f"photos: two are called {twice!r}; accepted: names that differ before the suffix")
    return items[:limit][i - 1 :: n]
