"""One plot as inline SVG: axes, ticks and a few series, each as line, steps or dots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from retouch.markup.tags import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 380, 250
LEFT, RIGHT, TOP, BOTTOM = 56, 368, 12, 206  # of the area of the data
COLOURS = 8  # that the style sheet knows: s0 to s7
_CHARACTER = 6.2  # width of one on average


@dataclass(frozen=True)
class Series:
    """Points (x, y) in one colour; `number` chooses colour and mark, the same in every plot."""

    name: str
    number: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Axis:
    """From values to places on the page.

    Attributes:
        low, high: values at its ends.
        start, end: their places.
        log: equal ratios are equally far apart.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value stands."""
        low, high, value = (math.log(each) if self.log else each for each in (self.low, self.high, value))
        return round(self.start + (self.end - self.start) * (value - low) / (high - low), 1)

    def ticks(self) -> list[float]:
        """Round values between its ends."""
        if self.log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            few = self.high / self.low > 300
            found = [factor * 10.0**power for power in powers for factor in ((1,) if few else (1, 2, 5))]
            return [each for each in found if self.low <= each <= self.high]
        rough = (self.high - self.low) / 5
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough * 0.8)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 12) for k in range(first, last + 1)]


def grid(across: Axis, up: Axis) -> list[Html]:
    """Lines (class `grid`) at the ticks of both axes, and their numbers, within where the axes begin and end."""
    left, right, bottom, top = across.start, across.end, up.start, up.end
    parts = []
    for tick in across.ticks():
        x = across.place(tick)
        parts.append(tag("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid"))
        anchor = "end" if x > right - 1 else "middle"  # or half of the last one may be cut off at the picture's edge
        parts.append(tag("text", f"{tick:g}", x=x, y=bottom + 16, text_anchor=anchor))
    for tick in up.ticks():
        y = up.place(tick)
        parts.append(tag("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", f"{tick:g}", x=left - 6, y=y + 4, text_anchor="end"))
    return parts


def plot(
    title: str,
    series: Sequence[Series],
    *,
    x: str,
    y: str,
    style: Literal["line", "steps", "dots"],
    log_x: bool = False,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
) -> Html:
    """A plot that grows with the page; empty where no series has a point.

    Args:
        title: what it shows, also read out instead of it.
        series: drawn in this order.
        x, y: what stands along the axes.
        style: "dots" are labelled with their names.
        log_x: x is positive, and its axis logarithmic.
        x_range, y_range: ends of an axis; None: where the points end, and a little more.
    """
    points = [point for each in series for point in each.points]
    if not points:
        return Html("")
    across = Axis(*(x_range or _ends([point[0] for point in points], log_x)), LEFT, RIGHT, log_x)
    up = Axis(*(y_range or _ends([point[1] for point in points], False)), BOTTOM, TOP)
    drawn = [_series(each, across, up, style) for each in series if each.points]
    image = tag(
        "svg",
        tag("title", title),
        *grid(across, up),
        tag("text", x, x=(LEFT + RIGHT) / 2, y=HEIGHT - 6.0, text_anchor="middle"),
        *drawn,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=title,
    )
    return tag("figure", tag("figcaption", y), image, class_="plot")


def mark(number: int, x: float, y: float) -> Html:
    """A small mark: shape and colour say which series it belongs to."""
    classes = f"mark s{number % COLOURS}"
    shape = number % 4
    if shape == 0:
        return tag("circle", cx=x, cy=y, r=4.0, class_=classes)
    if shape == 1:
        return tag("rect", x=x - 3.5, y=y - 3.5, width=7.0, height=7.0, class_=classes)
    ends = [(0.0, -5.0), (5.0, 4.0), (-5.0, 4.0)] if shape == 2 else [(0.0, -5.5), (5.5, 0.0), (0.0, 5.5), (-5.5, 0.0)]
    return tag("polygon", points=" ".join(f"{x + dx:g},{y + dy:g}" for dx, dy in ends), class_=classes)


def _series(series: Series, across: Axis, up: Axis, style: str) -> Html:
    places = [(across.place(x), up.place(y)) for x, y in series.points]
    if style == "dots":
        return join(part for place in places for part in (mark(series.number, *place), _label(series, *place)))
    if style == "steps":
        places = [each for old, new in pairwise(places) for each in (old, (new[0], old[1]))]
        places = [*places, (across.place(series.points[-1][0]), up.place(series.points[-1][1]))]
    text = " ".join(f"{x:g},{y:g}" for x, y in places)
    line = tag("polyline", tag("title", series.name), points=text, class_=f"line s{series.number % COLOURS}")
    return line if style == "steps" else join([line, *(mark(series.number, *place) for place in places)])


def _label(series: Series, x: float, y: float) -> Html:
    """Its name above or below a mark in turns, so that neighbours stay readable, and inside the plot."""
    reach = len(series.name) * _CHARACTER / 2
    middle = max(LEFT + reach, min(x, WIDTH - reach))
    return tag("text", series.name, x=middle, y=y - 8 if series.number % 2 == 0 else y + 16, text_anchor="middle")


def _ends(values: Sequence[float], log: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if log:
        return low / 1.5, high * 1.5
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin
