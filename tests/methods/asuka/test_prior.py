"""The aligned prior as one model: what it gives, what it paints, and what does not fit together."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from retouch.methods.asuka.config import Align  # noqa: E402
from retouch.methods.asuka.preprocess import preprocess  # noqa: E402
from retouch.methods.asuka.prior import Embedding, make_prior  # noqa: E402

from .tiny_mae import NARROW, alignment, mae  # noqa: E402
from .tiny_pipeline import POOLED, WIDTH, flux, photos  # noqa: E402


def test_it_is_the_alignment_of_the_autoencoders_prior():
    (images, holes), network, aligned = photos(), mae(), alignment()
    found = make_prior(network, aligned)(images, holes)
    assert found.pooled is None
    torch.testing.assert_close(found.tokens, aligned(network.prior(*preprocess(images, holes, 32))))


def test_masked_and_whole_photos_may_be_mixed():
    (images, holes), prior = photos(), make_prior(mae(), alignment())
    mixed = torch.cat([holes[:1], torch.zeros_like(holes[:1])])
    together = prior(images, mixed).tokens
    for k in range(2):
        torch.testing.assert_close(together[k], prior(images[k : k + 1], mixed[k : k + 1]).tokens[0])


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_it_is_interpolated_with_an_empty_text(weight):
    (images, holes), both, alone = photos(), flux(weight).prior, flux(1.0).prior
    found, whole = both(images, holes), alone(images, holes)
    for name, empty in (("tokens", 0.2), ("pooled", -0.3)):
        torch.testing.assert_close(getattr(found, name), weight * getattr(whole, name) + (1 - weight) * empty)


def test_what_is_painted_is_the_reconstruction():
    (images, holes), network = photos(height=32, width=32), mae()
    painted = make_prior(network, alignment()).paint(images, holes)
    assert torch.equal(painted * (1 - holes), images * (1 - holes))
    other = torch.where(holes > 0, 1 - images, images)
    assert torch.equal(painted, make_prior(network, alignment()).paint(other, holes))


def test_torchs_own_generator_is_left_alone():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    make_prior(mae(), alignment())
    assert torch.equal(torch.get_rng_state(), state)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="alignment: takes a prior 512 wide; accepted: 12, as the autoencoder's"):
        make_prior(mae(), alignment(Align(width=64, blocks=0)))
    with pytest.raises(ValueError, match=r"empty: empty_tokens is \[1, 77, 24\]; accepted: \[1, 64, 24\]"):
        make_prior(mae(), alignment(), None, Embedding(torch.zeros(1, 77, WIDTH)))
    pooled = alignment(NARROW.model_copy(update={"pooled": True}))
    with pytest.raises(ValueError, match=r"empty: empty_pooled is \[1, 16\]; accepted: \[1, 24\]"):
        make_prior(mae(), alignment(), pooled, Embedding(torch.zeros(1, 64, WIDTH), torch.zeros(1, POOLED)))
