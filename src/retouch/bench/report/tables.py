"""Model x metric tables of a run, the papers' rows apart. Markdown and HTML show the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from retouch.bench.kinds import KINDS, Kind, kind
from retouch.bench.protocols import protocol
from retouch.bench.report.intervals import mean_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retouch.bench.reported import Reported
    from retouch.bench.results import Outcome, Results

ARROWS = {"lower": "↓", "higher": "↑", "one": "→ 1"}
NONE = "–"


@dataclass(frozen=True)
class Cell:
    """One number of a table.

    Attributes:
        value: in the unit of results; None: there is none.
        text: as it is shown.
        spread: half of the 95 % interval of a mean, as it is shown; empty where there is none.
        best: no other model's is better.
    """

    value: float | None
    text: str
    spread: str = ""
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One model.

    Attributes:
        name: of the model.
        cells: in the order of the table's columns.
        source: whose number it is, such as "psm, Table 3"; empty: measured by this run.
        seconds: median of a fill; None: not known.
        memory: megabytes by which a process grew at most in a fill; None: not known.
        count: images with values.
        failed: images without.
    """

    name: str
    cells: tuple[Cell, ...]
    source: str = ""
    seconds: float | None = None
    memory: float | None = None
    count: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Table:
    """One set of holes: what we measured, and what the papers report, which has no best: it was measured elsewhere."""

    holes: str
    columns: tuple[Kind, ...]
    ours: tuple[Row, ...]
    reported: tuple[Row, ...]
    notes: tuple[str, ...]


def table(results: Results, holes: str, *, metrics: Sequence[str] | None = None, reported: bool = True) -> Table:
    """The table of the set of holes called `holes`.

    Args:
        results: of the run.
        holes: one of results.holes.
        metrics: columns, in this order; None: all, those that papers report first.
        reported: with the papers' rows.

    Raises:
        ValueError: an unknown set of holes or metric.
    """
    if holes not in results.holes:
        raise ValueError(f"holes: the run has none called {holes!r}; known: {', '.join(results.holes)}")
    outcomes = outcomes_of(results, holes)
    rows = papers_rows(results, holes) if reported else ()
    columns = _columns(outcomes, rows) if metrics is None else tuple(map(kind, metrics))
    ours = [_row(outcome, columns, crops_of(results)) for outcome in outcomes]
    return Table(holes, columns, _with_best(ours, columns), _papers(rows, columns), _notes(rows, columns))


def outcomes_of(results: Results, holes: str) -> list[Outcome]:
    """The outcomes on these holes, in the order of the run's models; models without one are left out."""
    found = {each.model: each for each in results.outcomes if each.holes == holes}
    return [found[model] for model in results.models if model in found]


def papers_rows(results: Results, holes: str) -> tuple[Reported, ...]:
    """What papers report for these holes in metrics that we have; none where the protocol is no longer known."""
    known = {each.name for each in KINDS}
    try:
        return tuple(row for row in protocol(results.protocol).reported(holes) if row.metric in known)
    except ValueError:
        return ()


def in_order(names: Iterable[str]) -> tuple[Kind, ...]:
    """The kinds of these metrics in the order of KINDS; those over other features stand last."""
    order = {each.name: place for place, each in enumerate(KINDS)}
    return tuple(kind(name) for name in sorted(names, key=lambda name: (order.get(name, len(order)), name)))


def _columns(outcomes: Sequence[Outcome], rows: Sequence[Reported]) -> tuple[Kind, ...]:
    theirs = {row.metric for row in rows}
    ours = {name for each in outcomes for name in each.figures}
    return (*in_order(theirs), *in_order(ours - theirs))


