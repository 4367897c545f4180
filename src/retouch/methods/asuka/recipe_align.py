"""The recipe of the alignment (section 3.2): the frozen denoiser teaches what the prior means.

photo ─┬─ hole, or with chance p none ─▶ frozen autoencoder ─▶ alignment ─▶ tokens ─┐
       └─ codec ─▶ z_0, z_masked ─▶ z_t = sqrt(a) z_0 + sqrt(1 - a) eps ────────────┴▶ frozen denoiser ─▶ |eps' - eps|^2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retouch.methods.asuka.align import Alignment
from retouch.methods.asuka.denoisers import unet_denoise
from retouch.methods.asuka.denoising import filled, noisy
from retouch.methods.asuka.mae import MaskedAutoencoder
from retouch.methods.asuka.preprocess import preprocess
from retouch.methods.asuka.sample import solver
from retouch.ops.codec import Codec, Pixels, Vae
from retouch.train.recipe import Phase
from retouch.train.seeds import uniform

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.asuka.align_config import AlignConfig
    from retouch.train.batch import Batch
    from retouch.train.recipe import Value


class Prompt(nn.Module):
    """Tokens that are learnt, the same for every photo."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.tokens = nn.Parameter(0.02 * torch.randn(1, count, width))

    def forward(self, count: int) -> Tensor:
        """[count, N, M]."""
        return self.tokens.expand(count, -1, -1)


class Frozen:
    """What is not trained and not saved: it judges.

    Args:
        mae: the autoencoder; None: a prompt is learnt.
        unet: the denoiser, 2c + 1 channels.
        scheduler: settings of the noise it was trained with; None: Stable Diffusion's.
        codec: the way to what it denoises.
    """

    def __init__(
        self, mae: MaskedAutoencoder | None, unet: Any, codec: Codec, scheduler: Mapping[str, Any] | None = None
    ) -> None:
        self.mae, self.unet, self.codec, self.scheduler = mae, unet, codec, scheduler
        for network in (mae, unet):
            if network is not None:
                network.eval().requires_grad_(False)
        self.noise = solver("ddim", scheduler)

    def to(self, device: torch.device) -> Frozen:
        """Its networks on a device; the loop does not move them."""
        for network in (self.mae, self.unet, getattr(self.codec, "vae", None)):
            if network is not None:
                network.to(device)
        return self


def build(config: AlignConfig, variant: str, weights: Path | None) -> AlignRecipe:  # noqa: ARG001 - no network judges
    """Make the recipe with the frozen networks that the configuration names.

    Raises:
        ValueError: no autoencoder is named, or parts do not fit each other.
        FileNotFoundError: a file or folder is missing.
    """
    from retouch.methods.asuka.parts import read_denoiser, read_mae, read_scheduler, read_vae
    from retouch.methods.asuka.release import SD15, find_base, needing

    if config.mae is None and config.training.learn == "alignment":
        accepted = "the .json of an export of asuka-mae, or a released file"
        raise ValueError(f"method.mae: needed, for the alignment goes on from a prior; accepted: {accepted}")
    mae = None if config.mae is None else read_mae(config.mae)
    parts = ("unet", "scheduler") if config.space == "pixel" else ("unet", "scheduler", "vae")
    folder = find_base(needing(SD15, parts), config.base)
    codec = Pixels() if config.space == "pixel" else Vae(read_vae(folder))
    unet = read_denoiser(SD15, folder)
    unet.enable_gradient_checkpointing()
    return AlignRecipe(config, variant, Frozen(mae, unet, codec, read_scheduler(SD15, folder).config))


class AlignRecipe:
    """mean |eps - denoiser([z_t, mask, z_masked], t, tokens)|^2 over the tokens' parameters alone.

    In place of eps it is v = sqrt(a_t) eps - sqrt(1 - a_t) z where the denoiser predicts that.

    Raises:
        ValueError: autoencoder, alignment and denoiser do not fit each other.
    """

    def __init__(self, config: AlignConfig, variant: str, frozen: Frozen) -> None:
        self.config, self.variant, self.frozen = config, variant, frozen
        check_fit(config, frozen)
        self.name = config.training.learn
        self.ema = (self.name,)
        prompt = self.name == "prompt"
        network = Prompt(config.tokens, config.alignment.width) if prompt else Alignment(config.alignment)
        self.networks: dict[str, Any] = {self.name: network}

    def optimisers(self) -> dict[str, Optimizer]:
        """AdamW."""
        own = self.config.training
        parameters = self.networks[self.name].parameters()
        return {self.name: torch.optim.AdamW(parameters, lr=own.rate, weight_decay=own.weight_decay)}

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:
        """One phase; whose prior is reconstructed, times and noise follow from the seeds."""
        frozen = self.frozen.to(batch.photos.device)
        share = self.config.training.share(k)
        seen = noisy(batch, frozen.codec, frozen.noise)
        tokens = self.tokens(self.networks, batch.photos, self.seen_holes(batch, share))  # [B, N, M]
        predicted = unet_denoise(frozen.unet, tokens)(seen.x, seen.times)  # [B, c, h, w]
        yield Phase(self.name, F.mse_loss(predicted, seen.wanted), {"whole": share})

    def tokens(self, networks: Mapping[str, Any], photos: Tensor, holes: Tensor) -> Tensor:
        """What the denoiser is told, [B, N, M]; one call of the autoencoder, whatever the holes."""
        if self.name == "prompt":
            found: Tensor = networks["prompt"](len(photos))
            return found
        mae = self.frozen.mae
        assert mae is not None
        with torch.no_grad():
            prior = mae.prior(*preprocess(photos, holes, mae.config.size))  # [B, N, M_m]
        aligned: Tensor = networks["alignment"](prior)  # [B, N, M_s]
        return aligned

    def seen_holes(self, batch: Batch, share: float) -> Tensor:
        """The holes that the autoencoder sees, [B, 1, H, W]: none where the reconstructed prior is drawn."""
        whole = uniform(batch.seeds, (1,), "whole prior")[:, :, None, None] < share  # [B, 1, 1, 1]
        return batch.holes.masked_fill(whole.to(batch.holes.device), 0)

    @torch.no_grad()
    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:
        """What the denoiser fills, told by the aligned prior."""
        frozen = self.frozen.to(photos.device)
        denoise = unet_denoise(frozen.unet, self.tokens(networks, photos, holes))
        return filled(denoise, frozen.codec, photos, holes, seeds, self.config.steps, frozen.scheduler)

    def describe(self) -> dict[str, Any]:
        """For an export's card; where the frozen networks came from is no part of it."""
        config = self.config.model_copy(update={"mae": None, "base": None}).model_dump(mode="json")
        return {"method": "asuka-align", "variant": self.variant, "config": config}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""


def check_fit(config: AlignConfig, frozen: Frozen) -> None:
    """Refuse with a ValueError an alignment that does not lead from the autoencoder to the denoiser."""
    base, c = frozen.unet.config, frozen.codec.channels
    prior = config.alignment.prior if frozen.mae is None else frozen.mae.config.decoder_width
    for name, given, wanted, whose in (
        ("alignment.prior", config.alignment.prior, prior, "autoencoder's"),
        ("alignment.width", config.alignment.width, base.cross_attention_dim, "denoiser's"),
        ("base: in_channels", base.in_channels, 2 * c + 1, "inpainting's, over the codec's channels"),
    ):
        if given != wanted:
            raise ValueError(f"{name}: is {given}; accepted: {wanted}, the {whose}")
