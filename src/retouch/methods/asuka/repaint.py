"""RePaint (Lugmayr et al. 2022, algorithm 1): the known part is put in at every step, and steps are gone back.

    known_t-1 = sqrt(a_t-1) z_known + sqrt(1 - a_t-1) noise
    fill_t-1  = a step of DDPM from z_t
    z_t-1     = mask * fill_t-1 + (1 - mask) * known_t-1
    back:       z_t = sqrt(a_t / a_t-1) z_t-1 + sqrt(1 - a_t / a_t-1) noise

a is what remains of the photo in z_t, squared; at the end a = 1. It works over any denoiser, in latents as in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from retouch.methods.asuka.sampling import Repaint, Step
from retouch.ops.latents import clean


def repaint(
    denoise: Callable[[Tensor, int], Tensor],
    known: Tensor,
    mask: Tensor,
    shares: Tensor,
    normal: Callable[[int], Tensor],
    how: Repaint,
) -> Iterator[Step]:
    """Yield each step towards the photo; the last one's `latents` are the filled photo's.

    Args:
        denoise: (z_t [B, c, h, w], number of the step t) to the predicted noise [B, c, h, w].
        known: [B, c, h, w], the photos; what they have in the hole is not looked at.
        mask: [B, 1, h, w], 1 = hole.
        shares: a of each step, [n], falling from nearly 1 to nearly 0: shares[t] is that of z_t.
        normal: (k) to the k-th standard normal draw [B, c, h, w]; the 0th is z_T.
        how: jumps.

    Raises:
        ValueError: shapes that do not fit.
    """
    b, _, h, w = known.shape
    if mask.shape != (b, 1, h, w):
        raise ValueError(f"mask: has the shape {list(mask.shape)}; accepted: [{b}, 1, {h}, {w}]")
    ways = times(len(shares), how)
    forward = sum(after < before for before, after in pairwise(ways))
    latents, drawn, done = normal(0), 0, 0  # [B, c, h, w]
    for before, after in pairwise(ways):
        share = shares[before].to(known) if before >= 0 else known.new_ones(())
        next_share = shares[after].to(known) if after >= 0 else known.new_ones(())
        drawn += 2
        if after > before:
            rest = next_share / share
            latents = rest.sqrt() * latents + (1 - rest).sqrt() * normal(drawn)
            continue
        out = denoise(latents, before)  # [B, c, h, w]
        foreseen = clean(latents, out, share)  # [B, c, h, w]
        deviation = ((1 - next_share) / (1 - share) * (1 - share / next_share)).sqrt()
        fill = next_share.sqrt() * foreseen + (1 - next_share - deviation**2).clamp_min(0).sqrt() * out
        fill = fill + deviation * normal(drawn)  # [B, c, h, w]
        given = next_share.sqrt() * known + (1 - next_share).sqrt() * normal(drawn + 1)  # [B, c, h, w]
        latents = torch.where(mask > 0, fill, given)
        done += 1
        yield Step(done, forward, latents, torch.where(mask > 0, foreseen, known))


def times(steps: int, how: Repaint) -> list[int]:
    """The steps in the order in which they are gone through, from steps - 1 to -1, the photo; jumps go back up."""
    left = dict.fromkeys(range(0, steps - how.jump, how.jump), how.times - 1)
    order, t = [steps - 1], steps - 1
    while t >= 0:
        t -= 1
        order.append(t)
        if left.get(t, 0) > 0:
            left[t] -= 1
            for _ in range(how.jump):
                t += 1
                order.append(t)
    return order
