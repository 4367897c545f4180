"""Small fixed samples, and a recipe that paints holes in one grey."""

import numpy as np
import torch

from retouch.data import Drawn


def samples(n=3, side=32):
    rng = np.random.default_rng(0)
    hole = np.zeros((side, side), bool)
    hole[4:20, 8:24] = True
    return tuple(Drawn(rng.integers(0, 256, (side, side, 3), np.uint8), hole.copy(), k, f"p{k}") for k in range(n))


class Painter:
    """Fills with the grey of its only parameter, whatever the photo; changes the known pixels too."""

    ema = ()

    def __init__(self, grey=0.5):
        self.networks = {"paint": torch.nn.Linear(1, 1)}
        torch.nn.init.constant_(self.networks["paint"].bias, grey)
        self.seen = []

    def fill(self, networks, photos, holes, seeds):
        assert not torch.is_grad_enabled()
        self.seen.append((photos, holes, seeds))
        return torch.full_like(photos, float(networks["paint"].bias))
