"""The whole network: size, shapes, what reaches what."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.psm.blocks import Residual  # noqa: E402
from retouch.methods.psm.config import Network, variant  # noqa: E402
from retouch.methods.psm.decoder import DecoderLevel  # noqa: E402
from retouch.methods.psm.network import Generator, bounded  # noqa: E402
from retouch.ops.equalised import leaky_relu  # noqa: E402
from retouch.ops.fir import downsample2  # noqa: E402
from tests.methods.psm.tiny import TINY, generator, inputs  # noqa: E402


def on_meta(config):
    with torch.device("meta"):
        return Generator(config)


def count(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def test_parameters_of_the_paper():
    made = on_meta(variant("paper-512").network)
    encoder, decoder, style = made.encoder, made.decoder.levels, made.style
    assert count(made.stem) == 4_096
    assert count(*(level.residual for level in encoder)) == 14_856_064
    deep = [level.deep for level in encoder if level.deep is not None]
    assert count(*(each.early for each in deep)) == 9_439_232
    assert count(*(each.attention for each in deep)) == 2_259_472 - 2 * 4_039
    assert count(*style.halvings) == 7_079_424
    assert count(style.dense) == 525_312
    assert count(style.mapping) == 2_101_248
    deep = [level.deep for level in decoder if level.deep is not None]
    assert count(*(each.early for each in deep)) == 9_439_232
    assert count(*(each.attention for each in deep)) == 2_259_472 - 2 * 4_039
    assert count(*(conv for level in decoder for conv in (level.first, level.second))) == 23_269_568
    assert count(*(level.to_output for level in decoder)) == 3_061_348
    assert count(made) == 74_278_312


def test_parameters_of_small():
    assert count(on_meta(variant("small").network)) <= 12_000_000


def test_models_f_and_g_have_less():
    whole = count(on_meta(Network()))
    bias = 64 * 9 + 64 + 2 * (64 * 64 * 9 + 64) + 64 * 9 + 1
    attention = 4 * (512 * 512 + 512)
    assert count(on_meta(Network(guided=False))) == whole - 4 * bias
    assert count(on_meta(Network(attention=(5,)))) == whole - 2 * (bias + attention)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (480, 736), (96, 64)])
def test_shapes(height, width):
    with torch.inference_mode():
        mean, log_variance = generator()(*inputs(1, height, width))
    assert mean.shape == log_variance.shape == (1, 3, height, width)
    assert mean.isfinite().all()
    assert log_variance.min() >= -10.001
    assert log_variance.max() <= 2.001


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_all_hole_and_no_hole(known):
    x, m0, _, _, tau, z = inputs()
    m = torch.full_like(m0, known)
    with torch.inference_mode():
        prediction = generator()(x * known, m, m, 1 - m, tau, z)
    assert prediction.mean.isfinite().all()
    assert prediction.log_variance.isfinite().all()


def test_what_the_stem_sees():
    x, m0, m, u, _, z = inputs()
    made, seen = generator(), []
    made.stem.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.inference_mode():
        made(x, m0, m, u, 0.25, z)
    time = torch.full_like(u, -0.25)
    assert torch.equal(seen[0], torch.cat([x, m0 - 0.5, m - 0.5, u - 0.5, time], 1))


def test_every_input_counts():
    made, given = generator(), inputs()
    with torch.inference_mode():
        before = made(*given).mean
        for i, value in enumerate(given):
            changed = list(given)
            changed[i] = value / 2
            if i == 5:  # only the direction of a latent counts
                changed[i] = value.flip(1)
            assert not torch.allclose(made(*changed).mean, before), f"input {i}"


def test_guiding_by_uncertainty_can_be_left_out():
    given = inputs()
    guided, plain = generator(guiding=False), generator(guided=False)
    plain.load_state_dict({k: v for k, v in guided.state_dict().items() if ".bias.convs." not in k})
    with torch.inference_mode():
        torch.testing.assert_close(plain(*given).mean, guided(*given).mean)


def test_batch_equals_loop():
    made, given = generator(), inputs(3)
    with torch.inference_mode():
        together = made(*given)
        for i in range(3):
            alone = made(*(each[i : i + 1] if isinstance(each, torch.Tensor) else each for each in given))
            for a, b in zip(alone, together, strict=True):
                torch.testing.assert_close(a[0], b[i], rtol=1e-4, atol=1e-5)


def test_no_sample_sees_another_one():
    made = generator()
    x, m0, m, u, tau, z = (v.requires_grad_() if isinstance(v, torch.Tensor) else v for v in inputs(3))
    made(x, m0, m, u, tau, z).mean[1].square().sum().backward()
    for each in (x, m0, m, u, z):
        assert each.grad[1].abs().max() > 0
        assert not each.grad[[0, 2]].any()


def test_styles_are_of_the_callers_latents():
    made = generator()
    x, m0, m, u, tau, z = (v[:1].expand(2, *v.shape[1:]) if isinstance(v, torch.Tensor) else v for v in inputs())
    z = torch.cat([z[:1], z[:1].flip(1)])
    with torch.inference_mode():
        first, second = made(x, m0, m, u, tau, z).mean
        swapped = made(x, m0, m, u, tau, z.flip(0)).mean
        again = made(x, m0, m, u, tau, z).mean
        average = made(x, m0, m, u, tau, z, 0.0).mean
    assert not torch.allclose(first, second, atol=1e-3)
    torch.testing.assert_close(swapped, torch.stack([second, first]), rtol=1e-4, atol=1e-5)
    assert torch.equal(again[0], first)
    torch.testing.assert_close(average[0], average[1])
    assert not torch.allclose(average[0], first, atol=1e-3)


def test_numbers_and_tensors_of_one_are_the_same():
    made = generator()
    x, m0, m, u, tau, z = inputs()
    with torch.inference_mode():
        a = made(x, m0, m, u, tau, z, 0.7)
        b = made(x, m0, m, u, torch.tensor(tau), z, torch.tensor(0.7))
    assert torch.equal(a.mean, b.mean)


def test_gradients_reach_all_parameters():
    made = generator().train()
    mean, log_variance = made(*inputs(height=64, width=64))
    (mean.square().mean() + log_variance.square().mean()).backward()
    # What is added to all keys alike cancels in the softmax.
    cancels = [n for n, _ in made.named_parameters() if n.endswith(("attention.key.bias", "bias.convs.3.bias"))]
    assert len(cancels) == 8
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        size = parameter.grad.abs().max()
        assert size < 1e-5 if name in cancels else size > 1e-8, name


def test_saving_memory_changes_no_gradient():
    given, gradients, kept = inputs(), [], []
    for saving in (False, True):
        made = generator().train()
        if saving:
            made.enable_gradient_checkpointing()
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, s=sizes: (s.append(t.numel()), t)[1], lambda t: t):
            mean = made(*given).mean
        mean.square().mean().backward()
        gradients.append([p.grad for p in made.parameters()])
        kept.append(sum(sizes))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b)
    assert kept[1] < kept[0] / 2


def test_uncertainty_learns_from_the_start():
    made = generator(guiding=False)
    made(*inputs()).mean.square().mean().backward()
    last = [p for n, p in made.named_parameters() if n.endswith("bias.convs.3.weight")]
    assert len(last) == 4
    assert all(p.grad.abs().max() > 0 for p in last)


def test_log_variance_starts_low_at_the_last_level_only():
    levels = generator().decoder.levels
    assert [level.to_output.conv.bias.tolist() for level in levels[:-1]] == [[0.0] * 6] * 5
    assert levels[-1].to_output.conv.bias.tolist() == [0.0] * 3 + [-2.0] * 3


def test_bounds_are_soft():
    values = torch.tensor([-1e3, -10.0, -4.0, 2.0, 1e3], dtype=torch.float64, requires_grad=True)
    out = bounded(values)
    out.sum().backward()
    torch.testing.assert_close(out.detach()[[0, 2, 4]], torch.tensor([-10.0, -4.0, 2.0]).double(), atol=5e-3, rtol=0)
    torch.testing.assert_close(values.grad[[1, 3]], torch.tensor([0.5, 0.5]).double(), atol=1e-3, rtol=0)
    assert values.grad[2] > 0.99


def test_a_level_doubles_but_the_coarsest():
    style, u = torch.randn(1, TINY.style), torch.rand(1, 1, 64, 64)
    coarsest, next_one = DecoderLevel(TINY, 5), DecoderLevel(TINY, 4)
    x, part = coarsest(torch.randn(1, 24, 2, 2), torch.randn(1, 24, 2, 2), u, style)
    assert (x.shape, part.shape) == ((1, 24, 2, 2), (1, 6, 2, 2))
    x, part = next_one(x, torch.randn(1, 16, 4, 4), u, style)
    assert (x.shape, part.shape) == ((1, 16, 4, 4), (1, 6, 4, 4))


def test_skips_are_added_after_the_first_convolution():
    level, seen = DecoderLevel(TINY, 3), []
    level.second.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    draw = torch.Generator().manual_seed(0)
    x, skip = torch.randn(1, 16, 4, 4, generator=draw), torch.randn(1, 16, 8, 8, generator=draw)
    style = torch.randn(1, TINY.style, generator=draw)
    with torch.no_grad():
        level(x, skip, torch.rand(1, 1, 64, 64, generator=draw), style)
        torch.testing.assert_close(seen[0], (leaky_relu(level.first(x, style)) + skip) * 0.5**0.5)


def test_the_output_is_the_sum_of_all_levels():
    made, given = generator(), inputs(1, 512, 512)
    with torch.no_grad():
        for i, level in enumerate(made.decoder.levels):
            level.to_output.conv.weight.zero_()
            level.to_output.conv.bias.fill_(10.0**-i)
        mean = made(*given).mean
    # The filters of all doublings see the border from less than 64 pixels away.
    torch.testing.assert_close(mean[..., 64:-64, 64:-64], torch.full((1, 3, 384, 384), 1.11111))


def test_residual_blocks_keep_half_of_the_power():
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(1, 4, 8, 10, generator=draw)
    plain, down = Residual(4, 4), Residual(4, 6, down=True)
    with torch.no_grad():
        for block in (plain, down):
            block.second.weight.zero_()
        torch.testing.assert_close(plain(x), x * 0.5**0.5)
        torch.testing.assert_close(down(x), down.shortcut(downsample2(x)) * 0.5**0.5)


def test_half_precision():
    given = inputs()
    made = generator()
    with torch.inference_mode():
        exact = made(*given).mean
        with torch.autocast("cpu", torch.bfloat16):
            rough = made(*given).mean
    assert (rough - exact).square().mean().sqrt() < 0.05 * exact.std()


def test_half_precision_leaves_the_gradients_of_the_last_halvings_sound():
    # At 64 pixels the style's halvings see one position, where PyTorch's bf16 kernels on processors go wrong.
    given, made = inputs(2, 64, 64), generator()
    halvings = [conv.weight for conv in made.style.halvings]
    found = []
    for half in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = made(*given).mean.float().square().mean()
        found.append(torch.autograd.grad(loss, halvings))
    for exact, rough in zip(*found, strict=True):
        assert rough.isfinite().all()
        assert torch.cosine_similarity(exact.flatten(), rough.flatten(), dim=0) > 0.95


@pytest.mark.parametrize(
    ("height", "width", "message"),
    [
        (32, 64, "x: is 64x32 pixels; accepted: multiples of 32 from 64 up"),
        (100, 64, "x: is 64x100 pixels"),
        (64, 80, "x: is 80x64 pixels"),
    ],
)
def test_sizes_refused(height, width, message):
    with pytest.raises(ValueError, match=message):
        generator()(*inputs(1, height, width))


@pytest.mark.parametrize(
    ("which", "value", "message"),
    [
        (0, torch.zeros(3, 64, 96), r"x: has the shape \[3, 64, 96\]; accepted: \[B, 3, H, W\]"),
        (0, torch.zeros(2, 1, 64, 96), r"x: has the shape \[2, 1, 64, 96\]"),
        (1, torch.zeros(2, 1, 64, 64), r"m0: has the shape \[2, 1, 64, 64\]; accepted: \[2, 1, 64, 96\], as x is"),
        (2, torch.zeros(2, 3, 64, 96), r"m: has the shape \[2, 3, 64, 96\]"),
        (3, torch.zeros(1, 1, 64, 96), r"u: has the shape \[1, 1, 64, 96\]"),
        (5, torch.zeros(1, 12), r"latents: has the shape \[1, 12\]; accepted: \[2, 12\]"),
        (5, torch.zeros(2, 512), r"latents: has the shape \[2, 512\]; accepted: \[2, 12\]"),
    ],
)
def test_shapes_refused(which, value, message):
    given = list(inputs())
    given[which] = value
    with pytest.raises(ValueError, match=message):
        generator()(*given)
