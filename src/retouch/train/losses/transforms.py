"""Random transforms of ADA's pipeline "bgc" as matrices (Karras et al. 2020, ADA, appendix B).

Every sample draws from its own seed, each transform with probability p; the spreads are the paper's. Matrices are
float64 on the CPU, later transforms multiplied from the left.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from retouch.train.seeds import normal, uniform

SHIFT = 0.125  # share of a side
SIZE = 0.2  # of zoom and of aspect, in octaves
BRIGHTNESS = 0.2
CONTRAST = 0.5  # in octaves
SATURATION = 1.0  # in octaves


def geometric(seeds: Tensor, p: float, height: int, width: int, stream: str) -> Tensor:
    """Flip, quarter turn, whole-pixel shift, zoom, turn, aspect, turn, shift.

    Args:
        seeds: [B] int64.
        p: probability of each; the two turns have 1 - sqrt(1 - p) each, so that p is that of any.
        height: of the images.
        width: of the images.
        stream: a word; other words give independent draws.

    Returns:
        [B, 3, 3] forward maps, as `warp` takes them: the identity where nothing was drawn.
    """
    turn = 1 - math.sqrt(max(1 - p, 0.0))
    on = _gates(seeds, (p, p, p, p, turn, p, turn, p), f"{stream} geometric gates")
    u = uniform(seeds, (6,), f"{stream} geometric uniform").double().unbind(1)  # 6 of [B]
    n = normal(seeds, (4,), f"{stream} geometric normal").double().unbind(1)  # 4 of [B]
    zoom, aspect = torch.exp2(on[3] * SIZE * n[0]), torch.exp2(on[5] * SIZE * n[1])  # [B]
    steps = (
        _scale(1 - 2 * on[0] * (u[0] < 0.5), torch.ones_like(zoom)),
        _turn(on[1] * (4 * u[1]).floor() * math.pi / 2),
        _shift((on[2] * SHIFT * width * (2 * u[2] - 1)).round(), (on[2] * SHIFT * height * (2 * u[3] - 1)).round()),
        _scale(zoom, zoom),
        _turn(on[4] * math.pi * (2 * u[4] - 1)),
        _scale(aspect, 1 / aspect),
        _turn(on[6] * math.pi * (2 * u[5] - 1)),
        _shift(on[7] * SHIFT * width * n[2], on[7] * SHIFT * height * n[3]),
    )
    return _chain(steps)


def colour(seeds: Tensor, p: float, stream: str) -> Tensor:
    """Brightness, contrast, flip of luma, turn of hue, saturation.

    Args:
        seeds: [B] int64.
        p: probability of each.
        stream: a word; other words give independent draws.

    Returns:
        [B, 3, 4]: (matrix | offset) for RGB in [-1, 1]: the identity where nothing was drawn.
    """
    on = _gates(seeds, (p,) * 5, f"{stream} colour gates")
    u = uniform(seeds, (2,), f"{stream} colour uniform").double().unbind(1)  # 2 of [B]
    n = normal(seeds, (3,), f"{stream} colour normal").double().unbind(1)  # 3 of [B]
    grey = torch.full((3, 3), 1 / 3, dtype=torch.float64)  # [3, 3], projects on the axis of equal channels
    rest = torch.eye(3, dtype=torch.float64) - grey  # [3, 3], on the plane across it, hue and saturation
    across = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64) / math.sqrt(
        3
    )  # quarter turn in it
    angle = on[3] * math.pi * (2 * u[1] - 1)  # [B]
    luma = 1 - 2 * on[2] * (u[0] < 0.5)  # [B]
    saturation = torch.exp2(on[4] * SATURATION * n[2])  # [B]
    contrast = torch.exp2(on[1] * CONTRAST * n[1])  # [B]
    turned = _each(torch.cos(angle)) * rest + _each(torch.sin(angle)) * across  # [B, 3, 3]
    matrix = _each(contrast) * (_each(luma) * grey + _each(saturation) * turned)  # [B, 3, 3]
    offset = matrix @ _each(on[0] * BRIGHTNESS * n[0]).expand(-1, 3, 1)  # [B, 3, 1], brightness comes first
    return torch.cat([matrix, offset], 2)  # [B, 3, 4]


def _gates(seeds: Tensor, probabilities: tuple[float, ...], stream: str) -> tuple[Tensor, ...]:
    drawn = uniform(seeds, (len(probabilities),), stream).double()  # [B, n]
    return (drawn < torch.tensor(probabilities, dtype=torch.float64)).double().unbind(1)  # n of [B], 0 or 1


def _each(values: Tensor) -> Tensor:
    return values[:, None, None]  # [B, 1, 1]


def _chain(steps: tuple[Tensor, ...]) -> Tensor:
    matrix = steps[0]  # [B, 3, 3]
    for step in steps[1:]:
        matrix = step @ matrix
    return matrix


def _scale(x: Tensor, y: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack([x, y, torch.ones_like(x)], 1))  # [B, 3, 3]


def _shift(x: Tensor, y: Tensor) -> Tensor:
    matrix = torch.eye(3, dtype=x.dtype).repeat(len(x), 1, 1)  # [B, 3, 3]
    matrix[:, 0, 2], matrix[:, 1, 2] = x, y
    return matrix


def _turn(angle: Tensor) -> Tensor:
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    rows = (cos, -sin, zero, sin, cos, zero, zero, zero, zero + 1)
    return torch.stack(rows, 1).reshape(-1, 3, 3)  # [B, 3, 3]
