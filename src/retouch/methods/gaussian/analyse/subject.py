"""What is analysed: a semantic encoder, with a trained model's adaptation MLP where a model is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.exported import exported
from retouch.methods.gaussian.config import TOKEN_WIDTHS, GaussianConfig, Network
from retouch.methods.gaussian.network import Generator
from retouch.methods.gaussian.semantic import SemanticEncoder, semantic_encoder
from retouch.methods.torch_method import load_network
from retouch.train.card import read_card
from retouch.train.export import load_export

if TYPE_CHECKING:
    from torch import Tensor

    from retouch.methods.gaussian.config import Semantics

SIDE = 256  # pixels, the paper's


@dataclass(frozen=True, eq=False)
class Subject:
    """Whose tokens are looked at.

    Attributes:
        encode: [B, 3, H, W] in [0, 1], 0 in the hole, to tokens [B, d].
        adapt: the adaptation MLP, [B, d] to [B, d]; None: there is none.
        size: side in pixels of the square photos.
        model: what the model is, in words; None without one.
    """

    encode: SemanticEncoder
    adapt: Callable[[Tensor], Tensor] | None = None
    size: int = SIDE
    model: str | None = None


def encoder_alone(name: str, weights: str | os.PathLike[str] | None = None) -> Subject:
    """A semantic encoder without a model.

    Args:
        name: "dinov2", "vgg16" or "efficientnet-lite".
        weights: file or folder of its weights, as `semantic_encoder` takes it.

    Raises:
        ValueError: another name.
        FileNotFoundError, ImportError: as `semantic_encoder`.
    """
    known: dict[str, Semantics] = {each: each for each in TOKEN_WIDTHS}
    if name not in known:
        raise ValueError(f"encoder: is {name!r}; accepted: {', '.join(known)}")
    encode = semantic_encoder(Network(semantics=known[name]), weights)
    assert encode is not None  # only for "none", which has no width
    return Subject(encode)


def trained_model(card: str | os.PathLike[str], weights: str | os.PathLike[str] | None = None) -> Subject:
    """The encoder and the adaptation MLP of an export, at the size that it was trained at.

    Args:
        card: the .json that `retouch train` exported, or its folder.
        weights: of the semantic encoder, which exports do not hold.

    Raises:
        FileNotFoundError: there is no such export, or the encoder's weights are missing.
        ValueError: it is of another method, or has no semantic encoder; damaged weights.
        ImportError: an extra is missing; the message says which.
    """
    file = exported(os.fspath(card)).weights
    assert file is not None  # every export's card has some
    known = read_card(file)
    if known.method != "gaussian":
        raise ValueError(f"model: {file} is of the method {known.method!r}; accepted: an export of 'gaussian'")
    config = GaussianConfig.model_validate(known.config)
    encode = semantic_encoder(config.network, weights)
    if encode is None:
        raise ValueError(f"model: {file} has no semantic encoder (semantics 'none'); accepted: a model with one")
    generator = load_network(lambda: Generator(config.network), load_export(file), "generator", file)
    adapt = None if generator.adapt is None else generator.adapt.eval().requires_grad_(False)
    return Subject(encode, adapt, config.run.size, f"{file.name}: {known.variant}, {known.steps} steps")
