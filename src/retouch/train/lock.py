"""One run at a time in a folder."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = ".lock"


@contextlib.contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """No other process trains into the folder `out` meanwhile.

    The system lets the lock go when the process ends, however it ends. Systems and file systems without locks: nothing
    is checked.

    Raises:
        BlockingIOError: another process trains into `out`.
        OSError: the folder cannot be written into.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (out / NAME).open("ab") as file:
        try:
            # A lock of the process, not of the open file: worker processes that outlive a killed run do not hold it.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise BlockingIOError(
                    f"out: another process is training into {out}; accepted: another folder, or when that has ended"
                ) from None
        yield
