"""Fills of fixed photos, judged and compared photo by photo. For asuka_study.py and asuka_blank.py."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from measure import table
from numpy.typing import NDArray
from PIL import Image
from sheets import grid, with_hole

from retouch.atomic import atomic
from retouch.bench.metrics import gradient_at_edge, lpips, psnr, seam_colour_offset, texture_ratio
from retouch.bench.report.intervals import mean_interval
from retouch.data.training.samples import Drawn
from retouch.features.lpips import Lpips

Pixels = NDArray[np.uint8]
Fills = Mapping[str, Sequence[Pixels]]

INVENTED = 1.5  # times as rough in the hole, against its surroundings, as the photo itself
SHOWN, TILE = 16, 160  # rows of a sheet, pixels of a picture on it


@dataclass(frozen=True)
class Judged:
    """How near a fill is to photo `place`; names of the numbers are keys of `COLUMNS`."""

    place: int
    mse: float
    psnr: float
    lpips: float
    seam: float
    edge: float
    rough: float
    invented: float


COLUMNS = {
    "mse": ("squared error in the hole, x 1000", ".2f"),
    "psnr": ("PSNR in the hole (dB)", ".2f"),
    "lpips": ("LPIPS", ".4f"),
    "seam": ("seam ΔE2000", ".2f"),
    "edge": ("gradient at the edge", ".2f"),
    "rough": ("texture ratio", ".2f"),
    "invented": ("invented", ".2f"),
}


def judged(sample: Drawn, filled: Pixels, plain: Pixels, network: Lpips) -> Judged:
    """Measure one fill.

    No network here knows objects, so "invented" (0 or 1) is a stand-in: the fill's texture ratio is above `INVENTED`
    times that of `plain`, the photo itself as the fill's decoder would show it. Texture that belongs there counts too
    where the photo is smooth in the hole by chance; objects as smooth as the photo are missed.
    """
    photo, hole = sample.photo, sample.hole
    apart = (filled[hole].astype(np.float64) - photo[hole]) / 255  # [n, 3]
    rough, usual = texture_ratio(filled, hole), texture_ratio(plain, hole)
    return Judged(
        sample.seed,
        1000 * float((apart * apart).mean()),
        psnr(photo, filled, mask=hole, convention="asuka"),
        lpips(photo, filled, network),
        seam_colour_offset(filled, hole),
        gradient_at_edge(filled, photo, hole),
        rough,
        float(rough > INVENTED * usual),
    )


def judge_all(samples: Sequence[Drawn], fills: Fills, plain: Sequence[Pixels], network: Lpips) -> Found:
    """Every fill of every name."""
    return {
        name: [judged(*each, network) for each in zip(samples, found, plain, strict=True)]
        for name, found in fills.items()
    }


Found = dict[str, list[Judged]]


def compare(title: str, found: Found, columns: Sequence[str], base: str) -> str:
    """Means, and below them differences to `base` photo by photo with 95 % intervals, as Markdown."""
    head = ["", *(COLUMNS[name][0] for name in columns)]
    rows = [[name, *(_mean(each, column) for column in columns)] for name, each in found.items()]
    apart = [
        [f"{name} minus {base}", *(_apart(each, found[base], column) for column in columns)]
        for name, each in found.items()
        if name != base
    ]
    return table(title, head, rows + apart)


def _mean(found: Sequence[Judged], column: str) -> str:
    values = [value for each in found if math.isfinite(value := getattr(each, column))]
    return format(fmean(values), COLUMNS[column][1]) if values else ""


def _apart(found: Sequence[Judged], others: Sequence[Judged], column: str) -> str:
    both = [
        (a.place, difference)
        for a, b in zip(found, others, strict=True)
        if math.isfinite(difference := getattr(a, column) - getattr(b, column))
    ]
    if not both:
        return ""
    places, values = zip(*both, strict=True)
    interval, digits = mean_interval(values, places), COLUMNS[column][1]
    mean = format(fmean(values), "+" + digits)
    return mean if interval is None else f"{mean} ± {format(interval.half, digits)}"


def save_sheet(file: Path, samples: Sequence[Drawn], fills: Fills) -> None:
    """Hole, fills and truth of `SHOWN` samples, evenly spread, as a PNG."""
    rows = []
    count = min(SHOWN, len(samples))
    for k in (step * len(samples) // count for step in range(count)):
        marked = np.asarray(with_hole(Image.fromarray(samples[k].photo), samples[k].hole))
        pictures = [marked, *(found[k] for found in fills.values()), samples[k].photo]
        rows.append([Image.fromarray(each).resize((TILE, TILE), Image.Resampling.NEAREST) for each in pictures])
    with atomic(file, overwrite=True) as out:
        grid(rows, ["hole", *fills, "truth"]).save(out, "PNG")
