import math
import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from retouch.bench.metrics import lpips  # noqa: E402
from retouch.features.loaders import load_lpips  # noqa: E402
from retouch.features.lpips import Lpips  # noqa: E402
from retouch.features.resnet import ResNet50  # noqa: E402
from retouch.features.vgg import Vgg16  # noqa: E402
from retouch.train.losses.perceptual import (  # noqa: E402
    RELUS,
    gram,
    high_receptive_field,
    load_resnet,
    load_vgg,
    look,
    lpips_loss,
    map_distance,
    resnet_maps,
    style_distance,
    vgg_maps,
)
from retouch.weights import WeightsMissing  # noqa: E402
from tests.bench.samples import image  # noqa: E402

WEIGHTS = Path(os.environ.get("RETOUCH_WEIGHTS") or Path(__file__).resolve().parents[3].parent / "shared" / "weights")
needs_weights = pytest.mark.skipif(
    not all((WEIGHTS / f"{n}.safetensors").is_file() for n in ("lpips_v0.1_alex", "vgg16_features_fp16")),
    reason="no VGG and LPIPS weights here (../shared/weights or RETOUCH_WEIGHTS)",
)


def made(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = make()
    for name, parameter in network.named_parameters():
        if name.startswith("lin"):  # heads of LPIPS are never negative
            parameter.data.abs_()
        elif parameter.ndim == 4:  # otherwise activations die away on the way down
            nn.init.kaiming_normal_(parameter, generator=torch.Generator().manual_seed(0))
    return network


@pytest.fixture(scope="module")
def alex():
    return made(Lpips)


@pytest.fixture(scope="module")
def vgg():
    return made(lambda: Vgg16(classifier=False))


@pytest.fixture(scope="module")
def resnet():
    return made(lambda: ResNet50(dilated=True, classifier=False))


def pair(b=2, h=40, w=36, dtype=torch.float32):
    make = torch.Generator().manual_seed(4)
    truth = torch.rand(b, 3, h, w, generator=make)
    prediction = truth + 0.3 * torch.randn(b, 3, h, w, generator=make)  # leaves [0, 1]
    return prediction.to(dtype), truth.to(dtype)


@pytest.fixture(params=["lpips", "vgg", "style", "far"])
def loss(request):
    if request.param == "lpips":
        return lpips_loss(request.getfixturevalue("alex"))
    if request.param == "far":
        maps = resnet_maps(request.getfixturevalue("resnet"))
        return lambda a, b: high_receptive_field(maps, a, b)
    maps = vgg_maps(request.getfixturevalue("vgg"))
    distance = {"vgg": map_distance, "style": style_distance}[request.param]
    return lambda a, b: distance(*look(maps, a, b), distance="l1")


def test_zero_at_equality_and_micro_batches_average(loss):
    prediction, truth = pair()
    assert loss(truth, truth.clone()) == 0
    parts = torch.stack([loss(a, b) for a, b in zip(prediction.split(1), truth.split(1), strict=True)])
    whole = loss(prediction, truth)
    assert whole > 0
    assert whole.shape == ()
    torch.testing.assert_close(parts.mean(), whole, rtol=1e-5, atol=0)


def test_gradients_reach_the_prediction_only(loss, alex, vgg, resnet):
    prediction, truth = (x.requires_grad_() for x in pair())
    loss(prediction, truth).backward()
    assert truth.grad is None
    assert (prediction.grad.abs().sum((1, 2, 3)) > 0).all()
    assert torch.isfinite(prediction.grad).all()
    assert not isinstance(loss, nn.Module)


def test_networks_are_frozen(alex, vgg, resnet):
    for make, network in ((lpips_loss, alex), (vgg_maps, vgg), (resnet_maps, resnet)):
        network.train().requires_grad_(True)
        make(network)
        assert not network.training
        assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("kind", ["lpips", "vgg"])
def test_gradients_are_right(kind, alex, vgg):
    network = alex if kind == "lpips" else vgg
    prediction, truth = pair(1, 40, 36, torch.float64)
    prediction.requires_grad_()
    try:
        network.double()
        maps = vgg_maps(vgg, ("relu2_2", "relu3_3"))
        loss = lpips_loss(alex) if kind == "lpips" else lambda a, b: map_distance(*look(maps, a, b))
        value = loss(prediction, truth)
        assert value.dtype == torch.float64
        value.backward()
        with torch.no_grad():
            step = 1e-7 * prediction.grad / prediction.grad.norm()
            slope = (loss(prediction + step, truth) - loss(prediction - step, truth)) / 2e-7
    finally:
        network.float()
    torch.testing.assert_close(slope, prediction.grad.norm(), rtol=1e-4, atol=0)


def test_autocast_is_near_float32_and_gives_float32(loss):
    prediction, truth = pair()
    exact = loss(prediction, truth)
    with torch.autocast("cpu", torch.bfloat16):
        rough = loss(prediction.bfloat16(), truth)
        assert loss(truth, truth.clone()) == 0
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, exact, rtol=0.05, atol=0)


