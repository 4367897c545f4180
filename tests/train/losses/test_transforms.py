"""Matrices of ADA's transforms: what they keep, how often they come, how far they spread."""

import math

import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses.transforms import colour, geometric  # noqa: E402

SEEDS = torch.arange(400)
GREY = torch.ones(3, dtype=torch.float64)


def moved(matrices):
    return (matrices != torch.eye(*matrices.shape[1:], dtype=matrices.dtype)).flatten(1).any(1)


def test_nothing_is_drawn_at_probability_0():
    assert not moved(geometric(SEEDS, 0.0, 64, 64, "real")).any()
    assert not moved(colour(SEEDS, 0.0, "real")).any()


def test_how_often_something_moves():
    # A flip is no flip in half of the cases, a quarter turn none in a quarter, whole-pixel shifts hardly ever; the two
    # turns together count once.
    p = 0.2
    still = (1 - p / 2) * (1 - p * 3 / 4) * (1 - p) ** 5
    share = float(moved(geometric(SEEDS, p, 512, 512, "real")).double().mean())
    assert share == pytest.approx(1 - still, abs=0.07)
    share = float(moved(colour(SEEDS, p, "real")).double().mean())
    assert share == pytest.approx(1 - (1 - p / 2) * (1 - p) ** 4, abs=0.08)


def test_areas_and_shifts_have_the_papers_spread():
    matrices = geometric(SEEDS, 1.0, 64, 64, "real")
    octaves = torch.linalg.det(matrices[:, :2, :2]).abs().log2() / 2  # zoom alone; aspect keeps the area
    assert float(octaves.std()) == pytest.approx(0.2, rel=0.15)
    assert abs(float(octaves.mean())) < 0.05
    expected = math.hypot(64 * 0.125 / math.sqrt(3), 64 * 0.125)  # uniform and normal shifts added
    assert float(matrices[:, :2, 2].std()) == pytest.approx(expected, rel=0.15)
    assert float((torch.linalg.det(matrices[:, :2, :2]) < 0).double().mean()) == pytest.approx(0.5, abs=0.1)


def test_shifts_follow_height_and_width():
    square, tall = (geometric(SEEDS, 1.0, h, 64, "real")[:, :2, 2] for h in (64, 640))
    # The first shift is turned afterwards, the last one is not: along y it is ten times as far.
    assert float(tall[:, 1].std()) > 7 * float(square[:, 1].std())


def test_grey_stays_grey_and_saturation_and_hue_keep_the_luma():
    matrices = colour(SEEDS, 1.0, "real")
    grey = matrices[:, :, :3] @ GREY + matrices[:, :, 3]  # [B, 3]
    torch.testing.assert_close(grey, grey.mean(1, keepdim=True).expand(-1, 3))
    red = matrices[:, :, 0].sum(1)  # contrast times the sign of luma
    assert float(red.abs().log2().std()) == pytest.approx(0.5, rel=0.15)
    assert float((red < 0).double().mean()) == pytest.approx(0.5, abs=0.1)
    assert float((matrices[:, 0, 3] / red).std()) == pytest.approx(0.2, rel=0.15)  # brightness comes before contrast


def test_hue_turns_all_the_way_round():
    across = torch.tensor([2.0, -1.0, -1.0], dtype=torch.float64)
    other = torch.tensor([0.0, 1.0, -1.0], dtype=torch.float64) * math.sqrt(3)
    turned = colour(SEEDS, 1.0, "real")[:, :, :3] @ across  # [B, 3]
    angles = torch.atan2(turned @ other, turned @ across)
    counts = torch.histc(angles, 4, -math.pi, math.pi)
    assert counts.min() > 70  # of 100


def test_one_seed_one_draw_and_other_words_other_draws():
    some = torch.tensor([7, 11, 7])
    for draw in (lambda s, word: geometric(s, 0.9, 64, 48, word), lambda s, word: colour(s, 0.9, word)):
        all_three = draw(some, "real")
        assert torch.equal(all_three[0], all_three[2])
        assert torch.equal(all_three[1:2], draw(some[1:2], "real"))
        assert not torch.equal(all_three, draw(some, "fake"))


def test_a_probability_above_1_is_1():
    assert torch.equal(geometric(SEEDS, 1.7, 64, 64, "real"), geometric(SEEDS, 1.0, 64, 64, "real"))
    assert torch.equal(colour(SEEDS, 1.7, "real"), colour(SEEDS, 1.0, "real"))


def test_zoom_aspect_and_turns_come_independently():
    p = 0.3
    linear = geometric(SEEDS, p, 64, 64, "real")[:, :2, :2]
    lengths = torch.linalg.svdvals(linear)  # [B, 2]
    zoomed = (lengths.prod(1).log2().abs() > 1e-6).double()
    stretched = ((lengths[:, 0] / lengths[:, 1]).log2().abs() > 1e-6).double()
    turned = (linear.abs() > 1e-6).flatten(1).all(1).double()
    for share in (zoomed, stretched, turned):
        assert float(share.mean()) == pytest.approx(p, abs=0.07)
    assert float((zoomed * stretched).mean()) == pytest.approx(p * p, abs=0.05)


def test_the_aspects_spread():
    lengths = torch.linalg.svdvals(geometric(SEEDS, 1.0, 64, 64, "real")[:, :2, :2])
    octaves = (lengths[:, 0] / lengths[:, 1]).log2() / 2  # the absolute value of a normal draw
    assert float(octaves.square().mean().sqrt()) == pytest.approx(0.2, rel=0.15)


def test_whole_pixel_shifts_reach_an_eighth_of_each_side():
    matrices = geometric(torch.arange(2000), 0.2, 64, 640, "real")
    shifts = matrices[:, :2, 2]
    alone = (matrices[:, :2, :2] == torch.eye(2)).flatten(1).all(1) & (shifts == shifts.round()).all(1)
    shifts = shifts[alone & (shifts != 0).any(1)].abs()
    assert len(shifts) > 50
    assert 40 < float(shifts[:, 0].max()) <= 80
    assert 4 < float(shifts[:, 1].max()) <= 8


def test_the_saturations_spread():
    across = torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64)
    matrices = colour(SEEDS, 1.0, "real")[:, :, :3]
    contrast = (matrices @ GREY).norm(dim=1) / GREY.norm()
    saturation = (matrices @ across).norm(dim=1) / across.norm() / contrast
    assert float(saturation.log2().std()) == pytest.approx(1.0, rel=0.15)
