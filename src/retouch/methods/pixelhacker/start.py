"""The weights that a training starts from: released ones, a converted file, or an own export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from retouch.methods.pixelhacker.config import Network, PixelHackerConfig
from retouch.methods.pixelhacker.method import exported_network
from retouch.methods.pixelhacker.release import FOLDERS, fetch, load_denoiser
from retouch.train.export import load_export
from retouch.weights import WeightsMissing

if TYPE_CHECKING:
    from retouch.methods.pixelhacker.network import LcgModel

ACCEPTED = f"{', '.join(FOLDERS)}, a .safetensors file of 'retouch convert', an export's .json card, or null"


def load_start(start: str, network: Network) -> LcgModel:
    """The network with the weights of `start`, all of them, ready to learn; float32, on the CPU.

    Only the number of embedding rows may differ (Table 7): then the embedding is drawn anew.

    Args:
        start: name of a released model, or a file: a converted one, or the card of an export.
        network: what it must be.

    Raises:
        WeightsMissing: a released model's files are not here and cannot be fetched.
        FileNotFoundError: there is no such file.
        ValueError: it is none of these, damaged, or of another network.
    """
    try:
        model, found = _load(start, network)
    except WeightsMissing as error:
        raise WeightsMissing(f"method.start: {error}; or set method.start to null to start afresh") from None
    except FileNotFoundError as error:
        raise FileNotFoundError(f"method.start: {error}") from None
    except ValueError as error:
        # The default variant is no network that a release could fit.
        advice = "; a release needs its own network, that of variant=paper or lora" if start in FOLDERS else ""
        raise ValueError(f"method.start: {error}{advice}") from None
    if found.embedding_rows != network.embedding_rows:
        model.embedding = nn.Embedding(network.embedding_rows, network.embedding_width)
    return model.requires_grad_(True).train()


def _load(start: str, network: Network) -> tuple[LcgModel, Network]:
    """The network, and what it is made of."""
    file = Path(start)
    if network.prediction != "epsilon" and (start in FOLDERS or file.suffix == ".safetensors"):
        raise ValueError(f"what is released predicts 'epsilon', network.prediction is {network.prediction!r}")
    if start in FOLDERS:
        released = network.model_copy(update={"embedding_rows": Network().embedding_rows})
        return load_denoiser(fetch(start, released).network, released), released
    if file.suffix == ".safetensors":
        return load_denoiser(file, network), network
    if file.suffix != ".json":
        raise ValueError(f"is {start!r}; accepted: {ACCEPTED}")
    export = load_export(file)
    if export.card.method != "pixelhacker":
        raise ValueError(f"{file} is of method {export.card.method!r}; accepted: 'pixelhacker'")
    config = PixelHackerConfig.model_validate(export.card.config)
    _check_same(file, config.network, network)
    return exported_network(config, export, file), config.network


def _check_same(file: Path, found: Network, wanted: Network) -> None:
    """Refuse an export of another network, and say all that has to be set for this one."""
    theirs, own = (each.model_dump(mode="json", exclude={"embedding_rows"}) for each in (found, wanted))
    other = {name: value for name, value in theirs.items() if value != own[name]}
    if other:
        name = next(iter(other))
        changes = ", ".join(f"method.network.{each}={json.dumps(value)}" for each, value in other.items())
        raise ValueError(
            f"{file} has network.{name} {other[name]}; accepted: that of method.network, {own[name]}; or set {changes}"
        )
