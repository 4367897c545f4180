"""The alignment's training step: whose prior is whole, what learns, that it learns, and what does not fit."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from pydantic import ValidationError  # noqa: E402

from retouch.methods.asuka.align_config import ALIGN_VARIANTS, AlignConfig, AlignTraining, run_defaults  # noqa: E402
from retouch.methods.asuka.config import Align  # noqa: E402
from retouch.methods.asuka.preprocess import preprocess  # noqa: E402
from retouch.methods.asuka.recipe_align import build  # noqa: E402
from retouch.methods.asuka.sample import NOISE  # noqa: E402
from retouch.ops.codec import Pixels, Vae  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.seeds import normal  # noqa: E402

from .tiny_files import ALIGN, align_recipe, prompt_recipe, save, write_base  # noqa: E402
from .tiny_mae import NARROW, TINY  # noqa: E402
from .tiny_pipeline import WIDTH, photos, unet  # noqa: E402


def batch(count=2, seed=0):
    images, holes = photos(count, 32, 32)
    return Batch(images, holes, torch.arange(count) + seed)


def training(**settings):
    return AlignConfig(alignment=NARROW, tokens=5, training=AlignTraining(**settings))


def loss(recipe, one, k=0):
    (phase,) = recipe.step(one, k)
    return phase.loss


def test_the_share_of_whole_priors_falls_as_the_paper_says():
    own = AlignTraining()
    assert [own.share(k) for k in (0, 1000, 2000, 9000)] == pytest.approx([1.0, 0.55, 0.1, 0.1])
    assert AlignTraining(whole=(0, 0)).share(77) == 0
    assert AlignTraining(whole=(1, 1)).share(77) == 1


def test_whole_priors_are_drawn_photo_by_photo():
    recipe, one = align_recipe(), batch(64)
    seen = recipe.seen_holes(one, 0.25)
    whole = seen.sum((1, 2, 3)) == 0
    assert 6 <= whole.sum() <= 28
    assert torch.equal(seen[~whole], one.holes[~whole])
    assert torch.equal(recipe.seen_holes(one, 1.0), torch.zeros_like(one.holes))
    assert torch.equal(recipe.seen_holes(one, 0.0), one.holes)
    assert torch.equal(recipe.seen_holes(one.split(4)[1], 0.25), seen[16:32])


def test_one_call_of_the_autoencoder_mixes_masked_and_whole(monkeypatch):
    recipe, one, calls = align_recipe(training(whole=(0.5, 0.5))), batch(6), []
    network = recipe.frozen.mae
    prior = network.prior
    monkeypatch.setattr(network, "prior", lambda *given: calls.append(given) or prior(*given))
    loss(recipe, one)
    ((_, holes),) = calls
    assert len(holes) == 6
    assert 0 < (holes.sum((1, 2, 3)) == 0).sum() < 6


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_loss_is_the_error_of_what_the_denoiser_predicts(prediction):
    recipe, one = align_recipe(scheduler=NOISE | {"prediction_type": prediction}), batch()
    seen = []
    note = lambda _, given, options, out: seen.append((given, options, out))  # noqa: E731
    recipe.frozen.unet.register_forward_hook(note, with_kwargs=True)
    (phase,) = recipe.step(one, 0)
    ((x, times), options, (out,)) = seen[0]
    network = recipe.frozen.mae
    tokens = recipe.networks["alignment"](network.prior(*preprocess(one.photos, torch.zeros_like(one.holes), 32)))
    torch.testing.assert_close(options["encoder_hidden_states"], tokens)
    assert x.shape == (2, 9, 4, 4)
    assert torch.equal(x[:, 4:5], torch.nn.functional.max_pool2d(one.holes, 8))
    kept = recipe.frozen.noise.alphas_cumprod[times][:, None, None, None]
    noise = normal(one.seeds, (4, 4, 4), "noise")
    clean = recipe.frozen.codec.encode(2 * one.photos - 1, normal(one.seeds, (4, 4, 4), "photo"))
    v = kept.sqrt() * noise - (1 - kept).sqrt() * clean
    torch.testing.assert_close(phase.loss, (out - (noise if prediction == "epsilon" else v)).square().mean())
    torch.testing.assert_close(x[:, :4], kept.sqrt() * clean + (1 - kept).sqrt() * noise)


@pytest.mark.parametrize("make", [align_recipe, prompt_recipe])
def test_it_learns_and_nothing_else_moves(make):
    recipe, one = make(), batch(2)
    frozen = recipe.frozen
    before = [p.clone() for part in (frozen.unet, frozen.mae) if part is not None for p in part.parameters()]
    parameters = recipe.networks[recipe.name].parameters()
    optimiser = torch.optim.AdamW(parameters, lr=5e-2)
    first = loss(recipe, one)
    for _ in range(6):
        optimiser.zero_grad()
        loss(recipe, one).backward()
        optimiser.step()
    assert loss(recipe, one) < first
    after = [p for part in (frozen.unet, frozen.mae) if part is not None for p in part.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(p.grad is None for p in after)


def test_micro_batches_average_exactly():
    recipe, one = align_recipe(training(whole=(0.5, 0.5))), batch(4)
    parts = torch.stack([loss(recipe, part) for part in one.split(2)])
    torch.testing.assert_close(loss(recipe, one), parts.mean())
    assert not torch.equal(loss(recipe, one), loss(recipe, batch(4, seed=9)))


def test_a_prompt_is_the_same_for_all_photos():
    recipe, one = prompt_recipe(), batch()
    tokens = recipe.tokens(recipe.networks, one.photos, one.holes)
    assert tokens.shape == (2, 5, WIDTH)
    assert torch.equal(tokens[0], tokens[1])
    assert recipe.describe()["config"]["training"]["learn"] == "prompt"


@pytest.mark.parametrize("space", ["latent", "pixel"])
def test_fills_keep_what_is_known_and_do_not_see_the_hole(space):
    parts = {} if space == "latent" else {"codec": Pixels(), "unet": unet(channels=7)}
    recipe, one = align_recipe(ALIGN.model_copy(update={"steps": 2}), **parts), batch()
    filled = recipe.fill(recipe.networks, one.photos, one.holes, one.seeds)
    assert torch.equal(filled * (1 - one.holes), one.photos * (1 - one.holes))
    other = torch.where(one.holes > 0, 1 - one.photos, one.photos)
    assert torch.equal(filled, recipe.fill(recipe.networks, other, one.holes, one.seeds))
    assert filled[one.holes.expand_as(filled) > 0].std() > 0.01
    assert loss(recipe, one).isfinite()


def test_parts_that_do_not_fit_are_refused():
    for change, config, said in (
        ({}, AlignConfig(alignment=Align(prior=16, width=24, head=8)), r"alignment\.prior: is 16; accepted: 12, the"),
        ({}, AlignConfig(alignment=Align(prior=12, width=32, head=8)), r"alignment\.width: is 32; accepted: 24, the"),
        ({"unet": unet(channels=5)}, ALIGN, "base: in_channels: is 5; accepted: 9, the inpainting's"),
        ({"codec": Pixels()}, ALIGN, "base: in_channels: is 9; accepted: 7"),
    ):
        with pytest.raises(ValueError, match=said):
            align_recipe(config, **change)


def test_photos_of_another_size_are_refused():
    images, holes = photos(1, 30, 32)
    with pytest.raises(ValueError, match="photos: are 30 x 32 pixels; accepted: multiples of 8"):
        loss(align_recipe(), Batch(images, holes, torch.arange(1)))


def test_it_is_built_from_files(tmp_path):
    from retouch.methods.asuka.config import MaeConfig
    from retouch.methods.asuka.recipe_mae import MaeRecipe

    base = write_base(tmp_path / "base")
    card = save(MaeRecipe(MaeConfig(network=TINY), "toy"), tmp_path / "mae.json")
    recipe = build(AlignConfig(alignment=NARROW, mae=card, base=str(base)), "toy", None)
    assert isinstance(recipe.frozen.codec, Vae)
    assert recipe.frozen.scheduler["beta_schedule"] == NOISE["beta_schedule"]
    loss(recipe, batch()).backward()
    assert all(p.grad is not None for p in recipe.networks["alignment"][0].parameters())
    described = recipe.describe()
    assert described["method"] == "asuka-align"
    assert described["config"]["mae"] is None
    assert described["config"]["base"] is None
    with pytest.raises(ValueError, match=r"method\.mae: needed, for the alignment goes on from a prior; accepted: the"):
        build(AlignConfig(base=str(base)), "toy", None)
    with pytest.raises(FileNotFoundError, match="base: nowhere is no folder; accepted: a folder in diffusers' layout"):
        build(AlignConfig(mae=card, base="nowhere"), "toy", None)
    (base / "scheduler").rename(base / "other")
    with pytest.raises(FileNotFoundError, match="has no scheduler; accepted: a folder in diffusers' layout with unet"):
        build(AlignConfig(mae=card, base=str(base)), "toy", None)


def test_variants_and_run_defaults():
    assert list(ALIGN_VARIANTS) == ["paper", "small"]
    told = run_defaults(ALIGN_VARIANTS["paper"])
    assert (told["data.size"], told["train.batch"], told["data.holes"]) == (512, 256, "asuka")
    assert ALIGN_VARIANTS["small"].alignment.prior == 192


@pytest.mark.parametrize("whole", [(2, 0), (0.5, -0.1)])
def test_chances_that_are_none_are_refused(whole):
    with pytest.raises(ValidationError, match=r"whole\.[01]"):
        AlignTraining(whole=whole)


def test_the_same_seed_makes_the_same_weights():
    a, b = align_recipe(), align_recipe()
    for p, q in zip(a.networks["alignment"].parameters(), b.networks["alignment"].parameters(), strict=True):
        assert torch.equal(p, q)
