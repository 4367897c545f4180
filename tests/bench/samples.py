"""Random features and images that several tests use."""

import numpy as np


def features(n, d=8, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (n, d))


def image(h=40, w=50, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)


def box(h=40, w=50):
    mask = np.zeros((h, w), bool)
    mask[12:28, 15:35] = True
    return mask
