"""A network of toy size, and what it is fed."""

import torch

from retouch.methods.psm.config import Network
from retouch.methods.psm.network import Generator

TINY = Network(channels=(8, 8, 16, 16, 16, 24), latent=12, feature=20, heads=4, bias_channels=4)


def generator(seed=0, *, guiding=True, **changes):
    """In evaluation mode; its weights follow from `seed`, torch's own state is left alone.

    `guiding`: attention is biased, as after training.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = Generator(TINY.model_copy(update=changes)).eval()
        for name, parameter in made.named_parameters():
            if guiding and name.endswith("bias.convs.3.weight"):
                torch.nn.init.normal_(parameter)
    return made


def inputs(batch=2, height=64, width=96, seed=0, dtype=torch.float32):
    """x, m0, m, u, tau, latents: the hole is partly filled."""
    draw = torch.Generator().manual_seed(seed)
    m0 = (torch.rand(batch, 1, height, width, generator=draw) < 0.5).to(dtype)
    m = m0.maximum((torch.rand(m0.shape, generator=draw) < 0.3).to(dtype))
    u = (1 - m) + (m - m0) * torch.rand(m0.shape, generator=draw).to(dtype)
    x = m * (2 * torch.rand(batch, 3, height, width, generator=draw).to(dtype) - 1)
    return x, m0, m, u, 0.5, torch.randn(batch, TINY.latent, generator=draw).to(dtype)
