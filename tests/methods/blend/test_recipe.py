"""Network and recipe: near the first candidate at first, it learns to choose; each loss comes in where it is asked."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.methods.blend.config import VARIANTS, BlendConfig, Loss  # noqa: E402
from retouch.methods.blend.network import Blender  # noqa: E402
from retouch.methods.blend.recipe import BlendRecipe, build  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.catalogue import find_trainable  # noqa: E402
from retouch.train.loop import train  # noqa: E402
from retouch.train.reading import read_settings  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from retouch.train.session import open_session  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402
from tests.methods.blend.tiny import NETWORK, PLAIN, pictures, stored  # noqa: E402


def batch(n=2, side=64, seed=0):
    """Candidates: noise, noise, and the truth."""
    draw = torch.Generator().manual_seed(seed)
    photos = torch.rand(n, 3, side, side, generator=draw)
    holes = torch.zeros(n, 1, side, side)
    holes[..., 16:40, 20:50] = 1
    noise = torch.rand(n, 2, 3, side, side, generator=draw)
    fills = torch.where(holes[:, None] > 0, torch.cat([noise, photos[:, None]], 1), photos[:, None])
    return Batch(photos, holes, torch.arange(n), fills)


def recipe(config=PLAIN, maps=None, lpips=None):
    with seeded(0):
        return BlendRecipe(config, "toy", maps, lpips)


def test_small_has_at_most_three_million_parameters():
    with torch.device("meta"):
        network = Blender(VARIANTS["small"].network)
    assert sum(p.numel() for p in network.parameters()) <= 3_000_000


def test_weights_add_up_and_a_fresh_network_is_nearly_the_first_candidate():
    one = batch()
    image, weights = recipe().networks["blender"](one.photos, one.holes, one.labels)
    assert weights.shape == (2, 4, 64, 64)  # three candidates and its own colours
    torch.testing.assert_close(weights.sum(1), torch.ones(2, 64, 64))
    assert weights[:, 0].mean() > 0.5
    first, second = ((image - one.labels[:, k]).abs().mean() for k in (0, 1))
    assert first < 0.6 * second
    assert 0 <= image.min() <= image.max() <= 1


def test_the_image_is_the_weighted_sum_and_a_bounded_correction():
    config = NETWORK.model_copy(update={"painted": False, "correction": 0.05})
    with seeded(0):
        network = Blender(config)
    torch.nn.init.normal_(network.last.weight, std=3, generator=torch.Generator().manual_seed(0))
    one = batch()
    image, weights = network(one.photos, one.holes, one.labels)
    mixed = (weights[:, :, None] * one.labels).sum(1)
    assert 0.04 < (image - mixed).abs().max() <= 0.05 + 1e-6


def test_what_lies_under_the_hole_changes_nothing():
    network, one = recipe().networks["blender"], batch()
    other = torch.where(one.holes > 0, 1 - one.photos, one.photos)
    assert torch.equal(network(one.photos, one.holes, one.labels)[0], network(other, one.holes, one.labels)[0])


def test_other_sizes_and_counts_are_refused():
    network, one = recipe().networks["blender"], batch()
    with pytest.raises(ValueError, match=r"photos: are 64x40 pixels; accepted: multiples of 16"):
        network(one.photos[:, :, :40], one.holes[:, :, :40], one.labels[:, :, :, :40])
    with pytest.raises(ValueError, match=r"fills: are \[2, 2, 3, 64, 64\]; accepted: \[2, 3, 3, 64, 64\]"):
        network(one.photos, one.holes, one.labels[:, :2])
    with pytest.raises(ValueError, match="have no candidates; accepted: a folder of 'retouch data blend'"):
        next(recipe().step(Batch(one.photos, one.holes, one.seeds), 0))
    large = batch(side=128)
    with pytest.raises(ValueError, match=r"photos: are 128x128 pixels; accepted: 64x64"):
        next(recipe().step(large, 0))


def test_it_learns_which_candidate_is_right():
    made, one = recipe(), batch()
    optimiser = made.optimisers()["blender"]
    rows = []
    for k in range(60):
        (phase,) = made.step(one, k)
        phase.loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        rows.append({"l1": float(phase.log["l1"]), "right": float(phase.log["weight/2"])})
    assert rows[-1]["l1"] < 0.5 * rows[0]["l1"]
    assert rows[-1]["right"] > 0.6 > rows[0]["right"]


def test_known_pixels_stay_and_a_batch_equals_a_loop():
    made = recipe()
    images, masks = pictures(3, 64, 64)
    photos, holes = torch.from_numpy(images.transpose(0, 3, 1, 2)), torch.from_numpy(masks[:, None].astype(np.float32))
    seeds = torch.arange(3)
    whole = made.fill(made.networks, photos, holes, seeds)
    assert torch.equal(whole * (1 - holes), photos * (1 - holes))
    each = [made.fill(made.networks, *(x[k : k + 1] for x in (photos, holes, seeds))) for k in range(3)]
    torch.testing.assert_close(whole, torch.cat(each))


def test_vgg_sees_the_paste_and_is_no_network():
    seen = []

    def maps(images):
        seen.append(images)
        return [images * 2]

    config = BlendConfig(network=NETWORK, loss=Loss(l1=2, perceptual=0.5, style=3, adversarial=0), size=64)
    made, one = recipe(config, maps), batch()
    (phase,) = made.step(one, 0)
    filled, truth = seen
    assert torch.equal(filled * (1 - one.holes), one.photos * (1 - one.holes))
    assert torch.equal(truth, one.photos)
    expected = 2 * phase.log["l1"] + 0.5 * phase.log["perceptual"] + 3 * phase.log["style"]
    torch.testing.assert_close(phase.loss.detach(), expected)
    assert list(made.networks) == ["blender"]


def test_lpips_sees_the_paste_and_counts_with_its_weight():
    config = BlendConfig(network=NETWORK, loss=Loss(l1=2, perceptual=0, style=0, lpips=4, adversarial=0), size=64)
    made, one = recipe(config, lpips=lambda filled, truth: (filled - truth).square().sum()), batch()
    (phase,) = made.step(one, 0)
    assert phase.log["lpips"] > 0
    torch.testing.assert_close(phase.loss.detach(), 2 * phase.log["l1"] + 4 * phase.log["lpips"])
    with torch.no_grad():
        image = made.networks["blender"](one.photos, one.holes, one.labels).image
    inside = ((image - one.photos).square() * one.holes).sum()
    torch.testing.assert_close(phase.log["lpips"], inside)


def test_the_discriminator_comes_in_at_its_step_and_its_penalty_at_times():
    loss = Loss(perceptual=0, style=0, adversarial=0.1, adversarial_from=3, r1_every=4, discriminator=0.05)
    made, one = recipe(BlendConfig(network=NETWORK, loss=loss, size=64)), batch()
    phases = {k: [(p.optimiser, "adversarial" in p.log, "r1" in p.log) for p in made.step(one, k)] for k in (2, 3, 4)}
    assert phases[2] == [("blender", False, False)]
    assert phases[3] == [("blender", True, False), ("discriminator", False, False)]
    assert phases[4] == [*phases[3], ("discriminator", False, True)]
    assert set(made.optimisers()) == set(made.networks) == {"blender", "discriminator"}


@pytest.mark.parametrize("name", ["l1", "perceptual", "style", "lpips", "adversarial", "r1"])
@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1.0])
def test_weights_of_losses_are_finite_and_not_negative(name, value):
    with pytest.raises(ValueError, match=rf"(?s)\n{name}\n"):
        Loss(**{name: value})


def test_without_vgg16_its_losses_are_refused(tmp_path):
    with pytest.raises(WeightsMissing, match="vgg16"):
        build(BlendConfig(), "small", tmp_path)
    judged = PLAIN.model_copy(update={"loss": PLAIN.loss.model_copy(update={"lpips": 1.0})})
    with pytest.raises(WeightsMissing, match="vgg16"):
        build(judged, "toy", tmp_path)
    plain = build(PLAIN, "toy", tmp_path)
    assert plain.maps is None
    assert plain.lpips is None


def test_stored_samples_train_it_by_the_command(tmp_path):
    folder = stored(tmp_path, 4)
    given = {"train.out": tmp_path / "run", "train.steps": 2, "train.batch": 2, "data.photos": folder}
    words = [f"method={PLAIN.model_dump_json()}", "train.every.sheet=1", "train.every.log=1"]
    session = open_session(read_settings(find_trainable("blend"), None, words, given))
    trained = train(session.recipe, session.data, session.settings.train)
    assert trained.finished
    assert len(session.shown()) == 6
    assert trained.best["blender"].config == NETWORK


@pytest.mark.parametrize("key", ["list_file", "beside"])
def test_settings_of_photos_are_refused_beside_stored_samples(tmp_path, key):
    folder = stored(tmp_path, 1)
    given = {"train.out": tmp_path / "run", "train.steps": 1, "data.photos": folder, f"data.{key}": tmp_path}
    with pytest.raises(ValueError, match=rf"data.{key}: is given with stored samples"):
        open_session(read_settings(find_trainable("blend"), None, ["variant=tiny"], given))
