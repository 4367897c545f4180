"""Run a command as a whole process and read its time and peak memory off the operating system."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Wall seconds and peak resident memory (MB) of one process and its children."""

    seconds: float
    megabytes: float


def run(command: list[str], repeats: int = 3) -> Cost:
    """The median time and the largest peak memory over `repeats` runs; a failing command raises RuntimeError."""
    # A new process inherits the peak of the one that starts it, so a small launcher (below) stands between.
    costs = []
    for _ in range(repeats):
        launched = subprocess.run([sys.executable, __file__, *command], capture_output=True, text=True)
        if launched.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {launched.stderr}")
        costs.append(Cost(*map(float, launched.stdout.split())))
    by_time = sorted(costs, key=lambda cost: cost.seconds)
    return Cost(by_time[len(costs) // 2].seconds, max(cost.megabytes for cost in costs))


def launch(command: list[str]) -> int:
    """Run one command and print its seconds and peak megabytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    print(seconds, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))
    return os.waitstatus_to_exitcode(status)


def table(title: str, head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table with a title line."""
    lines = [f"\n{title}\n", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def machine() -> str:
    """One line about where this runs."""
    model = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else ""
    return f"{os.cpu_count()} CPU cores {model}, Python {sys.version.split()[0]}"


if __name__ == "__main__":
    sys.exit(launch(sys.argv[1:]))
