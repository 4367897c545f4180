"""The report as Markdown: the page's tables in compact form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retouch.bench.kinds import kind
from retouch.bench.report import words
from retouch.bench.report.paired import differences, signed
from retouch.bench.report.tables import ARROWS, Cell, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retouch.bench.report.paired import Difference
    from retouch.bench.results import Results


def markdown(results: Results) -> str:
    """The whole report: what was run, a table and the paired comparison per set of holes."""
    parts = [f"# Benchmark {_plain(results.protocol)}", _list(f"{a}: {b}" for a, b in words.facts(results))]
    for title, lines in (
        ("Differs from the paper", words.differs(results)),
        ("Left out", words.left_out(results)),
        ("Failed", words.failures(results)),
    ):
        if lines:
            parts += [f"**{title}**", _list(lines)]
    for holes in results.holes:
        parts += [f"## Holes: {_plain(holes)}", markdown_table(results, holes), words.INTERVALS]
        if found := differences(results, holes):
            parts += [f"### Compared with {_plain(found[0].first)}", _paired(found), words.PAIRED]
    return "\n\n".join(parts) + "\n"


def markdown_tables(results: Results) -> str:
    """Nothing but the table of every set of holes, with one line about its samples."""
    limit = "" if results.limit is None else f", the first {results.limit} photos only"
    samples = f"{results.count} samples of {results.size} x {results.size} pixels{limit}"
    return "\n\n".join(
        f"**{_plain(results.protocol)}, {_plain(holes)}: {samples}**\n\n{markdown_table(results, holes)}"
        for holes in results.holes
    )


def markdown_table(
    results: Results,
    holes: str,
    *,
    metrics: Sequence[str] | None = None,
    reported: bool = True,
    intervals: bool = True,
) -> str:
    """One model x metric table, the best in bold, the papers' rows in italics below.

    Args:
        results: of the run.
        holes: one of results.holes.
        metrics: columns; None: all.
        reported: with the papers' rows.
        intervals: with ± half of the 95 % interval.

    Raises:
        ValueError: an unknown set of holes or metric.
    """
    made = table(results, holes, metrics=metrics, reported=reported)
    head = ["model", *(f"{each.title} {ARROWS[each.better]}" for each in made.columns), "s a fill", "MB"]
    rows = []
    for row in made.ours:
        failed = f" ({row.failed} failed)" if row.failed else ""
        cells = [_cell(cell, intervals) for cell in row.cells]
        rows.append([_plain(row.name) + failed, *cells, words.brief(row.seconds), words.brief(row.memory)])
    for row in made.reported:
        name = f"*{_plain(row.name)}, reported by {_plain(row.source)}*"
        rows.append([name, *(f"*{cell.text}*" if cell.value is not None else "" for cell in row.cells), "", ""])
    return _table(head, rows)


def _cell(cell: Cell, intervals: bool) -> str:
    text = f"**{cell.text}**" if cell.best else cell.text
    return f"{text} ± {cell.spread}" if intervals and cell.spread else text


def _paired(found: Sequence[Difference]) -> str:
    metrics = list(dict.fromkeys(each.metric for each in found))
    models = list(dict.fromkeys(each.model for each in found))
    cells = {(each.model, each.metric): _difference(each) for each in found}
    head = ["model", *(f"{kind(name).title} {ARROWS[kind(name).better]}" for name in metrics)]
    return _table(head, [[_plain(model), *(cells.get((model, name), "–") for name in metrics)] for model in models])


def _difference(found: Difference) -> str:
    if found.interval is None:
        return "–"
    interval = found.interval
    low, mean, high = (signed(found.metric, value) for value in (interval.low, interval.mean, interval.high))
    verdict = f" {found.verdict}" if found.verdict else ""
    return f"{mean} [{low}, {high}]{verdict}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), _row(["---"] + ["---:"] * (len(head) - 1)), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing but text, on one line."""
    return re.sub(r"([\\`*_\[\]|<>])", r"\\\1", " ".join(text.split()))
