"""Timing one case in this process."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.bench.entrants import entrant
from retouch.bench.speed.results import Timing
from retouch.bench.speed.scene import scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from retouch.bench.entrants import Entrant
    from retouch.bench.speed.case import Case
    from retouch.filler import Filler


def measure(case: Case) -> Timing:
    """Load the model and time it: loading, first call, warm-up (not reported), then `repeats` calls.

    Every call does the same work, with the same seeds. Loading and memory are honest only in a process that has done
    nothing else before; `run` starts one for each case.

    Raises:
        Exception: whatever the model raises.
    """
    images, masks = scene(case)  # [N, H, W, 3], [N, H, W]
    one = entrant(case.model)
    start = time.perf_counter()
    filler = one.load(case.device)
    load = time.perf_counter() - start
    method = filler.method
    device = str(getattr(method, "device", "cpu"))
    call = _call(case, one, filler, images, masks)
    first = _seconds(call, device)
    for _ in range(case.warm_up):
        call()
    _finish(device)
    before = time.process_time()
    seconds = [_seconds(call, device) for _ in range(case.repeats)]
    busy = time.process_time() - before
    low, median, high = np.percentile(seconds, (25, 50, 75)) * 1000 / case.batch
    return Timing(
        device=device,
        load_s=load,
        first_ms=first * 1000,
        ms=float(median),
        low_ms=float(low),
        high_ms=float(high),
        threads=_threads(),
        cores=busy / sum(seconds),
        parameters=getattr(method, "parameters", None),
        memory_mb=peak_memory(),
        device_memory_mb=_device_memory(device),
    )


def _call(case: Case, one: Entrant, filler: Filler, images: Any, masks: Any) -> Callable[[], object]:
    """The thing that is timed."""
    if case.through == "fill":
        return lambda: filler.run(images[0], masks[0], seed=0, **one.given)
    return lambda: filler.method(images, masks, one.options, seeds=range(case.batch))


def _seconds(call: Callable[[], object], device: str) -> float:
    start = time.perf_counter()
    call()
    _finish(device)
    return time.perf_counter() - start


def _finish(device: str) -> None:
    """Wait until an accelerator, which works on while Python goes on, is done."""
    if device != "cpu":
        import torch

        torch.accelerator.synchronize()


def _threads() -> int:
    """Threads that the libraries in use may start for one operation."""
    allowed = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    if "torch" in sys.modules:
        return int(sys.modules["torch"].get_num_threads())
    return int(sys.modules["cv2"].getNumThreads()) if "cv2" in sys.modules else allowed


def peak_memory() -> float | None:
    """Largest resident memory of this process so far, in MB (2^20 bytes); None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike the peak of getrusage, this one does not start at the peak of the process that started ours.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**10
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _device_memory(device: str) -> float | None:
    if not device.startswith("cuda"):
        return None
    import torch

    return torch.cuda.max_memory_allocated(device) / 2**20
