"""Runs that are killed or interrupted at any instant: no half file, and the same command goes on where it was."""

import os
import random
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import environment, names_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs process groups and SIGKILL")

COUNT = 40
KILLS = 50
NAMES = [f"{k}.png" for k in range(COUNT)]


@pytest.fixture
def album(tmp_path):
    """photos/ and one mask."""
    (tmp_path / "photos").mkdir()
    rng = np.random.default_rng(0)
    for name in NAMES:
        Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(tmp_path / "photos" / name)
    hole = np.zeros((40, 50), bool)
    hole[10:30, 15:35] = True
    Image.fromarray(hole).save(tmp_path / "mask.png")
    return tmp_path


def start(album, out, jobs=1):
    words = [sys.executable, "-m", "retouch", "batch", "photos", "mask.png", out, "-m", "smooth", "--jobs", str(jobs)]
    return subprocess.Popen(
        words, cwd=album, env=environment(), start_new_session=True, stderr=subprocess.PIPE, text=True
    )


def done(album, out):
    """The results that are there."""
    folder = album / out
    return {name for name in names_in(folder) if not name.startswith(".")} if folder.is_dir() else set()


def until(run, ready):
    """Wait for `ready()` or the end of the process."""
    while run.poll() is None and not ready():
        try:
            run.wait(0.002)
        except subprocess.TimeoutExpired:
            continue


def kill_somewhere(album, dice):
    """Start a run and kill it (or only its parent process) while it starts or after some results; whether it hit."""
    run = start(album, "out", jobs=dice.choice([1, 1, 2]))
    more = dice.choice([0, 1, 1, 2, 3, 4])
    enough = len(done(album, "out")) + more
    until(run, lambda: len(done(album, "out")) >= enough)
    try:
        # Anywhere in the start, or within the next photos.
        run.wait(dice.random() * (0.02 if more else 0.6))
    except subprocess.TimeoutExpired:
        kill = os.killpg if dice.random() < 0.7 else os.kill
        kill(run.pid, signal.SIGKILL)
    run.communicate()
    return run.returncode == -signal.SIGKILL


def contents(album, out):
    return {name: (album / out / name).read_bytes() for name in done(album, out)}


def test_fifty_kills_lose_nothing(album):
    dice = random.Random(7)
    start(album, "whole").communicate()
    whole = contents(album, "whole")
    assert sorted(whole) == sorted(NAMES)
    kills = rounds = 0
    while kills < KILLS:
        kills += kill_somewhere(album, dice)
        for name, content in contents(album, "out").items():
            assert content == whole[name], f"{name} is not whole after {kills} kills"
        if len(done(album, "out")) == COUNT:
            rounds += finished(album, whole)
    rounds += finished(album, whole)
    assert rounds >= 1


def finished(album, whole):
    """Let a run end, check that it gives what the uninterrupted one gave and nothing else, and begin anew."""
    run = start(album, "out", jobs=2)
    _, err = run.communicate()
    assert run.returncode == 0, err
    assert contents(album, "out") == whole
    assert names_in(album / "out") == sorted(NAMES), "temporary files are left"
    for name in NAMES:
        (album / "out" / name).unlink()
    return 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("jobs", [1, 3])
def test_an_interrupted_run_ends_cleanly(album, number, code, jobs):
    run = start(album, "out", jobs)
    until(run, lambda: len(done(album, "out")) >= 2)
    os.killpg(run.pid, number)
    _, err = run.communicate()
    assert run.returncode == code
    assert err == ("retouch: interrupted; nothing half-written is left\n" if code == 130 else "")
    names = names_in(album / "out")
    assert 2 <= len(names) < COUNT
    assert set(names) <= set(NAMES), "temporary files are left"
    for name in names:
        with Image.open(album / "out" / name) as image:
            image.load()


def test_a_killed_worker_costs_one_photo_and_the_next_run_makes_it(album):
    run = start(album, "out")
    until(run, lambda: len(done(album, "out")) >= 2)
    # Held still, so that it does not finish while its worker is looked up.
    os.killpg(run.pid, signal.SIGSTOP)
    os.kill(worker_of(run.pid), signal.SIGKILL)
    os.killpg(run.pid, signal.SIGCONT)
    _, err = run.communicate()
    assert run.returncode == 1
    assert err.count("retouch: failed: ") == 1
    assert "the process was killed by SIGKILL (out of memory?)" in err
    assert len(done(album, "out")) >= COUNT - 1
    again = start(album, "out")
    again.communicate()
    assert again.returncode == 0
    assert names_in(album / "out") == sorted(NAMES)


def worker_of(parent):
    """The number of the worker process of a run."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    return next(int(pid) for pid, above, words in rows if int(above) == parent and "spawn_main" in words)
