"""The training loop."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch

from retouch.train.checkpoints import newest, read_checkpoint, remove_unfinished, write_checkpoint
from retouch.train.ema import decay
from retouch.train.events import Event, Trained, TrainProgress
from retouch.train.lock import alone_in
from retouch.train.log import Log
from retouch.train.processes import find_processes
from retouch.train.run import Run, capture, prepare, restore
from retouch.train.schedules import factor, set_rates
from retouch.train.seeds import seeded
from retouch.train.stepper import TrainingDiverged

if TYPE_CHECKING:
    from torch import nn

    from retouch.train.batch import Batch
    from retouch.train.config import TrainConfig
    from retouch.train.processes import Processes
    from retouch.train.recipe import Data, Recipe

    ProgressCallback = Callable[[TrainProgress], object]
    EventCallback = Callable[[Event], object]
    Listeners = tuple[ProgressCallback | None, Callable[[], bool] | None, EventCallback | None]


def train(
    recipe: Recipe,
    data: Data,
    config: TrainConfig,
    *,
    progress: ProgressCallback | None = None,
    cancel: Callable[[], bool] | None = None,
    on_event: EventCallback | None = None,
) -> Trained:
    """Train a recipe; the same call continues a run that was killed or cancelled.

    Called by every process that `torchrun` started; the first one writes `out/log.csv` and `out/step-000100/`, ...,
    which all of them must be able to read. On one CPU process with the same number of threads, a continued run has the
    very losses of one that was never interrupted.

    Args:
        recipe: what is trained; its networks are trained in place.
        data: the stream of batches.
        config: settings.
        progress: called after every step, on the main process.
        cancel: asked before every step; True ends the run with a checkpoint.
        on_event: called at logs, checkpoints, sheets and validations, on the main process.

    Returns:
        The networks and where the run stands.

    Raises:
        TrainingDiverged: a loss or gradient became NaN or infinite; the last good checkpoint stays.
        ValueError: the settings do not fit each other, the recipe, or the run in `out`.
        OSError: something could not be written, and the last good checkpoint stays; or another process trains into
            `out`.
    """
    processes = find_processes(config.device)
    config.accumulate(processes.count)  # refuses batches that cannot be cut before anything is written
    _check_out(config)
    if processes.is_main:
        config.out.mkdir(parents=True, exist_ok=True)
    with alone_in(config.out) if processes.is_main else contextlib.nullcontext():
        return _train(recipe, data, config, processes, (progress, cancel, on_event))


def _train(recipe: Recipe, data: Data, config: TrainConfig, processes: Processes, listeners: Listeners) -> Trained:
    progress, cancel, on_event = listeners
    if config.start_from is not None and newest(config.out) is None:
        from retouch.train.export import start_from

        start_from(recipe, config.start_from)
    run = prepare(recipe, data, config, processes)
    tell = on_event if on_event is not None and processes.is_main else _nobody
    first = _resume(run)
    tell(Event("start", first, first * config.batch))
    step = _go_on(run, first, progress, cancel, tell)
    if step == 0 or (step > first and not _due(config.every.checkpoint, step)):
        _save(run, step, tell)
    processes.wait()
    folder = newest(config.out)
    assert folder is not None
    finished = step >= config.steps
    return Trained(step, step * config.batch, finished, recipe.networks, run.averages.networks, folder)


def _go_on(
    run: Run, first: int, progress: ProgressCallback | None, cancel: Callable[[], bool] | None, tell: EventCallback
) -> int:
    """Steps from `first` to the end or until cancelled; returns the steps done then."""
    config, processes = run.config, run.processes
    parts = config.accumulate(processes.count)
    log = Log(config.out / "log.csv", first) if processes.is_main else None
    share = {"batch": config.batch, "seed": config.seed, "rank": processes.rank, "processes": processes.count}
    batches = iter(run.data.batches(first, **share)) if first < config.steps else iter(())
    for step in range(first, config.steps):
        if processes.any(cancel is not None and cancel()):
            return step
        batch = next(batches).to(processes.device, _layout(config))
        values = _one_step(run, batch.split(parts), step)
        done, last = step + 1, step + 1 == config.steps
        if progress is not None and processes.is_main:
            progress(TrainProgress(done, config.steps, done * config.batch, values))
        if last or _due(config.every.log, done):
            _write_row(run, log, done, tell)
        if _due(config.every.checkpoint, done):
            _save(run, done, tell)
        _show(run, done, last, tell)
    return max(first, config.steps)


def _one_step(run: Run, parts: list[Batch], step: int) -> dict[str, float]:
    config = run.config
    scale = factor(config.schedule, step, config.steps)
    set_rates(run.stepper.optimisers.values(), scale)
    try:
        with seeded(config.seed, step, run.processes.rank, run.processes.device):
            values = run.stepper.step(parts, step)
    except TrainingDiverged as error:
        raise TrainingDiverged(f"{error}; the last good checkpoint is {newest(config.out) or 'none'}") from error
    keep = decay(config.ema, step * config.batch, config.batch)
    run.averages.update(run.recipe.networks, keep)
    run.window.add(values)
    return values


def _resume(run: Run) -> int:
    """Steps done before; leftovers of a killed run are removed."""
    if run.processes.is_main:
        remove_unfinished(run.config.out)
    run.processes.wait()
    folder = newest(run.config.out)
    if folder is None:
        return 0
    checkpoint = read_checkpoint(folder)
    restore(run, checkpoint)
    return checkpoint.state.step


def _save(run: Run, step: int, tell: EventCallback) -> None:
    checkpoint = capture(run, step)
    if run.processes.is_main:
        folder = write_checkpoint(run.config.out, checkpoint, run.config.keep)
        tell(Event("checkpoint", step, step * run.config.batch, folder=folder))
    run.processes.wait()


def _write_row(run: Run, log: Log | None, step: int, tell: EventCallback) -> None:
    means = run.window.means()
    run.window.sums.clear()
    # The recipe's own values are those of one process so far.
    numbers = torch.tensor(list(means.values()), dtype=torch.float32, device=run.processes.device)  # [values]
    if run.processes.count > 1:
        means = dict(zip(means, run.processes.average(numbers).tolist(), strict=True))
    rates = {f"rate/{name}": o.param_groups[0]["lr"] for name, o in run.stepper.optimisers.items()}
    if log is not None:
        images = step * run.config.batch
        log.append(step, images, {**means, **rates})
        tell(Event("log", step, images, values={**means, **rates}))


def _show(run: Run, step: int, last: bool, tell: EventCallback) -> None:
    every = run.config.every
    for kind, interval in (("sheet", every.sheet), ("validation", every.validation)):
        if interval and (last or _due(interval, step)) and tell is not _nobody:
            networks = {**run.recipe.networks, **run.averages.networks}
            with _evaluating(networks), torch.no_grad():
                tell(Event(kind, step, step * run.config.batch, networks=networks))  # type: ignore[arg-type]


@contextlib.contextmanager
def _evaluating(networks: dict[str, nn.Module]) -> Iterator[None]:
    modes = [(module, module.training) for network in networks.values() for module in network.modules()]
    for network in networks.values():
        network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _check_out(config: TrainConfig) -> None:
    if config.out.exists() and not config.out.is_dir():
        raise NotADirectoryError(f"out: {config.out} is a file; accepted: a folder")
    if config.resume == "never" and newest(config.out) is not None:
        raise ValueError(f'resume: is "never" but {config.out} has checkpoints; accepted: "auto", or another out')


def _layout(config: TrainConfig) -> torch.memory_format:
    return torch.channels_last if config.channels_last else torch.contiguous_format


def _due(interval: int, step: int) -> bool:
    return interval > 0 and step % interval == 0


def _nobody(_: Event) -> None:
    pass
