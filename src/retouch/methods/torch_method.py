"""A network as a Method: the one place that turns arrays into tensors and back. Needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from retouch.methods.base import Filled, Progress, check_cancel
from retouch.weights import fill_module

if TYPE_CHECKING:
    from retouch.methods.base import CancelCallback, Images, Masks, Needs, Options, ProgressCallback
    from retouch.train.export import Export

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, eq=False)
class Call:
    """What a caller asks for besides photos and holes; fields as the arguments of `retouch.methods.base.Method`.

    Attributes:
        seeds: one for each photo.
        options: the method's own.
        scale: of the output.
        progress, cancel: for methods of several steps.
    """

    seeds: Sequence[int]
    options: Options
    scale: int = 1
    progress: ProgressCallback | None = None
    cancel: CancelCallback | None = None


Fill: TypeAlias = Callable[[Tensor, Tensor, Call], Tensor]
"""(photos [N, 3, H, W] float32 in [0, 1], 0 in the hole; holes [N, 1, H, W] float32, 1 = hole; call) to
[N, 3, scale * H, scale * W], around [0, 1]; known pixels need not be kept."""


class TorchMethod:
    """The filling method made of a function of tensors and the networks that it uses.

    Attributes:
        needs: what it asks of its caller.
        device: where the networks are.
        parameters: how many numbers they have learnt.
    """

    def __init__(self, fill: Fill, networks: Sequence[nn.Module], needs: Needs, device: torch.device) -> None:
        self.fill, self.needs, self.device = fill, needs, device
        for network in networks:
            network.to(device).eval().requires_grad_(False)
        self.parameters = sum(p.numel() for network in networks for p in network.parameters())

    def __call__(
        self,
        images: Images,
        masks: Masks,
        options: Options,
        *,
        seeds: Sequence[int] | None = None,
        scale: int = 1,
        progress: ProgressCallback | None = None,
        cancel: CancelCallback | None = None,
    ) -> Filled:
        """Fill `images` [N, H, W, 3] float32 in [0, 1] where `masks` [N, H, W] bool is True.

        Raises:
            ValueError: the network gives NaN, infinite values or another shape.
            Cancelled: `cancel` said so.
        """
        own = [0] * len(images) if seeds is None else list(seeds)
        # One by one on a processor: nothing is lost there, and a photo's fill does not depend on its batch to the bit.
        most = 1 if self.device.type == "cpu" else max(1, len(images))
        filled: list[Images] = []
        for start in range(0, len(images), most):
            check_cancel(cancel)
            part = slice(start, start + most)
            told = partial(_without_pictures, progress) if progress is not None and start else progress
            call = Call(own[part], options, scale, told, cancel)
            filled.append(self._part(images[part], masks[part], call))
            if progress is not None and self.needs.steps is None:  # a method of several steps tells them itself
                progress(Progress("fill", min(start + most, len(images)), len(images)))
        return Filled(np.concatenate(filled))

    def _part(self, images: Images, masks: Masks, call: Call) -> Images:
        hole = masks[..., None]  # [n, H, W, 1]
        blank = images if call.options.sees_hole else np.where(hole, np.float32(0), images)  # [n, H, W, 3]
        with torch.inference_mode():
            out = self.fill(to_tensor(blank, self.device), to_tensor(hole.astype(np.float32), self.device), call)
            if not out.isfinite().all():
                raise ValueError("model: gives values that are no finite numbers; its weights are of no use")
            inside = to_array(out)  # [n, s * H, s * W, 3]
        n, height, width = masks.shape
        if inside.shape != (n, height * call.scale, width * call.scale, 3):
            raise ValueError(f"model: gives {list(inside.shape)} for {list(images.shape)} at scale {call.scale}")
        return np.where(hole, inside, images) if call.scale == 1 else inside


def _without_pictures(progress: ProgressCallback, step: Progress) -> None:
    """Tell a step of a later photo; an animation shows the first one."""
    progress(replace(step, preview=None, panels=None))


def to_tensor(array: Images, device: torch.device) -> Tensor:
    """[N, H, W, C] to [N, C, H, W], float32, on the device."""
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2))).to(device)


def to_array(images: Tensor) -> Images:
    """[N, C, H, W] to [N, H, W, C] float32, clamped to [0, 1]."""
    array: Images = images.float().clamp(0, 1).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return array


def find_device(name: str) -> torch.device:
    """The device called `name`: "cpu", "cuda", "mps", "xpu", or "auto": an accelerator where there is one.

    Raises:
        ValueError: this machine has no such device that PyTorch can use.
    """
    here = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    found = here.type if here is not None else "cpu"
    if name not in ("auto", "cpu", found):
        accepted = ", ".join(dict.fromkeys(("auto", "cpu", found)))
        raise ValueError(f"device: this machine has no {name!r} that PyTorch can use; accepted here: {accepted}")
    return torch.device(found if name == "auto" else name)


def load_network(make: Callable[[], Network], export: Export, name: str, card: Path) -> Network:
    """A network with the weights that an export has under `name`.

    Args:
        make: builds the network.
        export: as `retouch.train.export.load_export` reads it.
        name: of the network in the export.
        card: where it was read, for messages.

    Raises:
        ValueError: the export has no such network, or its weights are for another one.
    """
    if name not in export.networks:
        raise ValueError(f"model: {card} holds {', '.join(export.networks)}; accepted: an export of {name!r}")
    with torch.random.fork_rng(devices=[]):  # the first weights, which are thrown away, leave torch's seed alone
        network = make()
    fill_module(network, export.networks[name], card)
    return network
