"""The run's log: one CSV file, a row for every so many steps."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retouch.atomic import atomic

FIXED = ("step", "images")


@dataclass
class Window:
    """Means of values since the last row; survives a restart."""

    sums: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, values: Mapping[str, float]) -> None:
        """Count in the values of one step."""
        for name, value in values.items():
            total, count = self.sums.get(name, (0.0, 0))
            self.sums[name] = (total + value, count + 1)

    def means(self) -> dict[str, float]:
        """Mean of each value over the steps that had it."""
        return {name: total / count for name, (total, count) in self.sums.items()}


class Log:
    """Rows of a CSV file: step (steps done), images (seen so far), then means by name since the row before.

    A value that a row lacks is left blank. Numbers are written so that they read back exactly.
    """

    def __init__(self, file: Path, step: int) -> None:
        """Go on in `file` after `step`: rows beyond it, written before a crash, are dropped; so is a torn last row.

        Raises:
            ValueError: the file is no such log.
        """
        self.file = file
        self.names: list[str] = list(FIXED)
        rows = [row for row in _rows(file) if int(row["step"]) <= step]
        self.names += [name for name in (rows[0] if rows else {}) if name not in FIXED]
        self._rewrite(rows)

    def append(self, step: int, images: int, values: Mapping[str, float]) -> None:
        """Add a row.

        Raises:
            OSError: it could not be written.
        """
        new = [name for name in values if name not in self.names]
        if new:
            self.names += new
            self._rewrite(_rows(self.file))
        row = {"step": step, "images": images, **values}
        with self.file.open("a", encoding="utf-8", newline="") as out:
            csv.DictWriter(out, self.names, lineterminator="\n").writerow(row)

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        with atomic(self.file, "w", overwrite=True) as out:
            writer = csv.DictWriter(out, self.names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    try:
        text = file.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]  # a row without its end was being written when the run was killed
        return [_checked(row) for row in csv.DictReader(whole.splitlines())]
    except (ValueError, csv.Error):
        raise ValueError(f"{file}: is damaged or no log of a run; remove it to begin a new one") from None


def _checked(row: dict[str, str]) -> dict[str, str]:
    if any(name not in row for name in FIXED) or None in row or None in row.values():
        raise ValueError("columns")
    int(row["step"])
    for text in row.values():
        float(text or 0)
    return row
