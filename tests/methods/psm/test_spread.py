"""The spread over arrays: what is picked, what is kept, what is refused."""

import numpy as np
import pytest

from retouch.methods.psm.schedules import SCHEDULES
from retouch.methods.psm.spread import DEFAULT, SpreadSettings, pick, spread, uncertainty
from retouch.ops.draws import seeded_normal
from tests.methods.psm.spreads import SIZE, inputs, network, noise_of


def run(image, known, settings=DEFAULT, seeds=None, network=network):
    seeds = range(len(image)) if seeds is None else seeds
    return list(spread(network, image, known, noise_of(image, seeds), settings))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_the_known_set_grows_to_the_whole_image_as_the_schedule_says(schedule, iterations):
    image, known = inputs()
    steps = run(image, known, SpreadSettings(iterations, schedule=schedule))
    holes = np.count_nonzero(~known, axis=(1, 2, 3))
    before = known
    for step in steps:
        assert step.known[before].all()
        left = np.count_nonzero(~step.known, axis=(1, 2, 3))
        share = SCHEDULES[schedule](step.t / iterations)
        assert (np.abs(left - share * holes) <= 1).all()
        before = step.known
    assert [step.t for step in steps] == list(range(1, iterations + 1))
    assert steps[-1].known.all()


def test_the_surest_pixels_are_picked_first():
    image, known = inputs()
    steps = run(image, known)
    before = known
    for step in steps:
        score = np.exp(step.log_variance).mean(axis=1, keepdims=True)
        for k in range(len(image)):
            picked, left = score[k][step.known[k] & ~before[k]], score[k][~step.known[k]]
            assert not left.size or picked.max() <= left.min()
        before = step.known


def test_another_order_picks_other_pixels_and_leaves_the_uncertainty_that_of_the_variance():
    image, known = inputs()
    columns = np.broadcast_to(np.arange(SIZE[1], dtype=np.float32), known.shape)
    asked = []

    def from_the_right(score, t):
        asked.append((t, score.shape))
        return -columns

    settings = SpreadSettings(4)
    steps = list(spread(network, image, known, noise_of(image, range(3)), settings, order=from_the_right))
    assert asked == [(t, known.shape) for t in (1, 2, 3, 4)]
    for step in steps[:-1]:
        for k in range(len(image)):
            picked, left = columns[k][step.known[k] & ~known[k]], columns[k][~step.known[k]]
            assert picked.min() >= left.max()
        sigma = np.sqrt(np.exp(step.log_variance).mean(axis=1, keepdims=True))
        filled = step.known & ~known
        np.testing.assert_allclose(step.uncertainty[filled], np.minimum(sigma, 1)[filled], rtol=1e-6)
    assert not np.array_equal(steps[0].known, run(image, known, settings)[0].known)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (lambda score, t: score[:, 0], r"order: gives \(3, 12, 16\) in iteration 1; accepted: \(3, 1, 12, 16\)"),
        (lambda score, t: score * np.nan, "order: gives .* without NaN"),
    ],
)
def test_orders_that_do_not_fit(order, message):
    image, known = inputs()
    with pytest.raises(ValueError, match=message):
        list(spread(network, image, known, noise_of(image, range(3)), order=order))


def test_known_pixels_are_equal_to_the_bit_and_missing_ones_are_zero():
    image, known = inputs()
    for step in run(image, known):
        keep = np.broadcast_to(known, image.shape)
        assert np.array_equal(step.image[keep], image[keep])
        assert (step.image[np.broadcast_to(~step.known, image.shape)] == 0).all()
        assert np.abs(step.image).max() <= 1
        assert step.image.dtype == step.uncertainty.dtype == np.float32


def test_filled_pixels_are_sampled_anew_in_each_step_and_without_noise_in_the_last():
    image, known = inputs()
    settings = SpreadSettings(3, alpha=0.2)
    for step in run(image, known, settings, seeds=[7, 8, 9]):
        noise = seeded_normal([7, 8, 9], step.t, image.shape[1:]) if step.t < 3 else 0
        expected = np.clip(step.mean + 0.2 * step.sigma * noise, -1, 1)
        filled = np.broadcast_to(step.known & ~known, image.shape)
        np.testing.assert_allclose(step.image[filled], expected[filled], rtol=1e-6)


def test_what_lies_under_the_hole_is_not_read():
    image, known = inputs()
    other = np.where(known, image, np.float32(np.nan))
    for a, b in zip(run(image, known), run(other, known), strict=True):
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.uncertainty, b.uncertainty)


