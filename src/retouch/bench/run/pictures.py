"""Pictures of some samples: photo, hole, and what each model made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.atomic import atomic
from retouch.bench.entrants import file_name
from retouch.bench.results import Picture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from retouch.bench.results import Results
    from retouch.bench.run.plan import Plan

FOLDER = "pictures"


def make_pictures(plan: Plan, results: Results, out: Path, count: int) -> tuple[Picture, ...]:
    """Fill `count` samples of each set of holes once more and write them as PNGs into OUT/pictures.

    The same seeds give the same fills, so they need not be kept while the run goes.
    """
    from retouch.bench.run.worker import Worker

    worker = Worker(plan, out)
    chosen = [(name, k) for name in results.holes for k in choose_samples(results, name, count)]
    shown: dict[tuple[str, int], dict[str, str]] = {each: {} for each in chosen}
    pictures = []
    # Model by model: each is loaded once.
    for model in results.models:
        for (holes, k), filled in shown.items():
            image, _ = worker.fill(model, worker.sample(holes, k))
            filled[model] = _write(out, holes, f"{k:06d}-{file_name(model)}", image)
    for (holes, k), filled in shown.items():
        one = worker.sample(holes, k)
        photo = _write(out, holes, f"{k:06d}-photo", one.photo)
        hole = _write(out, holes, f"{k:06d}-hole", one.hole)
        pictures.append(Picture(k=k, holes=holes, name=one.name, photo=photo, hole=hole, filled=filled))
    return tuple(pictures)


def choose_samples(results: Results, holes: str, count: int) -> list[int]:
    """Numbers of samples to show, sorted: a third worst, a third best, and others evenly spaced.

    Worst and best are by the mean over models of LPIPS, or of PSNR where there is no LPIPS; without either all are
    evenly spaced. Samples that a model failed on are not shown.
    """
    outcomes = [results.outcome(model, holes) for model in results.models]
    values = [{each.k: each.values for each in outcome.images} for outcome in outcomes]
    common = sorted(set.intersection(*(set(each) for each in values)))
    for metric, sign in (("lpips", 1.0), ("psnr", -1.0)):
        badness = {
            k: sign * float(np.mean([each[k][metric] for each in values]))
            for k in common
            if all(metric in each[k] for each in values)
        }
        if badness:
            break
    third = min(count, len(common)) // 3 if badness else 0
    ranked = sorted(badness, key=lambda k: (badness[k], k))
    extreme = {*ranked[:third], *ranked[len(ranked) - third :]}
    others = [k for k in common if k not in extreme]
    places = np.linspace(0, len(others) - 1, max(0, min(count - len(extreme), len(others)))).round().astype(int)
    return sorted(extreme | {others[place] for place in places})


def _write(out: Path, holes: str, name: str, image: NDArray[np.uint8] | NDArray[np.bool_]) -> str:
    """Write one PNG and return its name relative to OUT."""
    relative = f"{FOLDER}/{holes}/{name}.png"
    (out / relative).parent.mkdir(parents=True, exist_ok=True)
    with atomic(out / relative, "wb", overwrite=True) as file:
        Image.fromarray(image).save(file, format="PNG")
    return relative
