"""Gated linear attention: the chunked form is the recurrence, for any length, batch and gate."""

import math

import pytest

torch = pytest.importorskip("torch")

from torch.nn.functional import logsigmoid  # noqa: E402

from retouch.methods.pixelhacker.gla import chunked, gla, recurrent  # noqa: E402

LENGTHS = [1, 2, 15, 16, 17, 100]


def draw(tokens, leading=(2, 3), keys=5, values=7, strength=1.0, outer=False, dtype=torch.float64):
    """q, k, v and log gates; a strength of 400 has gates that forget within a token, exp(-25), beside open ones."""
    generator = torch.Generator().manual_seed(tokens)

    def normal(width):
        return torch.randn(*leading, tokens, width, generator=generator, dtype=torch.float64).to(dtype)

    q, k, v = normal(keys), normal(keys), normal(values)
    gates = [logsigmoid(strength * normal(width)) / 16 for width in ((keys, values) if outer else (keys,))]
    return [q, k, v, *gates]


def gradients(form, given):
    """The result and the gradients of all arguments, against a fixed cotangent."""
    leaves = [x.clone().requires_grad_() for x in given]
    out = form(*leaves)
    out.backward(torch.cos(torch.arange(out.numel(), dtype=out.dtype)).reshape(out.shape))
    return [out.detach(), *(x.grad for x in leaves)]


def agree(ours, theirs, tolerance):
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape
        assert (one.double() - other.double()).abs().max() <= tolerance * max(1, other.abs().max())


@pytest.mark.parametrize("outer", [False, True])
@pytest.mark.parametrize("strength", [1, 400])
@pytest.mark.parametrize("tokens", LENGTHS)
def test_chunked_is_the_recurrence(tokens, strength, outer):
    given = draw(tokens, strength=strength, outer=outer)
    agree(gradients(chunked, given), gradients(recurrent, given), 1e-12)


@pytest.mark.parametrize("chunk", [1, 2, 8, 64])
def test_length_of_chunks_does_not_matter(chunk):
    given = draw(33, outer=True)
    agree([chunked(*given, chunk=chunk)], [recurrent(*given)], 1e-12)


@pytest.mark.parametrize("leading", [(), (4,), (2, 1, 3)])
def test_leading_dimensions(leading):
    given = draw(20, leading=leading)
    agree(gradients(gla, given), gradients(recurrent, given), 1e-12)


@pytest.mark.parametrize("strength", [1, 400])
def test_float32_is_near_float64(strength):
    given = draw(500, strength=strength)
    agree(gradients(gla, [x.float() for x in given]), gradients(recurrent, given), 2e-5)


def past(q, k, v):
    return (q @ k.mT).tril() @ v


def itself(q, k, v):
    return (q * k).sum(-1, keepdim=True) * v


@pytest.mark.parametrize(("gate", "seen"), [(0.0, past), (-1e4, itself)])
def test_gates_at_their_ends(gate, seen):
    q, k, v, key_gate = draw(40)
    found = gradients(gla, [q, k, v, torch.full_like(key_gate, gate)])
    assert all(x.isfinite().all() for x in found)
    agree(found[:1], [seen(q, k, v)], 1e-12)


def test_tokens_see_the_past_only():
    given = draw(40)
    before = gla(*given)
    for x in given:
        x[..., 25:, :] += 1
    after = gla(*given)
    assert (before[..., :25, :] == after[..., :25, :]).all()
    assert (before[..., 25:, :] != after[..., 25:, :]).any()


def test_gradient_is_that_of_the_values():
    given = draw(18, leading=(1,), keys=2, values=3, outer=True)
    assert torch.autograd.gradcheck(gla, [x.requires_grad_() for x in given])


def test_one_token():
    q, k, v = (torch.tensor([[2.0, 1.0]]), torch.tensor([[3.0, 5.0]]), torch.tensor([[7.0]]))
    assert gla(q, k, v, torch.tensor([[-1.0, -1.0]])).item() == (2 * 3 + 5) * 7


def test_printed_recurrence():
    """Eqs. 3 and 4 by hand: G_1 = alpha_1^T beta_1 fades k_0^T v_0, then comes k_1^T v_1."""
    q, k, v = torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [7.0]]), torch.tensor([[1.0, 2.0], [4.0, 8.0]])
    alpha, beta = torch.tensor([[0.3], [0.5]]), torch.tensor([[0.3, 0.3], [0.25, 0.125]])
    wanted = torch.tensor([[5.0, 10.0], [3 * (0.125 * 5 + 28), 3 * (0.0625 * 10 + 56)]])
    torch.testing.assert_close(gla(q, k, v, alpha.log(), beta.log()), wanted)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_keeps_its_state_in_float32(dtype):
    """Over 2,000 open gates a bfloat16 sum of ones would stop at 256."""
    q = k = torch.ones(2000, 1, dtype=dtype)
    with torch.autocast("cpu", torch.bfloat16):
        out = gla(q, k, k, torch.zeros(2000, 1))
    assert out.dtype == dtype
    assert out[-1].item() == 2000


def test_fades_by_the_share():
    k = torch.zeros(50, 1)
    k[0] = 1
    out = gla(torch.ones(50, 1), k, torch.ones(50, 1), torch.full((50, 1), math.log(0.9)))
    torch.testing.assert_close(out[:, 0], 0.9 ** torch.arange(50))


@pytest.mark.parametrize("which", ["k", "v", "key_gate", "value_gate"])
def test_shapes_that_do_not_fit(which):
    given = dict(zip(("q", "k", "v", "key_gate", "value_gate"), draw(4, outer=True), strict=True))
    given[which] = given[which][..., :-1, :]
    with pytest.raises(ValueError, match=rf"{which}: has the shape \[2, 3, 3, .*accepted: \[2, 3, 4"):
        gla(**given)


@pytest.mark.parametrize("shape", [(5,), (2, 0, 5)])
def test_no_tokens(shape):
    nothing = torch.zeros(shape)
    with pytest.raises(ValueError, match=r"q: has the shape .* at least one token"):
        gla(nothing, nothing, nothing, nothing)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_kernels_are_the_recurrence():
    pytest.importorskip("fla")
    given = [x.float() for x in draw(200, keys=40, values=80)]
    ours = gradients(recurrent, given)
    theirs = gradients(gla, [x.cuda() for x in given])
    agree([x.cpu() for x in theirs], ours, 5e-3)  # products in TF32
