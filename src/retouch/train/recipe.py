"""What a training recipe is: the contract between a paper's training step and the loop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from retouch.train.batch import Batch

    Value: TypeAlias = Tensor | float | int | bool | str


@dataclass(frozen=True, eq=False)
class Phase:
    """One backward pass, and usually one update, of a training step.

    Attributes:
        optimiser: name of the optimiser, a key of `Recipe.optimisers()`, whose parameters this loss is for. No other
            parameter receives a gradient, whatever the loss passed through.
        loss: scalar, the mean over the micro-batch.
        log: further scalars to log by name; tensors need no gradient.
        step: update the parameters now; False: this gradient is only added to what later phases of the same
            optimiser will give.
    """

    optimiser: str
    loss: Tensor
    log: Mapping[str, Tensor | float] = field(default_factory=dict)
    step: bool = True


class Recipe(Protocol):
    """What is trained, and how one step of it goes.

    The loop moves `networks` to the device, asks once for `optimisers()`, then calls `step` for every micro-batch.

    Rules for `step`:
        - Between two `yield`s runs one forward pass; the loop runs backward, averages over processes, clips and
          updates before it asks for the next phase. So a loss must not be kept over an update of parameters that it
          went through: compute it again, or detach.
        - All that is random is drawn from `batch.seeds` (`retouch.train.seeds`): then one process gives what two give,
          and a resumed run what an uninterrupted one gives.
        - The phases depend on `k` only, never on the data: every micro-batch and process must yield the same ones.
        - Networks that only judge (a perceptual loss) are no part of `networks`, or they would be saved.
        - Gradient checkpointing inside networks must be the non-reentrant kind.
    """

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Everything with weights to be saved, by name."""
        ...

    @property
    def ema(self) -> tuple[str, ...]:
        """Names of the networks to average over time; sheets, validation and exports use the averages."""
        ...

    def optimisers(self) -> dict[str, Optimizer]:
        """Fresh optimisers over parameters of `networks`, by name; called once, when those are on their device.

        The learning rates are the peaks that the schedule scales.
        """
        ...

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:
        """Yield the phases of training step `k` (from 0) on one micro-batch."""
        ...

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:
        """Fill photos with the given networks (averages where there are) for sheets and validation.

        Args:
            networks: those of `networks`, in evaluation mode.
            photos: [B, 3, H, W] float32 in [0, 1].
            holes: [B, 1, H, W] float32, 1 = hole.
            seeds: [B] int64.

        Returns:
            [B, 3, H, W] float32 in [0, 1]; known pixels as given.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """What an export's card says: {"method": name, "variant": name, "config": JSON-able dict}."""
        ...

    def state_dict(self) -> dict[str, Value]:
        """What else must survive a restart (ADA's probability, running means): tensors and plain values by name."""
        ...

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Take back what `state_dict` gave."""
        ...


class Data(Protocol):
    """What the loop reads: a stream of batches that can be entered at any step.

    Global batch k holds the samples at positions k*batch .. (k+1)*batch - 1 of the endless, seeded order; process
    `rank` of `processes` gets the `rank`-th of `processes` equal, contiguous parts.
    """

    @property
    def fingerprint(self) -> str:
        """Changes when the photos, holes or settings change that shape the stream; a run is not resumed over that."""
        ...

    @property
    def description(self) -> str:
        """One line for people; goes into an export's card."""
        ...

    def batches(self, first: int, *, batch: int, seed: int, rank: int, processes: int) -> Iterable[Batch]:
        """This process's part of the global batches `first`, `first + 1`, ..., without end, on the CPU."""
        ...


@contextlib.contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Parameters need no gradient inside the block: a forward pass there keeps less in memory.

    Phases give gradients to their own optimiser only, so results do not depend on it. Leave the block before the
    `yield`.
    """
    changed = [p for network in networks for p in network.parameters() if p.requires_grad]
    for parameter in changed:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in changed:
            parameter.requires_grad_(True)
