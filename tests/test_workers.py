"""Worker processes: every item is answered once, whatever happens to who works on it."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from retouch.batch.workers import work
from retouch.methods.base import Cancelled
from tests import workers_for_tests as workers
from tests.cli.conftest import environment


def answers(items, setup=workers.doubling, jobs=2, **more):
    return list(work(items, setup, jobs=jobs, lost=lambda item, reason: (item, reason), **more))


@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_every_item_is_answered(jobs):
    assert sorted(answers(range(8), jobs=jobs)) == [0, 2, 4, 6, 8, 10, 12, 14]


@pytest.mark.parametrize("jobs", [0, 2])
def test_nothing_to_do(jobs):
    assert answers([], jobs=jobs) == []


def test_one_process_keeps_the_order():
    assert answers(range(6), jobs=1) == [0, 2, 4, 6, 8, 10]


def test_a_killed_worker_costs_its_item_only():
    found = answers([1, 13, 2, 14, 3], jobs=1)
    assert [answer for answer in found if isinstance(answer, int)] == [2, 4, 6]
    assert (13, "the process was killed by SIGKILL (out of memory?)") in found
    assert (14, "the process ended with code 5") in found
    assert len(found) == 5


def test_each_worker_is_set_up_once(tmp_path):
    answers(range(10), setup=workers.counting_in(tmp_path / "log"), jobs=2)
    lines = (tmp_path / "log").read_text().splitlines()
    assert 1 <= len(lines) <= 2
    assert len(set(lines)) == len(lines)
    assert str(os.getpid()) not in lines


@pytest.mark.parametrize("jobs", [0, 2])
def test_what_setup_raises_is_raised(jobs):
    with pytest.raises(ImportError, match="needs the extra 'nothing'"):
        answers([1], setup=workers.refusing, jobs=jobs)


def test_what_setup_raises_and_cannot_be_sent_is_told():
    with pytest.raises(RuntimeError, match="Unsendable: one two"):
        answers([1], setup=workers.refusing_unsendably, jobs=1)


def test_workers_that_never_start_end_the_run():
    with pytest.raises(OSError, match="do not start: the process ended with code 3"):
        answers([1, 2], setup=workers.dying, jobs=1)


@pytest.mark.parametrize("jobs", [0, 1])
def test_cancel(jobs):
    with pytest.raises(Cancelled):
        answers(range(5), jobs=jobs, cancel=lambda: True)


def test_threads_of_numeric_libraries_are_limited(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    items = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"]
    (one, own), (_, given) = answers(items, setup=workers.telling_threads, jobs=1)
    assert one != os.getpid()
    assert int(own) == (os.cpu_count() or 1)
    assert given == "7"
    assert "OMP_NUM_THREADS" not in os.environ


def test_stopping_early_leaves_no_process():
    import multiprocessing

    running = work(range(100), workers.doubling, jobs=2, lost=lambda item, reason: item)
    assert next(running) % 2 == 0
    running.close()
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal masks here")
def test_the_very_first_process_does_not_hear_an_interrupt_either():
    """Starting one makes Python start its resource tracker, which lets interrupts through when it is done."""
    lines = """
        import signal
        from multiprocessing import resource_tracker
        from retouch.batch.workers import _without_interrupt
        with _without_interrupt():
            resource_tracker.ensure_running()  # as `Process.start` does
            print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
        print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
    """
    words = [sys.executable, "-c", textwrap.dedent(lines)]
    told = subprocess.run(words, capture_output=True, text=True, check=True, env=environment())
    assert told.stdout.split() == ["True", "False"], told.stderr
