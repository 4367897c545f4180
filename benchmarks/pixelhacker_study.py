"""What PixelHacker's settings are worth on photos: guidance, categories, steps, starts, its peers; Markdown tables.

    python benchmarks/pixelhacker_study.py --model own.json --photos val --weights weights -o study.md [--limit N]

For exports of `retouch train pixelhacker`. Photos are cut to centre squares of the size trained at, with one fixed hole
each, the same for all parts; noise follows from the photo's place. Intervals (±) are of 95 % of the mean over photos,
of differences photo by photo. A photo costs 992 passes through the network with the default settings: guidance 260,
categories 240, steps 312, starts 180, peers none more; and 30 of LPIPS. study.md is written after each part. Needs the
extras `bench`, `cv` and `diffusion`, and the weights of LPIPS (AlexNet).
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

import torch
from measure import table
from pixelhacker_fills import Filling, Study, fill
from study_quality import Metric, apart, lpips_in_hole, means, signed_mean, write_as_done

from retouch.bench.metrics import l1
from retouch.catalogue import find, load_method
from retouch.data import photos_in
from retouch.data.training.fixed import fixed_samples
from retouch.exported import exported
from retouch.features.loaders import load_lpips
from retouch.methods.pixelhacker.options import PixelHackerOptions

SCALES = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)  # Table 8's
STEPS = (1, 2, 5, 10, 20, 50)
SOLVERS = ("ddim", "dpm++")
TASKS = ("remove", "foreground")  # their effect: background, and an object
PEERS = ("telea", "smooth", "patchmatch")
HOUSE_START = ("masked", 1.0)
STARTS = (HOUSE_START, ("noise", 1.0), ("smooth", 1.0), ("smooth", 0.7), ("smooth", 0.5), ("smooth", 0.3))

METRICS: tuple[Metric, ...] = ("lpips", "psnr", "l1")
HEAD = ["LPIPS", "PSNR in the hole (dB)", "L1 in the hole", "s"]

Part: TypeAlias = Callable[[Study], str]


def guidance(study: Study) -> str:
    """Table 8: the guidance scale; against the best."""
    found = {scale: study.filling(guidance=scale) for scale in SCALES}
    best = min(found, key=lambda scale: fmean(each.lpips for each in found[scale].quality))
    rows = [[f"{scale:g}", *cells(one), *against(one, found[best])] for scale, one in found.items()]
    return table("Guidance (Table 8)", ["guidance", *HEAD, *minus(f"that of {best:g}")], rows)


def categories(study: Study) -> str:
    """Whether the category matters: fills of both with the same noise, and with other noise.

    If the category had no effect, the first distance would be 0, and fills of two categories with two seeds would be as
    far apart as fills of one category with two seeds: the excess of the former is shown.
    """
    rows = []
    for scale in (1.0, 2.0):
        found = [distances(study, scale, k) for k in range(len(study.samples))]
        places = [sample.seed for sample in study.samples]
        for name, pick in (("LPIPS", 0), ("L1", 1)):
            same, within, across = ([each[kind][pick] for each in found] for kind in range(3))
            excess = [a - b for a, b in zip(across, within, strict=True)]
            numbers = [f"{fmean(each):.4f}" for each in (same, within, across)]
            rows.append([f"{scale:g}", name, *numbers, signed_mean(excess, places)])
    title = "Background against foreground: distances of fills in the hole"
    kinds = ["two categories, one seed", "one category, two seeds", "two categories, two seeds"]
    head = ["guidance", "distance", *kinds, "the last minus the one before"]
    return table(title, head, rows)


def distances(study: Study, scale: float, k: int) -> list[tuple[float, float]]:
    """LPIPS and L1 between fills of photo k: of two categories, of two seeds, of both; means over the pairs."""
    sample = study.samples[k]
    fills = {}
    for task, seed in itertools.product(TASKS, (2 * sample.seed, 2 * sample.seed + 1)):
        options = study.own.model_copy(update={"guidance": scale, "task": task})
        fills[task, seed % 2] = fill(study.method, sample, options, seed)
    background, foreground = TASKS
    pairs = (
        [((background, seed), (foreground, seed)) for seed in (0, 1)],
        [((task, 0), (task, 1)) for task in TASKS],
        [((background, seed), (foreground, 1 - seed)) for seed in (0, 1)],
    )
    return [
        (
            fmean(lpips_in_hole(fills[a], fills[b], sample.hole, study.lpips) for a, b in two),
            fmean(l1(fills[a], fills[b], mask=sample.hole) for a, b in two),
        )
        for two in pairs
    ]


def steps(study: Study) -> str:
    """Steps of both solvers; against 20 of DDIM, the paper's."""
    paper = study.filling(iterations=20, solver="ddim")
    rows = []
    for solver, count in itertools.product(SOLVERS, STEPS):
        one = study.filling(iterations=count, solver=solver)
        rows.append([f"`{solver}`", str(count), *cells(one), *against(one, paper)])
    return table("Steps and solvers", ["solver", "steps", *HEAD, *minus("that of 20 of `ddim`")], rows)


