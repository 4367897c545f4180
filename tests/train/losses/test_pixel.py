import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses.pixel import l1, l1_sum, l1_weighted, mean_in  # noqa: E402

LOSSES = {
    "mean": l1,
    "sum": l1_sum,
    "weighted": lambda a, b: l1_weighted(a, b, torch.ones(len(a), 1, 6, 4), hole=2, known=1),
}


def images(b=4, dtype=torch.float32):
    make = torch.Generator().manual_seed(1)
    return tuple(torch.rand(b, 3, 6, 4, generator=make).to(dtype) for _ in range(2))


@pytest.fixture
def holes():
    return (torch.rand(4, 1, 6, 4, generator=torch.Generator().manual_seed(2)) < 0.3).float()


def test_values(holes):
    a, b = images()
    difference = np.abs(a.numpy().astype(float) - b.numpy().astype(float))
    assert float(l1(a, b)) == pytest.approx(difference.mean(), rel=1e-6)
    assert float(l1_sum(a, b)) == pytest.approx(difference.sum() / 4, rel=1e-6)
    inside = np.broadcast_to(holes.numpy() > 0, difference.shape)
    expected = (5 * difference[inside].sum() + 0.5 * difference[~inside].sum()) / difference.size
    assert float(l1_weighted(a, b, holes, hole=5, known=0.5)) == pytest.approx(expected, rel=1e-6)
    assert float(l1_weighted(a, b, holes.bool(), hole=5, known=0.5)) == pytest.approx(expected, rel=1e-6)


def test_equal_weights_are_plain_l1_whatever_the_hole(holes):
    a, b = images()
    for mask in (holes, holes * 0, holes * 0 + 1):
        assert float(l1_weighted(a, b, mask, hole=1, known=1)) == pytest.approx(float(l1(a, b)), rel=1e-6)
    assert float(l1_weighted(a, b, holes * 0, hole=1, known=0)) == 0


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_zero_at_equality_and_micro_batches_average(loss):
    a, b = images()
    assert float(loss(a, a.clone())) == 0
    parts = [loss(x, y) for x, y in zip(a.split(1), b.split(1), strict=True)]
    torch.testing.assert_close(torch.stack(parts).mean(), loss(a, b))


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_gradients_are_right_and_reach_the_prediction_only(loss):
    a, b = images(2, torch.float64)
    a.requires_grad_()
    b.requires_grad_()
    loss(a, b).backward()
    assert b.grad is None
    assert torch.autograd.gradcheck(lambda x: loss(x, b.detach()), a)


def test_gradient_stays_in_the_hole_where_known_weighs_nothing(holes):
    a, b = images()
    a.requires_grad_()
    l1_weighted(a, b, holes, hole=1, known=0).backward()
    assert torch.equal(a.grad != 0, (holes > 0).expand_as(a))


def test_half_precision_is_added_up_in_float32():
    a, b = images(dtype=torch.bfloat16)
    assert l1(a, b).dtype == torch.float32
    assert float(l1(a, b)) == pytest.approx(float((a.double() - b.double()).abs().mean()), rel=1e-6)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_wrong_images_are_refused(loss):
    a, b = images()
    with pytest.raises(ValueError, match=r"truth: is \[1, 3, 6, 4\] float32; accepted: \[4, 3, 6, 4\] like prediction"):
        loss(a, b[:1])  # would be broadcast
    with pytest.raises(ValueError, match=r"prediction: is \[3, 6, 4\] float32; accepted: \[B, C, H, W\] floats"):
        loss(a[0], b)
    with pytest.raises(ValueError, match=r"truth: is .* uint8; accepted"):
        loss(a, (b * 255).to(torch.uint8))
    with pytest.raises(ValueError, match=r"prediction: is \[0, 3, 6, 4\] float32"):
        loss(a[:0], b[:0])


def test_wrong_holes_and_weights_are_refused(holes):
    a, b = images()
    with pytest.raises(ValueError, match=r"holes: is \[4, 6, 4\] float32; accepted: \[4, 1, 6, 4\], 1 = hole"):
        l1_weighted(a, b, holes[:, 0], hole=1, known=1)
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"hole: is .*; accepted: finite numbers from 0 up"):
            l1_weighted(a, b, holes, hole=wrong, known=1)
        with pytest.raises(ValueError, match="known: is "):
            l1_weighted(a, b, holes, hole=1, known=wrong)


def test_mean_in_counts_the_holes_pixels_alike():
    values = torch.arange(24.0).reshape(2, 3, 2, 2)
    holes = torch.tensor([[[[1.0, 0], [0, 0]]], [[[1.0, 1], [1, 0]]]])
    inside = torch.cat([values[0, :, 0, 0], values[1, :, 0, 0], values[1, :, 0, 1], values[1, :, 1, 0]])
    torch.testing.assert_close(mean_in(values, holes), inside.mean())
    assert mean_in(values, torch.zeros_like(holes)) == 0
    with pytest.raises(ValueError, match=r"holes: is \[2, 2, 2\].*accepted: \[2, 1, 2, 2\]"):
        mean_in(values, holes[:, 0])
