"""The method on both runtimes: known pixels, nothing leaks, batch and loop, any size; exports and what is refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import retouch  # noqa: E402
from retouch.methods.base import Needs, NoOptions  # noqa: E402
from retouch.methods.blend.method import method, needs  # noqa: E402
from retouch.methods.blend.recipe import BlendRecipe  # noqa: E402
from retouch.methods.blend.runner import TorchRunner, build, build_onnx, export_onnx, load_onnx  # noqa: E402
from retouch.train.export import export  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from tests.methods.blend.tiny import NETWORK, PLAIN, pictures  # noqa: E402


@pytest.fixture(scope="module")
def recipe():
    with seeded(0):
        made = BlendRecipe(PLAIN)
    torch.nn.init.normal_(made.networks["blender"].last.weight, std=0.3, generator=torch.Generator().manual_seed(0))
    return made


@pytest.fixture(scope="module")
def card(recipe, tmp_path_factory):
    file = tmp_path_factory.mktemp("export") / "blend.json"
    trained = SimpleNamespace(networks=recipe.networks, averages={}, best=recipe.networks, step=1, images=2)
    export(trained, recipe, file, data="none", licence="CC0", dtype="fp32")
    return file


@pytest.fixture(scope="module")
def onnx(card):
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package)
    file = card.with_suffix(".onnx")
    export_onnx(card, file)
    return file


@pytest.fixture
def filled_by(recipe):
    return method(TorchRunner(recipe.networks["blender"]), NETWORK, needs(PLAIN.model_dump()))


def test_known_pixels_stay_and_nothing_under_the_hole_leaks(filled_by):
    images, masks = pictures()
    filled = filled_by(images, masks, NoOptions(), seeds=[1, 2]).images
    assert np.array_equal(filled[~masks], images[~masks])
    other = np.where(masks[..., None], np.float32(0.1), images)
    assert np.array_equal(filled_by(other, masks, NoOptions(), seeds=[1, 2]).images[masks], filled[masks])
    assert not np.array_equal(filled_by(images, masks, NoOptions(), seeds=[3, 4]).images, filled)


def test_a_batch_equals_a_loop(filled_by):
    images, masks = pictures(3)
    together = filled_by(images, masks, NoOptions(), seeds=[1, 2, 3]).images
    for k in range(3):
        alone = filled_by(images[k : k + 1], masks[k : k + 1], NoOptions(), seeds=[1 + k]).images
        assert np.array_equal(alone[0], together[k])


def test_no_hole_changes_nothing_and_a_photo_that_is_all_hole_is_refused(filled_by):
    images, masks = pictures(1)
    assert np.array_equal(filled_by(images, np.zeros_like(masks), NoOptions()).images, images)
    with pytest.raises(ValueError, match="mask covers the whole window"):
        filled_by(images, np.ones_like(masks), NoOptions())


def test_an_export_comes_back_as_a_method(card, filled_by):
    asked = needs(json.loads(card.read_text())["config"])
    assert asked == Needs(multiple=16, smallest=16, native=512, stochastic=True)
    images, masks = pictures()
    found = build(asked, "cpu", card)(images, masks, NoOptions(), seeds=[1, 2])
    assert np.array_equal(found.images, filled_by(images, masks, NoOptions(), seeds=[1, 2]).images)


@pytest.mark.parametrize("size", [(70, 51), (16, 130)])
def test_photos_of_any_size_are_filled_by_the_path_of_the_export(card, size):
    image = np.random.default_rng(0).random((*size, 3)).astype(np.float32)
    mask = np.zeros(size, bool)
    mask[4:12, 30:45] = True
    out = retouch.fill(image, mask, model=str(card), device="cpu", dilate=0, feather=0)
    assert out.shape == image.shape
    assert np.array_equal(out[~mask], image[~mask])
    assert not np.array_equal(out[mask], image[mask])


@pytest.mark.parametrize(("height", "width"), [(64, 80), (128, 128), (32, 160)])
def test_onnxruntime_gives_what_torch_gives(onnx, filled_by, height, width):
    images, masks = pictures(2, 64, 80)
    images, masks = (np.resize(x, (2, height, width, *x.shape[3:])) for x in (images, masks))
    ours = load_onnx(onnx)(images, masks, NoOptions(), seeds=[1, 2])
    theirs = filled_by(images, masks, NoOptions(), seeds=[1, 2])
    assert np.abs(ours.images - theirs.images).max() <= 1e-4
    built = build_onnx(needs(PLAIN.model_dump()), "cpu", onnx)(images, masks, NoOptions(), seeds=[1, 2])
    assert np.array_equal(built.images, ours.images)
    assert load_onnx(onnx).needs == needs(PLAIN.model_dump())


def test_a_network_that_gives_no_numbers_is_told():
    broken = method(lambda photos, holes, fills: photos * np.nan, NETWORK, needs(PLAIN.model_dump()))
    with pytest.raises(ValueError, match="model: gives values that are no finite numbers"):
        broken(*pictures(), NoOptions())


def test_onnx_is_exported_of_its_own_kind_only(card, tmp_path):
    other = tmp_path / "other.json"
    content = json.loads(card.read_text())
    other.write_text(json.dumps({**content, "method": "unet"}))
    (tmp_path / "blend.safetensors").write_bytes(card.with_suffix(".safetensors").read_bytes())
    with pytest.raises(ValueError, match=r"is of the method 'unet'; accepted: an export of 'blend'"):
        export_onnx(other, tmp_path / "x.onnx")


def test_bad_configs_are_refused():
    with pytest.raises(ValueError, match="widht"):
        needs({"widht": 3})
