"""Fig. 3 as files: a page, its two plots and its table."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.atomic import atomic
from retouch.files.targets import check_into
from retouch.markup.tags import Html, tag
from retouch.methods.gaussian.analyse.plots import over_holes, plane

if TYPE_CHECKING:
    from retouch.methods.gaussian.analyse.statistics import Embedding, Row, Similarity, Spread

PAGE, TABLE, LINES, PLANE = "index.html", "similarity.csv", "similarity.svg", "tsne.svg"
NUMBERS = ("masked", "mapped", "masked_other", "mapped_other")  # of a row
COLUMNS = ("hole", "photos", "hole_mean", *(f"{name}_{part}" for name in NUMBERS for part in ("mean", "sd")))
HEADS = ("masked", "mapped", "masked, another photo", "mapped, another photo")
STYLE = """
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #1c1d1f; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; } dt { color: #5d6066; } dd { margin: 0; }
svg { max-width: 100%; height: auto; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-top: 1px solid #dcdde0; }
td, th:first-child { white-space: nowrap; }
th:first-child { text-align: left; } tr:last-child > * { border-top: 2px solid #1c1d1f; }
"""


@dataclass(frozen=True, eq=False)
class Report:
    """What the files show.

    Attributes:
        facts: name and value of what was done, in order.
        similarity: Fig. 3a.
        embedding: Fig. 3b.
        notes: what is missing or must be known.
    """

    facts: tuple[tuple[str, str], ...]
    similarity: Similarity
    embedding: Embedding
    notes: tuple[str, ...]


def check_out(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that the files could not be written into; errors as `check_into`."""
    check_into(out, (PAGE, TABLE, LINES, PLANE), overwrite=overwrite)


def write(report: Report, out: Path, *, overwrite: bool = False) -> Path:
    """Write index.html, similarity.csv, similarity.svg and tsne.svg into `out`, which is made; returns the page.

    The page is written last and has the plots in it too. Errors as `check_out`; OSError where the disk is full.
    """
    check_out(out, overwrite=overwrite)
    out.mkdir(exist_ok=True)
    lines, points = over_holes(report.similarity), plane(report.embedding)
    files = {TABLE: table(report.similarity), LINES: lines + "\n", PLANE: points + "\n"}
    for name, text in {**files, PAGE: page(report, lines, points)}.items():
        # Names of photos may hold bytes that are no text.
        with atomic(out / name, "w", overwrite=overwrite, errors="backslashreplace") as file:
            file.write(text)
    return out / PAGE


def table(found: Similarity) -> str:
    """The numbers as CSV: a row for each tenth of the hole's share, then "all"; empty where there is none."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for row in (*found.rows, found.whole):
        numbers = (row.share, *(x for each in _spreads(row) for x in _both(each)))
        rows.writerow(
            [_name(row, found), row.photos, *("" if x is None or math.isnan(x) else f"{x:.6f}" for x in numbers)]
        )
    return text.getvalue()


def page(report: Report, lines: Html, points: Html) -> str:
    """The page, which needs no other file."""
    found = report.similarity
    facts = [part for name, value in report.facts for part in (tag("dt", name), tag("dd", value))]
    title = "Semantic tokens of photos with holes"
    body = [
        tag("h1", title),
        tag("p", "What Fig. 3 of the 2D Gaussian splatting paper asks: how far does a hole move a photo's token?"),
        tag("dl", *facts),
        *([tag("ul", *(tag("li", note) for note in report.notes))] if report.notes else []),
        tag("h2", "(a) Cosine to the token of the clean photo"),
        lines,
        tag("p", _READ_LINES),
        _html_table(found),
        tag("h2", "(b) t-SNE"),
        points,
        tag("p", _READ_PLANE),
    ]
    head = [tag("title", title), tag("style", Html(STYLE))]
    meta = Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">')
    return f"<!doctype html>\n{tag('html', tag('head', meta, *head), tag('body', *body), lang='en')}\n"


_READ_LINES = (
    "masked: the photo with its hole black. mapped: the same token after the adaptation MLP. Bars and ±: one standard "
    "deviation over photos. Dashed: the cosine to another photo's clean token. Where both meet, the token no longer "
    "says which photo it is of; where mapping raises both, it has moved towards the mean of all tokens."
)
_READ_PLANE = (
    "A dot is a token; dots that lie together have a high cosine. Axes and distances between groups mean nothing."
)


def _html_table(found: Similarity) -> Html:
    head = tag("tr", *(tag("th", text, scope="col") for text in ("hole", "photos", *HEADS)))
    rows = [
        tag(
            "tr",
            tag("th", _name(row, found), scope="row"),
            tag("td", str(row.photos)),
            *(tag("td", _shown(each)) for each in _spreads(row)),
        )
        for row in (*found.rows, found.whole)
    ]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *rows)), class_="wide")


def _name(row: Row, found: Similarity) -> str:
    return "all" if row is found.whole else f"{100 * row.low:.0f}-{100 * row.high:.0f} %"


def _spreads(row: Row) -> tuple[Spread | None, ...]:
    return row.masked, row.mapped, row.masked_other, row.mapped_other


def _both(spread: Spread | None) -> tuple[float | None, float | None]:
    return (None, None) if spread is None else (spread.mean, spread.deviation)


def _shown(spread: Spread | None) -> str:
    if spread is None:
        return "–"
    return f"{spread.mean:.3f}" if math.isnan(spread.deviation) else f"{spread.mean:.3f} ± {spread.deviation:.3f}"