def test_the_network_is_told_the_state_before_each_iteration():
    image, known = inputs()
    told = []

    def watched(x, m0, m, u, tau):
        told.append((x, m0, m, u, tau))
        return network(x, m0, m, u, tau)

    steps = run(image, known, network=watched)
    assert [tau for *_, tau in told] == [0, 0.25, 0.5, 0.75]
    x, m0, m, u, _ = told[0]
    assert np.array_equal(x, np.where(known, image, 0))
    assert np.array_equal(m, known)
    assert np.array_equal(u, ~known)
    for (x, m0, m, u, _), before in zip(told[1:], steps, strict=False):
        assert x is before.image
        assert u is before.uncertainty
        assert np.array_equal(m, before.known)
        assert np.array_equal(m0, known)
        assert {value.dtype for value in (x, m0, m, u)} == {np.dtype(np.float32)}


def test_batch_equals_loop():
    image, known = inputs(4)
    together = run(image, known, SpreadSettings(3, alpha=0.3, uncertainty="minmax"), seeds=[5, 6, 5, 8])
    for k, seed in enumerate([5, 6, 5, 8]):
        alone = run(
            image[k : k + 1], known[k : k + 1], SpreadSettings(3, alpha=0.3, uncertainty="minmax"), seeds=[seed]
        )
        for a, b in zip(alone, together, strict=True):
            for name in ("mean", "log_variance", "known", "uncertainty", "image"):
                assert np.array_equal(getattr(a, name)[0], getattr(b, name)[k])


