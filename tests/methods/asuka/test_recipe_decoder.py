"""The decoder's recipe and the small autoencoder's: what is learnt, from what, and what is refused."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from retouch.methods.asuka import recipe_decoder, recipe_vae  # noqa: E402
from retouch.methods.asuka.decoder_config import (  # noqa: E402
    DECODER_VARIANTS,
    VAE_VARIANTS,
    DecoderConfig,
    Harmonisation,
    Loss,
    Optimisation,
    Run,
    VaeConfig,
)
from retouch.methods.asuka.decoder_load import autoencoder  # noqa: E402
from retouch.methods.asuka.recipe_decoder import DecoderRecipe, drawn_holes, spoilt  # noqa: E402
from retouch.methods.asuka.recipe_vae import VaeRecipe  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.catalogue import find_trainable  # noqa: E402
from retouch.train.events import Trained  # noqa: E402
from retouch.train.export import export  # noqa: E402
from retouch.train.processes import Processes  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from retouch.train.stepper import Stepper  # noqa: E402
from tests.methods.asuka.tiny_decoder import TINY  # noqa: E402

LOSS = Loss(perceptual=0, discriminator_width=8, discriminator_norm="group", adversarial_from=1)
RATE = Optimisation(rate=1e-3)
CONFIG = DecoderConfig(network=TINY, loss=LOSS, optimisation=RATE)
VAE = VaeConfig(network=TINY, loss=LOSS, optimisation=RATE, run=Run())


def batch(count=2, side=32, labels=None):
    rng = np.random.default_rng(0)
    photos = torch.from_numpy(rng.random((count, 3, side, side), np.float32))
    holes = torch.zeros(count, 1, side, side)
    holes[..., 6:20, 9:30] = 1
    return Batch(photos, holes, torch.arange(count) + 5, labels)


def make(config=CONFIG):
    with seeded(0):
        return VaeRecipe(config, "tiny") if isinstance(config, VaeConfig) else DecoderRecipe(config, "tiny")


def run(recipe, steps, samples=None):
    stepper = Stepper(recipe, recipe.optimisers(), Processes(0, 1, torch.device("cpu")))
    samples = batch() if samples is None else samples
    return [stepper.step([samples], k) for k in range(steps)]


def weights(recipe):
    return {key: value.clone() for key, value in recipe.networks["autoencoder"].state_dict().items()}


def changed(before, recipe):
    return {key for key, value in weights(recipe).items() if not torch.equal(value, before[key])}


def test_only_the_decoder_learns():
    recipe = make()
    before = weights(recipe)
    logs = run(recipe, 3, batch(6))
    assert changed(before, recipe) == {key for key in before if key.startswith("decoder.")}
    assert "adversarial" not in logs[0]
    assert {"loss/discriminator", "adaptive", "l1"} <= set(logs[1])


def test_the_condition_encoder_moves_faster():
    groups = make().optimisers()["autoencoder"].param_groups
    assert [group["lr"] for group in groups] == pytest.approx([1e-3, 1e-4])
    fresh = sum(p.numel() for p in make().networks["autoencoder"].decoder.condition_encoder.parameters())
    assert sum(p.numel() for p in groups[0]["params"]) == fresh


def test_all_of_a_small_autoencoder_learns_but_the_condition_encoder():
    recipe = make(VAE)
    before = weights(recipe)
    assert "kl" in run(recipe, 2)[0]
    assert changed(before, recipe) == {key for key in before if "condition_encoder" not in key}


@pytest.mark.parametrize("config", [CONFIG, VAE])
def test_training_lowers_the_loss(config):
    config = config.model_copy(update={"loss": Loss(perceptual=0, adversarial=0)})
    recipe = make(config)
    assert set(recipe.networks) == {"autoencoder"}
    logs = run(recipe, 40)
    assert logs[-1]["l1"] < 0.95 * logs[0]["l1"]


def test_with_lpips_beside_it(monkeypatch):
    """The judge sees [0, 1], whatever range the decoder speaks."""
    seen = []

    def judge(image, truth):
        seen.append((image.detach(), truth))
        return (image - truth).square().mean()

    recipe = make()
    recipe.objective.judge = judge
    log = run(recipe, 1)[0]
    image, truth = seen[0]
    assert torch.equal(truth, batch().photos)
    assert log["loss/autoencoder"] == pytest.approx(
        2 * (image - truth).abs().mean().item() + LOSS.perceptual * log["lpips"]
    )


def test_colours_are_spoilt_everywhere_or_in_the_hole_only():
    samples = batch(8)
    hole = (samples.holes > 0.5).expand_as(samples.photos)
    everywhere = spoilt(samples, Harmonisation()) != samples.photos
    assert everywhere[~hole].float().mean() > 0.9
    local = spoilt(samples, Harmonisation(local=1)) != samples.photos
    assert local[hole].float().mean() > 0.9
    assert not local[~hole].any()
    assert torch.equal(spoilt(samples, Harmonisation(jitter=None)), samples.photos)


def test_latent_augmented_photos_take_part_where_given():
    samples = batch(64, labels=torch.zeros(64, 3, 32, 32))
    task = Harmonisation(jitter=None, augmented=0.5)
    taken = (spoilt(samples, task) == 0).all(3).all(2).all(1)
    assert 20 < taken.sum() < 44
    assert not (spoilt(samples, task.model_copy(update={"augmented": 0.0})) == 0).all(3).all(2).any()
    with pytest.raises(ValueError, match=r"labels: are \[2, 3, 16, 16\]; accepted: photos \[2, 3, 32, 32\]"):
        spoilt(batch(labels=torch.zeros(2, 3, 16, 16)), task)


def test_half_of_the_holes_are_everything():
    samples = batch(64)
    holes = drawn_holes(samples.holes, samples.seeds, Harmonisation(whole=0.5))
    whole = holes.mean((1, 2, 3)) == 1
    assert 20 < whole.sum() < 44
    assert torch.equal(holes[~whole], samples.holes[~whole])


def test_a_step_follows_from_the_seeds():
    first, second = make(), make()
    run(first, 2)
    run(second, 2)
    assert not changed(weights(first), second)
    third = make()
    run(third, 2, dataclasses.replace(batch(), seeds=torch.arange(2) + 50))
    assert changed(weights(first), third)


@pytest.mark.parametrize("config", [CONFIG, VAE])
def test_fill_keeps_known_pixels(config):
    recipe, samples = make(config), batch()
    networks = {name: network.eval() for name, network in recipe.networks.items()}
    with torch.inference_mode():
        out = recipe.fill(networks, samples.photos, samples.holes, samples.seeds)
    hole = (samples.holes > 0.5).expand_as(out)
    assert torch.equal(out[~hole], samples.photos[~hole])
    assert not torch.equal(out[hole], samples.photos[hole])
    assert ((out >= 0) & (out <= 1)).all()


@pytest.mark.parametrize("config", [CONFIG, VAE])
def test_sides_that_cannot_be_halved_are_refused(config):
    with pytest.raises(ValueError, match=r"photos: are 36x36 pixels; accepted: multiples of 8 \(data\.size\)"):
        run(make(config), 1, batch(side=36))


def test_the_decoder_goes_on_from_an_export_of_the_autoencoder(tmp_path):
    vae = make(VAE)
    trained = Trained(1, 1, True, vae.networks, {}, None)
    card = tmp_path / "vae.json"
    export(trained, vae, card, data="noise", licence="CC0-1.0", networks=["autoencoder"], dtype="fp32")
    recipe = recipe_decoder.build(CONFIG.model_copy(update={"vae": card}), "tiny", None)
    assert not changed(weights(vae), recipe)
    assert recipe.describe()["config"]["vae"] is None
    DecoderConfig.model_validate(recipe.describe()["config"])


def test_a_decoder_without_autoencoder_is_refused():
    with pytest.raises(
        ValueError, match=r"method\.vae: needed, .*; accepted: a folder of diffusers' AutoencoderKL, or"
    ):
        recipe_decoder.build(CONFIG, "paper", None)


def test_missing_weights_of_the_judge_are_named(tmp_path):
    config = VAE.model_copy(update={"loss": Loss()})
    with pytest.raises(FileNotFoundError, match="vgg16"):
        recipe_vae.build(config, "small", tmp_path)


def test_the_small_variants_fit_into_six_megabytes():
    small = DECODER_VARIANTS["small"].network
    assert small == VAE_VARIANTS["small"].network
    assert sum(p.numel() for p in autoencoder(small).parameters()) <= 3_000_000


@pytest.mark.parametrize("name", ["asuka-vae", "asuka-decoder"])
def test_variants_have_runs_of_their_own(name):
    method = find_trainable(name)
    for config in method.configs().values():
        defaults = method.run_defaults(config)
        assert defaults["data.size"] == config.run.size
        assert defaults["train.schedule"]["warm_up"] <= defaults["train.steps"]
