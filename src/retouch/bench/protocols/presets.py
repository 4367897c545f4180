"""The list of protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.bench.protocols.asuka import ASUKA
from retouch.bench.protocols.gaussian import GAUSSIAN
from retouch.bench.protocols.others import LAMA, OURS, REMOVAL
from retouch.bench.protocols.pixelhacker import PIXELHACKER
from retouch.bench.protocols.psm import PSM
from retouch.catalogue import nearest

if TYPE_CHECKING:
    from retouch.bench.protocols.protocol import Protocol

PROTOCOLS: tuple[Protocol, ...] = (*PSM, *PIXELHACKER, *ASUKA, *GAUSSIAN, *LAMA, *REMOVAL, *OURS)


def protocols() -> tuple[str, ...]:
    """The names of all protocols."""
    return tuple(each.name for each in PROTOCOLS)


def protocol(name: str) -> Protocol:
    """The protocol called `name`; ValueError that suggests the nearest name for another one."""
    for each in PROTOCOLS:
        if each.name == name:
            return each
    near = nearest(str(name), list(protocols())) or f"; known: {', '.join(protocols())}"
    raise ValueError(f"protocol {name!r} is unknown{near}")
