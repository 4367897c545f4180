"""How near fills come to the photos, and tables about it: what psm_study.py and pixelhacker_study.py share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from retouch.atomic import atomic
from retouch.bench.metrics import l1, lpips, psnr
from retouch.bench.report.intervals import mean_interval
from retouch.data.training.samples import Drawn
from retouch.features.lpips import Lpips

Pixels: TypeAlias = NDArray[np.uint8]
Metric: TypeAlias = Literal["lpips", "psnr", "l1"]

DIGITS: dict[Metric, int] = {"lpips": 4, "psnr": 2, "l1": 4}


@dataclass(frozen=True)
class Quality:
    """A fill of photo `place`: LPIPS of the whole photo, PSNR (dB) and L1 in the hole."""

    place: int
    lpips: float
    psnr: float
    l1: float


def judged(sample: Drawn, filled: Pixels, network: Lpips) -> Quality:
    """How near a fill [S, S, 3] is to the photo."""
    photo, hole = sample.photo, sample.hole
    near = lpips(photo, filled, network)
    return Quality(sample.seed, near, psnr(photo, filled, mask=hole), l1(photo, filled, mask=hole))


def means(found: Sequence[Quality], metrics: Sequence[Metric] = ("lpips", "psnr")) -> list[str]:
    """Mean of each metric, as cells."""
    return [f"{fmean(getattr(each, metric) for each in found):.{DIGITS[metric]}f}" for metric in metrics]


def apart(some: Sequence[Quality], others: Sequence[Quality], metric: Metric = "lpips") -> str:
    """Mean of the ones' metric minus the others', photo by photo, and half of its 95 % interval, as a cell."""
    differences = [getattr(a, metric) - getattr(b, metric) for a, b in zip(some, others, strict=True)]
    return signed_mean(differences, [each.place for each in some], DIGITS[metric])


def signed_mean(values: Sequence[float], places: Sequence[int], digits: int = 4) -> str:
    """Mean of differences with its sign, and half of its 95 % interval where there is one, as a cell."""
    found = mean_interval(values, places)
    return f"{fmean(values):+.{digits}f}" + ("" if found is None else f" ± {found.half:.{digits}f}")


def lpips_in_hole(a: Pixels, b: Pixels, hole: NDArray[np.bool_], network: Lpips) -> float:
    """LPIPS with every layer's map averaged over the hole, not the image: does not depend on the hole's size."""
    maps: list[Tensor] = []
    heads = [network.get_submodule(f"lin{k}") for k in range(5)]
    hooks = [head.register_forward_hook(lambda _module, _given, out: maps.append(out)) for head in heads]
    try:
        lpips(a, b, network)
    finally:
        for hook in hooks:
            hook.remove()
    total = 0.0
    for each in maps:  # [1, 1, h, w]
        inside = torch.from_numpy(hole).to(each.device, torch.float32)[None, None]  # [1, 1, S, S]
        share = torch.nn.functional.adaptive_avg_pool2d(inside, (each.shape[2], each.shape[3]))  # [1, 1, h, w]
        total += float((each * share).sum() / share.sum())
    return total


def write_as_done(file: Path, head: str, parts: Iterable[str]) -> None:
    """Print each part and write all so far, so that an early end leaves what is done."""
    text = head
    for part in parts:
        print(part, flush=True)
        text += part + "\n"
        with atomic(file, "w", overwrite=True) as out:
            out.write(text)