def test_wrong_images_are_refused(loss):
    prediction, truth = pair()
    for wrong, message in (
        (truth[:1], r"truth: is \[1, 3, 40, 36\] float32; accepted: \[2, 3, 40, 36\] like prediction"),
        (2 * truth - 1, "truth: values reach from -.*; accepted: 0 to 1"),
        (255 * truth, "truth: values reach from .* to 25.*; accepted: 0 to 1"),
        (truth * torch.nan, "truth: values reach from nan"),
        ((255 * truth).to(torch.uint8), r"truth: is \[2, 3, 40, 36\] uint8; accepted: \[B, C, H, W\] floats"),
    ):
        with pytest.raises(ValueError, match=message):
            loss(prediction, wrong)
    with pytest.raises(ValueError, match="prediction: has 4 channels; accepted: 3"):
        loss(*(F.pad(x, (0, 0, 0, 0, 0, 1)) for x in (prediction, truth)))
    with pytest.raises(ValueError, match=r"images: are \[2, 3, 31, 36\]; accepted: sides of at least 32"):
        loss(prediction[:, :, :31], truth[:, :, :31])


def test_lpips_is_the_networks_own_distance(alex):
    prediction, truth = pair()
    prediction = prediction.clamp(0, 1)
    expected = alex(2 * prediction - 1, 2 * truth - 1).mean()
    value = lpips_loss(alex)(prediction, truth)
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(lpips_loss(alex)(prediction.double(), truth.double()), value, rtol=1e-5, atol=0)


def test_lpips_compares_in_float32_what_autocast_computed(alex):
    prediction, truth = pair()
    with torch.autocast("cpu", torch.bfloat16):
        value = lpips_loss(alex)(prediction, truth)
        maps = [[m.double() for m in alex.net(alex.scaling_layer(2 * x - 1))] for x in (prediction, truth)]
    ours, theirs = ([m / m.norm(dim=1, keepdim=True).clamp_min(1e-30) for m in each] for each in maps)
    heads = [alex.get_parameter(f"lin{k}.model.1.weight").double() for k in range(5)]
    expected = sum(F.conv2d((a - b) ** 2, w).mean() for a, b, w in zip(ours, theirs, heads, strict=True))
    torch.testing.assert_close(value.double(), expected, rtol=1e-5, atol=0)


def test_a_network_without_activations_gives_no_nan():
    network = made(Lpips)
    network.get_parameter("net.slice1.0.bias").data.fill_(-100)
    for k, number in enumerate((3, 6, 8, 10), 2):
        network.get_parameter(f"net.slice{k}.{number}.bias").data.zero_()
    prediction, truth = pair()
    prediction.requires_grad_()
    value = lpips_loss(network)(prediction, truth)
    with torch.autograd.set_detect_anomaly(True):  # nor on the way, where a ReLU would hide it
        value.backward()
    assert value == 0
    assert torch.equal(prediction.grad, torch.zeros_like(prediction))


def blocks(x, n):
    """Means over n x n blocks, cut off at the lower right."""
    rows = [x[:, :, i : i + n] for i in range(0, x.shape[2], n)]
    return torch.stack(
        [torch.stack([r[..., j : j + n].mean((2, 3)) for j in range(0, x.shape[3], n)], -1) for r in rows], -2
    )


@pytest.mark.parametrize(("scale", "n"), [(0.5, 2), (1 / 3, 3), (0.333, 3)])
def test_a_smaller_scale_looks_at_block_means(scale, n, alex, vgg):
    prediction, truth = pair(1, 33 * n - 1, 33 * n)
    small = blocks(prediction, n), blocks(truth, n)
    torch.testing.assert_close(lpips_loss(alex, scale)(prediction, truth), lpips_loss(alex)(*small))
    for a, b in zip(vgg_maps(vgg, scale=scale)(truth), vgg_maps(vgg)(small[1]), strict=True):
        torch.testing.assert_close(a, b)


