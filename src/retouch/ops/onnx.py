"""Networks as ONNX files: PyTorch writes them, batch and sides left open; onnxruntime opens them without PyTorch."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from retouch.atomic import atomic

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from onnx import ModelProto
    from onnxruntime import InferenceSession

LARGEST = 4096  # pixels a side that an exported network is said to take
Config = TypeVar("Config", bound=BaseModel)


def open_onnx(file: str | os.PathLike[str], key: str, kind: type[Config]) -> tuple[InferenceSession, Config]:
    """A network on the processor, on as many threads as OMP_NUM_THREADS says, or else on all cores; and its config.

    Args:
        file: as `write_onnx` wrote it.
        key: under which the config stands in the file's metadata.
        kind: what the config is.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, or has no such config.
    """
    import onnxruntime

    if not Path(file).is_file():
        raise FileNotFoundError(f"onnx: {file} does not exist; accepted: a file written by export_onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    try:
        session = onnxruntime.InferenceSession(os.fspath(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own kinds have no common name
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"onnx: {file} cannot be read: {reason}; accepted: a file of export_onnx") from error
    try:
        return session, kind.model_validate_json(session.get_modelmeta().custom_metadata_map[key])
    except (KeyError, ValidationError):
        raise ValueError(f"onnx: {file} is no {key!r}; accepted: a file of export_onnx") from None


def threads() -> int:
    """The number in OMP_NUM_THREADS, or 0, which onnxruntime takes for all cores."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdigit() else 0


def open_sizes(multiple: int) -> tuple[Any, Any, Any]:
    """Batch, height and width for `write_onnx`'s `sizes`: any batch, sides in multiples from two of them up."""
    from torch.export import Dim

    most = LARGEST // multiple
    return Dim("batch"), multiple * Dim("h", min=2, max=most), multiple * Dim("w", min=2, max=most)


def write_onnx(
    network: torch.nn.Module,
    file: str | os.PathLike[str],
    example: tuple[torch.Tensor, ...],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    sizes: tuple[dict[int, Any] | None, ...],
    key: str,
    config: BaseModel,
    overwrite: bool = False,
) -> None:
    """Write a network as ONNX, computing in fp32; takes a minute or two and the extra `export`.

    Weights that fp16 holds exactly, as those of an export, take half the space.

    Args:
        network: it is put into evaluation mode.
        file: the ONNX file.
        example: its inputs; the exporter takes equal sizes for one, and 1 for a constant.
        inputs, outputs: their names.
        sizes: which dimensions of each input are open, as `torch.export` takes them.
        key, config: what the file says about itself, for `open_onnx`.
        overwrite: replace the file where it exists.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        OSError: its folder is missing or unwritable, or it is a folder; told before the network is exported.
        ModuleNotFoundError: onnx or onnxscript is not installed.
    """
    import torch

    with atomic(file, overwrite=overwrite) as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its insides
        program = torch.onnx.export(
            network.eval(),
            example,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=sizes,
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        program.model.metadata_props[key] = config.model_dump_json()
        out.write(_halved(program.model_proto).SerializeToString())


def _halved(model: ModelProto) -> ModelProto:
    """Store as fp16 what that holds exactly; a cast to float32, done once when the file is opened, comes before it."""
    from onnx import TensorProto, helper, numpy_helper

    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        halves = values.astype(np.float16) if values.dtype == np.float32 else values
        if halves is values or not np.array_equal(halves, values):
            continue
        cast = helper.make_node("Cast", [f"{weight.name}/half"], [weight.name], to=TensorProto.FLOAT)
        weight.CopyFrom(numpy_helper.from_array(halves, f"{weight.name}/half"))
        model.graph.node.insert(0, cast)
    return model
