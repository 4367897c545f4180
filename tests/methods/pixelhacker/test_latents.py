"""Samples encoded before training: they are the run's own, whatever stopped the encoding, and train as photos do."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("accelerate")

from retouch.data.encoded import read_first, read_record, read_sample, shard_path  # noqa: E402
from retouch.data.training.photos import photos_in  # noqa: E402
from retouch.methods.pixelhacker.config import PixelHackerConfig  # noqa: E402
from retouch.methods.pixelhacker.latents import drawn, encode, make_latents  # noqa: E402
from retouch.methods.pixelhacker.recipe import PixelHackerRecipe  # noqa: E402
from retouch.ops.codec import Pixels, Vae  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.encoded import EncodedLoader, open_encoded  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from retouch.train.settings import DataSettings  # noqa: E402
from retouch.train.sources import open_source  # noqa: E402
from tests.data.lcg.pairs_for_tests import folder_of_pairs  # noqa: E402
from tests.data.photos_for_tests import folder_of  # noqa: E402
from tests.methods.pixelhacker import tiny  # noqa: E402
from tests.methods.pixelhacker.tiny_release import TINY, autoencoder, denoiser  # noqa: E402

SIZE, SEED, SAMPLES = 32, 3, 5


@pytest.fixture
def vae():
    return Vae(autoencoder())


@pytest.fixture
def pairs(tmp_path):
    """Settings of a run on pairs."""
    return DataSettings(photos=(folder_of_pairs(tmp_path),), size=SIZE)


def make(data, vae, out, **changes):
    wanted = {"seed": SEED, "samples": SAMPLES, "per_shard": 2}
    return make_latents(open_source(data, 0), vae, out, **wanted | changes)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def recipe(vae):
    with seeded(0):
        return PixelHackerRecipe(PixelHackerConfig(network=TINY, size=SIZE), "toy", vae, denoiser())


def batches(loader, count, first=0, batch=2, seed=SEED):
    stream = loader.batches(first, batch=batch, seed=seed)
    found = [next(stream) for _ in range(count)]
    stream.close()
    return found


def test_a_step_on_what_was_kept_is_the_step_on_the_photos(vae):
    """To the last digits before rounding to float16, to three after it."""
    photos = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    holes = torch.zeros(2, 1, SIZE, SIZE)
    holes[:, :, 8:20, 9:27] = 1
    given = Batch(photos, holes, torch.tensor([5, 6]), torch.tensor([0, 1]))
    kept = encode(vae, photos, holes)
    assert kept.shape == (2, 17, 4, 4)
    made = recipe(vae)
    for latents, tolerance in ((kept, 1e-5), (kept.half().float(), 5e-3)):
        empty = {"photos": photos[..., :0, :0], "holes": holes[..., :0, :0]}
        stored = Batch(**empty, seeds=given.seeds, labels=given.labels, latents=latents)
        for one, two in zip(made._encoded(given), made._encoded(stored), strict=True):
            torch.testing.assert_close(one, two, atol=tolerance, rtol=tolerance)
        (one,), (two,) = list(made.step(given, 0)), list(made.step(stored, 0))
        assert one.loss.item() == pytest.approx(two.loss.item(), rel=tolerance)


def test_samples_are_the_first_of_the_run_with_their_classes(pairs, vae, tmp_path):
    assert make(pairs, vae, tmp_path / "out") == (SAMPLES, 0)
    record = read_record(tmp_path / "out")
    assert (record.samples, record.shards, record.settings["combine"]) == (SAMPLES, 3, "v1_2")
    for place, batch in enumerate(batches(open_source(pairs, 0), SAMPLES, batch=1)):
        latents, label = read_sample(tmp_path / "out", record, place)
        expected = encode(vae, batch.photos, batch.holes)[0].half().numpy()
        assert np.array_equal(latents, expected)
        assert label == int(batch.labels[0])
    first = read_first(tmp_path / "out")
    for one, two in zip(first, open_source(pairs, 0).first(SAMPLES, SEED), strict=True):
        assert np.array_equal(one.photo, two.photo)
        assert np.array_equal(one.hole, two.hole)


def test_photos_have_no_classes(vae, tmp_path):
    folder_of(tmp_path / "album", 3)
    data = DataSettings(photos=(tmp_path / "album",), size=SIZE, holes="box")
    assert make(data, vae, tmp_path / "out", samples=None) == (len(photos_in(tmp_path / "album").items), 0)
    (batch,) = batches(EncodedLoader(tmp_path / "out"), 1)
    assert batch.labels is None
    assert batch.latents.shape == (2, 17, 4, 4)


def test_a_stopped_run_goes_on_and_machines_share(pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "whole")
    whole = files(tmp_path / "whole")
    shard_path(tmp_path / "whole", 1).unlink()
    with pytest.raises(ValueError, match=r"lacks 1 of 3 shards, first 'encoded-00001.safetensors'"):
        EncodedLoader(tmp_path / "whole")
    assert make(pairs, vae, tmp_path / "whole") == (2, 2)
    assert files(tmp_path / "whole") == whole
    assert make(pairs, vae, tmp_path / "parts", share=(2, 2)) == (2, 0)
    assert make(pairs, vae, tmp_path / "parts", share=(1, 2)) == (3, 0)
    assert {name: files(tmp_path / "parts")[name] for name in whole} == whole


def test_an_epoch_has_every_sample_once_and_other_draws_than_the_next(pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "out")
    loader = EncodedLoader(tmp_path / "out")
    found = batches(loader, 2 * SAMPLES, batch=1)
    keys = [batch.latents.numpy().tobytes() for batch in found]
    assert sorted(keys[:SAMPLES]) == sorted(keys[SAMPLES:])
    assert len(set(keys)) == SAMPLES
    seeds = {int(batch.seeds[0]) for batch in found}
    assert len(seeds) == 2 * SAMPLES
    (late,) = batches(loader, 1, first=4)
    assert torch.equal(late.latents, torch.cat([found[8].latents, found[9].latents]))
    assert late.seeds.tolist() == [int(found[8].seeds[0]), int(found[9].seeds[0])]
    assert late.photos.shape == (2, 3, 0, 0)
    (part,) = late.split(1)
    assert torch.equal(part.latents, late.latents)


def test_workers_read_the_same(pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "out")
    (one,), (two,) = (batches(EncodedLoader(tmp_path / "out", workers=n), 1) for n in (0, 1))
    assert torch.equal(one.latents, two.latents)
    assert torch.equal(one.labels, two.labels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 64}, r"data\.size: is 64; accepted: 32, as .*out was encoded"),
        ({"combine": "union"}, r"data\.combine: is 'union'; accepted: 'v1_2'"),
        ({"foreground": 0.1}, r"data\.foreground: is 0\.1; accepted: 0\.5"),
        ({"list_file": "list.csv"}, r"data\.list_file: is given with encoded samples"),
    ],
)
def test_settings_that_say_something_else_are_refused(changes, message, pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "out")
    alike = pairs.model_copy(update={"photos": (tmp_path / "out",), "foreground": 0.5})
    assert len(open_encoded(alike, 0)) == SAMPLES
    with pytest.raises(ValueError, match=message):
        open_encoded(alike.model_copy(update=changes), 0)


def test_one_folder_alone(pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "out")
    assert open_encoded(pairs, 0) is None
    both = pairs.model_copy(update={"photos": (*pairs.photos, tmp_path / "out")})
    with pytest.raises(ValueError, match=r"data\.photos: '.*out' holds encoded samples; accepted: that folder alone"):
        open_encoded(both, 0)


def test_a_damaged_shard_or_record_is_named(pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "out")
    loader = EncodedLoader(tmp_path / "out")
    for shard in range(3):
        shard_path(tmp_path / "out", shard).write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"data\.photos: '.*encoded-0000\d\.safetensors' is damaged"):
        batches(loader, 1)
    (tmp_path / "out" / "first.npz").write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"first\.npz' is damaged"):
        loader.first(2, 0)
    (tmp_path / "out" / "encoded.json").write_text("{}")
    with pytest.raises(ValueError, match=r"encoded\.json' is damaged"):
        EncodedLoader(tmp_path / "out")


def test_another_autoencoder_or_none_is_refused(pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "out")
    record = read_record(tmp_path / "out")
    recipe(vae).check_encoded(record)
    with pytest.raises(ValueError, match="its samples were encoded by another VAE"):
        recipe(Vae(autoencoder(7))).check_encoded(record)
    pixels = PixelHackerRecipe(PixelHackerConfig(network=tiny.TINY, space="pixel", size=SIZE), "toy", Pixels())
    with pytest.raises(ValueError, match=r"holds encoded samples; accepted for method\.space 'pixel': photos or pairs"):
        pixels.check_encoded(record)


def test_what_is_there_is_kept(pairs, vae, tmp_path):
    make(pairs, vae, tmp_path / "out")
    before = files(tmp_path / "out")
    with pytest.raises(FileExistsError, match="holds other samples: seed was 3, is 4; choose another folder"):
        make(pairs, vae, tmp_path / "out", seed=4)
    with pytest.raises(FileExistsError, match="holds other samples: vae was"):
        make(pairs, Vae(autoencoder(7)), tmp_path / "out")
    assert files(tmp_path / "out") == before
    with pytest.raises(FileExistsError, match="holds files that this command did not write"):
        make(pairs, vae, tmp_path / "photos")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file"):
        make(pairs, vae, tmp_path / "file")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"samples": 0}, "samples: "), ({"per_shard": 0}, "per_shard: "), ({"share": (3, 2)}, "share: is 3/2")],
)
def test_bad_numbers(changes, message, pairs, vae, tmp_path):
    with pytest.raises(ValueError, match=message):
        make(pairs, vae, tmp_path / "out", **changes)
    assert not (tmp_path / "out").exists()


def test_a_latent_that_is_no_number(pairs, vae, tmp_path):
    with torch.no_grad():
        vae.vae.quant_conv.bias.fill_(1e9)
    with pytest.raises(ValueError, match="latents: the VAE gives values that float16 cannot hold"):
        make(pairs, vae, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.safetensors"))


def test_draws_of_the_distribution_follow_mean_and_variance():
    kept = torch.zeros(1, 17, 32, 32)
    kept[:, :4], kept[:, 4:8] = 2.0, 2 * np.log(0.5)
    _, clean = drawn(kept, torch.tensor([1]))
    assert clean.mean().item() == pytest.approx(2, abs=0.05)
    assert clean.std().item() == pytest.approx(0.5, abs=0.05)