def test_one_iteration_is_the_mean():
    image, known = inputs()
    (step,) = run(image, known, SpreadSettings(1))
    mean, _ = network(np.where(known, image, 0), known, known, ~known, 0)
    np.testing.assert_allclose(step.image, np.where(known, image, np.clip(mean, -1, 1)), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("holes", [0, 1, 2, 3])
def test_holes_smaller_than_the_number_of_iterations(holes):
    image, _ = inputs(1)
    known = np.ones((1, 1, *SIZE), bool)
    known.reshape(-1)[10 : 10 + holes] = False
    steps = run(image, known, SpreadSettings(4))
    left = [np.count_nonzero(~step.known) for step in steps]
    assert left == [int(holes * share) for share in (0.75, 0.5, 0.25, 0)]
    assert np.array_equal(steps[-1].image, image) == (holes == 0)
    assert (steps[-1].uncertainty[known] == 0).all()


@pytest.mark.parametrize("scaling", ["clip", "minmax"])
def test_an_empty_and_a_full_hole_beside_another(scaling):
    image, known = inputs()
    known[0], known[2] = True, False
    *_, last = run(image, known, SpreadSettings(3, uncertainty=scaling))
    assert np.array_equal(last.image[0], image[0])
    assert (last.uncertainty[0] == 0).all()
    assert last.known.all()
    assert np.isfinite(last.image).all()
    assert np.isfinite(last.uncertainty).all()


def test_equal_scores_are_picked_in_row_order():
    score = np.array([3, 1, 1, 2, 1, 1], np.float32).reshape(1, 1, 2, 3)
    m = np.array([False, False, True, False, False, False]).reshape(1, 1, 2, 3)
    picked = [pick(score, m, np.array([left])).reshape(-1).tolist() for left in (5, 4, 3, 2, 1, 0)]
    order = [np.flatnonzero(mask).tolist() for mask in picked]
    assert order == [[2], [1, 2], [1, 2, 4], [1, 2, 4, 5], [1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]]
    assert np.array_equal(pick(score, m, np.array([6])), m)  # more than are missing: nothing is taken back


def test_many_equal_scores():
    score = np.random.default_rng(0).integers(0, 3, (1, 1, 64, 64)).astype(np.float32)
    picked = pick(score, np.zeros_like(score, bool), np.array([64 * 64 - 2000])).reshape(-1)
    by_score_then_row_order = sorted(range(64 * 64), key=lambda k: (score.flat[k], k))
    assert np.array_equal(np.flatnonzero(picked), sorted(by_score_then_row_order[:2000]))


def test_predictions_beyond_the_range_are_clipped():
    image, known = inputs()
    for step in run(image, known, network=lambda x, *_: (0 * x + 3, 0 * x)):
        filled = np.broadcast_to(step.known & ~known, image.shape)
        assert (step.image[filled] == 1).all()


def test_a_constant_uncertainty_spreads_row_by_row():
    image, _ = inputs(1)
    known = np.zeros((1, 1, *SIZE), bool)
    steps = run(image, known, SpreadSettings(4), network=lambda x, *_: (0 * x, 0 * x - 3))
    for step in steps:
        assert np.array_equal(np.flatnonzero(step.known), np.arange(12 * 16 * step.t // 4))


def test_uncertainty_is_sigma_up_to_one():
    score = np.array([0.25, 4.0, 0.09, 0.01], np.float32).reshape(1, 1, 2, 2)
    m0 = np.array([False, False, False, True]).reshape(1, 1, 2, 2)
    m = np.array([True, True, False, True]).reshape(1, 1, 2, 2)
    np.testing.assert_allclose(uncertainty(score, m0, m, "clip").ravel(), [0.5, 1, 1, 0], rtol=1e-6)
    np.testing.assert_allclose(uncertainty(score, m0, m0 | True, "clip").ravel(), [0.5, 1, 0.3, 0], rtol=1e-6)


def test_minmax_is_taken_over_each_hole():
    score = np.array([[0.25, 4.0, 1.0, 99], [1, 1, 1, 1], [7, 7, 7, 7]], np.float32).reshape(3, 1, 2, 2)
    m0 = np.array([[False, False, False, True], [False] * 4, [True] * 4]).reshape(3, 1, 2, 2)
    scaled = uncertainty(score, m0, m0 | True, "minmax").reshape(3, -1)
    np.testing.assert_allclose(scaled, [[0, 1, 1 / 3, 0], [0] * 4, [0] * 4], rtol=1e-6)


def test_seeds_give_independent_repeatable_noise():
    a, b = seeded_normal([3, 4], 1, (3, *SIZE)), seeded_normal([4, 3], 1, (3, *SIZE))
    assert np.array_equal(a, b[::-1])
    assert not np.array_equal(a[0], a[1])
    assert not np.array_equal(a, seeded_normal([3, 4], 2, (3, *SIZE)))
    assert abs(a.mean()) < 0.1
    assert a.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("which", "bad"), [(0, np.nan), (0, np.inf), (1, np.nan), (1, 200.0)])
def test_a_network_that_gives_no_finite_values(which, bad):
    image, known = inputs()

    def damaged(x, m0, m, u, tau):
        outputs = network(x, m0, m, u, tau)
        if tau == 0.5:
            outputs[which][1, 2, 3, 4] = bad
        return outputs

    with pytest.raises(ValueError, match="network: gives NaN or infinite values in iteration 3 of 4"):
        run(image, known, network=damaged)


def test_a_network_whose_output_does_not_fit():
    image, known = inputs()
    with pytest.raises(ValueError, match=r"log-variance has the shape \(3, 1, 12, 16\) in iteration 1 of 4"):
        run(image, known, network=lambda x, *_: (x, x[:, :1]))


def test_half_precision_is_not_ranked_as_such():
    image, known = inputs()

    def half(x, m0, m, u, tau):
        return tuple(value.astype(np.float16) for value in network(x, m0, m, u, tau))

    steps = run(image, known, network=half)
    assert {step.mean.dtype for step in steps} | {step.image.dtype for step in steps} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda image, known: (image[0], known), r"image: has the shape \(3, 12, 16\); accepted: \[B, 3, H, W\]"),
        (lambda image, known: (image[:, :1], known), "image: has the shape"),
        (lambda image, known: (image, known[:, 0]), r"known: is bool \(3, 12, 16\); accepted: bool \(3, 1, 12, 16\)"),
        (lambda image, known: (image, known[:1]), "known: is bool"),
        (lambda image, known: (image, known.astype(np.float32)), "known: is float32"),
    ],
)
def test_inputs_that_do_not_fit(change, message):
    image, known = change(*inputs())
    with pytest.raises(ValueError, match=message):
        run(image, known)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"iterations": 0}, "iterations: is 0; accepted: 1 or more"),
        ({"schedule": "random"}, "schedule: 'random' is unknown"),
        ({"schedule": lambda r: r}, "schedule: the missing share goes from 0.25 to 0.5 in iteration 2 of 4"),
        ({"alpha": -0.1}, "alpha: is -0.1; accepted: 0 or more"),
        ({"alpha": float("nan")}, "alpha: is nan"),
        ({"uncertainty": "max"}, "uncertainty: is 'max'; accepted: 'clip', 'minmax'"),
    ],
)
def test_settings_out_of_their_range(settings, message):
    with pytest.raises(ValueError, match=message):
        SpreadSettings(**settings)
