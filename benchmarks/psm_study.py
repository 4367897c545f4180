"""What PSM's uncertainty and iterations are worth: calibration, picking, T, diversity, larger photos; Markdown tables.

    python benchmarks/psm_study.py --model psm.json --photos val --objects shapes --weights weights -o study [--limit N]

Writes study.md, after each part, and calibration.svg. Photos are cut to centre squares of the size trained at, with one
fixed hole each, the same for all parts; latents and noise follow from the photo's place. Intervals (±) are of 95 % of
the mean over photos, of differences photo by photo. Needs the extra `bench`, and the weights of LPIPS (AlexNet).
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from measure import table
from numpy.typing import NDArray
from PIL import Image
from psm_calibration import Calibration, Values, calibrate, chosen, picture
from psm_fills import ALPHA, How, Study, signed
from study_quality import Pixels, Quality, apart, lpips_in_hole, means, write_as_done

from retouch.atomic import atomic
from retouch.bench.metrics import lpips
from retouch.catalogue import load_method
from retouch.data import photos_in
from retouch.data.training.fixed import fixed_samples
from retouch.data.training.samples import Drawn
from retouch.exported import exported
from retouch.features.loaders import load_lpips
from retouch.methods.psm.method import Psm
from retouch.window.paste import distance_squared

if TYPE_CHECKING:
    from retouch.methods.psm.spread import Order

    Ordering: TypeAlias = Callable[[Drawn], Order | None]

ITERATIONS = (1, 2, 4, 8)
CALIBRATED = (2, 4)  # T of the calibration: the paper's in training and in use
ALPHAS = (0.0, 0.01, 0.1, 0.5)
DIVERSE = (1, 2, 4)  # T of the diversity
SAMPLES = 4  # fills of a photo for the diversity
LARGER = (2, 4)  # T at twice the size
PARTS = ("calibration", "iterations", "diversity", "larger")


def at_random(sample: Drawn) -> Order:
    """Pixels in any order, the same for every T."""
    ranks = np.random.default_rng([sample.seed, 1]).random((1, 1, *sample.hole.shape))  # [1, 1, S, S]
    return lambda _score, _t: ranks


def from_the_border(sample: Drawn) -> Order:
    """Pixels near the hole's border first."""
    far = distance_squared(~sample.hole, len(sample.hole))[None, None]  # [1, 1, S, S], to the nearest known pixel
    return lambda _score, _t: far.astype(np.float32)


PICKINGS: dict[str, Ordering] = {"uncertainty": lambda _: None, "random": at_random, "border": from_the_border}


def calibration(study: Study) -> list[Calibration]:
    """Sigma against the error in the whole hole, iteration by iteration."""
    found: dict[tuple[int, int], list[list[NDArray[np.float32]]]] = {}
    for iterations, sample in itertools.product(CALIBRATED, study.samples):
        truth, hole = signed(sample.photo), np.broadcast_to(sample.hole, (1, 3, *sample.hole.shape))
        for step in study.iterate(sample, How(iterations)):
            error = np.abs(truth - step.mean)  # [1, 3, S, S]
            values = chosen(step.sigma[hole], error[hole], sample.seed)
            found.setdefault((iterations, step.t), []).append(values)
    return [
        calibrate(Values(iterations, t, *(np.concatenate(side) for side in zip(*parts, strict=True))))
        for (iterations, t), parts in found.items()
    ]


def calibration_tables(found: Sequence[Calibration]) -> str:
    ranks = [[each.name, f"{each.of_bins:.3f}", f"{each.of_values:.3f}"] for each in found]
    bins = [
        [str(k + 1), *(f"{each.bins[k].sigma:.3f}, {each.bins[k].error:.3f}" for each in found)]
        for k in range(len(found[0].bins))
    ]
    title = "Calibration: Spearman's rank correlation of sigma and |truth - mean|, colours in [-1, 1], whole hole"
    first = table(title, ["iteration", f"over {len(bins)} bins", "over single values"], ranks)
    title = "Mean sigma, mean |error| in bins of equal count (calibrated: error = 0.80 sigma; calibration.svg)"
    return first + "\n" + table(title, ["bin", *(each.name for each in found)], bins)


def iterations_and_picking(study: Study) -> str:
    """Quality over T; and picking by uncertainty against other orders."""
    found: dict[tuple[int, str], list[Quality]] = {}
    for iterations, (name, ordering) in itertools.product(ITERATIONS, PICKINGS.items()):
        if iterations == 1 and name != "uncertainty":
            continue  # nothing is picked before the end
        found[iterations, name] = [
            study.judged(sample, study.fill(sample, How(iterations, order=ordering(sample))))
            for sample in study.samples
        ]
    once = found[1, "uncertainty"]
    rows, picked = [], []
    for iterations in ITERATIONS:
        ours = found[iterations, "uncertainty"]
        rows.append(
            [
                str(iterations),
                *means(ours),
                f"{fmean(each.l1 for each in ours):.4f}",
                "" if ours is once else apart(ours, once),
            ]
        )
        if iterations == 1:
            continue
        others = [found[iterations, name] for name in PICKINGS if name != "uncertainty"]
        cells = [means(one)[0] for one in (ours, *others)]
        picked.append([str(iterations), *cells, *(apart(one, ours) for one in others)])
    head = ["T", "LPIPS", "PSNR in the hole (dB)", "L1 in the hole", "LPIPS minus that of T = 1"]
    first = table("Iterations", head, rows)
    rest = [name for name in PICKINGS if name != "uncertainty"]
    head = ["T", *PICKINGS, *(f"{name} minus uncertainty" for name in rest)]
    return first + "\n" + table("Which pixels are kept first: LPIPS", head, picked)


