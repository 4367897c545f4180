"""Temporary files that killed runs have left: harmless, hidden, and removed by the next run."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def remove_leftovers(outputs: Iterable[Path], *, before: float) -> int:
    """Remove temporary files of those `outputs` that are complete, and count them.

    Args:
        outputs: files that were to be written.
        before: seconds since the epoch; younger ones may belong to a run that is still going.
    """
    folders: dict[Path, set[str]] = {}
    for output in outputs:
        if output.exists():
            folders.setdefault(output.parent, set()).add(f".{output.name[:60]}")
    removed = 0
    for folder, prefixes in folders.items():
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                # .photo.png.x7k2p9qd.part belongs to photo.png
                parts = entry.name.rsplit(".", 2)
                if len(parts) == 3 and parts[0] in prefixes and parts[2] == "part" and entry.stat().st_mtime < before:
                    Path(entry.path).unlink(missing_ok=True)
                    removed += 1
    return removed
