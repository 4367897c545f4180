"""RePaint: its order of steps, what is known stays, and that it leads to what the denoiser knows."""

from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.asuka.repaint import repaint, times  # noqa: E402
from retouch.methods.asuka.sampling import Repaint  # noqa: E402

SHARES = torch.linspace(0.99, 0.01, 20)


def normal(k):
    return torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(k))


def mask():
    hole = torch.zeros(2, 1, 8, 8)
    hole[:, :, 2:6, 3:7] = 1
    return hole


def knows(truth):
    """A denoiser that gives the exact noise for one photo."""
    return lambda z, t: (z - SHARES[t].sqrt() * truth) / (1 - SHARES[t]).sqrt()


def test_the_order_of_the_steps():
    assert times(4, Repaint(1, 1)) == [3, 2, 1, 0, -1]
    assert times(6, Repaint(2, 2)) == [5, 4, 3, 2, 3, 4, 3, 2, 1, 0, 1, 2, 1, 0, -1]
    assert times(5, Repaint(10, 10)) == [4, 3, 2, 1, 0, -1]
    paper = times(250, Repaint(10, 10))
    down = sum(b < a for a, b in pairwise(paper))
    assert down == 250 + 24 * 9 * 10  # 24 places, 9 times more, 10 steps


def test_the_hole_becomes_what_the_denoiser_knows_and_the_rest_stays():
    known, truth = normal(100), normal(101)
    steps = list(repaint(knows(truth), known, mask(), SHARES, normal, Repaint(3, 2)))
    hole = mask().expand(-1, 3, -1, -1) > 0
    torch.testing.assert_close(steps[-1].latents[hole], truth[hole])
    assert torch.equal(steps[-1].latents[~hole], known[~hole])
    torch.testing.assert_close(steps[0].clean[hole], truth[hole], rtol=1e-3, atol=1e-3)
    assert [step.k for step in steps] == list(range(1, steps[-1].steps + 1))


def test_steps_in_between_are_as_noisy_as_they_should_be():
    zero = torch.zeros(2, 3, 8, 8)
    seen = []

    def denoise(z, t):
        seen.append((t, z))
        return z / (1 - SHARES[t]).sqrt()

    list(repaint(denoise, zero, mask(), SHARES, normal, Repaint(3, 4)))
    for t, z in seen:
        outside = z[mask().expand(-1, 3, -1, -1) == 0]
        assert outside.var().item() == pytest.approx(1 - SHARES[t].item(), rel=0.35)
        inside = z[mask().expand(-1, 3, -1, -1) > 0]
        assert inside.var().item() == pytest.approx(1 - SHARES[t].item(), rel=0.6)


def test_what_is_known_in_the_hole_is_not_looked_at():
    known, truth = normal(100), normal(101)
    other = torch.where(mask() > 0, known + 5, known)
    a, b = (list(repaint(knows(truth), each, mask(), SHARES, normal, Repaint(2, 2)))[-1] for each in (known, other))
    assert torch.equal(a.latents, b.latents)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"mask: has the shape \[2, 1, 4, 4\]; accepted: \[2, 1, 8, 8\]"):
        next(repaint(knows(normal(0)), normal(1), torch.zeros(2, 1, 4, 4), SHARES, normal, Repaint()))
