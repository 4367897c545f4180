"""The alignment: against NumPy in float64, its pooled form, and interpolation with an empty text."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.methods.asuka.align import interpolate  # noqa: E402

from .tiny_mae import NARROW, alignment, reference_alignment  # noqa: E402

PRIOR = torch.randn(2, 9, 12, generator=torch.Generator().manual_seed(0)) * 3


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_tokens_in_float64(blocks):
    network = alignment(NARROW.model_copy(update={"blocks": blocks})).double()
    tokens = network(PRIOR.double())
    assert tokens.shape == (2, 9, 24)
    for i in range(2):
        expected = reference_alignment(network, PRIOR[i])
        np.testing.assert_allclose(tokens[i].detach().numpy(), expected, rtol=0, atol=1e-10)


def test_pooled_is_the_mean_of_the_tokens():
    pooled = alignment(NARROW.model_copy(update={"pooled": True}))(PRIOR)
    torch.testing.assert_close(pooled, alignment()(PRIOR).mean(1))


def test_half_precision_stays_near():
    network = alignment()
    torch.testing.assert_close(network.bfloat16()(PRIOR.bfloat16()).float(), alignment()(PRIOR), rtol=0.1, atol=0.2)


def test_gradients_reach_every_weight():
    network = alignment()
    network(PRIOR).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("prior", [torch.zeros(2, 9, 13), torch.zeros(9, 12)])
def test_another_prior_is_refused(prior):
    with pytest.raises(ValueError, match=r"prior: is \[.*\]; accepted: \[B, N, 12\]"):
        alignment()(prior)


def test_interpolation_goes_from_the_empty_text_to_the_prior():
    empty, aligned = torch.zeros(1, 9, 24), torch.ones(2, 9, 24)
    assert torch.equal(interpolate(empty, aligned, 0.0), torch.zeros(2, 9, 24))
    assert torch.equal(interpolate(empty, aligned, 1.0), aligned)
    assert torch.equal(interpolate(empty, aligned), torch.full((2, 9, 24), 0.5))
    assert torch.equal(interpolate(torch.zeros(1, 24), torch.ones(2, 24), 0.25), torch.full((2, 24), 0.25))


@pytest.mark.parametrize("shape", [(1, 7, 24), (1, 9, 23), (3, 9, 24), (1, 24)])
def test_embeddings_that_do_not_match_are_refused(shape):
    accepted = r"accepted: \[1 or 2, 9, 24\], as the aligned prior"
    with pytest.raises(ValueError, match=rf"empty: is \[.*\]; {accepted}"):
        interpolate(torch.zeros(shape), torch.zeros(2, 9, 24))
