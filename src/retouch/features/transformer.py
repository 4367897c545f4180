"""DINOv2 and CLIP image towers, through the transformers package (extra `diffusion`)."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.features.extractor import Extractor, to_tensor
from retouch.features.resize import pillow_crop
from retouch.features.vgg import IMAGENET_DEVIATION, IMAGENET_MEAN
from retouch.weights import FOLDER_VARIABLE, WeightsMissing, file_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True)
class Tower:
    """An image tower on the hub: where it is, what it is called, how images are prepared for it."""

    name: str
    short: str
    repo: str
    revision: str
    kind: str  # class of the transformers package
    output: str  # field of its result: [B, d]
    short_side: int
    crop: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    standard: frozenset[str]


DINOV2 = Tower(
    name="dinov2-large",
    short="dinov2",
    repo="facebook/dinov2-large",
    revision="47b73eefe95e8d44ec3623f8890bd894b6ea2d6c",
    kind="Dinov2Model",
    output="pooler_output",
    short_side=256,
    crop=224,
    mean=IMAGENET_MEAN,
    deviation=IMAGENET_DEVIATION,
    standard=frozenset(),
)

CLIP = Tower(
    name="clip-vit-large-patch14",
    short="clip",
    repo="openai/clip-vit-large-patch14",
    revision="32bd64288804d66eefd0ccbe215aa642df71cc41",
    kind="CLIPVisionModelWithProjection",
    output="image_embeds",
    short_side=224,
    crop=224,
    mean=(0.48145466, 0.4578275, 0.40821073),
    deviation=(0.26862954, 0.26130258, 0.27577711),
    standard=frozenset({"clip_similarity"}),
)


def load_tower(tower: Tower, path: str | os.PathLike[str] | None = None, device: str = "cpu") -> Extractor:
    """Extractor of a tower, from a local folder (`config.json`, `model.safetensors`) or the pinned hub revision.

    Raises:
        ImportError: transformers is not installed; the message names the extra.
        WeightsMissing: neither folder nor hub nor hub cache has it.
    """
    try:
        # By name: type checkers need not have the extra.
        transformers = importlib.import_module("transformers")
    except ImportError as error:
        raise ImportError(f"{tower.name}: needs the extra 'diffusion': pip install 'retouch[diffusion]'") from error
    folder = _folder(tower, path)
    model = _read(getattr(transformers, tower.kind), tower, folder).eval().to(device)

    def feature(x: Tensor) -> Tensor:
        return getattr(model(pixel_values=x), tower.output)  # type: ignore[no-any-return]

    width = int(getattr(model.config, "projection_dim", 0) or model.config.hidden_size)
    identity = tower.revision if folder is None else file_hash(folder / "model.safetensors")

    def prepare(image: NDArray[np.uint8]) -> Tensor:
        return _prepare(tower, image)

    return Extractor(tower.name, tower.short, tower.standard, width, identity, prepare, feature, device)


def _prepare(tower: Tower, image: NDArray[np.uint8]) -> Tensor:
    pixels = to_tensor(pillow_crop(image, tower.short_side, tower.crop, bicubic=True)).float() / 255  # [1, 3, h, w]
    mean = pixels.new_tensor(tower.mean)[:, None, None]  # [3, 1, 1]
    return (pixels - mean) / pixels.new_tensor(tower.deviation)[:, None, None]


def _folder(tower: Tower, path: str | os.PathLike[str] | None) -> Path | None:
    """The local folder to read, None for the hub."""
    name = tower.repo.rsplit("/", 1)[1]
    places = [Path(p) / name for p in os.environ.get(FOLDER_VARIABLE, "").split(os.pathsep) if p]
    found = next((p for p in places if (p / "model.safetensors").is_file()), None)
    if path is None:
        return found
    if not (Path(path) / "model.safetensors").is_file():
        raise WeightsMissing(f"{tower.name}: {path} holds no model.safetensors; {_advice(tower)}")
    return Path(path)


def _read(kind: Any, tower: Tower, folder: Path | None) -> Any:
    try:
        if folder is not None:
            return kind.from_pretrained(folder, use_safetensors=True, local_files_only=True)
        return kind.from_pretrained(tower.repo, revision=tower.revision, use_safetensors=True)
    except OSError as error:
        where = "the hub" if folder is None else str(folder)
        raise WeightsMissing(f"{tower.name}: cannot be read from {where}; {_advice(tower)}") from error


def _advice(tower: Tower) -> str:
    name = tower.repo.rsplit("/", 1)[1]
    return (
        f"get config.json and model.safetensors from https://huggingface.co/{tower.repo} and name their folder, "
        f"or put it as {name} into a folder named by {FOLDER_VARIABLE}"
    )
