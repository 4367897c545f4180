"""What a run measures: what its protocol asks for, as far as networks and weights can be had here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.bench.measure.conventions import interpret
from retouch.bench.measure.names import ALWAYS, IMAGES, SETS, WITHOUT_TRUTH, check, label
from retouch.bench.measure.networks import extractor_name, load_extractor, load_lpips
from retouch.weights import WeightsMissing

if TYPE_CHECKING:
    from typing import TypeVar

    from retouch.bench.protocols import Protocol

    T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """What a run measures; small, and equal where the same is measured in the same way.

    Attributes:
        images: metrics per image.
        sets: metrics of the whole set under the names they are reported by: "fid", over other features "fd-vgg".
        conventions: the protocol's sentences; `interpret` says what they mean.
        extractor: name for `retouch.features.load`; None: no metrics of sets.
        weights: the user's folder of weights; None: where `retouch.features.load` looks.
        device: that the networks run on, as torch writes it.
    """

    images: tuple[str, ...]
    sets: tuple[str, ...]
    conventions: tuple[str, ...]
    extractor: str | None
    weights: str | None
    device: str


def choose(
    protocol: Protocol,
    *,
    extractor: str | None = None,
    weights: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    metrics: Sequence[str] | None = None,
) -> tuple[Choice, dict[str, str]]:
    """What can be measured of what `protocol` asks for, and what is left out and why.

    Networks are loaded once on the processor to see whether they can be had. A metric over other features than those
    it is defined on is reported under another name ("fd-vgg"); its own name is left out then.

    Args:
        protocol: which one. One whose metrics all need no truth, such as "removal", gets no others.
        extractor: of the metrics of sets; None: the protocol's own; "none": leave them out.
        weights: folder of weights; None: the folders in RETOUCH_WEIGHTS, then the hub.
        device: that networks will run on.
        metrics: these only, by their plain names ("fid" also over other features); None: the protocol's, and those
            that are always measured.

    Raises:
        ValueError: an unknown metric, extractor or convention, or a weights file with another content.
    """
    conventions = interpret(protocol.conventions)
    own = extractor_name(protocol.extractor)
    name = own if extractor is None else extractor_name(extractor)
    place = None if weights is None else os.fspath(weights)
    wanted, left_out = _wanted(protocol, metrics)
    images = [each for each in wanted if each in IMAGES]
    sets = [each for each in wanted if each in SETS]
    needed: dict[str, Callable[[], object]] = {
        "lpips": lambda: load_lpips(conventions.lpips_net, place),
        "clip": lambda: load_extractor("clip", place),
    }
    for metric, load in needed.items():
        if metric in images and isinstance(reason := _had(load), str):
            images.remove(metric)
            left_out[metric] = reason
    if name == own and conventions.fid_over not in (None, own) and "fid" in sets:
        sets.remove("fid")
        left_out["fid"] = f"is of {conventions.fid_over} features here, this run's are of {own}: ask for that extractor"
    labels, missing = _sets(sets, name, place)
    choice = Choice(tuple(images), labels, protocol.conventions, name if labels else None, place, device)
    return choice, left_out | missing


def _wanted(protocol: Protocol, metrics: Sequence[str] | None) -> tuple[list[str], dict[str, str]]:
    """Metrics to look at, in order and each once, and those that this protocol cannot have."""
    truth = not set(protocol.metrics) <= set(WITHOUT_TRUTH)
    if metrics is None:
        metrics = (*protocol.metrics, *(ALWAYS if truth else WITHOUT_TRUTH))
    wanted = [check(each) for each in dict.fromkeys(metrics)]
    if truth:
        return wanted, {}
    reason = f"needs the photo without what is removed, which protocol {protocol.name!r} does not have"
    return [each for each in wanted if each in WITHOUT_TRUTH], {
        each: reason for each in wanted if each not in WITHOUT_TRUTH
    }


def _sets(metrics: Sequence[str], name: str | None, weights: str | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """Names that `metrics` over features of the extractor `name` go by, and those that have none."""
    if not metrics:
        return (), {}
    if name is None:
        return (), dict.fromkeys(metrics, "no extractor is chosen")
    found = _had(lambda: load_extractor(name, weights))
    if isinstance(found, str):
        return (), dict.fromkeys(metrics, found)
    labels = {metric: label(metric, found) for metric in metrics}
    renamed = {
        metric: f"over features of {found.name} it is called {called}"
        for metric, called in labels.items()
        if called != metric
    }
    return tuple(labels.values()), renamed


def _had(load: Callable[[], T]) -> T | str:
    """A network, or why it cannot be had."""
    try:
        return load()
    except (WeightsMissing, ImportError) as error:
        return str(error)
