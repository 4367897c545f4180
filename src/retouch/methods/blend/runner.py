"""Blend's network on PyTorch or onnxruntime, and the way from trained weights to either."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.methods.blend.config import MULTIPLE, BlendConfig
from retouch.methods.blend.method import method, needs
from retouch.ops.onnx import open_onnx, open_sizes, write_onnx

if TYPE_CHECKING:
    import torch

    from retouch.methods.base import Images, Needs, PerImage
    from retouch.methods.blend.network import Blender

INPUTS = ("photos", "holes", "fills")
CONFIG = "retouch.blend"  # key of the config in the file's metadata


def build(needs: Needs, device: str, weights: Path) -> PerImage:
    """The method over an export of `retouch train`, on PyTorch.

    Args:
        needs: as `method.needs` gives for its card.
        device: "auto", or one by name.
        weights: the card.

    Raises:
        FileNotFoundError: the weights beside the card are missing.
        ValueError: the weights are not those of the card or of such a network; no such device here.
    """
    from retouch.methods.blend.network import Blender
    from retouch.methods.torch_method import find_device, load_network
    from retouch.train.export import load_export

    place, export = find_device(device), load_export(weights)
    config = BlendConfig.model_validate(export.card.config)
    network = load_network(lambda: Blender(config.network), export, "blender", weights)
    return method(TorchRunner(network, place), config.network, needs)


def build_onnx(needs: Needs, device: str, weights: Path) -> PerImage:  # noqa: ARG001 - it runs on the CPU
    """The method over a file of `export_onnx`, without PyTorch; errors as `OnnxRunner`."""
    runner = OnnxRunner(weights)
    return method(runner, runner.config.network, needs)


def load_onnx(file: str | os.PathLike[str]) -> PerImage:
    """The same with what it asks of its caller as the file says."""
    runner = OnnxRunner(file)
    return method(runner, runner.config.network, needs(runner.config.model_dump()))


class TorchRunner:
    """A `method.Runner` over the module, which is moved to the device and put into evaluation mode."""

    def __init__(self, network: Blender, device: str | torch.device = "cpu") -> None:
        import torch

        self.device = torch.device(device)
        self.network = network.to(self.device).eval().requires_grad_(False)

    def __call__(self, photos: Images, holes: Images, fills: Images) -> Images:
        """As `method.Runner`."""
        import torch

        given = [torch.from_numpy(x).to(self.device) for x in (photos, holes, fills)]
        with torch.inference_mode():
            image: Images = self.network(*given).image.float().cpu().numpy()  # [B, 3, H, W]
        return image


class OnnxRunner:
    """A `method.Runner` over a file of `export_onnx`; needs no PyTorch.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, or no network of blend.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        self.session, self.config = open_onnx(file, CONFIG, BlendConfig)

    def __call__(self, photos: Images, holes: Images, fills: Images) -> Images:
        """As `method.Runner`."""
        given = dict(zip(INPUTS, (photos, holes, fills), strict=True))
        (image,) = self.session.run(["image"], given)
        return np.asarray(image, np.float32)  # [B, 3, H, W]


def export_onnx(card: str | os.PathLike[str], file: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write the network of an export as ONNX with batch, height and width left open.

    The file holds the config, so nothing else is needed to fill with it.

    Args:
        card: the export's, as `retouch train blend --export` writes it.
        file: the ONNX file.
        overwrite: replace it where it exists.

    Raises:
        FileNotFoundError, ValueError: the export is missing, damaged, or of another method.
        OSError, ModuleNotFoundError: as `write_onnx`.
    """
    from retouch.methods.blend.network import Blender
    from retouch.methods.torch_method import load_network
    from retouch.train.export import load_export

    export = load_export(card, "blend")
    config = BlendConfig.model_validate(export.card.config)
    batch, height, width = open_sizes(MULTIPLE)
    plane = {0: batch, 2: height, 3: width}
    write_onnx(
        load_network(lambda: Blender(config.network), export, "blender", Path(card)),
        file,
        _example(config.network.candidates),
        inputs=INPUTS,
        outputs=("image", "weights"),
        sizes=(plane, plane, {0: batch, 3: height, 4: width}),
        key=CONFIG,
        config=config,
        overwrite=overwrite,
    )


def _example(count: int) -> tuple[torch.Tensor, ...]:
    """Two samples, wider than high."""
    import torch

    height, width = 4 * MULTIPLE, 6 * MULTIPLE
    return torch.zeros(2, 3, height, width), torch.zeros(2, 1, height, width), torch.zeros(2, count, 3, height, width)
