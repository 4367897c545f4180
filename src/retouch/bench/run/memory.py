"""By how much a process grows while something is done in it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Growth:
    """Peak memory since this was made, above what the process held then; Linux only."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5")  # forgets the peak so far
        self.before = _megabytes("VmRSS")

    def peak(self) -> float | None:
        """In megabytes; None: this system does not say."""
        now = _megabytes("VmHWM")
        return None if now is None or self.before is None else max(0.0, now - self.before)


def _megabytes(name: str) -> float | None:
    with contextlib.suppress(OSError):
        if found := re.search(rf"{name}:\s*(\d+) kB", _STATUS.read_text()):
            return int(found[1]) / 1024
    return None
