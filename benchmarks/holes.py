"""How fast masks are drawn, and what they look like in numbers.

python benchmarks/holes.py                 masks per second and core, at 256 x 256 and at the native size
python benchmarks/holes.py --statistics    share of hole and connected parts of 2,000 masks; rows of measured.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from measure import machine, table

from retouch.holes import RECIPES, Recipe, SyntheticBlobs, draw, item_rng, share


def speed(recipe: Recipe, side: int, seconds: float = 1.0) -> float:
    """Masks per second of processor time."""
    source = SyntheticBlobs() if recipe.shapes else None
    drawn, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        draw(recipe.name, (side, side), item_rng(0, drawn), objects=source)
        drawn += 1
    return drawn / (time.process_time() - start)


def statistics(recipe: Recipe, count: int = 2000) -> str:
    """One row of `retouch/holes/measured.py`."""
    import cv2

    shares, parts = [], []
    for k in range(count):
        hole = draw(recipe.name, (recipe.native, recipe.native), item_rng(0, k))
        shares.append(share(hole))
        parts.append(cv2.connectedComponents(hole.astype(np.uint8), connectivity=4)[0] - 1)
    return f'    Measured("{recipe.name}", {np.mean(shares):.3f}, {np.std(shares):.3f}, {np.mean(parts):.2f}),'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statistics", action="store_true")
    if parser.parse_args().statistics:
        for recipe in RECIPES:
            print(statistics(recipe), flush=True)
        return
    rows = []
    for recipe in RECIPES:
        rates = [speed(recipe, side) for side in (256, recipe.native)]
        rows.append([recipe.name, f"{rates[0]:,.0f}", str(recipe.native), f"{rates[1]:,.0f}"])
    print(table(f"Masks per second and core ({machine()})", ["recipe", "at 256", "native", "at native"], rows))


if __name__ == "__main__":
    from script import run_main

    run_main(main)
