"""The Gaussian head: lattices, ranges, the dictionary as attention, kept keys, starts."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402

from retouch.methods.gaussian.cnn import CnnDecoder  # noqa: E402
from retouch.methods.gaussian.config import Network, variant  # noqa: E402
from retouch.methods.gaussian.covariance import MEAN, DictionaryCovariance, MlpCovariance, dictionary  # noqa: E402
from retouch.methods.gaussian.head import GaussianHead, lattice, start_weight  # noqa: E402
from retouch.methods.gaussian.splat import splat  # noqa: E402
from tests.methods.gaussian.tiny import tiny  # noqa: E402


def features(*shape, seed=0):
    return 0.5 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_shapes_and_ranges():
    network = tiny(opacity="learned")
    theta = GaussianHead(network)(4 * features(2, 6, 16 * 6))
    assert theta.mean.shape == (2, 6, 16, 2)
    assert theta.cholesky.shape == theta.colour.shape == (2, 6, 16, 3)
    assert theta.opacity.shape == (2, 6, 16)
    assert 0 < theta.opacity.min() < theta.opacity.max() < 1
    pixels = (theta.mean + 1) / 2 * network.extended
    assert (pixels - lattice(network)).abs().max() <= 1
    stretch = network.extended / network.patch
    low, high = (bound * stretch for bound in (dictionary().amin(0), dictionary().amax(0)))
    assert ((theta.cholesky >= low) & (theta.cholesky <= high)).all()


def test_a_gaussian_depends_on_its_own_features_only():
    head, f = GaussianHead(tiny()), features(1, 2, 16 * 6)
    other = f.clone()
    other[0, 1, 3 * 6 : 4 * 6] += 1  # the fourth Gaussian of the second patch
    changed = (head(f).colour != head(other).colour).any(-1)
    assert changed.nonzero().tolist() == [[0, 1, 3]]


def test_lattices():
    code, centred = lattice(Network()), lattice(Network(lattice="centred"))
    # Eighteen along eighteen pixels: half a pixel before the pixels, or on them; x runs fastest.
    assert code[:3].tolist() == [[-0.5, -0.5], [0.5, -0.5], [1.5, -0.5]]
    assert centred[:3].tolist() == [[0, 0], [1, 0], [2, 0]]
    assert centred[18].tolist() == [0, 1]
    for gaussians in (100, 196):
        line = lattice(Network(lattice="centred", gaussians=gaussians))[:, 0].unique()
        assert len(line) ** 2 == gaussians
        torch.testing.assert_close(line + line.flip(0), torch.full_like(line, 17.0))  # the same from left and right


def test_dictionary_is_attended_to_exactly():
    made, f = DictionaryCovariance(12).double(), features(2, 50, 12).double().requires_grad_()
    query = made.query(torch.nn.functional.leaky_relu(f, 0.01))
    expected = (query @ made.keys(made.dictionary).T).softmax(-1) @ made.dictionary
    ours = made(f)
    torch.testing.assert_close(ours, expected)
    inputs = (f, made.query.weight, made.keys[0].weight)
    gradients = (torch.autograd.grad(out.square().sum(), inputs, retain_graph=True) for out in (ours, expected))
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_the_weights_of_the_dictionary_are_never_stored():
    made, f = DictionaryCovariance(12), features(1, 300, 12).requires_grad_()
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):  # refuses what only the kernel that stores them can do
        made(f).sum().backward()
    assert f.grad.abs().max() > 0


def test_kept_keys_are_the_keys():
    made, f = DictionaryCovariance(6), features(1, 9, 6)
    calls = []
    made.keys.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        expected = made.train()(f)
        made(f)
        assert len(calls) == 2
        made.eval()
        assert torch.equal(made(f), expected)
        assert torch.equal(made(f), expected)
        assert len(calls) == 3


def test_kept_keys_follow_the_weights():
    made, f = DictionaryCovariance(6).eval(), features(1, 9, 6)
    with torch.no_grad():
        before = made(f)
        made.keys[0].weight.lerp_(torch.ones(()), 0.5)  # as averages of weights do
        after = made(f)
        assert (before - after).abs().max() > 1e-4
        assert torch.equal(made.train()(f), after)
        made.eval()
        state = {k: 2 * v for k, v in made.state_dict().items()}
        made.load_state_dict(state)
        assert torch.equal(made(f), made.train()(f))
        assert made.eval().double()(f.double()).dtype == torch.float64


def test_kept_keys_are_not_used_for_gradients():
    made, f = DictionaryCovariance(6).eval(), features(1, 9, 6)
    with torch.inference_mode():
        made(f)
    made(f).square().sum().backward()
    assert made.keys[0].weight.grad.abs().max() > 0


def test_keys_of_weights_made_in_inference_mode():
    with torch.inference_mode():
        made, f = DictionaryCovariance(6).eval(), features(1, 9, 6)
        made(f)
        made.keys[0].weight.mul_(3)
        assert torch.equal(made(f), made.train()(f))


def test_both_kinds_of_covariance_start_alike():
    f = torch.zeros(1, 5, 12)
    torch.testing.assert_close(MlpCovariance(12)(f), torch.tensor(MEAN).expand(1, 5, 3))
    spread = (DictionaryCovariance(12)(f) - torch.tensor(MEAN)).abs().max()
    assert spread < 0.6  # about an even mixture of all entries


def test_start_weight_of_the_papers_network():
    assert start_weight(Network()) == pytest.approx(9.5, abs=0.05)


@pytest.mark.parametrize("changes", [{}, {"gaussians": 100}, {"opacity": "learned"}, {"patch": 8, "gaussians": 100}])
def test_grey_start_renders_grey(changes):
    network = Network(**{"covariance": "mlp", "lattice": "centred"} | changes)
    theta = GaussianHead(network)(torch.zeros(1, 1, network.gaussians * network.hidden))
    image = splat(theta.mean, theta.cholesky, theta.colour, network.extended, opacity=theta.opacity)  # [1, 1, 3, S, S]
    middle = network.extended // 2
    assert image[0, 0, :, middle, middle].tolist() == pytest.approx([0.5] * 3, abs=0.06)


def test_zero_start_renders_black():
    network = variant("code").network
    assert not GaussianHead(network)(torch.zeros(1, 1, 3888)).colour.any()


@pytest.mark.parametrize("gaussians", [100, 196, 324])
def test_cnn_decoder(gaussians):
    network = Network(decoder="cnn", gaussians=gaussians)
    made, head = CnnDecoder(network), GaussianHead(network)
    count = [sum(p.numel() for p in module.parameters()) for module in (made, head)]
    assert count[0] == pytest.approx(count[1], rel=0.05)
    f = features(1, 2, gaussians * 12)
    patches = made(f)
    assert patches.shape == (1, 2, 3, 18, 18)
    other = f.clone()
    other[0, 1] += 1
    assert torch.equal(made(other)[0, 0], patches[0, 0])  # a patch sees its own features only
