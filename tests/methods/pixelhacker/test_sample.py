"""PixelHacker's sampling over arithmetic in the network's place."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from retouch.methods.pixelhacker.config import Network  # noqa: E402
from retouch.methods.pixelhacker.sample import (  # noqa: E402
    HOUSE,
    OFFICIAL,
    Sampling,
    draw,
    guide,
    sample,
    schedule,
)
from retouch.ops.codec import Pixels  # noqa: E402
from retouch.ops.latents import shrink_mask  # noqa: E402

MEAN, SIGMA = 0.3, 0.5


def share(timesteps):
    """alpha-bar [B, 1, 1, 1] of timesteps."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    return (1 - betas).cumprod(0)[timesteps][:, None, None, None]


class Normal:
    """The exact noise where photos are N(MEAN, SIGMA^2) everywhere; the second category's are lighter by `apart`."""

    config = Network(in_channels=7, out_channels=3)

    def __init__(self, apart=0.0):
        self.apart, self.given = apart, []

    def context(self, ids):
        return ids

    def denoise(self, x, timesteps, context):
        self.given.append((x, timesteps, context))
        mean = MEAN + self.apart * (context[:, 0] >= 10).float()[:, None, None, None]
        a = share(timesteps)
        return (1 - a).sqrt() * (x[:, :3] - a.sqrt() * mean) / (a * SIGMA**2 + 1 - a)


class NormalVelocity(Normal):
    """The same knowledge, said as v = sqrt(a) eps - sqrt(1 - a) z_0."""

    config = Network(in_channels=7, out_channels=3, prediction="v_prediction")

    def denoise(self, x, timesteps, context):
        noise, a = super().denoise(x, timesteps, context), share(timesteps)
        photo = (x[:, :3] - (1 - a).sqrt() * noise) / a.sqrt()
        return a.sqrt() * noise - (1 - a).sqrt() * photo


def inputs(count=1, side=16, seed=0):
    photos = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    holes = torch.zeros(count, 1, side, side)
    holes[:, :, 4:10, 5:12] = 1
    return photos, holes


def run(denoiser, sampling=HOUSE, seeds=(1,), photos=None, holes=None):
    first, second = inputs(len(seeds))
    photos, holes = first if photos is None else photos, second if holes is None else holes
    return list(sample(denoiser, Pixels(), photos, holes, draw(seeds, (3, *photos.shape[2:])), sampling))


def error(solver, steps):
    """Largest distance from the exact solution of the flow from noise to photo, at the same start."""
    sampling = Sampling(steps=steps, guidance=1, start="noise", solver=solver)
    denoiser = Normal()
    found = run(denoiser, sampling)
    start, a = denoiser.given[0][0][:, :3], share(torch.tensor([found[0].timestep]))
    exact = MEAN + SIGMA * (start - a.sqrt() * MEAN) / (a * SIGMA**2 + 1 - a).sqrt()
    return float((found[-1].latents - exact).abs().max())


