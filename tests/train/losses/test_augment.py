"""ADA: the mask moves with the image, samples keep to themselves, p follows the discriminator's signs."""

import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses import augment as module  # noqa: E402
from retouch.train.losses.augment import Ada, augment  # noqa: E402
from retouch.train.losses.transforms import geometric  # noqa: E402

SEEDS = torch.arange(12)
HIGH, WIDE = 48, 56
BOX = (15.0, 10.0, 40.0, 33.0)  # x0, y0, x1, y1


@pytest.fixture
def samples():
    images = torch.rand(12, 3, HIGH, WIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    holes = torch.zeros(12, 1, HIGH, WIDE)
    holes[:, :, 10:33, 15:40] = 1
    return images, holes


@pytest.fixture
def no_colour(monkeypatch):
    identity = torch.eye(3, 4, dtype=torch.float64)
    monkeypatch.setattr(module, "colour", lambda seeds, p, stream: identity.repeat(len(seeds), 1, 1))


def test_probability_0_is_exactly_the_identity(samples):
    images, holes = augment(*samples, SEEDS, 0.0, "real")
    assert torch.equal(images, samples[0])
    assert torch.equal(holes, samples[1])


def distance_to_the_box(matrices):
    """[B, H, W] how far, in pixels of the source, inside (above 0) or outside the box every pixel comes from."""
    y, x = torch.meshgrid(torch.arange(HIGH) - (HIGH - 1) / 2, torch.arange(WIDE) - (WIDE - 1) / 2, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)]).double().flatten(1)  # [3, H * W]
    source = torch.linalg.inv(matrices) @ points  # [B, 3, H * W]
    inside = []
    for axis, side, low, high in ((0, WIDE, BOX[0], BOX[2]), (1, HIGH, BOX[1], BOX[3])):
        place = (source[:, axis] + side / 2).remainder(2 * side)
        place = torch.where(place > side, 2 * side - place, place)  # mirrored beyond the border
        inside.append(torch.minimum(place - low, high - place))
    return torch.minimum(*inside).reshape(-1, HIGH, WIDE)


def test_the_mask_of_a_moved_box_is_the_moved_box(samples):
    _, holes = augment(*samples, SEEDS, 1.0, "real")
    distance = distance_to_the_box(geometric(SEEDS, 1.0, HIGH, WIDE, "real"))
    clear = distance.abs() > 1
    assert float(clear.double().mean()) > 0.8
    assert torch.equal(holes[:, 0][clear], (distance > 0).float()[clear])
    assert set(holes.unique().tolist()) == {0.0, 1.0}


@pytest.mark.usefixtures("no_colour")
def test_the_image_moves_with_the_mask(samples):
    holes = samples[1]
    images, moved = augment((2 * holes - 1).expand(-1, 3, -1, -1), holes, SEEDS, 1.0, "real")
    # A box drawn into the image covers what the mask's box covers, but for rounding at the threshold itself.
    assert float(((images >= 0) == (moved == 1)).double().mean()) > 0.9999
    assert float((moved != holes).double().mean()) > 0.1


def test_colours_change_the_image_only(samples, monkeypatch):
    identity = torch.eye(3, dtype=torch.float64)
    monkeypatch.setattr(module, "geometric", lambda seeds, p, h, w, stream: identity.repeat(len(seeds), 1, 1))
    images, holes = augment(*samples, SEEDS, 1.0, "real")
    assert torch.equal(holes, samples[1])
    matrices = module.colour(SEEDS, 1.0, "real").float()
    expected = torch.einsum("bij,bjhw->bihw", matrices[:, :, :3], samples[0]) + matrices[:, :, 3, None, None]
    torch.testing.assert_close(images, expected)


def test_a_batch_equals_a_loop(samples):
    images, holes = augment(*samples, SEEDS, 0.3, "real")
    for i in range(12):
        one = slice(i, i + 1)
        alone = augment(samples[0][one], samples[1][one], SEEDS[one], 0.3, "real")
        torch.testing.assert_close(images[one], alone[0], rtol=0, atol=1e-5)
        assert float((holes[one] != alone[1]).float().mean()) < 1e-3


def test_words_give_independent_draws(samples):
    real, fake = (augment(*samples, SEEDS, 1.0, word)[0] for word in ("real", "fake"))
    assert all(not torch.equal(a, b) for a, b in zip(real, fake, strict=True))


def test_gradients_reach_the_images(samples):
    images = samples[0].clone().requires_grad_()
    augment(images, samples[1], SEEDS, 0.5, "fake")[0].square().sum().backward()
    assert images.grad.flatten(1).any(1).all()


