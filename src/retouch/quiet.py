"""Other packages' progress bars, of which the command line has its own."""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def without_bars() -> Iterator[None]:
    """transformers draws no progress bar inside the block: that of reading weights would be drawn into log files, too.

    It has one switch for the whole process, which is put back.
    """
    switch = importlib.import_module("transformers.utils.logging")
    if not switch.is_progress_bar_enabled():
        yield
        return
    switch.disable_progress_bar()
    try:
        yield
    finally:
        switch.enable_progress_bar()
