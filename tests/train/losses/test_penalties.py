"""R1 at slopes known in closed form, its own gradient through every kind of layer, and its lazy form."""

import pytest

torch = pytest.importorskip("torch")

from retouch.train.discriminators.stylegan2 import StyleGan2Discriminator  # noqa: E402
from retouch.train.losses.augment import augment  # noqa: E402
from retouch.train.losses.penalties import lazy_adam, r1  # noqa: E402


def images(b=2, side=4):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(b, 3, side, side, generator=generator, dtype=torch.float64).requires_grad_()


def test_a_linear_discriminator():
    x = images()
    w = torch.rand(3, 4, 4, dtype=torch.float64, requires_grad=True)
    penalty = r1((x * w).sum((1, 2, 3))[:, None], x, gamma=10)
    assert float(penalty.detach()) == pytest.approx(5 * float(w.detach().square().sum()))
    torch.testing.assert_close(torch.autograd.grad(penalty, w)[0], 10 * w.detach())


def test_patch_logits_are_summed_and_the_batch_is_averaged():
    x = images()
    penalty = r1(x.square().sum(1, keepdim=True) / 2, x, gamma=3)  # the slope of [B, 1, h, w] logits is x itself
    assert float(penalty.detach()) == pytest.approx(1.5 * float(x.detach().square().sum()) / 2)


def small_discriminator():
    torch.manual_seed(0)
    return StyleGan2Discriminator(64, width=1 / 32).double()


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_its_gradient_is_right_through_fir_equalised_layers_deviation_and_augmentation(p):
    network, x = small_discriminator(), images(2, 64)
    holes = torch.zeros(2, 1, 64, 64, dtype=torch.float64)
    holes[:, :, 20:40, 10:30] = 1
    parameters = dict(network.named_parameters())
    direction = {name: torch.randn_like(value) for name, value in parameters.items()}

    def penalty(distance):
        state = {name: value + distance * direction[name] for name, value in parameters.items()}
        shown, moved = augment(x, holes, torch.tensor([3, 4]), p, "real")
        return r1(torch.func.functional_call(network, state, (shown, moved)), x, gamma=10)

    at = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(penalty(at), at)
    step = 1e-6
    assert float(slope) == pytest.approx(float((penalty(step) - penalty(-step)).detach()) / (2 * step), rel=1e-4)


def test_the_mask_takes_no_part():
    network, x = small_discriminator(), images(2, 64)
    holes = torch.zeros(2, 1, 64, 64, dtype=torch.float64, requires_grad=True)
    penalty = r1(network(x, holes), x, gamma=10)
    logits = network(x, holes)
    slope = torch.autograd.grad(logits.sum(), [x, holes])
    assert float(penalty.detach()) == pytest.approx(5 * float(slope[0].square().sum()) / 2)
    assert slope[1].any()


def test_lazy_adam_is_the_papers():
    rate, betas = lazy_adam(1e-3, (0.0, 0.99), 16)
    assert rate == pytest.approx(1e-3 * 16 / 17)
    assert betas == (0.0, pytest.approx(0.99 ** (16 / 17)))
    torch.optim.Adam([torch.zeros(1)], lr=rate, betas=betas)  # accepts them


def unrelated():
    x = images()
    return r1((images() * 2).sum((1, 2, 3)), x, 1.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: r1(images().sum((1, 2, 3)), images().detach(), 1.0), "images: requires_grad is off"),
        (lambda: r1(torch.zeros(2, 1), images(), 1.0), "images: requires_grad is off"),
        (unrelated, "images: did not lead"),
        (lambda: r1(images().sum((1, 2, 3)), images(), -1.0), "gamma: is -1"),
        (lambda: lazy_adam(1e-3, (0.0, 0.99), 0), "every: is 0"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