def starts(study: Study) -> str:
    """What the first noise is added to, and the share of the steps that is done; against the house's."""
    house = study.filling()
    rows = []
    for start, strength in STARTS:
        one = house if (start, strength) == HOUSE_START else study.filling(start=start, strength=strength)
        rows.append([f"`{start}`", f"{strength:g}", *cells(one), *against(one, house)])
    return table("Starts", ["start", "strength", *HEAD, *minus("that of `masked`")], rows)


def peers(study: Study) -> str:
    """Methods that learnt nothing, on the same photos and holes; against PixelHacker."""
    own = study.filling()
    rows = [["PixelHacker", *cells(own), *against(own, own)]]
    for name in PEERS:
        card = find(name)
        one = study.filled_by(load_method(card, "cpu"), card.needs.options())
        rows.append([f"`{name}`", *cells(one), *against(one, own)])
    return table("Peers", ["", *HEAD, *minus("PixelHacker's")], rows)


PARTS: dict[str, Part] = {
    "guidance": guidance,
    "categories": categories,
    "steps": steps,
    "starts": starts,
    "peers": peers,
}


def cells(found: Filling) -> list[str]:
    """Means of the metrics, and seconds a photo."""
    return [*means(found.quality, METRICS), f"{found.seconds:.2f}"]


def against(found: Filling, other: Filling) -> list[str]:
    """Differences of LPIPS and PSNR photo by photo; empty beside itself."""
    return ["", ""] if found is other else [apart(found.quality, other.quality, metric) for metric in METRICS[:2]]


def minus(what: str) -> list[str]:
    """Heads of what `against` gives."""
    return [f"LPIPS minus {what}", f"PSNR minus {what}"]


def parts(study: Study, names: list[str]) -> Iterator[str]:
    """Each part's table as it is done."""
    return (PARTS[name](study) for name in names)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="an export of PixelHacker, .json")
    parser.add_argument("--photos", required=True, help="folder that was not trained on")
    parser.add_argument("--weights", help="folder of LPIPS's weights; default: RETOUCH_WEIGHTS")
    parser.add_argument("--holes", default="comodgan-h1:0.5,comodgan-h2:0.5", help="recipes, as for training")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--guidance", type=float, default=2.0, help="where it is not what varies")
    parser.add_argument("--iterations", type=int, default=20, help="where they are not what varies")
    parser.add_argument("--limit", type=int, help="photos, evenly spread over the folder")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--out", type=Path, required=True, help="file")
    return parser.parse_args()


def main() -> None:
    given = options()
    card = exported(given.model)
    side = card.needs.native
    if card.needs.options is not PixelHackerOptions or side is None:
        sys.exit(f"--model: {given.model} is no PixelHacker; accepted: an export of pixelhacker")
    own = PixelHackerOptions(guidance=given.guidance, iterations=given.iterations, solver="ddim")
    samples = fixed_samples(photos_in(given.photos), size=side, holes=given.holes, limit=given.limit).samples
    network = load_lpips("alex", given.weights, device="cuda" if torch.cuda.is_available() else "cpu")
    study = Study(load_method(card, given.device), samples, network, own)
    shares = fmean(float(sample.hole.mean()) for sample in samples)
    about = f"{card.summary}; {len(samples)} photos of {side} x {side}, {given.holes}, {shares:.0%} hole on average"
    settings = f"where nothing else is said {given.iterations} steps, guidance {given.guidance:g}"
    head = f"{about}; {settings}; s: of processor time a photo\n"
    write_as_done(given.out, head, parts(study, given.parts))


if __name__ == "__main__":
    from script import run_main

    run_main(main)
