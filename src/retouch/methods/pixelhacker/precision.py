"""The network on its device in the precision that a fill asks for. Needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from retouch.methods.pixelhacker.attention import LowRankGateAttention, OuterGateAttention

if TYPE_CHECKING:
    from retouch.methods.pixelhacker.config import Network
    from retouch.methods.pixelhacker.network import LcgModel

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Placed:
    """The network in the precision last asked for; another one is loaded again, so that nothing is rounded twice.

    Threads may share it: who has got a network keeps it.

    Args:
        load: makes the network, in float32, on the CPU.
        device: where it runs.
    """

    def __init__(self, load: Callable[[], LcgModel], device: torch.device) -> None:
        self._load, self._device, self._lock = load, device, Lock()
        self._asked, self._now = ("fp32", False), Rounded(load().to(device))

    @property
    def parameters(self) -> int:
        """How many numbers the network has learnt."""
        return sum(p.numel() for p in self._now.network.parameters())

    def at(self, dtype: str, offload: bool) -> Rounded:
        """The network in this precision, whole on the device or, with `offload`, layer by layer.

        Raises:
            ValueError: this processor does not compute in that precision, or there is nothing to offload from.
            ImportError: `offload` needs accelerate.
        """
        if self._device.type == "cpu":
            check_processor(dtype)
            if offload:
                raise ValueError("offload: the model runs on the processor, whose memory it is in; accepted: on a GPU")
        with self._lock:
            if self._asked != (dtype, offload):
                network = self._load().to(_DTYPES[dtype])
                self._now = Rounded(offloaded(network, self._device) if offload else network.to(self._device))
                self._asked = (dtype, offload)
            return self._now


class Rounded:
    """A network in its own precision behind float32: what `sample.sample` calls."""

    def __init__(self, network: LcgModel) -> None:
        self.network = network.requires_grad_(False).eval()
        self.dtype = next(network.parameters()).dtype

    @property
    def config(self) -> Network:
        """What it is made of."""
        return self.network.config

    def context(self, ids: Tensor) -> Tensor:
        """Tokens [B, n, D] of the embedding's rows [B, n]."""
        return self.network.context(ids)

    def denoise(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """The noise [B, c, h, w] float32 in x [B, 2c + 1, h, w] float32."""
        return self.network.denoise(x.to(self.dtype), timesteps, context).float()


def check_processor(dtype: str) -> None:
    """Refuse half precision that this processor has no instructions for.

    Raises:
        ValueError: it would take many times as long as float32, or PyTorch has no such functions.
    """
    if not _computes(dtype):
        accepted = ", ".join(repr(name) for name in _DTYPES if _computes(name))
        raise ValueError(f"dtype: this processor does not compute in {dtype!r}; accepted here: {accepted}, or a GPU")


def _computes(dtype: str) -> bool:
    """Whether this processor has instructions for the precision."""
    asked = getattr(torch.ops.mkldnn, f"_is_mkldnn_{dtype}_supported", None)
    return dtype == "fp32" or (asked is not None and asked())


def offloaded(network: LcgModel, device: torch.device) -> LcgModel:
    """The network with its weights in the computer's memory; each layer's are on the device while it computes.

    Raises:
        ImportError: accelerate is not installed.
    """
    try:
        from accelerate import cpu_offload
    except ImportError as error:
        raise ImportError("offload: needs accelerate; pip install 'retouch[diffusion]'") from error
    # These use their normalisation's weights themselves, so theirs are brought all at once.
    attentions = [LowRankGateAttention.__name__, OuterGateAttention.__name__]
    cpu_offload(network, execution_device=device, preload_module_classes=attentions)
    return network
