"""Time and peak memory within a process, and a process for each measurement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch


def milliseconds(device: str, run: Callable[[], object]) -> float:
    """Of one run: the GPU's time, or the processor's, in which other work on the machine does not count."""
    if device == "cuda":
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        end.record()
        torch.cuda.synchronize()
        return start.elapsed_time(end)
    began = time.process_time()
    run()
    return (time.process_time() - began) * 1000


def reset_peak(device: str) -> float:
    """Start measuring the peak; the memory in use now, MB."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated() / 2**20
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak(device: str) -> float:
    """The most memory since then, MB."""
    return torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else _status("VmHWM")


def child(file: str, case: Any, *words: str) -> subprocess.CompletedProcess[str]:
    """Call a benchmark's file with `--task`, a case (a dataclass) as JSON, and words, on one thread."""
    command = [sys.executable, file, "--task", json.dumps(asdict(case)), *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, float]:
    """What a child printed; RuntimeError with its complaint where it failed."""
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"exit code {done.returncode}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name)) / 1024
