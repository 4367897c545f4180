"""What `retouch bench speed` does: words to cases, the measuring, the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from retouch.atomic import atomic
from retouch.bench.speed import cases, run
from retouch.bench.speed import markdown as as_markdown
from retouch.cli.bar import waiting
from retouch.cli.holes_run import parse_size
from retouch.cli.speak import out, say
from retouch.files.targets import check_distinct, check_target

if TYPE_CHECKING:
    from pathlib import Path


def measure_all(
    model: str, size: str, batch: str, *, json: Path | None, markdown: Path | None, overwrite: bool, **how: Any
) -> None:
    """Measure, print the tables, write the files; exit code 1 where a case failed."""
    chosen = cases(_words(model), [parse_size(one) for one in _words(size)], batches=_counts(batch), **how)
    targets = [path for path in (json, markdown) if path is not None]
    check_distinct(targets)
    for path in targets:
        check_target(path, overwrite=overwrite)
    with waiting("measuring") as show:
        speeds = run(chosen, progress=show)
    text = as_markdown(speeds)
    if json is not None:
        speeds.save(json, overwrite=overwrite)
    if markdown is not None:
        with atomic(markdown, "w", overwrite=overwrite) as file:
            file.write(text + "\n")
    out(text)
    if speeds.failed:
        say(f"retouch: {len(speeds.failed)} of {len(speeds.speeds)} could not be measured")
        raise typer.Exit(1)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _counts(text: str) -> list[int]:
    try:
        return [int(word) for word in _words(text)]
    except ValueError:
        raise ValueError(f"--batch: is {text!r}; accepted: whole numbers from 1, such as 1,4") from None
