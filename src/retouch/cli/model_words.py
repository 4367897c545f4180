"""Model cards as text and as JSON."""

from __future__ import annotations

import io
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from retouch.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from retouch.catalogue import Card


def table(cards: Sequence[Card]) -> str:
    """The cards as a table, one row each."""
    from rich.table import Table
    from rich.text import Text

    rows = Table(expand=False, show_lines=True)
    rows.add_column("model", no_wrap=True)  # whole names, to copy
    for heading in ("what it does", "good at", "bad at", "needs", "licence"):
        rows.add_column(heading, overflow="fold")
    for one in cards:
        name = f"{one.name}\n(default)" if one.name == DEFAULT_MODEL else one.name
        cells = (name, one.summary, one.good_at, one.bad_at, _needs(one), one.licence)
        rows.add_row(*(Text(cell) for cell in cells))
    return _rendered(rows)


def card(one: Card) -> str:
    """One card in full, with its options and their defaults."""
    from rich.table import Table
    from rich.text import Text

    needs = one.needs
    lines = [
        ("model", f"{one.name} (default)" if one.name == DEFAULT_MODEL else one.name),
        ("what it does", one.summary),
        ("good at", one.good_at),
        ("bad at", one.bad_at),
        ("licence", one.licence),
        ("needs", _needs(one)),
        ("runs on", ", ".join(one.devices)),
        ("works at", "any size" if needs.native is None else f"about {needs.native} pixels; larger windows are scaled"),
        ("precision", "floating point" if needs.bits is None else f"{needs.bits} bit"),
        ("seed", "changes the result" if needs.stochastic else "has no effect"),
    ]
    for option in options(one):
        facts = [f"default {option['default']}"] if option["default"] is not None else []
        facts += [f"accepted: {option['accepted']}"] if option["accepted"] else []
        lines.append(
            (
                f"-O {option['name']}",
                f"{option['description']} ({'; '.join(facts)})" if facts else option["description"],
            )
        )
    rows = Table.grid(padding=(0, 2))
    for heading, text in lines:
        rows.add_row(Text(heading, style="bold"), Text(text))
    return _rendered(rows)


def as_json(cards: Sequence[Card], single: bool) -> str:
    """The cards as JSON: a list, or one object."""
    values = [_values(one) for one in cards]
    return json.dumps(values[0] if single else values, indent=1)


def options(one: Card) -> list[dict[str, Any]]:
    """The model's own options: name, default, what is accepted, description."""
    described = []
    for name, field in one.needs.options.model_fields.items():
        bounds = [str(bound) for bound in field.metadata]
        accepted = ", ".join(_bound(bound) for bound in bounds)
        described.append(
            {"name": name, "default": field.default, "accepted": accepted, "description": field.description or ""}
        )
    return described


def _bound(text: str) -> str:
    """`Ge(ge=1)` as `>= 1`."""
    name, _, value = text.rstrip(")").partition("=")
    sign = {"Ge": ">=", "Gt": ">", "Le": "<=", "Lt": "<"}.get(name.split("(")[0])
    return f"{sign} {value}" if sign else text


def _values(one: Card) -> dict[str, Any]:
    needs = one.needs
    return {
        "name": one.name,
        "default": one.name == DEFAULT_MODEL,
        "summary": one.summary,
        "good_at": one.good_at,
        "bad_at": one.bad_at,
        "licence": one.licence,
        "size_mb": one.size_mb,
        "extra": one.extra,
        "installed": one.installed,
        "devices": list(one.devices),
        "needs": {
            "multiple": needs.multiple,
            "smallest": needs.smallest,
            "native": needs.native,
            "stochastic": needs.stochastic,
            "steps": needs.steps,
            "bits": needs.bits,
        },
        "options": options(one),
    }


def _needs(one: Card) -> str:
    parts = [] if one.extra is None else [f"extra {one.extra} ({'installed' if one.installed else 'not installed'})"]
    parts += [f"{one.size_mb:g} MB to download"] if one.size_mb else []
    return ", ".join(parts) or "nothing more"


def _rendered(rows: RenderableType) -> str:
    from rich.console import Console

    file = io.StringIO()
    # A pipe has no width; 120 columns keep the table readable there.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 120
    colour = "auto" if sys.stdout.isatty() else None
    console = Console(file=file, width=width, force_terminal=sys.stdout.isatty(), color_system=colour)  # type: ignore[arg-type]
    console.print(rows)
    return "\n".join(line.rstrip() for line in file.getvalue().rstrip().splitlines())
