"""A generator of toy size, and what it is fed."""

import torch

from retouch.methods.gaussian.config import Network
from retouch.methods.gaussian.network import Generator


def tiny(**changes):
    """About 40,000 parameters with a token of 512, two bottleneck layers, 16 Gaussians in patches of 8 pixels."""
    small = {"patch": 8, "gaussians": 16, "hidden": 6, "width": 8, "blocks": 2, "groups": 4, "semantics": "vgg16"}
    return Network(**small | changes)


def generator(seed=0, **changes):
    """Its weights follow from `seed`, torch's own state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Generator(tiny(**changes))


def photos(batch=1, height=16, width=24, seed=0):
    """[B, 3, H, W] in [0, 1] with a hole of zeros."""
    x = torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))
    x[:, :, 4:12, 6:15] = 0
    return x


def tokens(batch=1, width=512, seed=0):
    return torch.randn(batch, width, generator=torch.Generator().manual_seed(seed))
