"""What is plotted of one set of holes: metrics against hole area, their distributions, time against quality."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from retouch.bench.kinds import Kind
from retouch.bench.report.tables import ARROWS, in_order, outcomes_of
from retouch.markup.svg import Series, mark, plot
from retouch.markup.tags import Html, tag

if TYPE_CHECKING:
    from retouch.bench.results import Outcome, Results

OPEN = 4  # metrics whose plots are seen at once; the others are one click away
POINTS = 100  # of a distribution


def plots(results: Results, holes: str) -> Html:
    """All plots of this set of holes, with one legend; empty where there is nothing to plot."""
    outcomes = [(results.models.index(each.model), each) for each in outcomes_of(results, holes) if each.images]
    names = {name for _, outcome in outcomes for image in outcome.images for name in image.values}
    columns = [each for each in in_order(names) if each.over == "image"]
    if not columns:
        return Html("")
    first = [time_and_quality(outcomes, columns[0])]
    for column in columns[:OPEN]:
        first += [by_area(outcomes, column), distribution(outcomes, column)]
    more = [one(outcomes, column) for column in columns[OPEN:] for one in (by_area, distribution)]
    parts = [legend(outcomes), tag("div", *first, class_="plots")]
    if more:
        title = tag("summary", f"The same of {len(columns) - OPEN} more metrics")
        parts.append(tag("details", title, tag("div", *more, class_="plots")))
    return tag("section", tag("h3", "Plots"), *parts)


def legend(outcomes: list[tuple[int, Outcome]]) -> Html:
    """Which mark is which model."""
    items = [
        tag("li", tag("svg", mark(number, 8.0, 8.0), viewBox="0 0 16 16", aria_hidden="true"), outcome.model)
        for number, outcome in outcomes
    ]
    return tag("ul", *items, class_="legend")


def by_area(outcomes: list[tuple[int, Outcome]], column: Kind) -> Html:
    """The metric's mean per tenth of hole area, each in the middle of its tenth."""
    series = []
    for number, outcome in outcomes:
        figure = outcome.figures.get(column.name)
        buckets = figure.buckets if figure is not None else ()
        points = tuple(
            (50 * (each.low + each.high), _scaled(column, each.mean))
            for each in buckets
            if each.mean is not None and math.isfinite(each.mean)
        )
        series.append(Series(outcome.model, number, points))
    title = f"{column.title} against the hole's share of the image, one line per model"
    return plot(title, series, x="hole, % of the image", y=_named(column), style="line")


def distribution(outcomes: list[tuple[int, Outcome]], column: Kind) -> Html:
    """The share of images whose value is at most x: the empirical distribution function."""
    series = []
    for number, outcome in outcomes:
        values = sorted(each.values[column.name] for each in outcome.images if column.name in each.values)
        finite = [_scaled(column, value) for value in values if math.isfinite(value)]
        below = sum(value == -math.inf for value in values)
        # Of many images as many points as can be seen.
        places = sorted({round(k * (len(finite) - 1) / POINTS) for k in range(POINTS + 1)}) if finite else []
        points = tuple((finite[place], 100 * (below + place + 1) / len(values)) for place in places)
        start = ((points[0][0], 0.0),) if points else ()
        series.append(Series(outcome.model, number, start + points))
    title = f"Share of images whose {column.title} is at most x, one line per model"
    y = f"% of images up to this {_named(column)}"
    return plot(title, series, x=column.title, y=y, style="steps", y_range=(0.0, 100.0))


def time_and_quality(outcomes: list[tuple[int, Outcome]], column: Kind) -> Html:
    """The metric's mean over the median time of a fill, one mark per model."""
    series = []
    for number, outcome in outcomes:
        figure = outcome.figures.get(column.name)
        seconds = median(each.seconds for each in outcome.images)
        known = figure is not None and math.isfinite(figure.value) and seconds > 0
        points = ((seconds, _scaled(column, figure.value)),) if known and figure is not None else ()
        series.append(Series(outcome.model, number, points))
    title = f"{column.title} against the time of a fill, one mark per model"
    return plot(title, series, x="seconds a fill", y=_named(column), style="dots", log_x=True)


def _scaled(column: Kind, value: float) -> float:
    return value * 100 if column.percent else value


def _named(column: Kind) -> str:
    return f"{column.title} {ARROWS[column.better]}"
