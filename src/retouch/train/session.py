"""From the settings of a run to what the loop takes: recipe, data, held-out samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retouch.data.training.fixed import fixed_samples
from retouch.data.training.photos import photos_in
from retouch.train.catalogue import find_trainable
from retouch.train.encoded import EncodedLoader, open_encoded
from retouch.train.seeds import seeded
from retouch.train.sheet import ROWS
from retouch.train.sources import open_source
from retouch.train.stream import check_samples

if TYPE_CHECKING:
    from retouch.data.training.photos import Photos
    from retouch.data.training.samples import Drawn
    from retouch.data.training.unusable import Unusable
    from retouch.train.recipe import Recipe
    from retouch.train.settings import RunSettings
    from retouch.train.sources import Source


@dataclass(frozen=True, eq=False)
class Session:
    """A run that can start.

    Attributes:
        settings: all of them.
        recipe: what is trained.
        data: training data.
        held_out: validation samples; none: no validation.
        unusable: validation photos that were passed over.
    """

    settings: RunSettings[Any]
    recipe: Recipe
    data: Source | EncodedLoader
    held_out: tuple[Drawn, ...]
    unusable: tuple[Unusable, ...]

    def shown(self) -> tuple[Drawn, ...]:
        """The samples of every sheet: held-out ones, evenly spread, or else the first ones of training."""
        if self.held_out:
            n, rows = len(self.held_out), min(ROWS, len(self.held_out))
            return tuple(self.held_out[k * n // rows] for k in range(rows))
        return tuple(self.data.first(ROWS, self.settings.train.seed))


def open_session(settings: RunSettings[Any]) -> Session:
    """Find the photos, read the held-out ones, and make the recipe with the weights that the run's seed gives.

    Raises:
        ImportError: an extra is missing; the message says which.
        FileNotFoundError: photos, a list or weights are missing.
        ValueError: settings that do not fit each other; no photo can be used.
    """
    data, train, validation = settings.data, settings.train, settings.validation
    if settings.weights is not None and not settings.weights.exists():
        raise FileNotFoundError(f"weights: {settings.weights} does not exist; accepted: a folder of VGG16 and LPIPS")
    check_samples(settings)
    encoded = open_encoded(data, train.workers)
    source = open_source(data, train.workers) if encoded is None else encoded
    held_out: tuple[Drawn, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    if validation.photos:
        own = validation.holes is not None
        fixed = fixed_samples(
            _held_out(settings),
            size=data.size,
            holes=validation.holes or data.holes,
            objects=validation.objects if own else data.objects,
            limit=validation.count,
            seed=validation.seed,
        )
        held_out, unusable = fixed.samples, fixed.unusable
    method = find_trainable(settings.name)
    with seeded(train.seed):
        recipe = method.recipe(settings.method, settings.variant, settings.weights)
    if encoded is not None:
        _check_encoded(recipe, encoded, settings.name)
    return Session(settings, recipe, source, held_out, unusable)


def _check_encoded(recipe: Recipe, source: EncodedLoader, name: str) -> None:
    """Refuse encoded samples that the recipe cannot take: those that take some have a method `check_encoded`."""
    check = getattr(recipe, "check_encoded", None)
    if check is None:
        raise ValueError(f"data.photos: {str(source.folder)!r} holds encoded samples; accepted for {name}: photos")
    check(source.record)


def _held_out(settings: RunSettings[Any]) -> Photos:
    try:
        return photos_in(settings.validation.photos)
    except (FileNotFoundError, ValueError) as error:  # they speak of the argument "data"
        raise type(error)(f"validation.photos: {str(error).removeprefix('data: ')}") from error
