"""What several test modules need."""

import os

# The tests' networks are so small that threads cost more than they give. Numeric libraries read it when imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("retouch", deadline=None, print_blob=True)
settings.load_profile("retouch")


@pytest.fixture
def photo():
    """[H, W, 3] uint8: a smooth gradient with texture, 90 x 120."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:90, 0:120]
    base = np.stack([80 + y, 60 + x, 200 - x], axis=-1)
    return (base + rng.integers(-12, 13, (90, 120, 1))).clip(0, 255).astype(np.uint8)


@pytest.fixture
def hole():
    """[H, W] bool, an off-centre ellipse, True = hole."""
    y, x = np.mgrid[0:90, 0:120]
    return ((y - 40) / 14) ** 2 + ((x - 70) / 20) ** 2 < 1
