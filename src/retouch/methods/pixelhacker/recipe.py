"""The recipe: how PixelHacker's network learns to predict noise (section 4.2; the paper's training code is not out)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retouch.methods.pixelhacker.latents import drawn, vae_fingerprint
from retouch.methods.pixelhacker.low_rank import adapt
from retouch.methods.pixelhacker.method import NETWORK
from retouch.methods.pixelhacker.network import LcgModel
from retouch.methods.pixelhacker.sample import BETAS, TIMESTEPS, Sampling, draw, sample
from retouch.methods.pixelhacker.start import load_start
from retouch.ops.codec import TILE, Pixels, Vae
from retouch.ops.latents import shrink_mask, wanted
from retouch.train.losses.pixel import mean_in
from retouch.train.recipe import Phase
from retouch.train.seeds import normal, uniform

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.data.encoded import Encoded
    from retouch.methods.pixelhacker.config import PixelHackerConfig
    from retouch.ops.codec import Codec
    from retouch.train.batch import Batch
    from retouch.train.recipe import Value

BETAS_OF_ADAM = (0.9, 0.999)


def build(config: PixelHackerConfig, variant: str, weights: Path | None) -> PixelHackerRecipe:  # noqa: ARG001
    """Make the recipe; nothing judges, so `weights` is of no use: the VAE of latents is found as the model's own.

    Raises:
        WeightsMissing: there is no VAE, and the config denoises latents, or `config.start` is not here; the message
            says where it is obtained.
        FileNotFoundError, ValueError: `config.start`, as `load_start`.
    """
    network = None if config.start is None else load_start(config.start, config.network)
    if config.space == "pixel":
        return PixelHackerRecipe(config, variant, Pixels(), network)
    from retouch.methods.pixelhacker.release import fetch_vae, load_vae

    return PixelHackerRecipe(config, variant, Vae(load_vae(*fetch_vae()), tile=TILE), network)


class PixelHackerRecipe:
    """mean |eps - network([z_t, mask, z_masked], t, category)|^2, with z_t = sqrt(a_t) z + sqrt(1 - a_t) eps.

    With `network.prediction` "v_prediction" it is v = sqrt(a_t) eps - sqrt(1 - a_t) z in place of eps.
    A batch's labels say which category its holes are to be filled with: 0 background, 1 foreground; without labels all
    are background. `networks` is what is trained and saved; the VAE, which is frozen, hides in `codec`.

    Args:
        config: of everything.
        variant: its name, for the card.
        codec: the way to latents; `Pixels` where there is none.
        network: where training starts; None: a fresh one.

    Raises:
        ValueError: the codec's latents are none of the network's.
    """

    ema = (NETWORK,)

    def __init__(self, config: PixelHackerConfig, variant: str, codec: Codec, network: LcgModel | None = None) -> None:
        if codec.channels != config.network.out_channels:
            accepted = f"the codec's, {codec.channels}"
            raise ValueError(f"network.out_channels: is {config.network.out_channels}; accepted: {accepted}")
        self.config, self.variant, self.codec = config, variant, codec
        denoiser = network or LcgModel(config.network)
        rank = config.training.lora_rank
        self.networks = {NETWORK: adapt(denoiser, rank) if rank else denoiser}
        self._kept = kept_shares()  # [1000]
        categories = (config.network.ids("background"), config.network.ids("foreground"))
        self._ids = torch.tensor(categories)  # [2, n]

    def optimisers(self) -> dict[str, Optimizer]:
        """AdamW over all, the embedding of the categories with the rest; or over the adapters, where there are some."""
        own = self.config.training
        parameters = [p for p in self.networks[NETWORK].parameters() if p.requires_grad]
        adam = torch.optim.AdamW(parameters, lr=own.rate, betas=BETAS_OF_ADAM, weight_decay=own.weight_decay)
        return {NETWORK: adam}

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:  # noqa: ARG002 - all steps are alike
        """One phase: the squared error of the predicted noise, or of v."""
        check_sides(batch.photos, self.codec)
        known, clean = self._encoded(batch)  # [B, 1 + c, h, w], [B, c, h, w]
        device, shape = clean.device, tuple(clean.shape[1:])
        noise = normal(batch.seeds, shape, "noise").to(device)  # [B, c, h, w]
        offset = normal(batch.seeds, (shape[0], 1, 1), "offset").to(device)  # [B, c, 1, 1]
        noise = noise + self.config.training.noise_offset * offset  # [B, c, h, w]
        timesteps = self._timesteps(batch.seeds)  # [B]
        kept = self._kept[timesteps][:, None, None, None].to(device)  # [B, 1, 1, 1]
        noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise  # [B, c, h, w]
        x = torch.cat([noisy, known], 1)  # [B, 2c + 1, h, w]
        predicted = self.networks[NETWORK](x, timesteps.to(device), self._ids_of(batch))  # [B, c, h, w]
        right = wanted(clean, noise, kept, self.config.network.prediction)  # [B, c, h, w]
        error = F.mse_loss(predicted.float(), right, reduction="none")  # [B, c, h, w]
        yield Phase(NETWORK, error.mean(), {"error in holes": mean_in(error.detach(), known[:, :1])})

    @torch.no_grad()
    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:
        """What the model fills as background with these seeds."""
        codec, network = self._codec(photos.device), cast("LcgModel", networks[NETWORK])
        size = (codec.channels, photos.shape[2] // codec.factor, photos.shape[3] // codec.factor)
        sampling = Sampling(steps=self.config.steps, guidance=self.config.guidance)
        draws = draw(seeds.tolist(), size, photos.device)
        *_, last = sample(network, codec, photos * 2 - 1, holes, draws, sampling)
        filled = ((codec.decode(last.latents) + 1) / 2).clamp(0, 1)  # [B, 3, H, W]
        return torch.where(holes > 0.5, filled, photos)

    def describe(self) -> dict[str, Any]:
        """For an export's card."""
        return {"method": "pixelhacker", "variant": self.variant, "config": self.config.model_dump(mode="json")}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""

    def check_encoded(self, record: Encoded) -> None:
        """Take samples that `retouch data pixelhacker-latents` encoded, or refuse those of another autoencoder.

        Raises:
            ValueError: there is no autoencoder here, or another one.
        """
        if not isinstance(self.codec, Vae):
            raise ValueError("data.photos: holds encoded samples; accepted for method.space 'pixel': photos or pairs")
        if record.vae != vae_fingerprint(self.codec.vae):
            raise ValueError("data.photos: its samples were encoded by another VAE; accepted: those of the one in use")

    @torch.no_grad()
    def _encoded(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the network knows, mask and masked latent [B, 1 + c, h, w], and the photo's latent [B, c, h, w]."""
        if batch.latents is not None:
            return drawn(batch.latents, batch.seeds)
        photos, codec = batch.photos * 2 - 1, self._codec(batch.photos.device)
        size = (codec.channels, photos.shape[2] // codec.factor, photos.shape[3] // codec.factor)
        # Latents are sampled, and those of the photo and of the masked photo are two separate draws, as in the release.
        whole, masked = (normal(batch.seeds, size, stream).to(photos.device) for stream in ("photo", "masked photo"))
        with torch.autocast(photos.device.type, enabled=False):
            clean = codec.encode(photos, whole)  # [B, c, h, w]
            known = codec.encode(photos * (1 - batch.holes), masked)  # [B, c, h, w]: holes are mid grey
        return torch.cat([shrink_mask(batch.holes, codec.factor, "nearest"), known], 1), clean

    def _codec(self, device: torch.device) -> Codec:
        if isinstance(self.codec, Vae):
            self.codec.vae.to(device)  # it is none of the networks that the loop moves
        return self.codec

    def _timesteps(self, seeds: Tensor) -> Tensor:
        """t [B] int64 in [0, 1000)."""
        if self.config.training.timesteps == "uniform":
            shares = uniform(seeds, (), "timestep")  # [B] in [0, 1)
        else:
            shares = torch.sigmoid(normal(seeds, (), "timestep"))  # [B] in (0, 1)
        return (shares * TIMESTEPS).long().clamp(max=TIMESTEPS - 1)

    def _ids_of(self, batch: Batch) -> Tensor:
        """Rows of the embedding [B, n] int64."""
        device = batch.photos.device
        if batch.labels is None:
            return self._ids[:1].expand(len(batch), -1).to(device)
        labels = batch.labels
        if labels.ndim != 1 or labels.is_floating_point() or not ((labels == 0) | (labels == 1)).all():
            raise ValueError(f"labels: are {labels.tolist()}; accepted: [B] integers, 0 background or 1 foreground")
        return self._ids.to(device)[labels.long()]


def kept_shares() -> Tensor:
    """a_t [1000], the share of z_t's variance that is the photo's: prod (1 - beta), sqrt(beta) in equal steps."""
    first, last = cast("float", BETAS["beta_start"]), cast("float", BETAS["beta_end"])
    betas = torch.linspace(first**0.5, last**0.5, TIMESTEPS, dtype=torch.float64) ** 2  # [1000]
    return (1 - betas).cumprod(0).float()


def check_sides(photos: Tensor, codec: Codec) -> None:
    """Refuse photos [B, 3, H, W] whose sides the codec cannot divide, with a ValueError."""
    height, width = photos.shape[2:]
    if height % codec.factor or width % codec.factor:
        raise ValueError(f"photos: are {width}x{height} pixels; accepted: multiples of {codec.factor} (data.size)")
