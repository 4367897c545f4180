"""From an ablation's cells to its table: means, paired differences, and whether the paper's orderings hold."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean, stdev

from ablation_experiments import Experiment

from retouch.atomic import atomic

METRICS = {"lpips": -1, "psnr": 1, "ssim": 1}  # 1: more is better
DIGITS = {"lpips": 4, "psnr": 2, "ssim": 4}


@dataclass(frozen=True)
class Cell:
    """One line of cells.csv: means over the held-out photos, known pixels put back.

    Attributes:
        row, seed: what was trained.
        holes: "small" or "large".
        size, steps: of training.
        photos: that judged it.
        parameters: of what is exported.
        seconds: of processor time, judging on the way included.
        lpips, psnr, ssim: over the whole photo; LPIPS is AlexNet's.
    """

    row: str
    seed: int
    holes: str
    size: int
    steps: int
    photos: int
    parameters: int
    seconds: float
    lpips: float
    psnr: float
    ssim: float


def read_cells(out: Path) -> list[Cell]:
    """All cells below a folder, each (row, seed) in a file of its own, so that several processes can share the work."""
    kinds = {"int": int, "float": float, "str": str}
    rows = []
    for file in sorted(out.glob("*/cells.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            rows += list(csv.DictReader(lines))
    return [Cell(**{f.name: kinds[str(f.type)](row[f.name]) for f in fields(Cell)}) for row in rows]


def write_cells(file: Path, cells: Sequence[Cell]) -> None:
    """A file with these cells, whole or not at all."""
    with atomic(file, "w", overwrite=True) as out:
        writer = csv.DictWriter(out, [f.name for f in fields(Cell)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(cell) for cell in cells)


def paired(cells: Sequence[Cell], first: str, second: str, holes: str, metric: str) -> list[float]:
    """For every seed that both rows have: how much better `first` is than `second`, positive where it is."""
    values = {(cell.row, cell.seed): getattr(cell, metric) for cell in cells if cell.holes == holes}
    seeds = sorted(seed for row, seed in values if row == first and (second, seed) in values)
    return [METRICS[metric] * (values[first, seed] - values[second, seed]) for seed in seeds]


def verdict(differences: Sequence[float]) -> str:
    """Whether an ordering holds: "yes" or "no" where all seeds say so, else "within noise"; "?" below two seeds."""
    if len(differences) < 2:
        return "?"
    if all(d > 0 for d in differences):
        return "yes"
    return "no" if all(d < 0 for d in differences) else "within noise"


def markdown(experiment: Experiment, cells: Sequence[Cell]) -> str:
    """Tables: means, differences to the first row, and the paper's orderings where there are some."""
    if not cells:
        return f"## {experiment.title}\n\nNothing is done yet."
    kinds = list(dict.fromkeys(cell.holes for cell in cells))
    seeds = len({cell.seed for cell in cells})
    columns = [(kind, metric) for kind in kinds for metric in METRICS]
    heads = [f"{metric.upper()} {'↑' if METRICS[metric] > 0 else '↓'} {kind}" for kind, metric in columns]
    one = cells[0]
    about = f"{one.steps} steps at {one.size} x {one.size}, {one.photos} held-out photos, {seeds} seeds"
    parts = [
        f"## {experiment.title}",
        f"{about}; mean ± standard deviation over the seeds. s: processor seconds of a training; those of the"
        " first row with the same data also make a seed's samples and tokens.",
        _table(["", "parameters", "s", *heads], _means(experiment, cells, columns)),
        f"Better (+) or worse (-) than {experiment.rows[0].label}, mean of the seeds' differences, and in how many"
        " seeds it is better.",
        _table(["", *heads], _differences(experiment, cells, columns)),
    ]
    if experiment.orders:
        parts.append('The paper\'s orderings: "yes" and "no" where all seeds agree.')
        parts.append(_table(["better", "worse", *heads], _orders(experiment, cells, columns)))
    return "\n\n".join(parts)


def _means(experiment: Experiment, cells: Sequence[Cell], columns: list[tuple[str, str]]) -> list[list[str]]:
    rows = []
    for row in experiment.rows:
        own = [cell for cell in cells if cell.row == row.name]
        if not own:
            continue
        seconds = fmean(cell.seconds for cell in own)
        words = [row.label, f"{own[0].parameters / 1e6:.2f} M", f"{seconds:.0f}"]
        for kind, metric in columns:
            values = [getattr(cell, metric) for cell in own if cell.holes == kind]
            digits = DIGITS[metric]
            spread = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
            words.append(f"{fmean(values):.{digits}f}{spread}")
        rows.append(words)
    return rows


def _differences(experiment: Experiment, cells: Sequence[Cell], columns: list[tuple[str, str]]) -> list[list[str]]:
    rows = []
    for row in experiment.rows[1:]:
        found = [paired(cells, row.name, experiment.rows[0].name, kind, metric) for kind, metric in columns]
        if found[0]:
            words = [
                f"{fmean(each):+.{DIGITS[metric]}f} ({sum(d > 0 for d in each)} of {len(each)})"
                for each, (_, metric) in zip(found, columns, strict=True)
            ]
            rows.append([row.label, *words])
    return rows


def _orders(experiment: Experiment, cells: Sequence[Cell], columns: list[tuple[str, str]]) -> list[list[str]]:
    return [
        [
            experiment.row(better).label,
            experiment.row(worse).label,
            *(verdict(paired(cells, better, worse, kind, metric)) for kind, metric in columns),
        ]
        for better, worse in experiment.orders
    ]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(words)} |" for words in lines)
