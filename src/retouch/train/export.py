"""Exports: trained weights as safetensors with a card, and the way back."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from retouch.atomic import atomic
from retouch.train.card import ExportCard, Shard, read_card, shard_files
from retouch.train.run import below, versions
from retouch.weights import file_hash, fill_module, read_safetensors

if TYPE_CHECKING:
    from retouch.train.events import Trained
    from retouch.train.recipe import Recipe

HEADER = 200  # bytes, above what a tensor takes in a file besides its values and its key


@dataclass(frozen=True, eq=False)
class Export:
    """An export as read: its card, and tensors by network and key."""

    card: ExportCard
    networks: Mapping[str, Mapping[str, Tensor]]


def export(
    trained: Trained,
    recipe: Recipe,
    card: str | os.PathLike[str],
    *,
    data: str,
    licence: str,
    networks: Iterable[str] | None = None,
    dtype: Literal["fp16", "fp32"] = "fp16",
    shard_bytes: int | None = None,
    overwrite: bool = False,
) -> ExportCard:
    """Write networks, averages where there are, as safetensors files beside a JSON card.

    The card is written last: without it there is no export.

    Args:
        trained: what `train` returned.
        recipe: what was trained; `describe()` goes into the card.
        card: the card's file, "NAME.json"; the weights become "NAME.safetensors" or "NAME-1-of-3.safetensors".
        data: what it was trained on, in words.
        licence: of the weights.
        networks: names; None: those that are averaged, or all where none is. To train on from an export, name the
            discriminator too.
        dtype: of floating-point tensors.
        shard_bytes: largest size of a file; None: one file.
        overwrite: replace files that exist.

    Raises:
        ValueError: an unknown network, a weight that fp16 cannot hold, or one that fits no shard.
        FileExistsError: a file exists and `overwrite` is False.
        OSError: a file could not be written.
    """
    file = Path(card)
    if file.suffix != ".json":
        raise ValueError(f"card: is {file.name!r}; accepted: a name that ends in .json")
    if file.exists() and not overwrite:
        raise FileExistsError(f"card: {file} exists already; accepted: another name, or overwrite=True")
    chosen = tuple(networks) if networks is not None else tuple(trained.averages) or tuple(trained.networks)
    unknown = [name for name in chosen if name not in trained.networks]
    if unknown or not chosen:
        raise ValueError(f"networks: is {list(chosen)}; accepted: some of {', '.join(trained.networks)}")
    tensors = {
        f"{name}/{key}": _convert(f"{name}/{key}", tensor, dtype)
        for name in chosen
        for key, tensor in trained.best[name].state_dict().items()
    }
    shards = _write_shards(file, tensors, shard_bytes, overwrite)
    written = ExportCard(
        **recipe.describe(),
        networks=chosen,
        averaged=tuple(name for name in chosen if name in trained.averages),
        dtype=dtype,
        steps=trained.step,
        images=trained.images,
        data=data,
        licence=licence,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        versions=versions(),
        shards=shards,
    )
    with atomic(file, "w", overwrite=overwrite) as out:
        out.write(written.model_dump_json(indent=1) + "\n")
    return written


def load_export(card: str | os.PathLike[str], *methods: str) -> Export:
    """Read an export, of one of these methods or else any, by its card's path; floats become float32, on the CPU.

    Raises:
        FileNotFoundError: the card or a file it names is missing.
        ValueError: it is no card, one of another method, or a file has another content than the card says.
    """
    known = read_card(card)
    if methods and known.method not in methods:
        accepted = " or ".join(map(repr, methods))
        raise ValueError(f"card: {card} is of the method {known.method!r}; accepted: an export of {accepted}")
    pieces: dict[str, list[Tensor]] = {}
    for file in shard_files(card, known):
        for key, tensor in sorted(read_safetensors(file).items(), key=lambda item: _piece(item[0])):
            pieces.setdefault(key.partition("#")[0], []).append(tensor)
    whole = {key: torch.cat(parts) if len(parts) > 1 else parts[0] for key, parts in pieces.items()}
    if strangers := [key for key in whole if key.partition("/")[0] not in known.networks]:
        accepted = f"accepted: those below {', '.join(known.networks)}"
        raise ValueError(f"card: the weights of {card} hold {', '.join(strangers[:3])}; {accepted}")
    floats = {key: t.float() if t.is_floating_point() else t for key, t in whole.items()}
    return Export(known, {name: below(floats, name) for name in known.networks})


def start_from(recipe: Recipe, card: str | os.PathLike[str]) -> tuple[str, ...]:
    """Give a recipe's networks the weights of an export; networks that it lacks stay fresh. Returns those given.

    Raises:
        FileNotFoundError: the card or a file it names is missing.
        ValueError: another method, no network in common, or other shapes.
    """
    found = load_export(card)
    method = recipe.describe()["method"]
    if found.card.method != method:
        raise ValueError(f"start_from: {card} is of method {found.card.method!r}; accepted: {method!r}")
    common = tuple(name for name in recipe.networks if name in found.networks)
    if not common:
        names = f"{', '.join(found.networks)}; accepted: some of {', '.join(recipe.networks)}"
        raise ValueError(f"start_from: {card} has {names}")
    for name in common:
        fill_module(recipe.networks[name], found.networks[name], card)
    return common


def _convert(key: str, tensor: Tensor, dtype: str) -> Tensor:
    tensor = tensor.detach().cpu()
    if not tensor.is_floating_point():
        return tensor.clone()
    out = tensor.to(torch.float16 if dtype == "fp16" else torch.float32).contiguous().clone()
    if not out.isfinite().all():
        raise ValueError(f"dtype: {key} has values up to {tensor.abs().max():.3g} that {dtype} cannot hold")
    return out


def _write_shards(card: Path, tensors: Mapping[str, Tensor], limit: int | None, overwrite: bool) -> tuple[Shard, ...]:
    from safetensors.torch import save

    groups = [dict(tensors)] if limit is None else _pack(_cut(tensors, limit), limit)
    shards = []
    for i, group in enumerate(groups):
        number = "" if len(groups) == 1 else f"-{i + 1}-of-{len(groups)}"
        file = card.with_name(f"{card.stem}{number}.safetensors")
        with atomic(file, overwrite=overwrite) as out:
            out.write(save(group))
        shards.append(Shard(name=file.name, sha256=file_hash(file), bytes=file.stat().st_size))
    return tuple(shards)


def _cut(tensors: Mapping[str, Tensor], limit: int) -> dict[str, Tensor]:
    """Tensors above the limit become slices along their first axis, "KEY#0", "KEY#1", ...."""
    out: dict[str, Tensor] = {}
    for key, tensor in tensors.items():
        if _size(key, tensor) <= limit:
            out[key] = tensor
            continue
        rows = (limit - HEADER - len(key)) * len(tensor) // tensor.nbytes if tensor.ndim and tensor.nbytes else 0
        if rows < 1:
            raise ValueError(f"shard_bytes: is {limit}; accepted: more than a row of {key}")
        out |= {f"{key}#{i}": part.contiguous() for i, part in enumerate(torch.split(tensor, rows))}
    return out


def _pack(tensors: Mapping[str, Tensor], limit: int) -> list[dict[str, Tensor]]:
    groups: list[dict[str, Tensor]] = [{}]
    room = limit
    for key, tensor in tensors.items():
        if _size(key, tensor) > room and groups[-1]:
            groups.append({})
            room = limit
        groups[-1][key] = tensor
        room -= _size(key, tensor)
    return groups


def _size(key: str, tensor: Tensor) -> int:
    return tensor.nbytes + len(key) + HEADER


def _piece(key: str) -> tuple[str, int]:
    name, _, number = key.partition("#")
    return name, int(number or 0)
