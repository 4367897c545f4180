"""From words to an exit code: one line for every error, no traceback unless asked for."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
import warnings
from typing import TYPE_CHECKING

import typer

from retouch.atomic import remove_unfinished
from retouch.cli.speak import PipeClosed, as_options, reader_needed, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OK, SOME_FAILED, WRONG, INTERNAL, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141


def run(argv: Sequence[str] | None) -> int:
    """Parse `argv`, run the command, and return the exit code; see docs/cli.md for the codes."""
    words, debug = _without_debug(list(sys.argv[1:] if argv is None else argv))
    try:
        with _terminable(), warnings.catch_warnings():
            if not debug:
                warnings.simplefilter("ignore")
            code = _command(words or ["--help"])
        with reader_needed():
            sys.stdout.flush()
    except BaseException as error:
        if debug and not isinstance(error, (PipeClosed, SystemExit)):
            traceback.print_exc()
        return _told(error)
    finally:
        remove_unfinished()
    return code


def _without_debug(words: list[str]) -> tuple[list[str], bool]:
    """Take --debug out wherever it stands, so that every command knows it."""
    end = words.index("--") if "--" in words else len(words)
    options = [word for word in words[:end] if word != "--debug"]
    return options + words[end:], len(options) < end


def _command(words: list[str]) -> int:
    from retouch.cli.app import app

    command = typer.main.get_command(app)
    code = command.main(args=words, prog_name="retouch", standalone_mode=False)
    if code == INTERRUPTED:
        # The parser makes an exit code of Ctrl-C; what to say of it is decided in one place.
        raise KeyboardInterrupt
    return code if isinstance(code, int) else OK


def _told(error: BaseException) -> int:
    """Say in one line what went wrong and choose the exit code."""
    from retouch.cli.errors import usage

    if isinstance(error, PipeClosed):
        _drop_output()
        return PIPE_CLOSED
    if isinstance(error, KeyboardInterrupt):
        say("retouch: interrupted; nothing half-written is left")
        return INTERRUPTED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else WRONG
    if (text := usage(error)) is not None:
        say(f"retouch: error: {text}")
        return WRONG
    from retouch.job import one_line
    from retouch.methods.base import Cancelled

    say(f"retouch: error: {as_options(one_line(error))}")
    known = isinstance(error, (ValueError, OSError, ImportError, MemoryError, Cancelled))
    return WRONG if known else INTERNAL


def _drop_output() -> None:
    """Nobody reads on: what Python flushes at exit must not raise again."""
    with contextlib.suppress(OSError, ValueError):
        number = os.open(os.devnull, os.O_WRONLY)
        os.dup2(number, sys.stdout.fileno())
        os.close(number)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let a request to terminate unwind like an exception, so that temporary files go and workers end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
