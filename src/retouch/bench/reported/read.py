"""Reading the CSVs of reported numbers, and asking for some of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from retouch.catalogue import nearest

SOURCES = ("psm", "pixelhacker", "asuka", "2dgs", "mat")


@dataclass(frozen=True)
class Reported:
    """One number that a paper reports.

    Attributes:
        paper: which source, one of SOURCES.
        table: where in it, such as "Table 3" or "README".
        dataset: its short name, empty for what depends on none.
        setting: size and holes, such as "512, large"; empty for what depends on neither.
        model: its name, with variants in brackets.
        metric: kebab-case, such as "fid", "p-ids", "lpips", "time" or "parameters".
        value: as printed, in `unit`.
        unit: "%", "ms", "M", "dB" or empty.
        note: what one must know to compare it, such as where the paper's text is ambiguous; may be empty.
    """

    paper: str
    table: str
    dataset: str
    setting: str
    model: str
    metric: str
    value: float
    unit: str
    note: str

    @property
    def plain(self) -> float:
        """The value without unit of per cent: 30.95 % is 0.3095, as the functions of this package give it."""
        return self.value / 100 if self.unit == "%" else self.value


def reported(
    paper: str | None = None,
    *,
    table: str | None = None,
    dataset: str | None = None,
    setting: str | None = None,
    model: str | None = None,
    metric: str | None = None,
) -> tuple[Reported, ...]:
    """The reported numbers that match everything that is given, in the order of the papers' tables.

    Args:
        paper: one of SOURCES; None: all.
        table: such as "Table 3".
        dataset: such as "places365-val".
        setting: such as "512, large".
        model: such as "MAT".
        metric: such as "fid".

    Raises:
        ValueError: an unknown paper, or a value of another argument that occurs nowhere; the message suggests one.
    """
    if paper is not None and paper not in SOURCES:
        raise ValueError(f"paper {paper!r} is unknown{nearest(str(paper), list(SOURCES))}; known: {', '.join(SOURCES)}")
    asked = {"table": table, "dataset": dataset, "setting": setting, "model": model, "metric": metric}
    everything = tuple(row for source in SOURCES for row in _rows(source))
    for name, value in asked.items():
        known = sorted({getattr(row, name) for row in everything} - {""})
        if value is not None and value not in known:
            near = nearest(str(value), known) or f"; known: {', '.join(known)}"
            raise ValueError(f"{name} {value!r} is reported nowhere{near}")
    wanted = {name: value for name, value in (asked | {"paper": paper}).items() if value is not None}
    return tuple(row for row in everything if all(getattr(row, name) == value for name, value in wanted.items()))


@cache
def _rows(source: str) -> tuple[Reported, ...]:
    text = files("retouch.bench.reported").joinpath(f"{source}.csv").read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    expected = [field.name for field in fields(Reported) if field.name != "paper"]
    if reader.fieldnames != expected:
        raise ValueError(f"{source}.csv: its header is {reader.fieldnames}; accepted: {expected}")
    return tuple(_row(source, row) for row in reader)


def _row(source: str, row: dict[str, str]) -> Reported:
    words = {name: text for name, text in row.items() if name != "value"}
    return Reported(paper=source, value=float(row["value"]), **words)
