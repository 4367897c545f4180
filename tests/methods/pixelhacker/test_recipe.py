"""The recipe: what a step computes, what it draws and from what, that it learns, exports as models."""

import itertools
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from retouch.methods.pixelhacker.config import PixelHackerConfig, Training  # noqa: E402
from retouch.methods.pixelhacker.recipe import PixelHackerRecipe, build, kept_shares  # noqa: E402
from retouch.ops.codec import Pixels  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.catalogue import find_trainable  # noqa: E402
from retouch.train.config import Every, TrainConfig  # noqa: E402
from retouch.train.loop import train  # noqa: E402
from retouch.train.seeds import sample_seed, seeded, uniform  # noqa: E402
from tests.methods.pixelhacker.tiny import TINY  # noqa: E402
from tests.parity.inputs_of_goldens import PARITY, needs_goldens  # noqa: E402

SIDE = 16


class Halves:
    """A codec for the tests: means of 2 x 2 pixels, and noise of standard deviation 0.1."""

    channels, factor = 3, 2

    def encode(self, photos, draw):
        return torch.nn.functional.avg_pool2d(photos, 2) + 0.1 * draw

    def decode(self, latents):
        return latents.repeat_interleave(2, 2).repeat_interleave(2, 3)


class Told(torch.nn.Module):
    """In the network's place: keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x, timesteps, ids):
        self.x, self.timesteps, self.ids = x, timesteps, ids
        return self.weight * x[:, :3]


def recipe(codec=None, prediction="epsilon", **training):
    network = TINY.model_copy(update={"prediction": prediction})
    config = PixelHackerConfig(network=network, size=SIDE, space="pixel", steps=2, training=Training(**training))
    with seeded(0):
        return PixelHackerRecipe(config, "toy", codec or Pixels())


def batch(seeds=(1, 2, 3, 4), labels=None):
    """Flat colours; in each photo the same hole, 6 x 7 pixels."""
    seeds = torch.tensor(seeds)
    holes = torch.zeros(len(seeds), 1, SIDE, SIDE)
    holes[:, :, 5:11, 4:11] = 1
    photos = uniform(seeds, (3, 1, 1), "photo").expand(-1, 3, SIDE, SIDE)
    return Batch(photos, holes, seeds, None if labels is None else torch.tensor(labels))


def told(made, given):
    """What the network is told in a step, and the phases."""
    made.networks["denoiser"] = network = Told()
    return network, list(made.step(given, 0))


class Memory:
    """Flat colours, for ever."""

    fingerprint = description = "colours"

    def batches(self, first, *, batch, seed, rank, processes):
        for k in itertools.count(first):
            yield globals()["batch"]([sample_seed(seed, k, i) for i in range(batch)], [i % 2 for i in range(batch)])


def test_one_phase_reaches_every_weight():
    made, given = recipe(), batch(labels=[0, 1, 0, 1])
    (phase,) = made.step(given, 0)
    phase.loss.backward()
    assert phase.optimiser == "denoiser"
    assert phase.step
    assert all(p.grad is not None and p.grad.any() for p in made.networks["denoiser"].parameters())
    assert phase.log["error in holes"] > 0


def test_what_the_network_is_told():
    """z_t, the hole, and the photo with mid grey in the hole; nothing of the hole's content is in the latter."""
    given = batch()
    network, (phase,) = told(recipe(noise_offset=0.0), given)
    kept = kept_shares()[network.timesteps][:, None, None, None]
    assert (network.x[:, 3:4] == given.holes).all()
    torch.testing.assert_close(network.x[:, 4:], (given.photos * 2 - 1) * (1 - given.holes))
    noise = (network.x[:, :3] - kept.sqrt() * (given.photos * 2 - 1)) / (1 - kept).sqrt()
    assert noise.std().item() == pytest.approx(1, abs=0.1)
    assert noise.mean().item() == pytest.approx(0, abs=0.1)
    torch.testing.assert_close(phase.loss, noise.square().mean(), rtol=1e-3, atol=0)  # it predicts 0


def test_v_in_place_of_noise():
    given = batch()
    made = recipe(noise_offset=0.0, prediction="v_prediction")
    network, (phase,) = told(made, given)
    kept, photos = kept_shares()[network.timesteps][:, None, None, None], given.photos * 2 - 1
    noise = (network.x[:, :3] - kept.sqrt() * photos) / (1 - kept).sqrt()
    v = kept.sqrt() * noise - (1 - kept).sqrt() * photos
    torch.testing.assert_close(phase.loss, v.square().mean(), rtol=1e-3, atol=0)  # it predicts 0
    assert made.describe()["config"]["network"]["prediction"] == "v_prediction"


