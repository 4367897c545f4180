"""PSM's network on both runtimes: equal to the module, whole spreads included, and what is refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.methods.base import Needs  # noqa: E402
from retouch.methods.psm.config import PsmConfig, Training  # noqa: E402
from retouch.methods.psm.method import NEEDS, Psm, PsmOptions  # noqa: E402
from retouch.methods.psm.network import Generator  # noqa: E402
from retouch.methods.psm.recipe import PsmRecipe  # noqa: E402
from retouch.methods.psm.runner import (  # noqa: E402
    OnnxRunner,
    TorchRunner,
    build,
    export_onnx,
    load_generator,
    load_onnx,
    needs,
)
from retouch.train.export import export  # noqa: E402
from tests.methods.psm.tiny import TINY, generator, inputs  # noqa: E402

CONFIG = PsmConfig(network=TINY, size=64, iterations=3)


def arrays(batch=2, height=64, width=96):
    *planes, tau, latents = inputs(batch, height, width)
    return (*(plane.numpy() for plane in planes), tau, latents.numpy(), 0.7)


def picture(side=96):
    rng = np.random.default_rng(0)
    images = rng.random((2, side, 64, 3), np.float32)
    masks = np.zeros(images.shape[:3], bool)
    masks[0, 10:60, 20:50] = masks[1, 40:70, 5:40] = True
    return np.where(masks[..., None], np.float32(0), images), masks


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The tiny network as ONNX."""
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package)
    file = tmp_path_factory.mktemp("onnx") / "psm.onnx"
    export_onnx(generator(), file)
    return file


def test_torch_gives_what_the_module_gives():
    made, given = generator(), arrays()
    mean, log_variance = TorchRunner(made)(*given)
    with torch.inference_mode():
        x, m0, m, u, latents = (torch.from_numpy(given[i]) for i in (0, 1, 2, 3, 5))
        expected = made(x, m0, m, u, given[4], latents, given[6])
    assert mean.dtype == log_variance.dtype == np.float32
    assert np.array_equal(mean, expected.mean.numpy())
    assert np.array_equal(log_variance, expected.log_variance.numpy())


def test_torch_evaluates_and_leaves_the_average_latent_alone():
    made = generator().train()
    before = made.style.mapping.average.clone()
    TorchRunner(made)(*arrays())
    assert torch.equal(made.style.mapping.average, before)


def test_an_export_comes_back_as_a_method(tmp_path):
    training = Training(discriminator=0.1, perceptual=0)
    recipe = PsmRecipe(CONFIG.model_copy(update={"training": training}))
    recipe.generator.load_state_dict(generator().state_dict())
    trained = SimpleNamespace(networks=recipe.networks, averages={}, best=recipe.networks, step=1, images=2)
    card = tmp_path / "psm.json"
    export(trained, recipe, card, data="none", licence="CC0", networks=["generator"], dtype="fp32")
    asked = needs(json.loads(card.read_text())["config"])
    assert asked == Needs(
        multiple=32, smallest=64, native=64, stochastic=True, steps=3, uncertainty=True, options=PsmOptions
    )
    images, masks = picture()
    found = build(asked, "cpu", card)(images, masks, PsmOptions(), seeds=[3, 4])
    expected = Psm(TorchRunner(generator()), asked)(images, masks, PsmOptions(iterations=3), seeds=[3, 4])
    assert np.array_equal(found.images, expected.images)
    assert torch.equal(load_generator(card).stem.weight, recipe.generator.stem.weight)
    card.write_text(card.read_text().replace('"method": "psm"', '"method": "gaussian"'))
    with pytest.raises(ValueError, match=r"psm.json is of the method 'gaussian'; accepted: an export of 'psm'"):
        load_generator(card)
    other = tmp_path / "judge.json"
    export(trained, recipe, other, data="none", licence="CC0", networks=["discriminator"])
    with pytest.raises(ValueError, match="holds discriminator; accepted: an export of 'generator'"):
        build(asked, "cpu", other)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 128), (96, 160)])
def test_onnxruntime_gives_what_torch_gives(exported, batch, height, width):
    given = arrays(batch, height, width)
    for a, b in zip(OnnxRunner(exported, TINY)(*given), TorchRunner(generator())(*given), strict=True):
        assert a.dtype == np.float32
        assert np.abs(a - b).max() <= 1e-4


def test_whole_fills_agree(exported):
    images, masks = picture()
    options = PsmOptions(noise=0.1)
    ours = load_onnx(exported, CONFIG)(images, masks, options, seeds=[1, 2])
    theirs = Psm(TorchRunner(generator()), needs(CONFIG.model_dump()))(images, masks, options, seeds=[1, 2])
    assert np.abs(ours.images - theirs.images).max() <= 1e-4
    assert np.abs(ours.uncertainty - theirs.uncertainty).max() <= 1e-4


@pytest.mark.parametrize("hole", [True, False])
def test_all_hole_and_no_hole_are_accepted_by_both(exported, hole):
    images, masks = picture()
    images, masks = np.where(hole, np.float32(0), images), np.full_like(masks, hole)
    asked = needs(CONFIG.model_dump())
    ours, theirs = load_onnx(exported, CONFIG), Psm(TorchRunner(generator()), asked)
    a, b = (method(images, masks, PsmOptions(), seeds=[1, 2]) for method in (ours, theirs))
    assert np.abs(a.images - b.images).max() <= 1e-4
    assert np.isfinite(a.images).all()
    assert np.array_equal(a.images, images) != hole
    assert (a.uncertainty > 0).all() if hole else (a.uncertainty == 0).all()


def test_a_file_with_nan_weights_is_told_when_it_fills(exported, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(exported)
    weight = max(model.graph.initializer, key=lambda each: np.prod(each.dims))
    values = onnx.numpy_helper.to_array(weight).copy()
    values.flat[0] = np.nan
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, tmp_path / "nan.onnx")
    with pytest.raises(ValueError, match="network: gives NaN or infinite values in iteration 1 of 3"):
        load_onnx(tmp_path / "nan.onnx", CONFIG)(*picture(), PsmOptions())


def test_a_name_is_no_config(exported):
    with pytest.raises(ValueError, match=r"config: 'small' is no PsmConfig; accepted: one, such as variant\('small'\)"):
        load_onnx(exported, "small")


def test_a_file_of_another_network_is_refused(exported):
    with pytest.raises(ValueError, match=r"has heads 4, the config has 2; accepted: a file and a config of the same"):
        OnnxRunner(exported, TINY.model_copy(update={"heads": 2}))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(bad):
    made = Generator(TINY)
    with torch.no_grad():
        made.stem.weight[0, 0, 0, 0] = bad
    with pytest.raises(ValueError, match=r"weights: 'stem.weight' has NaN or infinite values; accepted: finite ones"):
        TorchRunner(made)


def test_bad_configs_are_refused():
    with pytest.raises(ValueError, match="chanels"):
        needs({"chanels": 3})
    assert needs({}) == NEEDS
