"""The processes of a run: which device each works on, and what they tell one another.

Accelerate finds devices and joins the processes that `torchrun` or `accelerate launch` started. Its wrappers are not
used: they tie one forward pass to one backward pass, which alternating updates do not keep to.
"""

from __future__ import annotations

import atexit
import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import Tensor

if TYPE_CHECKING:
    from torch import nn

# Gloo's threads let go of a tensor a little after the exchange is over. If theirs is the last reference they need the
# interpreter for it, and abort the process when that is just ending (PyTorch issue 190489). A run ends with exchanges
# of these.
_LAST: deque[Tensor] = deque(maxlen=8)


@dataclass(frozen=True)
class Processes:
    """This process among those of the run.

    Attributes:
        rank: its number, from 0; the process 0 alone writes files and reports.
        count: how many there are.
        device: what it computes on.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Is it the one that writes and reports?"""
        return self.rank == 0

    def average(self, values: Tensor) -> Tensor:
        """Mean over all processes; `values` itself is overwritten. Every process must call it with the same shape."""
        if self.count > 1:
            dist.all_reduce(values)
            values /= self.count
        return values

    def any(self, flag: bool) -> bool:
        """Is `flag` true on any process?"""
        if self.count == 1:
            return flag
        exchanged = torch.tensor(float(flag), device=self.device)
        _LAST.append(exchanged)
        return bool(self.average(exchanged) > 0)

    def wait(self) -> None:
        """Until all are here."""
        self.any(False)

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Give the tensors of process 0 to all, in place."""
        if self.count > 1:
            for tensor in tensors:
                whole = tensor.detach().contiguous()
                dist.broadcast(whole, 0)
                tensor.detach().copy_(whole)

    def check_same(self, digest: str, what: str) -> None:
        """Raise RuntimeError on every process unless all have the same hexadecimal `digest`."""
        if self.count == 1:
            return
        own = torch.tensor(list(bytes.fromhex(digest)), dtype=torch.int32, device=self.device)  # [bytes]
        first = own.clone()
        dist.broadcast(first, 0)
        if self.any(not torch.equal(own, first)):
            raise RuntimeError(f"{what}: differs between processes; the run cannot be trusted")


def find_processes(device: str) -> Processes:
    """Join the other processes, if there are any, and choose the device.

    Args:
        device: "auto", "cpu", "mps", "cuda" or "cuda:N".

    Raises:
        ValueError: the device is not there, or names one card for several processes.
        ModuleNotFoundError: accelerate is missing.
    """
    from accelerate import PartialState

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"device: is {device!r} but PyTorch sees no CUDA device; accepted here: auto, cpu")
    if device == "mps" and not torch.backends.mps.is_available():
        raise ValueError("device: is 'mps' but PyTorch sees none; accepted here: auto, cpu")
    state = PartialState(cpu=device == "cpu")
    if state.num_processes > 1:
        atexit.unregister(_leave)
        atexit.register(_leave)
        if device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"device: is {device!r} with {state.num_processes} processes; accepted: auto, cpu, cuda")
        return Processes(state.process_index, state.num_processes, state.device)
    # The state lives as long as the Python process, so its own device may be that of an earlier run.
    return Processes(0, 1, state.default_device if device == "auto" else torch.device(device))


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def parameter_digest(networks: Iterable[nn.Module]) -> str:
    """SHA-256 of all parameters, in hexadecimal."""
    digest = hashlib.sha256()
    for network in networks:
        for parameter in network.parameters():
            flat = parameter.detach().cpu().contiguous().reshape(-1)
            digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()
