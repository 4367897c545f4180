"""The recipe: its phases, what each one's gradient reaches, Table 1's models, restarts, that it learns."""

import itertools

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from retouch.methods.psm.config import VARIANTS, PsmConfig, Training  # noqa: E402
from retouch.methods.psm.judge import Judge, find_judge, vgg_distance  # noqa: E402
from retouch.methods.psm.method import Psm, PsmOptions  # noqa: E402
from retouch.methods.psm.recipe import PsmRecipe, build  # noqa: E402
from retouch.methods.psm.runner import TorchRunner  # noqa: E402
from retouch.methods.psm.spread import SpreadSettings  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.catalogue import find_trainable  # noqa: E402
from retouch.train.config import Every, TrainConfig  # noqa: E402
from retouch.train.loop import train  # noqa: E402
from retouch.train.seeds import sample_seed, seeded, uniform  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402
from tests.methods.psm.tiny import TINY  # noqa: E402

SIDE = 64
L1 = Judge("l1", lambda prediction, truth: (prediction - truth).abs().mean())


def config(**changes):
    """Of toy size; `changes` of the training, but for those of the config itself."""
    own = {name: changes.pop(name) for name in list(changes) if name in PsmConfig.model_fields}
    training = Training(**{"discriminator": 0.125, **changes})
    return PsmConfig(**{"network": TINY, "size": SIDE, "iterations": 2, "training": training, **own})


def recipe(judge=L1, **changes):
    with seeded(0):
        return PsmRecipe(config(**changes), "toy", judge)


