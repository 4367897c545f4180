"""Small images with holes, and a network made of arithmetic, for tests of the spread."""

import numpy as np

from retouch.ops.draws import seeded_normal

SIZE = (12, 16)


def inputs(count=3, seed=0, dtype=np.float32):
    """Images [B, 3, H, W] in [-1, 1] and masks [B, 1, H, W] bool, True = known, with different holes."""
    rng = np.random.default_rng(seed)
    image = rng.uniform(-1, 1, (count, 3, *SIZE)).astype(dtype)
    known = rng.random((count, 1, *SIZE)) < np.linspace(0.2, 0.9, count)[:, None, None, None]
    return image, known


def network(x, m0, m, u, tau):
    """A prediction that depends on every input, and on a pixel's neighbours; for arrays and tensors alike."""
    around = x + (x[:, :, ::-1] if isinstance(x, np.ndarray) else x.flip(2))  # [B, 3, H, W]
    mean = 0.4 * around + 0.1 * m0 - 0.2 * m + 0.3 * u + 0.1 * tau
    return mean, 2 * x - 3 * around * m - u - 1 - tau


def noise_of(image, seeds):
    """noise(t) for a batch, from the samples' seeds."""
    return lambda t: seeded_normal(seeds, t, image.shape[1:]).astype(image.dtype)
