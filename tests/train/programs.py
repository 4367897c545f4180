"""Programs that tests run in processes of their own: `python -m tests.train.programs NAME ...`."""

import os
import random
import signal
import sys
from pathlib import Path

import torch

from retouch.train.config import Every, TrainConfig
from retouch.train.loop import train

from .recipes import RECIPES, Memory

EVERY = Every(log=2, checkpoint=4, sheet=0, validation=0)


def once(recipe, out, batch="8", micro="8"):
    """Train a toy; under torchrun, one of its processes."""
    config = TrainConfig(
        out=out, steps=12, batch=int(batch), micro_batch=int(micro), device="cpu", clip=1.0, every=EVERY
    )
    made = RECIPES[recipe]()
    if int(os.environ.get("RANK", "0")):  # the first process's weights count
        for network in made.networks.values():
            torch.nn.init.ones_(next(network.parameters()))
    train(made, Memory(), config)


def killed(recipe, out, kills):
    """Train a toy in child processes that are killed, again and again, until one gets through."""
    torch.set_num_threads(1)
    draw = random.Random(4)
    config = TrainConfig(out=out, steps=32, batch=4, device="cpu", keep=2, every=EVERY)
    for countdown in [draw.randint(1, 70) for _ in range(int(kills))] + [None]:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if countdown is not None:
                    kill_at(countdown, out)
                train(RECIPES[recipe](), Memory(), config)
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        # Only the last one must get through; others may, when their countdown was longer than the rest of the run.
        assert code in (0, -signal.SIGKILL), f"child ended with {code}"
        Path(out).mkdir(exist_ok=True)
        with (Path(out).parent / "codes").open("a") as codes:
            codes.write(f"{code} {sorted(p.name for p in Path(out).iterdir())}\n")


def kill_at(countdown, out):
    """Kill this process with SIGKILL at the countdown-th instant: a step's end, or just before a change in `out`."""

    def instant():
        nonlocal countdown
        countdown -= 1
        if countdown == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event, arguments):
        if event.startswith(("open", "os.", "shutil.")) and any(str(out) in str(a) for a in arguments[:2]):
            instant()

    sys.addaudithook(watch)
    update = torch.optim.Adam.step

    def counted(self, *args, **kwargs):
        instant()
        return update(self, *args, **kwargs)

    torch.optim.Adam.step = counted
    flush = os.fsync

    def counted_flush(number):
        instant()  # the file is written, not flushed
        flush(number)

    os.fsync = counted_flush


if __name__ == "__main__":
    {"once": once, "killed": killed}[sys.argv[1]](*sys.argv[2:])