def diversity(study: Study) -> str:
    """How much fills of one photo differ, over T and alpha, and what that costs."""
    rows = []
    for iterations, alpha in itertools.product(DIVERSE, ALPHAS):
        if iterations == 1 and alpha != ALPHA:
            continue  # no noise is added after the last iteration
        between, near = [], []
        for sample in study.samples:
            seeds = range(sample.seed * SAMPLES, (sample.seed + 1) * SAMPLES)
            fills = [study.fill(sample, How(iterations, alpha, seed=seed)) for seed in seeds]
            pairs = itertools.combinations(fills, 2)
            between.append(fmean(lpips_in_hole(a, b, sample.hole, study.lpips) for a, b in pairs))
            near.append(fmean(lpips(sample.photo, fill, study.lpips) for fill in fills))
        given = "" if iterations == 1 else f"{alpha:g}"
        rows.append([str(iterations), given, f"{fmean(between):.4f}", f"{fmean(near):.4f}"])
    title = f"Diversity: {SAMPLES} fills of each photo"
    return table(title, ["T", "alpha", "pairwise LPIPS in the hole", "LPIPS to the photo"], rows)


def larger(study: Study, photos: Sequence[Drawn]) -> str:
    """Twice the size trained at: filled as it is, against filled at half the size and scaled up."""
    holes = {sample.seed: sample.hole for sample in study.samples}
    doubled = [replace(each, hole=holes[each.seed].repeat(2, 0).repeat(2, 1)) for each in photos]  # [2S, 2S]
    rows = []
    for iterations in LARGER:
        direct, scaled = [], []
        for sample in doubled:
            direct.append(study.judged(sample, study.fill(sample, How(iterations))))
            scaled.append(study.judged(sample, by_half(study, sample, iterations)))
        for name, found in (("as it is", direct), ("at half the size", scaled)):
            rows.append([str(iterations), name, *means(found), "" if found is direct else apart(found, direct)])
    side = 2 * study.size
    title = f"Twice the size trained at: {len(doubled)} photos of {side} x {side}, the same holes twice as large"
    return table(title, ["T", "filled", "LPIPS", "PSNR in the hole (dB)", "LPIPS minus that as it is"], rows)


def by_half(study: Study, sample: Drawn, iterations: int) -> Pixels:
    """The fill of the photo at half its size, scaled up into the hole, [2S, 2S, 3]."""
    half = study.size
    means = sample.photo.reshape(half, 2, half, 2, 3).mean((1, 3))  # [S, S, 3]; no pixel mixes hole and known
    small = replace(sample, photo=np.rint(means).astype(np.uint8), hole=sample.hole[::2, ::2])
    image = Image.fromarray(study.fill(small, How(iterations))).resize((2 * half, 2 * half), Image.Resampling.BICUBIC)
    return np.where(sample.hole[..., None], np.asarray(image), sample.photo)


def calibrated(study: Study, out: Path) -> str:
    """The tables of the calibration; its picture on the way."""
    found = calibration(study)
    with atomic(out / "calibration.svg", "w", overwrite=True) as file:
        file.write(picture(found))
    return calibration_tables(found)


def parts(study: Study, doubled: Sequence[Drawn], out: Path, names: Sequence[str]) -> Iterator[str]:
    """The text of each part that is wanted, as it is done."""
    none = f"\nNo photo is large enough for {2 * study.size} pixels."
    makers: dict[str, Callable[[], str]] = {
        "calibration": lambda: calibrated(study, out),
        "iterations": lambda: iterations_and_picking(study),
        "diversity": lambda: diversity(study),
        "larger": lambda: larger(study, doubled) if doubled else none,
    }
    for name in names:
        yield makers[name]()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="an export of PSM, .json")
    parser.add_argument("--photos", required=True, help="folder that was not trained on")
    parser.add_argument("--objects", help="folder of object shapes; default: made-up blobs")
    parser.add_argument("--weights", help="folder of LPIPS's weights; default: RETOUCH_WEIGHTS")
    parser.add_argument("--holes", default="mat-256-large:0.5,objects:0.5", help="recipes, as for training")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="default: all")
    parser.add_argument("--limit", type=int, help="photos, evenly spread over the folder")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder")
    return parser.parse_args()


def main() -> None:
    given = options()
    card = exported(given.model)
    method, side = load_method(card, given.device), card.needs.native
    if not isinstance(method, Psm) or side is None:
        raise ValueError(f"--model: {given.model} is no PSM; accepted: an export of psm")
    photos = photos_in(given.photos)
    samples = fixed_samples(photos, size=side, holes=given.holes, objects=given.objects, limit=given.limit).samples
    known = {sample.seed for sample in samples}
    try:
        twice = fixed_samples(photos, size=2 * side, holes="box", limit=given.limit).samples
    except ValueError:  # none is that large
        twice = ()
    network = load_lpips("alex", given.weights, device="cuda" if torch.cuda.is_available() else "cpu")
    study = Study(method.runner, samples, network)
    shares = fmean(float(sample.hole.mean()) for sample in samples)
    head = f"{card.summary}; {len(samples)} photos of {side} x {side}, {given.holes}, {shares:.0%} hole on average\n"
    given.out.mkdir(parents=True, exist_ok=True)
    doubled = [each for each in twice if each.seed in known]
    write_as_done(given.out / "study.md", head, parts(study, doubled, given.out, given.parts))


if __name__ == "__main__":
    from script import run_main

    run_main(main)
