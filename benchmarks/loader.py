"""Photos per second with holes that training can read.

python benchmarks/loader.py --data DIR [--holes mat-256-large] [--size 256] [--samples 400]

Rows: files decoded whole, JPEG drafts, and files packed decoded (--short-side scales them down before).
Columns: no, one and two workers; and what one photo costs in processor time, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import islice
from pathlib import Path

from measure import machine, table

from retouch.data import Photos, SampleSettings, TrainingSet, pack, packed_bytes, photos_in
from retouch.data.training.loader import Loader


def cost(photos: Photos, settings: SampleSettings, count: int) -> float:
    """Milliseconds of processor time per sample."""
    samples = TrainingSet(photos, settings)
    start = time.process_time()
    for position in range(count):
        samples[position]
    return (time.process_time() - start) / count * 1000


def speed(photos: Photos, settings: SampleSettings, count: int, workers: int, batch: int = 16) -> float:
    """Samples per second of wall time once the workers run."""
    made = Loader(photos, settings, lambda *tensors: tensors, workers=workers).batches(0, batch=batch, seed=0)
    next(made)
    # Batches made ahead before the clock starts must not count: as many are skipped as can have been prepared.
    for _ in islice(made, 2 * workers):
        pass
    start = time.perf_counter()
    for _ in islice(made, max(1, count // batch)):
        pass
    seconds = time.perf_counter() - start
    made.close()
    return max(1, count // batch) * batch / seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--holes", default="mat-256-large")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--short-side", type=int)
    parser.add_argument("--packed", help="where the packed photos lie meanwhile, for example on a RAM disk")
    given = parser.parse_args()
    photos = photos_in(given.data)
    settings = SampleSettings(size=given.size, holes=given.holes)
    whole = settings.model_copy(update={"draft": False})
    with tempfile.TemporaryDirectory(dir=given.packed) as folder:
        print(f"packing {len(photos.items)} photos, {packed_bytes(photos, given.short_side) / 1e9:.2f} GB", flush=True)
        start = time.perf_counter()
        packed = photos_in(pack(photos, Path(folder, "packed"), short_side=given.short_side).folder)
        print(f"packed in {time.perf_counter() - start:.0f} s", flush=True)
        rows = []
        for name, source, chosen in (
            ("files, decoded whole", photos, whole),
            ("files, JPEG drafts", photos, settings),
            ("packed", packed, settings),
        ):
            rates = [f"{speed(source, chosen, given.samples, workers):,.0f}" for workers in (0, 1, 2)]
            rows.append([name, *rates, f"{cost(source, chosen, given.samples):.2f}"])
    head = ["photos", "0 workers", "1 worker", "2 workers", "ms of processor per photo"]
    title = f"Photos per second at {given.size} x {given.size} with holes of {given.holes} ({machine()})"
    print(table(title, head, rows))


if __name__ == "__main__":
    from script import run_main

    run_main(main)
