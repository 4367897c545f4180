"""Ablations of the papers at toy scale: do their orderings hold?

    python benchmarks/ablation.py gaussian-table-2 --data DIR --val DIR --weights DIR -o OUT [--seeds 3] [--steps 300]

All rows of a seed have the same steps, photos, holes and order; in PixelHacker's Table 6 holes are what differs. Its
tables take pairs of `retouch data lcg` for --data, and go on from an export (--start). Each (row, seed) is trained by
retouch's own loop, exported, and judged on held-out photos with small and large holes (`HOLES`) by LPIPS (AlexNet,
which no training saw), PSNR and SSIM. OUT/ROW-SEED/cells.csv has a line for each kind of hole; called again, the
command skips what it has, so several processes can share the work, each with --rows of its own. OUT/cells.csv,
OUT/table.md and OUT/curves.svg are made of all that is done. The experiments are listed in ablation_experiments.py.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from ablation_cell import Scale, open_bench, run_cell
from ablation_curves import read_curves, svg, table
from ablation_experiments import EXPERIMENTS, Experiment
from ablation_table import markdown, read_cells, write_cells
from measure import machine

from retouch.atomic import atomic


def run(experiment: Experiment, rows: list[str], seeds: int, scale: Scale) -> None:
    """Train and judge what is missing, seed by seed, so that an early end leaves whole seeds."""
    for cell in read_cells(scale.out):
        if (cell.steps, cell.size) != (scale.steps, scale.size):
            there = f"those in {scale.out}, {cell.steps}, {cell.size}"
            raise ValueError(f"steps, size: are {scale.steps}, {scale.size}; accepted: {there}")
    bench = None
    for seed in range(seeds):
        for name in rows:
            file = scale.out / f"{name}-{seed}" / "cells.csv"
            if file.is_file():
                continue
            bench = bench or open_bench(scale)
            start = time.perf_counter()
            cells = run_cell(experiment, experiment.row(name), seed, scale, bench)
            write_cells(file, cells)
            figures = ", ".join(f"{c.holes} LPIPS {c.lpips:.4f} PSNR {c.psnr:.2f}" for c in cells)
            seconds = f"{time.perf_counter() - start:.0f} s, {cells[0].seconds:.0f} of processor"
            print(f"{name} {seed}: {seconds}; {figures}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--data", type=Path, required=True, nargs="+")
    parser.add_argument("--val", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rows", help="only these, with commas between")
    parser.add_argument("--size", type=int, help="side of the photos; default: the experiment's")
    parser.add_argument("--start", type=Path, help="card of an export of PixelHacker to go on from; default: afresh")
    parser.add_argument("--photos", type=int, help="that judge the end; default: all of --val")
    parser.add_argument("--curve-photos", type=int, default=48, help="that judge on the way")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=0, help="processes that read photos")
    given = parser.parse_args()
    experiment = EXPERIMENTS[given.experiment]
    rows = given.rows.split(",") if given.rows else [row.name for row in experiment.rows]
    scale = Scale(
        data=tuple(given.data),
        held_out=given.val,
        weights=given.weights,
        out=given.out,
        size=given.size or experiment.size,
        steps=given.steps,
        photos=given.photos,
        curve_photos=given.curve_photos,
        device=given.device,
        workers=given.workers,
        start=given.start,
    )
    for name in rows:
        experiment.row(name)  # an unknown one is told before anything is trained
    scale.out.mkdir(parents=True, exist_ok=True)
    run(experiment, rows, given.seeds, scale)
    cells, curves = read_cells(scale.out), read_curves(scale.out, experiment)
    write_cells(scale.out / "cells.csv", cells)
    text = markdown(experiment, cells)
    if curves:
        text += f"\n\nOn the way, mean of the seeds:\n\n{table(experiment, curves)}"
    for name, content in (("table.md", f"{text}\n\n{machine()}\n"), ("curves.svg", svg(experiment, curves) + "\n")):
        with atomic(scale.out / name, "w", overwrite=True) as out:
            out.write(content)
    print(text)


if __name__ == "__main__":
    from script import run_main

    run_main(main)
