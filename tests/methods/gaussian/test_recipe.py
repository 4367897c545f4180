"""The training step of 2DGS: phases, losses, what is judged, that it learns and goes on exactly."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.gaussian import recipe as module  # noqa: E402
from retouch.methods.gaussian.config import VARIANTS, GaussianConfig, Loss, Optimisation  # noqa: E402
from retouch.methods.gaussian.recipe import GaussianRecipe, build, encoder, judge, reconstruction  # noqa: E402
from retouch.methods.gaussian.semantic import SemanticEncoder  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.catalogue import find_trainable  # noqa: E402
from retouch.train.config import TrainConfig  # noqa: E402
from retouch.train.seeds import seeded, uniform  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402

from .tiny import tiny  # noqa: E402

SIDE = 24


def config(start=0, network=None, **loss):
    return GaussianConfig(
        network=tiny(semantics="none") if network is None else network,
        loss=Loss(**{"perceptual": 0, **loss}),
        optimisation=Optimisation(adversarial_from=start, rate=2e-3),
    )


def toy(own=None, **more):
    with seeded(0):
        return GaussianRecipe(own or config(), "toy", **more)


def batch(n=2):
    seeds = torch.arange(n)
    holes = torch.zeros(n, 1, SIDE, SIDE)
    holes[..., 6:15, 4:17] = 1
    colour = uniform(seeds, (3, 1, 1), "colour")
    return Batch(0.8 * colour + 0.2 * uniform(seeds, (3, SIDE, SIDE), "grain"), holes, seeds)


def advance(recipe, one, k, optimisers):
    """A step as the loop makes it; the phases' names and what they logged."""
    seen = []
    for phase in recipe.step(one, k):
        torch.autograd.backward(phase.loss, inputs=list(recipe.networks[phase.optimiser].parameters()))
        optimisers[phase.optimiser].step()
        optimisers[phase.optimiser].zero_grad()
        seen.append((phase.optimiser, {name: float(value.detach()) for name, value in phase.log.items()}))
    return seen


def token(images):
    """[B, 512] that depends on the images."""
    return images.flatten(1)[:, :512].clone()


def test_it_learns_one_batch_with_all_losses():
    far = lambda image, truth: (image - truth).square().mean()  # noqa: E731
    recipe = toy(config(start=20, network=tiny(), adversarial=0.01, perceptual=1.0), judge=far, encode=token)
    one, optimisers = batch(), recipe.optimisers()
    logs = [dict(advance(recipe, one, k, optimisers)[-1:]) for k in range(30)]
    first, last = logs[0]["generator"], logs[-1]["generator"]
    assert set(last) == {"l1", "adversarial", "perceptual", "alignment"}
    assert last["l1"] < 0.6 * first["l1"]
    assert last["perceptual"] < 0.6 * first["perceptual"]
    assert last["alignment"] < first["alignment"] - 0.3


def test_the_discriminator_comes_first_and_from_its_step_on():
    recipe, one = toy(config(start=2)), batch()
    optimisers = recipe.optimisers()
    names = [[name for name, _ in advance(recipe, one, k, optimisers)] for k in range(4)]
    assert names == [["generator"]] * 2 + [["discriminator", "generator"]] * 2


def test_before_its_step_the_discriminator_does_not_matter():
    early, never = toy(config(start=1)), toy(config(adversarial=0))
    assert list(never.networks) == ["generator"]
    assert list(never.optimisers()) == ["generator"]
    (a,), (b,) = (list(recipe.step(batch(), 0)) for recipe in (early, never))
    assert torch.equal(a.loss, b.loss)


def test_the_discriminator_learns_to_tell():
    recipe, one = toy(), batch()
    optimisers = recipe.optimisers()
    logs = []
    for k in range(15):
        phase = next(iter(recipe.step(one, k)))
        phase.loss.backward()
        optimisers["discriminator"].step()
        optimisers["discriminator"].zero_grad()
        logs.append(float((phase.log["real"] - phase.log["fake"]).detach()))
        assert all(p.grad is None for p in recipe.networks["generator"].parameters())
    assert logs[-1] > logs[0] + 0.1


