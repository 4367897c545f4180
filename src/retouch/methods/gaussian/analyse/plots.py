"""Fig. 3 as two SVGs, each of which stands alone: (a) cosines over the hole's share, (b) t-SNE."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.markup.svg import Axis, grid
from retouch.markup.tags import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retouch.methods.gaussian.analyse.statistics import Embedding, Similarity, Spread

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 624, 54, 354  # of the area of the data
CLEAN, MASKED, MAPPED = "#1d6fb8", "#c8540a", "#0b7f5c"
DASHES = "5 4"
STYLE = "text{font:12px sans-serif;fill:#444}.title{font-weight:bold}.grid{stroke:#dddddd}"


@dataclass(frozen=True)
class Line:
    """Cosines in one colour: (hole in per cent of the photo, cosine), dashed those to another photo."""

    name: str
    colour: str
    points: tuple[tuple[float, Spread], ...]
    dashes: str = ""


def over_holes(found: Similarity) -> Html:
    """Mean cosine to the clean token over the mean share of hole, with bars of one standard deviation up and down.

    Dashed, without bars: to another photo's clean token.
    """
    rows = [(100 * row.share, row) for row in found.rows if row.share is not None]
    lines = [
        Line("masked", MASKED, tuple((x, row.masked) for x, row in rows if row.masked)),
        Line("mapped", MAPPED, tuple((x, row.mapped) for x, row in rows if row.mapped)),
        Line(
            "masked, another photo", MASKED, tuple((x, row.masked_other) for x, row in rows if row.masked_other), DASHES
        ),
        Line(
            "mapped, another photo", MAPPED, tuple((x, row.mapped_other) for x, row in rows if row.mapped_other), DASHES
        ),
    ]
    lines = [line for line in lines if line.points]
    low = min(spread.mean if line.dashes else _ends(spread)[0] for line in lines for _, spread in line.points)
    across, up = Axis(0.0, 100.0, LEFT, RIGHT), Axis(low - 0.05 * (1 - low) - 1e-6, 1.0, BOTTOM, TOP)
    parts = [*_grid(across, up, "hole, % of the photo"), *(_line(line, across, up) for line in lines)]
    return _picture(
        "Cosine to the clean photo's token", [(each.name, each.colour, each.dashes) for each in lines], parts
    )


def plane(found: Embedding) -> Html:
    """All tokens in the plane; directions and lengths mean nothing, only what lies together does."""
    kinds = [("clean", CLEAN, found.clean), ("masked", MASKED, found.masked)]
    kinds += [("mapped", MAPPED, found.mapped)] if found.mapped is not None else []
    points = np.concatenate([places for _, _, places in kinds])  # [n, 2]
    (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
    across, up = Axis(x0, max(x1, x0 + 1e-6), LEFT, RIGHT), Axis(y0, max(y1, y0 + 1e-6), BOTTOM, TOP)
    dots = [_dots(places, across, up, colour) for _, colour, places in kinds]
    return _picture("t-SNE of tokens", [(name, colour, "") for name, colour, _ in kinds], dots)


def _picture(title: str, legend: Sequence[tuple[str, str, str]], parts: Sequence[Html]) -> Html:
    """An SVG with its title and a legend of (name, colour, dashes)."""
    marks, x = [], float(LEFT)
    for name, colour, dashes in legend:
        sample = tag("line", x1=x, x2=x + 22, y1=36.0, y2=36.0, stroke=colour, stroke_width=3, stroke_dasharray=dashes)
        marks += [sample, tag("text", name, x=x + 27, y=40.0)]
        x += 45.0 + 6.6 * len(name)
    return tag(
        "svg",
        tag("title", title),
        tag("style", Html(STYLE)),
        tag("rect", width="100%", height="100%", fill="#ffffff"),
        tag("text", title, x=LEFT, y=18, class_="title"),
        *marks,
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        width=WIDTH,
        height=HEIGHT,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )


def _line(line: Line, across: Axis, up: Axis) -> Html:
    places = [(across.place(x), up.place(spread.mean)) for x, spread in line.points]
    text = " ".join(f"{x:g},{y:g}" for x, y in places)
    drawn = tag(
        "polyline",
        points=text,
        fill="none",
        stroke=line.colour,
        stroke_width=2,
        stroke_dasharray=line.dashes,
    )
    if line.dashes:
        return drawn
    dots = [tag("circle", cx=x, cy=y, r=3.5, fill=line.colour) for x, y in places]
    reaches = [(x, *map(up.place, _ends(spread))) for (x, _), (_, spread) in zip(places, line.points, strict=True)]
    bars = [tag("line", x1=x, x2=x, y1=low, y2=high, stroke=line.colour, opacity=0.45) for x, low, high in reaches]
    return join([*bars, drawn, *dots])


def _dots(places: NDArray[np.float64], across: Axis, up: Axis, colour: str) -> Html:
    dots = [tag("circle", cx=across.place(x), cy=up.place(y), r=2.5) for x, y in places.tolist()]
    return tag("g", *dots, fill=colour, opacity=0.7)


def _grid(across: Axis, up: Axis, label: str) -> list[Html]:
    return [*grid(across, up), tag("text", label, x=(LEFT + RIGHT) / 2, y=HEIGHT - 8, text_anchor="middle")]


def _ends(spread: Spread) -> tuple[float, float]:
    reach = 0.0 if math.isnan(spread.deviation) else spread.deviation
    return spread.mean - reach, min(spread.mean + reach, 1.0)
