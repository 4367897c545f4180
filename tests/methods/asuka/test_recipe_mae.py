"""The autoencoder's training step: its loss, what decays, that it learns, and what it fills."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.asuka.config import MAE_VARIANTS, MaeConfig, MaeTraining  # noqa: E402
from retouch.methods.asuka.preprocess import denormalise, normalise, preprocess  # noqa: E402
from retouch.methods.asuka.recipe_mae import MaeRecipe, build, patch_loss, pixel_loss  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.seeds import seeded, uniform  # noqa: E402

from .tiny_mae import TINY, holes, mae  # noqa: E402


def toy(start=None, **training):
    with seeded(0):
        return build(
            MaeConfig(network=TINY, training=MaeTraining(**{"rate": 3e-3, **training}), start=start), "toy", None
        )


def batch(n=2):
    """Photos of one colour each, with some grain."""
    seeds = torch.arange(n)
    photos = 0.8 * uniform(seeds, (3, 1, 1), "colour") + 0.2 * uniform(seeds, (3, 32, 32), "grain")
    return Batch(photos, holes(n), seeds)


def test_it_learns_to_guess_the_hole():
    recipe, one = toy(), batch(4)
    (optimiser,) = recipe.optimisers().values()
    losses = []
    for k in range(60):
        (phase,) = recipe.step(one, k)
        phase.loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(phase.loss.item())
    assert losses[-1] < 0.2 * losses[0]
    filled = recipe.fill(recipe.networks, one.photos, one.holes, one.seeds)
    mean = 0.8 * uniform(one.seeds, (3, 1, 1), "colour") + 0.1
    assert ((filled - mean).square() * one.holes).sum() < 0.3 * ((0.5 - mean).square() * one.holes).sum()


@pytest.mark.parametrize(("kind", "loss"), [("pixel", pixel_loss), ("patch", patch_loss)])
def test_the_loss_is_the_mean_over_what_is_hidden(kind, loss):
    recipe, one = toy(loss=kind), batch()
    (phase,) = recipe.step(one, 0)
    network, x = recipe.networks["mae"], normalise(one.photos)
    out = network(x, one.holes, uniform(one.seeds, (64,), "removed"), 0.75)
    assert phase.loss.item() == pytest.approx(loss(network, out, x).item())
    picture = network.unpatchify(out.patches)
    each = []
    for i in range(2):
        where = out.holes[i, 0] > 0
        if kind == "patch":
            where = out.removed[i].reshape(8, 8).repeat_interleave(4, 0).repeat_interleave(4, 1)
        each.append((picture[i] - x[i])[:, where].square().mean())
    torch.testing.assert_close(phase.loss, torch.stack(each).mean())
    assert phase.log["hidden"].item() == pytest.approx(out.holes.mean().item())


def test_micro_batches_average_exactly():
    recipe, one = toy(), batch(4)
    (whole,) = recipe.step(one, 0)
    parts = [next(iter(recipe.step(part, 0))).loss for part in one.split(4)]
    torch.testing.assert_close(whole.loss, torch.stack(parts).mean())


def test_which_patches_are_removed_follows_from_the_seeds():
    recipe, one = toy(), batch()
    losses = [next(iter(recipe.step(each, 0))).loss for each in (one, one, Batch(one.photos, one.holes, one.seeds + 5))]
    assert torch.equal(losses[0], losses[1])
    assert not torch.equal(losses[0], losses[2])


def test_biases_norms_and_alpha_do_not_decay():
    recipe = toy(weight_decay=0.05)
    optimiser = recipe.optimisers()["mae"]
    decay = {id(p): group["weight_decay"] for group in optimiser.param_groups for p in group["params"]}
    named = dict(recipe.networks["mae"].named_parameters())
    assert len(decay) == len(named)
    for name, p in named.items():
        plain = name == "alpha" or name.endswith(".bias") or ".norm" in name or name.split(".")[0].endswith("norm")
        assert decay[id(p)] == (0.0 if plain else 0.05), name
    assert optimiser.defaults["betas"] == (0.9, 0.95)


@pytest.mark.parametrize(("beyond", "back"), [(1.2, 1.0), (-0.3, 0.0)])
def test_alpha_never_leaves_its_range_for_good(beyond, back):
    recipe, one = toy(), batch()
    with torch.no_grad():
        recipe.networks["mae"].alpha.fill_(beyond)
    (phase,) = recipe.step(one, 0)
    assert phase.log["alpha"] == back
    phase.loss.backward()
    assert recipe.networks["mae"].alpha.grad != 0


def test_known_pixels_stay_and_nothing_of_the_hole_is_seen():
    recipe, one = toy(), batch()
    filled = recipe.fill(recipe.networks, one.photos, one.holes, one.seeds)
    assert torch.equal(filled * (1 - one.holes), one.photos * (1 - one.holes))
    other = torch.where(one.holes > 0, 1 - one.photos, one.photos)
    assert torch.equal(filled, recipe.fill(recipe.networks, other, one.holes, one.seeds))
    assert 0 <= filled.min() <= filled.max() <= 1


def test_what_is_filled_is_the_reconstruction():
    recipe, one = toy(), batch()
    network = mae(alpha=0.5)
    filled = recipe.fill({"mae": network}, one.photos, one.holes, one.seeds)
    painted = denormalise(network.reconstruct(*preprocess(one.photos, one.holes, 32))).clamp(0, 1)
    assert torch.equal(filled * one.holes, painted * one.holes)
    each = [recipe.fill({"mae": network}, p.photos, p.holes, p.seeds) for p in one.split(2)]
    torch.testing.assert_close(filled, torch.cat(each))


def test_a_run_starts_from_a_released_file(tmp_path):
    file = tmp_path / "mae_300.pth"
    torch.save({"model": mae(alpha=0.3).state_dict(), "epoch": 300}, file)
    recipe = toy(start=file)
    assert torch.equal(recipe.networks["mae"].mask_token, mae().mask_token)
    assert recipe.networks["mae"].alpha.item() == pytest.approx(0.3)
    card = recipe.describe()
    assert MaeConfig.model_validate(card["config"]) == recipe.config.model_copy(update={"start": None})
    assert (card["method"], card["variant"]) == ("asuka-mae", "toy")
    assert str(tmp_path) not in str(card)


def test_a_missing_or_other_start_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.pth does not exist"):
        toy(start=tmp_path / "none.pth")
    torch.save({"model": mae().state_dict()}, tmp_path / "small.pth")
    with pytest.raises(ValueError, match=r"small.pth: .* keys are missing"):
        build(MAE_VARIANTS["small"].model_copy(update={"start": tmp_path / "small.pth"}), "small", None)


def test_photos_of_another_size_are_refused():
    one = Batch(torch.zeros(1, 3, 32, 48), torch.zeros(1, 1, 32, 48), torch.zeros(1, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"photos: are 48x32 pixels; accepted: 32x32 \(method.network.size, data.size"):
        next(MaeRecipe(MaeConfig(network=TINY)).step(one, 0))
