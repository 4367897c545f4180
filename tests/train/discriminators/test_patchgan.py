"""PatchGAN: sizes, counts, what a logit sees, the two kinds of normalisation."""

import pytest

torch = pytest.importorskip("torch")

from retouch.train.discriminators.patchgan import PatchDiscriminator  # noqa: E402


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_parameters():
    assert count(PatchDiscriminator("group")) == 2_766_529  # 2DGS-inpaint's
    # Latent diffusion's: no biases of 128, 256 and 512 channels before batch normalisation.
    assert count(PatchDiscriminator("batch")) == 2_766_529 - 128 - 256 - 512


def test_channels_stop_at_eight_times_the_first():
    network = PatchDiscriminator("group", width=8, layers=5)
    assert [m.out_channels for m in network.main if hasattr(m, "out_channels")] == [8, 16, 32, 64, 64, 64, 1]


@pytest.mark.parametrize(("size", "logits"), [((256, 256), (30, 30)), ((24, 24), (1, 1)), ((67, 40), (6, 3))])
def test_sizes(size, logits):
    assert PatchDiscriminator("group", width=8)(torch.zeros(1, 3, *size)).shape == (1, 1, *logits)


def test_a_logit_sees_70_pixels():
    network = PatchDiscriminator("batch", width=8).double().eval()  # fixed statistics keep patches apart
    x = torch.rand(1, 3, 128, 128, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(network(x)[0, 0, 7, 7], x)
    seen = slope.abs().sum((0, 1)) > 0  # [H, W]
    assert seen.any(0).sum() == seen.any(1).sum() == 70


@torch.no_grad()
def test_first_weights():
    torch.manual_seed(0)
    network = PatchDiscriminator("batch")
    assert float(network.main[8].weight.std()) == pytest.approx(0.02, rel=0.02)
    assert float((network.main[9].weight - 1).std()) == pytest.approx(0.02, rel=0.1)
    assert network.main[8].bias is None
    group = PatchDiscriminator("group")
    assert torch.equal(group.main[9].weight, torch.ones(512))
    assert float(group.main[8].weight.std()) == pytest.approx(0.02, rel=0.02)


def test_group_normalisation_keeps_samples_apart_and_batch_normalisation_does_not():
    x = torch.rand(3, 3, 32, 32)
    for norm, apart in (("group", True), ("batch", False)):
        torch.manual_seed(0)
        network = PatchDiscriminator(norm, width=8).train()
        assert torch.allclose(network(x)[:1], network(x[:1]), atol=1e-5) is apart


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"norm": "layer"}, "norm: is 'layer'"),
        ({"norm": "batch", "layers": 0}, "layers: is 0"),
        ({"norm": "group", "width": 12}, "width: is 12"),
        ({"norm": "batch", "width": 0}, "width: is 0"),
    ],
)
def test_bad_settings(options, words):
    with pytest.raises(ValueError, match=words):
        PatchDiscriminator(**options)


@pytest.mark.parametrize("shape", [(1, 3, 23, 64), (3, 64, 64)])
def test_bad_images(shape):
    with pytest.raises(ValueError, match="at least 24 pixels"):
        PatchDiscriminator("group", width=8)(torch.zeros(shape))
