"""Running a protocol: models on photos with holes, resumable, over processes and machines.

plan ─▶ chunks of 16 samples ─▶ fill, measure, features ─▶ OUT/chunks/... ─▶ figures ─▶ OUT/results.json, OUT/pictures

from retouch.bench.run import make_plan, run
results = run(make_plan("val-256", "photos", ["patchmatch", "telea"]), "out", jobs=2)
"""

from retouch.bench.run.merge import merge
from retouch.bench.run.plan import Plan, make_plan
from retouch.bench.run.running import run

__all__ = ["Plan", "make_plan", "merge", "run"]
