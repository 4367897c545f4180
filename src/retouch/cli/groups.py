"""Groups of options that several commands share, as dataclasses that a command takes whole."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show each dataclass parameter of `command` to typer as one option per field, and hand it over whole."""
    hints = get_type_hints(command, include_extras=True)
    own = inspect.signature(command).parameters
    groups = {name: hints[name] for name in own if is_dataclass(hints[name])}
    shown = [parameter for name in own for parameter in _parameters(own[name], hints[name], groups)]

    @wraps(command)
    def from_options(**values: Any) -> Any:
        given: dict[str, Any] = {}
        for name, group in groups.items():
            given[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        return command(**given, **values)

    from_options.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    from_options.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    del from_options.__wrapped__
    return from_options


def _parameters(own: inspect.Parameter, hint: Any, groups: dict[str, Any]) -> Iterator[inspect.Parameter]:
    if own.name not in groups:
        yield own.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)
        return
    hints = get_type_hints(hint, include_extras=True)
    for field in fields(hint):
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, annotation=hints[field.name], default=_default(field)
        )


def _default(field: Field[Any]) -> Any:
    return inspect.Parameter.empty if field.default is MISSING else field.default
