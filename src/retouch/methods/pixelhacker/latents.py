"""Samples encoded before training, so that a step does without the VAE.

The VAE gives a normal distribution, not a latent. What is kept is its mean m and log-variance v, scaled as the network
sees latents, of the photo and of the photo without its hole, and the hole at the latent's size:

    [m, v, m_masked, v_masked, mask]   [4c + 1, h, w], float16

A step draws z = m + exp(v / 2) n as it would of a photo. What the VAE makes of a masked photo depends on the hole far
around it, so it can be kept for holes that are drawn beforehand only: a sample's crop and hole are fixed.
"""

from __future__ import annotations

import hashlib
import math
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from retouch.data.encoded import FIRST, SHOWN, Encoded, claim, shard_path, write_first, write_shard
from retouch.holes.check import checked_count, checked_share
from retouch.ops.latents import shrink_mask
from retouch.train.seeds import normal

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from retouch.data.lcg.loader import PairLoader
    from retouch.data.training.loader import Loader
    from retouch.ops.codec import Vae
    from retouch.train.batch import Batch

    Source: TypeAlias = Loader[Batch] | PairLoader[Batch]


@torch.no_grad()
def encode(vae: Vae, photos: Tensor, holes: Tensor) -> Tensor:
    """What is kept of samples, [B, 4c + 1, h, w] float32.

    Args:
        vae: the way to latents.
        photos: [B, 3, H, W] in [0, 1].
        holes: [B, 1, H, W], 1 = hole.
    """
    signed = photos * 2 - 1  # [B, 3, H, W]
    parts = [part for each in (signed, signed * (1 - holes)) for part in _distribution(vae, each)]  # 4 x [B, c, h, w]
    return torch.cat([*parts, shrink_mask(holes, vae.factor, "nearest")], 1)


def drawn(kept: Tensor, seeds: Tensor) -> tuple[Tensor, Tensor]:
    """Latents of what `encode` kept: mask and masked latent [B, 1 + c, h, w], and the photo's latent [B, c, h, w].

    Args:
        kept: [B, 4c + 1, h, w].
        seeds: [B] int64; the draws are those that a step makes when it encodes itself.
    """
    mask = kept[:, -1:]  # [B, 1, h, w]
    mean, log_variance, mean_masked, log_variance_masked = kept[:, :-1].chunk(4, 1)  # 4 x [B, c, h, w]
    shape = tuple(mean.shape[1:])
    whole, masked = (normal(seeds, shape, stream).to(kept.device) for stream in ("photo", "masked photo"))
    clean = mean + (log_variance / 2).exp() * whole  # [B, c, h, w]
    known = mean_masked + (log_variance_masked / 2).exp() * masked  # [B, c, h, w]
    return torch.cat([mask, known], 1), clean


def _distribution(vae: Vae, photos: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log-variance [B, c, h, w] of the latents of photos [B, 3, H, W] in [-1, 1], scaled."""
    likely, config = vae.vae.encode(photos.to(vae.vae.dtype)).latent_dist, vae.vae.config
    shift = getattr(config, "shift_factor", None) or 0.0
    mean = (likely.mean.float() - shift) * config.scaling_factor  # [B, c, h, w]
    return mean, likely.logvar.float() + 2 * math.log(config.scaling_factor)


def vae_fingerprint(vae: Any) -> str:
    """16 hexadecimal digits that change with the weights and the scaling of an autoencoder."""
    digest = hashlib.sha256(str(vae.config.scaling_factor).encode())
    for name, value in sorted(vae.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()[:16]


def make_latents(
    source: Source,
    vae: Vae,
    out: str | os.PathLike[str],
    *,
    seed: int,
    samples: int | None = None,
    per_shard: int = 256,
    share: tuple[int, int] = (1, 1),
    progress: Callable[[int, int], object] | None = None,
) -> tuple[int, int]:
    """Encode the first samples of a run's stream, shard by shard; returns how many now, and shards that were there.

    A shard takes its name when it is whole. Called again, the run goes on after those that are there. Several machines
    may work on one folder, each with its share.

    Args:
        source: of the samples: photos, or pairs with their classes.
        vae: on its device.
        out: folder, made if need be.
        seed: of the run.
        samples: how many; None: as many as the source has photos or pairs.
        per_shard: samples of a shard, from 1 up.
        share: (i, n): only the i-th of n shares of the shards, i from 1.
        progress: is called with (samples done, of how many) after each.

    Raises:
        FileExistsError: `out` holds other samples or other files.
        NotADirectoryError: `out` is a file.
        OSError: `out` cannot be written; finished shards stay.
        ValueError: an argument is none of these, no photo can be used, or a latent is no number.
    """
    i, n = checked_share("share", share)
    record = Encoded(
        vae=vae_fingerprint(vae.vae),
        source=source.fingerprint,
        description=source.description,
        settings=source.settings.model_dump(mode="json"),
        seed=seed,
        samples=checked_count("samples", len(source) if samples is None else samples, least=1),
        per_shard=checked_count("per_shard", per_shard, least=1),
        channels=4 * vae.channels + 1,
    )
    into, shards = Path(out), range(i - 1, record.shards, n)
    claim(into, record)
    if not (into / FIRST).exists():
        first = source.first(min(SHOWN, record.samples), seed)
        write_first(into, np.stack([each.photo for each in first]), np.stack([each.hole for each in first]))
    missing = [shard for shard in shards if not shard_path(into, shard).exists()]
    total, done = sum(len(record.places(shard)) for shard in missing), 0
    for shard in missing:
        found = []
        places = record.places(shard)
        for batch in islice(source.batches(places.start, batch=1, seed=seed), len(places)):
            found.append(_kept(vae, batch))
            done += 1
            if progress is not None:
                progress(done, total)
        labels = [label for _, label in found if label is not None]
        latents = np.stack([each for each, _ in found])  # [n, 4c + 1, h, w]
        write_shard(shard_path(into, shard), latents, np.array(labels, np.int64) if labels else None)
    return done, len(shards) - len(missing)


def _kept(vae: Vae, batch: Batch) -> tuple[NDArray[np.float16], int | None]:
    """What is kept of a batch of one sample, [4c + 1, h, w], and its class."""
    device = vae.vae.device
    latents = encode(vae, batch.photos.to(device), batch.holes.to(device))[0].half()  # [4c + 1, h, w]
    if not latents.isfinite().all():
        raise ValueError("latents: the VAE gives values that float16 cannot hold; accepted: finite ones")
    return latents.cpu().numpy(), None if batch.labels is None else int(batch.labels[0])
