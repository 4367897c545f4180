"""Networks: names, sizes and what is particular of each; their values are in tests/parity."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from retouch.features.alexnet import AlexNetFeatures  # noqa: E402
from retouch.features.efficientnet import EfficientNetLite0  # noqa: E402
from retouch.features.inception import Inception, prepare_imagenet, without_auxiliary  # noqa: E402
from retouch.features.inception_blocks import pool3  # noqa: E402
from retouch.features.lpips import Lpips, assemble  # noqa: E402
from retouch.features.resize import pillow_crop, tf1_bilinear  # noqa: E402
from retouch.features.resnet import ResNet50  # noqa: E402
from retouch.features.vgg import Vgg16, imagenet_normalise, only_features, public_names  # noqa: E402


def count(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (lambda: Inception(fid=False), 23_834_568),
        (lambda: Inception(fid=True), 23_834_568 + 8 * 2049),
        (ResNet50, 25_557_032),
        (lambda: ResNet50(dilated=True), 25_557_032),
        (EfficientNetLite0, 4_652_008),
        (Vgg16, 138_357_544),
        (AlexNetFeatures, 2_469_696),
    ],
)
def test_sizes_are_the_published_ones(make, parameters):
    with torch.device("meta"):
        assert count(make()) == parameters


def seeded(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = make().eval()
        for name, buffer in network.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.1)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 1.5)
    return network


def test_dilation_keeps_the_values_and_adds_those_between():
    """Where the strided network looks, the dilated one sees the same; it only looks at more places."""
    plain = seeded(lambda: ResNet50(classifier=False))
    dilated = ResNet50(dilated=True, classifier=False).eval()
    dilated.load_state_dict(plain.state_dict())
    x = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        strided, dense = plain.stages(x), dilated.stages(x)
    assert [s.shape[2:] for s in dense] == [(24, 32), (24, 32), (12, 16), (12, 16), (12, 16)]
    torch.testing.assert_close(dense[2], strided[2])
    torch.testing.assert_close(dense[3][..., ::2, ::2], strided[3], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(dense[4][..., ::4, ::4], strided[4], rtol=1e-4, atol=1e-5)


def test_average_pools_of_the_two_inceptions_differ_at_the_border_only():
    x = torch.ones(1, 1, 4, 4)
    assert (pool3(x, fid=True) == 1).all()
    imagenet = pool3(x, fid=False)
    assert imagenet[0, 0, 0, 0] == pytest.approx(4 / 9)
    assert (imagenet[..., 1:-1, 1:-1] == 1).all()


def test_imagenet_inception_leaves_out_the_auxiliary_head_and_maps_bytes():
    tensors = {"fc.bias": torch.ones(1), "AuxLogits.fc.bias": torch.ones(1)}
    assert set(without_auxiliary(tensors)) == {"fc.bias"}
    ends = prepare_imagenet(torch.tensor([0, 255], dtype=torch.uint8)).tolist()
    assert ends == [-1, 1]


def test_vgg_fc2_is_the_second_layer_after_its_relu():
    with torch.device("meta"):
        network = Vgg16()
    network = network.to_empty(device="cpu").eval()
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    bias = torch.linspace(-1, 1, 4096)
    network.classifier[3].bias.data.copy_(bias)
    with torch.inference_mode():
        out = network.fc2(torch.zeros(1, 3, 224, 224))
    torch.testing.assert_close(out[0], bias.clamp(min=0))


def test_vgg_relu5_3_is_a_sixteenth_of_the_size_and_not_negative():
    with torch.inference_mode():
        out = seeded(lambda: Vgg16(classifier=False)).relu5_3(torch.randn(1, 3, 64, 80))
    assert out.shape == (1, 512, 4, 5)
    assert out.min() == 0
    assert out.max() > 0


def test_names_of_the_hub_s_vgg_become_the_public_ones():
    theirs = {"features.0.bias": torch.ones(64), "pre_logits.fc1.weight": torch.ones(6, 2, 3, 3)}
    theirs |= {"pre_logits.fc2.bias": torch.ones(6), "head.fc.weight": torch.ones(4, 6)}
    ours = public_names(theirs)
    assert {k: tuple(v.shape) for k, v in ours.items()} == {
        "features.0.bias": (64,),
        "classifier.0.weight": (6, 18),
        "classifier.3.bias": (6,),
        "classifier.6.weight": (4, 6),
    }
    assert public_names(ours).keys() == ours.keys()
    assert set(only_features(ours)) == {"features.0.bias"}


@pytest.mark.parametrize("net", ["alex", "vgg"])
def test_lpips_is_assembled_from_public_backbone_and_heads(net):
    whole = seeded(lambda: Lpips(net)).state_dict()
    heads = {k: v for k, v in whole.items() if k.startswith("lin")}
    backbone = {f"features.{k.split('.', 2)[2]}": v for k, v in whole.items() if k.startswith("net.")}
    backbone |= {"features.99.weight": torch.ones(1), "classifier.0.weight": torch.ones(1)}
    built = assemble(net, backbone, heads)
    assert built.keys() == whole.keys()
    assert all((built[k] == whole[k]).all() for k in whole)


def test_bytes_are_normalised_with_imagenets_figures():
    white = imagenet_normalise(torch.full((1, 3, 1, 1), 255, dtype=torch.uint8)).flatten().tolist()
    assert white == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225], rel=1e-6)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=50)
def test_tf1_resize_keeps_corner_constants_and_range(h, w, height, width):
    x = torch.rand(1, 2, h, w, generator=torch.Generator().manual_seed(h * w))
    out = tf1_bilinear(x, height, width)
    assert out.shape == (1, 2, height, width)
    assert (out[..., 0, 0] == x[..., 0, 0]).all()
    assert out.min() >= x.min() - 1e-6
    assert out.max() <= x.max() + 1e-6
    torch.testing.assert_close(tf1_bilinear(x, h, w), x)
    torch.testing.assert_close(tf1_bilinear(torch.full_like(x, 0.25), height, width).unique(), torch.tensor([0.25]))


@given(st.integers(1, 90), st.integers(1, 90), st.booleans())
@settings(max_examples=30)
def test_crops_have_their_size_whatever_the_photo_s(h, w, bicubic):
    import numpy as np

    photo = np.full((h, w, 3), 77, np.uint8)
    out = pillow_crop(photo, 34, 30, bicubic=bicubic)
    assert out.shape == (30, 30, 3)
    assert (out == 77).all()
