"""The aligned prior as one model that diffusers can save and load: autoencoder, alignments, an empty text's embedding.

photo, hole ─ preprocess ─▶ MaskedAutoencoder.prior ─▶ F_MAE ─┬─ alignment ─▶ tokens [B, N, M_s] ─┐
                                                              └─ pooled ────▶ [B, M]  (FLUX only) ─┴▶ Embedding
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils.accelerate_utils import apply_forward_hook
from torch import Tensor

from retouch.methods.asuka.align import Alignment, interpolate
from retouch.methods.asuka.config import Align, Mae
from retouch.methods.asuka.mae import MaskedAutoencoder
from retouch.methods.asuka.preprocess import denormalise, preprocess


@dataclass(frozen=True, eq=False)
class Embedding:
    """What a diffusion model takes for a text.

    Attributes:
        tokens: [B or 1, N, M].
        pooled: [B or 1, M], for FLUX; None: there is none.
    """

    tokens: Tensor
    pooled: Tensor | None = None

    def to(self, device: torch.device | str) -> Embedding:
        """The same on a device."""
        return Embedding(self.tokens.to(device), None if self.pooled is None else self.pooled.to(device))


class AlignedPrior(ModelMixin, ConfigMixin):  # type: ignore[misc,unused-ignore]
    """C_MAE of photos with holes.

    Args:
        mae_settings: of the autoencoder, as `config.Mae`.
        alignment_settings: of the alignment to tokens, as `config.Align`.
        pooled_settings: of the alignment to one vector, which FLUX has; None: there is none.
        weight: w of the interpolation between an empty text's embedding and the prior; None: the prior alone.
    """

    empty_tokens: Tensor
    empty_pooled: Tensor

    @register_to_config  # type: ignore[untyped-decorator,unused-ignore]
    def __init__(
        self,
        mae_settings: dict[str, Any],
        alignment_settings: dict[str, Any],
        pooled_settings: dict[str, Any] | None = None,
        weight: float | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call,unused-ignore]
        self.settings, self.weight = Mae(**mae_settings), weight
        self.mae = MaskedAutoencoder(self.settings)
        self.alignment = Alignment(Align(**alignment_settings))
        self.pooled = None if pooled_settings is None else Alignment(Align(**pooled_settings))
        if weight is not None:
            tokens = torch.zeros(1, self.settings.tokens, self.alignment.config.width)  # [1, N, M_s]
            self.register_buffer("empty_tokens", tokens)
            if self.pooled is not None:
                self.register_buffer("empty_pooled", torch.zeros(1, self.pooled.config.width))  # [1, M]

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike[str] | None, **settings: Any
    ) -> AlignedPrior:
        """As diffusers, and what follows from the settings, positions, in the precision of the rest."""
        model: AlignedPrior = super().from_pretrained(pretrained_model_name_or_path, **settings)
        return model.rounded(model.dtype)

    def rounded(self, dtype: torch.dtype) -> AlignedPrior:
        """Itself with its networks in another precision; an empty text's embedding keeps its own."""
        for network in self.children():
            network.to(dtype)
        return self

    def forward(self, photos: Tensor, holes: Tensor) -> Embedding:
        """Photos [B, 3, H, W] in [0, 1] and holes [B, 1, H, W], 1 = hole, to what they are described by, in float32.

        What lies in a hole is not looked at; with no hole it is the reconstructed prior. A batch may mix both.
        """
        images, small = preprocess(photos.float(), holes.float(), self.settings.size)  # [B, 3, s, s], [B, 1, s, s]
        prior = self.mae.prior(images.to(self.dtype), small.to(self.dtype))  # [B, N, M_m]
        tokens = self.alignment(prior)  # [B, N, M_s]
        pooled = None if self.pooled is None else self.pooled(prior)  # [B, M]
        if self.weight is not None:
            tokens = interpolate(self.empty_tokens, tokens, self.weight)
            pooled = None if pooled is None else interpolate(self.empty_pooled, pooled, self.weight)
        return Embedding(tokens.float(), None if pooled is None else pooled.float())

    @apply_forward_hook  # type: ignore[untyped-decorator,unused-ignore]
    def paint(self, photos: Tensor, holes: Tensor) -> Tensor:
        """The photos with the autoencoder's guess in the hole, [B, 3, H, W] in [0, 1]: Fig. 4a's initial values."""
        images, small = preprocess(photos.float(), holes.float(), self.settings.size)
        painted = self.mae.reconstruct(images.to(self.dtype), small.to(self.dtype))  # [B, 3, s, s]
        whole = torch.nn.functional.interpolate(
            denormalise(painted.float()).clamp(0, 1), photos.shape[2:], mode="bilinear"
        )  # [B, 3, H, W]
        return torch.where(holes > 0, whole, photos)


def make_prior(
    mae: MaskedAutoencoder,
    alignment: Alignment,
    pooled: Alignment | None = None,
    empty: Embedding | None = None,
    weight: float = 0.5,
) -> AlignedPrior:
    """One of networks that are there already; with `empty`, an empty text's embedding, interpolated by `weight`.

    Raises:
        ValueError: an alignment for another autoencoder, or an embedding of another length or width.
    """
    alignments = [alignment] if pooled is None else [alignment, pooled]
    for each in alignments:
        if each.config.prior != mae.config.decoder_width:
            wide = f"takes a prior {each.config.prior} wide; accepted: {mae.config.decoder_width}, as the autoencoder's"
            raise ValueError(f"alignment: {wide}")
    settings = [None if network is None else network.config.model_dump() for network in (mae, alignment, pooled)]
    with torch.device("meta"):  # weights that are replaced at once need no memory
        model: AlignedPrior = AlignedPrior(*settings, weight=None if empty is None else weight)
    model.mae, model.alignment, model.pooled = mae, alignment, pooled
    if empty is not None:
        found = {"empty_tokens": empty.tokens} | ({} if empty.pooled is None else {"empty_pooled": empty.pooled})
        for name, given in found.items():
            if (wanted := list(getattr(model, name).shape)) != list(given.shape):
                raise ValueError(f"empty: {name} is {list(given.shape)}; accepted: {wanted}, as the aligned prior")
            setattr(model, name, given.float())
    model.eval().requires_grad_(False)
    return model
