"""Quality over the steps of an ablation's runs, as SVG and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ablation_experiments import Experiment

from retouch.markup.svg import Axis, grid
from retouch.markup.tags import Html, join, tag
from retouch.train.curve import read_points

SHOWN = ("lpips small", "lpips large", "psnr small", "psnr large")
COLOURS = ("#1d6fb8", "#c8540a")
WIDTH, HEIGHT, ACROSS = 400, 240, 2
LEFT, RIGHT, TOP, BOTTOM = 60, 388, 34, 200
STYLE = "text{font:11px sans-serif;fill:#444}.title{font-size:12px;fill:#111}.grid{stroke:#ddd}polyline{fill:none}"


@dataclass(frozen=True)
class Curve:
    """One metric of one row: steps, and for each seed a value at each of them."""

    row: str
    metric: str
    steps: tuple[float, ...]
    seeds: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Over the seeds, at each step."""
        return tuple(fmean(values) for values in zip(*self.seeds, strict=True))


def read_curves(out: Path, experiment: Experiment) -> list[Curve]:
    """The curves of the experiment's `curves`, from validation.csv of all runs that went to the end."""
    found = []
    for row in experiment.curves:
        files = [folder / "validation.csv" for folder in sorted(out.glob(f"{row}-[0-9]*")) if _done(folder)]
        runs = [read_points(file) for file in files]
        for metric in SHOWN:
            lines = [run[metric] for run in runs if metric in run]
            if lines:
                steps = tuple(step for step, _ in lines[0])
                found.append(Curve(row, metric, steps, tuple(tuple(y for _, y in line) for line in lines)))
    return found


def _done(folder: Path) -> bool:
    return (folder / "model.json").is_file()


def table(experiment: Experiment, curves: Sequence[Curve]) -> str:
    """A line for each step, a column for each curve."""
    if not curves:
        return ""
    heads = ["step", *(f"{experiment.row(c.row).label}, {c.metric}" for c in curves)]
    lines = [heads, ["---"] * len(heads)]
    for k, step in enumerate(curves[0].steps):
        values = [f"{c.mean[k]:.2f}" if c.metric.startswith("psnr") else f"{c.mean[k]:.4f}" for c in curves]
        lines.append([f"{step:g}", *values])
    return "\n".join(f"| {' | '.join(words)} |" for words in lines)


def svg(experiment: Experiment, curves: Sequence[Curve]) -> Html:
    """One plot for each metric: thick the mean over the seeds, thin each seed."""
    metrics = [metric for metric in SHOWN if any(curve.metric == metric for curve in curves)]
    plots = [
        tag(
            "g",
            _plot(experiment, metric, [curve for curve in curves if curve.metric == metric]),
            transform=f"translate({k % ACROSS * WIDTH} {k // ACROSS * HEIGHT})",
        )
        for k, metric in enumerate(metrics)
    ]
    width, height = ACROSS * WIDTH, max(1, -(-len(plots) // ACROSS)) * HEIGHT
    ground = tag("rect", width="100%", height="100%", fill="#fff")
    size: dict[str, str | float] = {"width": width, "height": height, "viewBox": f"0 0 {width} {height}"}
    return tag("svg", tag("style", Html(STYLE)), ground, *plots, xmlns="http://www.w3.org/2000/svg", **size)


def _plot(experiment: Experiment, metric: str, curves: Sequence[Curve]) -> Html:
    values = [y for curve in curves for line in curve.seeds for y in line]
    margin = (max(values) - min(values)) * 0.06 or abs(values[0]) * 0.1 or 1.0
    across = Axis(0.0, max(curve.steps[-1] for curve in curves), LEFT, RIGHT)
    up = Axis(min(values) - margin, max(values) + margin, BOTTOM, TOP)
    name, kind = metric.split()
    parts = [tag("text", f"{name.upper()}, {kind} holes, over the steps", x=LEFT, y=TOP - 20, class_="title")]
    parts += grid(across, up)
    for k, curve in enumerate(curves):
        colour = COLOURS[k % len(COLOURS)]
        parts += [_line(curve.steps, line, across, up, colour, 0.6) for line in curve.seeds]
        parts.append(_line(curve.steps, curve.mean, across, up, colour, 2.2))
        label = experiment.row(curve.row).label
        parts.append(tag("text", label, x=LEFT + 110 * k, y=TOP - 6, style=f"fill:{colour}"))
    return join(parts)


def _line(steps: Sequence[float], values: Sequence[float], across: Axis, up: Axis, colour: str, width: float) -> Html:
    points = " ".join(f"{across.place(x):g},{up.place(y):g}" for x, y in zip(steps, values, strict=True))
    return tag("polyline", points=points, stroke=colour, stroke_width=width)
