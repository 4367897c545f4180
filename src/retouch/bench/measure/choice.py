"""What a run measures: what its protocol asks for, as far as networks and weights can be had here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.bench.measure.conventions import Conventions, interpret
from retouch.bench.measure.names import ALWAYS, IMAGES, SETS, WITHOUT_TRUTH, check, label
from retouch.bench.measure.networks import extractor_name, load_extractor, load_lpips
from retouch.weights import WeightsMissing

if TYPE_CHECKING:
    from typing import TypeVar

    from retouch.bench.protocols import Protocol
    from retouch.features import Extractor

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
        identity: fingerprint of the extractor's weights: features of other files of its name are not comparable.
    """

    images: tuple[str, ...]
    sets: tuple[str, ...]
    conventions: tuple[str, ...]
    extractor: str | None
    weights: str | None
    device: str
    identity: str | None = None


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
    images, missing = _images([each for each in wanted if each in IMAGES], conventions, place)
    left_out |= missing
    sets = [each for each in wanted if each in SETS]
    if "fid" in sets and name == own and conventions.fid_over not in (None, own):
        sets.remove("fid")
        left_out["fid"] = f"is of {conventions.fid_over} features here, this run's are of {own}: ask for that extractor"
    found, missing = _network(sets, name, place)
    left_out |= missing
    if found is None:
        return Choice(images, (), protocol.conventions, None, place, device), left_out
    labels = tuple(label(metric, found) for metric in sets)
    for metric, called in zip(sets, labels, strict=True):
        if called != metric:
            left_out[metric] = f"over features of {found.name} it is called {called}"
    return Choice(images, labels, protocol.conventions, name, place, device, found.identity), left_out


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


def _images(
    metrics: Sequence[str], conventions: Conventions, weights: str | None
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Those of `metrics` whose networks can be had, and why the others are left out."""
    networks: dict[str, Callable[[], object]] = {
        "lpips": lambda: load_lpips(conventions.lpips_net, weights),
        "clip": lambda: load_extractor("clip", weights),
    }
    tried = {metric: _had(networks[metric]) for metric in metrics if metric in networks}
    left_out = {metric: found for metric, found in tried.items() if isinstance(found, str)}
    return tuple(metric for metric in metrics if metric not in left_out), left_out


def _network(sets: Sequence[str], name: str | None, weights: str | None) -> tuple[Extractor | None, dict[str, str]]:
    """The extractor that metrics of sets need, or none and why they are left out."""
    if not sets:
        return None, {}
    if name is None:
        return None, dict.fromkeys(sets, "no extractor is chosen")
    found = _had(lambda: load_extractor(name, weights))
    return (None, dict.fromkeys(sets, found)) if isinstance(found, str) else (found, {})


def _had(load: Callable[[], T]) -> T | str:
    """A network, or why it cannot be had."""
    try:
        return load()
    except (WeightsMissing, ImportError) as error:
        return str(error)
