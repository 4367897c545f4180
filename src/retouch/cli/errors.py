"""Errors of the option parser, in one line."""

from __future__ import annotations

import typer

# The parser's base class has moved between typer's versions; its public descendant has not.
_UsageError = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")


def usage(error: BaseException) -> str | None:
    """The message of an error in how the command was written; None for other errors."""
    if isinstance(error, typer.Abort):
        return "aborted"
    if not isinstance(error, _UsageError):
        return None
    # A group without a command has shown its help, and its error has no words.
    text = " ".join(error.format_message().split()) or "a command is missing"  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "retouch"
    return f"{text[:1].lower()}{text[1:].rstrip('.')} (see {command} --help)"
