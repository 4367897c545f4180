"""Measure `retouch bench quick` and put its table into the README, between the two marks.

python benchmarks/readme.py --weights DIR    # DIR holds LPIPS' weights
python benchmarks/readme.py --results OUT    # of a `retouch bench quick -o OUT` that is done
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from retouch.bench.report import markdown_table
from retouch.bench.results import Results
from retouch.bench.run import run
from retouch.bench.run.quick import quick_plan

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- bench quick -->\n", "<!-- end -->\n"
METRICS = ("lpips", "psnr-hole", "seam-colour-offset", "texture-ratio")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--results", type=Path)
    given = parser.parse_args()
    results = Results.load(given.results) if given.results else measure(given.weights)
    known = results.outcomes[0].figures
    table = markdown_table(results, "object", metrics=[name for name in METRICS if name in known], intervals=False)
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{START}\n{table}\n\n{END}{after}", encoding="utf-8")
    print(f"{table}\n\n{results.machine}, retouch {results.versions['retouch']}")


def measure(weights: Path | None) -> Results:
    """The results of the nine photos of the package."""
    with tempfile.TemporaryDirectory() as folder:
        results = run(quick_plan(weights=weights), folder, jobs=1, pictures=0)
    if results is None:
        raise SystemExit("the run is not complete")
    return results


if __name__ == "__main__":
    from script import run_main

    run_main(main)
