"""What became of every photo of a batch run, and the report file that says so."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import retouch
from retouch.atomic import atomic
from retouch.files.targets import check_suffix, check_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retouch.batch.plan import Item
    from retouch.files.pairs import Unpaired

Status: TypeAlias = Literal["filled", "skipped", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of one item.

    Attributes:
        item: photo, mask, output and seed.
        status: "filled", "skipped" (the output existed) or "failed".
        error: why it failed, one line.
        notes: what the user should know.
        seconds: from opening the photo to the written file.
        size: (width, height) of the result; None unless it was filled.
    """

    item: Item
    status: Status
    error: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class BatchReport:
    """What became of all items, in their order."""

    outcomes: tuple[Outcome, ...]
    model: str
    seconds: float

    def of(self, status: Status) -> tuple[Outcome, ...]:
        """The outcomes with this status."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)


@dataclass(frozen=True)
class BatchProgress:
    """One more item is done: `done` of `total` that were to be filled."""

    done: int
    total: int
    outcome: Outcome


COLUMNS = ("photo", "mask", "output", "status", "seconds", "width", "height", "seed", "notes", "error")
_HEADS = {".csv": ",".join(COLUMNS), ".json": '{\n "retouch": '}


def check_report(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Refuse a report file that could not be written, or that is something else than an earlier report.

    Raises:
        ValueError: another suffix than .csv and .json, or one of the inputs.
        FileExistsError: a file of another kind has that name.
        OSError: its folder does not exist or cannot be written to.
    """
    check_suffix(path, tuple(_HEADS), "a report")
    check_target(path, inputs=inputs, overwrite=_is_report(path))


def write_report(report: BatchReport, path: Path, unpaired: Sequence[Unpaired] = ()) -> None:
    """Write a report as CSV or JSON, as the suffix says; an earlier report is replaced, another file is not."""
    check_report(path)
    # A file name may hold bytes that are no text; as \\udcff the report stays UTF-8.
    with atomic(path, "w", overwrite=_is_report(path), errors="backslashreplace") as file:
        if path.suffix.lower() == ".csv":
            rows = [_row(outcome) for outcome in report.outcomes] + [_unpaired_row(one) for one in unpaired]
            table = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            table.writeheader()
            table.writerows(row | {"notes": "; ".join(row.get("notes", ()))} for row in rows)
        else:
            json.dump(as_json(report, unpaired), file, indent=1)
            file.write("\n")


def as_json(report: BatchReport, unpaired: Sequence[Unpaired] = ()) -> dict[str, Any]:
    """A report as JSON values."""
    return {
        "retouch": retouch.__version__,
        "model": report.model,
        "seconds": round(report.seconds, 3),
        "counts": {status: len(report.of(status)) for status in ("filled", "skipped", "failed")},
        "photos": [_row(outcome) for outcome in report.outcomes],
        "unpaired": [{"file": str(one.path), "reason": one.reason} for one in unpaired],
    }


def _row(outcome: Outcome) -> dict[str, Any]:
    item, (width, height) = outcome.item, outcome.size or (None, None)
    return {
        "photo": str(item.photo),
        "mask": None if item.mask is None else str(item.mask),
        "output": str(item.output),
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "width": width,
        "height": height,
        "seed": item.seed,
        "notes": list(outcome.notes),
        "error": outcome.error,
    }


def _unpaired_row(one: Unpaired) -> dict[str, Any]:
    return {"photo": str(one.path), "status": "unpaired", "error": one.reason}


def _is_report(path: Path) -> bool:
    """Whether the file starts as our reports do."""
    head = _HEADS.get(path.suffix.lower(), "")
    if not path.is_file():  # opening a pipe would wait for a writer
        return False
    try:
        with path.open("rb") as file:
            return bool(head) and file.read(len(head)) == head.encode()
    except OSError:
        return False