def test_images_too_small_once_shrunk_are_refused(alex, vgg):
    maps = vgg_maps(vgg, scale=0.5)
    for refused in (lpips_loss(alex, 0.5), lambda a, b: look(maps, a, b)):
        with pytest.raises(ValueError, match="sides of at least 64"):
            refused(*pair(1, 62, 80))


def test_vgg_maps_are_the_named_layers_in_the_order_asked(vgg):
    # Names counted off: a block ends at a pooling.
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    x = (pair(1)[1] - mean) / deviation
    expected, block, place = {}, 1, 0
    for layer in vgg.features:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            place += 1
            expected[f"relu{block}_{place}"] = x
        elif isinstance(layer, nn.MaxPool2d):
            block, place = block + 1, 0
    assert set(RELUS) == set(expected)
    names = tuple(sorted(RELUS, reverse=True))
    for name, got in zip(names, vgg_maps(vgg, names)(pair(1)[1]), strict=True):
        torch.testing.assert_close(got, expected[name])
    assert [m.shape[1] for m in vgg_maps(vgg)(pair(1)[1])] == [64, 128, 256, 512]


def test_resnet_maps_are_the_four_stages_at_an_eighth_of_the_size(resnet):
    photo = pair(1, 64, 40)[1]
    maps = resnet_maps(resnet)(photo)
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    for ours, stage in zip(maps, resnet.stages((photo - mean) / deviation)[1:], strict=True):
        torch.testing.assert_close(ours, stage)
    assert [tuple(m.shape[1:]) for m in maps] == [(256, 16, 10), (512, 8, 5), (1024, 8, 5), (2048, 8, 5)]


def random_maps(seed):
    make = torch.Generator().manual_seed(seed)
    return [torch.randn(2, c, 4, 3, generator=make) for c in (3, 5)]


def test_distances_of_maps():
    ours, theirs = random_maps(1), random_maps(2)
    x, y = ([m.numpy().astype(float) for m in maps] for maps in (ours, theirs))
    squared = [((a - b) ** 2).mean() for a, b in zip(x, y, strict=True)]
    absolute = [np.abs(a - b).mean() for a, b in zip(x, y, strict=True)]
    assert map_distance(ours, theirs).item() == pytest.approx(sum(squared), rel=1e-6)
    assert map_distance(ours, theirs, (2, 0.5)).item() == pytest.approx(2 * squared[0] + 0.5 * squared[1], rel=1e-6)
    assert map_distance(ours, theirs, distance="l1").item() == pytest.approx(sum(absolute), rel=1e-6)
    assert map_distance(ours, theirs, (0, 0)) == 0


def test_gram_and_style():
    ours, theirs = random_maps(1), random_maps(2)
    grams = [
        [np.einsum("bchw,bdhw->bcd", m.numpy().astype(float), m.numpy()) / (12 * m.shape[1]) for m in maps]
        for maps in (ours, theirs)
    ]
    np.testing.assert_allclose(gram(ours[1]).numpy(), grams[0][1], rtol=1e-5, atol=1e-6)
    squared = [((a - b) ** 2).mean() for a, b in zip(*grams, strict=True)]
    assert style_distance(ours, theirs).item() == pytest.approx(sum(squared), rel=1e-5)
    weighted = 3 * np.abs(grams[0][0] - grams[1][0]).mean()
    assert style_distance(ours, theirs, (3, 0), "l1").item() == pytest.approx(weighted, rel=1e-5)
    moved = [
        m.flatten(2)[:, :, torch.randperm(12, generator=torch.Generator().manual_seed(0))].unflatten(2, (4, 3))
        for m in ours
    ]
    assert style_distance(moved, ours) < 1e-12  # style does not know where


def test_gram_is_float32_under_autocast():
    x = random_maps(1)[0].bfloat16()
    expected = gram(x.float())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(gram(x), expected)


@pytest.mark.parametrize("distance", [map_distance, style_distance])
@pytest.mark.parametrize("form", ["squared", "l1"])
def test_gradients_of_distances(distance, form):
    ours, theirs = ([m.double() for m in random_maps(seed)] for seed in (1, 2))
    inputs = [m.requires_grad_() for m in ours]
    assert torch.autograd.gradcheck(lambda *maps: distance(maps, theirs, (2, 3), form), inputs)


def test_any_maps_will_do():
    def maps(images):
        return [images, images[:, :1, ::2]]

    prediction, truth = pair()
    d = (prediction - truth).numpy().astype(float) ** 2
    expected = d.mean() + d[:, :1, ::2].mean()
    assert high_receptive_field(maps, prediction, truth).item() == pytest.approx(expected, rel=1e-5)