def shown(column: Kind, value: float | None) -> str:
    """A value as tables show it: in per cent where papers do, "∞", and "–" where there is none."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value * 100 if column.percent else value:.{column.digits}f}"


def crops_of(results: Results) -> int:
    """How many samples every photo has: those of photo p are c p to c p + c - 1. One where it cannot be known."""
    try:
        return len(protocol(results.protocol).crops)
    except ValueError:
        return 1


def _row(outcome: Outcome, columns: Sequence[Kind], crops: int) -> Row:
    seconds = [each.seconds for each in outcome.images]
    return Row(
        outcome.model,
        tuple(_cell(outcome, column, crops) for column in columns),
        seconds=median(seconds) if seconds else None,
        memory=outcome.memory,
        count=len(seconds),
        failed=len(outcome.failed),
    )


def _cell(outcome: Outcome, column: Kind, crops: int) -> Cell:
    figure = outcome.figures.get(column.name)
    if figure is None:
        return Cell(None, NONE)
    some = [each for each in outcome.images if math.isfinite(each.values.get(column.name, math.nan))]
    interval = mean_interval([each.values[column.name] for each in some], [each.k // crops for each in some])
    return Cell(figure.value, shown(column, figure.value), "" if interval is None else shown(column, interval.half))


def _with_best(rows: Sequence[Row], columns: Sequence[Kind]) -> tuple[Row, ...]:
    """The same rows, the best cell of each column marked; equal as shown is equally good, and one alone is no best."""
    marked = [list(row.cells) for row in rows]
    for place, column in enumerate(columns):
        values = {row: cells[place].value for row, cells in enumerate(marked)}
        known = {row: value for row, value in values.items() if value is not None and not math.isnan(value)}
        if len(known) > 1:
            first = min(known, key=lambda row: badness(column, known[row]))
            best = marked[first][place].text
            for row in known:
                marked[row][place] = replace(marked[row][place], best=marked[row][place].text == best)
    return tuple(replace(row, cells=tuple(cells)) for row, cells in zip(rows, marked, strict=True))


def badness(column: Kind, value: float) -> float:
    """A number that is lower for a better value."""
    return {"lower": value, "higher": -value, "one": abs(value - 1)}[column.better]


def _papers(rows: Sequence[Reported], columns: Sequence[Kind]) -> tuple[Row, ...]:
    """One row per model and paper; where a further table of the paper gives a value again, one row more."""
    made: dict[tuple[str, str], list[dict[str, Reported]]] = {}
    for row in rows:
        own = made.setdefault((row.model, row.paper), [])
        if any(row.metric in has and has[row.metric].table == row.table for has in own):
            continue  # of two values in one table the first stays
        place = next((has for has in own if row.metric not in has), None)
        if place is None:
            own.append(place := {})
        place[row.metric] = row
    digits = {
        each.name: max((_digits(each, row) for row in rows if row.metric == each.name), default=0) for each in columns
    }
    return tuple(_reported(model, values, columns, digits) for (model, _), own in made.items() for values in own)


def _reported(model: str, values: dict[str, Reported], columns: Sequence[Kind], digits: dict[str, int]) -> Row:
    tables = dict.fromkeys(each.table for each in values.values())
    source = f"{next(iter(values.values())).paper}, {' and '.join(tables)}"
    cells = []
    for column in columns:
        row = values.get(column.name)
        text = NONE if row is None else f"{_printed(column, row):.{digits[column.name]}f}"
        cells.append(Cell(None if row is None else row.plain, text))
    return Row(model, tuple(cells), source)


def _digits(column: Kind, row: Reported) -> int:
    """Behind the point: as many as the papers print, not as many as our own numbers have."""
    return len(f"{_printed(column, row):.10g}".partition(".")[2])


def _printed(column: Kind, row: Reported) -> float:
    return row.plain * 100 if column.percent else row.plain


def _notes(rows: Sequence[Reported], columns: Sequence[Kind]) -> tuple[str, ...]:
    names = {each.name for each in columns}
    told = [f"{row.model} ({row.paper}, {row.table}): {row.note}" for row in rows if row.note and row.metric in names]
    return tuple(dict.fromkeys(told))
