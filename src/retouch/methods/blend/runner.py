"""Blend's network on PyTorch or onnxruntime, and the way from trained weights to either."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from retouch.atomic import atomic
from retouch.methods.blend.config import MULTIPLE, BlendConfig
from retouch.methods.blend.method import method, needs

if TYPE_CHECKING:
    import torch

    from retouch.methods.base import Images, Needs, PerImage
    from retouch.methods.blend.network import Blender

INPUTS = ("photos", "holes", "fills")
CONFIG = "retouch.blend"  # key in the file's metadata of the config, as JSON
LARGEST = 4096  # pixels a side that an exported network is said to take


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

    It runs on as many threads as OMP_NUM_THREADS says, or else on all cores.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, or no network of blend.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        import onnxruntime

        if not Path(file).is_file():
            raise FileNotFoundError(f"onnx: {file} does not exist; accepted: a file written by export_onnx")
        options = onnxruntime.SessionOptions()
        first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
        options.intra_op_num_threads = int(first) if first.isdigit() else 0  # 0: onnxruntime takes all cores
        try:
            self.session = onnxruntime.InferenceSession(os.fspath(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own kinds have no common name
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"onnx: {file} cannot be read: {reason}; accepted: a file of export_onnx") from error
        try:
            said = self.session.get_modelmeta().custom_metadata_map[CONFIG]
            self.config = BlendConfig.model_validate_json(said)
        except (KeyError, ValidationError):
            raise ValueError(f"onnx: {file} is no network of blend; accepted: a file of export_onnx") from None

    def __call__(self, photos: Images, holes: Images, fills: Images) -> Images:
        """As `method.Runner`."""
        given = dict(zip(INPUTS, (photos, holes, fills), strict=True))
        (image,) = self.session.run(["image"], given)
        return np.asarray(image, np.float32)  # [B, 3, H, W]


def export_onnx(card: str | os.PathLike[str], file: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write the network of an export as ONNX, fp32, with batch, height and width left open.

    Needs the extra `export`. The file holds the config, so nothing else is needed to fill with it.

    Args:
        card: the export's, as `retouch train blend --export` writes it.
        file: the ONNX file.
        overwrite: replace it where it exists.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        FileNotFoundError, ValueError: the export is missing, damaged, or of another method.
        ModuleNotFoundError: onnx or onnxscript is not installed.
    """
    import torch

    from retouch.methods.blend.network import Blender
    from retouch.methods.torch_method import load_network
    from retouch.train.export import load_export

    if Path(file).exists() and not overwrite:  # told before the minute is spent
        raise FileExistsError(f"file: {file} exists already; accepted: another name, or overwrite=True")
    export = load_export(Path(card))
    if export.card.method != "blend":
        raise ValueError(f"card: {card} is of the method {export.card.method!r}; accepted: an export of 'blend'")
    config = BlendConfig.model_validate(export.card.config)
    network = load_network(lambda: Blender(config.network), export, "blender", Path(card)).eval()
    dim, most = torch.export.Dim, LARGEST // MULTIPLE
    batch, height, width = dim("batch"), MULTIPLE * dim("h", min=2, max=most), MULTIPLE * dim("w", min=2, max=most)
    plane = {0: batch, 2: height, 3: width}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its insides
        program = torch.onnx.export(
            network,
            _example(config.network.candidates),
            input_names=INPUTS,
            output_names=("image", "weights"),
            dynamic_shapes=(plane, plane, {0: batch, 3: height, 4: width}),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props[CONFIG] = config.model_dump_json()
    with atomic(file, overwrite=overwrite) as out:
        out.write(program.model_proto.SerializeToString())


def _example(count: int) -> tuple[torch.Tensor, ...]:
    """Two samples, wider than high: the exporter takes equal sizes for one, and 1 for a constant."""
    import torch

    height, width = 4 * MULTIPLE, 6 * MULTIPLE
    return torch.zeros(2, 3, height, width), torch.zeros(2, 1, height, width), torch.zeros(2, count, 3, height, width)
