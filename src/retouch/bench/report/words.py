"""What a report says of a run, in words: for Markdown and HTML alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.bench.protocols import protocol
from retouch.bench.report.tables import outcomes_of, papers_rows

if TYPE_CHECKING:
    from retouch.bench.results import Results

FAILED_SHOWN = 10

INTERVALS = (
    "Mean ± half of its 95 % interval (Student's t, crops of one photo counted once). Metrics of the whole set have no "
    "interval. Bold: best of the models of this run."
)
REPORTED = "Reported by the papers, measured by their authors with their own code, photos and hardware; not marked."
PAIRED = (
    "Mean over images of (model − first model) with its 95 % interval, both on the same photo and hole. Where the "
    "interval leaves out 0 the difference is more than chance of these photos; nothing corrects for many comparisons. "
    "Of metrics whose ideal is 1, the distance from 1 is compared."
)


def facts(results: Results) -> list[tuple[str, str]]:
    """What was run, where and when, as (name, value)."""
    photos = f"{results.dataset}, {results.split}: {results.count} samples of {results.size} × {results.size} pixels"
    if results.limit is not None:
        photos += f", cut to the first {results.limit} photos"
    return [
        ("Protocol", results.protocol),
        ("Photos", photos),
        ("Holes", ", ".join(results.holes)),
        ("Models", ", ".join(results.models)),
        ("Features", results.extractor or "none, so there are no metrics of whole sets"),
        ("Seed", str(results.seed)),
        ("Device", results.device),
        ("Machine", results.machine),
        ("Versions", ", ".join(f"{name} {number}" for name, number in results.versions.items())),
        ("Finished", results.finished),
        ("Computing time", duration(results.seconds)),
    ]


def left_out(results: Results) -> list[str]:
    """What has no figure, and why; one line a reason."""
    reasons: dict[str, list[str]] = {}
    for metric, why in results.left_out.items():
        reasons.setdefault(why, []).append(metric)
    lines = [f"{', '.join(metrics)}: {why}" for why, metrics in reasons.items()]
    together: dict[tuple[str, str], list[str]] = {}
    for each in results.outcomes:
        for metric, why in each.left_out.items():
            if results.left_out.get(metric) != why:
                together.setdefault((metric, why), []).append(f"{each.model} on {each.holes}")
    lines += [f"{metric}: {why} ({', '.join(who)})" for (metric, why), who in together.items()]
    for holes in results.holes:
        there = {each.model for each in outcomes_of(results, holes)}
        lines += [f"{model} on {holes}: there is no outcome" for model in results.models if model not in there]
    return lines


def failures(results: Results) -> list[str]:
    """Images without result, the first few of each outcome."""
    lines = []
    for each in results.outcomes:
        shown = [f"{one.name} ({one.reason})" for one in each.failed[:FAILED_SHOWN]]
        more = len(each.failed) - len(shown)
        if shown:
            rest = f", and {more} more" if more else ""
            lines.append(f"{each.model} on {each.holes}: {len(each.failed)} failed: {', '.join(shown)}{rest}")
    return lines


def differs(results: Results) -> list[str]:
    """What this run does not do as the paper does."""
    lines = list(results.differences)
    if results.limit is not None:
        lines.append(f"only the first {results.limit} photos were used")
    try:
        protocol(results.protocol)
    except ValueError:
        lines.append(f"the protocol {results.protocol!r} is not known to this version, so nothing reported is shown")
    else:
        if not any(papers_rows(results, holes) for holes in results.holes):
            lines.append("no paper's numbers are known for these photos and holes")
    return lines


def duration(seconds: float) -> str:
    """45.0 s, 12 min, 3.4 h."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def brief(cost: float | None) -> str:
    """Seconds or megabytes of a fill with three digits that tell something."""
    return "–" if cost is None else f"{cost:.3g}" if cost < 100 else f"{cost:.0f}"
