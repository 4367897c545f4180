import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses.alignment import cosine_alignment  # noqa: E402


def tokens(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("shape", [(4, 7), (4, 5, 7)])
def test_values(shape):
    a, b = tokens(*shape), tokens(*shape, seed=1)
    x, y = (t.numpy().astype(float).reshape(-1, 7) for t in (a, b))
    cosines = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    assert float(cosine_alignment(a, b)) == pytest.approx(-cosines.mean(), rel=1e-5)


def test_only_the_direction_counts():
    a = tokens(4, 7)
    assert float(cosine_alignment(a, 3 * a)) == pytest.approx(-1)
    assert float(cosine_alignment(a, -a)) == pytest.approx(1)


def test_micro_batches_average():
    a, b = tokens(4, 7), tokens(4, 7, seed=1)
    parts = [cosine_alignment(x, y) for x, y in zip(a.split(2), b.split(2), strict=True)]
    torch.testing.assert_close(torch.stack(parts).mean(), cosine_alignment(a, b))


def test_gradients_are_right_and_reach_the_tokens_only():
    a, b = (
        tokens(2, 5, dtype=torch.float64).requires_grad_(),
        tokens(2, 5, seed=1, dtype=torch.float64).requires_grad_(),
    )
    cosine_alignment(a, b).backward()
    assert b.grad is None
    # A step along a token does not turn it.
    torch.testing.assert_close((a.grad * a.detach()).sum(1), torch.zeros(2, dtype=torch.float64))
    assert torch.autograd.gradcheck(lambda x: cosine_alignment(x, b.detach()), a)


def test_a_zero_token_gives_finite_numbers():
    a = torch.zeros(2, 5, requires_grad=True)
    cosine_alignment(a, tokens(2, 5)).backward()
    assert torch.isfinite(a.grad).all()


def test_float32_inside_half_precision():
    a, b = tokens(2, 700, dtype=torch.bfloat16), tokens(2, 700, seed=1, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        loss = cosine_alignment(a, b)
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(float(cosine_alignment(a.double(), b.double())), rel=1e-5)


def test_wrong_tokens_are_refused():
    a = tokens(4, 7)
    with pytest.raises(ValueError, match=r"targets: is \[1, 7\]; accepted: \[4, 7\] like tokens"):
        cosine_alignment(a, a[:1])  # would be broadcast
    with pytest.raises(ValueError, match=r"tokens: is \[7\] torch.float32; accepted: \[B, D\] or \[B, N, D\] floats"):
        cosine_alignment(a[0], a[0])
    with pytest.raises(ValueError, match=r"targets: is \[4, 7\] torch.int64"):
        cosine_alignment(a, a.long())
    with pytest.raises(ValueError, match=r"tokens: is \[0, 7\]"):
        cosine_alignment(a[:0], a[:0])
