"""What `retouch bench run` and `quick` do: words to values, the run, the tables."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from retouch.bench.protocols import PROTOCOLS
from retouch.bench.report import markdown_tables
from retouch.bench.run import Plan, make_plan, run
from retouch.bench.run.quick import quick_plan
from retouch.cli.bar import waiting
from retouch.cli.shares import read_share
from retouch.cli.speak import note, out, say

if TYPE_CHECKING:
    from retouch.bench.results import Results


def words(text: str) -> list[str]:
    """Names with commas between them."""
    return [word.strip() for word in text.split(",") if word.strip()]


def run_all(
    protocol: str, data: Path, models: list[str], target: Path, *, shard: str | None, jobs: int, **options: Any
) -> None:
    """Run a protocol and print its tables; errors as `make_plan` and `run`."""
    pictures, overwrite = options.pop("pictures"), options.pop("overwrite")
    plan = make_plan(protocol, data, models, **options)
    share = read_share(shard)
    results = _run(plan, target, jobs=jobs, shard=share, pictures=pictures, overwrite=overwrite)
    if results is None:
        say(f"retouch: {target}: shard {share[0]}/{share[1]} is done; `retouch bench merge` joins all of them")
    else:
        tell_results(results, target)


def quick_all(photos: Path | None, target: Path | None, *, jobs: int, overwrite: bool, **options: Any) -> None:
    """Run the quick comparison and print its table; errors as `quick_plan` and `run`."""
    plan = quick_plan(photos, **options)
    if target is not None:
        results = _run(plan, target, jobs=jobs, overwrite=overwrite)
        if results is not None:
            tell_results(results, target)
        return
    with tempfile.TemporaryDirectory(prefix="retouch-") as folder:
        results = _run(plan, Path(folder), jobs=jobs, pictures=0)
        if results is not None:
            out(markdown_tables(results))
            _end(results)


def _run(plan: Plan, target: Path, **how: Any) -> Results | None:
    from retouch.methods.base import Progress

    for reason in dict.fromkeys(plan.left_out.values()):
        names = ", ".join(name for name, why in plan.left_out.items() if why == reason)
        note(f"{names}: left out: {reason}")
    with waiting("measuring") as show:
        tell = None if show is None else lambda done, total: show(Progress("measure", done, total))
        return run(plan, target, progress=tell, **how)


def tell_results(results: Results, target: Path) -> None:
    """Print the tables, what failed, and what may be done next; exit code 1 where something failed."""
    out(markdown_tables(results))
    for outcome in results.outcomes:
        for metric, reason in outcome.left_out.items():
            note(f"{outcome.model}, {outcome.holes}: {metric} left out: {reason}")
        if outcome.failed:
            first = outcome.failed[0]
            note(f"{outcome.model}, {outcome.holes}: {len(outcome.failed)} failed, first {first.name}: {first.reason}")
    say(f"retouch: results are in {target}; `retouch bench report {target}` makes a page of them")
    _end(results)


def _end(results: Results) -> None:
    if any(outcome.failed for outcome in results.outcomes):
        raise typer.Exit(1)


def listing() -> str:
    """The protocols, one a line: name, photos, size, sets of holes, whose it is."""
    head = ("protocol", "photos", "size", "holes", "data set", "paper")
    rows = [head]
    for one in PROTOCOLS:
        sets = ", ".join(each.name for each in one.holes)
        photos = "any" if one.n is None else str(one.n)
        rows.append((one.name, photos, str(one.size), sets, f"{one.dataset} ({one.split})", one.paper))
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows
    )
