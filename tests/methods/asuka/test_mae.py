"""The masked autoencoder: against NumPy in float64, what it may see, and that it never gives NaN."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.methods.asuka.preprocess import preprocess  # noqa: E402

from .tiny_mae import TINY, holes, images, mae, reference_mae, reference_paint  # noqa: E402

NOISE = torch.rand(2, TINY.tokens, generator=torch.Generator().manual_seed(3))


def close(ours, expected):
    np.testing.assert_allclose(ours.detach().numpy(), expected, rtol=0, atol=1e-6)


def masked(batch=2):
    return images(batch) * (1 - holes(batch)), holes(batch)


def test_the_prior_and_the_picture_in_float64():
    network, (x, m) = mae().double(), masked()
    x, m = x.double(), m.double()
    prior, picture = network.prior(x, m), network.reconstruct(x, m)
    for i in range(2):
        visible = (network.coverage(m[i : i + 1]) == 0)[0].numpy()
        close(prior[i], reference_mae(network, x[i], m[i], visible, TINY.prior_depth))
        painted = reference_paint(network, reference_mae(network, x[i], m[i], visible, TINY.decoder_depth))
        close(network.patchify(picture[i : i + 1])[0], painted)


def test_a_training_step_in_float64():
    network, x, m = mae().double(), images().double(), holes().double()
    out = network(x, m, NOISE.double())
    touched = (network.coverage(m) > 0).numpy()
    for i in range(2):
        order = np.argsort(np.where(touched[i], 2, NOISE[i].numpy()), kind="stable")
        visible = np.zeros(TINY.tokens, bool)
        visible[order[: TINY.tokens // 4]] = True
        assert np.array_equal(out.removed[i].numpy(), ~visible)
        added = (~visible & ~touched[i]).reshape(TINY.grid, TINY.grid).repeat(4, 0).repeat(4, 1)
        hidden = np.maximum(m[i, 0].numpy(), added)
        assert np.array_equal(out.holes[i, 0].numpy(), hidden)
        tokens = reference_mae(network, x[i], torch.from_numpy(hidden)[None], visible, TINY.decoder_depth)
        close(out.patches[i], reference_paint(network, tokens))


def test_three_quarters_are_removed_and_all_of_the_hole():
    network, touched = mae(), mae().coverage(holes()) > 0
    out = network(images(), holes(), NOISE)
    assert (out.removed.sum(1) == 48).all()
    assert (out.removed | ~touched).all()
    assert (out.holes >= holes()).all()
    half = network(images(), holes(), NOISE, 0.5)
    assert (half.removed.sum(1) == 32).all()


def test_a_hole_beyond_three_quarters_stays_hidden_all_of_it():
    network, large = mae(), torch.zeros(1, 1, 32, 32)
    large[..., 3:] = 1  # all patches are touched
    x = images(1)
    out = network(x, large, NOISE[:1])
    assert out.removed.all()
    assert torch.equal(out.holes, large)
    other = network(torch.where(large > 0, images(1, seed=9), x), large, NOISE[:1])
    assert torch.equal(out.patches, other.patches)
    large[..., 24:] = 0  # a quarter is free, and is all that is seen
    assert (~network(x, large, NOISE[:1]).removed).sum() == 16


def test_what_is_hidden_does_not_count():
    network, x = mae(), images()
    out = network(x, holes(), NOISE)
    other = network(torch.where(out.holes > 0, images(seed=7), x), holes(), NOISE)
    assert torch.equal(out.patches, other.patches)
    changed = network(torch.where(out.holes > 0, x, images(seed=7)), holes(), NOISE)
    assert not torch.allclose(out.patches, changed.patches)


def test_from_photo_to_prior_nothing_of_the_hole_leaks():
    network, photos = mae(), torch.rand(1, 3, 75, 101, generator=torch.Generator().manual_seed(0))
    hole = torch.zeros(1, 1, 75, 101)
    hole[..., 20:47, 31:60] = 1
    first = network.prior(*preprocess(photos, hole, 32))
    assert torch.equal(first, network.prior(*preprocess(photos.masked_fill(hole > 0, 0.7), hole, 32)))
    assert not torch.equal(first, network.prior(*preprocess(photos.masked_fill(hole == 0, 0.7), hole, 32)))


def test_alpha_decides_how_much_partly_hidden_patches_show():
    x, m = masked(1)
    part = mae().unpatchify(((mae().coverage(m) > 0) & (mae().coverage(m) < 1))[..., None].expand(-1, -1, 16).float())
    other = x + 0.5 * part * (1 - m)  # the known pixels of those patches
    assert not torch.equal(x, other)
    blind, half = mae(alpha=1.0), mae(alpha=0.5)
    assert torch.equal(blind.prior(x, m), blind.prior(other, m))
    assert not torch.allclose(half.prior(x, m), half.prior(other, m))


@pytest.mark.parametrize("alpha", [0.4, 1.0])
def test_all_hidden_is_no_nan_and_the_others_do_not_notice(alpha):
    network, (x, m) = mae(alpha), masked()
    m = torch.cat([m, torch.ones(1, 1, 32, 32)])
    x = torch.cat([x, torch.zeros(1, 3, 32, 32)]).requires_grad_()
    prior = network.prior(x, m)
    assert prior.isfinite().all()
    torch.testing.assert_close(prior[:2], network.prior(x[:2], m[:2]))
    prior.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())
    assert network.reconstruct(x, m).isfinite().all()
    assert network(x, m, torch.rand(3, 64)).patches.isfinite().all()


def test_a_batch_of_masked_and_whole_photos_equals_each_alone():
    network, (x, m) = mae(), masked()
    m[1] = 0
    both = network.prior(x, m)
    for i in range(2):
        torch.testing.assert_close(both[i : i + 1], network.prior(x[i : i + 1], m[i : i + 1]))


def test_patches_are_ordered_by_row_column_channel():
    network, x = mae(), images()
    patches = network.patchify(x)
    assert patches.shape == (2, 64, 48)
    assert torch.equal(patches[:, 8 + 3], x[:, :, 4:8, 12:16].permute(0, 2, 3, 1).flatten(1))
    assert torch.equal(network.unpatchify(patches), x)


def test_recomputing_activations_gives_the_same_gradients():
    x, m = images(), holes()
    grads = []
    for save in (False, True):
        network = mae().train()
        if save:
            network.enable_gradient_checkpointing()
        network(x, m, NOISE).patches.square().mean().backward()
        grads.append([p.grad for p in network.parameters()])
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b)


def test_half_precision_stays_near():
    network, (x, m) = mae(), masked()
    with torch.autocast("cpu", torch.bfloat16):
        half = [network.prior(x, m), network(x, m, NOISE).patches]
    for a, b in zip(half, [network.prior(x, m), network(x, m, NOISE).patches], strict=True):
        torch.testing.assert_close(a.float(), b, rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    ("x", "m", "message"),
    [
        (images(size=36), holes(size=36), r"images: is \[2, 3, 36, 36\]; accepted: \[2, 3, 32, 32\]"),
        (images()[:, :1], holes(), r"images: is \[2, 1, 32, 32\]; accepted: \[2, 3, 32, 32\]"),
        (images(), holes(1), r"holes: is \[1, 1, 32, 32\]; accepted: \[2, 1, 32, 32\]"),
    ],
)
def test_other_sizes_are_refused(x, m, message):
    for call in (mae().prior, mae().reconstruct, lambda x, m: mae()(x, m, NOISE)):
        with pytest.raises(ValueError, match=message):
            call(x, m)
