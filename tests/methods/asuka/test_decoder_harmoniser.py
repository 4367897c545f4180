"""The decoder as a harmoniser, from an export: what it sees, what it keeps, sizes, batches, and what is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

import retouch  # noqa: E402
from retouch.catalogue import find, find_harmoniser  # noqa: E402
from retouch.mask import dilate  # noqa: E402
from retouch.methods.asuka.decoder_config import DecoderConfig, Loss  # noqa: E402
from retouch.methods.asuka.recipe_decoder import DecoderRecipe  # noqa: E402
from retouch.methods.base import Cancelled, Needs  # noqa: E402
from retouch.train.events import Trained  # noqa: E402
from retouch.train.export import export  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from tests.methods.asuka.tiny_decoder import TINY  # noqa: E402


def export_of(folder):
    """The card of a tiny decoder that has learnt nothing."""
    with seeded(0):
        recipe = DecoderRecipe(DecoderConfig(network=TINY, loss=Loss(perceptual=0, adversarial=0)), "tiny")
    trained = Trained(1, 1, True, recipe.networks, {}, None)
    card = folder / "asuka.json"
    export(trained, recipe, card, data="noise", licence="CC0-1.0", dtype="fp32")
    return card


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return export_of(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def harmoniser(card):
    return retouch.load_harmoniser(str(card), "cpu")


def inputs(count=2, height=32, width=48):
    rng = np.random.default_rng(0)
    photos, filled = rng.random((2, count, height, width, 3), np.float32)
    masks = np.zeros((count, height, width), bool)
    masks[0, 5:12, 6:18] = True
    masks[1:, 8:20, 20:30] = True
    return photos, filled, masks


def test_an_export_is_a_harmoniser_and_no_model(card):
    found = find_harmoniser(str(card))
    assert found.harmonises
    assert found.needs == Needs(multiple=8, smallest=16, native=512)
    assert "ASUKA's harmonising decoder, tiny" in found.summary
    assert found.imports == ("torch", "safetensors", "diffusers")
    with pytest.raises(ValueError, match=r"model: .*asuka\.json is a harmoniser, .*; accepted: as harmonise="):
        find(str(card))
    with pytest.raises(ValueError, match=r"is a harmoniser"):
        retouch.load(str(card))


def test_finding_one_needs_no_torch(card):
    code = f"import sys; from retouch.catalogue import find_harmoniser as f; f({str(card)!r}); "
    code += "sys.exit('torch' in sys.modules or 'diffusers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_that_fills_is_no_harmoniser(tmp_path, card):
    known = json.loads(card.read_text())
    other = tmp_path / "unet.json"
    other.write_text(json.dumps(known | {"method": "unet", "config": {}}))
    with pytest.raises(
        ValueError, match=r"harmonise: .*unet\.json is a model that fills; accepted: exports of asuka-d"
    ):
        find_harmoniser(str(other))


def test_known_pixels_stay_and_the_hole_changes(harmoniser):
    photos, filled, masks = inputs()
    out = harmoniser(photos, filled, masks)
    assert (out.dtype, out.shape) == (np.float32, photos.shape)
    assert np.array_equal(out[~masks], photos[~masks])
    assert not np.array_equal(out[masks], filled[masks])
    assert ((out >= 0) & (out <= 1)).all()


def test_it_sees_known_pixels_of_the_photo_and_the_hole_of_the_fill(harmoniser):
    photos, filled, masks = inputs()
    out = harmoniser(photos, filled, masks)
    hidden = np.where(masks[..., None], np.float32(1), photos)  # what lies under the hole
    unused = np.where(masks[..., None], filled, np.float32(1))  # what the fill has elsewhere
    assert np.array_equal(harmoniser(hidden, unused, masks)[masks], out[masks])
    assert not np.array_equal(harmoniser(1 - photos, filled, masks)[masks], out[masks])
    assert not np.array_equal(harmoniser(photos, 1 - filled, masks)[masks], out[masks])


def test_a_batch_is_a_loop(harmoniser):
    photos, filled, masks = inputs(3)
    whole = harmoniser(photos, filled, masks)
    for k in range(3):
        assert np.array_equal(harmoniser(photos[k : k + 1], filled[k : k + 1], masks[k : k + 1])[0], whole[k])


def test_the_sizes_it_declares_work(harmoniser):
    for side in (harmoniser.needs.smallest, harmoniser.needs.smallest + harmoniser.needs.multiple):
        photos, filled, masks = inputs(1, side, side)
        assert harmoniser(photos, filled, masks).shape == photos.shape


def test_it_can_be_cancelled(harmoniser):
    with pytest.raises(Cancelled):
        harmoniser(*inputs(), cancel=lambda: True)


def test_weights_that_are_of_no_use_are_named(card):
    broken = retouch.load_harmoniser(str(card), "cpu")
    broken.network.decoder.conv_out.bias.fill_(float("nan"))
    with pytest.raises(ValueError, match="harmoniser: gives values that are no finite numbers"):
        broken(*inputs())


def test_too_little_memory_says_what_helps(card, monkeypatch):
    full = retouch.load_harmoniser(str(card), "cpu")

    def encode(images):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(full.network, "encode", encode)
    with pytest.raises(MemoryError, match=r"harmonising 48 x 32 pixels needs more than cpu has; device 'cpu' helps"):
        full(*inputs())


def test_after_any_method(card, photo, hole):
    plain, both = retouch.load("smooth"), retouch.load("smooth", harmonise=str(card))
    out = both(photo, hole, dilate=3)
    ring = dilate(hole, 3)
    assert np.array_equal(out[~ring], photo[~ring])
    assert not np.array_equal(out[hole], plain(photo, hole, dilate=3)[hole])
    again = retouch.fill(photo, hole, model="smooth", harmonise=str(card), dilate=3)
    assert np.array_equal(again, out)


def test_a_missing_extra_is_named(card, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "diffusers" else name)
    with pytest.raises(ImportError, match=r"needs the extra 'diffusion': pip install 'retouch\[diffusion\]'"):
        retouch.load_harmoniser(str(card))


def test_another_configuration_is_named(tmp_path, card):
    known = json.loads(card.read_text())
    known["config"]["network"]["widths"] = [8, 8, 8]
    (tmp_path / "other.json").write_text(json.dumps(known))
    with pytest.raises(ValueError, match=r"harmonise: .*other\.json: config\.network: .*widths: is \[8, 8, 8\]"):
        find_harmoniser(str(tmp_path / "other.json"))
