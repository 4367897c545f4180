"""The measured speeds as Markdown, and what the papers report beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.bench.reported import reported

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retouch.bench.reported import Reported
    from retouch.bench.speed.results import Speed, Speeds

_HEAD = (
    *("model", "size", "batch", "device", "ms an image", "quartiles"),
    *("load s", "first call ms", "cores busy", "parameters", "peak MB"),
)


def markdown(speeds: Speeds, *, papers: bool = True) -> str:
    """One table of what was measured, the failures, how it was measured, and (`papers`) the papers' numbers."""
    measured = [_row(speed) for speed in speeds.speeds if speed.timing is not None]
    parts = [_table(_HEAD, measured)] if measured else []
    parts += [f"{_name(speed)} failed: {speed.reason}" for speed in speeds.failed]
    parts.append(_how(speeds))
    if papers:
        head = ("model", "", "as reported", "size", "where", "note")
        parts += ["Reported by the papers:", _table(head, _reported())]
    return "\n\n".join(parts)


def _row(speed: Speed) -> tuple[str, ...]:
    case, timing = speed.case, speed.timing
    assert timing is not None
    memory = "" if timing.memory_mb is None else f"{timing.memory_mb:.0f}"
    if timing.device_memory_mb is not None:
        memory += f" + {timing.device_memory_mb:.0f} on the device"
    return (
        *(case.model, f"{case.width}x{case.height}", str(case.batch), timing.device),
        *(number(timing.ms), f"{number(timing.low_ms)} to {number(timing.high_ms)}"),
        *(f"{timing.load_s:.3f}", number(timing.first_ms), f"{timing.cores:.1f} of {timing.threads}"),
        *("" if timing.parameters is None else f"{timing.parameters / 1e6:.1f} M", memory),
    )


def _name(speed: Speed) -> str:
    case = speed.case
    return f"{case.model}, {case.width}x{case.height}, batch {case.batch}"


def _how(speeds: Speeds) -> str:
    """How it was measured, in a few sentences."""
    case = speeds.speeds[0].case
    what = "`Filler.run`, windows and pasting included" if case.through == "fill" else "the method's call alone"
    content = "1/f noise" if case.photo is None else "a photo"
    versions = ", ".join(f"{name} {number}" for name, number in speeds.versions.items())
    return (
        f"Timed: {what}. Image: {content}, hole: a box in the middle, {case.hole:.0%} of the area. Median and "
        f"quartiles of {case.repeats} calls after a first one and {case.warm_up} of warm-up. Each row is a fresh "
        "process, one after another: where the quartiles of two rows overlap, their difference may be the machine's. "
        "First call: the whole batch. Cores busy: on average, of the threads allowed. Peak MB: resident, with Python "
        f"and all libraries. {speeds.machine}. {versions}."
    )


def _reported() -> list[tuple[str, ...]]:
    """The papers' times and sizes of models; what several tables of a paper repeat stands once."""
    together: dict[tuple[str, ...], list[Reported]] = {}
    for row in (*reported(metric="time"), *reported(metric="parameters")):
        key = (row.paper, row.model, row.metric, f"{row.value:g} {row.unit}", row.setting)
        together.setdefault(key, []).append(row)
    return [
        (model, metric, value, setting, f"{paper}: {', '.join(row.table for row in rows)}", rows[0].note)
        for (paper, model, metric, value, setting), rows in together.items()
    ]


def number(value: float) -> str:
    """Three digits that tell something: 0.123, 12.3, 1,235."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table whose columns also line up on a terminal."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    widths = [max(3, *(len(row[k]) for row in cells)) for k in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(widths[k]) for k, cell in enumerate(row)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