def test_wrong_settings_are_refused(alex, vgg):
    with pytest.raises(ValueError, match=r"layers: has 'relu3_4'; accepted: relu1_1, .*relu5_3$"):
        vgg_maps(vgg, ("relu1_2", "relu3_4"))
    with pytest.raises(ValueError, match="layers: has 'none'; accepted: "):
        vgg_maps(vgg, ())
    for scale in (0, -0.5, 0.7, 2, math.nan):
        with pytest.raises(ValueError, match=r"scale: is .*; accepted: 1, 1/2, 1/3"):
            lpips_loss(alex, scale)
        with pytest.raises(ValueError, match=r"scale: is "):
            vgg_maps(vgg, scale=scale)


def test_wrong_maps_are_refused():
    ours, theirs = random_maps(1), random_maps(2)
    for wrong in (theirs[:1], theirs[::-1], [m[:1] for m in theirs]):
        with pytest.raises(ValueError, match=r"ours, theirs: have shapes .*; accepted: equal ones, at least one map"):
            map_distance(ours, wrong)
    with pytest.raises(ValueError, match="at least one map"):
        map_distance([], [])
    for weights in ((1,), (1, -1), (1, math.nan), (1, math.inf)):
        with pytest.raises(ValueError, match=r"weights: is .*; accepted: 2 finite numbers from 0 up, one a map"):
            map_distance(ours, theirs, weights)
    with pytest.raises(ValueError, match="distance: is 'l2'; accepted: 'squared', 'l1'"):
        style_distance(ours, theirs, distance="l2")


def test_resnet_loads_a_public_file_and_leaves_its_classifier_out(tmp_path, resnet):
    from safetensors.torch import save_file

    file = tmp_path / "mine.safetensors"
    state = {k: v.half() if v.is_floating_point() else v for k, v in resnet.state_dict().items()}
    save_file({**state, "fc.weight": torch.zeros(1000, 2048).half(), "fc.bias": torch.zeros(1000).half()}, file)
    before = torch.get_rng_state()
    loaded = load_resnet(file)
    assert torch.equal(torch.get_rng_state(), before)
    maps = resnet_maps(loaded)(pair()[1])
    for a, b in zip(maps, resnet_maps(resnet)(pair()[1]), strict=True):
        torch.testing.assert_close(a, b, rtol=0.05, atol=0.01 * float(b.max()))
    assert not any(p.requires_grad for p in loaded.parameters())


def test_missing_and_wrong_weights_are_refused(tmp_path):
    from safetensors.torch import save_file

    for load in (load_vgg, load_resnet):
        with pytest.raises(WeightsMissing, match=r"holds no such file; get .* and name the file"):
            load(tmp_path)
    save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "part.safetensors")
    with pytest.raises(ValueError, match=r"25 keys are missing, first 'features.0.bias'"):
        load_vgg(tmp_path / "part.safetensors")


@needs_weights
@pytest.mark.parametrize("net", ["alex", "vgg"])
def test_lpips_with_public_weights_is_the_metric(net):
    network = load_lpips(net, WEIGHTS)
    photos = [(image(64), image(64, seed=1)), (image(64, seed=2), image(64, seed=3))]
    expected = np.mean([lpips(a, b, network) for a, b in photos])
    prediction, truth = (
        torch.from_numpy(np.stack(x).transpose(0, 3, 1, 2).copy()).float() / 255 for x in zip(*photos, strict=True)
    )
    value = lpips_loss(network)(prediction.requires_grad_(), truth)
    assert value.item() == pytest.approx(expected, rel=1e-5)
    value.backward()
    with torch.no_grad():  # a step down the slope is a step nearer
        nearer = lpips_loss(network)(prediction - 0.5 * prediction.grad / prediction.grad.norm(), truth)
    assert nearer < value.item()


@needs_weights
def test_vgg_with_public_weights():
    maps = vgg_maps(load_vgg(WEIGHTS))
    photo = torch.from_numpy(image(64).transpose(2, 0, 1)[None].copy()).float() / 255  # [1, 3, 64, 64]
    blurs = [F.avg_pool2d(F.pad(photo, (n, n, n, n), mode="replicate"), 2 * n + 1, 1) for n in (1, 3)]
    for distance in (map_distance, style_distance):
        near, far = (distance(*look(maps, blur, photo)) for blur in blurs)
        assert 0 < near < far
