"""One training step: the phases of a recipe, backward, exchange, clipping, updates."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from retouch.train.gradients import average_gradients, backward, clip_gradients

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.train.batch import Batch
    from retouch.train.processes import Processes
    from retouch.train.recipe import Phase, Recipe

SMALLEST_SCALE = 2.0**-10  # 26 overflows in a row below the first scale of 65536: these are no rare peaks


class TrainingDiverged(ValueError):
    """A loss or gradient became NaN or infinite; the message names the step and the last good checkpoint."""


class Stepper:
    """Runs training steps of a recipe; keeps the loss scale of each optimiser where precision is fp16."""

    def __init__(
        self,
        recipe: Recipe,
        optimisers: Mapping[str, Optimizer],
        processes: Processes,
        *,
        precision: str = "fp32",
        clip: float | None = None,
    ) -> None:
        self.recipe, self.optimisers, self.processes, self.clip = recipe, optimisers, processes, clip
        self.parameters = {name: [p for g in o.param_groups for p in g["params"]] for name, o in optimisers.items()}
        _check_apart(self.parameters)
        self.autocast = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        # One scaler each: gradients that pile up over phases keep one scale until their own optimiser steps.
        kind = processes.device.type
        self.scalers = {name: torch.amp.GradScaler(kind) for name in optimisers} if precision == "fp16" else {}

    def step(self, parts: Sequence[Batch], k: int) -> dict[str, float]:
        """Run step `k` on the micro-batches `parts`, which lie on the device.

        Returns:
            "loss/NAME" (mean over the updates of that optimiser, averaged over processes), "norm/NAME" (of the gradient
            before clipping) and what the phases log (means over micro-batches of this process).

        Raises:
            TrainingDiverged: a loss or, but for an overflow of fp16, a gradient is NaN or infinite.
            ValueError: a phase names no optimiser, its loss is no scalar with a gradient, micro-batches differ in
                their phases, or gradients were left that no phase stepped with.
        """
        values: dict[str, list[float | Tensor]] = {}
        pending: dict[str, Tensor] = {}
        streams = [self.recipe.step(part, k) for part in parts]
        for phases in in_step(streams, lambda phase: self._backward(phase, len(parts)), self._precision):
            name = phases[0].optimiser
            for phase in phases:
                pending[name] = pending.get(name, 0) + phase.loss.detach().float() / len(parts)
                for key, value in phase.log.items():
                    values.setdefault(key, []).append(value)
            if phases[0].step:
                loss, norm = self._update(name, pending.pop(name), k)
                values.setdefault(f"loss/{name}", []).append(loss)
                if math.isfinite(norm):  # an overflow of fp16 is no news
                    values.setdefault(f"norm/{name}", []).append(norm)
        if pending:
            left = ", ".join(pending)
            raise ValueError(f"phases: step {k} left gradients of {left}; accepted: a last phase with step=True")
        return _means(values)

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(self.processes.device.type, self.autocast)

    def _backward(self, phase: Phase, parts: int) -> None:
        if phase.optimiser not in self.optimisers:
            raise ValueError(f"phase: names optimiser {phase.optimiser!r}; accepted: {', '.join(self.optimisers)}")
        if phase.loss.ndim or not phase.loss.requires_grad:
            detail = f"shape {list(phase.loss.shape)}, requires_grad {phase.loss.requires_grad}"
            raise ValueError(f"phase: loss for {phase.optimiser!r} has {detail}; accepted: a scalar with a gradient")
        scaler = self.scalers.get(phase.optimiser)
        loss = phase.loss / parts
        backward(loss if scaler is None else scaler.scale(loss), self.parameters[phase.optimiser])

    def _update(self, name: str, loss: Tensor, k: int) -> tuple[float, float]:
        optimiser, parameters, scaler = self.optimisers[name], self.parameters[name], self.scalers.get(name)
        loss = average_gradients(parameters, loss, self.processes)
        if all(p.grad is None for p in parameters):
            raise ValueError(f"phase: the loss for {name!r} reaches none of that optimiser's parameters")
        if scaler is not None:
            scaler.unscale_(optimiser)
        norm = clip_gradients(parameters, self.clip)
        numbers: list[float] = torch.stack([loss, norm.float()]).tolist()
        if not math.isfinite(numbers[0]):
            raise TrainingDiverged(f"step {k}: the loss of {name!r} is {numbers[0]}")
        if scaler is None:
            if not math.isfinite(numbers[1]):
                raise TrainingDiverged(f"step {k}: the gradient of {name!r} has the norm {numbers[1]}")
            optimiser.step()
        else:
            scaler.step(optimiser)  # leaves the update out where a gradient overflowed
            scaler.update()
            if scaler.get_scale() < SMALLEST_SCALE:
                raise TrainingDiverged(f"step {k}: the gradient of {name!r} overflows fp16 at every loss scale")
        optimiser.zero_grad(set_to_none=True)
        return numbers[0], numbers[1]


def in_step(
    streams: Sequence[Iterator[Phase]],
    backward: Callable[[Phase], None],
    precision: Callable[[], contextlib.AbstractContextManager[object]],
) -> Iterator[list[Phase]]:
    """Advance the phases of all micro-batches together; yields the i-th phase of each after their backward passes.

    Each phase goes backward before the next micro-batch goes forward, so that one graph is in memory at a time.

    Raises:
        ValueError: the streams differ in optimiser, `step` or logged names.
    """
    while True:
        phases: list[Phase | None] = []
        for stream in streams:
            with precision():
                phase = next(stream, None)
            if phases and _shape(phase) != _shape(phases[0]):
                other = f"micro-batch {len(phases) + 1} gave {_shape(phase)}, micro-batch 1 gave {_shape(phases[0])}"
                raise ValueError(f"phases: {other}; accepted: the same phases for all")
            if phase is not None:
                backward(phase)
            phases.append(phase)
        ready = [phase for phase in phases if phase is not None]
        if not ready:
            return
        yield ready


def _shape(phase: Phase | None) -> str:
    if phase is None:
        return "the end"
    return f"a phase of {phase.optimiser!r} (step={phase.step}, log of {', '.join(phase.log) or 'nothing'})"


def _check_apart(parameters: Mapping[str, Sequence[object]]) -> None:
    owner: dict[int, str] = {}
    for name, own in parameters.items():
        for parameter in own:
            other = owner.setdefault(id(parameter), name)
            if other != name:
                raise ValueError(f"optimisers: {other!r} and {name!r} share a parameter; accepted: one optimiser each")


def _means(values: Mapping[str, Sequence[float | Tensor]]) -> dict[str, float]:
    tensors = [v for each in values.values() for v in each if isinstance(v, Tensor)]
    # One transfer from the device for all of them.
    flat = [v.detach().float().reshape(()).to(tensors[0].device) for v in tensors]
    numbers = iter(torch.stack(flat).tolist() if flat else [])
    means = {}
    for name, each in values.items():
        plain = [next(numbers) if isinstance(v, Tensor) else float(v) for v in each]
        means[name] = sum(plain) / len(plain)
    return means
