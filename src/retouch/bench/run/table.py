"""The figures of a run as Markdown tables, the papers' rows beneath ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.bench.kinds import KINDS, Kind, kind
from retouch.bench.protocols import protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retouch.bench.results import Results
    from retouch.bench.run.costs import Cost

_ARROWS = {"lower": "↓", "higher": "↑", "one": "→ 1"}


def table(results: Results, costs: Mapping[str, Cost] | None = None) -> str:
    """One Markdown table per set of holes: model x metric, and what the papers report for these holes.

    Args:
        results: of the run.
        costs: time and memory of every model, as two more columns; None: none.
    """
    return "\n\n".join(_one(results, holes, costs) for holes in results.holes)


def _one(results: Results, holes: str, costs: Mapping[str, Cost] | None) -> str:
    outcomes = [results.outcome(model, holes) for model in results.models]
    reported = _reported(results, holes)
    columns = _columns({name for each in outcomes for name in each.figures} | set().union(*reported.values()))
    head = ["model", *(f"{each.title} {_ARROWS[each.better]}" for each in columns)]
    head += [] if costs is None else ["s a fill", "MB"]
    rows = []
    for each in outcomes:
        cells = [_cell(column, _value(each.figures.get(column.name))) for column in columns]
        rows.append([each.model, *cells, *([] if costs is None else _cost(costs[each.model]))])
    for name, values in reported.items():
        cells = [_cell(column, values.get(column.name)) for column in columns]
        rows.append([name, *cells, *([] if costs is None else ["", ""])])
    limit = "" if results.limit is None else f", the first {results.limit} photos only"
    failed = [f"{each.model} failed on {len(each.failed)}" for each in outcomes if each.failed]
    title = f"{results.protocol}, {holes}: {results.count} samples of {results.size} x {results.size} pixels{limit}"
    lines = [f"**{'; '.join([title, *failed])}**", "", _row(head), _row(["---"] + ["---:"] * (len(head) - 1))]
    return "\n".join([*lines, *map(_row, rows)])


def _reported(results: Results, holes: str) -> dict[str, dict[str, float]]:
    """The papers' values by the name of their row and metric; metrics that are not of this package's are left out."""
    known = {each.name for each in KINDS}
    rows: dict[str, dict[str, float]] = {}
    for row in protocol(results.protocol).reported(holes):
        if row.metric in known:
            name = f"*{row.model} ({row.paper}, {row.table})*"
            # Where a paper gives two values of one thing the first stays.
            rows.setdefault(name, {}).setdefault(row.metric, row.plain)
    return rows


def _columns(names: set[str]) -> list[Kind]:
    order = [each.name for each in KINDS]
    return sorted((kind(name) for name in names), key=lambda each: (_place(order, each.name), each.name))


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _value(figure: object) -> float | None:
    return getattr(figure, "value", None)


def _cell(column: Kind, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value * 100 if column.percent else value:.{column.digits}f}"


def _cost(cost: Cost) -> list[str]:
    seconds = "" if cost.seconds is None else f"{cost.seconds:.3f}"
    return [seconds, "" if cost.memory is None else f"{cost.memory:.0f}"]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
