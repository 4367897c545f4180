"""The generator: sizes, parameters, variants, scales, gradients, bad input."""

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from retouch.methods.gaussian.config import Network, variant  # noqa: E402
from retouch.methods.gaussian.network import Generator  # noqa: E402
from tests.methods.gaussian.tiny import generator, photos, tokens  # noqa: E402


def parameters(network):
    with torch.device("meta"):
        return sum(p.numel() for p in Generator(network).parameters())


def test_number_of_parameters():
    unused = 41_152  # two layers that the released code builds and never uses
    assert parameters(variant("paper-places2").network) == 73_355_235 - unused
    assert parameters(variant("small").network) == 8_903_555
    assert parameters(Network(adapt=False)) == 73_355_235 - unused - 4_722_432
    assert parameters(Network(semantics="none")) == 73_355_235 - unused - 4_722_432 - 9 * 1_181_184


@pytest.mark.parametrize("gaussians", [100, 196, 324])
def test_fewer_gaussians(gaussians):
    per_gaussian = 12 * (12 * 16 * 16 + 1)
    missing = (324 - gaussians) * per_gaussian
    assert parameters(Network(gaussians=gaussians)) == parameters(Network()) - missing


@pytest.mark.parametrize("changes", [{"condition": "concat"}, {"decoder": "cnn"}])
def test_rivals_have_as_many_parameters(changes):
    assert parameters(Network(**changes)) == pytest.approx(parameters(Network()), rel=0.001)


@pytest.mark.parametrize("size", [(16, 16), (16, 40), (64, 24)])
@pytest.mark.parametrize("decoder", ["gaussian", "cnn"])
def test_any_multiple_of_the_patch(size, decoder):
    made = generator(decoder=decoder)
    out = made(photos(2, *size), tokens(2))
    assert out.image.shape == (2, 3, *size)
    assert out.token.shape == (2, 512)
    assert out.image.isfinite().all()


def test_small_variant_runs_without_a_token():
    with torch.no_grad():
        out = Generator(variant("small").network).eval()(photos())
    assert out.image.shape == (1, 3, 16, 24)
    assert out.token is None


def test_a_batch_is_a_loop():
    made = generator().eval()
    x, t = photos(3), tokens(3)
    with torch.no_grad():
        together = made(x, t).image
        alone = torch.cat([made(x[k : k + 1], t[k : k + 1]).image for k in range(3)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("blending", ["code", "distance"])
def test_scales_come_from_one_pass(blending):
    # Gaussians broader than a pixel, or nothing would have to agree.
    made = generator(covariance="mlp", gaussians=4, blending=blending, overlap=0).eval()
    torch.nn.init.constant_(made.decoder.covariance.mlp[-1].bias, 1.5)
    passes = []
    made.encoder.register_forward_hook(lambda *_: passes.append(1))
    with torch.no_grad():
        field = made.field(photos(), tokens())
        once, twice, fourfold = (made.render(field, scale) for scale in (1, 2, 4))
        assert len(passes) == 1
        torch.testing.assert_close(made(photos(), tokens(), scale=2).image, twice)
    assert once.shape == (1, 3, 16, 24)
    assert twice.shape == (1, 3, 32, 48)
    assert fourfold.shape == (1, 3, 64, 96)
    assert once.std() > 0.02
    assert (F.avg_pool2d(twice, 2) - once).abs().max() < 0.1 * once.std()
    assert (F.avg_pool2d(fourfold, 4) - once).abs().max() < 0.1 * once.std()


UNTOUCHED = {"decoder.covariance.keys.8.bias"}  # a softmax does not see what all its logits share


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"adapt": False},
        {"semantics": "none"},
        {"condition": "adaln-no-gamma"},
        {"condition": "concat"},
        {"norm": "layer"},
        {"decoder": "cnn"},
        {"covariance": "mlp"},
        {"opacity": "learned"},
        {"blending": "distance"},
        {"lattice": "centred"},
        {"start": "zero"},
    ],
)
def test_gradients_reach_every_parameter(changes):
    made = generator(**changes).double()
    token = None if changes.get("semantics") == "none" else tokens(2).double()
    image = made(photos(2).double(), token).image
    weights = torch.rand(image.shape, generator=torch.Generator().manual_seed(1)).double()
    (image * weights).sum().backward()
    for name, parameter in made.named_parameters():
        largest = parameter.grad.abs().max().item()
        # Behind a group normalisation only the differences between the channels of a group count; still not zero.
        assert largest < 1e-12 if name in UNTOUCHED else largest > 1e-9, name