def batch(seeds=(1, 2)):
    """Coarse squares of colours on the 8-bit grid; in each photo another hole."""
    seeds = torch.tensor(seeds)
    coarse = (uniform(seeds, (3, 8, 8), "photo") * 255).round() / 255  # [B, 3, 8, 8]
    photos = coarse.repeat_interleave(SIDE // 8, 2).repeat_interleave(SIDE // 8, 3)
    holes = torch.zeros(len(seeds), 1, SIDE, SIDE)
    for hole, seed in zip(holes, seeds.tolist(), strict=True):
        hole[:, 16 : 40 + seed % 5, 12:44] = 1
    return Batch(photos, holes, seeds)


class Memory:
    """The same few photos, for ever."""

    fingerprint = description = "squares"

    def batches(self, first, *, batch, seed, rank, processes):
        for k in itertools.count(first):
            yield globals()["batch"]([sample_seed(seed, k, i) for i in range(batch)])


def gradients(loss, network):
    named = dict(network.named_parameters())
    found = torch.autograd.grad(loss, list(named.values()), allow_unused=True, retain_graph=True)
    return dict(zip(named, found, strict=True))


def outputs_only(found):
    """Gradients of the mean's and the log-variance's own weights, in the last 1 x 1 convolution."""
    weight = found["decoder.levels.5.to_output.conv.weight"]  # [6, C, 1, 1]
    return weight[:3], weight[3:]


def run_through(made, one, k=0):
    """The phases of a step, each gone backward as the loop does."""
    for phase in made.step(one, k):
        yield phase
        phase.loss.backward()


@pytest.mark.parametrize(("trained", "k", "penalty"), [(1, 0, True), (2, 1, False), (3, 4, True)])
def test_phases_in_order(trained, k, penalty):
    made = recipe(trained_iterations=trained, r1_every=4)
    phases = [(phase.optimiser, phase.step) for phase in run_through(made, batch(), k)]
    generator = [("generator", False)] * (trained - 1) + [("generator", True)]
    assert phases == [*generator, *[("discriminator", True)] * (1 + penalty)]


def test_without_a_penalty():
    made = recipe(r1=0)
    assert [p.optimiser for p in made.step(batch(), 0)] == ["generator", "generator", "discriminator"]
    rates = {name: optimiser.param_groups[0]["lr"] for name, optimiser in made.optimisers().items()}
    assert rates == {"generator": 1e-3, "discriminator": 1e-3}


def test_the_penalty_counts_for_the_steps_without_and_the_rate_makes_up_for_it():
    made = recipe(r1_every=4, r1=3.0)
    *_, penalty = made.step(batch(), 0)
    assert float(penalty.log["r1"]) > 0
    torch.testing.assert_close(penalty.loss.detach(), 4 * penalty.log["r1"])
    group = made.optimisers()["discriminator"].param_groups[0]
    assert (group["lr"], group["betas"]) == (pytest.approx(1e-3 * 4 / 5), (0.0, pytest.approx(0.99 ** (4 / 5))))


def test_the_generators_phases_do_not_touch_the_discriminator_nor_the_other_way_round():
    made = recipe()
    for phase in made.step(batch(), 0):
        here = gradients(phase.loss, made.networks[phase.optimiser])
        other = "generator" if phase.optimiser == "discriminator" else "discriminator"
        assert any(g is not None and g.abs().sum() > 0 for g in here.values())
        assert all(g is None for g in gradients(phase.loss, made.networks[other]).values())


def test_judges_shape_the_mean_and_the_likelihood_the_variance():
    judged, likely = recipe(likelihood=0), recipe(judge=None, adversarial=0)
    mean, variance = outputs_only(gradients(next(judged.step(batch(), 0)).loss, judged.generator))
    assert mean.abs().sum() > 0
    assert variance.abs().sum() == 0
    mean, variance = outputs_only(gradients(next(likely.step(batch(), 0)).loss, likely.generator))
    assert mean.abs().sum() == 0
    assert variance.abs().sum() > 0


def test_the_loss_is_the_weighted_sum():
    made = recipe(adversarial=0.5, perceptual=3.0, likelihood=1e-3)
    phase = next(made.step(batch(), 0))
    log = phase.log
    expected = 0.5 * log["adversarial/1"] + 3 * log["perceptual l1/1"] + 1e-3 * log["likelihood/1"]
    torch.testing.assert_close(phase.loss.detach(), expected)
    assert set(log) == {"adversarial/1", "perceptual l1/1", "likelihood/1", "sigma/1"}


def test_the_absolute_error_is_a_mean_over_the_hole_and_shapes_the_mean_alone():
    made, one = recipe(judge=None, adversarial=0, likelihood=0, absolute=5.0), batch()
    step = next(made._spread(one))
    inside = one.holes.bool().expand_as(one.photos)
    expected = (step.mean - (one.photos * 2 - 1)).abs()[inside].mean()
    phase = next(made.step(one, 0))
    torch.testing.assert_close(phase.log["absolute/1"], expected.detach())
    torch.testing.assert_close(phase.loss.detach(), 5 * expected.detach())
    mean, variance = outputs_only(gradients(phase.loss, made.generator))
    assert mean.abs().sum() > 0
    assert variance.abs().sum() == 0


def test_the_likelihood_is_a_sum_over_the_hole():
    made, one = recipe(), batch([5])
    wider = Batch(one.photos, torch.ones_like(one.holes), one.seeds)
    none = Batch(one.photos, torch.zeros_like(one.holes), one.seeds)
    values = [float(next(made.step(b, 0)).log["likelihood/1"]) for b in (none, one, wider)]
    dims = [3 * float(b.holes.sum()) for b in (one, wider)]
    assert values[0] == 0
    assert all(1 < value / n < 2000 for value, n in zip(values[1:], dims, strict=True))


def test_what_lies_under_the_hole_teaches_and_is_not_seen():
    made, one = recipe(), batch()
    other = Batch(torch.where(one.holes > 0, 1 - one.photos, one.photos), one.holes, one.seeds)
    seen = []
    for each in (one, other):
        seen.append([made._fake(each, step) for step in made._spread(each)])
        assert torch.equal(seen[-1][0] * (1 - one.holes), (one.photos * 2 - 1) * (1 - one.holes))
    for a, b in zip(*seen, strict=True):
        assert torch.equal(a, b)


def test_a_samples_draws_are_its_own():
    made = recipe()
    with torch.no_grad():
        whole = [step.image for step in made._spread(batch((1, 2)))]
        alone = [step.image for step in made._spread(batch((2,)))]
    for a, b in zip(whole, alone, strict=True):
        torch.testing.assert_close(a[1:], b, rtol=1e-4, atol=1e-5)


def test_the_average_latent_is_followed():
    made = recipe()
    before = made.generator.style.mapping.average.clone()
    next(made.step(batch(), 0))
    assert not torch.equal(made.generator.style.mapping.average, before)


def test_model_d_judges_the_sample_and_lets_go_of_the_likelihood():
    made = recipe(decoupled=False, alpha=0.5)
    one = batch()
    step = next(made._spread(one))
    phase = made._judged(one, step, made._fake(one, step))
    assert set(phase.log) == {"adversarial/1", "perceptual l1/1", "sigma/1"}
    _, variance = outputs_only(gradients(phase.loss, made.generator))
    assert variance.abs().sum() > 0
    with torch.no_grad():
        share = (made._fake(one, step) - step.mean) / torch.exp(step.log_variance / 2)
    assert 0.4 < float(share[one.holes.expand_as(share) > 0].std()) < 0.6


def test_model_e_samples_nothing():
    one = batch()
    for alpha, same in ((0.0, True), (0.5, False)):
        step = next(recipe(alpha=alpha)._spread(one))
        picked = (step.known & (one.holes > 0.5)).expand_as(step.mean)
        assert torch.equal(step.image[picked], step.mean[picked].clamp(-1, 1)) == same


@pytest.mark.parametrize("trained", [1, 2, 3])
def test_models_a_to_c_take_as_many_iterations(trained):
    made = recipe(trained_iterations=trained)
    with torch.no_grad():
        steps = list(made._spread(batch()))
    assert [step.t for step in steps] == list(range(1, trained + 1))
    assert bool(steps[-1].known.all())


@pytest.mark.parametrize(
    ("changes", "biased", "attending"),
    [({}, True, (4, 5)), ({"guided": False}, False, (4, 5)), ({"attention": (5,)}, True, (5,))],
)
def test_models_a_f_and_g_have_their_attention(changes, biased, attending):
    network = TINY.model_copy(update=changes)
    names = {name for name, _ in recipe(network=network).generator.named_parameters()}
    assert any("attention.bias" in name for name in names) == biased
    assert {level for level in (4, 5) if f"encoder.{level}.deep.attention.query.weight" in names} == set(attending)


@pytest.mark.parametrize(
    ("schedule", "share"), [("linear", 0.5), ("cosine", 0.7071), ("cubic", 0.875), ("sqrt", 0.2929)]
)
def test_schedules_of_table_4(schedule, share):
    one = batch()
    with torch.no_grad():
        step = next(recipe(schedule=schedule)._spread(one))
    left = (~step.known).sum((1, 2, 3)) / one.holes.sum((1, 2, 3))
    torch.testing.assert_close(left, torch.full((2,), share), rtol=0, atol=2e-3)


def test_fills_are_those_of_the_method():
    made, one = recipe(iterations=3, alpha=0.2), batch((7, 8))
    generator = made.generator.eval()
    filled = made.fill({"generator": generator}, one.photos, one.holes, one.seeds).detach()
    images = (one.photos * (1 - one.holes)).permute(0, 2, 3, 1).numpy()
    method = Psm(TorchRunner(generator))
    same = method(images, one.holes[:, 0].numpy() > 0, PsmOptions(iterations=3, noise=0.2), seeds=[7, 8])
    assert abs(filled.permute(0, 2, 3, 1).numpy() - same.images).max() < 1e-4
    known = one.holes.expand_as(filled) == 0
    assert torch.equal(filled[known], one.photos[known])


@pytest.mark.parametrize("ada", [False, True])
def test_an_interrupted_run_is_the_whole_one(tmp_path, ada):
    def go(out, steps):
        every = Every(log=1, checkpoint=0, sheet=0, validation=0)
        settings = TrainConfig(out=tmp_path / out, steps=steps, batch=2, device="cpu", every=every)
        return train(recipe(ada=ada, ada_kimg=0.02, r1_every=4), Memory(), settings)

    go("cut", 3)
    cut, whole = go("cut", 6), go("whole", 6)
    assert (tmp_path / "cut/log.csv").read_bytes() == (tmp_path / "whole/log.csv").read_bytes()
    header = (tmp_path / "whole/log.csv").read_text().splitlines()[0].split(",")
    assert {"adversarial/2", "perceptual l1/2", "likelihood/2", "sigma/2", "logit/real", "r1"} <= set(header)
    assert ("ada" in header) == ada
    for a, b in zip(cut.best["generator"].parameters(), whole.best["generator"].parameters(), strict=True):
        assert torch.equal(a, b)


def test_losses_fall():
    made, one = recipe(adversarial=0.1, rate=3e-3, perceptual=10.0), batch()
    shades = one.photos[:, :, :1, :1].expand_as(one.photos).contiguous()  # one colour each: soon learnt
    one = Batch(shades, one.holes, one.seeds)
    optimisers = made.optimisers()
    parameters = {name: [p for g in o.param_groups for p in g["params"]] for name, o in optimisers.items()}
    seen = []
    for k in range(30):
        for phase in made.step(one, k):
            phase.loss.backward(inputs=parameters[phase.optimiser])
            if phase.step:
                optimisers[phase.optimiser].step()
                optimisers[phase.optimiser].zero_grad()
            if phase.optimiser == "generator" and phase.step:
                seen.append([float(phase.log[name]) for name in ("perceptual l1/2", "likelihood/2")])
    assert torch.tensor(seen).isfinite().all()
    first, last = torch.tensor(seen[:3]).mean(0), torch.tensor(seen[-3:]).mean(0)
    assert last[0] < 0.7 * first[0]
    assert last[1] < 0.95 * first[1]  # nats


def test_augmentation_is_seen_by_the_discriminator_only():
    made, one = recipe(ada=True), batch()
    before = [p.log["logit/real"] for p in made.step(one, 0) if "logit/real" in p.log]
    made.ada.p = 1.0
    phases = list(made.step(one, 0))
    after = [p.log["logit/real"] for p in phases if "logit/real" in p.log]
    assert not torch.equal(before[0], after[0])
    assert [p.log["ada"] for p in phases if "ada" in p.log] == [1.0]
    assert phases[0].log["likelihood/1"] == next(recipe(ada=False).step(one, 0)).log["likelihood/1"]


def test_the_card_says_everything():
    made = recipe()
    described = made.describe()
    assert (described["method"], described["variant"]) == ("psm", "toy")
    assert described["config"]["training"]["judge"] == "l1"
    assert PsmConfig.model_validate(recipe(judge=None).describe()["config"]) == made.config


def test_it_is_in_the_catalogue_and_builds_without_a_judge():
    method = find_trainable("psm")
    assert list(method.configs()) == list(VARIANTS)
    made = method.recipe(config(perceptual=0), "toy", None)
    assert isinstance(made, PsmRecipe)
    assert made.judge is None


def test_judges_need_their_weights(tmp_path):
    for name in ("auto", "vgg16"):
        with pytest.raises(WeightsMissing, match="VGG16"):
            build(config(judge=name), "toy", tmp_path)
    with pytest.raises(WeightsMissing, match="ResNet"):
        build(config(judge="resnet50"), "toy", tmp_path)
    with pytest.raises(ValueError, match="judge: is 'dino'; accepted: auto, resnet50, vgg16"):
        find_judge("dino", tmp_path)


def test_vggs_layers_count_alike():
    ones = [torch.ones(1, 4, 2, 2) * power**0.5 for power in (2.5, 9.4, 24.0, 7.3)]
    images = torch.zeros(1, 3, 8, 8)
    maps = iter([ones, [torch.zeros_like(one) for one in ones]])
    torch.testing.assert_close(vgg_distance(lambda _: next(maps), images, images), torch.tensor(4.0))


def test_photos_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"photos: are 64x64 pixels; accepted: 96x96 \(method.size, data.size\)"):
        next(recipe(size=96).step(batch(), 0))


@pytest.mark.parametrize(
    "changes",
    [{"likelihood": -1}, {"absolute": -1}, {"rate": 0}, {"schedule": "square"}, {"judge": "dino"}, {"r1_every": 0}],
)
def test_bad_settings_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        Training(**changes)


def test_iterations_below_one_are_refused():
    with pytest.raises(ValueError, match="trained_iterations"):
        config(trained_iterations=0)
    with pytest.raises(ValueError, match="iterations: is 0; accepted: 1 or more"):
        SpreadSettings(iterations=0)
