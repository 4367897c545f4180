"""Running a benchmark as a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from retouch.job import one_line


def run_main(main: Callable[[], None]) -> None:
    """Call it; where its input cannot be used, say why in one line on standard error and end with exit code 2."""
    try:
        main()
    except (OSError, ValueError) as error:
        print(f"{Path(sys.argv[0]).name}: {one_line(error)}", file=sys.stderr)
        sys.exit(2)
