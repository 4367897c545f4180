"""A counted study as Markdown and as JSON, the paper's figures beside ours."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from retouch.bench.reported.read import Reported, reported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.bench.study.count import Count, Row
    from retouch.bench.study.intervals import Interval


def as_json(count: Count) -> str:
    """Everything that was counted; shares and intervals in [0, 1]; under "reported" the paper's rows, in per cent."""
    rows = [asdict(row) for row in _reported(count)]
    return json.dumps(asdict(count) | {"reported": rows}, indent=1, ensure_ascii=False)


def as_markdown(count: Count) -> str:
    """Tables for people: one per question, the paper's, and what one must know to read them."""
    questions = list(dict.fromkeys(row.question for row in count.rows))
    parts = [_head(count)]
    for question in questions:
        rows = [row for row in count.rows if row.question == question]
        parts.append(f"### {question}\n\n{_pairs(rows) if count.mode == 'pairs' else _best(rows)}")
    parts += ["\n".join(_notes(count)), *_paper(_reported(count))]
    return "\n\n".join(part for part in parts if part)


def _head(count: Count) -> str:
    people = "1 participant" if count.participants == 1 else f"{count.participants} participants"
    text = f"## Study {count.study}\n\n{people}, {count.images} images."
    if count.unfinished:
        text += f" {count.unfinished} of the participants did not finish; what they answered is counted."
    if count.doubles:
        text += f" {count.doubles} answers were given twice by the same participant; the last one counts."
    return text


def _best(rows: Sequence[Row]) -> str:
    body = [
        [row.method, f"{row.chosen} of {row.of}", _percent(row.share), _range(row.wilson), _range(row.bootstrap)]
        for row in sorted(rows, key=lambda row: -row.chosen)
    ]
    return table(["method", "best", "share (%)", "95 % Wilson", "95 % over people"], body)


def _pairs(rows: Sequence[Row]) -> str:
    body = []
    for row in rows:
        wins = [f"{row.method} / {row.against}", f"{row.chosen} : {row.of - row.chosen}", str(row.ties)]
        p = "–" if row.p is None else f"{row.p:.2g}"
        body.append([*wins, _percent(row.share), _range(row.wilson), _range(row.bootstrap), p])
    head = ["first / second", "wins", "ties", "first wins (%)", "95 % Wilson", "95 % over people", "p"]
    return table(head, body)


def _notes(count: Count) -> list[str]:
    lines = []
    for one in count.consistency:
        share = f"{one.same} of {one.of} ({_percent(one.same / one.of)} %)"
        lines.append(f"- {one.question}: shown again in another order, the same method was chosen {share}.")
    lines.append("- Wilson: as if all answers were independent. Over people: participants drawn anew (bootstrap).")
    if count.participants < 2:
        lines.append("- One participant: nothing can be said about what other people would choose.")
    if count.mode == "pairs":
        lines.append("- p: exact two-sided binomial test of the wins against a half, ties left out.")
    return lines


def _paper(rows: Sequence[Reported]) -> list[str]:
    if not rows:
        return []
    metrics = list(dict.fromkeys(row.metric for row in rows))
    values = {(row.model, row.metric): f"{row.value:.2f}" for row in rows}
    body = [
        [model, *(values[model, metric] for metric in metrics)] for model in dict.fromkeys(row.model for row in rows)
    ]
    shares = table(["method", *(f"{metric} (%)" for metric in metrics)], body)
    head = f"### Reported by the ASUKA paper, {rows[0].table}"
    return [f"{head}\n\nOther images and other methods: {rows[0].dataset}, 100 forms.\n\n{shares}"]


def _reported(count: Count) -> tuple[Reported, ...]:
    asked = {row.question for row in count.rows}
    return tuple(row for row in reported("asuka", table="Table 2c") if row.metric in asked)


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table with its columns aligned; a sign that would end a cell is escaped."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in (head, *body)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _range(interval: Interval | None) -> str:
    return "–" if interval is None else f"{100 * interval.low:.1f}–{100 * interval.high:.1f}"
