"""Where a run's samples come from: photos with holes drawn anew, or what `retouch data lcg` or `data blend` made."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from retouch.data.lcg.loader import PairLoader
from retouch.data.lcg.pairs import joined, read_pairs
from retouch.data.lcg.record import RECORD
from retouch.data.lcg.samples import PairSettings
from retouch.data.strips import RECORD as STORED
from retouch.data.training.loader import Loader
from retouch.data.training.photos import photos_in
from retouch.train.batch import Batch
from retouch.train.beside import BesideLoader
from retouch.train.strips import StoredLoader

if TYPE_CHECKING:
    from retouch.train.settings import DataSettings

Source: TypeAlias = Loader[Batch] | PairLoader[Batch] | StoredLoader


def open_source(data: DataSettings, workers: int) -> Source:
    """Find the photos, or the pairs or stored samples where `data.photos` names folders of these; they have labels.

    Raises:
        FileNotFoundError: photos, a list or pairs are missing.
        ValueError: pairs or stored samples beside photos; settings that belong to the other kind; as the loaders.
    """
    if any((folder / STORED).is_file() for folder in data.photos):
        return _stored(data, workers)
    pairs = [folder for folder in data.photos if (folder / RECORD).is_file()]
    if not pairs:
        return _photos(data, workers)
    others = [str(folder) for folder in data.photos if folder not in pairs]
    if others:
        raise ValueError(f"data.photos: {others[0]!r} holds no pairs, {str(pairs[0])!r} does; accepted: one kind")
    for name in ("list_file", "beside"):
        if getattr(data, name) is not None:
            raise ValueError(f"data.{name}: is given with pairs; accepted: with photos only")
    own = {name: getattr(data, name) for name in ("combine", "foreground") if getattr(data, name) is not None}
    settings = PairSettings(size=data.size, flip=data.flip, smallest=data.smallest, **own)
    found = joined([read_pairs(folder) for folder in pairs])
    return PairLoader(found, settings, Batch, workers=workers, prefetch=data.prefetch)


def _stored(data: DataSettings, workers: int) -> StoredLoader:
    if len(data.photos) > 1:
        raise ValueError(f"data.photos: names {len(data.photos)} folders; accepted: one, of 'retouch data blend'")
    for name in ("list_file", "beside", "combine", "foreground"):
        if getattr(data, name) is not None:
            raise ValueError(f"data.{name}: is given with stored samples; accepted: with photos or pairs only")
    return StoredLoader(data.photos[0], size=data.size, flip=data.flip, workers=workers, prefetch=data.prefetch)


def _photos(data: DataSettings, workers: int) -> Loader[Batch]:
    for name in ("combine", "foreground"):
        if getattr(data, name) is not None:
            raise ValueError(f"data.{name}: is given; accepted: with pairs only, folders of 'retouch data lcg'")
    photos = photos_in(data.photos, data.list_file)
    if data.beside is not None:
        return BesideLoader(photos, data.beside, data.samples, workers=workers, prefetch=data.prefetch)
    return Loader(photos, data.samples, Batch, workers=workers, prefetch=data.prefetch)