def test_the_weights_are_those_of_eq_7():
    loss = Loss(l1=2, adversarial=0.5, perceptual=3, alignment=0.25)
    own = config(network=tiny()).model_copy(update={"loss": loss})
    recipe = toy(own, judge=lambda image, truth: (image - truth).square().mean(), encode=token)
    *_, phase = recipe.step(batch(), 0)
    log = phase.log
    expected = 2 * log["l1"] + 0.5 * log["adversarial"] + 3 * log["perceptual"] + 0.25 * log["alignment"]
    torch.testing.assert_close(phase.loss, expected)


def test_alignment_compares_the_adapted_token_with_the_clean_photos():
    recipe, one = toy(config(start=9, network=tiny()), encode=token), batch()
    (phase,) = recipe.step(one, 0)
    masked = one.photos * (1 - one.holes)
    adapted = recipe.networks["generator"].adapt(token(masked))
    expected = -torch.nn.functional.cosine_similarity(adapted, token(one.photos)).mean()
    torch.testing.assert_close(phase.log["alignment"], expected)
    for own in (config(start=9, network=tiny(adapt=False)), config(start=9, network=tiny(), alignment=0)):
        (plain,) = toy(own, encode=token).step(one, 0)
        assert set(plain.log) == {"l1"}


def test_the_code_preset_clamps_before_all_losses():
    seen = []

    def watch(image, truth):
        seen.append(image)
        return image.mean()

    for clamp in (False, True):
        recipe = toy(config(perceptual=1.0, clamp=clamp), judge=watch)
        with torch.no_grad():
            recipe.networks["generator"].decoder.colour[-1].bias.fill_(5.0)
        list(recipe.step(batch(), 0))
    free, clamped = seen
    assert free.max() > 1
    assert clamped.max() == 1
    assert VARIANTS["code"].loss.clamp


