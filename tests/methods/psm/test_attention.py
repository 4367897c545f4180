"""Uncertainty-guided attention (Eq. 6)."""

import math

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from retouch.methods.psm.attention import (  # noqa: E402
    UncertaintyAttention,
    UncertaintyBias,
    attend,
    attend_explicitly,
    normalise,
)

CELL, C, HEADS = 4, 8, 2


def attention(guided=True, guiding=False):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = UncertaintyAttention(C, HEADS, UncertaintyBias(CELL, 3) if guided else None).double()
        if guiding:
            torch.nn.init.normal_(made.bias.convs[-1].weight, std=3)
    return made


def fed(batch=2, h=3, w=5):
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(batch, C, h, w, generator=draw, dtype=torch.float64)
    return x, torch.rand(batch, 1, CELL * h, CELL * w, generator=draw, dtype=torch.float64)


def heads(n=7, d=4, seed=2):
    draw = torch.Generator().manual_seed(seed)
    made = [torch.randn(2, HEADS, n, d, generator=draw, dtype=torch.float64) for _ in range(3)]
    bias = torch.randn(2, 1, 1, n, generator=draw, dtype=torch.float64)
    return [each.requires_grad_() for each in (*made, bias)]


@pytest.mark.parametrize("biased", [True, False])
def test_fused_equals_explicit(biased):
    q, k, v, bias = heads()
    given = (q, k, v, bias if biased else None)
    fused, plain = attend(*given), attend_explicitly(*given)
    torch.testing.assert_close(fused, plain)
    to = [each for each in given if each is not None]
    weights = torch.randn(plain.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for a, b in zip(
        torch.autograd.grad((fused * weights).sum(), to), torch.autograd.grad((plain * weights).sum(), to), strict=True
    ):
        torch.testing.assert_close(a, b)


def test_exporting_takes_the_explicit_form(monkeypatch):
    q, k, v, bias = heads()
    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
    monkeypatch.setattr(F, "scaled_dot_product_attention", None)
    assert torch.equal(attend(q, k, v, bias), attend_explicitly(q, k, v, bias))


def test_equation_6_pixel_by_pixel():
    made = attention(guiding=True)
    x, u = fed(batch=1, h=2, w=2)
    tokens = x[0].flatten(1).T  # [4, C]
    even = tokens / tokens.square().mean(1, keepdim=True).sqrt()
    bias = made.bias(u)[0, 0, 0]  # [4]
    d = C // HEADS
    rows = []
    for i in range(4):
        row = []
        for head in range(HEADS):
            part = slice(head * d, (head + 1) * d)
            q = made.query(even[i])[part]
            logits = torch.stack([made.key(even[j])[part] @ q / math.sqrt(d) + bias[j] for j in range(4)])
            row.append(sum(w * made.value(tokens[j])[part] for j, w in enumerate(logits.softmax(0))))
        rows.append(torch.cat(row))
    expected = (tokens + made.projection(torch.stack(rows))) / math.sqrt(2)
    torch.testing.assert_close(made(x, u)[0].flatten(1).T, expected, rtol=1e-6, atol=1e-6)


def test_attention_starts_unbiased():
    x, u = fed()
    made, plain = attention(), attention(guided=False)
    plain.load_state_dict({k: v for k, v in made.state_dict().items() if not k.startswith("bias.")})
    assert torch.equal(made.bias(u), torch.zeros(2, 1, 1, 15, dtype=torch.float64))
    torch.testing.assert_close(made(x, u), plain(x, u))


def test_uncertainty_counts_once_biases_do():
    x, u = fed()
    made = attention(guiding=True)
    assert not torch.allclose(made(x, u), made(x, 1 - u))
    assert not torch.allclose(made(x, u), made(x, u.flip(3)))


def test_bias_acts_through_keys_only():
    made = attention(guiding=True)
    x, u = fed()
    blind = made.bias(u).detach()
    blind[..., 4] = -1e4  # nobody looks at token 4
    made.bias.forward = lambda _: blind
    other = x.clone()
    other[:, :, 0, 4] += 1
    changed = (made(x, u) != made(other, u)).any(1).flatten(1)  # [B, n]
    assert changed.sum(1).tolist() == [1, 1]  # but it still looks at the others, and keeps itself
    assert changed[:, 4].all()


def test_equal_biases_change_nothing():
    made = attention(guiding=True)
    x, u = fed()
    before = made(x, u)
    with torch.no_grad():
        made.bias.convs[-1].bias.add_(5)
    torch.testing.assert_close(made(x, u), before)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 80)])
def test_fixed_pooling_is_adaptive_pooling(height, width):
    pooled, plain = UncertaintyBias(16, 3), UncertaintyBias(1, 3)
    torch.nn.init.normal_(pooled.convs[-1].weight)
    plain.load_state_dict(pooled.state_dict())
    u = torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(4))
    small = F.adaptive_avg_pool2d(u, (height // 16, width // 16))
    torch.testing.assert_close(pooled(u), plain(small))


def test_positions_do_not_matter():
    made = attention(guided=False)
    x, u = fed()
    order = torch.randperm(15, generator=torch.Generator().manual_seed(5))
    mixed = x.flatten(2)[:, :, order].view_as(x)
    torch.testing.assert_close(made(mixed, u).flatten(2), made(x, u).flatten(2)[:, :, order])


def test_normalise():
    x = torch.randn(4, 9, generator=torch.Generator().manual_seed(6))
    torch.testing.assert_close(normalise(x).square().mean(-1), torch.ones(4))
    assert torch.equal(normalise(torch.zeros(2, 9)), torch.zeros(2, 9))
