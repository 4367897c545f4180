"""2DGS from an export: the contract of methods, scales, sizes, and what is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.catalogue import find, load_method  # noqa: E402
from retouch.methods.base import Cancelled  # noqa: E402
from retouch.methods.gaussian import semantic  # noqa: E402
from retouch.methods.gaussian.config import GaussianConfig, Loss, Run, variant  # noqa: E402
from retouch.methods.gaussian.method import needs  # noqa: E402
from retouch.methods.gaussian.recipe import GaussianRecipe  # noqa: E402
from retouch.methods.gaussian.semantic import SemanticEncoder  # noqa: E402
from retouch.train.events import Trained  # noqa: E402
from retouch.train.export import export  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402

from .tiny import tiny  # noqa: E402


def export_of(folder, networks=("generator",), **network):
    """The card of a tiny generator that has learnt nothing, and the recipe that it came from."""
    config = GaussianConfig(network=tiny(**network), loss=Loss(perceptual=0), run=Run(size=64))
    with seeded(0):
        recipe = GaussianRecipe(config, "tiny")
    trained = Trained(1, 1, True, recipe.networks, {}, None)
    card = folder / "tiny.json"
    export(trained, recipe, card, data="noise", licence="CC0-1.0", networks=networks, dtype="fp32", overwrite=True)
    return card, recipe


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return export_of(tmp_path_factory.mktemp("export"), semantics="none")[0]


@pytest.fixture
def method(card):
    return load_method(find(str(card)))


def inputs(count=2, height=24, width=40):
    images = np.random.default_rng(0).random((count, height, width, 3), np.float32)
    masks = np.zeros((count, height, width), bool)
    masks[0, 5:12, 6:18] = True
    masks[1:, 8:20, 20:30] = True
    images[masks] = 0
    return images, masks


def run(method, images, masks, **more):
    return method(images, masks, method.needs.options(), **more).images


def test_it_fills_as_the_recipe_does(tmp_path):
    path, recipe = export_of(tmp_path, semantics="none")
    images, masks = inputs()
    photos = torch.from_numpy(images).permute(0, 3, 1, 2)
    with torch.no_grad():
        holes = torch.from_numpy(masks)[:, None].float()
        expected = recipe.fill(recipe.networks, photos, holes, torch.zeros(2)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(run(load_method(find(str(path))), images, masks), expected, atol=1e-6)


def test_output_has_the_shape_range_and_type_promised(method):
    images, masks = inputs()
    before = images.copy(), masks.copy()
    out = run(method, images, masks)
    assert (out.shape, out.dtype) == (images.shape, np.float32)
    assert 0 <= out.min() <= out.max() <= 1
    assert np.array_equal(out[~masks], images[~masks])
    assert not np.array_equal(out[masks], images[masks])
    assert np.array_equal(images, before[0])
    assert np.array_equal(masks, before[1])


def test_what_lies_under_the_hole_changes_nothing(method):
    images, masks = inputs()
    other = np.where(masks[..., None], np.float32(0.9), images)
    assert np.array_equal(run(method, images, masks), run(method, other, masks))


def test_batch_equals_loop_whatever_the_seeds(method):
    images, masks = inputs(3)
    together = run(method, images, masks, seeds=[1, 2, 3])
    alone = [run(method, images[k : k + 1], masks[k : k + 1], seeds=[7])[0] for k in range(3)]
    assert np.array_equal(together, np.stack(alone))


def test_the_smallest_declared_size_works(method):
    side, step = method.needs.smallest, method.needs.multiple
    for size in ((side, side), (side, side + step)):
        images, masks = np.full((1, *size, 3), 0.5, np.float32), np.zeros((1, *size), bool)
        masks[0, 0, 0] = True
        assert run(method, images, masks).shape == images.shape


def test_other_sizes_are_refused(method):
    with pytest.raises(ValueError, match=r"masked: is \[1, 3, 24, 36\]; accepted: .* multiples of 8 from 16"):
        run(method, *inputs(1, 24, 36))


@pytest.mark.parametrize("scale", [2, 4])
def test_larger_scales_render_the_same_picture(method, scale):
    images, masks = inputs()
    masks[:] = True  # at other scales nothing is put back
    small, large = run(method, images, masks), run(method, images, masks, scale=scale)
    assert scale in method.needs.scales
    assert large.shape == (2, 24 * scale, 40 * scale, 3)
    mean = large.reshape(2, 24, scale, 40, scale, 3).mean((2, 4))
    assert np.abs(mean - small).mean() < 0.02
    assert not np.array_equal(large[:, ::scale, ::scale], small)


def test_progress_ends_and_cancel_is_asked(method):
    steps = []
    run(method, *inputs(), progress=steps.append)
    assert steps[-1].step == steps[-1].steps
    with pytest.raises(Cancelled):
        run(method, *inputs(), cancel=lambda: True)


def test_bench_finds_its_size_and_device(method):
    assert (method.parameters, str(method.device)) == (sum(p.numel() for p in generator().parameters()), "cpu")


def generator():
    from retouch.methods.gaussian.network import Generator

    return Generator(tiny(semantics="none"))


def test_a_whole_photo_goes_through(card):
    import retouch

    photo = np.random.default_rng(1).integers(0, 256, (90, 70, 3), np.uint8)
    mask = np.zeros((90, 70), bool)
    mask[30:50, 20:45] = True
    out = retouch.fill(photo, mask, model=str(card), dilate=0, feather=0)
    assert out.shape == photo.shape
    assert np.array_equal(out[~mask], photo[~mask])
    assert not np.array_equal(out[mask], photo[mask])


def test_the_semantic_encoder_sees_the_photo_with_its_hole(tmp_path, monkeypatch):
    seen = []

    def feature(images):
        seen.append(images)
        return images.flatten(1)[:, :512]

    monkeypatch.setattr(semantic, "semantic_encoder", lambda *_, **__: SemanticEncoder("vgg16", 512, feature))
    images, masks = inputs(1)
    images[:] = 1
    method = load_method(find(str(export_of(tmp_path)[0])))
    run(method, images, masks)
    assert seen[0].min() < 0.1
    assert seen[0].max() > 0.9


def test_missing_weights_of_the_semantic_encoder_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("retouch.weights._from_hub", lambda _: None)
    path, _ = export_of(tmp_path)
    with pytest.raises(WeightsMissing, match="VGG16 convolutions: not found"):
        load_method(find(str(path)))


def test_weights_of_another_network_are_refused(tmp_path):
    path, _ = export_of(tmp_path, networks=["discriminator"], semantics="none")
    with pytest.raises(ValueError, match="holds discriminator; accepted: an export of 'generator'"):
        load_method(find(str(path)))
    path, _ = export_of(tmp_path, semantics="none")
    path.write_text(path.read_text().replace('"hidden": 6', '"hidden": 8'))
    with pytest.raises(ValueError, match=r"tiny.json: 'decoder.colour.0.bias' has shape"):
        load_method(find(str(path)))


def test_needs_follow_the_configuration():
    small = needs(variant("small").model_dump(mode="json"))
    assert (small.multiple, small.smallest, small.native, small.scales) == (8, 16, 256, (1, 2, 4))
    assert not small.stochastic
    paper = needs(variant("paper-places2").model_dump(mode="json"))
    assert paper.multiple == 16
    assert needs({"network": {"decoder": "cnn"}}).scales == (1,)
