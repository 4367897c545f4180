"""Processes that work through a list: each is set up once, and one that dies costs its item and nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from retouch.atomic import remove_unfinished
from retouch.methods.base import check_cancel

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from retouch.methods.base import CancelCallback

Item = TypeVar("Item")
Answer = TypeVar("Answer")

CANCEL_EVERY = 0.2  # seconds between two looks at `cancel`
PATIENCE = 3.0  # seconds that a worker gets to end by itself
MOST_FAILED_STARTS = 3
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def work(
    items: Iterable[Item],
    setup: Callable[[], Callable[[Item], Answer]],
    *,
    jobs: int,
    lost: Callable[[Item, str], Answer],
    cancel: CancelCallback | None = None,
) -> Generator[Answer, None, None]:
    """Answers of the items, in the order in which they are ready.

    Args:
        items: what to work on; sent to the workers one at a time.
        setup: run once in each worker; it returns the function that answers items. It must be picklable.
        jobs: number of processes (started fresh, not forked); 0: no process, all is done in this one.
        lost: makes the answer of an item whose worker died, from the item and the reason.
        cancel: asked while waiting; True raises Cancelled.

    Raises:
        Exception: what `setup` raised.
        OSError: workers end before they are ready.
    """
    if jobs == 0:
        yield from _here(items, setup, cancel)
        return
    crew: Crew[Item, Answer] = Crew(setup, jobs, lost)
    try:
        yield from crew.answers(iter(items), cancel)
        crew.dismiss()
    finally:
        crew.stop()


def _here(
    items: Iterable[Item], setup: Callable[[], Callable[[Item], Answer]], cancel: CancelCallback | None
) -> Generator[Answer, None, None]:
    handle = setup()
    for item in items:
        check_cancel(cancel)
        yield handle(item)


@dataclass(eq=False)
class Worker(Generic[Item]):
    """A process, our end of its pipe, and what it is at."""

    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    items: tuple[Item, ...] = ()  # the one it has, or none

    def reason(self) -> str:
        """Why it ended."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-code).name
                return f"the process was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
        return f"the process ended with code {code}"


class Crew(Generic[Item, Answer]):
    """The workers of one run."""

    def __init__(
        self, setup: Callable[[], Callable[[Item], Answer]], jobs: int, lost: Callable[[Item, str], Answer]
    ) -> None:
        self.setup = setup
        self.jobs = jobs
        self.lost = lost
        self.workers: dict[Connection, Worker[Item]] = {}
        self.failed_starts = 0

    def answers(self, items: Iterator[Item], cancel: CancelCallback | None) -> Iterator[Answer]:
        """Hand out the items and collect what comes back."""
        waiting = next(items, None)
        while waiting is not None or any(worker.items for worker in self.workers.values()):
            while waiting is not None and len(self.workers) < self.jobs:
                self._start()
            for pipe in wait(list(self.workers), timeout=None if cancel is None else CANCEL_EVERY):
                worker = self.workers[cast("Connection", pipe)]
                yield from self._heard(worker)
                if waiting is not None and worker.ready and not worker.items and worker.pipe in self.workers:
                    waiting = self._hand_out(worker, waiting, items)
            check_cancel(cancel)

    def _hand_out(self, worker: Worker[Item], item: Item, items: Iterator[Item]) -> Item | None:
        """Give `item` to a worker and return the next one; a worker that is gone gets nothing."""
        try:
            worker.pipe.send(item)
        except OSError:
            self._bury(worker)
            return item
        worker.items = (item,)
        return next(items, None)

    def _heard(self, worker: Worker[Item]) -> Iterator[Answer]:
        try:
            message: Any = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._gone(worker)
            return
        if worker.ready:
            worker.items = ()
            yield message
        elif message is None:
            worker.ready, self.failed_starts = True, 0
        else:
            raise message

    def _gone(self, worker: Worker[Item]) -> Iterator[Answer]:
        self._bury(worker)
        reason = worker.reason()
        if not worker.ready:
            self.failed_starts += 1
            if self.failed_starts >= MOST_FAILED_STARTS:
                raise OSError(f"worker processes do not start: {reason}")
        for item in worker.items:
            yield self.lost(item, reason)

    def _bury(self, worker: Worker[Item]) -> None:
        del self.workers[worker.pipe]
        worker.pipe.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        threads = max(1, (os.cpu_count() or 1) // self.jobs)
        process = context.Process(target=_serve, args=(theirs, self.setup, threads), daemon=True)
        with _without_interrupt():
            process.start()
        # With our copy of its end closed, the death of the process shows as an end of file.
        theirs.close()
        self.workers[ours] = Worker(process, ours)

    def dismiss(self) -> None:
        """Tell the workers that there is nothing more and wait for them."""
        for worker in self.workers.values():
            worker.pipe.close()
        for worker in self.workers.values():
            worker.process.join(PATIENCE)

    def stop(self) -> None:
        """End what still runs; a worker that is told to leaves no temporary file."""
        workers = [worker for worker in self.workers.values() if worker.process.is_alive()]
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join(PATIENCE)
        self.workers.clear()


@contextlib.contextmanager
def _without_interrupt() -> Iterator[None]:
    """Start a process that does not hear Ctrl-C, not even before its first line runs: its parent tells it to end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Python starts this helper with the first process and lets interrupts through again when it has: not in our midst.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, setup: Callable[[], Callable[[Any], Any]], threads: int) -> None:
    """What runs in a worker: set up, then answer until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    for name in _THREADS:
        # Read by the numeric libraries when they are first imported, which is after this.
        os.environ.setdefault(name, str(threads))
    try:
        handle = setup()
    except Exception as error:
        pipe.send(_sendable(error))
        return
    try:
        # The parent may be gone, which nobody needs to be told.
        with contextlib.suppress(EOFError, OSError):
            pipe.send(None)
            while True:
                pipe.send(handle(pipe.recv()))
    finally:
        remove_unfinished()


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _leave(_signal: int, _frame: object) -> None:
    # A second request must not interrupt the clean-up of the first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # As an exception it lets an open temporary file be removed.
    sys.exit(128 + signal.SIGTERM)
