"""An export of the autoencoder as a model: what it paints is what the network reconstructs."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch import fill  # noqa: E402
from retouch.catalogue import find, load_method  # noqa: E402
from retouch.methods.asuka.config import MaeConfig  # noqa: E402
from retouch.methods.asuka.method_mae import build, needs  # noqa: E402
from retouch.methods.asuka.preprocess import denormalise, preprocess  # noqa: E402
from retouch.methods.asuka.recipe_mae import MaeRecipe  # noqa: E402
from retouch.train.events import Trained  # noqa: E402
from retouch.train.export import export  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402

from .tiny_mae import TINY, stirred  # noqa: E402


@pytest.fixture(scope="module")
def recipe():
    with seeded(0):
        made = MaeRecipe(MaeConfig(network=TINY), "toy")
    stirred(made.networks["mae"])
    return made


@pytest.fixture
def card(recipe, tmp_path):
    trained = Trained(1, 1, True, recipe.networks, {}, None)
    export(trained, recipe, tmp_path / "mae.json", data="noise", licence="CC0-1.0", dtype="fp32")
    return tmp_path / "mae.json"


def inputs(height, width):
    images = np.random.default_rng(0).random((2, height, width, 3), np.float32)
    masks = np.zeros(images.shape[:3], bool)
    masks[:, height // 4 : height // 2, width // 3 : width // 2] = True
    images[masks] = 0
    return images, masks


def test_what_is_painted_is_the_reconstruction(recipe, card):
    method, (images, masks) = build(needs({"network": TINY.model_dump()}), "cpu", card), inputs(32, 32)
    filled = method(images, masks, method.needs.options()).images
    photos = torch.from_numpy(images).permute(0, 3, 1, 2)
    small = preprocess(photos, torch.from_numpy(masks[:, None]).float(), 32)
    with torch.no_grad():
        painted = denormalise(recipe.networks["mae"].eval().reconstruct(*small)).clamp(0, 1).permute(0, 2, 3, 1)
    np.testing.assert_allclose(filled[masks], painted.numpy()[masks], atol=1e-5)
    assert np.array_equal(filled[~masks], images[~masks])


@pytest.mark.parametrize("size", [(17, 41), (64, 48), (1, 2)])
def test_any_size_is_scaled(card, size):
    method, (images, masks) = load_method(find(str(card)), "cpu"), inputs(*size)
    masks[:, 0, 0] = True
    filled = method(images, masks, method.needs.options()).images
    assert filled.shape == images.shape
    assert np.isfinite(filled).all()


def test_it_fills_by_the_path_of_its_export(card, photo, hole):
    filled = fill(photo, hole, model=str(card))
    assert filled.shape == photo.shape
    assert not np.array_equal(filled[hole], photo[hole])


def test_other_settings_are_refused():
    with pytest.raises(ValueError, match="size: is 31; accepted: multiples of patch"):
        needs({"network": {"size": 31}})
