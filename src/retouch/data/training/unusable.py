"""Photos that cannot be used: counted and told, never fatal one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Unusable:
    """A photo that was passed over, and why; the reason names it."""

    name: str
    reason: str


def told(unusable: Iterable[Unusable], first: int = 3) -> str:
    """One line with the number of photos and the reasons of the first few; empty where there is none."""
    reasons = [each.reason for each in unusable]
    if not reasons:
        return ""
    verb = "photo cannot be used" if len(reasons) == 1 else "photos cannot be used"
    more = f"; and {len(reasons) - first} more" if len(reasons) > first else ""
    return f"{len(reasons)} {verb}: {'; '.join(reasons[:first])}{more}"