def test_latents():
    """The mask's pixel is the first of the latent's; photo and masked photo are two draws."""
    given = batch()
    network, _ = told(recipe(Halves()), given)
    assert network.x.shape == (4, 7, SIDE // 2, SIDE // 2)
    assert (network.x[:, 3:4] == given.holes[:, :, ::2, ::2]).all()
    masked = torch.nn.functional.avg_pool2d((given.photos * 2 - 1) * (1 - given.holes), 2)
    first = network.x[:, 4:] - masked
    assert first.std().item() == pytest.approx(0.1, abs=0.02)
    assert (first != 0).all()


def test_noise_offset_shifts_whole_channels():
    plain, _ = told(recipe(noise_offset=0.0), batch())
    shifted, _ = told(recipe(noise_offset=0.5), batch())
    shift = (shifted.x - plain.x)[:, :3]
    assert shift.std((2, 3)).max() < 1e-5
    assert shift.abs().mean((2, 3)).min() > 0


def test_categories():
    background, foreground = torch.tensor(TINY.ids("background")), torch.tensor(TINY.ids("foreground"))
    network, _ = told(recipe(), batch(labels=[0, 1, 1, 0]))
    assert (network.ids == torch.stack([background, foreground, foreground, background])).all()
    network, _ = told(recipe(), batch())
    assert (network.ids == background).all()


@pytest.mark.parametrize("labels", [[0, 1, 2, 0], [0.0, 1.0, 0.0, 1.0], [[0], [1], [0], [1]]])
def test_other_labels_are_refused(labels):
    with pytest.raises(ValueError, match=r"labels: are .*; accepted: \[B\] integers, 0 background or 1 foreground"):
        list(recipe().step(batch(labels=labels), 0))


@pytest.mark.parametrize(("kind", "middle"), [("uniform", 0.5), ("logit-normal", 0.728)])
def test_timesteps(kind, middle):
    """Between a quarter and three quarters lie half of the uniform ones, and P(|normal| < log 3) of the others."""
    network, _ = told(recipe(timesteps=kind), batch(range(1000)))
    t = network.timesteps
    assert t.dtype == torch.int64
    assert 0 <= t.min() < 60
    assert 940 < t.max() < 1000
    inside = ((t >= 250) & (t < 750)).float().mean().item()
    assert inside == pytest.approx(middle, abs=0.05)


def test_a_sample_follows_from_its_seed():
    """Whatever the batch: what the network is told about a sample, and so the run, is the same when cut up."""
    made = recipe(Halves())
    whole, _ = told(made, batch([1, 2, 3, 4], [0, 1, 0, 1]))
    part, _ = told(made, batch([3, 4], [0, 1]))
    for name in ("x", "timesteps", "ids"):
        assert (getattr(whole, name)[2:] == getattr(part, name)).all()


def test_sides_that_do_not_fit():
    given = Batch(torch.zeros(1, 3, 7, 8), torch.ones(1, 1, 7, 8), torch.tensor([1]))
    with pytest.raises(ValueError, match=r"photos: are 8x7 pixels; accepted: multiples of 2 \(data.size\)"):
        list(recipe(Halves()).step(given, 0))


def test_codec_of_another_network():
    codec = Halves()
    codec.channels = 4
    with pytest.raises(ValueError, match=r"network.out_channels: is 3; accepted: the codec's, 4"):
        recipe(codec)


@needs_goldens
def test_noise_schedule_is_the_releases():
    golden = json.loads((PARITY / "pixelhacker" / "manifest.json").read_text())["scheduler"]["alphas_cumprod"]
    for t, kept in golden.items():
        assert kept_shares()[int(t)].item() == pytest.approx(kept, rel=1e-5)


def test_it_learns_and_its_export_is_a_model(tmp_path):
    """Known colours are found again in the hole, better than by the fresh network; the export fills the same."""
    pytest.importorskip("diffusers")
    from retouch.catalogue import load_method
    from retouch.exported import exported
    from retouch.methods.pixelhacker.options import PixelHackerOptions
    from retouch.train.export import export

    made = recipe(rate=5e-3, prediction="v_prediction")
    given = batch(range(100, 116))

    def error():
        filled = made.fill(made.networks, given.photos, given.holes, given.seeds)
        assert (filled == given.photos).where(given.holes == 0, torch.tensor(True)).all()
        return (filled - given.photos).abs().sum() / given.holes.sum() / 3

    before = error()
    every = Every(log=0, checkpoint=0, sheet=0, validation=0)
    settings = TrainConfig(out=tmp_path / "run", steps=60, batch=8, device="cpu", every=every)
    trained = train(made, Memory(), settings)
    assert error() < 0.7 * before
    card = tmp_path / "toy.json"
    export(trained, made, card, data="colours", licence="CC0-1.0", dtype="fp32")
    model = exported(str(card))
    assert (model.needs.native, model.needs.multiple, model.needs.smallest) == (SIDE, 1, 2)
    images = given.photos[:2].permute(0, 2, 3, 1).numpy()
    masks = given.holes[:2, 0].numpy() > 0
    filled = load_method(model, "cpu")(images, masks, PixelHackerOptions(iterations=2), seeds=[100, 101]).images
    averages = made.fill(trained.best, given.photos[:2], given.holes[:2], given.seeds[:2])
    np.testing.assert_allclose(filled, averages.permute(0, 2, 3, 1).numpy(), atol=1e-5)


def test_it_is_trainable_by_name():
    method = find_trainable("pixelhacker")
    assert next(iter(method.configs())) == "small"
    config = method.configs()["small"]
    assert method.run_defaults(config)["data.size"] == config.size
    with seeded(0):
        made = build(config, "small", None)
    assert isinstance(made.codec, Pixels)
    assert made.describe() == {"method": "pixelhacker", "variant": "small", "config": config.model_dump(mode="json")}
