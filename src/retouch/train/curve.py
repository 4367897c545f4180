"""The run so far as a picture: losses and validation over the steps, one small plot each, in one SVG."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from retouch.markup.svg import Axis, grid
from retouch.markup.tags import Html, join, tag

if TYPE_CHECKING:
    Points: TypeAlias = list[tuple[float, float]]

WIDTH, HEIGHT, ACROSS = 400, 220, 2  # of a plot, and how many stand side by side
LEFT, RIGHT, TOP, BOTTOM = 60, 388, 28, 190  # of the data's area in it
MOST = 400  # points of a line; more are averaged
HIDDEN = ("step", "images")
HIDDEN_GROUPS = ("rate/", "norm/")
STYLE = (
    "text{font:11px sans-serif;fill:#444}.title{font-size:12px;fill:#111}"
    ".grid{stroke:#ddd}.line{fill:none;stroke:#1d6fb8;stroke-width:1.4}.held{stroke:#c8540a}.dot{fill:#c8540a}"
)


def curve(log: Path, validation: Path) -> Html:
    """An SVG with a plot for every loss in `log` (blue) and every metric in `validation` (orange, with dots).

    Args:
        log: log.csv of a run.
        validation: its validation.csv, which need not exist. Gradient norms and learning rates are left out.
    """
    plots = [_plot(name, points, held=False) for name, points in read_points(log).items()]
    plots += [_plot(f"validation: {name}", points, held=True) for name, points in read_points(validation).items()]
    rows = math.ceil(len(plots) / ACROSS)
    placed = [
        tag("g", plot, transform=f"translate({k % ACROSS * WIDTH} {k // ACROSS * HEIGHT})")
        for k, plot in enumerate(plots)
    ]
    ground = tag("rect", width="100%", height="100%", fill="#fff")
    width, height = ACROSS * WIDTH, max(rows, 1) * HEIGHT
    size: dict[str, str | float] = {"width": width, "height": height, "viewBox": f"0 0 {width} {height}"}
    return tag("svg", tag("style", Html(STYLE)), ground, *placed, xmlns="http://www.w3.org/2000/svg", **size)


def read_points(file: Path) -> dict[str, Points]:
    """Points (step, value) by column; blanks, infinite values and what is no curve are left out."""
    if not file.is_file():
        return {}
    found: dict[str, Points] = {}
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        for name, text in row.items():
            if name in HIDDEN or name.startswith(HIDDEN_GROUPS) or not text:
                continue
            value = float(text)
            if math.isfinite(value):
                found.setdefault(name, []).append((float(row["step"]), value))
    return found


def _plot(title: str, points: Points, *, held: bool) -> Html:
    points = _thinned(points)
    across = Axis(0.0, points[-1][0], LEFT, RIGHT)
    values = [y for _, y in points]
    margin = (max(values) - min(values)) * 0.06 or abs(values[0]) * 0.1 or 1.0
    up = Axis(min(values) - margin, max(values) + margin, BOTTOM, TOP)
    places = [(across.place(x), up.place(y)) for x, y in points]
    line = tag("polyline", points=" ".join(f"{x:g},{y:g}" for x, y in places), class_="line held" if held else "line")
    dots = [tag("circle", cx=x, cy=y, r=2.5, class_="dot") for x, y in places] if held else []
    name = tag("text", f"{title}, last {points[-1][1]:.4g}", x=LEFT, y=TOP - 10, class_="title")
    return join([name, *grid(across, up), line, *dots])


def _thinned(points: Points) -> Points:
    size = math.ceil(len(points) / MOST)
    groups = [points[k : k + size] for k in range(0, len(points), size)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]