@pytest.mark.parametrize(
    "changes",
    [
        {"adapt": False},
        {"condition": "adaln-no-gamma"},
        {"condition": "concat"},
        {"norm": "layer"},
        {"decoder": "cnn"},
        {"covariance": "mlp"},
        {"opacity": "learned"},
        {"blending": "distance"},
        {"lattice": "centred"},
        {"start": "zero"},
    ],
)
def test_each_switch_changes_the_picture(changes):
    base, other = generator(), generator(**changes)
    shared = {k: v for k, v in base.state_dict().items() if k in other.state_dict()}
    same = {k: v for k, v in shared.items() if v.shape == other.state_dict()[k].shape}
    if "start" not in changes:
        other.load_state_dict(same, strict=False)
    with torch.no_grad():
        difference = (base(photos(), tokens()).image - other(photos(), tokens()).image).abs().max()
    assert difference > 1e-4


def test_without_adaptation_the_token_passes_as_it_is():
    assert torch.equal(generator(adapt=False)(photos(), tokens()).token, tokens())
    assert not torch.equal(generator()(photos(), tokens()).token, tokens())


def test_the_token_steers_every_bottleneck_layer():
    made = generator()
    t = tokens().requires_grad_()
    made(photos(), t).image.square().sum().backward()
    assert len(made.encoder.bottleneck) == 2
    assert all(block.factors.weight.grad.abs().max() > 0 for block in made.encoder.bottleneck)
    assert t.grad.abs().max() > 0


def test_memory_saved_changes_nothing():
    results = []
    for save in (False, True):
        made = generator().train()
        if save:
            made.enable_gradient_checkpointing()
        calls = []
        made.encoder.bottleneck[0].convolutions[1].register_forward_hook(lambda *_, calls=calls: calls.append(1))
        made(photos(), tokens()).image.square().sum().backward()
        results.append((len(calls), [p.grad for p in made.parameters()]))
    assert [count for count, _ in results] == [1, 2]
    for ours, theirs in zip(results[0][1], results[1][1], strict=True):
        torch.testing.assert_close(ours, theirs)


def test_autocast_keeps_positions_precise():
    made = generator().eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        out = made(photos(), tokens()).image
        assert made.field(photos(), tokens()).gaussians.mean.dtype == torch.float32
    assert out.dtype == torch.float32
    with torch.no_grad():
        torch.testing.assert_close(out, made(photos(), tokens()).image, rtol=0, atol=0.05)


def test_compiles_into_one_graph():
    made = generator().eval()
    with torch.no_grad():
        whole = torch.compile(made, backend="eager", fullgraph=True)(photos(), tokens()).image
        torch.testing.assert_close(whole, made(photos(), tokens()).image)


@pytest.mark.parametrize(
    "masked",
    [torch.rand(1, 3, 16, 20), torch.rand(1, 3, 8, 16), torch.rand(1, 4, 16, 16), torch.rand(3, 16, 16)],
)
def test_refused_photos(masked):
    with pytest.raises(ValueError, match=r"masked: is \[.*\]; accepted: \[B, 3, H, W\], .* multiples of 8 from 16"):
        generator()(masked, tokens())


def test_refused_tokens():
    with pytest.raises(ValueError, match=r"token: is None; accepted: \[1, 512\] for semantics 'vgg16'"):
        generator()(photos())
    with pytest.raises(ValueError, match=r"token: is \[2, 512\]; accepted: \[1, 512\]"):
        generator()(photos(), tokens(2))
    with pytest.raises(ValueError, match=r"token: is \[1, 512\]; accepted: None for semantics 'none'"):
        generator(semantics="none")(photos(), tokens())


def test_the_cnn_decoder_has_no_field():
    made = generator(decoder="cnn")
    with pytest.raises(ValueError, match="scale: is 2; accepted: 1 with the CNN decoder"):
        made(photos(), tokens(), scale=2)
    with pytest.raises(ValueError, match="decoder: is 'cnn'"):
        made.field(photos(), tokens())
