"""Ablations of the papers at toy scale: do their orderings hold?

    python benchmarks/ablation.py gaussian-table-2 --data DIR --val DIR --weights DIR -o OUT [--seeds 3] [--steps 300]

All rows of a seed have the same steps, photos, holes and order. Each (row, seed) is trained by retouch's own loop,
exported, and judged on held-out photos with small and large holes (`HOLES`) by LPIPS (AlexNet, which no training saw),
PSNR and SSIM. OUT/cells.csv has a line for each (row, seed, holes); called again, the command skips what it has.
OUT/table.md and OUT/curves.svg are made from it; experiments are listed in ablation_experiments.py.
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
    file = scale.out / "cells.csv"
    cells = read_cells(file)
    for cell in cells:
        if (cell.steps, cell.size) != (scale.steps, scale.size):
            raise ValueError(
                f"steps, size: are {scale.steps}, {scale.size}; accepted: those of {file}, {cell.steps}, {cell.size}"
            )
    missing = [(seed, name) for seed in range(seeds) for name in rows]
    missing = [(seed, name) for seed, name in missing if (name, seed) not in {(c.row, c.seed) for c in cells}]
    bench = open_bench(scale) if missing else None
    for seed, name in missing:
        assert bench is not None
        start = time.perf_counter()
        new = run_cell(experiment, experiment.row(name), seed, scale, bench)
        cells += new
        write_cells(file, cells)
        figures = ", ".join(f"{c.holes} LPIPS {c.lpips:.4f} PSNR {c.psnr:.2f}" for c in new)
        print(
            f"{name} {seed}: {time.perf_counter() - start:.0f} s, {new[0].seconds:.0f} of processor; {figures}",
            flush=True,
        )


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
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--photos", type=int, help="that judge the end; default: all of --val")
    parser.add_argument("--curve-photos", type=int, default=48, help="that judge on the way")
    given = parser.parse_args()
    experiment = EXPERIMENTS[given.experiment]
    rows = given.rows.split(",") if given.rows else [row.name for row in experiment.rows]
    scale = Scale(
        tuple(given.data),
        given.val,
        given.weights,
        given.out,
        given.size,
        given.steps,
        given.photos,
        given.curve_photos,
    )
    for name in rows:
        experiment.row(name)  # an unknown one is told before anything is trained
    scale.out.mkdir(parents=True, exist_ok=True)
    run(experiment, rows, given.seeds, scale)
    curves = read_curves(scale.out, experiment)
    text = markdown(experiment, read_cells(scale.out / "cells.csv"))
    text += f"\n\nOn the way, mean of the seeds:\n\n{table(experiment, curves)}"
    for name, content in (("table.md", f"{text}\n\n{machine()}\n"), ("curves.svg", svg(experiment, curves) + "\n")):
        with atomic(scale.out / name, "w", overwrite=True) as out:
            out.write(content)
    print(text)


if __name__ == "__main__":
    main()
