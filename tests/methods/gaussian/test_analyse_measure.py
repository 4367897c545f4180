"""Tokens of photos with holes of all sizes, and whose they are."""

import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from retouch.data.items import Item  # noqa: E402
from retouch.methods.gaussian.analyse import measure as room  # noqa: E402
from retouch.methods.gaussian.analyse import subject as whose  # noqa: E402
from retouch.methods.gaussian.analyse.measure import measure, photos_of  # noqa: E402
from retouch.methods.gaussian.analyse.subject import Subject, encoder_alone, trained_model  # noqa: E402
from retouch.methods.gaussian.semantic import SemanticEncoder  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402

from .test_method import export_of  # noqa: E402

MEAN = SemanticEncoder("vgg16", 3, lambda x: x.mean((2, 3)))  # the token is the mean colour
SUBJECT = Subject(MEAN, size=64)


@pytest.fixture
def album(tmp_path):
    """photo0 to photo19, each in one colour of its own, the last ten in a subfolder."""
    (tmp_path / "more").mkdir()
    for k in range(20):
        folder = tmp_path / "more" if k >= 10 else tmp_path
        Image.new("RGB", (48, 40), (255, 10 * k, 0)).save(folder / f"photo{k}.png")
    return tmp_path


def test_holes_of_all_sizes_in_equal_numbers(album):
    found = measure(photos_of(album, 20), SUBJECT)
    shares = found.tokens.shares
    assert np.bincount((shares * 10).astype(int), minlength=10).tolist() == [2] * 10
    assert shares.min() >= 0.05
    assert shares.max() <= 0.95
    assert found.unusable == ()


def test_tokens_are_of_the_photo_and_of_the_photo_with_a_black_hole(album):
    photos = photos_of(album, 20)
    found = measure(photos, SUBJECT).tokens
    colours = np.array([[1, 10 * int(item.name.partition("photo")[2]) / 255, 0] for item in photos], np.float32)
    np.testing.assert_allclose(found.clean, colours, atol=1e-5)
    np.testing.assert_allclose(found.masked, colours * (1 - found.shares[:, None]), atol=0.02)
    assert found.mapped is None


def test_mapped_tokens_are_adapted_masked_ones(album):
    found = measure(photos_of(album, 10), Subject(MEAN, lambda token: 2 * token + 1, size=64)).tokens
    np.testing.assert_allclose(found.mapped, 2 * found.masked + 1, atol=1e-6)


def test_the_seed_decides_the_holes(album):
    photos = photos_of(album, 10)
    first, again, other = (measure(photos, SUBJECT, seed=seed).tokens for seed in (1, 1, 2))
    assert np.array_equal(first.shares, again.shares)
    assert np.array_equal(first.masked, again.masked)
    assert not np.array_equal(first.shares, other.shares)


def test_bad_photos_are_told_and_leave_no_gap(album):
    (album / "photo3.png").write_bytes(b"no photo")
    steps = []
    photos = photos_of(album, 20)
    found = measure(photos, SUBJECT, progress=lambda *step: steps.append(step))
    assert [each.name for each in found.unusable] == ["photo3"]
    assert np.bincount((found.tokens.shares * 10).astype(int), minlength=10).tolist() == [2] * 9 + [1]
    assert steps == [(k + 1, 20) for k in range(20)]


