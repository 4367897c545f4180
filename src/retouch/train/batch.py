"""What a training step gets: photos, holes and one seed per sample."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples of one training step.

    Attributes:
        photos: [B, 3, H, W] float32 in [0, 1], whole photos.
        holes: [B, 1, H, W] float32, 1 = hole, 0 = known.
        seeds: [B] int64, one per sample, made of (seed, epoch, index); all randomness of a step derives from them.
        labels: whatever a recipe needs besides, its first axis of length B; None: nothing.
        latents: [B, C, h, w] float32, photos and holes as an autoencoder encoded them before the training; those two
            then have no pixels, H = W = 0. None: they were not.
    """

    photos: Tensor
    holes: Tensor
    seeds: Tensor
    labels: Tensor | None = None
    latents: Tensor | None = None

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises:
            ValueError: a tensor has another shape or type than the others ask for.
        """
        b, c, h, w = self.photos.shape if self.photos.ndim == 4 else (0, 0, 0, 0)
        if c != 3 or not self.photos.is_floating_point():
            raise ValueError(f"photos: {_kind(self.photos)}; accepted: [B, 3, H, W] floats in [0, 1]")
        if self.holes.shape != (b, 1, h, w) or not self.holes.is_floating_point():
            raise ValueError(f"holes: {_kind(self.holes)}; accepted: [{b}, 1, {h}, {w}] floats, 1 = hole")
        if self.seeds.shape != (b,) or self.seeds.dtype != torch.int64:
            raise ValueError(f"seeds: {_kind(self.seeds)}; accepted: [{b}] int64")
        if self.labels is not None and (self.labels.ndim == 0 or len(self.labels) != b):
            raise ValueError(f"labels: {_kind(self.labels)}; accepted: first axis of length {b}")
        if self.latents is not None and (self.latents.ndim != 4 or len(self.latents) != b):
            raise ValueError(f"latents: {_kind(self.latents)}; accepted: [{b}, C, h, w]")

    def __len__(self) -> int:
        """Number of samples B."""
        return len(self.seeds)

    def to(self, device: torch.device | str, memory_format: torch.memory_format = torch.contiguous_format) -> Batch:
        """The same on a device, photos and holes in `memory_format`; seeds stay on the CPU, where draws are made."""
        return dataclasses.replace(
            self,
            photos=self.photos.to(device, non_blocking=True, memory_format=memory_format),
            holes=self.holes.to(device, non_blocking=True, memory_format=memory_format),
            labels=None if self.labels is None else self.labels.to(device, non_blocking=True),
            latents=None if self.latents is None else self.latents.to(device, non_blocking=True),
        )

    def split(self, parts: int) -> list[Batch]:
        """Cut into `parts` batches of equal length, in order.

        Raises:
            ValueError: the length is no multiple of `parts`.
        """
        if parts < 1 or len(self) % parts:
            raise ValueError(f"parts: is {parts}; accepted: a divisor of the batch's {len(self)} samples")
        n = len(self) // parts
        return [self._part(slice(i * n, (i + 1) * n)) for i in range(parts)]

    def _part(self, which: slice) -> Batch:
        labels = None if self.labels is None else self.labels[which]
        latents = None if self.latents is None else self.latents[which]
        return Batch(self.photos[which], self.holes[which], self.seeds[which], labels, latents)


def _kind(x: Tensor) -> str:
    return f"is {list(x.shape)} {str(x.dtype).removeprefix('torch.')}"
