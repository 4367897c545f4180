"""How fast the models are: loading, first call and steady state apart, each in a process of its own.

cases ─▶ run ─▶ one fresh process per case: measure ─▶ Speeds ─▶ markdown, JSON

A method with networks may tell two things that are shown: `parameters` (how many, int) and `device` (where it runs).
"""

from retouch.bench.speed.case import Case, cases
from retouch.bench.speed.processes import run
from retouch.bench.speed.results import Speed, Speeds, Timing
from retouch.bench.speed.table import markdown
from retouch.bench.speed.timing import measure

__all__ = ["Case", "Speed", "Speeds", "Timing", "cases", "markdown", "measure", "run"]