def test_the_pyramid_looks_at_means_over_areas():
    truth = torch.full((1, 3, 8, 8), 0.5)
    checks = truth + 0.25 * (torch.arange(64).view(8, 8) // 8 + torch.arange(8)).remainder(2).mul(2).sub(1)
    assert float(reconstruction(checks, truth, "single")) == pytest.approx(0.25)
    assert float(reconstruction(checks, truth, "pyramid")) == pytest.approx(0.25 / 3)
    assert float(reconstruction(truth + 0.3, truth, "pyramid")) == pytest.approx(0.3)
    (single,), (pyramid,) = (
        toy(config(start=9, reconstruction=kind)).step(batch(), 0) for kind in ("single", "pyramid")
    )
    assert pyramid.log["l1"] < single.log["l1"]


def test_range_of_what_lpips_sees(monkeypatch):
    monkeypatch.setattr(module, "load_lpips", lambda *_: None)
    # As the real one, which maps what it gets from [0, 1] to [-1, 1].
    monkeypatch.setattr(
        module, "lpips_loss", lambda *_: lambda image, truth: torch.stack([2 * image - 1, 2 * truth - 1])
    )
    pair = torch.tensor([0.0]), torch.tensor([1.0])
    assert judge(Loss(lpips="signed"), None)(*pair).flatten().tolist() == [-1, 1]
    assert judge(Loss(lpips="unit"), None)(*pair).flatten().tolist() == [0, 1]


def test_small_is_not_trained_with_the_network_that_judges_it(monkeypatch):
    class Found(Exception):
        pass

    def found(*_):
        raise Found

    monkeypatch.setattr(module, "load_vgg", found)
    with pytest.raises(Found):
        build(VARIANTS["small"], "small", None)


@pytest.mark.parametrize(("kind", "named"), [("lpips", "alexnet"), ("vgg16", "vgg16")])
def test_missing_weights_of_judges_are_named(tmp_path, kind, named):
    with pytest.raises(WeightsMissing, match=named):
        build(config(perceptual=1.0, judge=kind), "toy", tmp_path)


def test_missing_weights_of_the_semantic_encoder_are_named(tmp_path):
    with pytest.raises(WeightsMissing, match="vgg16"):
        build(config(network=tiny(semantics="vgg16")), "toy", tmp_path)


def test_without_judges_no_weights_are_needed(tmp_path):
    recipe = build(config(), "toy", tmp_path)
    assert (recipe.judge, recipe.encode) == (None, None)


def test_the_encoder_is_loaded_once_a_device(monkeypatch):
    asked = []

    def make(network, weights, device):
        asked.append((network, weights, device))
        return SemanticEncoder("vgg16", 512, lambda x: x.flatten(1)[:, :512])

    monkeypatch.setattr(module, "semantic_encoder", make)
    own = config(network=tiny())
    encode = encoder(own, None)
    assert encode(batch().photos).shape == encode(batch().photos).shape == (2, 512)
    assert asked == [(own.network, None, "cpu")]


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adam", "Adam")])
def test_optimisers_are_those_of_the_config(name, kind):
    own = config().model_copy(
        update={
            "optimisation": Optimisation(optimiser=name, weight_decay=0.5, rate=0.1, discriminator_rate=0.2),
        }
    )
    made = toy(own).optimisers()
    assert {n: (type(o).__name__, o.defaults["lr"], o.defaults["weight_decay"]) for n, o in made.items()} == {
        "generator": (kind, 0.1, 0.5),
        "discriminator": (kind, 0.2, 0.5),
    }


def test_fill_keeps_known_pixels_and_looks_at_nothing_under_the_hole():
    recipe, one = toy(config(network=tiny()), encode=token), batch()
    other = torch.where(one.holes > 0, torch.rand_like(one.photos), one.photos)
    a, b = (recipe.fill(recipe.networks, photos, one.holes, one.seeds) for photos in (one.photos, other))
    assert torch.equal(a, b)
    known = (one.holes == 0).expand_as(a)
    assert torch.equal(a[known], one.photos[known])
    assert not torch.equal(a[~known], one.photos[~known])
    assert 0 <= a.min() <= a.max() <= 1


def test_the_card_says_everything():
    said = toy().describe()
    assert (said["method"], said["variant"]) == ("gaussian", "toy")
    assert GaussianConfig.model_validate(said["config"]) == config()


def test_retouch_train_knows_it():
    method = find_trainable("gaussian")
    assert next(iter(method.configs())) == "small"
    assert isinstance(method.recipe(config(), "toy", None), GaussianRecipe)


class Memory:
    fingerprint, description = "noise", "noise"

    def batches(self, first, **_):
        while True:
            seeds = torch.arange(2 * first, 2 * first + 2)
            one = batch()
            yield Batch(uniform(seeds, (3, SIDE, SIDE), "photo"), one.holes, seeds)
            first += 1


@pytest.mark.parametrize("cut", [1, 3])
def test_a_continued_run_has_the_losses_of_an_uninterrupted_one(tmp_path, cut):
    pytest.importorskip("accelerate")
    from retouch.train.loop import train

    for name, stops in (("whole", [5]), ("cut", [cut, 5])):
        for steps in stops:
            every = {"log": 1, "sheet": 0, "validation": 0}
            settings = TrainConfig(out=tmp_path / name, steps=steps, batch=2, device="cpu", every=every, clip=1.0)
            trained = train(toy(config(start=2)), Memory(), settings)
        assert set(trained.averages) == {"generator"}
    logs = [(tmp_path / name / "log.csv").read_text() for name in ("whole", "cut")]
    assert logs[0] == logs[1]
    assert "loss/discriminator" in logs[0]