def test_hardly_any_usable_photo_is_refused(tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no photo")
    with pytest.raises(ValueError, match=r"photos: 0 of 3 can be used; accepted: at least 2; the first: photo 'bad'"):
        measure([Item(k, "bad", bad) for k in range(3)], SUBJECT)


def test_a_size_of_hole_that_cannot_be_drawn_is_left_out(album, monkeypatch):
    draw, asked = room.draw, []

    def without_small_ones(name, size, rng, ratio):
        asked.append(ratio)
        if ratio[0] < 0.3:
            raise ValueError("ratio: no hole in 1000 tries")
        return draw(name, size, rng, ratio)

    monkeypatch.setattr(room, "draw", without_small_ones)
    found = measure(photos_of(album, 14), SUBJECT).tokens
    assert np.bincount((found.shares * 10).astype(int), minlength=10).tolist() == [0] * 3 + [2] * 7
    assert sum(low < 0.3 for low, _ in asked) == 3


def test_no_hole_at_all_is_an_error(album, monkeypatch):
    def never(*_, **__):
        raise ValueError("ratio: no hole in 1000 tries")

    monkeypatch.setattr(room, "draw", never)
    with pytest.raises(ValueError, match="at 64 x 64 there are no holes"):
        measure(photos_of(album, 10), SUBJECT)


def test_photos_are_taken_evenly_in_the_order_of_names(album):
    (album / "photo1.mask.png").write_bytes(b"")
    names = [item.name for item in photos_of(album, 20)]
    assert names == [*(f"more/photo{k}" for k in range(10, 20)), *(f"photo{k}" for k in range(10))]
    assert [item.name for item in photos_of(album, 10)] == names[::2]
    assert [item.k for item in photos_of(album, 10)] == list(range(0, 20, 2))


def test_too_few_photos_are_refused(album, tmp_path):
    with pytest.raises(ValueError, match="limit: is 9; accepted: an integer from 10 up"):
        photos_of(album, 9)
    few = tmp_path / "few"
    few.mkdir()
    with pytest.raises(FileNotFoundError, match="holds no image file"):
        photos_of(few, 10)
    Image.new("RGB", (8, 8)).save(few / "one.png")
    with pytest.raises(ValueError, match=r"photos: .*few' holds 1; accepted: 10 or more"):
        photos_of(few, 10)
    with pytest.raises(FileNotFoundError, match="photos: there is no file or folder"):
        photos_of(tmp_path / "nowhere", 10)


@pytest.mark.parametrize("name", ["dino", "none", ""])
def test_unknown_encoders_are_refused(name):
    with pytest.raises(ValueError, match=f"encoder: is '{name}'; accepted: dinov2, vgg16, efficientnet-lite"):
        encoder_alone(name)


def test_missing_weights_of_an_encoder_are_named(tmp_path):
    with pytest.raises(WeightsMissing, match=r"VGG16 convolutions: .* holds no such file"):
        encoder_alone("vgg16", tmp_path)
    with pytest.raises(WeightsMissing, match=r"VGG16 convolutions: .* holds no such file"):
        trained_model(export_of(tmp_path)[0], tmp_path)


def test_an_encoder_alone_adapts_nothing(monkeypatch):
    asked = []
    monkeypatch.setattr(whose, "semantic_encoder", lambda network, weights: asked.append(network.semantics) or MEAN)
    found = encoder_alone("efficientnet-lite", "weights")
    assert asked == ["efficientnet-lite"]
    assert (found.encode, found.adapt, found.model, found.size) == (MEAN, None, None, 256)


def test_a_model_brings_encoder_adaptation_and_size(tmp_path, monkeypatch):
    monkeypatch.setattr(whose, "semantic_encoder", lambda network, weights: MEAN)
    card, recipe = export_of(tmp_path)
    found = trained_model(card)
    token = torch.rand(2, 512, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(found.adapt(token), recipe.networks["generator"].adapt(token))
    assert (found.size, found.model) == (64, "tiny.json: tiny, 1 steps")
    assert found.encode is MEAN


def test_a_model_without_adaptation_maps_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(whose, "semantic_encoder", lambda network, weights: MEAN)
    assert trained_model(export_of(tmp_path, adapt=False)[0]).adapt is None


def test_models_that_have_no_token_are_refused(tmp_path):
    card, _ = export_of(tmp_path, semantics="none")
    with pytest.raises(ValueError, match=r"tiny.json has no semantic encoder \(semantics 'none'\)"):
        trained_model(card)
    card.write_text(json.dumps(json.loads(card.read_text()) | {"method": "unet", "config": {}}))
    with pytest.raises(ValueError, match=r"tiny.json is of the method 'unet'; accepted: an export of 'gaussian'"):
        trained_model(card)
    with pytest.raises(FileNotFoundError, match=r"model: .*nothing.json does not exist"):
        trained_model(tmp_path / "nothing.json")
