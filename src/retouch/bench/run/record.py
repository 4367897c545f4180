"""OUT/run.json: what a run was asked for, so that another one is not mixed into it."""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

import retouch
from retouch.atomic import atomic
from retouch.bench.measure import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.bench.run.plan import Plan
    from retouch.data.items import Item, Where

FILE = "run.json"
_PACKAGES = ("numpy", "pillow", "torch")

# What may differ between runs that are one: places, and models, of which more may be added.
_FREE = ("format", "data", "objects_at", "models", "left_out", "choice", "versions")


class Record(BaseModel):
    """A plan as it is kept.

    Attributes:
        protocol, dataset, split, seed, models, holes, device, direct, choice, left_out: of the plan.
        limit: the run was cut to this many photos; None: it is whole.
        count: samples of each set of holes.
        photos: SHA-256 of the photos' names, sizes and masks' sizes in bytes, in their order.
        objects: SHA-256 of the names and bytes of the object shapes; None: made-up blobs.
        data, objects_at: where photos and object shapes were, as given.
        versions: of this package and of those that change numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["retouch-bench-run-1"] = "retouch-bench-run-1"
    protocol: str
    dataset: str
    split: str
    seed: int
    models: tuple[str, ...]
    holes: tuple[str, ...]
    device: str
    direct: bool
    limit: int | None
    count: int
    photos: str
    objects: str | None
    data: str
    objects_at: str | None
    choice: Choice
    left_out: dict[str, str]
    versions: dict[str, str]


def record(plan: Plan) -> Record:
    """The record of a plan."""
    return Record(
        protocol=plan.protocol.name,
        dataset=plan.dataset.name,
        split=plan.dataset.split,
        seed=plan.seed,
        models=plan.models,
        holes=plan.holes,
        device=plan.device,
        direct=plan.direct,
        limit=plan.dataset.limit,
        count=plan.count,
        photos=_listed(plan.dataset.items),
        objects=None if plan.objects is None else _fingerprint(plan.objects),
        data=str(plan.dataset.root),
        objects_at=None if plan.objects is None else str(plan.objects),
        choice=plan.choice,
        left_out=plan.left_out,
        versions=_versions(),
    )


def read_record(out: Path) -> Record | None:
    """The record of the run in the folder `out`, None where there is none; ValueError for a damaged one."""
    file = out / FILE
    try:
        return Record.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its start"
        raise ValueError(f"out: {str(file)!r} is no record of a benchmark run: {first['msg']} at {where}") from None


def write_record(out: Path, kept: Record) -> None:
    """Write run.json, whole or not at all."""
    with atomic(out / FILE, "w", overwrite=True) as file:
        file.write(kept.model_dump_json(indent=1))


def differences(one: Record, other: Record) -> list[str]:
    """What keeps two runs from being one, as "seed: 0 and 1"; models may differ."""
    found = []
    for name in Record.model_fields:
        a, b = getattr(one, name), getattr(other, name)
        if name not in _FREE and a != b:
            found.append(f"{name}: {_short(a)} and {_short(b)}")
    # The same weights may lie elsewhere on another machine.
    a, b = (replace(each.choice, weights=None) for each in (one, other))
    if a != b:
        names = [name for name in vars(a) if getattr(a, name) != getattr(b, name)]
        found += [f"{name}: {_short(getattr(a, name))} and {_short(getattr(b, name))}" for name in names]
    if one.versions["retouch"] != other.versions["retouch"]:
        found.append(f"version of retouch: {one.versions['retouch']} and {other.versions['retouch']}")
    return found


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    # Of a SHA-256 its first digits tell enough.
    return text[:12] if len(text) == 64 and " " not in text else text


def _listed(items: Sequence[Item]) -> str:
    # CelebA-HQ and FFHQ both have a 0; reading every photo here would take too long.
    lines = (f"{_bytes(item.photo)} {0 if item.mask is None else _bytes(item.mask)} {item.name}" for item in items)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _bytes(where: Where) -> int:
    try:
        return where.stat().st_size if isinstance(where, Path) else where.size
    except OSError:
        return -1  # told when the photo is wanted


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    # As `objects_from` finds them.
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".png") if path.is_dir() else [path]
    for file in files:
        digest.update(file.relative_to(path).as_posix().encode("utf-8", "surrogateescape"))
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    found = {"retouch": retouch.__version__}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
