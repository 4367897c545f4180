"""What benchmarks compare: a model with options of its own, written `psm.json?iterations=4&noise=0`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retouch.catalogue import DEVICES, Card, find, find_harmoniser, nearest
from retouch.settings import split

if TYPE_CHECKING:
    from retouch.filler import Filler
    from retouch.methods.base import Options

HARMONISE = "harmonise"
SETTINGS = ("dilate", "feather", "match", "detail")  # of retouch.fill, those that leave size and hole as they are


@dataclass(frozen=True)
class Entrant:
    """A model, and how it is asked to fill.

    Attributes:
        card: of the model.
        given: options as they were written, by name.
        harmoniser: card of what adapts its fills; None: nothing.
        options: those of `given` that are the model's own, the others at their defaults.
    """

    card: Card
    given: dict[str, Any]
    harmoniser: Card | None
    options: Options

    @property
    def name(self) -> str:
        """The card's name and the options in alphabetical order; two that say the same have the same name."""
        more = self.given if self.harmoniser is None else self.given | {HARMONISE: self.harmoniser.name}
        return self.card.name + "".join(
            ("&" if k else "?") + f"{key}={value}" for k, (key, value) in enumerate(sorted(more.items()))
        )

    def load(self, device: str) -> Filler:
        """The model, loaded; errors as `retouch.load`."""
        from retouch.filler import load

        return load(self.card.name, device, None if self.harmoniser is None else self.harmoniser.name)


def entrant(words: str) -> Entrant:
    """The model called `words`: a card's name or an export's path, and options behind a question mark.

    Options are the model's own, and of `retouch.fill` those in SETTINGS; `harmonise=NAME` names a harmoniser.

    Raises:
        ValueError: an unknown model, an unknown option, a value that it does not take.
        FileNotFoundError: a path without an export.
    """
    if not isinstance(words, str):
        raise ValueError(f"model must be a name (str), got {type(words).__name__}")
    model, _, tail = words.partition("?")
    card, given = find(model), _pairs(words, tail)
    harmonise = given.pop(HARMONISE, None)
    known = (*SETTINGS, HARMONISE, *card.needs.options.model_fields)
    if unknown := [name for name in given if name not in known]:
        near = nearest(unknown[0], list(known))
        raise ValueError(f"model: {words!r} has an unknown {unknown[0]!r}{near}; accepted: {', '.join(known)}")
    _, options = split(dict(given), card.needs.options, card.name)
    return Entrant(card, given, None if harmonise is None else find_harmoniser(harmonise), options)


def entrants(models: Sequence[str], device: str, *, direct: bool = False) -> tuple[str, ...]:
    """The names of the models, each once.

    Args:
        models: as `entrant` takes them.
        device: that they shall run on.
        direct: the bare models run, without windows and pasting: no settings of `fill`, no harmoniser.

    Raises:
        ValueError: no model, one that `entrant` refuses or that cannot run on `device`.
        FileNotFoundError: a path without an export.
        ImportError: the extra of a model is not installed.
    """
    if isinstance(models, str) or not models:
        raise ValueError(f"models: is {models!r}; accepted: a list of at least one name; `retouch models` lists them")
    if device not in DEVICES:
        raise ValueError(f"device {device!r} is unknown{nearest(device, list(DEVICES))}; known: {', '.join(DEVICES)}")
    found = [entrant(words) for words in models]
    for each in found:
        for card in (each.card,) if each.harmoniser is None else (each.card, each.harmoniser):
            check_runs(card, device)
        if direct:
            _check_direct(each)
    return tuple(dict.fromkeys(each.name for each in found))


def file_name(name: str) -> str:
    """The name of a model as a part of files' names: `a/b` as `a+b`, and no sign that a system refuses."""
    return re.sub(r'[?&:*"<>|\\]', "~", name.replace("/", "+"))


def check_runs(card: Card, device: str) -> None:
    """Refuse with ValueError a device that the model does not run on, with ImportError one whose extra is missing."""
    if device != "auto" and device not in card.devices:
        raise ValueError(f"device: model {card.name!r} runs on {', '.join(card.devices)}, not on {device!r}")
    if not card.installed:
        raise ImportError(f"model {card.name!r} needs the extra {card.extra!r}: pip install 'retouch[{card.extra}]'")


def _pairs(words: str, tail: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in tail.split("&") if "?" in words else ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals:
            raise ValueError(
                f"model: {words!r} has {text!r} behind the ?; accepted: name=value, several with & between"
            )
        if name in pairs:
            raise ValueError(f"model: {words!r} gives {name!r} twice; accepted: each option once")
        pairs[name] = value
    return pairs


def _check_direct(one: Entrant) -> None:
    if one.harmoniser is not None:
        raise ValueError(f"model: {one.name!r} has 'harmonise', but the bare model runs; accepted: its own options")
    for name in one.given:
        if name not in one.card.needs.options.model_fields:
            accepted = ", ".join(one.card.needs.options.model_fields) or "no options"
            raise ValueError(f"model: {one.name!r} has {name!r}, but the bare model runs; accepted: {accepted}")
