"""StyleGAN2's discriminator: counts, a step by step second reading, the mask's polarity, groups."""

import math

import pytest

torch = pytest.importorskip("torch")
F = torch.nn.functional

from retouch.train.discriminators.stylegan2 import StyleGan2Discriminator, minibatch_deviation  # noqa: E402


def small(size=64):
    torch.manual_seed(0)
    return StyleGan2Discriminator(size, width=1 / 16).double()


def samples(b=4, size=64):
    images = torch.rand(b, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    holes = torch.zeros(b, 1, size, size, dtype=torch.float64)
    holes[:, :, 10:30, 20:50] = 1
    return images, holes


def test_parameters_at_512_pixels():
    with torch.device("meta"):
        network = StyleGan2Discriminator(512)
    assert sum(p.numel() for p in network.parameters()) == 28_982_913


@pytest.mark.parametrize("size", [64, 80, 96, 112, 128])
def test_sizes(size):
    assert small(size)(*samples(2, size)).shape == (2, 1)


def resample(x, padding, stride):
    """[1, 3, 3, 1] along rows and columns, written as sums of shifted images."""
    x = F.pad(x, (padding,) * 4)
    h, w = x.shape[2:]
    rows = sum(k / 8 * x[:, :, i : h - 3 + i] for i, k in enumerate((1, 3, 3, 1)))
    both = sum(k / 8 * rows[:, :, :, i : w - 3 + i] for i, k in enumerate((1, 3, 3, 1)))
    return both[:, :, ::stride, ::stride]


def activate(x):
    return math.sqrt(2) * torch.where(x > 0, x, 0.2 * x)


def test_against_a_second_reading():
    network = small()
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, dtype=torch.float64)  # biases too
    images, holes = samples()
    w = network.state_dict()

    def scaled(name):
        return w[name] / math.sqrt(w[name][0].numel())

    x = torch.cat([0.5 - holes, images], 1)  # known - 0.5
    x = activate(F.conv2d(x, scaled("stem.weight"), w["stem.bias"]))
    for i in range(4):
        name = f"blocks.{i}."
        y = activate(F.conv2d(x, scaled(name + "conv0.weight"), w[name + "conv0.bias"], padding=1))
        y = activate(F.conv2d(resample(y, 2, 1), scaled(name + "conv1.weight"), w[name + "conv1.bias"], stride=2))
        x = (y + F.conv2d(resample(x, 1, 2), scaled(name + "skip.weight"))) / math.sqrt(2)
    deviation = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    x = torch.cat([x, deviation.expand(4, 1, 4, 4)], 1)
    x = activate(F.conv2d(x, scaled("last.weight"), w["last.bias"], padding=1))
    x = activate(x.flatten(1) @ scaled("dense.weight").T + w["dense.bias"])
    torch.testing.assert_close(network(images, holes), x @ scaled("logit.weight").T + w["logit.bias"])


def test_the_mask_is_seen():
    network, (images, holes) = small(), samples()
    assert (network(images, holes) != network(images, 0 * holes)).all()


def test_groups_are_the_largest_that_divide_the_batch():
    x = torch.rand(12, 3, 4, 4, dtype=torch.float64)
    y = minibatch_deviation(x)  # 12 = 2 groups of 6
    for j in range(2):
        expected = (x[j::2].var(0, correction=0) + 1e-8).sqrt().mean()
        torch.testing.assert_close(y[j::2], expected.expand(6, 1, 4, 4))
    assert len(minibatch_deviation(torch.rand(16, 1, 1, 1)).unique()) == 2
    assert len(minibatch_deviation(torch.rand(7, 1, 1, 1)).unique()) == 1
    assert len(minibatch_deviation(torch.rand(11, 1, 1, 1)).unique()) == 1
    torch.testing.assert_close(minibatch_deviation(x, group=1), torch.full((12, 1, 4, 4), 1e-4, dtype=torch.float64))


def test_samples_of_a_group_that_are_alike_are_noticed():
    network, (images, holes) = small(), samples()
    alike = images[:1].expand(4, -1, -1, -1)
    assert not torch.allclose(network(images, holes)[0], network(alike, holes)[0], atol=1e-6)


def test_half_precision_keeps_small_deviations():
    x = (100 + 0.5 * torch.arange(8.0))[:, None, None, None].expand(8, 2, 4, 4)
    y = minibatch_deviation(x.bfloat16())
    assert y.dtype == torch.bfloat16
    assert float(y[0, 0, 0, 0]) == pytest.approx(float(x[:, 0, 0, 0].var(correction=0).sqrt()), rel=0.01)


@pytest.mark.parametrize("size", [32, 63, 65, 72, 100, 520])
def test_bad_sizes(size):
    with pytest.raises(ValueError, match=f"size: is {size}"):
        StyleGan2Discriminator(size, width=1 / 64)


@pytest.mark.parametrize("width", [0, -1, float("nan"), 0.001])
def test_bad_widths(width):
    with pytest.raises(ValueError, match="width: is"):
        StyleGan2Discriminator(64, width)


@pytest.mark.parametrize(
    ("images", "holes"),
    [((2, 3, 64, 32), (2, 1, 64, 32)), ((2, 4, 64, 64), (2, 1, 64, 64)), ((2, 3, 64, 64), (1, 1, 64, 64))],
)
def test_bad_shapes(images, holes):
    with pytest.raises(ValueError, match="images, holes: are"):
        small()(torch.zeros(images), torch.zeros(holes))
