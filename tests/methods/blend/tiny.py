"""A network of toy size, photos and holes for it, and a folder of stored samples."""

import numpy as np

from retouch.data.patch import Patch
from retouch.data.training.photos import photos_in
from retouch.data.training.settings import SampleSettings
from retouch.methods.blend.config import BlendConfig, Loss, Network
from retouch.methods.blend.make import make_samples
from tests.data.photos_for_tests import folder_of

PATCHES = (Patch(radius=1), Patch(radius=1, shrink=2))
NETWORK = Network(patches=PATCHES, width=4, dilations=(1, 2))
PLAIN = BlendConfig(network=NETWORK, loss=Loss(perceptual=0, style=0, adversarial=0), size=64)
SAMPLES = SampleSettings(size=64, holes="box")


def pictures(count=2, height=64, width=80):
    """Images [N, H, W, 3] with noise under their holes, and holes [N, H, W]."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0.2, 0.7, width, dtype=np.float32)[None, None, :, None]
    images = (ramp + 0.2 * rng.random((count, height, width, 3))).astype(np.float32)
    masks = np.zeros((count, height, width), bool)
    masks[0, 10:30, 20:50] = True
    masks[1:, 25:50, 30:60] = True
    return images, masks


def stored(root, count=6, **changes):
    """A folder of stored samples of four photos."""
    photos = photos_in(folder_of(root / "photos", 4, (90, 70)))
    given = {"patches": PATCHES, "samples": SAMPLES, "count": count, **changes}
    make_samples(photos, root / "samples", **given)
    return root / "samples"
