"""What tests of runs share; importable by the processes of a run."""

import os

from retouch.bench.run import make_plan
from retouch.bench.run.worker import Worker


def plan_of(folder, models, **options):
    return make_plan("val-256", folder, models, **options)


def comparable(results):
    """Everything of the results but times and memory."""
    found = results.model_dump(exclude={"finished", "seconds"})
    for outcome in found["outcomes"]:
        del outcome["memory"]
        for image in outcome["images"]:
            del image["seconds"]
    return found


class Dying(Worker):
    """Its process ends at the first chunk of any model."""

    def __call__(self, chunk):
        if chunk.start == 0:
            os._exit(7)
        return super().__call__(chunk)


def die_on_first_chunk(plan, out):
    return Dying(plan, out)
