"""What is printed, and where: results on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Messages of the library name Python arguments; on the command line they are options.
_ARGUMENTS = (
    (r"overwrite=True", "--overwrite"),
    (r"resize=True \(of fill: resize_mask=True\)|resize_mask=True|resize=True", "--resize-mask"),
    (r"any_coverage=True", "--any-coverage"),
    (r'convention="(\w+)"', r"--convention \1"),
    (r"raise max_pixels|max_pixels=\d+", "raise it with --max-pixels"),
    (r"\bexpand=", "--expand"),
    (r"\bharmonise=", "--harmonise"),
    (r"pass limit=", "pass --limit"),
    (r"\bfrom_alpha:", "--from-alpha:"),
    (r"^quality:", "--quality:"),
    (r"inverting it", "--invert"),
)


def as_options(text: str) -> str:
    """The text with the names of options in place of Python arguments."""
    for pattern, option in _ARGUMENTS:
        text = re.sub(pattern, option, text)
    return text


def say(text: str) -> None:
    """Print a line for people on standard error."""
    # Without a terminal to complain to, there is nobody to tell.
    with contextlib.suppress(OSError, ValueError):
        print(_printable(text, sys.stderr.encoding), file=sys.stderr, flush=True)


class PipeClosed(Exception):
    """Nobody reads standard output any more."""


def out(text: str) -> None:
    """Print a result on standard output; raises PipeClosed where nobody reads it."""
    with reader_needed():
        print(_printable(text, sys.stdout.encoding), flush=True)


@contextlib.contextmanager
def reader_needed() -> Iterator[None]:
    """Turn a closed pipe into PipeClosed, which the option parser does not take for an error of its own."""
    try:
        yield
    except BrokenPipeError:
        raise PipeClosed from None


def _printable(text: str, encoding: str | None) -> str:
    # File names may hold bytes that are no text.
    return text.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")


def note(text: str) -> None:
    """Print one note on standard error."""
    say(f"retouch: note: {as_options(' '.join(text.split()))}")
