"""PixelHacker as a method, with a network and a VAE of toy size and random weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from retouch.catalogue import CARDS  # noqa: E402
from retouch.filler import Filler  # noqa: E402
from retouch.methods.base import Cancelled  # noqa: E402
from retouch.methods.pixelhacker.options import NEEDS, PixelHackerOptions  # noqa: E402
from retouch.methods.pixelhacker.precision import Placed, check_processor, offloaded  # noqa: E402
from retouch.methods.pixelhacker.sample import HOUSE, OFFICIAL  # noqa: E402
from retouch.ops.codec import TILE, Vae  # noqa: E402
from retouch.settings import split  # noqa: E402
from tests.methods.pixelhacker.tiny_release import CPU, autoencoder, denoiser, method  # noqa: E402

TWO = PixelHackerOptions(iterations=2)


@pytest.fixture(scope="module")
def model():
    return method()


def inputs(count=2, side=64):
    rng = np.random.default_rng(0)
    images = rng.random((count, side, side + 8, 3), np.float32)
    masks = np.zeros(images.shape[:3], bool)
    masks[0, 10:30, 20:50] = True
    masks[1:, 30:60, 5:40] = True
    images[masks] = 0
    return images, masks


def test_the_contract(model):
    images, masks = inputs()
    before = images.copy(), masks.copy()
    filled = model(images, masks, TWO, seeds=[1, 2]).images
    assert filled.shape == images.shape
    assert filled.dtype == np.float32
    assert np.array_equal(filled[~masks], images[~masks])
    assert 0 <= filled.min() <= filled.max() <= 1
    assert filled[masks].std() > 0.01
    assert np.array_equal(images, before[0])
    assert np.array_equal(masks, before[1])
    assert model.parameters == sum(p.numel() for p in denoiser().parameters())


def test_batch_equals_loop_and_seeds_matter(model):
    images, masks = inputs(3)
    images[2], masks[2] = images[1], masks[1]
    together = model(images, masks, TWO, seeds=[5, 6, 7]).images
    for k in range(3):
        alone = model(images[k : k + 1], masks[k : k + 1], TWO, seeds=[5 + k]).images
        assert np.array_equal(alone[0], together[k])
    assert not np.array_equal(together[1], together[2])


@pytest.mark.parametrize("start", ["masked", "noise", "image", "smooth"])
def test_what_lies_under_the_hole_matters_for_the_official_start_only(model, start):
    images, masks = inputs(1)
    other = images.copy()
    other[masks] = 1
    options = PixelHackerOptions(iterations=2, start=start)
    a, b = (model(given, masks, options, seeds=[1]).images[masks] for given in (images, other))
    assert np.array_equal(a, b) == (start != "image")


def test_a_fill_hides_the_hole_unless_the_official_start_is_asked_for(model, photo, hole):
    filler = Filler(next(card for card in CARDS if card.name == "pixelhacker/pretrained"), model)
    other = photo.copy()
    other[hole] = 255 - other[hole]
    # The ring around the hole is compared with the fill, so nothing is added to the hole here.
    still = {"dilate": 0, "feather": 0, "match": False, "iterations": 2}
    a, b = (filler(given, hole, **still) for given in (photo, other))
    assert np.array_equal(a, b)
    assert np.array_equal(a[~hole], photo[~hole])
    seen, other_seen = (filler(given, hole, preset="official", **still) for given in (photo, other))
    assert not np.array_equal(seen, other_seen)
    assert np.array_equal(seen[~hole], photo[~hole])


def test_every_step_is_told_with_a_preview(model):
    images, masks = inputs(1)
    steps = []
    model(images, masks, PixelHackerOptions(iterations=3), progress=lambda step: steps.append((step, step.preview())))
    assert [(step.stage, step.step, step.steps) for step, _ in steps] == [("step", k, 3) for k in (1, 2, 3)]
    for _, shown in steps:
        assert shown.shape == images.shape
        np.testing.assert_allclose(shown[~masks], images[~masks], atol=1e-6)
    assert not np.array_equal(steps[0][1], steps[2][1])


def test_of_several_photos_the_first_is_shown(model):
    images, masks = inputs(2)
    steps = []
    model(images, masks, TWO, progress=steps.append)
    assert [(step.step, step.preview is not None) for step in steps] == [(1, True), (2, True), (1, False), (2, False)]


def test_it_can_be_cancelled_between_steps(model):
    images, masks = inputs(1)
    steps = []
    with pytest.raises(Cancelled):
        model(images, masks, PixelHackerOptions(iterations=9), progress=steps.append, cancel=lambda: len(steps) == 2)
    assert len(steps) == 2


def test_options_become_a_sampling():
    assert PixelHackerOptions().sampling() == HOUSE
    assert PixelHackerOptions(preset="official").sampling() == OFFICIAL
    mixed = PixelHackerOptions(preset="official", guidance=1, start="noise", iterations=7).sampling(30)
    assert (mixed.guidance, mixed.start, mixed.steps, mixed.strength) == (1, "noise", 7, OFFICIAL.strength)
    assert PixelHackerOptions(task="foreground", solver="dpm++").sampling(30).steps == 30


def test_options_change_the_fill(model):
    images, masks = inputs(1)
    changes = (
        {},
        {"guidance": 1},
        {"task": "foreground"},
        {"start": "noise"},
        {"start": "smooth"},
        {"solver": "dpm++"},
        {"iterations": 3},
        {"strength": 0.5},
    )
    fills = [model(images, masks, TWO.model_copy(update=change), seeds=[3]).images for change in changes]
    for k, a in enumerate(fills):
        assert all(not np.array_equal(a, b) for b in fills[k + 1 :])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"iterations": "0"}, "iterations"),
        ({"iterations": "1001"}, "iterations"),
        ({"guidance": "0.9"}, "guidance"),
        ({"task": "background"}, "task"),
        ({"start": "photo"}, "start"),
        ({"strength": 0}, "strength"),
        ({"strength": 1.5}, "strength"),
        ({"solver": "euler"}, "solver"),
        ({"preset": "paper"}, "preset"),
        ({"dtype": "int8"}, "dtype"),
        ({"steps": "3"}, "steps"),
    ],
)
def test_options_are_checked(given, said):
    with pytest.raises(ValueError, match=said):
        split(given, PixelHackerOptions, "pixelhacker/pretrained")


def support(monkeypatch, **answers):
    for dtype, answer in answers.items():
        monkeypatch.setattr(torch.ops.mkldnn, f"_is_mkldnn_{dtype}_supported", lambda answer=answer: answer)


def test_half_precision_that_the_processor_lacks_is_refused(model, monkeypatch):
    images, masks = inputs(1)
    support(monkeypatch, bf16=True, fp16=False)
    check_processor("fp32")
    check_processor("bf16")
    with pytest.raises(ValueError, match="does not compute in 'fp16'; accepted here: 'fp32', 'bf16', or a GPU"):
        model(images, masks, PixelHackerOptions(iterations=1, dtype="fp16"))


def test_half_precision_is_near_and_float32_comes_back_whole(model, monkeypatch):
    support(monkeypatch, bf16=True)
    images, masks = inputs(1)
    exact = model(images, masks, TWO, seeds=[1]).images
    half = model(images, masks, TWO.model_copy(update={"dtype": "bf16"}), seeds=[1]).images
    assert 0 < np.abs(half - exact).max() < 0.2
    assert np.array_equal(model(images, masks, TWO, seeds=[1]).images, exact)


def test_nothing_can_be_offloaded_from_the_processor(model):
    images, masks = inputs(1)
    with pytest.raises(ValueError, match="offload: the model runs on the processor"):
        model(images, masks, PixelHackerOptions(iterations=1, offload=True))


def test_an_offloaded_network_gives_the_same():
    pytest.importorskip("accelerate")
    x, t = torch.randn(1, 9, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([500])
    ids = torch.arange(10)[None]
    plain, moved = denoiser(), offloaded(denoiser(), CPU)
    assert next(moved.parameters()).device.type == "meta"  # where it is between layers
    with torch.inference_mode():
        assert torch.equal(moved.denoise(x, t, moved.context(ids)), plain.denoise(x, t, plain.context(ids)))


def test_the_network_is_loaded_again_for_another_precision_only():
    made = []
    placed = Placed(lambda: made.append(1) or denoiser(), CPU)
    assert placed.at("fp32", False) is placed.at("fp32", False)
    assert len(made) == 1
    assert placed.at("fp32", False).dtype == torch.float32


def test_large_photos_go_through_the_vae_in_tiles(monkeypatch):
    vae = autoencoder()
    codec = Vae(vae, tile=TILE)
    assert (codec.channels, codec.factor) == (4, 8)
    seen = []
    whole = vae.encoder.forward
    monkeypatch.setattr(vae.encoder, "forward", lambda x: seen.append(tuple(x.shape[2:])) or whole(x))
    draw = torch.zeros(1, 4, 8, 160)
    latents = codec.encode(torch.zeros(1, 3, 64, 1280), draw)
    assert latents.shape == draw.shape
    assert max(width for _, width in seen) == 1024
    assert codec.decode(latents).shape == (1, 3, 64, 1280)


def test_the_draw_picks_the_latent():
    codec = Vae(autoencoder())
    photos = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    zero, one = (codec.encode(photos, torch.full((1, 4, 2, 2), value)) for value in (0.0, 1.0))
    likely = codec.vae.encode(photos).latent_dist
    torch.testing.assert_close(zero, likely.mean * 0.13025)
    torch.testing.assert_close(one - zero, likely.std * 0.13025)


def test_needs_are_those_of_the_network():
    assert (NEEDS.multiple, NEEDS.native, NEEDS.steps, NEEDS.stochastic) == (8, 512, 20, True)
