"""The HTML page: everything in one file that works without a network."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from retouch.bench.kinds import Kind, kind
from retouch.bench.report import words
from retouch.bench.report.cases import extremes, gallery
from retouch.bench.report.paired import Difference, differences, signed
from retouch.bench.report.pictures import Cards, cards
from retouch.bench.report.plots import plots
from retouch.bench.report.tables import ARROWS, Cell, Row, table
from retouch.markup.tags import Html, join, tag

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from retouch.bench.results import Results

PAGE_LIMIT = 15_000_000  # bytes: what phones and mail still take
_PICTURES_LIMIT = 13_000_000


def html(results: Results, folder: str | os.PathLike[str]) -> str:
    """The report as one HTML page of at most about PAGE_LIMIT bytes, with all it needs inside.

    Args:
        results: of the run.
        folder: that its pictures' names are relative to; pictures that are missing there are named on the page.
    """
    found = cards(results, Path(folder), _PICTURES_LIMIT)
    sections = [_holes(results, holes, found) for holes in results.holes]
    notes = [_listed("Pictures left out", found.left_out)]
    page = files("retouch.bench.report").joinpath("page")
    script = page.joinpath("page.js").read_text(encoding="utf-8")
    return Template(page.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        # Only this script runs, whatever else got into the page.
        hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        title=join([f"Benchmark {results.protocol}"]),
        style=page.joinpath("style.css").read_text(encoding="utf-8"),
        script=script,
        body=join([_head(results), *sections, *notes]),
    )


def _head(results: Results) -> Html:
    facts = [part for name, value in words.facts(results) for part in (tag("dt", name), tag("dd", value))]
    return tag(
        "header",
        tag("h1", f"Benchmark {results.protocol}"),
        tag("dl", *facts),
        _listed("Differs from the paper's protocol", words.differs(results)),
        _listed("Left out", words.left_out(results)),
        _listed("Failed", words.failures(results)),
    )


def _listed(title: str, lines: Sequence[str]) -> Html:
    if not lines:
        return Html("")
    return tag("section", tag("h3", title), tag("ul", *(tag("li", line) for line in lines)))


def _holes(results: Results, holes: str, found: Cards) -> Html:
    own = [each for each in found.cards if each.picture.holes == holes]
    return tag(
        "section",
        tag("h2", f"Holes: {holes}"),
        _metrics(results, holes),
        _paired(differences(results, holes)),
        plots(results, holes),
        extremes(results, holes, {each.picture.k for each in own}),
        gallery(results, holes, own),
    )


def _metrics(results: Results, holes: str) -> Html:
    made = table(results, holes)
    if not made.ours and not made.reported:
        return tag("p", "Nothing was measured.", class_="note")
    costs = [_head_cell("s a fill"), _head_cell("MB", "memory by which the process grew at most in a fill")]
    head = [_head_cell("model"), *map(_metric_cell, made.columns), *costs, _head_cell("images")]
    width = len(head)
    bodies = [tag("tbody", *map(_own_row, made.ours), class_="ours")]
    if made.reported:
        apart = tag("tr", tag("th", tag("span", words.REPORTED), colspan=width, scope="rowgroup", class_="apart"))
        bodies.append(tag("tbody", apart, *map(_reported_row, made.reported), class_="reported"))
    whole = tag("table", tag("thead", tag("tr", *head)), *bodies, class_="sortable")
    parts = [tag("div", whole, class_="wide"), tag("p", words.INTERVALS, class_="note")]
    if made.notes:
        notes = tag("ul", *(tag("li", note) for note in made.notes))
        parts.append(tag("details", tag("summary", "Notes on the reported numbers"), notes))
    return join(parts)


def _metric_cell(column: Kind) -> Html:
    ways = {"lower": "lower is better", "higher": "higher is better", "one": "1 is ideal"}
    return _head_cell(
        f"{column.title}\N{NO-BREAK SPACE}{ARROWS[column.better].replace(' ', chr(0xA0))}", ways[column.better]
    )


def _head_cell(text: str, title: str = "") -> Html:
    return tag("th", text, scope="col", title=title)


def _own_row(row: Row) -> Html:
    images = f"{row.count}, {row.failed} failed" if row.failed else str(row.count)
    costs = [
        tag("td", words.brief(value), data_value="" if value is None else repr(value))
        for value in (row.seconds, row.memory)
    ]
    cells = [tag("th", row.name, scope="row"), *map(_cell, row.cells), *costs]
    return tag("tr", *cells, tag("td", images, data_value=str(row.count)))


def _reported_row(row: Row) -> Html:
    name = tag("th", row.name, tag("small", f" {row.source}"), scope="row")
    # Empty instead of a dash: what a paper does not report is most of the table.
    cells = [_cell(cell) if cell.value is not None else tag("td") for cell in row.cells]
    return tag("tr", name, *cells, tag("td"), tag("td"), tag("td"))


def _cell(cell: Cell) -> Html:
    number = tag("b", cell.text) if cell.best else cell.text
    spread = tag("small", f" ± {cell.spread}") if cell.spread else ""
    value = "" if cell.value is None else repr(cell.value)
    return tag("td", number, spread, class_="best" if cell.best else "", data_value=value)


def _paired(found: Sequence[Difference]) -> Html:
    if not found:
        return Html("")
    metrics = [kind(name) for name in dict.fromkeys(each.metric for each in found)]
    cells = {(each.model, each.metric): each for each in found}
    models = dict.fromkeys(each.model for each in found)
    rows = [
        tag("tr", tag("th", model, scope="row"), *(_difference(cells.get((model, each.name))) for each in metrics))
        for model in models
    ]
    head = tag("tr", _head_cell("model"), *map(_metric_cell, metrics))
    made = tag("table", tag("thead", head), tag("tbody", *rows), class_="paired")
    title = tag("h3", f"Compared with {found[0].first}, image by image")
    return tag("section", title, tag("div", made, class_="wide"), tag("p", words.PAIRED, class_="note"))


def _difference(found: Difference | None) -> Html:
    if found is None or found.interval is None:
        return tag("td", "–")
    low, mean, high = (
        signed(found.metric, each) for each in (found.interval.low, found.interval.mean, found.interval.high)
    )
    span = tag("small", f"{low} to {high}")
    return tag("td", mean, Html(" "), tag("em", found.verdict) if found.verdict else "", span, class_=found.verdict)
