"""Adaptive discriminator augmentation (ADA), aware of the mask, with the transforms of the pipeline "bgc".

Karras et al. 2020, "Training generative adversarial networks with limited data".

The discriminator sees real and generated images through random transforms only; how often each is applied follows
from how surely it tells real images. So it does not learn small data sets by heart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
import torch.distributed as dist
from torch import Tensor

from retouch.train.losses.transforms import colour, geometric
from retouch.train.losses.warp import warp


def augment(images: Tensor, holes: Tensor, seeds: Tensor, p: float, stream: str) -> tuple[Tensor, Tensor]:
    """Transform images and masks, each transform with probability p; p = 0: both exactly as given.

    Geometric transforms (flip, turns, shifts, zoom, aspect) move image and mask alike, and the mask is 1 again where
    it is at least 0.5; colour transforms change the image only. Gradients of any order go back to the images.

    Args:
        images: [B, 3, H, W] in [-1, 1], at least 4 pixels a side; the result may leave the range a little.
        holes: [B, 1, H, W], 1 = hole, 0 = known.
        seeds: [B] int64; sample i depends on seeds[i] alone, not on its batch.
        p: probability, from 0; above 1 counts as 1.
        stream: a word for what is augmented ("real", "fake of G"); other words give independent draws.

    Returns:
        Images and holes of the same shapes; images of half precision become float32.

    Raises:
        ValueError: shapes that do not fit, or a negative p.
    """
    b, _, h, w = images.shape if images.ndim == 4 else (0, 0, 0, 0)
    if images.shape != (b, 3, h, w) or holes.shape != (b, 1, h, w) or seeds.shape != (b,) or min(h, w) < 4:
        given = f"are {list(images.shape)}, {list(holes.shape)} and {list(seeds.shape)}"
        raise ValueError(
            f"images, holes, seeds: {given}; accepted: [B, 3, H, W], [B, 1, H, W] and [B], 4 pixels a side"
        )
    if not p >= 0:
        raise ValueError(f"p: is {p}; accepted: numbers from 0 up")
    images = images.to(torch.promote_types(images.dtype, torch.float32))  # [B, 3, H, W]
    # Coordinates and small differences of colours are beyond half precision.
    with torch.autocast(images.device.type, enabled=False):
        images, holes = _move(images, holes, geometric(seeds, p, h, w, stream))
        return _paint(images, colour(seeds, p, stream)), holes


class Ada:
    """The probability p of `augment`, led so that D tells `target` more real images right than wrong.

    r = mean sign(D(real)) over a window of `every` steps; then p <- max(p + sign(r - target) * images / (1000 kimg), 0)
    (section 3.1 and appendix B). In a training step `k`: first `adapt(k)`, then augment everything that D sees with
    `p`, and `observe` the logits of augmented real images. Micro-batches and processes give the p of the whole batch.

    Args:
        target: of r.
        every: steps of a window.
        kimg: thousands of images over which p rises from 0 to 1.

    Raises:
        ValueError: a target outside [-1, 1], a window or kimg not above 0.
    """

    def __init__(self, target: float = 0.6, every: int = 4, kimg: float = 500.0) -> None:
        if not -1 <= target <= 1:
            raise ValueError(f"target: is {target}; accepted: -1 to 1")
        if every < 1 or not kimg > 0:
            raise ValueError(f"every, kimg: are {every} and {kimg}; accepted: an integer from 1 up, a number above 0")
        self.target, self.every, self.kimg = target, every, kimg
        self.p = 0.0
        self._window = 0
        self._sums = torch.zeros(3)  # [3]: sum of signs, logits, images: integers, which float32 adds exactly

    def adapt(self, k: int) -> None:
        """Move p when step k is the first of a new window; safe to call for every micro-batch of a step."""
        window = k // self.every
        if window == self._window:
            return
        signs, logits, images = self._sums.tolist()
        if logits:
            r = signs / logits
            direction = (r > self.target) - (r < self.target)
            self.p = max(self.p + direction * images / (1000 * self.kimg), 0.0)
        self._window, self._sums = window, torch.zeros_like(self._sums)

    def observe(self, logits: Tensor) -> None:
        """Count D's logits of real images, [B, ...]; every process of a run must call it equally often."""
        signs = logits.detach().float().sign().sum()
        sums = torch.stack([signs, signs.new_tensor(logits.numel()), signs.new_tensor(len(logits))])  # [3]
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(sums)
        self._sums = self._sums.to(sums.device) + sums

    def state_dict(self) -> dict[str, Tensor | float | int]:
        """What an exact continuation needs."""
        return {"p": self.p, "window": self._window, "sums": self._sums}

    def load_state_dict(self, state: Mapping[str, Tensor | float | int | bool | str]) -> None:
        """Take back what `state_dict` gave.

        Raises:
            ValueError: other keys, or values of another kind.
        """
        p, window, sums = (state.get(key) for key in ("p", "window", "sums"))
        right = isinstance(p, float) and isinstance(window, int) and isinstance(sums, Tensor) and sums.shape == (3,)
        if len(state) != 3 or not right:
            raise ValueError(f"state: has {', '.join(state) or 'nothing'}; accepted: p (float), window (int), sums [3]")
        self.p, self._window, self._sums = cast(float, p), cast(int, window), cast(Tensor, sums)


def _move(images: Tensor, holes: Tensor, matrices: Tensor) -> tuple[Tensor, Tensor]:
    drawn = _drawn(matrices)  # [M], M <= B
    if not len(drawn):
        return images, holes
    chosen = drawn.to(images.device)  # [M]
    both = warp(torch.cat([images, holes.to(images)], 1)[chosen], matrices[drawn])  # [M, 4, H, W]
    hole = (both[:, 3:] >= 0.5).to(holes)  # [M, 1, H, W]
    return images.index_copy(0, chosen, both[:, :3]), holes.index_copy(0, chosen, hole)


def _paint(images: Tensor, colours: Tensor) -> Tensor:
    drawn = _drawn(colours)  # [M]
    if not len(drawn):
        return images
    chosen, matrices = drawn.to(images.device), colours[drawn].to(images.dtype).to(images.device)  # [M], [M, 3, 4]
    flat = torch.baddbmm(matrices[:, :, 3:], matrices[:, :, :3], images[chosen].flatten(2))  # [M, 3, H * W]
    return images.index_copy(0, chosen, flat.view(-1, *images.shape[1:]))


def _drawn(matrices: Tensor) -> Tensor:
    """Indices [M] of the matrices [B, n, m] that are not the identity; the other samples stay as they are."""
    identity = torch.eye(*matrices.shape[1:], dtype=matrices.dtype)  # [n, m]
    return (matrices != identity).flatten(1).any(1).nonzero().flatten()
