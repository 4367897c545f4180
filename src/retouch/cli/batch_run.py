"""The run of `retouch batch`: find the pairs, fill them, tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from retouch.batch import Unmasked, check_report, plan_batch, run_batch, write_report
from retouch.cli.bar import counting
from retouch.cli.shares import read_share
from retouch.cli.speak import as_options, note, out, say
from retouch.files.apart import check_masks_apart, part
from retouch.files.listing import searched
from retouch.files.pairs import Unpaired, pair, read_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.batch import BatchReport, PhotoAndMask, Plan
    from retouch.cli.batch import RunOptions
    from retouch.cli.options import FillOptions, ReadingOptions, WritingOptions
    from retouch.mask.marks import Marks

MOST_NAMED = 5  # files without partner that are named one by one


def batch_run(
    paths: Sequence[str],
    filling: FillOptions,
    marks: Marks,
    reading: ReadingOptions,
    writing: WritingOptions,
    running: RunOptions,
) -> None:
    """Fill all photos; exit code 1 if some of them failed."""
    target = Path(paths[-1])
    settings = reading.settings() | filling.settings()
    marked = marks.any_source or filling.expand is not None
    pairs, unpaired = _pairs(paths[:-1], running.recursive, marked, keep_suffix=writing.format is None)
    naming: dict[str, Any] = {
        "seed": filling.seed,
        "samples": filling.samples,
        "format": writing.format,
        "overwrite": writing.overwrite,
    }
    pairs, unpaired = _apart(paths[:-1], target, pairs, unpaired, naming)
    naming["shard"] = read_share(running.shard)
    plan = plan_batch(pairs, target, **naming)
    _tell_unpaired(unpaired)
    if running.dry_run:
        _tell_plan(plan)
        return
    if running.report is not None:
        inputs = [Path(name) for name in paths[:-1]]
        check_report(running.report, [*inputs, *(path for one in pairs for path in (one.photo, one.mask) if path)])
    with counting(len(plan.todo)) as progress:
        report = run_batch(
            pairs,
            target,
            model=filling.model,
            device=filling.device,
            harmonise=filling.harmonise,
            jobs=running.jobs,
            marks=marks,
            avoid=filling.avoid,
            max_pixels=reading.max_pixels,
            quality=writing.quality,
            progress=progress,
            **naming,
            **settings,
        )
    _tell(report, target)
    if running.report is not None:
        write_report(report, running.report, unpaired)
    if report.of("failed"):
        raise typer.Exit(1)


def _pairs(
    sources: Sequence[str], recursive: bool, marked: bool, keep_suffix: bool
) -> tuple[list[PhotoAndMask], list[Unpaired]]:
    """What the positional arguments before OUT stand for."""
    if len(sources) == 1 and Path(sources[0]).suffix.lower() == ".csv":
        return list(read_csv(sources[0], keep_suffix=keep_suffix)), []
    if len(sources) == 1 and marked:
        from retouch.files.listing import listed

        photos = listed(sources[0], "PHOTOS", recursive)
        keys = {photo: photos.key(photo) for photo in photos.files}
        times = Counter(keys.values())
        clear = {photo: keep_suffix or times[key] == 1 for photo, key in keys.items()}
        return [Unmasked(photo, key if clear[photo] else photos.full(photo)) for photo, key in keys.items()], []
    if len(sources) != 2:
        given = len(sources) + 1
        raise ValueError(f"PHOTOS MASKS OUT: {given} given; accepted: three, or a CSV and OUT (quote globs)")
    found = pair(sources[0], sources[1], recursive=recursive, keep_suffix=keep_suffix)
    if not found.pairs:
        raise ValueError(f"no photo of {sources[0]} has a mask in {sources[1]}; see retouch batch -h on names")
    return list(found.pairs), found.unpaired


def _apart(
    sources: Sequence[str],
    target: Path,
    pairs: list[PhotoAndMask],
    unpaired: list[Unpaired],
    naming: dict[str, Any],
) -> tuple[list[PhotoAndMask], list[Unpaired]]:
    """Leave out photos that lie in OUT, and refuse results that would lie among the masks; a CSV means what it says."""
    if Path(sources[0]).suffix.lower() == ".csv":
        return pairs, unpaired
    pairs, unpaired, inside = part(target, searched(sources[0]), pairs, unpaired)
    outputs = [item.output for item in plan_batch(pairs, target, **naming).items]
    if len(sources) == 2:
        check_masks_apart(Path(sources[1]), target, [one.photo for one in pairs], outputs)
    # Results of this very run, made before it was stopped, are no news.
    results = {path.resolve() for path in outputs} if inside else set()
    strange = [Unpaired(path, "it lies in OUT, among the results") for path in inside if path.resolve() not in results]
    return pairs, [*unpaired, *strange]


def _tell_unpaired(unpaired: Sequence[Unpaired]) -> None:
    for one in unpaired[:MOST_NAMED]:
        note(f"{one.path} is left out: {one.reason}")
    if len(unpaired) > MOST_NAMED:
        note(f"{len(unpaired) - MOST_NAMED} more files are left out for the same reasons; --report names them")


def _tell_plan(plan: Plan) -> None:
    for item in plan.items:
        mask = "" if item.mask is None else f" + {item.mask}"
        done = " (exists: skipped)" if item in plan.existing else ""
        out(f"{item.photo}{mask} -> {item.output}{done}")
    say(f"retouch: {len(plan.todo)} to fill, {len(plan.existing)} exist; nothing was written")


def _tell(report: BatchReport, target: Path) -> None:
    filled, skipped, failed = (report.of(status) for status in ("filled", "skipped", "failed"))
    notes: dict[str, int] = {}
    for outcome in filled:
        for text in outcome.notes:
            notes[text] = notes.get(text, 0) + 1
    for text, times in notes.items():
        note(text if times == 1 else f"{text} ({times} photos)")
    for outcome in failed:
        say(f"retouch: failed: {outcome.item.photo}: {as_options(outcome.error or '')}")
    counts = f"{len(filled)} filled, {len(skipped)} skipped (they exist), {len(failed)} failed"
    say(f"retouch: {target}: {counts}, {report.seconds:.1f} s")
