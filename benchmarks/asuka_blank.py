"""The prior of white paper against the photo's own (-O prior=blank): a sheet, and how rough fills are.

    python benchmarks/asuka_blank.py --photos val --list repeated.csv --weights weights -o blank
        --mae mae.json --base base --align align.json [--decoder decoder.json]

Where objects repeat, the prior takes the hole for one more (section 4.5); the paper then gives the autoencoder white
paper. The list names photos with repeated objects and a box over one of them: columns file, x0, y0, x1, y1, in shares
of the side of the photo's centre square. Writes blank.png and blank.md.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
from asuka_chain import Tell, batches, decoded, pasted, read_chain
from asuka_judged import Pixels, compare, judge_all, save_sheet
from PIL import Image

from retouch.atomic import atomic
from retouch.data.square import centre_square
from retouch.data.training.samples import Drawn
from retouch.features.loaders import load_lpips
from retouch.methods.asuka.method import prior_image
from retouch.methods.asuka.pipeline import AsukaPipeline

PRIORS = ("photo", "blank")


def read_list(file: Path, photos: Path, size: int) -> list[Drawn]:
    """Centre squares with the boxes as holes.

    Raises:
        ValueError: a column is missing, or a box is none in the square.
        FileNotFoundError: a photo is missing.
    """
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = []
    for place, row in enumerate(rows):
        try:
            x0, y0, x1, y1 = (float(row[name]) for name in ("x0", "y0", "x1", "y1"))
            path = photos / row["file"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"list: row {place + 1} of {file} is {row}; accepted: file, x0, y0, x1, y1") from error
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise ValueError(f"list: row {place + 1} of {file} has no box in 0 to 1; accepted: x0 < x1, y0 < y1")
        with Image.open(path) as image:
            photo = np.asarray(centre_square(image.convert("RGB"), size))  # [S, S, 3]
        hole = np.zeros((size, size), bool)
        hole[round(y0 * size) : round(y1 * size), round(x0 * size) : round(x1 * size)] = True
        found.append(Drawn(photo, hole, place, row["file"]))
    if not found or not all(sample.hole.any() for sample in found):
        raise ValueError(f"list: {file} has no row, or a box below a pixel; accepted: boxes of at least a pixel")
    return found


def tell(pipeline: AsukaPipeline, prior: str) -> Tell:
    """As `-O prior=...` tells the denoiser."""
    return lambda photos, holes: pipeline.describe(photos, holes, prior_image(prior, photos))


def guesses(pipeline: AsukaPipeline, samples: list[Drawn]) -> list[Pixels]:
    """What the masked autoencoder itself takes the hole for."""
    found: list[Pixels] = []
    for part, photos, holes in batches(samples):
        with torch.inference_mode():
            found += pasted(pipeline.prior.paint(photos, holes), part)
    return found


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="folder that the list names photos of")
    parser.add_argument("--list", type=Path, required=True, help="CSV: file, x0, y0, x1, y1")
    parser.add_argument("--weights", help="folder of LPIPS's weights; default: RETOUCH_WEIGHTS")
    parser.add_argument("--size", type=int, default=128, help="side of the photos in pixels")
    parser.add_argument("--steps", type=int, default=20, help="of sampling")
    parser.add_argument("--mae", type=Path, required=True, help="export of asuka-mae")
    parser.add_argument("--base", required=True, help="folder in diffusers' layout: unet, vae, scheduler")
    parser.add_argument("--align", type=Path, required=True, help="export of asuka-align")
    parser.add_argument("--decoder", type=Path, help="export of asuka-decoder; default: the base's own")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder")
    return parser.parse_args()


def main() -> None:
    given = options()
    samples = read_list(given.list, given.photos, given.size)
    chain = read_chain(given.base, given.steps)
    pipeline = chain.with_prior(given.mae, given.align)
    codec = chain.plain if given.decoder is None else chain.conditioned(given.decoder)
    fills = {f"prior={name}": decoded(codec, chain.sampled(samples, tell(pipeline, name)), samples) for name in PRIORS}
    given.out.mkdir(parents=True, exist_ok=True)
    save_sheet(given.out / "blank.png", samples, {"autoencoder": guesses(pipeline, samples), **fills})
    plain = decoded(codec, chain.encoded(samples), samples)
    found = judge_all(samples, fills, plain, load_lpips("alex", given.weights))
    columns = ("mse", "lpips", "seam", "rough", "invented")
    text = compare(f"{len(samples)} photos with repeated objects", found, columns, "prior=photo")
    print(text, flush=True)
    with atomic(given.out / "blank.md", "w", overwrite=True) as file:
        file.write(text + "\n")


if __name__ == "__main__":
    from script import run_main

    run_main(main)
