"""`-` as an argument: standard input and standard output."""

from __future__ import annotations

import sys
from typing import Any

from retouch.cli.speak import reader_needed

STREAM = "-"


def check_streams(photo: str, mask: str | None, target: str | None, samples: int, most: int) -> None:
    """Refuse what cannot be read or written through streams.

    Raises:
        ValueError: two inputs from one stream, several results to one stream, or an image to a terminal.
    """
    if samples > most:
        raise ValueError(f"--samples: is {samples}; accepted: 1 to {most}")
    if photo == STREAM and mask == STREAM:
        raise ValueError("PHOTO and MASK are both '-'; only one of them can be read from standard input")
    if STREAM in (photo, mask) and sys.stdin.isatty():
        raise ValueError("'-' reads from standard input, but that is a terminal; use a file or a pipe")
    if target == STREAM or (target is None and photo == STREAM):
        if samples > 1:
            raise ValueError("--samples: several results cannot go to standard output; name a file with -o")
        if sys.stdout.isatty():
            raise ValueError("the photo would go to standard output, which is a terminal; use -o FILE or a pipe")


def from_stdin(name: str) -> Any:
    """The name itself, or for `-` the bytes of standard input."""
    return sys.stdin.buffer.read() if name == STREAM else name


def to_stdout(content: bytes | memoryview) -> None:
    """Write bytes to standard output; raises PipeClosed where nobody reads it."""
    with reader_needed():
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
