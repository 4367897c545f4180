"""Cost of the metrics on features of the papers' size, as Markdown tables.

python benchmarks/metrics.py            FID of 50,000 x 2,048 features; IDS solver against scikit-learn
python benchmarks/metrics.py --quick    the same on small matrices, to see that it runs
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
from measure import machine, table

from retouch.bench.metrics import Accumulator, Statistics, fid, ids

BATCH = 500


def features(count: int, width: int, shift: float, seed: int) -> Iterator[np.ndarray]:
    """Batches [500, width] float32 that look like pooled activations: not negative, correlated, not centred."""
    mixing = np.random.default_rng(0).normal(0, 1 / np.sqrt(width), (width, width)).astype(np.float32)  # [d, d]
    rng = np.random.default_rng(seed)
    for start in range(0, count, BATCH):
        rows = rng.normal(shift, 1, (min(BATCH, count - start), width)).astype(np.float32)  # [b, d]
        yield np.maximum(rows @ mixing + 0.3, 0)


def streamed(count: int, width: int) -> dict[str, float]:
    """Statistics of two streams and their distance; the features are never in memory together."""
    sums = 0.0
    sides: list[Statistics] = []
    for seed, shift in ((1, 0.0), (2, 0.02)):
        accumulator = Accumulator(width)
        for batch in features(count, width, shift, seed):
            start = time.perf_counter()
            accumulator.add(batch)
            sums += time.perf_counter() - start
        sides.append(accumulator.statistics())
    start = time.perf_counter()
    value = fid(*sides)
    return {"value": value, "sums": sums, "distance": time.perf_counter() - start, "peak": peak()}


def whole(count: int, width: int) -> dict[str, float]:
    """The same from two matrices in memory."""
    real, fake = (np.concatenate(list(features(count, width, s, k))) for k, s in ((1, 0.0), (2, 0.02)))
    start = time.perf_counter()
    value = fid(real, fake)
    return {"value": value, "seconds": time.perf_counter() - start, "peak": peak()}


def solver(count: int, width: int) -> dict[str, float]:
    """Both solvers on the same features, in processor seconds: other work on the machine does not count."""
    from sklearn.svm import LinearSVC

    real, fake = (np.concatenate(list(features(count, width, s, k))) for k, s in ((1, 0.0), (2, 0.02)))
    start = time.process_time()
    ours = ids(real, fake)
    seconds = time.process_time() - start
    both, label = np.concatenate([real, fake]).astype(np.float64), np.repeat([1, 0], count)
    out = {"u": ours.unpaired, "p": float(ours.paired or 0), "seconds": seconds}
    for name, tolerance in (("default", 1e-4), ("exact", 1e-8)):
        start = time.process_time()
        # The official code and its default tolerance, and one as exact as ours.
        peer = LinearSVC(dual=False, tol=tolerance, max_iter=100_000).fit(both, label)
        score = peer.decision_function(both)
        out[f"{name}_seconds"] = time.process_time() - start
        out[f"{name}_u"] = 1 - float(((score > 0) == label).mean())
        out[f"{name}_p"] = float((score[count:] > score[:count]).mean())
    return out


def peak() -> float:
    """Largest resident memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def child(task: str, count: int, width: int, threads: int | None = None) -> dict[str, float]:
    """Run one task in a process of its own, so that its memory is its own; None: as many threads as by default."""
    command = [sys.executable, __file__, "--task", task, str(count), str(width)]
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS") if threads else ()
    env = os.environ | {name: str(threads) for name in names}
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)


def main() -> None:
    if sys.argv[1:2] == ["--task"]:
        task = {"streamed": streamed, "whole": whole, "solver": solver}[sys.argv[2]]
        print(json.dumps(task(int(sys.argv[3]), int(sys.argv[4]))))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    count, width = (2_000, 256) if quick else (50_000, 2_048)
    print(machine())
    a, b = child("streamed", count, width), child("whole", count, width)
    rows = [
        ["streamed in batches of 500", f"{a['sums'] + a['distance']:.1f}", f"{a['distance']:.1f}", f"{a['peak']:.0f}"],
        ["two matrices in memory", f"{b['seconds']:.1f}", "", f"{b['peak']:.0f}"],
    ]
    title = f"FID of {count:,} x {width:,} features against as many"
    print(table(title, ["features", "seconds", "of these, eigenvalues", "peak MB"], rows))
    print(f"\nBoth give the same value to the last digit: {a['value'] == b['value']} ({a['value']:.6f})")
    rows = []
    sizes = [(500, 64), (300, 256)] if quick else [(1_000, 512), (3_000, 2_048), (10_000, 2_048)]
    for n, d in sizes:
        s = child("solver", n, d, threads=1)
        same = (s["u"], s["p"]) == (s["exact_u"], s["exact_p"])
        close = max(abs(s["u"] - s["default_u"]), abs(s["p"] - s["default_p"]))
        times = [f"{s[k]:.1f}" for k in ("seconds", "default_seconds", "exact_seconds")]
        ratios = [f"{s[k] / s['seconds']:.1f}" for k in ("default_seconds", "exact_seconds")]
        rows.append(
            [f"2 x {n:,} x {d:,}", f"{s['u']:.4f}", f"{s['p']:.4f}", *times, *ratios, str(same), f"{close:.5f}"]
        )
    head = ["rows x features", "U-IDS", "P-IDS", "ours s", "scikit-learn s", "at tol 1e-8 s", "ratio", "at 1e-8"]
    head += ["same scores (1e-8)", "largest difference (default tol)"]
    print(
        table(
            "U-IDS and P-IDS: our solver against scikit-learn's LinearSVC(dual=False), processor seconds of one thread",
            head,
            rows,
        )
    )


if __name__ == "__main__":
    from script import run_main

    run_main(main)
