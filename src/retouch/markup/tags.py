"""HTML and SVG as text; whatever is not made here is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMPTY = ("br", "img", "input")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str | float | bool) -> Html:
    """<name attributes>children</name>, children escaped unless they are Html.

    Underscores at an attribute's end are dropped (class_), others become hyphens (aria_label). True gives an attribute
    without value, False and "" none.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is True:
            parts.append(_spelt(key))
        elif value is not False and value != "":
            text = f"{value:g}" if isinstance(value, float) else str(value)
            parts.append(f'{_spelt(key)}="{escape(text)}"')
    start = f"<{' '.join(parts)}>"
    return Html(start if name in _EMPTY else f"{start}{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """Children one after another, escaped unless they are Html."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def _spelt(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
