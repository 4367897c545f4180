"""PSM's network on PyTorch or onnxruntime, as `Psm` calls it, and the way from trained weights to either."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.methods.psm.config import MULTIPLE, SMALLEST, Network, PsmConfig
from retouch.methods.psm.method import NEEDS, Psm
from retouch.ops.onnx import open_onnx, open_sizes, write_onnx

if TYPE_CHECKING:
    import torch

    from retouch.methods.base import Needs
    from retouch.methods.psm.network import Generator
    from retouch.methods.psm.spread import Array

INPUTS = ("x", "m0", "m", "u", "tau", "latents", "truncation")
OUTPUTS = ("image_mean", "image_log_variance")  # the exporter calls an inner value "mean"
CONFIG = "retouch.psm.network"  # key of the network's config in the file's metadata


def needs(config: Mapping[str, Any]) -> Needs:
    """What a network of this configuration, an export card's, asks of its caller.

    Raises:
        ValueError: it is none of this method's; a pydantic error that names the field.
    """
    own = PsmConfig.model_validate(config)
    return dataclasses.replace(NEEDS, native=own.size, steps=own.iterations)


def build(needs: Needs, device: str, weights: Path) -> Psm:
    """PSM over the generator of an export, on PyTorch.

    Args:
        needs: as `needs` gives for its card.
        device: "auto", or one by name.
        weights: the card.

    Raises:
        FileNotFoundError: the weights beside the card are missing.
        ValueError: the weights are not those of the card, of such a network, or not finite; no such device here.
    """
    from retouch.methods.torch_method import find_device

    place = find_device(device)
    return Psm(TorchRunner(load_generator(weights), place), needs)


def load_generator(card: str | os.PathLike[str]) -> Generator:
    """The trained generator of an export, on the CPU; what `export_onnx` takes.

    Raises:
        FileNotFoundError: the card or the weights beside it are missing.
        ValueError: it is no export of PSM's; the weights are not those of the card, or not of such a network.
    """
    from retouch.methods.psm.network import Generator
    from retouch.methods.torch_method import load_network
    from retouch.train.export import load_export

    export = load_export(card, "psm")
    config = PsmConfig.model_validate(export.card.config).network
    return load_network(lambda: Generator(config), export, "generator", Path(card))


def load_onnx(file: str | os.PathLike[str], config: PsmConfig) -> Psm:
    """PSM over an exported network, on onnxruntime; errors as `OnnxRunner`."""
    if not isinstance(config, PsmConfig):
        raise ValueError(f"config: {config!r} is no PsmConfig; accepted: one, such as variant('small')")
    return Psm(OnnxRunner(file, config.network), needs(config.model_dump()))


class TorchRunner:
    """A `method.Runner` over the module.

    Args:
        network: the generator; it is moved, and put into evaluation mode.
        device: where it runs.

    Raises:
        ValueError: a weight is not finite.
    """

    def __init__(self, network: Generator, device: str | torch.device = "cpu") -> None:
        import torch

        for name, tensor in network.state_dict().items():
            if not tensor.isfinite().all():
                raise ValueError(f"weights: {name!r} has NaN or infinite values; accepted: finite ones")
        self.device = torch.device(device)
        self.network = network.to(self.device).eval()
        self.latent_size = network.config.latent

    def __call__(
        self, x: Array, m0: Array, m: Array, u: Array, tau: float, latents: Array, truncation: float
    ) -> tuple[Array, Array]:
        """Mean and log-variance, both [B, 3, H, W] float32; arguments as `method.Runner`."""
        import torch

        given = [torch.from_numpy(np.ascontiguousarray(a)).to(self.device) for a in (x, m0, m, u, latents)]
        with torch.inference_mode():
            mean, log_variance = self.network(*given[:4], tau, given[4], truncation)  # [B, 3, H, W] each
        return mean.float().cpu().numpy(), log_variance.float().cpu().numpy()


class OnnxRunner:
    """A `method.Runner` over a file that `export_onnx` wrote; needs no PyTorch.

    Args:
        file: the ONNX file.
        config: of the network that it must be.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, no network of PSM, or one of another config.
    """

    def __init__(self, file: str | os.PathLike[str], config: Network) -> None:
        self.session, there = open_onnx(file, CONFIG, Network)
        if there != config:
            name = next(name for name in Network.model_fields if getattr(there, name) != getattr(config, name))
            values = f"{getattr(there, name)}, the config has {getattr(config, name)}"
            raise ValueError(f"onnx: {file} has {name} {values}; accepted: a file and a config of the same network")
        self.latent_size = config.latent

    def __call__(
        self, x: Array, m0: Array, m: Array, u: Array, tau: float, latents: Array, truncation: float
    ) -> tuple[Array, Array]:
        """Mean and log-variance, both [B, 3, H, W] float32; arguments as `method.Runner`."""
        values = (x, m0, m, u, tau, latents, truncation)
        given = {name: np.asarray(value, np.float32) for name, value in zip(INPUTS, values, strict=True)}
        mean, log_variance = self.session.run(list(OUTPUTS), given)
        return mean, log_variance


def export_onnx(network: Generator, file: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write the network as ONNX with batch, height and width left open; `overwrite` and errors as `write_onnx`.

    The file says which config its network has, so that `OnnxRunner` can tell.
    """
    batch, height, width = open_sizes(MULTIPLE)
    plane = {0: batch, 2: height, 3: width}
    write_onnx(
        network,
        file,
        _example(network.config.latent),
        inputs=INPUTS,
        outputs=OUTPUTS,
        sizes=(plane, plane, plane, plane, None, {0: batch}, None),
        key=CONFIG,
        config=network.config,
        overwrite=overwrite,
    )


def _example(latent: int) -> tuple[torch.Tensor, ...]:
    """Two samples, wider than high."""
    import torch

    height, width = SMALLEST + MULTIPLE, SMALLEST + 2 * MULTIPLE
    planes = [torch.zeros(2, channels, height, width) for channels in (3, 1, 1, 1)]
    return (*planes, torch.tensor(0.5), torch.ones(2, latent), torch.tensor(1.0))