def test_half_precision_is_computed_in_float32(samples):
    images, holes = augment(samples[0].bfloat16(), samples[1], SEEDS, 1.0, "real")
    with torch.autocast("cpu", torch.bfloat16):
        same, _ = augment(samples[0].bfloat16().float(), samples[1], SEEDS, 1.0, "real")
    assert images.dtype == holes.dtype == torch.float32
    assert torch.equal(images, same)


def signs(right, wrong):
    return torch.cat([torch.full((right, 1), 0.3), torch.full((wrong, 1), -2.0)])


def test_p_follows_the_signs():
    ada = Ada(kimg=1.0)  # 1000 images move p by 1
    path = []
    for k in range(14):
        ada.adapt(k)
        path.append(ada.p)
        ada.observe(signs(9, 1) if k < 8 else signs(7, 3))  # means 0.8 and 0.4
    expected = [0.0] * 4 + [0.04] * 4 + [0.08] * 4 + [0.04] * 2
    assert path == pytest.approx(expected)


def test_p_speed_is_500_thousand_images_by_default_and_p_never_falls_below_0():
    ada = Ada()
    ada.observe(signs(10, 0))
    ada.adapt(4)
    assert ada.p == pytest.approx(10 / 500_000)
    for k in (8, 12, 16):
        ada.observe(signs(0, 10))
        ada.adapt(k)
    assert ada.p == 0.0


def test_p_stays_at_the_target_and_without_logits():
    ada = Ada()
    ada.p = 0.25
    ada.observe(signs(8, 2))  # mean 0.6
    ada.adapt(4)
    ada.adapt(8)
    assert ada.p == 0.25


def test_patch_logits_count_as_one_image_each():
    ada = Ada(kimg=1.0)
    ada.observe(torch.ones(3, 1, 5, 5))
    ada.adapt(4)
    assert ada.p == pytest.approx(0.003)


def test_micro_batches_and_processes_give_the_p_of_the_whole_batch(monkeypatch):
    whole, parts, processes = Ada(), Ada(), Ada()
    for k in range(5):
        whole.adapt(k)
        whole.observe(signs(10, 2))
        for part in signs(10, 2).split(3):
            parts.adapt(k)
            parts.observe(part)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda sums: sums.mul_(2))  # two with the same halves
    for k in range(5):
        processes.adapt(k)
        processes.observe(signs(5, 1))
    assert whole.p > 0
    assert whole.p == parts.p == processes.p


def test_a_restart_continues_exactly():
    ada, other = Ada(kimg=1.0), Ada(kimg=1.0)
    for k in range(6):
        ada.adapt(k)
        ada.observe(signs(9, 1))
    other.load_state_dict(ada.state_dict())
    for each in (ada, other):
        for k in range(6, 13):
            each.adapt(k)
            each.observe(signs(2, 1))
    assert other.state_dict().keys() == {"p", "window", "sums"}
    assert other.p == ada.p > 0
    assert torch.equal(other.state_dict()["sums"], ada.state_dict()["sums"])


@pytest.mark.parametrize(
    "state", [{}, {"p": 0.1}, {"p": "a", "window": 0, "sums": torch.zeros(3)}, {**Ada().state_dict(), "more": 1}]
)
def test_another_state_is_refused(state):
    with pytest.raises(ValueError, match="state: has"):
        Ada().load_state_dict(state)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"target": 1.5}, "target: is 1.5"), ({"every": 0}, "every, kimg: are 0"), ({"kimg": 0}, "every, kimg: are 4")],
)
def test_bad_settings(options, words):
    with pytest.raises(ValueError, match=words):
        Ada(**options)


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3, 8), (2, 1, 8, 8), 2),
        ((2, 4, 8, 8), (2, 1, 8, 8), 2),
        ((2, 3, 8, 8), (2, 1, 8, 9), 2),
        ((2, 3, 8, 8), (2, 1, 8, 8), 3),
        ((2, 3, 3, 8), (2, 1, 3, 8), 2),
    ],
)
def test_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match="images, holes, seeds: are"):
        augment(torch.zeros(shapes[0]), torch.zeros(shapes[1]), torch.arange(shapes[2]), 0.5, "real")


@pytest.mark.parametrize("p", [-0.1, float("nan")])
def test_bad_probability(samples, p):
    with pytest.raises(ValueError, match="p: is"):
        augment(*samples, SEEDS, p, "real")
