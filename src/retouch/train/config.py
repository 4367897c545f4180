"""Settings of a training run: frozen, unknown keys refused. What a method itself needs is the method's own config."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Schedule(_Settings):
    """Learning rate over the run, as a factor of each optimiser's own rate.

    Attributes:
        kind: "constant"; "cosine" and "linear" fall to `final` at the last step; "step" multiplies by `drop` at each
            of `drops`.
        warm_up: steps over which the rate first rises from 0, linearly.
        final: factor at the last step.
        drops: steps at which the rate drops.
        drop: factor of each drop.
    """

    kind: Literal["constant", "cosine", "linear", "step"] = "constant"
    warm_up: int = Field(default=0, ge=0)
    final: float = Field(default=0.0, ge=0, le=1)
    drops: tuple[int, ...] = ()
    drop: float = Field(default=0.1, gt=0, le=1)

    @model_validator(mode="after")
    def _drops_belong_to_step(self) -> Schedule:
        if self.drops and self.kind != "step":
            raise ValueError(f'drops: given with kind {self.kind!r}; accepted: with kind "step" only')
        if list(self.drops) != sorted(set(self.drops)) or any(d < 1 for d in self.drops):
            raise ValueError(f"drops: is {list(self.drops)}; accepted: rising steps from 1 up")
        return self


class Ema(_Settings):
    """Average of the weights over time (Karras et al., StyleGAN2): after `half_life` images, half is forgotten.

    Attributes:
        half_life: in images.
        ramp: early on the half-life is at most this share of the images seen, so the start is forgotten; None: never.
        decay: per step, instead of a half-life, as other papers state it; None: by `half_life`.
    """

    half_life: float = Field(default=10_000, gt=0)
    ramp: float | None = Field(default=0.05, gt=0)
    decay: float | None = Field(default=None, ge=0, lt=1)


class Every(_Settings):
    """How often things happen, in steps; 0: never (the last step is always logged and saved).

    Attributes:
        log: a row of log.csv.
        checkpoint: everything saved.
        sheet: a sheet of samples.
        validation: measures on held-out photos.
    """

    log: int = Field(default=50, ge=0)
    checkpoint: int = Field(default=1000, ge=0)
    sheet: int = Field(default=1000, ge=0)
    validation: int = Field(default=5000, ge=0)


class TrainConfig(_Settings):
    """A training run.

    Attributes:
        out: folder for checkpoints, log and sheets; made where missing.
        steps: training steps in all, those before a resume included.
        batch: samples per step over all processes and micro-batches.
        micro_batch: samples that pass through the networks at a time on each process, to save memory; None: all of
            the process's share. The gradients are summed up; the result is that of the whole batch.
        precision: "fp32", "bf16" or "fp16" (autocast; fp16 scales its losses).
        device: "auto", "cpu", "cuda", "cuda:1", ...; several processes take "auto" or "cpu".
        seed: of the data's order and holes and of all draws.
        clip: largest norm of an optimiser's gradient; None: not clipped.
        ema: average of the weights; which networks is the recipe's choice.
        schedule: learning rate over the run.
        compile: the averaged networks (or all) through `torch.compile`: slow to start, faster after.
        channels_last: memory layout that suits convolutions on GPUs and on CPUs with bf16.
        gradient_checkpointing: recompute activations in the backward pass: less memory, more time.
        workers: processes that read photos; 0: none.
        every: how often things happen.
        keep: checkpoints kept, the newest; older ones are removed once a new one is complete.
        resume: "auto" continues from the newest checkpoint in `out`; "never" refuses a folder that has one.
        start_from: card of an export whose weights a fresh run starts from, with fresh optimisers.
    """

    out: Path
    steps: int = Field(ge=1)
    batch: int = Field(default=16, ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    seed: int = Field(default=0, ge=0, lt=2**63)
    clip: float | None = Field(default=None, gt=0)
    ema: Ema = Ema()
    schedule: Schedule = Schedule()
    compile: bool = False
    channels_last: bool = False
    gradient_checkpointing: bool = False
    workers: int = Field(default=0, ge=0)
    every: Every = Every()
    keep: int = Field(default=3, ge=1)
    resume: Literal["auto", "never"] = "auto"
    start_from: Path | None = None

    def accumulate(self, processes: int) -> int:
        """Micro-batches per step on each of `processes` processes.

        Raises:
            ValueError: the batch cannot be cut into equal parts.
        """
        local, rest = divmod(self.batch, processes)
        if rest:
            raise ValueError(f"batch: is {self.batch}; accepted: a multiple of the {processes} processes")
        if self.micro_batch is None or self.micro_batch >= local:
            return 1
        if local % self.micro_batch:
            raise ValueError(
                f"micro_batch: is {self.micro_batch}; accepted: a divisor of {local}, each process's share"
            )
        return local // self.micro_batch
