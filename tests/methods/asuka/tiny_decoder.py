"""The smallest autoencoder that has everything, and inputs for it."""

import numpy as np
import torch

from retouch.methods.asuka.decoder_config import Autoencoder
from retouch.methods.asuka.decoder_load import autoencoder
from retouch.train.seeds import seeded

TINY = Autoencoder(latent=4, widths=(8, 8, 16, 16), blocks=1, groups=4, scaling=1.0)


def tiny(config=TINY, seed=0):
    with seeded(seed):
        return autoencoder(config).eval()


def inputs(side=32, count=1, latent=4):
    """z, image in [-1, 1], mask with a hole that no grid of 8 fits."""
    rng = np.random.default_rng(0)
    z = torch.from_numpy(rng.standard_normal((count, latent, side // 8, side // 8), np.float32))
    image = torch.from_numpy(2 * rng.random((count, 3, side, side), np.float32) - 1)
    mask = torch.zeros(count, 1, side, side)
    mask[..., 5 : side // 2, 11 : side // 2 + 7] = 1
    return z, image, mask
