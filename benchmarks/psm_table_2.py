"""PSM's Table 2 on networks of one's own: is a fill better with more iterations than were trained? Markdown.

    python benchmarks/psm_table_2.py A-0/model.json A-1/model.json --photos val --weights weights [--limit N]

All models fill the same photos, of the size trained at, with the ablation's small and large holes (ablation_cell.py).
A figure is the mean over models and photos; intervals are of 95 %, of the difference to the first T photo by photo,
after the mean over models. The paper trains with 3 iterations and finds FID 2.23 at T = 4 falling to 2.05 at T = 10.
"""

from __future__ import annotations

import argparse
from statistics import fmean

from ablation_cell import HOLES
from measure import machine, table
from psm_fills import How, Study
from study_quality import Quality, apart, means

from retouch.catalogue import load_method
from retouch.data import photos_in
from retouch.data.training.fixed import fixed_samples
from retouch.exported import exported
from retouch.features.loaders import load_lpips
from retouch.methods.psm.method import Psm


def mean_over_models(each: list[list[Quality]]) -> list[Quality]:
    """Photo by photo the mean of what the models reach."""
    return [
        Quality(
            photo[0].place,
            fmean(one.lpips for one in photo),
            fmean(one.psnr for one in photo),
            fmean(one.l1 for one in photo),
        )
        for photo in zip(*each, strict=True)
    ]


def rows_of(studies: list[Study], iterations: list[int]) -> list[list[str]]:
    """A row for each T: means, and LPIPS minus that of the first T."""
    rows, first = [], None
    for count in iterations:
        found = mean_over_models(
            [[study.judged(sample, study.fill(sample, How(count))) for sample in study.samples] for study in studies]
        )
        first = first or found
        rows.append([str(count), *means(found), "" if found is first else apart(found, first)])
    return rows


def numbers(words: str) -> list[int]:
    return [int(word) for word in words.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="exports of PSM, .json, of one size")
    parser.add_argument("--photos", required=True, help="folder that was not trained on")
    parser.add_argument("--weights", help="folder of LPIPS's weights; default: RETOUCH_WEIGHTS")
    parser.add_argument("--limit", type=int, help="photos, evenly spread over the folder")
    default, words = "3,4,5,6,8,10", "T, the first is what others are compared with"
    parser.add_argument("--iterations", type=numbers, default=default, help=words)
    given = parser.parse_args()
    cards = [exported(model) for model in given.models]
    methods = [load_method(card, "cpu") for card in cards]
    sizes = {card.needs.native for card in cards}
    size = sizes.pop()
    if sizes or size is None or not all(isinstance(method, Psm) for method in methods):
        raise ValueError("models: are of several sizes, or no PSM; accepted: exports of psm of one size")
    network, photos = load_lpips("alex", given.weights, device="cpu"), photos_in(given.photos)
    for kind, holes in HOLES.items():
        samples = fixed_samples(photos, size=size, holes=holes, limit=given.limit).samples
        studies = [Study(method.runner, samples, network) for method in methods if isinstance(method, Psm)]
        title = f"{kind} holes, {len(samples)} photos of {size} x {size}, {len(methods)} models"
        head = ["T", "LPIPS", "PSNR in the hole (dB)", f"LPIPS minus that of T = {given.iterations[0]}"]
        print(table(title, head, rows_of(studies, given.iterations)), flush=True)
    print(machine())


if __name__ == "__main__":
    from script import run_main

    run_main(main)