def test_ddim_converges_to_the_exact_solution():
    errors = [error("ddim", steps) for steps in (5, 20, 100, 500)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.02


def test_the_faster_solver_needs_fewer_steps():
    assert error("dpm++", 8) < 0.5 * error("ddim", 20)
    assert error("dpm++", 20) < 0.02


@pytest.mark.parametrize("solver", ["ddim", "dpm++"])
def test_a_network_that_predicts_v_fills_as_one_that_predicts_noise(solver):
    sampling = Sampling(steps=6, solver=solver)
    for noise, v in zip(run(Normal(0.4), sampling), run(NormalVelocity(0.4), sampling), strict=True):
        torch.testing.assert_close(noise.clean, v.clean, rtol=0, atol=1e-3)
        torch.testing.assert_close(noise.latents, v.latents, rtol=0, atol=1e-3)


def test_the_last_step_gives_what_it_foresaw():
    steps = run(Normal(), Sampling(steps=6))
    assert [step.k for step in steps] == list(range(1, 7))
    assert {step.steps for step in steps} == {6}
    torch.testing.assert_close(steps[-1].clean, steps[-1].latents, rtol=0, atol=1e-4)
    assert (steps[0].clean - steps[0].latents).abs().max() > 0.1


@pytest.mark.parametrize(("task", "wanted"), [("remove", 0), ("foreground", 10)])
def test_guidance_goes_towards_the_wanted_category(task, wanted):
    plain, guided = Normal(apart=0.4), Normal(apart=0.4)
    alone = run(plain, Sampling(steps=8, guidance=1, task=task))[-1].latents
    result = run(guided, Sampling(steps=8, guidance=3, task=task))[-1].latents
    assert [context[:, 0].tolist() for _, _, context in plain.given] == [[wanted]] * 8  # half the work
    assert {tuple(context[:, 0].tolist()) for _, _, context in guided.given} == {(10 - wanted, wanted)}
    darker = (alone - result).mean()
    assert (darker > 0.1) == (task == "remove")


def test_guidance_is_the_equation():
    unwanted, wanted = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    both = torch.cat([unwanted, wanted])
    assert torch.equal(guide(both, 2.5, 2), unwanted + 2.5 * (wanted - unwanted))
    assert torch.equal(guide(wanted, 1.0, 1), wanted)


@pytest.mark.parametrize("start", ["masked", "noise", "smooth"])
def test_nothing_under_the_hole_reaches_the_network(start):
    photos, holes = inputs()
    other = torch.where(holes == 1, -photos, photos)
    sampling = Sampling(steps=3, start=start)
    a, b = (run(Normal(), sampling, photos=given, holes=holes) for given in (photos, other))
    assert torch.equal(a[-1].latents, b[-1].latents)


def test_the_official_start_sees_what_the_hole_hides():
    photos, holes = inputs()
    other = torch.where(holes == 1, -photos, photos)
    noisy = []
    for given in (photos, other):
        denoiser = Normal()
        run(denoiser, OFFICIAL, photos=given, holes=holes)
        noisy.append(denoiser.given[0][0][:1, :3])
    trace = (noisy[0] - noisy[1])[(holes == 1).expand_as(photos)]
    original = (photos - other)[(holes == 1).expand_as(photos)]
    torch.testing.assert_close(trace, 0.11895853 * original, rtol=1e-3, atol=1e-5)


def test_the_start_is_the_masked_photo_with_noise():
    photos, holes = inputs()
    draws = draw([7], (3, 16, 16))
    denoiser = Normal()
    next(sample(denoiser, Pixels(), photos, holes, draws, Sampling(steps=20, noise_offset=0.5)))
    x = denoiser.given[0][0]
    a = share(torch.tensor([999]))
    noise = draws.base + 0.5 * draws.offset
    torch.testing.assert_close(x[:1, :3], a.sqrt() * photos * (1 - holes) + (1 - a).sqrt() * noise)
    assert torch.equal(x[0, 3:4], holes[0])
    assert torch.equal(x[0, 4:], (photos * (1 - holes))[0])
    assert torch.equal(x[0], x[1])


def test_a_smooth_start_is_the_surroundings_colour_with_noise():
    photos, holes = inputs(2)
    known = torch.tensor([0.25, -0.5, 0.75])[:, None, None]
    photos = torch.where(holes == 1, photos, known)  # a flat colour but for the hole
    denoiser = Normal()
    sampling = Sampling(steps=20, start="smooth", strength=0.5, guidance=1)
    draws = draw([7, 8], (3, 16, 16))
    assert next(sample(denoiser, Pixels(), photos, holes, draws, sampling)).steps == 10
    a = share(torch.tensor([499]))
    noise = draws.base + sampling.noise_offset * draws.offset
    torch.testing.assert_close(denoiser.given[0][0][:, :3], a.sqrt() * known + (1 - a).sqrt() * noise)


def test_a_smooth_start_where_nothing_is_known_is_grey():
    photos, holes = inputs()
    first, second = Normal(), Normal()
    for denoiser, start in ((first, "smooth"), (second, "masked")):
        run(denoiser, Sampling(steps=2, start=start), photos=photos, holes=torch.ones_like(holes))
    assert torch.equal(first.given[0][0], second.given[0][0])


def test_batch_equals_loop_and_seeds_matter():
    photos, holes = inputs(3)
    photos[2] = photos[1]
    together = run(Normal(0.2), seeds=(5, 6, 7), photos=photos, holes=holes)[-1].latents
    for k in range(3):
        alone = run(Normal(0.2), seeds=(5 + k,), photos=photos[k : k + 1], holes=holes[k : k + 1])[-1].latents
        torch.testing.assert_close(alone[0], together[k], rtol=0, atol=1e-5)
    assert not torch.equal(together[1], together[2])


def test_draws_follow_from_seeds_alone():
    three = draw([3, -1, 2**70], (4, 5, 6))
    assert three.base.shape == three.image.shape == three.masked.shape == (3, 4, 5, 6)
    assert three.offset.shape == (3, 4, 1, 1)
    again = draw([-1], (4, 5, 6))
    assert torch.equal(three.base[1], again.base[0])
    assert torch.equal(three.offset[1], again.offset[0])
    assert not torch.equal(three.image, three.masked)
    assert abs(float(draw([0], (4, 64, 64)).base.std()) - 1) < 0.05


def test_thin_holes_stay_in_the_latent_s_mask():
    holes = torch.zeros(1, 1, 16, 24)
    holes[0, 0, 9:16, 3:5] = 1
    kept, official = shrink_mask(holes, 8, "any"), shrink_mask(holes, 8, "nearest")
    assert kept.tolist() == [[[[0, 0, 0], [1, 0, 0]]]]
    assert official.sum() == 0  # none of its pixels is the first of an 8 x 8 block
    holes[0, 0, 8, 0] = 1
    assert shrink_mask(holes, 8, "nearest").tolist() == [[[[0, 0, 0], [1, 0, 0]]]]


@pytest.mark.parametrize(
    ("steps", "strength", "expected"),
    [
        (20, 0.999, list(range(900, -1, -50))),
        (20, 1.0, list(range(950, -1, -50))),
        (1, 0.999, [0]),
        (4, 0.5, [250, 0]),
    ],
)
def test_strength_leaves_out_the_first_steps(steps, strength, expected):
    assert schedule(Sampling(steps=steps, strength=strength, spacing="leading"))[1].tolist() == expected
    later = [t + 1000 // steps - 1 for t in expected]
    assert schedule(Sampling(steps=steps, strength=strength))[1].tolist() == later


@pytest.mark.parametrize(("steps", "strength"), [(100, 0.1), (200, 0.01), (50, 1.0)])
def test_many_steps_of_the_faster_solver_repeat_timesteps(steps, strength):
    """Its first step is found by its place then: the last one is step number `steps`, and leaves no noise."""
    sampling = Sampling(steps=steps, strength=strength, solver="dpm++", guidance=1)
    scheduler, timesteps = schedule(sampling)
    assert len(set(timesteps.tolist())) < len(timesteps) == round(steps * strength)
    z = torch.ones(1, 3, 2, 2)
    for t in timesteps:
        z = scheduler.step(z, t, z, return_dict=False)[0]
    assert scheduler.step_index == steps
    *_, last = run(Normal(), sampling)
    assert last.latents.isfinite().all()


def test_one_step_starts_from_noise_and_not_from_what_it_was_added_to():
    for spacing, foreseen in (("trailing", MEAN), ("leading", 0.0)):
        found = run(Normal(), Sampling(steps=1, spacing=spacing, guidance=1))[-1].latents
        assert float(found[:, :, 5:9, 6:11].mean()) == pytest.approx(foreseen, abs=0.05)


def test_a_fill_without_hole_and_one_of_hole_only_are_finite():
    photos, holes = inputs()
    for hole in (0, 1):
        assert run(Normal(), photos=photos, holes=torch.full_like(holes, hole))[-1].latents.isfinite().all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, "steps: is 0; accepted: 1 to 1000"),
        ({"steps": 1001}, "steps: is 1001"),
        ({"guidance": 0.5}, "guidance: is 0.5; accepted: 1 or more"),
        ({"guidance": float("nan")}, "guidance: is nan"),
        ({"strength": 0.0}, "strength: is 0.0"),
        ({"noise_offset": -0.1}, "noise_offset: is -0.1"),
        ({"task": "background"}, "task: is 'background'; accepted: remove, foreground"),
        ({"start": "photo"}, "start: is 'photo'; accepted: masked, noise, image"),
        ({"solver": "euler"}, "solver: is 'euler'; accepted: ddim, dpm"),
        ({"latent_mask": "most"}, "latent_mask: is 'most'; accepted: any, nearest"),
    ],
)
def test_settings_are_checked(change, said):
    with pytest.raises(ValueError, match=said):
        replace(HOUSE, **change)


def test_shapes_are_checked():
    photos, holes = inputs()
    draws = draw([0], (3, 16, 16))
    with pytest.raises(ValueError, match=r"photos: has the shape \[1, 1, 16, 16\]; accepted: \[B, 3, H, W\]"):
        next(sample(Normal(), Pixels(), holes, holes, draws))
    with pytest.raises(ValueError, match=r"holes: has the shape \[1, 1, 16, 8\]; accepted: \[1, 1, 16, 16\]"):
        next(sample(Normal(), Pixels(), photos, holes[..., :8], draws))

    class Eighth(Pixels):
        factor = 8

    with pytest.raises(ValueError, match="photos: are 12 x 16 pixels; accepted: multiples of 8"):
        next(sample(Normal(), Eighth(), photos[:, :, :12], holes[:, :, :12], draws))


def test_numpy_s_generators_make_the_draws():
    expected = np.random.default_rng([9, 2]).standard_normal((3, 4, 4), np.float32)
    assert np.array_equal(draw([9], (3, 4, 4)).base[0], expected)
