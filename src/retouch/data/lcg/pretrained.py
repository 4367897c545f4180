"""Models of the transformers package, read from a folder: the same few lines and messages for SAM and CLIP."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from safetensors import SafetensorError

from retouch.quiet import without_bars
from retouch.weights import WeightsMissing

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from torch import Tensor


def from_folder(kind: str, folder: str | os.PathLike[str], where: str, device: str) -> Any:
    """A model for inference.

    Args:
        kind: class of the transformers package.
        folder: with config.json and model.safetensors.
        where: it is obtained, for messages.
        device: where it runs, as torch writes it.

    Raises:
        ImportError: transformers is not installed; the message names the extra.
        WeightsMissing: the folder does not hold the model.
        ValueError: it holds another or a damaged one.
    """
    at = Path(folder)
    model_class = getattr(transformers(kind), kind)
    if not all((at / name).is_file() for name in ("config.json", "model.safetensors")):
        raise WeightsMissing(f"{kind}: {str(at)!r} lacks config.json or model.safetensors; get them from {where}")
    try:
        with without_bars():
            model, found = model_class.from_pretrained(at, local_files_only=True, output_loading_info=True)
    except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        raise ValueError(f"{kind}: {str(at)!r} cannot be read ({' '.join(str(error).split())[:200]})") from error
    # Weights that are missing would stay random.
    if found["missing_keys"]:
        first = sorted(found["missing_keys"])[0]
        raise ValueError(f"{kind}: {str(at)!r} lacks {len(found['missing_keys'])} weights, first {first!r}")
    return model.requires_grad_(False).eval().to(device)


def transformers(what: str) -> Any:
    """The package, imported by name, as type checkers need not have it; ImportError that names the extra."""
    try:
        return importlib.import_module("transformers")
    except ImportError as error:
        raise ImportError(f"{what}: needs the extra 'diffusion': pip install 'retouch[diffusion]'") from error


def normalised(
    image: NDArray[np.uint8],
    size: tuple[int, int],
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
    filter_: Image.Resampling,
) -> Tensor:
    """[3, h, w] float32 of an image [H, W, 3] uint8 scaled to `size` (h, w): (x / 255 - mean) / deviation."""
    import torch

    small = Image.fromarray(np.ascontiguousarray(image)).resize(size[::-1], filter_)
    middle, spread = np.array(mean, np.float32), np.array(deviation, np.float32)  # [3], [3]
    pixels = (np.asarray(small, np.float32) / 255 - middle) / spread  # [h, w, 3]
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
