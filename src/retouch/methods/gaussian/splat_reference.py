"""Rasterising 2D Gaussians as the paper's Eq. 2 reads: what the faster forms are tested against."""

from __future__ import annotations

import torch
from torch import Tensor


def render(centre: Tensor, cholesky: Tensor, colour: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """I(p) = sum_i c_i exp(-1/2 (p - mu_i)^T Sigma_i^-1 (p - mu_i)), Sigma = L L^T (the paper's Eqs. 1 and 2).

    The exponent is taken as -1/2 |z|^2 with z = L^-1 (p - mu), the same number without an inverse or a determinant.

    Args:
        centre: mu [P, G, 2], (x, y) in pixels.
        cholesky: L as (l11, l21, l22) [P, G, 3], pixels; l11 and l22 are not 0.
        colour: c times the opacity [P, G, 3], any range.
        rows: y of every row of pixels [H].
        columns: x of every column of pixels [W].

    Returns:
        [P, 3, H, W]; nothing is normalised or clamped.
    """
    l11, l21, l22 = cholesky[..., None, None].unbind(2)  # each [P, G, 1, 1]
    dx = columns - centre[:, :, 0, None, None]  # [P, G, 1, W]
    dy = rows[:, None] - centre[:, :, 1, None, None]  # [P, G, H, 1]
    z1 = dx / l11  # [P, G, 1, W]
    z2 = (dy - l21 * z1) / l22  # [P, G, H, W]
    weight = torch.exp(-0.5 * (z1**2 + z2**2))  # [P, G, H, W]
    return torch.einsum("pgc,pgyx->pcyx", colour, weight)  # [P, 3, H, W]
