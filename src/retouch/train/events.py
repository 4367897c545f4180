"""What a run tells its caller while it goes on, and at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TrainProgress:
    """After every step: steps done of all, images seen, and the values of this step by name."""

    step: int
    steps: int
    images: int
    values: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happens every so many steps, on the main process only.

    Attributes:
        kind: "start" (step: where the run begins or goes on), "log", "checkpoint", "sheet" or "validation".
        step: steps done.
        images: images seen.
        values: for "log": means since the last row.
        networks: for "sheet" and "validation": the networks by name, averages in place of those that are averaged, in
            evaluation mode; for `Recipe.fill`. No gradients are recorded.
        folder: for "checkpoint": where it lies.
    """

    kind: Literal["start", "log", "checkpoint", "sheet", "validation"]
    step: int
    images: int
    values: Mapping[str, float] = field(default_factory=dict)
    networks: Mapping[str, nn.Module] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True, eq=False)
class Trained:
    """What a run ended with.

    Attributes:
        step: steps done.
        images: images seen.
        finished: all steps were done; False: cancelled, the same call goes on.
        networks: the networks as trained, by name.
        averages: the averaged networks, by name.
        checkpoint: the newest checkpoint.
    """

    step: int
    images: int
    finished: bool
    networks: Mapping[str, nn.Module]
    averages: Mapping[str, nn.Module]
    checkpoint: Path

    @property
    def best(self) -> dict[str, nn.Module]:
        """The networks to use or export: averages where there are any."""
        return {**self.networks, **self.averages}
