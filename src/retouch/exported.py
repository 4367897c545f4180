"""Models by the path of their export: the card that `retouch train` wrote becomes a model card. Needs no PyTorch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from retouch.catalogue import Card
from retouch.train.card import read_card

if TYPE_CHECKING:
    from retouch.methods.base import Needs

DEVICES = ("cpu", "cuda", "mps", "xpu")


@dataclass(frozen=True)
class Loadable:
    """How exports of one method become models.

    Attributes:
        summary: the method, in a few words.
        needs: "module:function" from the configuration in the card to the method's needs; the module needs no torch.
        build: "module:function" that makes the method from (needs, device, path of the card).
        harmonises: it makes a harmoniser.
        extra: the extra it needs.
        imports: the modules of that extra that it uses.
    """

    summary: str
    needs: str
    build: str
    harmonises: bool = False
    extra: str = "torch"
    imports: tuple[str, ...] = ("torch", "safetensors")


LOADABLE: dict[str, Loadable] = {
    "gaussian": Loadable(
        "2D Gaussian splatting", "retouch.methods.gaussian.method:needs", "retouch.methods.gaussian.method:build"
    ),
    "blend": Loadable(
        "patchmatch's fills, blended by a network",
        "retouch.methods.blend.method:needs",
        "retouch.methods.blend.runner:build",
    ),
    "psm": Loadable("the pixel spread model", "retouch.methods.psm.runner:needs", "retouch.methods.psm.runner:build"),
    "pixelhacker": Loadable(
        "PixelHacker",
        "retouch.methods.pixelhacker.options:needs",
        "retouch.methods.pixelhacker.method:build_export",
        extra="diffusion",
        imports=("torch", "safetensors", "diffusers"),
    ),
    "unet": Loadable("a small U-Net", "retouch.train.unet.method:needs", "retouch.train.unet.method:build"),
    "asuka-decoder": Loadable(
        "ASUKA's harmonising decoder",
        "retouch.methods.asuka.harmoniser:needs",
        "retouch.methods.asuka.harmoniser:build",
        harmonises=True,
        extra="diffusion",
        imports=("torch", "safetensors", "diffusers"),
    ),
    "asuka-mae": Loadable(
        "ASUKA's masked autoencoder", "retouch.methods.asuka.method_mae:needs", "retouch.methods.asuka.method_mae:build"
    ),
}


def is_path(name: str) -> bool:
    """Whether a model's name is meant as the path of an export."""
    return name.endswith(".json") or (name != "" and Path(name).is_dir())


def exported(name: str) -> Card:
    """The model card of an export.

    Args:
        name: path of the export's card, or of a folder that holds one export.

    Raises:
        FileNotFoundError: there is no such file, or no export in the folder.
        ValueError: it is no export's card, of a method that cannot be loaded, or of another configuration.
    """
    file = _card_file(Path(name))
    known = read_card(file)
    method = LOADABLE.get(known.method)
    if method is None:
        raise ValueError(f"model: {file} is of the method {known.method!r}; accepted: {', '.join(LOADABLE)}")
    module, function = method.needs.split(":")
    make: Callable[[dict[str, Any]], Needs] = getattr(importlib.import_module(module), function)
    try:
        needs = make(known.config)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("config", *first["loc"])))
        raise ValueError(f"model: {file}: {where}: {first['msg']}; accepted: settings of {known.method!r}") from None
    return Card(
        name=str(file),
        summary=f"{method.summary}, {known.variant}: {known.steps} steps, {known.images} images",
        good_at=f"what it was trained on: {known.data}",
        bad_at="what it was not trained on",
        licence=known.licence,
        needs=needs,
        build=method.build,
        extra=method.extra,
        imports=method.imports,
        devices=DEVICES,
        harmonises=method.harmonises,
        weights=file,
    )


def _card_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise FileNotFoundError(f"model: {path} does not exist; accepted: a model's name, or the .json of an export")
    # Other .json files, such as a run's settings, have no weights beside them.
    weights = [file.name for file in path.glob("*.safetensors")]
    cards = [card for card in sorted(path.glob("*.json")) if any(name.startswith(card.stem) for name in weights)]
    if not cards:
        raise FileNotFoundError(f"model: {path} holds no export; accepted: a folder with a .json and its .safetensors")
    if len(cards) > 1:
        raise ValueError(f"model: {path} holds {', '.join(card.name for card in cards)}; accepted: one of them by name")
    return cards[0]
