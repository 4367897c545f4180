"""What a run does, checked before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.bench.entrants import entrants
from retouch.bench.measure import Choice, choose
from retouch.bench.protocols import Protocol, protocol
from retouch.bench.protocols.samples import check_dataset, numbered
from retouch.data import Dataset, dataset
from retouch.holes import recipe
from retouch.holes.check import checked_count
from retouch.holes.objects import objects_from

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from retouch.data import Item


@dataclass(frozen=True)
class Plan:
    """One run, whole: sent to every worker process.

    Attributes:
        protocol, dataset: what is filled.
        models: names of entrants.
        holes: names of the protocol's sets of holes.
        seed: of holes and fills.
        objects: folder or file of object shapes; None: made-up blobs.
        device: that models run on.
        direct: models get the whole photo as the papers do, not windows around the hole.
        choice: what is measured.
        left_out: metrics that cannot be measured here, and why.
    """

    protocol: Protocol
    dataset: Dataset
    models: tuple[str, ...]
    holes: tuple[str, ...]
    seed: int
    objects: Path | None
    device: str
    direct: bool
    choice: Choice
    left_out: dict[str, str]

    @property
    def count(self) -> int:
        """Samples of each set of holes."""
        return len(self.dataset.items) * len(self.protocol.crops)

    def place(self, k: int) -> tuple[Item, int]:
        """The photo of sample `k`, and which of its crops it is."""
        item, view = divmod(k, len(self.protocol.crops))
        return self.dataset.items[item], view

    def name(self, k: int) -> str:
        """The name of sample `k`."""
        return numbered(self.protocol, *self.place(k))[1]


def make_plan(
    name: str,
    data: str | os.PathLike[str],
    models: Sequence[str],
    *,
    holes: Sequence[str] | None = None,
    limit: int | None = None,
    seed: int = 0,
    objects: str | os.PathLike[str] | None = None,
    weights: str | os.PathLike[str] | None = None,
    extractor: str | None = None,
    device: str = "auto",
    direct: bool = False,
) -> Plan:
    """A run of the protocol called `name` on the photos in the folder `data`.

    Args:
        name: of the protocol.
        data: laid out as the protocol's data set is.
        models: as `retouch.bench.entrants` reads them; one named twice counts once.
        holes: some of the protocol's sets of holes; None: all.
        limit: the first so many photos only.
        seed: of holes and fills, from 0 up.
        objects: real object shapes for recipes that take some: a folder of PNGs or an annotation file.
        weights: folder of the metrics' weights; None: those of RETOUCH_WEIGHTS and the hub.
        extractor: whose features metrics of the whole set are computed from; None: the protocol's.
        device: models run on it, and metrics too unless it is "auto".
        direct: models get the whole photo, not windows around the hole.

    Raises:
        FileNotFoundError: photos or object shapes are missing.
        NotADirectoryError: `weights` is no folder.
        ValueError: an unknown name, no model, a device that a model does not run on, another number of photos than
            the protocol's, or objects for a protocol that takes none.
        ImportError: a model's extra is not installed.
    """
    chosen = protocol(name)
    checked_count("seed", seed)
    names = entrants(models, device, direct=direct)
    sets = tuple(each.name for each in chosen.holes) if holes is None else tuple(dict.fromkeys(holes))
    if not sets:
        raise ValueError(f"holes: none is named; known: {', '.join(each.name for each in chosen.holes)}")
    if objects is not None:
        _check_objects(chosen, sets, objects)
    else:
        for each in sets:
            chosen.holes_called(each)
    if weights is not None and not Path(weights).is_dir():
        raise NotADirectoryError(f"weights: there is no folder {str(weights)!r}; accepted: a folder of weight files")
    photos = dataset(chosen.dataset, data, split=chosen.split, limit=limit)
    check_dataset(chosen, photos)
    if all(chosen.holes_called(each).recipe is None for each in sets) and not any(item.mask for item in photos.items):
        raise FileNotFoundError(f"data: {str(data)!r} holds no masks, which protocol {name!r} takes its holes from")
    choice, left_out = choose(
        chosen,
        extractor=extractor,
        weights=None if weights is None else str(weights),
        # Figures are the same everywhere on the CPU; another device is used only where one is asked for.
        device="cpu" if device == "auto" else device,
    )
    at = None if objects is None else Path(objects)
    return Plan(chosen, photos, names, sets, seed, at, device, direct, choice, left_out)


def _check_objects(chosen: Protocol, sets: tuple[str, ...], objects: str | os.PathLike[str]) -> None:
    recipes = [chosen.holes_called(each).recipe for each in sets]
    if not any(name is not None and recipe(name).shapes for name in recipes):
        raise ValueError(f"objects: protocol {chosen.name!r} draws no object shapes; leave them out")
    objects_from(objects)
