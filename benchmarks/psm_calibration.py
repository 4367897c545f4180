"""Whether PSM's sigma is the size of its errors: bins, rank correlation, a picture. For psm_study.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from retouch.markup.svg import Axis
from retouch.markup.tags import Html, tag

BINS = 10
PER_PHOTO = 4096  # values taken of a photo at most, so that every photo counts about the same
FAIR = (2 / np.pi) ** 0.5  # mean |error| of a normal distribution of sigma 1

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 330, 52, 344, 30, 282
COLOURS = ("#1d6fb8", "#c8540a", "#2a8a3e", "#7a3fa0", "#8a6d00", "#555555", "#b0306a", "#00808a")
STYLE = (
    "text{font:11px sans-serif;fill:#444}.title{font-size:12px;fill:#111}.grid{stroke:#ddd}"
    ".line{fill:none;stroke-width:1.6}.fair{stroke:#999;stroke-dasharray:4 3}"
)


@dataclass(frozen=True, eq=False)
class Values:
    """Predictions and what came of them in iteration `t` of `iterations`: sigma [n] and |truth - mean| [n]."""

    iterations: int
    t: int
    sigma: NDArray[np.float32]
    error: NDArray[np.float32]


@dataclass(frozen=True)
class Bin:
    """Values of similar sigma: their means."""

    sigma: float
    error: float


@dataclass(frozen=True)
class Calibration:
    """Iteration `t` of `iterations`: bins of equal count by rising sigma, Spearman's rank correlation twice."""

    iterations: int
    t: int
    bins: tuple[Bin, ...]
    of_bins: float
    of_values: float

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"T = {self.iterations}, t = {self.t}"


def chosen(sigma: NDArray[np.float32], error: NDArray[np.float32], seed: int) -> list[NDArray[np.float32]]:
    """At most PER_PHOTO values of one photo: the same places of both, drawn with `seed`."""
    if len(sigma) <= PER_PHOTO:
        return [sigma, error]
    places = np.random.default_rng(seed).choice(len(sigma), PER_PHOTO, replace=False)
    return [sigma[places], error[places]]


def calibrate(values: Values) -> Calibration:
    """Bins of equal count by sigma, and Spearman's correlation of sigma and error over bins and over single values."""
    order = np.argsort(values.sigma, kind="stable")
    parts = np.array_split(order, BINS)
    bins = tuple(Bin(float(values.sigma[part].mean()), float(values.error[part].mean())) for part in parts)
    of_bins = spearmanr([each.sigma for each in bins], [each.error for each in bins]).statistic
    of_values = spearmanr(values.sigma, values.error).statistic
    return Calibration(values.iterations, values.t, bins, float(of_bins), float(of_values))


def picture(found: Sequence[Calibration]) -> Html:
    """An SVG: for every T a plot of mean |error| against mean sigma, a line per iteration; dashed: calibrated."""
    groups: dict[int, list[Calibration]] = {}
    for each in found:
        groups.setdefault(each.iterations, []).append(each)
    most = max(max(one.sigma, one.error) for each in found for one in each.bins) * 1.05
    plots = [
        tag("g", *_plot(group, most), transform=f"translate({k * WIDTH} 0)") for k, group in enumerate(groups.values())
    ]
    width = WIDTH * len(groups)
    size: dict[str, str | float] = {"width": width, "height": HEIGHT, "viewBox": f"0 0 {width} {HEIGHT}"}
    ground = tag("rect", width="100%", height="100%", fill="#fff")
    return tag("svg", tag("style", Html(STYLE)), ground, *plots, xmlns="http://www.w3.org/2000/svg", **size)


def _plot(group: Sequence[Calibration], most: float) -> list[Html]:
    across, up = Axis(0.0, most, LEFT, RIGHT), Axis(0.0, most, BOTTOM, TOP)
    parts = [tag("text", f"T = {group[0].iterations}: mean |error| against sigma", x=LEFT, y=TOP - 12, class_="title")]
    for tick in across.ticks():
        x, y = across.place(tick), up.place(tick)
        parts += [tag("line", x1=x, x2=x, y1=TOP, y2=BOTTOM, class_="grid")]
        parts += [tag("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="grid")]
        parts += [tag("text", f"{tick:g}", x=x, y=BOTTOM + 16, text_anchor="middle")]
        parts += [tag("text", f"{tick:g}", x=LEFT - 6, y=y + 4, text_anchor="end")]
    parts.append(tag("text", "sigma, of values in [-1, 1]", x=(LEFT + RIGHT) / 2, y=HEIGHT - 10, text_anchor="middle"))
    ends = {"x1": across.place(0), "y1": up.place(0), "x2": across.place(most), "y2": up.place(FAIR * most)}
    parts.append(tag("line", **ends, class_="fair"))
    for k, each in enumerate(group):
        colour = COLOURS[k % len(COLOURS)]
        places = [(across.place(one.sigma), up.place(one.error)) for one in each.bins]
        points = " ".join(f"{x:g},{y:g}" for x, y in places)
        parts.append(tag("polyline", points=points, class_="line", stroke=colour))
        parts += [tag("circle", cx=x, cy=y, r=2.5, fill=colour) for x, y in places]
        parts.append(tag("text", f"t = {each.t}", x=LEFT + 10, y=TOP + 14 + 14 * k, style=f"fill:{colour}"))
    return parts
